"""The aggregates of docs/features.md: one function for each, from the events of a window to a value.

Each function takes the aggregate's definition with the size of its window, the events in the order of arrival, and the
moment of the value in UTC milliseconds. The events are those of the source that satisfy the conditions and lie in the window.
"""

from fractions import Fraction
from math import ceil, floor, log, sqrt

from credit import share
from events import field, is_number, page_view


def count(aggregate, events, moment):
    return len(events)


def rate(aggregate, events, moment):
    return len(events) * aggregate["per_ms"] / aggregate["window_ms"]


def sum_(aggregate, events, moment):
    return sum(millionths(numbers(aggregate, events, 1e15))) / 1_000_000


def mean(aggregate, events, moment):
    values = millionths(numbers(aggregate, events, 1e15))
    return sum(values) / (1_000_000 * len(values)) if values else None


def stddev(aggregate, events, moment):
    values = millionths(numbers(aggregate, events, 1e9))
    n = len(values)
    if n < 2:
        return None
    squares = n * sum(value * value for value in values) - sum(values) ** 2
    return sqrt(Fraction(squares, n * (n - 1) * 10**12))


def min_(aggregate, events, moment):
    return min(numbers(aggregate, events), default=None)


def max_(aggregate, events, moment):
    return max(numbers(aggregate, events), default=None)


def span(aggregate, events, moment):
    values = numbers(aggregate, events)
    return max(values) - min(values) if values else None


def first(aggregate, events, moment):
    values = in_time_order(aggregate, events)
    return values[0] if values else None


def last(aggregate, events, moment):
    values = in_time_order(aggregate, events)
    return values[-1] if values else None


def last_n(aggregate, events, moment):
    return in_time_order(aggregate, events)[-aggregate["n"] :]


def latest_per_view(aggregate, events, moment):
    stored = {}  # From page view to (seq, value), in the order of the latest arrival.
    settled_sum, settled_max = 0, None
    is_new = NewPageViews()
    for event in events:
        view, value = page_view(event), field(event, aggregate["field"])
        if view is None or not is_number(value):
            continue
        if view in stored:
            stored[view] = max(stored.pop(view), (event["seq"], value))
        elif is_new(event, settled_max is not None):
            if len(stored) == STORED_PAGE_VIEWS:
                _, oldest = stored.pop(next(iter(stored)))
                settled_sum += oldest
                settled_max = oldest if settled_max is None else max(settled_max, oldest)
            stored[view] = (event["seq"], value)
        elif value > settled_max:
            settled_sum += value - settled_max
            settled_max = value
    values = [value for _, value in stored.values()]
    if aggregate["combine"] == "sum":
        return settled_sum + sum(values)
    return max(values + ([] if settled_max is None else [settled_max]), default=None)


def distinct(aggregate, events, moment):
    if aggregate["field"] == "view_id":
        return len({page_view(event) for event in events if page_view(event)})
    return len({text_or_number(value) for value in texts_and_numbers(aggregate, events)})


def quantile(aggregate, events, moment):
    bins = sorted(quantile_bin(value) for value in numbers(aggregate, events))
    if not bins:
        return None
    lowest = sorted(set(bins))[-512:][0]
    return max(lowest, bins[floor(aggregate["q"] * (len(bins) - 1))])


def top_k(aggregate, events, moment):
    counts = {}
    for value in texts_and_numbers(aggregate, events):
        counts[text_or_number(value)] = counts.get(text_or_number(value), 0) + 1
    most = sorted(counts, key=lambda value: (-counts[value], value))[: aggregate["k"]]
    return [shown(value) for _, value in most]


def decayed_count(aggregate, events, moment):
    return sum(0.5 ** ((moment - event["time"]) / aggregate["half_life_ms"]) for event in events)


def credit(aggregate, events, moment):
    amounts = []
    for event in events:
        value = field(event, aggregate["field"]) if "field" in aggregate else 1
        if is_number(value) and abs(value) <= 1e15:
            amounts.append(value * share(aggregate, event))
    return sum(millionths(amounts)) / 1_000_000


def time_since_last(aggregate, events, moment):
    return moment - max(event["time"] for event in events) if events else None


AGGREGATES = {
    "count": count,
    "rate": rate,
    "sum": sum_,
    "mean": mean,
    "stddev": stddev,
    "min": min_,
    "max": max_,
    "span": span,
    "first": first,
    "last": last,
    "last_n": last_n,
    "latest_per_view": latest_per_view,
    "distinct": distinct,
    "quantile": quantile,
    "top_k": top_k,
    "decayed_count": decayed_count,
    "credit": credit,
    "time_since_last": time_since_last,
}

STORED_PAGE_VIEWS = 100


class NewPageViews:
    """Whether the page view of an event without a stored value is new."""

    def __init__(self):
        self.latest_start = float("-inf")

    def __call__(self, event, some_are_settled):
        start = event.get("view", {}).get("started_at")
        if some_are_settled and (start is None or start <= self.latest_start):
            return False
        self.latest_start = float("inf") if start is None else max(self.latest_start, start)
        return True


def numbers(aggregate, events, limit=float("inf")):
    """The values of the aggregate's field that are numbers within the limit."""
    values = [field(event, aggregate["field"]) for event in events]
    return [value for value in values if is_number(value) and abs(value) <= limit]


def texts_and_numbers(aggregate, events):
    values = [field(event, aggregate["field"]) for event in events]
    return [value for value in values if is_number(value) or isinstance(value, str)]


def text_or_number(value):
    """The value with its type: numbers come before texts, and 1 is not "1"."""
    return (isinstance(value, str), value)


def shown(value):
    """The value as the vector has it: a text is cut to 200 code points."""
    return value[:200] if isinstance(value, str) else value


def in_time_order(aggregate, events):
    """The values of the aggregate's field by time. With `absent: "null"`, events without the field have the value None."""
    by_time = sorted(events, key=lambda event: (event["time"], event["tab_id"], event["seq"]))
    if aggregate.get("absent") == "null":
        values = [field(event, aggregate["field"]) for event in by_time]
        return [None if isinstance(value, bool) else shown(value) for value in values]
    return [shown(value) for value in texts_and_numbers(aggregate, by_time)]


def millionths(values):
    """Each value times a million, in double precision, rounded to an integer with halves away from zero."""
    return [round_half_away(value * 1e6) for value in values]


def round_half_away(value):
    below = floor(abs(value))
    rounded = below + 1 if abs(value) - below >= 0.5 else below
    return rounded if value > 0 else -rounded


def quantile_bin(value):
    """The value that represents all numbers of a bin: within 2 % of each of them."""
    if abs(value) < 1e-6:
        return 0
    ratio = 1.02 / 0.98
    representative = 2 * ratio ** ceil(log(abs(value)) / log(ratio)) / (ratio + 1)
    return representative if value > 0 else -representative
