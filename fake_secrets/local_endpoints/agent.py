"""The AWS Secrets Manager Agent, whose name has been AWS Workload Credentials Provider since version 3.

All of it follows AWS's published source [B code: local-endpoints-facts 1] but for what a docstring says.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fake_secrets.local_endpoints.agent_reader import AgentReader
from fake_secrets.local_endpoints.cache import Key
from fake_secrets.local_endpoints.http_refusal import HttpRefusalError
from fake_secrets.local_endpoints.parameters import parameters_of, text_in_url
from fake_secrets.local_endpoints.settings import AgentSettings
from fake_secrets.local_endpoints.token import TOKEN_HEADER, token_in
from fake_secrets.local_endpoints.upstream import CallFailedError, Upstream
from fake_secrets.server.messages import HttpAnswer, HttpRequest

__all__ = ["TOKEN_VARIABLES", "Agent"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

TOKEN_VARIABLES = ("AWS_TOKEN", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN")

_PING = "/ping"
_GET = "/secretsmanager/get"
_TOKEN_HEADERS = (TOKEN_HEADER, "X-Vault-Token")
_SPARE_CONNECTIONS = 2
_ROLE = re.compile(r"arn:[\w-]+:iam::\d{12}:role/[\w+=,.@/-]+")
_SWITCHES = {"true": True, "1": True, "false": False, "0": False}
_UNKNOWN = '{"__type":"InternalFailure"}'


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a request asks for."""

    key: Key
    refreshes: bool
    role_arn: str | None


