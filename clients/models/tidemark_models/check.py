"""Compares a file with the model that it describes."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Sequence

import numpy as np

from .columns import Column, is_table, json_value
from .errors import ExportError
from .evaluator import evaluate

TOLERANCE = 1e-6
"""The largest accepted difference: absolute for predictions up to 1, relative above."""

_MOST_THRESHOLDS = 1_000

Rows = Any


def values_of(rows: Rows) -> List[List[Any]]:
    """The rows as JSON has them."""
    if is_table(rows):
        lists = [[json_value(value) for value in rows[name]] for name in rows.columns]
        return [list(row) for row in zip(*lists)] if lists else []
    return [[json_value(value) for value in row] for row in np.asarray(rows)]


def compare(file: Dict[str, Any], features: Sequence[str], rows: Rows, original: Any) -> Any:
    """The predictions of the model. Raises ExportError when the file predicts something else for a row."""
    values = values_of(rows)
    expected = np.asarray(original, dtype=float)
    given = evaluate(file, features, values)
    difference = np.abs(given - expected) / np.maximum(1, np.abs(expected))
    # A difference that is no number is none that is small enough.
    wrong = np.flatnonzero(~(difference <= TOLERANCE))
    if len(wrong) == 0:
        return expected
    row = int(wrong[0])
    raise ExportError(
        f"The file would predict {given[row]} where the model predicts {expected[row]}, for {len(wrong)} of"
        f" {len(values)} rows. The first one is {dict(zip(features, values[row]))}. Nothing was written."
    )


def check_missing(inputs: Sequence[Column], model: Dict[str, Any]) -> None:
    """Checks that each input has a value when its feature is missing, for a model without a rule for missing values.

    A feature may be missing when the collector predicts, also if it never is in the training rows.
    """
    if model["kind"] == "trees" and all("missing_left" in tree for tree in model["trees"]):
        return
    names = sorted({column.feature for column in inputs if column.can_be_missing()})
    if names:
        raise ExportError(
            f"{', '.join(names)}: expected a value for a missing feature, because the model has no rule for one. Add an"
            f" imputer to the pipeline, or pass fill, such as fill={{{names[0]!r}: 0}}."
        )


def next_to_thresholds(file: Dict[str, Any], features: Sequence[str], rows: Rows) -> Any:
    """Rows in which one feature is at a threshold of a tree, or next to it in 32 or 64 bits; `None` without trees."""
    places = sorted({place for place in _thresholds(file) if abs(place[1]) < 1e30})
    random = np.random.default_rng(1)
    if len(places) > _MOST_THRESHOLDS:
        places = [places[index] for index in sorted(random.choice(len(places), _MOST_THRESHOLDS, replace=False))]
    near = [(name, value) for name, threshold in places for value in _neighbours(threshold)]
    return _with_values(rows, [each for each in near if _kind(rows, each[0]) in "iuf"], features, random)


def _with_values(rows: Rows, near: List[Any], features: Sequence[str], random: Any) -> Any:
    """Rows taken at random, each with one feature replaced; `None` without replacements."""
    if not near:
        return None
    picked = random.integers(0, len(rows), len(near))
    taken = rows.iloc[picked].reset_index(drop=True) if is_table(rows) else np.array(rows, dtype=float)[picked]
    for name in sorted({name for name, _ in near}):
        at = [index for index, each in enumerate(near) if each[0] == name]
        values = [near[index][1] for index in at]
        if is_table(rows):
            column = taken[name].astype(float) if _kind(rows, name) in "iuf" else taken[name].copy()
            column.iloc[at] = values
            taken[name] = column
        else:
            taken[at, list(features).index(name)] = values
    return taken


def _kind(rows: Rows, name: str) -> str:
    """The kind of a column: `f` for floating-point numbers, `b` for booleans, `i` and `u` for whole numbers."""
    return str(getattr(rows[name].dtype, "kind", "O")) if is_table(rows) else "f"


def with_missing(features: Sequence[str], rows: Rows) -> Any:
    """Rows in which one feature is missing; `None` if no column can have a missing value."""
    names = [name for name in features if _kind(rows, name) != "b"]
    near = [(name, np.nan if _kind(rows, name) in "iuf" else None) for name in names for _ in range(5)]
    return _with_values(rows, near, features, np.random.default_rng(2))


def _neighbours(threshold: float) -> List[float]:
    with np.errstate(over="ignore"):
        near = np.float32(threshold)
    lower, higher = np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))
    values = [
        *(threshold, np.nextafter(threshold, -np.inf), np.nextafter(threshold, np.inf)),
        *(near, np.nextafter(np.float64(near), -np.inf), np.nextafter(np.float64(near), np.inf)),
        *(lower, np.nextafter(np.float64(lower), np.inf), higher, np.nextafter(np.float64(higher), -np.inf)),
    ]
    return [float(value) for value in values]


_INVERSES: Dict[str, Callable[[float, Any], float]] = {
    "fill": lambda number, _: number,
    "add": lambda number, by: number - by,
    "subtract": lambda number, by: number + by,
    "multiply": lambda number, by: number / by if by else number,
    "divide": lambda number, by: number * by,
    "clip": lambda number, _: number,
}


def _thresholds(file: Dict[str, Any]) -> Any:
    """The thresholds as values of the features, before any scaling."""
    for tree in file["model"].get("trees", []):
        sets = {each["node"] for each in tree.get("categories", [])}
        for node, column in enumerate(tree["column"]):
            if column < 0 or node in sets or file["inputs"][column]["kind"] != "number":
                continue
            threshold = tree["value"][node]
            for step in reversed(file["inputs"][column].get("steps", [])):
                for name, by in step.items():
                    threshold = _INVERSES[name](threshold, by)
            yield file["inputs"][column]["feature"], threshold
