"""The features of sessions as a model reads them. The transformer for KServe and the runtime for MLServer use it."""

from __future__ import annotations

import os
from typing import List, Sequence

from tidemark import Tidemark


class SessionFeatures:
    """Reads a feature set of sessions by `POST /get-online-features`, in one request for all sessions.

    The environment names the collector (`TIDEMARK_URL`), the read key (`TIDEMARK_READ_KEY`) and the set (`FEATURE_SET`).
    """

    def __init__(self) -> None:
        url, key = os.environ["TIDEMARK_URL"], os.environ["TIDEMARK_READ_KEY"]
        self._client = Tidemark(url, key, timeout=0.5)
        self._feature_set = os.environ.get("FEATURE_SET", "purchase_intent")

    def rows(self, sessions: Sequence[str]) -> List[List[float]]:
        """Returns a row for each session, with the features in the order of the set.

        A value without events, and each value of a session that the collector does not know, is 0.
        """
        online = self._client.get_online_features({"session_id": sessions}, feature_service=self._feature_set)
        columns = [values for name, values in online.to_dict().items() if name != "session_id"]
        return [[float(value or 0) for value in row] for row in zip(*columns)]
