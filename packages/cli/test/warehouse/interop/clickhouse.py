"""Runs statements of the standard input in ClickHouse twice, and prints the rows of a view as JSON lines."""

import re
import sys

from chdb import session

view, form = sys.argv[1], "JSONEachRow"
engine = session.Session()
statements = [each for each in re.split(r";\n", sys.stdin.read()) if each.strip()]
for _ in range(2):
    for statement in statements:
        engine.query(statement)
if view == "version":
    print(engine.query("SELECT version()", "TSV"))
else:
    print(engine.query(f"SELECT * FROM {view}", form))
