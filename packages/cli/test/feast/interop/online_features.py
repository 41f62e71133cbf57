"""Prints the online features of a Feast repository as JSON.

Arguments: the folder of the repository. Input: {"<view>": {"key": "<join key>", "ids": [...]}} as JSON.
"""

import json
import sys

import feast
from feast import FeatureStore

store = FeatureStore(repo_path=sys.argv[1])
result = {"version": feast.__version__, "services": sorted(each.name for each in store.list_feature_services())}
for name, rows in json.load(sys.stdin).items():
    names = [f"{name}:{field.name}" for field in store.get_feature_view(name).features]
    entities = [{rows["key"]: id} for id in rows["ids"]]
    columns = store.get_online_features(features=names, entity_rows=entities).to_dict()
    result[name] = [dict(zip(columns, values)) for values in zip(*columns.values())]
print(json.dumps(result))
