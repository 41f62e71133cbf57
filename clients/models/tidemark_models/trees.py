"""Trees as the file has them."""

from __future__ import annotations

import sys
from typing import Any, Dict, List, Sequence

import numpy as np

_LARGEST = sys.float_info.max


class Tree:
    """A tree: parallel lists with an item for each node. The root is node 0, and a leaf's column is -1.

    A value up to `value` goes left at a split on numbers; a category of `categories` goes left at a split on these.
    """

    def __init__(self) -> None:
        self.column: List[int] = []
        self.value: List[float] = []
        self.left: List[int] = []
        self.right: List[int] = []
        self.missing_left: List[int] = []
        self.categories: Dict[int, List[int]] = {}

    def leaf(self, value: float) -> int:
        """Adds a leaf, and returns its number."""
        return self._add(-1, value, -1, -1, False)

    def split(self, column: int, threshold: float, left: int, right: int, missing_left: bool) -> int:
        """Adds a split on numbers, and returns its number. The children may follow later."""
        # An infinite threshold separates missing values from all others. JSON has no infinite number.
        return self._add(column, min(max(threshold, -_LARGEST), _LARGEST), left, right, missing_left)

    def split_categories(self, column: int, codes: Sequence[int], left: int, right: int, missing_left: bool) -> int:
        """Adds a split on categories, and returns its number."""
        node = self._add(column, 0.0, left, right, missing_left)
        self.categories[node] = sorted(int(code) for code in codes)
        return node

    def _add(self, column: int, value: float, left: int, right: int, missing_left: bool) -> int:
        self.column.append(int(column))
        self.value.append(float(value))
        self.left.append(int(left))
        self.right.append(int(right))
        self.missing_left.append(int(missing_left))
        return len(self.column) - 1

    def to_json(self, has_missing_rule: bool = True) -> Dict[str, Any]:
        """The tree of the file. @param has_missing_rule Whether the library accepts missing values."""
        return {
            "column": self.column,
            "value": self.value,
            "left": self.left,
            "right": self.right,
            **({"missing_left": self.missing_left} if has_missing_rule else {}),
            **(
                {"categories": [{"node": node, "left": codes} for node, codes in self.categories.items()]}
                if self.categories
                else {}
            ),
        }


def below(number: float) -> float:
    """The largest number of 32 bits below one of 32 bits: `x < t` is `x <= below(t)` for numbers of 32 bits."""
    return float(np.nextafter(np.float32(number), np.float32(-np.inf)))
