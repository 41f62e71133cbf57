"""The response to `POST /get-online-features`, which has the form of Feast's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from .responses import FeatureValue


class OnlineFeatures:
    """The features of several entities, one column for each key and feature."""

    def __init__(self, response: Mapping[str, Any]) -> None:
        self._names = cast(list[str], response["metadata"]["feature_names"])
        self._results = cast(list[dict[str, Any]], response["results"])

    @property
    def names(self) -> list[str]:
        """The names of the columns: the keys of the entities, and the features."""
        return list(self._names)

    def to_dict(self) -> dict[str, list[FeatureValue]]:
        """Returns the values by column, each in the order of the entities."""
        return {name: result["values"] for name, result in zip(self._names, self._results)}

    def statuses(self) -> dict[str, list[str]]:
        """Returns the statuses by column, such as PRESENT and NOT_FOUND, each in the order of the entities."""
        return {name: result["statuses"] for name, result in zip(self._names, self._results)}

    def rows(self) -> list[dict[str, FeatureValue]]:
        """Returns the values by entity."""
        columns = self.to_dict()
        return [dict(zip(columns, values)) for values in zip(*columns.values())]
