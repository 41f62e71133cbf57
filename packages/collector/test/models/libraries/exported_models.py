"""Models that tidemark-models exports."""

from __future__ import annotations

import os
import tempfile
from typing import Any, Callable, Dict, Iterator

import lightgbm as lgb
import xgboost as xgb
from raw_models import Case
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler
from visits import Visits

from tidemark_models import export_model
from tidemark_models.check import _thresholds

SET = {"name": "purchase_intent", "version": 1, "hash": "33362c374d32"}

NUMBERS = ["click_count", "scroll_depth_max", "dwell_ms", "balance"]
TEXTS = ["entry_path", "plan"]
FLAG = ["is_returning"]


def exported(name: str, model: Any, visits: Visits) -> Case:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.json")
        file = export_model(model, path, feature_set=SET, rows=visits.frame, fill={"is_returning": 0})
    has_classes = hasattr(model, "predict_proba")
    predict: Callable[[Any], Any] = (lambda frame: model.predict_proba(frame)[:, 1]) if has_classes else model.predict
    return Case(name, file, predict, list(_thresholds(file)))


def exported_cases(visits: Visits, trees: int, depth: int) -> Iterator[Case]:
    few = max(3, trees // 6)
    x, bought, spent = visits.frame, visits.bought, visits.spent

    def fitted(name: str, model: Any, label: Any = bought) -> Case:
        return exported(f"tidemark-models {name}", model.fit(x, label), visits)

    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore")
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
    encoded = make_column_transformer((numbers, NUMBERS), (one_hot, TEXTS), ("passthrough", FLAG))
    yield fitted("LogisticRegression", make_pipeline(encoded, LogisticRegression(max_iter=1000)))
    yield fitted("LinearRegression", make_pipeline(encoded, LinearRegression()), spent)
    filled = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(drop="first"))
    scaled = make_pipeline(SimpleImputer(strategy="constant", fill_value=-1), MinMaxScaler(clip=True), RobustScaler())
    others = make_column_transformer((filled, TEXTS), (scaled, [0, 1, 2, 3]), remainder="passthrough")
    yield fitted("PoissonRegressor", make_pipeline(others, PoissonRegressor()), spent)

    coded = make_column_transformer((ordinal, TEXTS), remainder="passthrough", verbose_feature_names_out=False)
    forest = {"n_estimators": few, "max_depth": depth, "random_state": 1}
    yield fitted("RandomForestClassifier", make_pipeline(coded, RandomForestClassifier(**forest)))
    yield fitted("RandomForestRegressor", make_pipeline(coded, RandomForestRegressor(**forest)), spent)
    yield fitted("ExtraTreesClassifier", make_pipeline(coded, ExtraTreesClassifier(**forest)))
    imputed = make_pipeline(encoded, GradientBoostingClassifier(**forest))
    yield fitted("GradientBoostingClassifier", imputed)
    yield fitted("GradientBoostingRegressor", make_pipeline(others, GradientBoostingRegressor(**forest)), spent)

    boosting = {"max_iter": few, "max_depth": depth, "random_state": 1}
    yield fitted("HistGradientBoostingClassifier", HistGradientBoostingClassifier(**{**boosting, "max_iter": trees}))
    yield fitted("HistGradientBoostingRegressor", HistGradientBoostingRegressor(**boosting, loss="gamma"), spent + 1)
    early = HistGradientBoostingClassifier(**boosting, early_stopping=True, n_iter_no_change=2)
    yield fitted("HistGradientBoostingClassifier early stopping", early)

    logistic = make_pipeline(encoded, LogisticRegression(max_iter=1000)).fit(x, bought)
    yield fitted("CalibratedClassifierCV", CalibratedClassifierCV(FrozenEstimator(logistic), method="sigmoid"))
    isotonic = CalibratedClassifierCV(FrozenEstimator(logistic), method="isotonic")
    yield fitted("CalibratedClassifierCV isotonic", isotonic)
    boosted: Dict[str, Any] = {"n_estimators": few, "max_depth": depth, "random_state": 1}
    yield fitted("XGBClassifier", xgb.XGBClassifier(**boosted, enable_categorical=True))
    yield fitted("XGBRegressor", xgb.XGBRegressor(**boosted, enable_categorical=True), spent)
    frozen = FrozenEstimator(xgb.XGBClassifier(**boosted, enable_categorical=True).fit(x, bought))
    yield fitted("CalibratedClassifierCV of XGBoost", CalibratedClassifierCV(frozen))
    scaled_xgboost = make_pipeline(encoded, xgb.XGBClassifier(**boosted))
    yield fitted("XGBClassifier in a pipeline", scaled_xgboost)
    categories = {**boosted, "verbose": -1, "min_data_per_group": 5, "cat_smooth": 1}
    yield fitted("LGBMClassifier", lgb.LGBMClassifier(**categories))
    yield fitted("LGBMRegressor", lgb.LGBMRegressor(**categories, objective="poisson"), spent)
    yield fitted("LGBMClassifier in a pipeline", make_pipeline(encoded, lgb.LGBMClassifier(**boosted, verbose=-1)))
