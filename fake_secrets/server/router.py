"""Sends each request to the part of the server that answers it."""

from __future__ import annotations

import importlib.metadata
from typing import Any

from fake_secrets.server.json_answers import json_answer
from fake_secrets.server.messages import Application, HttpAnswer, HttpRequest

__all__ = ["CONTROL_PREFIX", "Router"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# No path of AWS begins like this.
CONTROL_PREFIX = "/_fake_secrets/"
# Scripts that wait for a server poll the first. The second is LocalStack's, which containers' helpers know.
_HEALTH, _LOCALSTACK_HEALTH = f"{CONTROL_PREFIX}health", "/_localstack/health"
_READS = frozenset({"GET", "HEAD"})


class Router:
    """Answers questions about the server's health, and passes on everything else.

    Args:
        front_end: answers the requests to AWS's API, whatever their path.
        control: answers the requests under ``/_fake_secrets/``. Without it, they are refused.
    """

    def __init__(self, front_end: Application, control: Application | None = None) -> None:
        self._front_end = front_end
        self._control = control or _no_control

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request."""
        path = request.path
        if path == "/" or not path.startswith("/_"):
            return self._front_end(request)
        if path in {_HEALTH, _LOCALSTACK_HEALTH} and request.method in _READS:
            return _health(path)
        if path == CONTROL_PREFIX.rstrip("/"):
            return HttpAnswer(308, {"Location": CONTROL_PREFIX}, note=f"{request.method} {path}")
        return (self._control if path.startswith(CONTROL_PREFIX) else self._front_end)(request)


def _health(path: str) -> HttpAnswer:
    content: dict[str, Any] = {"version": _version()}
    if path == _HEALTH:
        content["status"] = "ok"
    else:
        # LocalStack's form [D: wire-facts 7].
        content |= {"services": {"secretsmanager": "running"}, "edition": "fake_secrets"}
    return json_answer(200, content, f"GET {path}")


def _no_control(request: HttpRequest) -> HttpAnswer:
    msg = (
        "this server has no control API. fake-secrets serve has one; a test has its handle, from mock_stages() or "
        "the fixture fake_secrets"
    )
    return json_answer(404, {"error": msg}, f"{request.method} {CONTROL_PREFIX}...")


def _version() -> str:
    try:
        return importlib.metadata.version("fake-secrets")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
