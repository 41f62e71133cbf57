"""Signals that do not run, as docs/features.md states them."""

import re

EMPTY_WITHOUT_EVENTS = ("count", "rate", "sum", "distinct", "decayed_count", "last_n", "top_k")


def signals_table(page):
    """From source to its signal, and from source to the enrichment of each of its fields."""
    table = re.search(r"<!-- signals -->\n(.*?)<!-- end -->", page, re.DOTALL).group(1)
    signals, enrichments = {}, {}
    for row in table.strip().splitlines()[2:]:
        source, signal, fields = row.strip("| ").split(" | ")
        signals[source.strip("`")] = None if signal == "none" else signal.strip("`")
        enrichments[source.strip("`")] = enrichments_in(fields)
    return signals, enrichments


def enrichments_in(text):
    """`` `a`, `b`: `x`; `c`: `y` `` as a dictionary from field to enrichment."""
    found = {}
    for group in text.split("; ") if text != "none" else []:
        fields, enrichment = group.split(": ")
        for field in fields.split(", "):
            found[field.strip("`")] = enrichment.strip("`")
    return found


def needs(feature, table):
    """The names of the signal and the enrichments that a feature needs."""
    signals, enrichments = table
    fields = [feature["aggregate"].get("field")] + [condition["field"] for condition in feature.get("where", [])]
    enrichment_of = enrichments["any"] | enrichments[feature["source"]]
    return {signals[feature["source"]], *(enrichment_of.get(field) for field in fields)} - {None}


def is_empty(feature, value):
    """Whether the value is one of no events, of a feature for which it is 0 or an empty list."""
    aggregate = feature["aggregate"]
    counts = aggregate["type"] in EMPTY_WITHOUT_EVENTS
    sums = aggregate["type"] == "latest_per_view" and aggregate["combine"] == "sum"
    return (counts or sums) and (value == 0 or value == [])


def was_measured(needed, events):
    """Whether the needed signals and enrichments run in the page views of an entity, as far as these state it."""
    events = [event for event in events if "position" not in event]  # A credited event states nothing.
    stated = [signals_of(event) for event in events]
    running = {name for text in stated if text is not None for name in text.split(" ")}
    all_unstated = all(text is None for text in stated)
    some_unstated = any(signals_of(event) is None and event.get("view_id") is not None for event in events)
    return all_unstated or some_unstated or needed <= running


def signals_of(event):
    """The text in which the event's page view states its signals, or None."""
    if event.get("view_id") is None:
        return None
    text = event.get("view", {}).get("signals")
    return text if isinstance(text, str) else None
