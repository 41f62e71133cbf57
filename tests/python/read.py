"""Reads a session's vectors with the client for Python, and prints them as JSON. Arguments: session, user and page."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import datetime, timedelta, timezone
from typing import Optional

from tidemark import Tidemark, TidemarkError

session, user, page = sys.argv[1:4]
url, key = os.environ["TIDEMARK_URL"], os.environ["TIDEMARK_READ_KEY"]
client = Tidemark(url, key)


def error_of(client: Tidemark, entity: str, id: str, as_of: Optional[datetime] = None) -> str:
    try:
        client.get_features(entity, id, as_of=as_of)
    except TidemarkError as error:
        return f"{type(error).__name__} {error.code}"
    return "none"


hour_ago = datetime.now(timezone.utc) - timedelta(hours=1)
online = client.get_online_features(
    {"session_id": [session, "demo.unknown-session"]},
    features=["session_features:event_count", "session_features:click_count"],
)
of_set = client.get_online_features({"session_id": [session]}, feature_service="purchase_intent")
many = client.get_features_of(
    [("session", session), ("user", user), ("page", page), ("user", "unknown")],
    feature_sets={"session": "purchase_intent"},
    deadline_ms=5_000,
)
as_of = datetime.now(timezone.utc)
past = client.get_features("session", session, as_of=as_of, feature_set="purchase_intent")
begin = time.perf_counter()
for _ in range(100):
    client.get_features("session", session, feature_set="purchase_intent")
ms_a_read = (time.perf_counter() - begin) * 10
print(
    json.dumps(
        {
            "session": client.get_features("session", session),
            "user": client.get_features("user", user, features=["user_session_count"]),
            "page": client.get_features("page", page),
            "set": client.get_features("session", session, feature_set="purchase_intent:1"),
            "past": past,
            "past_time": round(as_of.timestamp() * 1000),
            "many": many,
            "online": online.rows(),
            "statuses": online.statuses(),
            "of_set": of_set.to_dict(),
            "pages": [each["id"] for each in client.list_entities("page", hour_ago)],
            "later": [each["id"] for each in client.list_entities("page", hour_ago + timedelta(days=1))],
            "prediction": client.predict("purchase", "session", session),
            "predictions": client.predict_for(
                "purchase", [("session", session), ("session", "demo.unknown-session")], deadline_ms=5_000
            ),
            "context": client.context("session", session, format="json", feature_set="purchase_intent"),
            "context_text": client.context("session", session, max_tokens=400),
            "errors": [
                error_of(client, "user", "unknown"),
                error_of(client, "session", session, hour_ago),
                error_of(client, "session", "other.site-session-0001"),
                error_of(Tidemark(url, "wrong"), "user", user),
            ],
            "ms_a_read": ms_a_read,
        }
    )
)
