"""Trains a model on a training set, and saves it. Arguments: the training set, and the folder of the model."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import joblib
import pandas as pd
import pyarrow.parquet as pq
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

training_set, folder = sys.argv[1], Path(sys.argv[2])
metadata = {key.decode(): value.decode() for key, value in pq.read_schema(training_set).metadata.items()}
features = metadata["tidemark_features"].split(",")
frame = pd.read_parquet(training_set)

model = make_pipeline(StandardScaler(), LogisticRegression())
model.fit(frame[features].fillna(0).astype(float).to_numpy(), frame["purchase"].astype(bool))
folder.mkdir(parents=True, exist_ok=True)
joblib.dump(model, folder / "model.joblib")

# The same model as numbers: the set that it was trained on, and its weights.
scaler, regression = model[0], model[1]
weights = {
    "set": {name: metadata[f"tidemark_{name}"] for name in ("name", "version", "hash")},
    "features": features,
    "mean": scaler.mean_.tolist(),
    "scale": scaler.scale_.tolist(),
    "coefficients": regression.coef_[0].tolist(),
    "intercept": float(regression.intercept_[0]),
}
(folder / "weights.json").write_text(json.dumps(weights, indent=2))
