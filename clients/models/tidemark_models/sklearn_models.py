"""The models of scikit-learn."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Tuple

import numpy as np

from .columns import Column, number
from .errors import ExportError
from .hist_gradient_boosting import hist_gradient_boosting
from .trees import Tree

Model = Dict[str, Any]
Converted = Tuple[List[Column], Model]


def check_is_binary(estimator: Any) -> None:
    """Checks that a classifier has two classes. The prediction is the probability of the second one."""
    classes = getattr(estimator, "classes_", None)
    if classes is not None and len(classes) != 2:
        raise ExportError(f"{type(estimator).__name__}: expected two classes; given {len(classes)}.")


def convert_estimator(estimator: Any, columns: List[Column]) -> Converted:
    """The columns of a fitted estimator, and its form in the file."""
    name = type(estimator).__name__
    if name not in _ESTIMATORS:
        raise ExportError(f"The estimator {name} has no form in a model file. These have: {', '.join(_ESTIMATORS)}.")
    check_is_binary(estimator)
    return _ESTIMATORS[name](estimator, columns)


def _linear(link: str) -> Callable[[Any, List[Column]], Converted]:
    def convert(estimator: Any, columns: List[Column]) -> Converted:
        coefficients = np.ravel(estimator.coef_)
        intercept = np.ravel(estimator.intercept_)
        if len(coefficients) != len(columns) or len(intercept) != 1:
            raise ExportError(f"{type(estimator).__name__}: expected one target, and a coefficient for each column.")
        return columns, {
            "kind": "linear",
            "intercept": number(intercept[0]),
            "coefficients": [number(each) for each in coefficients],
            "link": link,
        }

    return convert


def _sgd_classifier(estimator: Any, columns: List[Column]) -> Converted:
    if estimator.loss != "log_loss":
        raise ExportError("SGDClassifier: loss: expected log_loss, which predicts probabilities.")
    return _linear("logistic")(estimator, columns)


def _accepts_missing(estimator: Any) -> bool:
    return bool(estimator.__sklearn_tags__().input_tags.allow_nan)


def _tree(estimator: Any, factor: float, has_missing_rule: bool) -> Dict[str, Any]:
    """A tree of a forest or of gradient boosting. A leaf of a classifier has the share of the second class."""
    source = estimator.tree_
    tree = Tree()
    values = source.value[:, 0, :]
    is_classifier = values.shape[1] == 2
    if values.shape[1] > 2 or source.value.shape[1] != 1:
        raise ExportError("A tree: expected one target, and not more than two classes.")
    for node in range(source.node_count):
        left = source.children_left[node]
        if left == -1:
            leaf = values[node, 1] / values[node].sum() if is_classifier else values[node, 0]
            tree.leaf(factor * leaf)
        else:
            right, missing_left = source.children_right[node], source.missing_go_to_left[node]
            tree.split(source.feature[node], source.threshold[node], left, right, bool(missing_left))
    return tree.to_json(has_missing_rule)


def _trees(base: float, link: str, average: bool, trees: List[Dict[str, Any]]) -> Model:
    # scikit-learn rounds the columns of trees to 32 bits, and compares them with thresholds of 64 bits.
    precisions = {"columns": "float32", "sum": "float64"}
    return {"kind": "trees", **precisions, "base": base, "average": average, "link": link, "trees": trees}


def _decision_tree(estimator: Any, columns: List[Column]) -> Converted:
    return columns, _trees(0.0, "identity", False, [_tree(estimator, 1.0, _accepts_missing(estimator))])


def _forest(estimator: Any, columns: List[Column]) -> Converted:
    has_missing_rule = _accepts_missing(estimator)
    trees = [_tree(each, 1.0, has_missing_rule) for each in estimator.estimators_]
    return columns, _trees(0.0, "identity", True, trees)


def _gradient_boosting(estimator: Any, columns: List[Column]) -> Converted:
    is_classifier = hasattr(estimator, "classes_")
    if is_classifier and estimator.loss != "log_loss":
        raise ExportError("GradientBoostingClassifier: loss: expected log_loss.")
    if estimator.init is not None and estimator.init != "zero":
        raise ExportError(f"{type(estimator).__name__}: init: expected None or zero.")
    # Without trees, the raw prediction of any row is the base.
    row = np.zeros((1, estimator.n_features_in_), dtype=np.float32)
    base = number(np.ravel(estimator._raw_predict_init(row))[0])
    trees = [_tree(each, estimator.learning_rate, False) for each in np.ravel(estimator.estimators_)]
    return columns, _trees(base, "logistic" if is_classifier else "identity", False, trees)


_ESTIMATORS: Dict[str, Callable[[Any, List[Column]], Converted]] = {
    **{
        name: _linear("identity")
        for name in ("LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV")
    },
    "PoissonRegressor": _linear("exp"),
    "GammaRegressor": _linear("exp"),
    "LogisticRegression": _linear("logistic"),
    "LogisticRegressionCV": _linear("logistic"),
    "SGDClassifier": _sgd_classifier,
    "DecisionTreeClassifier": _decision_tree,
    "DecisionTreeRegressor": _decision_tree,
    "RandomForestClassifier": _forest,
    "RandomForestRegressor": _forest,
    "ExtraTreesClassifier": _forest,
    "ExtraTreesRegressor": _forest,
    "GradientBoostingClassifier": _gradient_boosting,
    "GradientBoostingRegressor": _gradient_boosting,
    "HistGradientBoostingClassifier": hist_gradient_boosting,
    "HistGradientBoostingRegressor": hist_gradient_boosting,
}
