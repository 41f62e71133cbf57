"""The shapes of responses. A newer collector may send more keys."""

from __future__ import annotations

from typing import TypedDict

FeatureValue = float | str | bool | None | list[str | float]
"""The value of a feature: None while it is undefined, such as the maximum of no values."""


class ServedSet(TypedDict):
    """A feature set, as its vectors name it."""

    name: str
    version: int
    hash: str


class _VectorOfAll(TypedDict):
    entity: str
    id: str
    event_time: int
    watermark: int
    age_ms: int
    definition_version: str
    late: int
    too_late: int
    features: dict[str, FeatureValue]


class Vector(_VectorOfAll, total=False):
    """A vector with its freshness. Times are UTC milliseconds.

    Only sessions have `version`, `closed_at`, `consent` and `delivery`; only identified users have `anonymous_ids`. `set`
    is the feature set that the request names. A vector of the past has `as_of`, and none of the fields of sessions.
    """

    as_of: int
    set: ServedSet
    version: int
    closed_at: int | None
    consent: dict[str, str]
    delivery: dict[str, int]
    anonymous_ids: list[str]


class _MissingVectorOfAll(TypedDict):
    entity: str
    id: str
    code: str
    message: str


class MissingVector(_MissingVectorOfAll, total=False):
    """An entity of a bulk read without a vector. `code` is that of the error, or `deadline_exceeded`."""

    set: str


class BulkFeatures(TypedDict):
    """The vectors of a bulk read, and those that are missing, each in the order of the request."""

    vectors: list[Vector]
    missing: list[MissingVector]


class Prediction(TypedDict):
    """A prediction of a model about an entity. Times are UTC milliseconds.

    `fallback` is the failure for which the value is that of the fallback: `timeout`, `error`, `open` or `missing_model`. It is
    None if the value is the model's. `set` is the feature set of the model. `event_time` is the time of the latest event in
    its features, and `age_ms` their age.
    """

    model: str
    version: int
    entity: str
    id: str
    value: float
    fallback: str | None
    latency_ms: float
    event_time: int
    age_ms: int
    set: ServedSet


class MissingPrediction(TypedDict):
    """An entity without a prediction. `code` is that of the error, or `deadline_exceeded`."""

    entity: str
    id: str
    code: str
    message: str


class BulkPredictions(TypedDict):
    """The predictions for several entities, and those that are missing, each in the order of the request."""

    predictions: list[Prediction]
    missing: list[MissingPrediction]


class ListedEntity(TypedDict):
    """An entity with the time of its latest event, in UTC milliseconds, and its age."""

    id: str
    event_time: int
    age_ms: int


class Hesitations(TypedDict):
    """Moments of a page view at which the visitor began something and did not finish it."""

    hovers: int
    fields: int
    forms: int


class _StepOfAll(TypedDict):
    step: str
    time: int


class ContextStep(_StepOfAll, total=False):
    """A page view, whose `step` is `view`, or an action: `click`, `hover`, `form_submit`, `form_abandon`, `search`, `video`, `custom`.

    Only views have `path`, `title`, `engaged_ms`, `depth_percentage`, `hesitations` and `is_return`; only actions have
    `name`, `count`, `duration_ms` and `watched_percentage`.
    """

    path: str
    title: str
    engaged_ms: int
    depth_percentage: int
    hesitations: Hesitations
    is_return: bool
    name: str
    count: int
    duration_ms: int
    watched_percentage: int


class ReachedGoal(TypedDict):
    """A goal that a session has reached, and how often."""

    name: str
    count: int


class LeftOut(TypedDict):
    """Numbers of earlier steps, and of goals and features, that are not in a context."""

    steps: int
    features: int


class _ContextOfAll(TypedDict):
    entity: str
    id: str
    time: int
    event_time: int
    steps: list[ContextStep]
    features: dict[str, FeatureValue]
    left_out: LeftOut


class Context(_ContextOfAll, total=False):
    """What a visitor did, with the steps in order, the latest last. Times are UTC milliseconds.

    Only sessions have `closed_at` and `goals`. `set` is the feature set that the request names.
    """

    closed_at: int | None
    goals: list[ReachedGoal]
    set: ServedSet
