"""A transformer for KServe: it replaces the ids of sessions by their features, and calls the predictor."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any, Dict, List, Optional, Union

from kserve import InferInput, InferRequest, Model, ModelServer, model_server
from kserve.model import PredictorConfig

from session_features import SessionFeatures


def ids_in(payload: Union[Dict[str, Any], InferRequest]) -> List[str]:
    """Returns the sessions of a request: `{"instances": ["demo.a"]}`, or one input of BYTES."""
    values = payload.inputs[0].data if isinstance(payload, InferRequest) else payload["instances"]
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


class FeatureTransformer(Model):
    """Puts the features of the requested sessions in place of their ids."""

    def __init__(self, name: str, predictor: PredictorConfig) -> None:
        super().__init__(name, predictor)
        self._features = SessionFeatures()
        self._speaks_v2 = predictor.predictor_protocol == "v2"
        self.ready = True

    async def preprocess(
        self, payload: Union[Dict[str, Any], InferRequest], headers: Optional[Dict[str, str]] = None
    ) -> Union[Dict[str, Any], InferRequest]:
        rows = await asyncio.to_thread(self._features.rows, ids_in(payload))
        if not self._speaks_v2:
            return {"instances": rows}
        flat = [value for row in rows for value in row]
        features = InferInput("features", [len(rows), len(rows[0]) if rows else 0], "FP64", flat)
        return InferRequest(model_name=self.name, infer_inputs=[features])


if __name__ == "__main__":
    arguments, _ = argparse.ArgumentParser(parents=[model_server.parser]).parse_known_args()
    config = PredictorConfig(
        predictor_host=arguments.predictor_host,
        predictor_protocol=arguments.predictor_protocol,
        predictor_request_timeout_seconds=2,
    )
    ModelServer(workers=1).start([FeatureTransformer(arguments.model_name, config)])
