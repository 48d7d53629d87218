"""Answers of the server's own, in JSON."""

from __future__ import annotations

import json

from fake_secrets.server.messages import HttpAnswer

__all__ = ["json_answer"]


def json_answer(status: int, content: object, note: str) -> HttpAnswer:
    """Return an answer in JSON that no client keeps.

    Args:
        status: the HTTP status.
        content: what is converted to JSON.
        note: what the log says.
    """
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return HttpAnswer(status, headers, json.dumps(content).encode(), note=note)
