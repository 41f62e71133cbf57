"""The client of a site's read key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, overload
from urllib.parse import quote, urlencode

from .arguments import Time, items, key, milliseconds, text
from .online_features import OnlineFeatures
from .responses import BulkFeatures, BulkPredictions, Context, ListedEntity, Prediction, Vector
from .transport import Transport

EntityKey = tuple[str, str]
"""The name of an entity and an id, such as `("user", "u-17")`."""


def _selection(feature_set: str | None, features: Sequence[str] | None) -> dict[str, str]:
    if feature_set is not None and features is not None:
        raise ValueError("expected either feature_set or features; given both")
    if feature_set is not None:
        return {"set": feature_set}
    return {} if features is None else {"features": ",".join(items("features", features))}


class Tidemark:
    """Reads the features of a site, and predicts with its models.

    It keeps a connection for each thread, and is safe for threads. All reads raise `TidemarkError`.

    Arguments:
        url: address of the collector.
        read_key: the site's read key.
        timeout: longest time to wait for the network in each step of a request, in seconds.
    """

    def __init__(self, url: str, read_key: str, timeout: float = 5.0) -> None:
        self._transport = Transport(url, key("read_key", read_key), timeout)

    def get_features(
        self,
        entity: str,
        id: str,
        *,
        feature_set: str | None = None,
        features: Sequence[str] | None = None,
        as_of: Time | None = None,
    ) -> Vector:
        """Reads the vector of an entity.

        A session's has every event that was acknowledged before; any other has those of a second or two before.

        Arguments:
            entity: `session`, `user`, `page`, or the name of a custom entity.
            id: its id; that of a page is its path.
            feature_set: a set of the site, such as `purchase_intent` for its highest version, or `purchase_intent:1`.
            features: names of features. Default: all of the entity.
            as_of: moment of the past, for a session of a site with a log. Default: now.

        Raises NotFoundError, ExpiredError, ForbiddenError.
        """
        query = _selection(feature_set, features)
        if as_of is not None:
            query["as_of"] = str(milliseconds("as_of", as_of))
        path = f"/v1/features/{quote(text('entity', entity), safe='')}/{quote(text('id', id), safe='')}"
        vector: Vector = self._transport.request("GET", f"{path}?{urlencode(query)}" if query else path)
        return vector

    def get_features_of(
        self,
        entities: Iterable[EntityKey],
        *,
        feature_sets: Mapping[str, str] | None = None,
        deadline_ms: int | None = None,
    ) -> BulkFeatures:
        """Reads the vectors of up to 500 entities, of one or several kinds, in one request.

        Each entity is in `vectors` or, with the code of the reason, in `missing`: it does not exist, or the deadline has
        passed before its vector was read.

        Arguments:
            feature_sets: a feature set for kinds of entities: `{"session": "purchase_intent"}`. Default: all features.
            deadline_ms: time until the collector answers with what it has, shorter than the timeout. Default: 250.
        """
        sets = feature_sets or {}
        read = [
            {"entity": entity, "id": id, **({"set": sets[entity]} if entity in sets else {})} for entity, id in entities
        ]
        body: dict[str, Any] = {"read": read}
        if deadline_ms is not None:
            body["deadline_ms"] = deadline_ms
        features: BulkFeatures = self._transport.request("POST", "/v1/features", body)
        return features

    def get_online_features(
        self,
        entities: Mapping[str, Sequence[str]],
        *,
        feature_service: str | None = None,
        features: Sequence[str] | None = None,
        full_feature_names: bool = False,
    ) -> OnlineFeatures:
        """Reads features as a client of Feast's server does, with the same request.

        Arguments:
            entities: ids by their key, such as `{"session_id": ["demo.a", "demo.b"]}`.
            feature_service: a feature set.
            features: features with their views, such as `session_features:dwell_ms`.
            full_feature_names: whether the columns have the names of the views too: `session_features__dwell_ms`.
        """
        if (feature_service is None) == (features is None):
            raise ValueError("expected either feature_service or features")
        body: dict[str, Any] = {
            "entities": {name: items(name, ids) for name, ids in entities.items()},
            "full_feature_names": full_feature_names,
        }
        if feature_service is not None:
            body["feature_service"] = feature_service
        if features is not None:
            body["features"] = items("features", features)
        return OnlineFeatures(self._transport.request("POST", "/get-online-features", body))

    def predict(self, model: str, entity: str, id: str) -> Prediction:
        """Predicts for an entity, from its features with all events that were acknowledged before.

        The collector chooses the version of the model: the primary one, or a canary for its share of entities.

        Arguments:
            model: name of a model of the site.
            entity: the kind of entity of the model's feature set, such as `session`.
            id: its id; that of a page is its path.

        Raises NotFoundError, ExpiredError, ForbiddenError; UnavailableError with the code `model_unavailable` if the model's
        server has failed and there is no fallback.
        """
        path = "/".join(quote(part, safe="") for part in (model, entity, id))
        prediction: Prediction = self._transport.request("POST", f"/v1/predict/{path}")
        return prediction

    def predict_for(
        self, model: str, entities: Iterable[EntityKey], *, deadline_ms: int | None = None
    ) -> BulkPredictions:
        """Predicts for up to 200 entities in one request.

        Each entity is in `predictions` or, with the code of the reason, in `missing`.

        Arguments:
            deadline_ms: time until the collector answers with what it has. Default: 250.
        """
        body: dict[str, Any] = {"read": [{"entity": entity, "id": id} for entity, id in entities]}
        if deadline_ms is not None:
            body["deadline_ms"] = deadline_ms
        predictions: BulkPredictions = self._transport.request("POST", f"/v1/predict/{quote(model, safe='')}", body)
        return predictions

    @overload
    def context(
        self,
        entity: str,
        id: str,
        *,
        format: Literal["text"] = "text",
        max_tokens: int | None = None,
        feature_set: str | None = None,
    ) -> str: ...

    @overload
    def context(
        self,
        entity: str,
        id: str,
        *,
        format: Literal["json"],
        max_tokens: int | None = None,
        feature_set: str | None = None,
    ) -> Context: ...

    def context(
        self,
        entity: str,
        id: str,
        *,
        format: Literal["text", "json"] = "text",
        max_tokens: int | None = None,
        feature_set: str | None = None,
    ) -> str | Context:
        """Reads what a visitor did, in order, for an assistant: pages, hesitations, clicks, searches and goals.

        Texts of pages and visitors in it stand in JSON strings: they are data, not instructions for the assistant.

        Arguments:
            entity: `session`, or `user`, whose context has features only.
            id: its id.
            format: `text` with one fact in each line, or `json`.
            max_tokens: largest size of the context; the earliest steps and the last features are left out. Default: 1000
                for a text, and unlimited for JSON.
            feature_set: a set of the entity, whose current features are a part of the context. Default: all features of a
                user, and none of a session.

        Raises NotFoundError, ExpiredError; ForbiddenError with the code `no_consent` without consent to personalisation.
        """
        if format not in ("text", "json"):
            raise ValueError(f"format: expected text or json; given {format!r}")
        query: dict[str, str] = {"format": format}
        if max_tokens is not None:
            query["max_tokens"] = str(max_tokens)
        if feature_set is not None:
            query["set"] = feature_set
        path = f"/v1/context/{quote(text('entity', entity), safe='')}/{quote(text('id', id), safe='')}?{urlencode(query)}"
        if format == "text":
            return self._transport.text("GET", path)
        context: Context = self._transport.request("GET", path)
        return context

    def list_entities(self, entity: str, active_since: Time) -> Iterator[ListedEntity]:
        """Lists the entities of a kind with an event since a time, page after page.

        Arguments:
            active_since: a time of the last 30 days.
        """
        query = {"active_since": str(milliseconds("active_since", active_since))}
        return self._pages(f"/v1/entities/{quote(entity, safe='')}", query)

    def _pages(self, path: str, query: dict[str, str]) -> Iterator[ListedEntity]:
        while True:
            page = self._transport.request("GET", f"{path}?{urlencode(query)}")
            yield from page["entities"]
            if page.get("cursor") is None:
                return
            query["cursor"] = page["cursor"]
