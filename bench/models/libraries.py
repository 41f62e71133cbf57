"""Trains models with XGBoost and LightGBM, and measures their predictions a second, and those of ONNX Runtime.

All run on one thread. Writes the models with the rates as JSON. Usage: libraries.py <output>
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from typing import Any, Callable, Dict, Iterator

import lightgbm
import numpy as np
import onnxmltools
import onnxruntime
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

SIZES = [(60, 10), (60, 40), (300, 40)]
SINGLE = 300
BATCH = 10_000

print(f"xgboost {xgboost.__version__}, lightgbm {lightgbm.__version__}, onnxruntime {onnxruntime.__version__}")

random = np.random.default_rng(1)
X = random.random((BATCH, 40)).astype(np.float32)
X[random.random(X.shape) < 0.1] = np.nan
Y = (np.nansum(X[:, :10], axis=1) + random.normal(0, 0.5, BATCH) > 4.5).astype(int)


def rate(predict: Callable[[Any], Any], rows: Any, count: int) -> float:
    """Predictions a second: the fastest of seven runs over all rows."""
    fastest = float("inf")
    for _ in range(7):
        begin = time.perf_counter()
        for row in rows:
            predict(row)
        fastest = min(fastest, time.perf_counter() - begin)
    return count / fastest


def rates(name: str, predict: Callable[[Any], Any], features: int) -> Dict[str, float]:
    rows = X[:, :features]
    singles = [np.ascontiguousarray(rows[index : index + 1]) for index in range(SINGLE)]
    return {
        f"{name}, one row in a call": rate(predict, singles, SINGLE),
        f"{name}, {BATCH} rows in a call": rate(predict, [np.ascontiguousarray(rows)], BATCH),
    }


def onnx(model: Any) -> Callable[[Any], Any]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # The converter states one row as the shape of the labels, which are not used.
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda rows: session.run(None, {name: rows})


def measured() -> Iterator[Dict[str, Any]]:
    for trees, features in SIZES:
        names = [f"feature_{index}" for index in range(features)]
        rows = X[:, :features]
        types = [("rows", FloatTensorType([None, features]))]

        boosted = xgboost.XGBClassifier(n_estimators=trees, max_depth=6, n_jobs=1).fit(rows, Y)
        booster = boosted.get_booster()
        converted = onnx(onnxmltools.convert_xgboost(boosted, initial_types=types))
        booster.feature_names = names
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.json")
            booster.save_model(path)
            with open(path, encoding="utf8") as file:
                saved = json.load(file)
        own = rates("XGBoost", lambda rows: booster.inplace_predict(rows, validate_features=False), features)
        yield {
            **{"name": "XGBoost", "trees": trees, "features": names, "file": saved},
            "rates": {**own, **rates("ONNX Runtime", converted, features)},
        }

        model = lightgbm.LGBMClassifier(n_estimators=trees, num_leaves=63, n_jobs=1, verbose=-1).fit(rows, Y)
        converted = onnx(onnxmltools.convert_lightgbm(model, initial_types=types))
        dumped = {**model.booster_.dump_model(), "feature_names": names}
        own = rates("LightGBM", lambda rows: model.booster_.predict(rows, num_threads=1), features)
        yield {
            **{"name": "LightGBM", "trees": trees, "features": names, "file": dumped},
            "rates": {**own, **rates("ONNX Runtime", converted, features)},
        }


with open(sys.argv[1], "w", encoding="utf8") as output:
    values = X[:2000].astype(object)
    values[np.isnan(X[:2000])] = None
    json.dump({"rows": values.tolist(), "models": list(measured())}, output)
