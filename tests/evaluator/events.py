"""The events that count, and their fields, as docs/features.md states them."""

import re
from decimal import Decimal

FREE_FORM = ("properties.", "traits.")


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def field(event, path):
    """The value of a field: a text, a number, a boolean or, if the event has none of these, None."""
    if path == "external_referrer":
        return external_referrer(event.get("view", {}))
    value = event
    for key in path.split(".", 1) if path.startswith(FREE_FORM) else path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, (str, int, float)) else None


def external_referrer(view):
    """The referrer of a page view, unless it has the host of the page itself."""
    referrer = view.get("referrer")
    return None if referrer is None or host(referrer) == host(view["url"]) else referrer


def host(url):
    """The text between `://` and the next `/`, `?` or `#`, in lower case and without `www.`, or None."""
    found = re.match(r"[^/?#]*://([^/?#]*)", url)
    return re.sub(r"^www\.", "", found.group(1).lower()) if found else None


def page_view(event):
    """What identifies the page view of an event, or None outside of any."""
    view_id = event.get("view_id")
    return None if view_id is None else (event["session_id"], event["tab_id"], view_id)


def entity_id(event, entity):
    """The id of the event's session, user, page or custom entity, or None."""
    if entity == "session":
        return event["session_id"]
    if is_person(entity) and event.get("consent", {"personalisation": "granted"})["personalisation"] != "granted":
        return None
    if entity == "user":
        return event.get("user_id") or event["anonymous_id"]
    if entity == "page":
        return field(event, "view.path") or None
    return custom_id(field(event, entity["field"]))


def is_person(entity):
    return entity == "user" or (isinstance(entity, dict) and entity["field"] in ("user_id", "anonymous_id"))


def custom_id(value):
    if is_number(value):
        return number_text(value)
    return value if isinstance(value, str) and 1 <= len(value) <= 1_000 and not half_of_a_pair(value) else None


def number_text(value):
    """The number as JSON has it: with an exponent below 1e-6 and from 1e21 on."""
    if 1e-6 <= abs(value) < 1e21 or value == 0:
        return format(Decimal(repr(value)).normalize() + 0, "f")
    mantissa, exponent = repr(float(value)).split("e")
    return f"{mantissa}e{int(exponent):+d}"


def half_of_a_pair(text):
    return any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def counted(log, out_of_orderness_ms=5_000, allowed_lateness_ms=86_400_000):
    """The events of a log that are not too late for their session, in the order of arrival."""
    latest = {}
    events = []
    for event in log:
        session = event["session_id"]
        time = latest.get(session, event["time"])
        if event["time"] >= time - out_of_orderness_ms - allowed_lateness_ms:
            events.append(event)
        latest[session] = max(time, event["time"])
    return events


def satisfies(event, condition):
    value = field(event, condition["field"])
    if value is None:
        return False
    expected = condition.get("value")
    test = condition["is"]
    if test == "eq":
        return same(value, expected)
    if test == "ne":
        return not same(value, expected)
    if test == "in":
        return any(same(value, one) for one in condition["values"])
    return is_number(value) and in_order(test, value, expected)


def same(left, right):
    """Whether two values are equal and of one type: 1 is neither "1" nor true."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def in_order(test, left, right):
    return {"lt": left < right, "lte": left <= right, "gt": left > right, "gte": left >= right}[test]
