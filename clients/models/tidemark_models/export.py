"""Writes a model as a file that a collector reads."""

from __future__ import annotations

import json
import os
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from .check import TOLERANCE, check_missing, compare, next_to_thresholds, with_missing
from .columns import Column, columns_of, is_table, json_value, number
from .errors import ExportError
from .lightgbm_models import convert_lightgbm, is_lightgbm
from .sklearn_models import check_is_binary, convert_estimator
from .transformers import transform
from .xgboost_models import booster_of, convert_xgboost, is_xgboost

File = Dict[str, Any]


def export_model(
    model: Any,
    path: Union[str, os.PathLike[str]],
    *,
    feature_set: Mapping[str, Any],
    rows: Any,
    features: Optional[Sequence[str]] = None,
    fill: Optional[Mapping[str, float]] = None,
    entries: Optional[Mapping[str, Tuple[str, int]]] = None,
) -> File:
    """Writes a fitted model as JSON, and returns the content.

    It first compares the file with the model on `rows`, on rows next to the thresholds of trees, and on rows with missing
    values if the model accepts these. When a prediction differs by more than 1e-6, it writes nothing.

    Arguments:
        model: an estimator or a Pipeline of scikit-learn, a CalibratedClassifierCV of one, or a model of XGBoost or
            LightGBM. A classifier has two classes, and the prediction is the probability of the second one.
        feature_set: `name`, `version` and `hash` of the set, as `TrainingSet.feature_set` has them. Without a hash, the
            collector does not notice changed definitions.
        rows: a table or an array as the model accepts it, such as the training rows. Its predictions are the reference
            distribution of the file.
        features: the names of the features, for rows without names of columns.
        fill: numbers by column that stand for a missing value, for a model that accepts none.
        entries: the feature and the index for each column of `rows` that is one entry of a list, such as
            `{"last_path": ("recent_paths", 0)}`.

    Raises ExportError with the reason and the next step.
    """
    if not {"name", "version"} <= set(feature_set):
        raise ExportError("feature_set: expected name and version, and the hash, such as TrainingSet.feature_set.")
    if len(rows) == 0:
        raise ExportError("rows: expected some, to compare the file with the model.")
    names = _names(rows, features)
    _check_columns("fill", fill or {}, names)
    _check_columns("entries", entries or {}, names)
    columns = _filled(columns_of(rows, names), fill or {})
    inputs, converted = _convert(model, columns, names)
    check_missing(inputs, converted)
    file: File = {
        "format": "tidemark-model",
        "version": 1,
        "set": {key: feature_set[key] for key in ("name", "version", "hash") if key in feature_set},
        "inputs": [column.to_json() for column in inputs],
        "model": converted,
        "trained": {"by": _library(model), "at": int(time.time() * 1000), "rows": len(rows)},
    }
    predict = _predictor(model, fill or {}, names)
    expected = compare(file, names, rows, predict(rows))
    _compare_others(file, names, rows, predict)
    file["reference"] = _reference(expected)
    file["inputs"] = [_with_entry(each, entries or {}) for each in file["inputs"]]
    _write(file, path)
    return file


def _names(rows: Any, features: Optional[Sequence[str]]) -> List[str]:
    if is_table(rows):
        return [str(name) for name in rows.columns]
    if features is None:
        raise ExportError("features: expected the names of the columns, because the rows have none.")
    if len(features) != np.asarray(rows).shape[1]:
        raise ExportError(f"features: expected {np.asarray(rows).shape[1]} names; given {len(features)}.")
    return list(features)


def _check_columns(argument: str, given: Mapping[str, Any], names: List[str]) -> None:
    for name in given:
        if name not in names:
            raise ExportError(f"{argument}: expected columns of the rows; given {name}.")


def _filled(columns: List[Column], fill: Mapping[str, float]) -> List[Column]:
    return [
        column.then("fill", number(fill[column.feature])) if column.feature in fill else column for column in columns
    ]


def _with_entry(each: Dict[str, Any], entries: Mapping[str, Tuple[str, int]]) -> Dict[str, Any]:
    """An input of a column, as one of the list that the column is an entry of."""
    if each["feature"] not in entries:
        return each
    feature, index = entries[each["feature"]]
    return {**each, "feature": feature, "entry": index}


