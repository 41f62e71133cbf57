"""A predictor for KServe, for a machine without a cluster. In a cluster, KServe's own server for scikit-learn does this."""

from __future__ import annotations

import argparse
from typing import Any, Dict, Optional, Union

import joblib
import numpy as np
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer, model_server


class Predictor(Model):
    """The probability of a purchase for each row of features."""

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name)
        self._model = joblib.load(path)
        self.ready = True

    def predict(
        self, payload: Union[Dict[str, Any], InferRequest], headers: Optional[Dict[str, str]] = None, *_: Any
    ) -> Union[Dict[str, Any], InferResponse]:
        if isinstance(payload, InferRequest):
            scores = self._model.predict_proba(payload.inputs[0].as_numpy())[:, 1]
            output = InferOutput("score", list(scores.shape), "FP64")
            output.set_data_from_numpy(scores, binary_data=False)
            return InferResponse(response_id=payload.id, model_name=self.name, infer_outputs=[output])
        rows = np.array(payload["instances"], dtype=float)
        return {"predictions": self._model.predict_proba(rows)[:, 1].tolist()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(parents=[model_server.parser])
    parser.add_argument("--model_file", required=True)
    arguments, _ = parser.parse_known_args()
    ModelServer(workers=1).start([Predictor(arguments.model_name, arguments.model_file)])
