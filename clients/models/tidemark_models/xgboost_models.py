"""The models of XGBoost."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np

from .columns import Column
from .errors import ExportError
from .trees import Tree, below

# The first summand of a prediction, from `base_score`, in 32 bits as XGBoost computes it.
_FIRST: Dict[str, Callable[[Any], Any]] = {
    "logit": lambda share: -np.log(np.float32(1) / np.float32(share) - np.float32(1)),
    "log": lambda value: np.log(np.float32(value)),
    "same": lambda value: np.float32(value),
}

# The link of each objective with a single output, and the meaning of `base_score`.
_OBJECTIVES: Dict[str, Tuple[str, str]] = {
    "binary:logistic": ("logistic", "logit"),
    "binary:logitraw": ("identity", "same"),
    "binary:hinge": ("step", "same"),
    "reg:squarederror": ("identity", "same"),
    "reg:squaredlogerror": ("identity", "same"),
    "reg:logistic": ("logistic", "logit"),
    "reg:pseudohubererror": ("identity", "same"),
    "reg:absoluteerror": ("identity", "same"),
    "reg:quantileerror": ("identity", "same"),
    "count:poisson": ("exp", "log"),
    "reg:gamma": ("exp", "log"),
    "reg:tweedie": ("exp", "log"),
    "survival:cox": ("exp", "log"),
    "survival:aft": ("exp", "log"),
}


def is_xgboost(model: Any) -> bool:
    """Whether a model is a Booster or an estimator of XGBoost."""
    return type(model).__module__.split(".")[0] == "xgboost"


def booster_of(model: Any) -> Any:
    """The booster of an estimator, with the trees that its predictions use, or the given booster."""
    if not hasattr(model, "get_booster"):
        return model
    if model.missing is not None and not math.isnan(model.missing):
        raise ExportError(f"{type(model).__name__}: missing: expected NaN, as a missing feature is read.")
    booster = model.get_booster()
    best = getattr(model, "best_iteration", None) if getattr(model, "early_stopping_rounds", None) else None
    return booster if best is None else booster[: best + 1]


def convert_xgboost(model: Any, columns: List[Column]) -> Tuple[List[Column], Dict[str, Any]]:
    """The columns of a model of XGBoost, and its trees."""
    learner = json.loads(booster_of(model).save_raw("json"))["learner"]
    objective = learner["objective"]["name"]
    if objective not in _OBJECTIVES:
        raise ExportError(f"The objective {objective} has no form in a model file. These have: {', '.join(_OBJECTIVES)}.")
    parameters = learner["learner_model_param"]
    base_scores = json.loads(parameters["base_score"].replace("[", "").replace("]", "").join("[]"))
    if len(base_scores) != 1 or int(parameters["num_target"]) != 1 or int(parameters["num_class"]) > 1:
        raise ExportError("XGBoost: expected a model with a single output.")
    booster = learner["gradient_booster"]
    if booster["name"] not in ("gbtree", "dart"):
        raise ExportError(f"XGBoost: booster: expected gbtree or dart; given {booster['name']}.")
    content = booster.get("gbtree", booster)["model"]
    weights = booster.get("weight_drop", [1.0] * len(content["trees"]))
    link, first = _OBJECTIVES[objective]
    return _encoded(learner, content, columns), {
        "kind": "trees",
        "columns": "float32",
        "sum": "float32",
        "base": float(_FIRST[first](base_scores[0])),
        "average": False,
        "link": link,
        "trees": [_tree(tree, weight) for tree, weight in zip(content["trees"], weights)],
    }


def _encoded(learner: Dict[str, Any], content: Dict[str, Any], columns: List[Column]) -> List[Column]:
    types = learner["feature_types"] or ["float"] * len(columns)
    encodings = content.get("cats", {}).get("enc") or [{}] * len(columns)
    return [
        replace(column, categories=_names(encoding, column)) if kind == "c" and column.kind == "category" else column
        for column, kind, encoding in zip(columns, types, encodings)
    ]


def _names(encoding: Dict[str, Any], column: Column) -> Optional[Tuple[Any, ...]]:
    """The categories of a column in the order of the training."""
    values = encoding.get("values", [])
    if "offsets" not in encoding:
        return tuple(values) or column.categories
    offsets = encoding["offsets"]
    # XGBoost 3.2 counts characters in the offsets, and bytes in the values: other names have the order of the given rows.
    if not values or any(code < 0 for code in values):
        return column.categories
    text = bytes(values).decode()
    return tuple(text[begin:end] for begin, end in zip(offsets, offsets[1:]))


def _tree(source: Dict[str, Any], weight: float) -> Dict[str, Any]:
    categories = {
        node: source["categories"][start : start + size]
        for node, start, size in zip(
            source["categories_nodes"], source["categories_segments"], source["categories_sizes"]
        )
    }
    tree = Tree()
    for node, left in enumerate(source["left_children"]):
        right, column = source["right_children"][node], source["split_indices"][node]
        condition, missing_left = source["split_conditions"][node], bool(source["default_left"][node])
        if left == -1:
            tree.leaf(float(np.float32(condition) * np.float32(weight)))
        elif source["split_type"][node] == 0:
            tree.split(column, below(condition), left, right, missing_left)
        else:
            # XGBoost's sets of categories go right.
            tree.split_categories(column, categories[node], right, left, not missing_left)
    return tree.to_json()
