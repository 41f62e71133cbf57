"""Computes features from a log of events, as docs/features.md states them, without Tidemark's code.

Usage: python3 evaluator.py features.md < input.json

The input is an object:

  log          the events in the order of arrival
  catalogue    whether to compute the features in the tables of the page
  definitions  more features to compute
  spine        moments to compute them at: a list of {entity, id, as_of}

The output has `latest`, a list of [entity, id, {feature: value}] at the time of each entity's latest event, and `as_of`,
the {feature: value} of each row of the spine.
"""

import json
import sys
from pathlib import Path

from aggregates import AGGREGATES
from catalogue import definitions
from credit import credited_to, with_pages
from derived import derived
from events import counted, entity_id, satisfies
from growth import with_growth
from measured import is_empty, needs, signals_table, was_measured


def main():
    given = json.load(sys.stdin)
    page = Path(sys.argv[1]).read_text(encoding="utf-8")
    features = (definitions(page) if given["catalogue"] else []) + given["definitions"]
    for feature in features:
        feature["needs"] = set() if "derive" in feature else needs(feature, signals_table(page))
    events = with_pages(with_growth(counted(given["log"])))
    json.dump({"latest": latest(events, features), "as_of": as_of(events, features, given["spine"])}, sys.stdout)


def latest(events, features):
    """The vectors of all entities of the features, each at the time of its latest event."""
    vectors = []
    for entity, own_features in by_entity(features):
        for identifier, own_events in by_id(events, entity, own_features).items():
            moment = max(event["time"] for event in own_events)
            vectors.append([name_of(entity), identifier, vector(own_features, own_events, moment)])
    return vectors


def as_of(events, features, spine):
    """The vector of each row of the spine: in the millisecond before its moment, from the events before its moment."""
    entities = {name_of(entity): (own, by_id(events, entity, own)) for entity, own in by_entity(features)}
    vectors = []
    for row in spine:
        own_features, ids = entities[row["entity"]]
        in_time_order = sorted(ids.get(row["id"], []), key=lambda event: event["time"])
        before = [event for event in in_time_order if event["time"] < row["as_of"]]
        vectors.append(vector(own_features, before, row["as_of"] - 1))
    return vectors


def name_of(entity):
    return entity if isinstance(entity, str) else entity["name"]


def by_entity(features):
    groups = {}
    for feature in features:
        entity = feature["entity"]
        groups.setdefault(json.dumps(entity), (entity, []))[1].append(feature)
    return groups.values()


def by_id(events, entity, features):
    """The events of each entity, and those that sessions credit to pages."""
    groups = {}
    credits = [feature for feature in features if is_credit(feature)]
    for event in events:
        if any(reads(feature, event) for feature in credits):
            for path, credited in credited_to(event).items():
                groups[path].append(credited)
        identifier = entity_id(event, entity)
        if identifier is not None:
            groups.setdefault(identifier, []).append(event)
    return groups


def is_credit(feature):
    return "derive" not in feature and feature["aggregate"]["type"] == "credit"


def reads(feature, event):
    """Whether the event is one of the feature's source that satisfies its conditions."""
    conditions = feature.get("where", [])
    return feature["source"] in ("any", event["type"]) and all(satisfies(event, each) for each in conditions)


def vector(features, events, moment):
    """The value of each feature of one entity, from its events."""
    by_name = {feature["name"]: feature for feature in features}
    values = {}

    def value_of(name):
        if name not in values:
            feature = by_name[name]
            is_derived = "derive" in feature
            values[name] = derived(feature["derive"], value_of) if is_derived else aggregated(feature, events, moment)
        return values[name]

    return {name: value_of(name) for name in by_name}


def aggregated(feature, events, moment):
    """The aggregate of the events that the feature reads, in its window."""
    aggregate, window = feature["aggregate"], feature["window"]
    start, size = period(window, moment)
    read = [
        event
        for event in events
        if start <= event["time"] <= moment
        and ("position" in event) == is_credit(feature)
        and reads(feature, event)
    ]
    value = AGGREGATES[aggregate["type"]]({**aggregate, "window_ms": size}, read, moment)
    return None if is_empty(feature, value) and not was_measured(feature["needs"], events) else value


def period(window, moment):
    """The first millisecond of the window at a moment, and its whole size."""
    if window["type"] in ("session", "lifetime"):
        return float("-inf"), None
    if window["type"] == "tumbling":
        size = window["size_ms"]
        return moment // size * size, size
    step = window["every_ms"]
    size = step * window["panes"]
    if window["type"] == "hopping":
        return (moment // step + 1) * step - size, size
    return moment // size * size, size


if __name__ == "__main__":
    main()
