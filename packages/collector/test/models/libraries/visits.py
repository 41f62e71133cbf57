"""Random visits of a shop: counts, shares, times, texts, numbers as categories and booleans, with missing values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

PATHS = ["/", "/cart", "/help", "/product/1", "/product/2", "/product/3", "/search"]
PLANS = [3, 7, 11]

# LightGBM writes an infinite threshold as 1e300.
LARGE = 1e30

# Number of values at and next to a threshold.
VALUES = 10


class Visits:
    """A table of features, the same without missing values, and two labels."""

    def __init__(self, rows: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        frame = pd.DataFrame(
            {
                "click_count": random.poisson(3, rows).astype(float),
                "scroll_depth_max": np.round(random.random(rows), 3),
                "dwell_ms": random.gamma(2, 5000, rows),
                "balance": np.where(random.random(rows) < 0.3, 0.0, random.normal(0, 1, rows)),
                "entry_path": pd.Categorical(random.choice(PATHS, rows), categories=PATHS),
                "plan": pd.Categorical(random.choice(PLANS, rows), categories=PLANS),
                "is_returning": random.random(rows) < 0.4,
            }
        )
        self.complete = frame.copy()
        for name in ["scroll_depth_max", "dwell_ms", "balance", "entry_path", "plan"]:
            frame.loc[random.random(rows) < 0.15, name] = None
        self.frame = frame
        score = (
            frame["click_count"] / 5
            + frame["scroll_depth_max"].fillna(0.2)
            + frame["entry_path"].isin(["/cart", "/help"]).astype(float)
            + (frame["plan"] == 7) * 0.5
            + frame["balance"].fillna(1) * 0.3
            + frame["dwell_ms"].fillna(0) / 30_000
            + frame["is_returning"] * 0.4
            + random.normal(0, 0.5, rows)
        )
        self.bought = (score > 2).astype(int).to_numpy()
        self.spent = np.round(np.maximum(score, 0).to_numpy() * 40, 2)


def rows_of(frame: Any) -> Any:
    """The rows of a table as JSON has them, with `null` for a missing value."""
    objects = frame.astype(object)
    return objects.where(frame.notna(), None).to_numpy().tolist()


def next_to(frame: Any, thresholds: Any, seed: int) -> Any:
    """Rows in which one feature is at a threshold, or next to it in 32 or in 64 bits."""
    random = np.random.default_rng(seed)
    places = sorted({place for place in thresholds if abs(place[1]) < LARGE})
    random.shuffle(places)
    rows = frame.iloc[random.integers(0, len(frame), VALUES * len(places))].reset_index(drop=True)
    columns = {name: frame.dtypes[name] for name in frame.columns}
    for name in columns:
        if columns[name] == bool:
            rows[name] = rows[name].astype(bool)
    for index, (name, threshold) in enumerate(places):
        if columns[name] == bool:
            continue
        near = np.float32(threshold)
        lower, higher = np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))
        values = [
            *(threshold, np.nextafter(threshold, -np.inf), np.nextafter(threshold, np.inf)),
            *(near, np.nextafter(np.float64(near), -np.inf), np.nextafter(np.float64(near), np.inf)),
            *(lower, np.nextafter(np.float64(lower), np.inf), higher, np.nextafter(np.float64(higher), -np.inf)),
        ]
        rows.loc[VALUES * index : VALUES * (index + 1) - 1, name] = [float(value) for value in values]
    return rows
