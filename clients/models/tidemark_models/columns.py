"""The columns of a model: each a feature with its encoding, as the file has it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Optional, Tuple

from .errors import ExportError

Steps = Tuple[Tuple[str, Any], ...]


@dataclass(frozen=True)
class Column:
    """A number that a model computes with.

    `kind` is `number`, `category` or `indicator`, or `text`: the values of a feature that no encoder has read yet.
    """

    feature: str
    kind: str
    categories: Optional[Tuple[Any, ...]] = None
    unknown: Optional[float] = None
    steps: Steps = ()

    def then(self, step: str, by: Any) -> Column:
        """The column with another step."""
        if self.kind == "text":
            raise ExportError(f"{self.feature}: its values are texts. Add an encoder to the pipeline before {step}.")
        return replace(self, steps=(*self.steps, (step, by)))

    def can_be_missing(self) -> bool:
        """Whether the number is missing for some value of the feature."""
        if self.kind == "indicator" or any(name == "fill" for name, _ in self.steps):
            return False
        return self.kind != "category" or self.unknown is None or None not in (self.categories or ())

    def to_json(self) -> Dict[str, Any]:
        """The input of the file."""
        if self.kind == "text":
            raise ExportError(f"{self.feature}: its values are texts. Add a OneHotEncoder or an OrdinalEncoder.")
        return {
            "feature": self.feature,
            "kind": self.kind,
            **({} if self.categories is None else {"categories": list(self.categories)}),
            **({} if self.unknown is None else {"unknown": self.unknown}),
            **({"steps": [{name: by} for name, by in self.steps]} if self.steps else {}),
        }


def number(value: Any) -> float:
    """A number of numpy as one of Python, which JSON has in full precision."""
    return float(value)


def json_value(value: Any) -> Any:
    """A value of a table as JSON has it: `None` for a missing one."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value


def is_table(rows: Any) -> bool:
    """Whether rows are a table of pandas."""
    return hasattr(rows, "dtypes") and hasattr(rows, "columns")


def columns_of(rows: Any, features: List[str]) -> List[Column]:
    """The columns of a table or an array, before any encoder."""
    if not is_table(rows):
        return [Column(feature, "number") for feature in features]
    return [_column(feature, rows[feature].dtype) for feature in features]


def _column(feature: str, dtype: Any) -> Column:
    if hasattr(dtype, "categories"):
        return Column(feature, "category", tuple(json_value(each) for each in dtype.categories))
    return Column(feature, "number" if getattr(dtype, "kind", "O") in "biuf" else "text")
