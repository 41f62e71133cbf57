"""The models of LightGBM."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, Tuple

import numpy as np

from .columns import Column, json_value
from .errors import ExportError
from .trees import Tree

_LINKS = {
    **{name: "identity" for name in ("regression", "regression_l1", "huber", "fair", "quantile", "mape")},
    **{name: "exp" for name in ("poisson", "gamma", "tweedie")},
    "binary": "logistic",
    "cross_entropy": "logistic",
    "cross_entropy_lambda": "softplus",
}

# Up to this distance from 0, LightGBM reads a value as 0.
_ZERO = float(np.float32(1e-35))


def is_lightgbm(model: Any) -> bool:
    """Whether a model is a Booster or an estimator of LightGBM."""
    return type(model).__module__.split(".")[0] == "lightgbm"


def convert_lightgbm(model: Any, columns: List[Column]) -> Tuple[List[Column], Dict[str, Any]]:
    """The columns of a model of LightGBM, and its trees."""
    booster = getattr(model, "booster_", model)
    dumped = booster.dump_model()
    if dumped["num_tree_per_iteration"] != 1:
        raise ExportError("LightGBM: expected a model with a single output.")
    name, *options = str(dumped.get("objective", "none")).split(" ")
    if name not in _LINKS:
        raise ExportError(f"The objective {name} has no form in a model file. These have: {', '.join(_LINKS)}.")
    link = "signed_square" if options == ["sqrt"] else _LINKS[name]
    slope = float(options[0][len("sigmoid:") :]) if name == "binary" else 1.0
    return _encoded(booster, dumped, columns), {
        "kind": "trees",
        "columns": "float64",
        "sum": "float64",
        "base": 0.0,
        "average": bool(dumped["average_output"]),
        "link": link,
        "trees": [_tree(info["tree_structure"], slope) for info in dumped["tree_info"]],
    }


def _encoded(booster: Any, dumped: Dict[str, Any], columns: List[Column]) -> List[Column]:
    """The columns with the categories of the training: pandas's columns of categories, in their order."""
    names = [tuple(json_value(each) for each in given) for given in booster.pandas_categorical or []]
    if len(names) != sum(column.kind == "category" for column in columns):
        raise ExportError("LightGBM: expected rows with the columns of categories that the training had.")
    rest = iter(names)
    return [replace(column, categories=next(rest)) if column.kind == "category" else column for column in columns]


def _tree(structure: Dict[str, Any], slope: float) -> Dict[str, Any]:
    tree = Tree()
    pending = [(structure, -1, False)]
    while pending:
        source, parent, is_left = pending.pop()
        node = _add(tree, source, slope)
        if parent >= 0:
            (tree.left if is_left else tree.right)[parent] = node
        if "left_child" in source:
            pending += [(source["right_child"], node, False), (source["left_child"], node, True)]
    return tree.to_json()


def _add(tree: Tree, source: Dict[str, Any], slope: float) -> int:
    if "split_feature" not in source:
        if "leaf_coeff" in source:
            raise ExportError("LightGBM: linear_tree: expected False.")
        return tree.leaf(source["leaf_value"] * slope)
    column = source["split_feature"]
    if source["decision_type"] == "==":
        codes = [int(code) for code in source["threshold"].split("||")]
        return tree.split_categories(column, codes, -1, -1, False)
    if source["missing_type"] == "Zero":
        raise ExportError("LightGBM: zero_as_missing: expected False; or deploy the JSON of dump_model itself.")
    threshold = source["threshold"]
    # Without missing values in training, LightGBM reads a missing value as 0.
    missing_left = source["default_left"] if source["missing_type"] == "NaN" else threshold >= 0
    return tree.split(column, _beyond_zero(threshold), -1, -1, missing_left)


def _beyond_zero(threshold: float) -> float:
    """A threshold that separates the same values when those next to 0 are not read as 0."""
    if abs(threshold) > _ZERO:
        return threshold
    return _ZERO if threshold >= 0 else float(np.nextafter(-_ZERO, -np.inf))
