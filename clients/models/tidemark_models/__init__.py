"""Writes models of scikit-learn, XGBoost and LightGBM as files that a Tidemark collector predicts with."""

from .errors import ExportError
from .export import export_model

__all__ = ["ExportError", "export_model"]
