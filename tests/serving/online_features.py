"""Reads features with Feast's client from the collector that standard input names, and prints the columns as JSON."""

import json
import os
import sys
import tempfile

import feast
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.types import Float64

given = json.load(sys.stdin)
folder = tempfile.mkdtemp()
objects = []
views = {}
for reference in given["features"]:
    view, feature = reference.split(":")
    views.setdefault(view, []).append(feature)
for view, names in views.items():
    name = view.removesuffix("_features")
    entity = Entity(name=name, join_keys=[f"{name}_id"], value_type=ValueType.STRING)
    source = FileSource(path=os.path.join(folder, f"{view}.parquet"), timestamp_field="event_timestamp")
    schema = [Field(name=feature, dtype=Float64) for feature in names]
    objects += [entity, FeatureView(name=view, entities=[entity], schema=schema, source=source, online=True)]

store = FeatureStore(
    config=RepoConfig(
        project="tidemark",
        registry=os.path.join(folder, "registry.db"),
        provider="local",
        offline_store={"type": "file"},
        online_store={"type": "remote", "path": given["origin"]},
        # Feast sends the token of this configuration as the bearer token.
        auth={"type": "oidc", "token": given["key"]},
        entity_key_serialization_version=3,
    )
)
store.apply(objects)
response = store.get_online_features(features=given["features"], entity_rows=given["rows"])
print(json.dumps({"version": feast.__version__, **response.to_dict()}))
