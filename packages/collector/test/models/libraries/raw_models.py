"""Models of XGBoost and LightGBM with their own files, and the thresholds of their splits."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Tuple

import lightgbm as lgb
import xgboost as xgb
from visits import Visits

Thresholds = List[Tuple[str, float]]


class Case(NamedTuple):
    """A model file, the library's own predictions for a table, and the thresholds by feature."""

    name: str
    file: Dict[str, Any]
    predict: Callable[[Any], Any]
    thresholds: Thresholds


XGBOOST_OBJECTIVES = [
    *("binary:logistic", "binary:logitraw", "binary:hinge", "reg:squarederror", "reg:squaredlogerror", "reg:logistic"),
    *("reg:pseudohubererror", "reg:absoluteerror", "reg:quantileerror", "count:poisson", "reg:gamma", "reg:tweedie"),
    *("survival:cox", "survival:aft"),
]

LIGHTGBM_OBJECTIVES = [
    *("binary", "regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie"),
    *("cross_entropy", "cross_entropy_lambda"),
]


def xgboost_label(objective: str, visits: Visits) -> Any:
    if objective.startswith("binary") or objective == "reg:logistic":
        return visits.bought
    return visits.spent if objective in ("reg:squarederror", "reg:absoluteerror") else visits.spent / 50 + 0.5


def xgboost_case(name: str, parameters: Dict[str, Any], trees: int, visits: Visits) -> Case:
    objective = parameters["objective"]
    data = xgb.DMatrix(visits.frame, xgboost_label(objective, visits), enable_categorical=True)
    if objective == "survival:aft":
        data.set_float_info("label_lower_bound", visits.spent + 1)
        data.set_float_info("label_upper_bound", visits.spent + 1)
    booster = xgb.train({"seed": 1, "eta": 0.3, **parameters}, data, trees)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.json")
        booster.save_model(path)
        with open(path, encoding="utf8") as file:
            saved = json.load(file)
    return Case(
        name,
        saved,
        lambda frame: booster.predict(xgb.DMatrix(frame, enable_categorical=True)),
        list(xgboost_thresholds(saved)),
    )


def xgboost_thresholds(saved: Dict[str, Any]) -> Iterator[Tuple[str, float]]:
    learner = saved["learner"]
    booster = learner["gradient_booster"]
    for tree in booster.get("gbtree", booster)["model"]["trees"]:
        for node, left in enumerate(tree["left_children"]):
            if left != -1 and tree["split_type"][node] == 0:
                yield learner["feature_names"][tree["split_indices"][node]], tree["split_conditions"][node]


def lightgbm_case(name: str, parameters: Dict[str, Any], trees: int, visits: Visits) -> Case:
    objective = parameters["objective"]
    label = visits.bought if objective in ("binary", "cross_entropy", "cross_entropy_lambda") else visits.spent + 1
    frame = visits.complete if name.endswith("_complete") else visits.frame
    booster = lgb.train({"seed": 1, "verbose": -1, "num_threads": 2, **parameters}, lgb.Dataset(frame, label), trees)
    dumped = json.loads(json.dumps(booster.dump_model()))
    return Case(name, dumped, booster.predict, list(lightgbm_thresholds(dumped)))


def lightgbm_thresholds(dumped: Dict[str, Any]) -> Iterator[Tuple[str, float]]:
    nodes = [tree["tree_structure"] for tree in dumped["tree_info"]]
    while nodes:
        node = nodes.pop()
        if "split_feature" not in node:
            continue
        nodes += [node["left_child"], node["right_child"]]
        if node["decision_type"] == "<=":
            yield dumped["feature_names"][node["split_feature"]], node["threshold"]


def raw_cases(visits: Visits, trees: int, depth: int) -> Iterator[Case]:
    """All kinds of files that the collector reads as the libraries write them."""
    few = max(3, trees // 6)
    binary = {"objective": "binary:logistic", "max_depth": depth}
    for objective in XGBOOST_OBJECTIVES:
        size = trees if objective == "binary:logistic" else few
        quantile = {"quantile_alpha": 0.6} if objective == "reg:quantileerror" else {}
        yield xgboost_case(f"xgboost {objective}", {**binary, "objective": objective, **quantile}, size, visits)
    yield xgboost_case("xgboost one-hot categories", {**binary, "max_cat_to_onehot": 100}, few, visits)
    dart = {**binary, "booster": "dart", "rate_drop": 0.4, "one_drop": 1}
    yield xgboost_case("xgboost dart", dart, few, visits)
    yield xgboost_case("xgboost dart regression", {**dart, "objective": "reg:squarederror"}, few, visits)
    forest = {"num_parallel_tree": few, "subsample": 0.6, "eta": 1}
    yield xgboost_case("xgboost random forest", {**binary, **forest}, 1, visits)
    yield xgboost_case("xgboost base score", {**binary, "base_score": 0.3}, few, visits)

    categories = {"objective": "binary", "num_leaves": 2**depth, "min_data_per_group": 5, "cat_smooth": 1}
    for objective in LIGHTGBM_OBJECTIVES:
        size = trees if objective == "binary" else few
        yield lightgbm_case(f"lightgbm {objective}", {**categories, "objective": objective}, size, visits)
    yield lightgbm_case("lightgbm one-hot categories", {**categories, "max_cat_to_onehot": 100}, few, visits)
    yield lightgbm_case("lightgbm zero_as_missing", {**categories, "zero_as_missing": True}, few, visits)
    yield lightgbm_case("lightgbm use_missing=false", {**categories, "use_missing": False}, few, visits)
    yield lightgbm_case("lightgbm trained_complete", categories, few, visits)
    yield lightgbm_case("lightgbm dart", {**categories, "boosting": "dart", "drop_rate": 0.5}, few, visits)
    bagging = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}
    yield lightgbm_case("lightgbm random forest", {**categories, **bagging}, few, visits)
    yield lightgbm_case("lightgbm sigmoid", {**categories, "sigmoid": 2}, few, visits)
    yield lightgbm_case("lightgbm reg_sqrt", {**categories, "objective": "regression", "reg_sqrt": True}, few, visits)
