"""Trains models with the real libraries, and writes their files with the libraries' own predictions.

The test of the readers has a small output of this program, golden.json.gz:

    libraries.py ../golden.json.gz 20 6 3

Usage: libraries.py <output> <rows> <trees> <depth>
"""

from __future__ import annotations

import gzip
import itertools
import json
import sys

import lightgbm
import numpy
import pandas
import sklearn
import xgboost
from exported_models import exported_cases
from raw_models import Case, raw_cases
from visits import Visits, next_to, rows_of

output, count, trees, depth = sys.argv[1], *(int(each) for each in sys.argv[2:5])
libraries = [numpy, pandas, sklearn, xgboost, lightgbm]
versions = ", ".join(f"{library.__name__} {library.__version__}" for library in libraries)
print(f"Python {sys.version.split()[0]}, {versions}")

training = Visits(4_000, 1)
tested = Visits(count, 2).frame


def content(case: Case) -> object:
    near = next_to(tested, case.thresholds, 3)[: 3 * count]
    return {
        "name": case.name,
        "file": case.file,
        "predictions": [float(each) for each in case.predict(tested)],
        "near": {"rows": rows_of(near), "predictions": [float(each) for each in case.predict(near)] if len(near) else []},
    }


cases = itertools.chain(raw_cases(training, trees, depth), exported_cases(training, trees, depth))
result = {
    "versions": versions,
    "features": list(tested.columns),
    "rows": rows_of(tested),
    "cases": [content(case) for case in cases],
}
with open(output, "wb") as file:
    # Without a time, the same predictions are the same bytes.
    file.write(gzip.compress(json.dumps(result, separators=(",", ":"), allow_nan=False).encode(), mtime=0))
