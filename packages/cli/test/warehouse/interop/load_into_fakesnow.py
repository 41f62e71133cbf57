"""Loads a folder of a log into fakesnow by the statements of the standard input, loads again, and prints the rows as JSON.

Arguments: the folder `log/v1`, and the site. The stages exist before: they are internal, and have the files.
"""

import json
import re
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

warnings.filterwarnings("ignore")

import fakesnow  # noqa: E402
import snowflake.connector  # noqa: E402

folder, site = Path(sys.argv[1]), sys.argv[2]
statements = [each.strip() for each in re.split(r";\n", sys.stdin.read()) if each.strip()]
# fakesnow has neither pipes nor tasks. Their statement to load is also one of its own.
skipped = [each for each in statements if re.search(r"^CREATE (PIPE|TASK)", each, re.MULTILINE)]

with fakesnow.patch():
    cursor = snowflake.connector.connect(database="DB", schema="S").cursor()
    cursor.execute(f"CREATE SCHEMA IF NOT EXISTS tidemark_{site}")
    cursor.execute(f"USE SCHEMA tidemark_{site}")
    for kind in ["event", "vector", "served_vector"]:
        cursor.execute(f"CREATE STAGE {kind}_files_stage")
        for number, path in enumerate(sorted(folder.glob(f"kind={kind}/site={site}/**/*.parquet"))):
            cursor.execute(f"PUT 'file://{path}' @{kind}_files_stage/{number} AUTO_COMPRESS=FALSE")
    loads = [each for each in statements if "COPY INTO" in each and each not in skipped]
    # fakesnow's CREATE TABLE IF NOT EXISTS forgets what was loaded into an existing table, so the second run only loads.
    runs = [[each for each in statements if each not in skipped], loads]
    loaded = []
    for run in runs:
        statuses = set()
        for statement in run:
            rows = cursor.execute(statement).fetchall()
            if statement in loads:
                statuses |= {row[1] for row in rows}
        loaded.append(sorted(statuses))

    def rows_of(view: str) -> list[dict]:
        rows = cursor.execute(f"SELECT * FROM {view}").fetchall()
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in rows]

    result = {
        "version": f"fakesnow {version('fakesnow')}",
        "skipped": len(skipped),
        "loaded": loaded,
        "events": rows_of("events"),
        "vectors": rows_of("vectors"),
        "served_vectors": rows_of("served_vectors"),
    }
print(json.dumps(result, default=str))
