"""Tests of the export with the real libraries: `python -m unittest discover clients/models/tests`."""

from __future__ import annotations

import json
import os
import tempfile
import unittest
from typing import Any, Dict
from unittest import mock

import lightgbm
import numpy as np
import pandas
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

from tidemark_models import ExportError, export_model
from tidemark_models.evaluator import evaluate

SET = {"name": "purchase_intent", "version": 1, "hash": "33362c374d32"}

RANDOM = np.random.default_rng(1)
X = pandas.DataFrame({"click_count": RANDOM.poisson(3, 600).astype(float), "dwell_ms": RANDOM.gamma(2, 5000, 600)})
Y = (X["click_count"] / 5 + X["dwell_ms"] / 20_000 + RANDOM.normal(0, 0.3, 600) > 1.2).astype(int)
PATHS = ["/", "/hilfe/ü", "/warenkorb/ä", "/x"]
WITH_PATH = X.assign(path=pandas.Categorical(RANDOM.choice(PATHS, 600), categories=PATHS))
BY_PATH = ((Y + WITH_PATH["path"].isin(PATHS[1:3])) > 1).astype(int)


class ExportTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "model.json")

    def export(self, model: Any, rows: Any = X, **options: Any) -> Dict[str, Any]:
        return export_model(model, self.path, feature_set=SET, rows=rows, **options)

    def refuses(self, reason: str, model: Any, rows: Any = X, **options: Any) -> None:
        with self.assertRaisesRegex(ExportError, reason):
            self.export(model, rows, **options)
        self.assertEqual(os.listdir(os.path.dirname(self.path)), [])

    def agrees(self, model: Any, rows: Any, label: Any) -> Dict[str, Any]:
        file = self.export(model.fit(rows, label), rows)
        with open(self.path, encoding="utf8") as written:
            self.assertEqual(json.load(written), file)
        return file

    def test_describes_the_model(self) -> None:
        file = self.export(make_pipeline(SimpleImputer(), LogisticRegression()).fit(X, Y))
        self.assertEqual(file["set"], SET)
        self.assertRegex(file["trained"]["by"], r"^sklearn \d")
        self.assertEqual(file["trained"]["rows"], 600)
        self.assertEqual(len(file["reference"]["edges"]), 9)
        self.assertAlmostEqual(sum(file["reference"]["shares"]), 1)
        self.assertAlmostEqual(file["reference"]["shares"][4], 0.1)

    def test_gives_a_value_of_many_predictions_a_group_of_its_own(self) -> None:
        rows = (X[["click_count"]] > 6).astype(float)
        reference = self.export(LogisticRegression().fit(rows, Y), rows, fill={"click_count": 0})["reference"]
        self.assertEqual(len(reference["edges"]), 2)
        self.assertEqual(reference["shares"][0], 0)
        self.assertAlmostEqual(reference["shares"][2], rows["click_count"].mean())

    def test_writes_nothing_when_a_prediction_differs(self) -> None:
        model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()).fit(X, Y)
        with mock.patch.object(model, "predict_proba", lambda rows: np.full((len(rows), 2), 0.5)):
            self.refuses(r"would predict .* where the model predicts 0.5, for \d+ of 600 rows", model)

    def test_compares_rows_next_to_thresholds(self) -> None:
        # A threshold that is rounded changes only rows next to it.
        with mock.patch("tidemark_models.xgboost_models.below", float):
            rows = X.assign(dwell_ms=X["dwell_ms"] + 0.123)
            model = xgboost.XGBClassifier(n_estimators=5).fit(rows, Y)
            self.refuses("would predict", model, rows)

    def test_needs_a_value_for_missing_features(self) -> None:
        model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
        self.refuses("click_count, dwell_ms: expected a value for a missing feature", model)
        self.refuses("fill: expected columns of the rows; given age", model, fill={"age": 1})
        file = self.export(model, fill={"click_count": 0, "dwell_ms": 5000})
        predicted = evaluate(file, list(X.columns), [[None, None], [0, 5000]])
        self.assertEqual(predicted[0], predicted[1])

    def test_refuses_what_a_file_cannot_describe(self) -> None:
        three = np.digitize(X["dwell_ms"], [5_000, 12_000])
        with self.assertRaisesRegex(ExportError, "feature_set: expected name and version"):
            export_model(RandomForestClassifier(5).fit(X, Y), self.path, feature_set={"name": "cart"}, rows=X)
        self.refuses("rows: expected some", RandomForestClassifier(5).fit(X, Y), X[:0])
        self.refuses("KNeighborsClassifier has no form", KNeighborsClassifier().fit(X, Y))
        self.refuses("expected two classes; given 3", RandomForestClassifier(5).fit(X, three))
        self.refuses("expected two classes; given 3", xgboost.XGBClassifier(n_estimators=2).fit(X, three))
        log = FunctionTransformer(np.log1p)
        self.refuses("expected no function", make_pipeline(log, LogisticRegression()).fit(X, Y))
        folds = CalibratedClassifierCV(LogisticRegression()).fit(X, Y)
        self.refuses("expected one classifier. Calibrate a FrozenEstimator", folds)
        rare = make_pipeline(OneHotEncoder(min_frequency=100), LogisticRegression()).fit(X, Y)
        self.refuses("expected neither min_frequency", rare)
        zero = lightgbm.LGBMClassifier(n_estimators=2, zero_as_missing=True, verbose=-1).fit(X, Y)
        self.refuses("zero_as_missing", zero)
        minus = xgboost.XGBClassifier(n_estimators=2, missing=-1.0).fit(X, Y)
        self.refuses("missing: expected NaN", minus)

    def test_reads_arrays(self) -> None:
        rows = X.to_numpy()
        model = RandomForestClassifier(5, random_state=1).fit(rows, Y)
        self.refuses("features: expected the names", model, rows)
        self.refuses("features: expected 2 names; given 1", model, rows, features=["click_count"])
        file = self.export(model, rows, features=["click_count", "dwell_ms"])
        self.assertEqual([each["feature"] for each in file["inputs"]], ["click_count", "dwell_ms"])
        booster = xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(rows, Y), 3)
        self.export(booster, rows, features=["click_count", "dwell_ms"])

    def test_numbers_as_categories(self) -> None:
        rows = np.column_stack([RANDOM.choice([2, 5, 9], 600), X["dwell_ms"]])
        model = HistGradientBoostingClassifier(categorical_features=[0], max_iter=5)
        label = (rows[:, 0] == 5).astype(int)
        file = self.export(model.fit(rows, label), rows, features=["plan", "dwell_ms"])
        self.assertEqual(file["inputs"][0]["categories"], [2, 5, 9])

    def test_names_of_categories_in_any_language(self) -> None:
        for model in (
            xgboost.XGBClassifier(n_estimators=5, enable_categorical=True),
            lightgbm.LGBMClassifier(n_estimators=5, verbose=-1, min_data_per_group=5),
            HistGradientBoostingClassifier(max_iter=5),
        ):
            file = self.agrees(model, WITH_PATH, BY_PATH)
            categories = [each["categories"] for each in file["inputs"] if each["kind"] == "category"]
            self.assertEqual(categories, [PATHS])

    def test_texts_and_booleans_with_missing_values(self) -> None:
        values: Any = np.array(PATHS, dtype=object)[RANDOM.integers(0, 4, 600)]
        values[::7] = None
        flags: Any = np.array([True, False, None], dtype=object)[RANDOM.integers(0, 3, 600)]
        rows = X.assign(path=values, is_returning=flags)
        one_hot = OneHotEncoder(handle_unknown="ignore")
        ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        filled = make_pipeline(SimpleImputer(strategy="constant", fill_value="none"), one_hot)
        frequent = make_pipeline(SimpleImputer(strategy="most_frequent"), ordinal)
        for texts in (one_hot, filled, frequent):
            columns = make_column_transformer(
                (texts, ["path"]), (OneHotEncoder(), ["is_returning"]), (SimpleImputer(), ["click_count", "dwell_ms"])
            )
            file = self.agrees(make_pipeline(columns, RandomForestClassifier(5, random_state=1)), rows, Y)
            predicted = evaluate(file, list(rows.columns), [[3, 5000, None, None], [3, 5000, "/other", True]])
            self.assertTrue(np.isfinite(predicted).all())

    def test_entries_of_lists(self) -> None:
        model = HistGradientBoostingClassifier(max_iter=3).fit(WITH_PATH, BY_PATH)
        self.refuses("entries: expected columns of the rows; given age", model, WITH_PATH, entries={"age": ("ages", 0)})
        file = self.export(model, WITH_PATH, entries={"path": ("recent_paths", 1)})
        first = {"feature": "recent_paths", "entry": 1, "kind": "category", "categories": PATHS}
        self.assertEqual(file["inputs"][0], first)

    def test_trees_up_to_the_best_iteration(self) -> None:
        model = xgboost.XGBClassifier(n_estimators=200, learning_rate=1, early_stopping_rounds=3)
        model.fit(X[:400], Y[:400], eval_set=[(X[400:], Y[400:])], verbose=False)
        file = self.export(model)
        self.assertEqual(len(file["model"]["trees"]), model.best_iteration + 1)
        stopped = lightgbm.LGBMClassifier(n_estimators=200, learning_rate=1, verbose=-1)
        stopped.fit(X[:400], Y[:400], eval_set=[(X[400:], Y[400:])], callbacks=[lightgbm.early_stopping(3, verbose=False)])
        self.assertEqual(len(self.export(stopped)["model"]["trees"]), stopped.best_iteration_)


if __name__ == "__main__":
    unittest.main()
