"""The pages that share the credit for an event, as docs/features.md states them."""

from events import entity_id

PAGES = 20


def with_pages(events):
    """The events, each with the pages that its session viewed before: (path, time since its view), last touch first."""
    sessions = {}
    credited = []
    for event in events:
        viewed = sessions.setdefault(event["session_id"], {})  # From path to time, in the order of the latest view.
        latest = list(reversed(viewed.items()))[:PAGES]
        pages = [(path, event["time"] - time) for path, time in latest if time <= event["time"]]
        credited.append(event | {"pages": pages})
        path = entity_id(event, "page")
        if event["type"] == "page_view" and path is not None:
            viewed.pop(path, None)
            viewed[path] = event["time"]
    return credited


def credited_to(event):
    """The event as each of its pages has it: from path to the event with the page's position."""
    return {path: event | {"position": position} for position, (path, _) in enumerate(event["pages"])}


def share(aggregate, event):
    """The share of the page in the event."""
    ages = [age for _, age in event["pages"]]
    position = event["position"]
    if aggregate["share"] == "each":
        return 1
    if aggregate["share"] == "last_touch":
        return 1 if position == 0 else 0
    if aggregate["share"] == "linear":
        return 1 / len(ages)
    weights = [weight(age, aggregate["half_life_ms"]) for age in ages]
    return weights[position] / sum(weights)


def weight(age, half_life):
    return max(1, int(1_000_000 * 0.5 ** (age / half_life) + 0.5))
