"""Runs Spark SQL. Each line of the input is {"events", "spine"}, {"query"} or "version"; each line of the output has its rows."""

import json
import platform
import sys

from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.sql.shuffle.partitions", 1)
    .config("spark.ui.enabled", "false")
    .config("spark.ui.showConsoleProgress", "false")
    .config("spark.log.level", "ERROR")
    .getOrCreate()
)

EVENTS = """session_id string, anonymous_id string, user_id string, tab_id string, seq bigint, type string, time bigint,
    view_id string, arrival bigint, event string"""
COLUMNS = ["session_id", "anonymous_id", "user_id", "tab_id", "seq", "type", "time", "view_id"]

for line in sys.stdin:
    request = json.loads(line)
    if request == "version":
        java = spark.sparkContext._jvm.java.lang.System.getProperty("java.version")
        result = [{"version": f"Spark {spark.version}, Python {platform.python_version()}, Java {java}"}]
    elif "events" in request:
        rows = [
            tuple(event.get(column) for column in COLUMNS) + (arrival, json.dumps(event))
            for arrival, event in enumerate(request["events"])
        ]
        spark.createDataFrame(rows, EVENTS).createOrReplaceTempView("events")
        spine = [(row["entity"], row["id"], row["as_of"]) for row in request["spine"]]
        spark.createDataFrame(spine, "entity string, id string, as_of bigint").createOrReplaceTempView("spine")
        result = []
    else:
        result = [row.asDict(recursive=True) for row in spark.sql(request["query"]).collect()]
    print("result " + json.dumps(result), flush=True)
