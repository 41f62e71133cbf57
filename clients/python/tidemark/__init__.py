"""Reads the features of a Tidemark collector, predicts with its models, and makes training sets. It needs the standard library only."""

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
from .responses import (
    BulkFeatures,
    BulkPredictions,
    Context,
    ContextStep,
    FeatureValue,
    ListedEntity,
    MissingPrediction,
    MissingVector,
    Prediction,
    ServedSet,
    Vector,
)
from .training_set import TrainingSet, training_set

__all__ = [
    "BulkFeatures",
    "BulkPredictions",
    "ConnectionFailedError",
    "Context",
    "ContextStep",
    "EntityKey",
    "ExpiredError",
    "FeatureValue",
    "ForbiddenError",
    "ListedEntity",
    "MissingPrediction",
    "MissingVector",
    "NotFoundError",
    "OnlineFeatures",
    "Prediction",
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
