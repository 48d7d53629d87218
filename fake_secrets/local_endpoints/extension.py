"""The AWS Parameters and Secrets Lambda Extension, as far as it is known: AWS publishes no source of it.

The path, the parameters, the token header and the variables are documented [B: local-endpoints-facts 2.1, 2.4].
The body of a success [A-] and the refusal before it is ready [C] were seen. Everything else is our choice [D]: the
status and the text of all other refusals, and how the cache meets errors. Our texts begin with ``fake_secrets:``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

from fake_secrets.local_endpoints.cache import Cache, Key
from fake_secrets.local_endpoints.go_json import go_date, go_json
from fake_secrets.local_endpoints.http_refusal import HttpRefusalError
from fake_secrets.local_endpoints.parameters import parameters_of
from fake_secrets.local_endpoints.settings import ExtensionSettings
from fake_secrets.local_endpoints.token import TOKEN_HEADER, token_in
from fake_secrets.local_endpoints.upstream import CallFailedError, Upstream
from fake_secrets.local_endpoints.value_call import get_secret_value
from fake_secrets.server.messages import HttpAnswer, HttpRequest

__all__ = ["TOKEN_VARIABLES", "Extension"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

TOKEN_VARIABLES = ("AWS_SESSION_TOKEN",)

_SECRETS = "/secretsmanager/get"
_PARAMETERS = "/systemsmanager/parameters/get"
_KNOWN = frozenset({"secretId", "versionId", "versionStage"})
_NOT_READY = "not ready to serve traffic, please wait"


class Extension:
    """Answers requests as the extension does. Several threads may call it at once.

    Args:
        upstream: Secrets Manager.
        token: what the token header has to be.
        settings: the extension's configuration.
    """

    def __init__(self, upstream: Upstream, token: str, settings: ExtensionSettings) -> None:
        self._upstream = upstream
        self._token = token
        self._settings = settings
        self._lock = threading.Lock()
        self._too_early = settings.not_ready
        self._era: object = None
        self._cache = Cache(settings.cache_size)

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request. Which of several refusals comes first is our choice [D], as are most of them."""
        try:
            self._check(request)
            value = self._read(_asked(request.query))
        except HttpRefusalError as refused:
            return refused.answer()
        except CallFailedError as failed:
            return _answer_to(failed)
        return HttpAnswer(200, body=_json_of(value))

    def _check(self, request: HttpRequest) -> None:
        with self._lock:
            is_early = self._too_early > 0
            self._too_early -= is_early
        if is_early:
            # [C: local-endpoints-facts 2.3]
            raise HttpRefusalError(400, _NOT_READY)
        if request.headers.get("X-Forwarded-For") is not None:
            # As the agent does.
            raise _ours(400, "a request with the header X-Forwarded-For is refused")
        if token_in(request, TOKEN_HEADER) != self._token:
            was = "isn't what AWS_SESSION_TOKEN was when the extension started"
            raise _ours(401, f"the header {TOKEN_HEADER} is missing, or {was}")
        if request.path.rstrip("/") == _PARAMETERS:
            raise _ours(501, "parameters of Systems Manager aren't served, only secrets: GET /secretsmanager/get")
        if request.path != _SECRETS:
            raise _ours(404, f"there is nothing but {_SECRETS} here")
        if request.method != "GET":
            raise _ours(405, f"the extension is asked with GET, not with {request.method}")

    def _read(self, key: Key) -> Mapping[str, Any]:
        now, settings = self._upstream.now(), self._settings
        with self._lock:
            if self._era is not self._upstream.era:
                self._era, self._cache = self._upstream.era, Cache(settings.cache_size)
            cache = self._cache
        kept = cache.get(key)
        if kept is not None and kept.is_fresh(now, settings.ttl):
            return kept.value
        value = get_secret_value(self._upstream, key, patience=settings.timeout)
        cache.put(key, value, self._upstream.now())
        return value


def _asked(query: str) -> Key:
    given: dict[str, str] = {}
    for name, value in parameters_of(query):
        if name not in _KNOWN:
            text = f"it isn't known what the extension does with the parameter {name!r}, so it isn't faked"
            raise _ours(501, text)
        given[name] = value
    if not given.get("secretId"):
        raise _ours(400, "the parameter secretId is missing")
    return Key(given["secretId"], given.get("versionId") or None, given.get("versionStage") or None)


def _json_of(value: Mapping[str, Any]) -> bytes:
    """Return the body for a secret value, as Go writes GetSecretValue's response.

    Source: local-endpoints-facts 2.2 [A-].
    """
    created = value.get("CreatedDate")
    members: dict[str, Any] = {
        "ARN": value.get("ARN"),
        "CreatedDate": None if created is None else go_date(created),
        "Name": value.get("Name"),
        "SecretBinary": value.get("SecretBinary"),
        "SecretString": value.get("SecretString"),
        "VersionId": value.get("VersionId"),
        "VersionStages": value.get("VersionStages"),
        "ResultMetadata": {},
    }
    return go_json(members).encode("utf-8", "replace")


def _answer_to(failed: CallFailedError) -> HttpAnswer:
    """Return the answer to a request whose call has failed. Nothing is known of it: all of it is a guess [D]."""
    if failed.failure == "refusal":
        body = json.dumps({"__type": failed.code, "message": failed.message})
        return HttpAnswer(failed.status, body=body.encode())
    return _ours(500, f"the call of Secrets Manager failed: {failed.failure}").answer()


def _ours(status: int, text: str) -> HttpRefusalError:
    return HttpRefusalError(status, f"fake_secrets: {text}")
