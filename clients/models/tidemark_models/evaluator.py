"""Computes the predictions of a file, as the collector does."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

import numpy as np

Row = Sequence[Any]


def evaluate(file: Dict[str, Any], features: Sequence[str], rows: Sequence[Row]) -> Any:
    """The predictions for rows with the values of features, `None` for a missing one."""
    places = {feature: index for index, feature in enumerate(features)}
    inputs = file["inputs"]
    columns = np.empty((len(rows), len(inputs)))
    for index, each in enumerate(inputs):
        place = places[each["feature"]]
        columns[:, index] = _encode(each, [row[place] for row in rows])
    model = file["model"]
    scores = _linear(model, columns) if model["kind"] == "linear" else _trees(model, columns)
    return _calibrate(model.get("calibration"), scores, _LINKS[model["link"]])


def _encode(each: Dict[str, Any], values: List[Any]) -> Any:
    if each["kind"] == "number":
        numbers = [float(value) if isinstance(value, (int, float)) else np.nan for value in values]
    elif each["kind"] == "indicator":
        chosen = {_key(category) for category in each["categories"]}
        numbers = [1.0 if _key(value) in chosen else 0.0 for value in values]
    else:
        codes = {_key(category): float(code) for code, category in enumerate(each["categories"])}
        unknown = each.get("unknown", np.nan)
        numbers = [codes.get(_key(value), np.nan if value is None else unknown) for value in values]
    column = np.array(numbers, dtype=float)
    for step in each.get("steps", []):
        for name, by in step.items():
            column = _STEPS[name](column, by)
    return column


def _key(value: Any) -> Any:
    """A key that keeps `True` and 1 apart, as JSON does."""
    return (isinstance(value, bool), value)


_STEPS: Dict[str, Any] = {
    "fill": lambda column, by: np.where(np.isnan(column), by, column),
    "add": lambda column, by: column + by,
    "subtract": lambda column, by: column - by,
    "multiply": lambda column, by: column * by,
    "divide": lambda column, by: column / by,
    "clip": lambda column, by: np.clip(column, *by),
}


def _logistic(scores: Any) -> Any:
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-scores))


_LINKS: Dict[str, Any] = {
    "identity": lambda scores: scores,
    "logistic": _logistic,
    "exp": np.exp,
    "softplus": lambda scores: np.logaddexp(0, scores),
    "signed_square": lambda scores: np.sign(scores) * scores * scores,
    "step": lambda scores: (scores > 0).astype(float),
}


def _linear(model: Dict[str, Any], columns: Any) -> Any:
    return columns @ np.array(model["coefficients"]) + model["intercept"]


def _trees(model: Dict[str, Any], columns: Any) -> Any:
    if model["columns"] == "float32":
        with np.errstate(over="ignore"):
            columns = columns.astype(np.float32).astype(float)
    precision = np.float32 if model["sum"] == "float32" else np.float64
    sums = np.full(len(columns), model["base"], dtype=precision)
    trees = model["trees"]
    for tree in trees:
        leaves = np.array(tree["value"])[_leaves(tree, columns)]
        sums = sums + (leaves / len(trees) if model["average"] else leaves).astype(precision)
    return sums.astype(float)


def _leaves(tree: Dict[str, Any], columns: Any) -> Any:
    """The leaf that each row reaches."""
    count = len(tree["column"])
    column, value = np.array(tree["column"]), np.array(tree["value"])
    left, right = np.array(tree["left"]), np.array(tree["right"])
    missing_left = np.array(tree.get("missing_left", [0] * count), dtype=bool)
    sets = {each["node"]: each["left"] for each in tree.get("categories", [])}
    nodes = np.zeros(len(columns), dtype=int)
    while True:
        active = np.flatnonzero(column[nodes] >= 0)
        if len(active) == 0:
            return nodes
        at = nodes[active]
        values = columns[active, column[at]]
        goes_left = values <= value[at]
        for node, codes in sets.items():
            here = at == node
            goes_left[here] = np.isin(np.trunc(values[here]), codes)
        goes_left = np.where(np.isnan(values), missing_left[at], goes_left)
        nodes[active] = np.where(goes_left, left[at], right[at])


def _calibrate(calibration: Any, scores: Any, link: Any) -> Any:
    if calibration is None:
        return link(scores)
    inputs = scores if calibration["of"] == "score" else link(scores)
    if calibration["kind"] == "sigmoid":
        return _logistic(calibration["slope"] * inputs + calibration["intercept"])
    return np.interp(inputs, calibration["x"], calibration["y"])
