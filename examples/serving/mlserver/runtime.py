"""A runtime for MLServer: it reads the features of the requested sessions, and scores them."""

from __future__ import annotations

import asyncio

import joblib
import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse
from mlserver.utils import get_model_uri

from session_features import SessionFeatures


class PurchaseIntent(MLModel):
    """The probability of a purchase for each session. The input is one of BYTES, with the sessions' ids."""

    async def load(self) -> bool:
        self._model = joblib.load(await get_model_uri(self._settings))
        self._features = SessionFeatures()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        sessions = StringCodec.decode_input(payload.inputs[0])
        rows = await asyncio.to_thread(self._features.rows, sessions)
        scores = self._model.predict_proba(np.array(rows))[:, 1]
        output = NumpyCodec.encode_output("score", scores)
        return InferenceResponse(model_name=self.name, model_version=self.version, id=payload.id, outputs=[output])