def _convert(model: Any, columns: List[Column], names: Optional[List[str]]) -> Tuple[List[Column], Dict[str, Any]]:
    name = type(model).__name__
    if name == "FrozenEstimator":
        return _convert(model.estimator, columns, names)
    if name == "CalibratedClassifierCV":
        return _convert_calibrated(model, columns, names)
    if name == "Pipeline":
        for _, step in model.steps[:-1]:
            columns = transform(step, columns, names)
            names = None
        return _convert(model.steps[-1][1], columns, names)
    if is_xgboost(model):
        check_is_binary(model)
        return convert_xgboost(model, columns)
    if is_lightgbm(model):
        check_is_binary(model)
        return convert_lightgbm(model, columns)
    return convert_estimator(model, columns)


def _convert_calibrated(
    model: Any, columns: List[Column], names: Optional[List[str]]
) -> Tuple[List[Column], Dict[str, Any]]:
    if len(model.calibrated_classifiers_) != 1:
        raise ExportError(
            "CalibratedClassifierCV: expected one classifier. Calibrate a FrozenEstimator, or with ensemble=False."
        )
    (calibrated,) = model.calibrated_classifiers_
    check_is_binary(model)
    inputs, converted = _convert(calibrated.estimator, columns, names)
    (calibrator,) = calibrated.calibrators
    of = "score" if hasattr(calibrated.estimator, "decision_function") else "prediction"
    if model.method == "sigmoid":
        line = {"kind": "sigmoid", "of": of, "slope": -number(calibrator.a_), "intercept": -number(calibrator.b_)}
        return inputs, {**converted, "calibration": line}
    if model.method != "isotonic":
        raise ExportError(f"CalibratedClassifierCV: method: expected sigmoid or isotonic; given {model.method}.")
    x = [number(each) for each in calibrator.X_thresholds_]
    y = [number(each) for each in calibrator.y_thresholds_]
    return inputs, {**converted, "calibration": {"kind": "isotonic", "of": of, "x": x, "y": y}}


def _predictor(model: Any, fill: Mapping[str, float], names: List[str]) -> Callable[[Any], Any]:
    """The model's own predictions for rows as the export gets them."""

    def predict(rows: Any) -> Any:
        given = _with_fill(rows, fill, names)
        if is_xgboost(model):
            from xgboost import DMatrix

            # Its estimators predict with other sums for dart.
            booster = booster_of(model)
            named = {} if is_table(given) else {"feature_names": booster.feature_names}
            types = {} if is_table(given) else {"feature_types": booster.feature_types}
            return booster.predict(DMatrix(given, enable_categorical=True, **named, **types))
        return model.predict_proba(given)[:, 1] if hasattr(model, "predict_proba") else model.predict(given)

    return predict


def _with_fill(rows: Any, fill: Mapping[str, float], names: List[str]) -> Any:
    if not fill:
        return rows
    if is_table(rows):
        return rows.fillna(dict(fill))
    copy = np.array(rows, dtype=float)
    for name, by in fill.items():
        column = copy[:, names.index(name)]
        column[np.isnan(column)] = by
    return copy


def _compare_others(file: File, names: List[str], rows: Any, predict: Callable[[Any], Any]) -> None:
    near = next_to_thresholds(file, names, rows)
    if near is not None:
        compare(file, names, near, predict(near))
    missing = with_missing(names, rows)
    if missing is None:
        return
    try:
        original = predict(missing)
    except ValueError:
        # The model accepts no missing values. The collector then refuses a file without values for these.
        return
    compare(file, names, missing, original)


def _reference(predictions: Any) -> Dict[str, Any]:
    """
    The share of the predictions in each tenth of them. A value that is several tenths is a group of its own, with the
    tolerance of the comparison with the collector.
    """
    tenths, times = np.unique(np.quantile(predictions, np.arange(1, 10) / 10), return_counts=True)
    often = tenths[times > 1]
    edges = np.unique(np.concatenate([tenths[times == 1], often - TOLERANCE, often + TOLERANCE]))
    counts = np.bincount(np.searchsorted(edges, predictions, side="right"), minlength=len(edges) + 1)
    return {"edges": [number(edge) for edge in edges], "shares": [number(count / len(predictions)) for count in counts]}


def _library(model: Any) -> str:
    package = __import__(type(model).__module__.split(".")[0])
    return f"{package.__name__} {package.__version__}"


def _write(file: File, path: Union[str, os.PathLike[str]]) -> None:
    """Writes the whole file, or nothing."""
    temporary = f"{os.fspath(path)}.unfinished"
    with open(temporary, "w", encoding="utf8") as output:
        json.dump(file, output, separators=(",", ":"), allow_nan=False, default=json_value)
    os.replace(temporary, path)
