"""Reads the features of a Tidemark collector, and makes training sets. It needs the standard library only."""

from .client import EntityKey, Tidemark
from .errors import (
    ConnectionFailedError,
    ExpiredError,
    ForbiddenError,
    NotFoundError,
    TidemarkError,
    TrainingSetError,
    UnauthorizedError,
    UnavailableError,
)
from .online_features import OnlineFeatures
from .responses import BulkFeatures, FeatureValue, ListedEntity, MissingVector, ServedSet, Vector
from .training_set import TrainingSet, training_set

__all__ = [
    "BulkFeatures",
    "ConnectionFailedError",
    "EntityKey",
    "ExpiredError",
    "FeatureValue",
    "ForbiddenError",
    "ListedEntity",
    "MissingVector",
    "NotFoundError",
    "OnlineFeatures",
    "ServedSet",
    "Tidemark",
    "TidemarkError",
    "TrainingSet",
    "TrainingSetError",
    "UnauthorizedError",
    "UnavailableError",
    "Vector",
    "training_set",
]
