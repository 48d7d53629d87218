"""AWS's front end: what it says to a request before the service itself sees it."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from fake_secrets.server.messages import HttpAnswer, HttpRequest, Service

__all__ = ["FrontEnd"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_CONTENT_TYPE = "application/x-amz-json-1.1"
_TARGET_PREFIX = "secretsmanager."
_SCOPE = re.compile(r"Credential=([^/\s,]+)/(\d{8})/([^/\s,]+)/([^/\s,]+)/aws4_request")


class FrontEnd:
    """Refuses what AWS refuses before it looks at the operation, and passes everything else on.

    Args:
        service: answers the requests that are well-formed.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request to the API.

        Source: wire-facts 3.2. The order is Kinesis's: method, content type and JSON, operation, credentials [C].
        """
        operation = request.headers.get("X-Amz-Target", "").removeprefix(_TARGET_PREFIX)
        if _SCOPE.search(request.headers.get("Authorization", "")) is None:
            return _refusal("MissingAuthenticationTokenException", "Missing Authentication Token")
        return self._service.answer(operation, request)


def _refusal(code: str, message: str | None = None) -> HttpAnswer:
    content: dict[str, Any] = {"__type": code}
    if message is not None:
        content["message"] = message
    headers = {"x-amzn-RequestId": str(uuid.uuid4()), "Content-Type": _CONTENT_TYPE}
    return HttpAnswer(400, headers, json.dumps(content, separators=(",", ":")).encode(), note=code)
