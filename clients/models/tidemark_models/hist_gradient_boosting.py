"""scikit-learn's gradient boosting with histograms."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np

from .columns import Column, json_value, number
from .errors import ExportError
from .trees import Tree

_LINKS = {"IdentityLink": "identity", "LogLink": "exp", "LogitLink": "logistic", "HalfLogitLink": "logistic"}


def hist_gradient_boosting(estimator: Any, columns: List[Column]) -> Tuple[List[Column], Dict[str, Any]]:
    """The columns in the estimator's own order, with its categories first, and its trees."""
    if estimator.n_trees_per_iteration_ != 1:
        raise ExportError(f"{type(estimator).__name__}: expected two classes, or one target.")
    link = _LINKS.get(type(estimator._loss.link).__name__)
    if link is None:
        raise ExportError(f"{type(estimator).__name__}: loss: {estimator.loss} has no form in a model file.")
    trees = [_tree(predictor) for (predictor,) in estimator._predictors]
    return _encoded(estimator, columns), {
        "kind": "trees",
        "columns": "float64",
        "sum": "float64",
        "base": number(np.ravel(estimator._baseline_prediction)[0]),
        "average": False,
        "link": link,
        "trees": trees,
    }


def _encoded(estimator: Any, columns: List[Column]) -> List[Column]:
    if estimator.is_categorical_ is None:
        return columns
    encoder = estimator._preprocessor.named_transformers_["encoder"]
    categorical = [column for column, is_category in zip(columns, estimator.is_categorical_) if is_category]
    numerical = [column for column, is_category in zip(columns, estimator.is_categorical_) if not is_category]
    return [_category(column, given) for column, given in zip(categorical, encoder.categories_)] + numerical


def _category(column: Column, given: Any) -> Column:
    """A column of categories. An unknown category is a missing one."""
    categories = tuple(each for each in map(json_value, given) if each is not None)
    if column.kind == "category" and not column.steps and all(isinstance(each, float) for each in categories):
        # An encoder before has made codes of the categories.
        return _composed(column, categories)
    if column.steps:
        raise ExportError(f"{column.feature}: expected no step before a category of HistGradientBoosting.")
    return Column(column.feature, "category", categories)


def _composed(column: Column, codes: Tuple[Any, ...]) -> Column:
    """A column of categories that are codes of another encoder, or numbers themselves."""
    given = column.categories or ()
    if all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in given):
        return Column(column.feature, "category", codes)
    if codes != tuple(float(code) for code in range(len(given))):
        raise ExportError(f"{column.feature}: expected each category of its encoder in the training rows.")
    return Column(column.feature, "category", given)


def _tree(predictor: Any) -> Dict[str, Any]:
    tree = Tree()
    for node in predictor.nodes:
        if node["is_leaf"]:
            tree.leaf(node["value"])
            continue
        column, left, right, missing = (node[name] for name in ("feature_idx", "left", "right", "missing_go_to_left"))
        if node["is_categorical"]:
            bits = predictor.raw_left_cat_bitsets[node["bitset_idx"]]
            codes = [code for code in range(256) if int(bits[code // 32]) >> (code % 32) & 1]
            tree.split_categories(column, codes, left, right, bool(missing))
        else:
            tree.split(column, node["num_threshold"], left, right, bool(missing))
    return tree.to_json()
