"""Reads a table with pyiceberg. Arguments: catalogue, table, command. Prints one JSON value."""

import json
import sys

import pyiceberg
from pyiceberg.catalog.rest import RestCatalog

uri, name, command = sys.argv[1:4]
table = RestCatalog("rest", uri=uri).load_table(name)
if command == "version":
    print(json.dumps(pyiceberg.__version__))
elif command == "append":
    table.append(table.scan().to_arrow().slice(0, 1))
    print(json.dumps(str(table.current_snapshot().snapshot_id)))
else:
    scan = table.scan() if command == "all" else table.scan(row_filter=command)
    data = scan.to_arrow()
    features = [column for column in data.column_names if column.startswith("feature_")]
    print(json.dumps({
        "keys": sorted(zip(data["partition"].to_pylist(), data["offset"].to_pylist())),
        "files": len(list(scan.plan_files())),
        "snapshots": len(table.metadata.snapshots),
        "features": {each: [value for value in data[each].to_pylist() if value is not None] for each in features},
    }))
