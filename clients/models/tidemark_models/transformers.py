"""The transformers of scikit-learn as steps of columns."""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, List, Optional

from .columns import Column, json_value, number
from .errors import ExportError

Columns = List[Column]


def transform(transformer: Any, columns: Columns, names: Optional[List[str]] = None) -> Columns:
    """The columns after a fitted transformer. @param names The names of a table's columns."""
    if transformer is None or (isinstance(transformer, str) and transformer == "passthrough"):
        return columns
    name = type(transformer).__name__
    if name == "Pipeline":
        for _, step in transformer.steps:
            columns = transform(step, columns, names)
            names = None
        return columns
    if name == "ColumnTransformer":
        return _column_transformer(transformer, columns, names)
    if name not in _TRANSFORMERS:
        known = ", ".join(["ColumnTransformer", *_TRANSFORMERS])
        raise ExportError(f"The transformer {name} has no form in a model file. These have: {known}.")
    return _TRANSFORMERS[name](transformer, columns)


def _column_transformer(transformer: Any, columns: Columns, names: Optional[List[str]]) -> Columns:
    output: Columns = []
    for _, each, places in transformer.transformers_:
        if isinstance(each, str) and each == "drop":
            continue
        chosen = _places(places, len(columns), names)
        chosen_names = None if names is None else [names[place] for place in chosen]
        output += transform(each, [columns[place] for place in chosen], chosen_names)
    return output


def _places(places: Any, count: int, names: Optional[List[str]]) -> List[int]:
    """The positions of columns that a ColumnTransformer names: a name, a number, a mask, a range, or several."""
    if isinstance(places, slice):
        if any(isinstance(end, str) for end in (places.start, places.stop)):
            raise ExportError("ColumnTransformer: list the names of the columns, in place of a range of names.")
        return list(range(count))[places]
    listed = [places] if isinstance(places, (str, int)) else list(places)
    if listed and all(type(each).__name__ in ("bool", "bool_") for each in listed):
        return [place for place, is_chosen in enumerate(listed) if is_chosen]
    if names is None and any(isinstance(each, str) for each in listed):
        raise ExportError("ColumnTransformer: expected numbers of columns after another step, or for an array.")
    return [(names or []).index(each) if isinstance(each, str) else int(each) for each in listed]


def _simple_imputer(imputer: Any, columns: Columns) -> Columns:
    if imputer.missing_values is not None and not _is_nan(imputer.missing_values):
        raise ExportError("SimpleImputer: missing_values: expected NaN, as a missing feature is read.")
    output = [
        column.then("fill", json_value(value)) if column.kind != "text" else _filled(column, json_value(value))
        for column, value in zip(columns, imputer.statistics_)
        if not _is_nan(value)
    ]
    if imputer.add_indicator:
        if any(column.steps for column in columns):
            raise ExportError("SimpleImputer: add_indicator: expected the imputer before any other step.")
        output += [Column(columns[place].feature, "indicator", (None,)) for place in imputer.indicator_.features_]
    return output


def _filled(column: Column, value: Any) -> Column:
    """A column of texts in which a text stands for a missing one."""
    return Column(column.feature, "text", None, None, (*column.steps, ("fill", value)))


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _standard_scaler(scaler: Any, columns: Columns) -> Columns:
    return [
        _then(
            column,
            ("subtract", scaler.mean_[place] if scaler.with_mean else None),
            ("divide", scaler.scale_[place] if scaler.with_std else None),
        )
        for place, column in enumerate(columns)
    ]


def _min_max_scaler(scaler: Any, columns: Columns) -> Columns:
    scaled = [
        _then(column, ("multiply", scaler.scale_[place]), ("add", scaler.min_[place]))
        for place, column in enumerate(columns)
    ]
    if not scaler.clip:
        return scaled
    return [column.then("clip", [number(bound) for bound in scaler.feature_range]) for column in scaled]


def _max_abs_scaler(scaler: Any, columns: Columns) -> Columns:
    if getattr(scaler, "clip", False):
        raise ExportError("MaxAbsScaler: clip: expected False.")
    return [_then(column, ("divide", scaler.scale_[place])) for place, column in enumerate(columns)]


def _robust_scaler(scaler: Any, columns: Columns) -> Columns:
    return [
        _then(
            column,
            ("subtract", scaler.center_[place] if scaler.with_centering else None),
            ("divide", scaler.scale_[place] if scaler.with_scaling else None),
        )
        for place, column in enumerate(columns)
    ]


def _then(column: Column, *steps: Any) -> Column:
    for name, by in steps:
        column = column if by is None else column.then(name, number(by))
    return column


def _raw(column: Column, encoder: str) -> Any:
    """The value that an imputer before an encoder fills in, or `None`. No other step may be before an encoder."""
    if column.kind == "indicator" or any(name != "fill" for name, _ in column.steps):
        raise ExportError(f"{encoder}: {column.feature}: expected the values of the feature, or an imputer before.")
    return column.steps[0][1] if column.steps else None


def _one_hot_encoder(encoder: Any, columns: Columns) -> Columns:
    output: Columns = []
    infrequent = getattr(encoder, "infrequent_categories_", [])
    if any(each is not None for each in infrequent):
        raise ExportError("OneHotEncoder: expected neither min_frequency nor max_categories.")
    for place, column in enumerate(columns):
        filled = _raw(column, "OneHotEncoder")
        dropped = None if encoder.drop_idx_ is None else encoder.drop_idx_[place]
        for code, category in enumerate(encoder.categories_[place]):
            if code == dropped:
                continue
            chosen = json_value(category)
            categories = (chosen, None) if chosen is not None and chosen == filled else (chosen,)
            output.append(Column(column.feature, "indicator", categories))
    return output


def _ordinal_encoder(encoder: Any, columns: Columns) -> Columns:
    if any(each is not None for each in getattr(encoder, "infrequent_categories_", [])):
        raise ExportError("OrdinalEncoder: expected neither min_frequency nor max_categories.")
    is_known = encoder.handle_unknown == "use_encoded_value"
    unknown = number(encoder.unknown_value) if is_known and not _is_nan(encoder.unknown_value) else None
    output: Columns = []
    for place, column in enumerate(columns):
        filled = _raw(column, "OrdinalEncoder")
        given = [json_value(category) for category in encoder.categories_[place]]
        # A missing category is the last one, and has a code of its own.
        has_missing = None in given
        categories = tuple(category for category in given if category is not None)
        encoded = Column(column.feature, "category", categories, unknown)
        if filled is not None:
            code = float(categories.index(filled)) if filled in categories else unknown
        else:
            code = number(encoder.encoded_missing_value) if has_missing else unknown
        output.append(encoded if code is None or _is_nan(code) else encoded.then("fill", code))
    return output


def _function_transformer(transformer: Any, columns: Columns) -> Columns:
    if transformer.func is not None:
        raise ExportError("FunctionTransformer: expected no function. Compute it as a feature of the set.")
    return columns


_TRANSFORMERS: Dict[str, Callable[[Any, Columns], Columns]] = {
    "SimpleImputer": _simple_imputer,
    "StandardScaler": _standard_scaler,
    "MinMaxScaler": _min_max_scaler,
    "MaxAbsScaler": _max_abs_scaler,
    "RobustScaler": _robust_scaler,
    "OneHotEncoder": _one_hot_encoder,
    "OrdinalEncoder": _ordinal_encoder,
    "FunctionTransformer": _function_transformer,
}
