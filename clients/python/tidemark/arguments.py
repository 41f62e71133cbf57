"""Checks of arguments whose mistakes Python accepts: the messages name the argument and what it expects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

Time = datetime | int
"""A time with a zone, or UTC milliseconds."""


def milliseconds(name: str, time: Time) -> int:
    """The UTC milliseconds of a time. Raises TypeError for another type, and ValueError without a zone."""
    if isinstance(time, int):
        return time
    if not isinstance(time, datetime):
        raise TypeError(f"{name}: expected a datetime with a zone, or UTC milliseconds; given {time!r}")
    if time.tzinfo is None:
        raise ValueError(f"{name}: expected a time with a zone; given {time!r}")
    return round(time.timestamp() * 1000)


def text(name: str, value: str) -> str:
    """The text. Raises TypeError for another type, such as a user's id that is a number."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected a text; given {value!r}")
    return value


def items(name: str, values: Iterable[str]) -> list[str]:
    """The items of a list. Raises TypeError for one text, whose letters Python takes for items."""
    if isinstance(values, str):
        raise TypeError(f"{name}: expected a list; given {values!r}")
    return list(values)


def key(name: str, value: str) -> str:
    """The key. Raises ValueError, without the key, for characters that no key has: a line break of a file, or none."""
    if not (isinstance(value, str) and value.isascii() and value.isprintable() and value and " " not in value):
        raise ValueError(f"{name}: expected a key without spaces and line breaks; given another value, which is not shown")
    return value