class Agent:
    """Answers requests as the agent does. Several threads may call it at once.

    Args:
        upstream: Secrets Manager.
        token: what the token header has to be.
        settings: the agent's configuration.
        connections: returns how many connections are open.
    """

    def __init__(
        self, upstream: Upstream, token: str, settings: AgentSettings, connections: Callable[[], int]
    ) -> None:
        self._upstream = upstream
        self._token = token
        self._settings = settings
        self._connections = connections
        self._lock = threading.Lock()
        self._era: object = None
        self._readers: dict[str | None, AgentReader] = {}

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request. The checks come in the order of `local-endpoints-facts` 1.2."""
        try:
            self._check(request)
            if request.path == _PING:
                return HttpAnswer(200, body=b"healthy")
            return HttpAnswer(200, body=_json_of(self._read(self._asked(request))))
        except HttpRefusalError as refused:
            return refused.answer()
        except CallFailedError as failed:
            return _answer_to(failed)

    def _check(self, request: HttpRequest) -> None:
        is_ping = request.path == _PING
        if self._connections() > self._settings.max_conn + _SPARE_CONNECTIONS * is_ping:
            raise HttpRefusalError(429, "Connection limit exceeded")
        if not is_ping:
            if request.headers.get("X-Forwarded-For") is not None:
                raise HttpRefusalError(400, "Forwarded")
            if all(token_in(request, name) != self._token for name in _TOKEN_HEADERS):
                raise HttpRefusalError(403, "Bad Token")
        if request.method != "GET":
            raise HttpRefusalError(405, "Not allowed")
        if not is_ping and request.path != _GET and not request.path.startswith(self._settings.path_prefix):
            raise HttpRefusalError(404, "Not found")

    def _asked(self, request: HttpRequest) -> _Asked:
        if request.path == _GET:
            given = dict(_known(request.query, "secretId"))
            secret_id = given.get("secretId", "")
            if not secret_id:
                raise HttpRefusalError(400, "missing parameter secretId")
        else:
            # It isn't decoded.
            secret_id = text_in_url(request.path.removeprefix(self._settings.path_prefix))
            if not secret_id:
                raise HttpRefusalError(400, "missing secret ID")
            given = dict(_known(request.query))
        role_arn = given.get("roleArn")
        if role_arn is not None and _ROLE.fullmatch(role_arn) is None:
            expected = "arn:<partition>:iam::<account>:role/<name>"
            raise HttpRefusalError(400, f"invalid roleArn format, expected {expected}")
        key = Key(secret_id, given.get("versionId"), given.get("versionStage"))
        return _Asked(key, _SWITCHES[given.get("refreshNow", "false").lower()], role_arn)

    def _read(self, asked: _Asked) -> Mapping[str, Any]:
        reader = self._reader(asked.role_arn)
        return reader.read_anew(asked.key) if asked.refreshes else reader.read(asked.key)

    def _reader(self, role_arn: str | None) -> AgentReader:
        """Return what reads as a role, each with a cache of its own. A role is never given up again.

        Raises:
            HttpRefusalError: if there are too many roles, or the role can't be assumed.
        """
        with self._lock:
            if self._era is not self._upstream.era:
                self._era, self._readers = self._upstream.era, {}
            readers = self._readers
            reader = readers.get(role_arn)
            if reader is None and role_arn is not None:
                self._check_count(role_arn)
        if reader is None:
            if role_arn is not None and not self._upstream.may_assume(role_arn):
                text = f"Failed to create caching client from role: {role_arn}"
                raise HttpRefusalError(403, _error("AccessDeniedException", text))
            ttl, size = self._settings.ttl, self._settings.cache_size
            with self._lock:
                if role_arn is not None and role_arn not in readers:
                    self._check_count(role_arn)
                reader = readers.setdefault(role_arn, AgentReader(self._upstream, role_arn, ttl, size))
        return reader

    def _check_count(self, role_arn: str) -> None:
        count, limit = sum(role is not None for role in self._readers), self._settings.max_roles
        if count >= limit:
            text = (
                f"The maximum number of assumed roles ({limit}) has been reached. Unable to assume the following "
                f"role to create a client: {role_arn}"
            )
            raise HttpRefusalError(400, _error("MaxRolesExceeded", text))


def _known(query: str, *more: str) -> Iterator[tuple[str, str]]:
    """Yield the parameters of a query. The first one that is wrong ends it.

    Raises:
        HttpRefusalError: if a parameter is unknown, or refreshNow is neither true nor false.
    """
    for name, value in parameters_of(query):
        if name == "refreshNow":
            if value.lower() not in _SWITCHES:
                raise HttpRefusalError(400, "invalid refreshNow value")
        elif name not in {"versionId", "versionStage", "roleArn", *more}:
            raise HttpRefusalError(400, f"unknown parameter: {name}")
        yield name, value


def _json_of(value: Mapping[str, Any]) -> bytes:
    """Return the body for a secret value: GetSecretValue's members, with the date as text."""
    members = {name: value.get(name) for name in ("ARN", "Name", "VersionId")}
    members |= {name: value[name] for name in ("SecretString", "SecretBinary") if value.get(name) is not None}
    if value.get("VersionStages"):
        members["VersionStages"] = value["VersionStages"]
    created = value.get("CreatedDate")
    members["CreatedDate"] = None if created is None else _seconds(created)
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _seconds(created: float) -> str:
    """Return a date as text. Whole seconds have no fraction [D]."""
    return f"{created:.3f}".rstrip("0").rstrip(".")


def _answer_to(failed: CallFailedError) -> HttpAnswer:
    """Return the answer to a request whose call has failed."""
    if failed.failure == "refusal":
        return HttpAnswer(failed.status, body=_error(failed.code, failed.message).encode("utf-8", "replace"))
    status, code, text = {
        "time-out": (504, "TimeoutError", "Timeout"),
        "broken connection": (502, "ConnectionError", "Read Error"),
        "unreadable answer": (502, "ConnectionError", "Response Error"),
    }[failed.failure]
    return HttpAnswer(status, body=_error(code, text).encode())


def _error(code: str, text: str) -> str:
    """Return the body of an error. The agent doesn't escape the text for JSON either."""
    return f'{{"__type":"{code}", "message":"{text}"}}' if code and text else _UNKNOWN
