"""Serves a world over HTTP while a block runs, and lets child processes know by their environment."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fake_secrets.environment import Overlay
from fake_secrets.hook.facts import facts_of
from fake_secrets.hook.requests import Sent
from fake_secrets.hook.served import ServedCalls
from fake_secrets.server.front_end import FrontEnd
from fake_secrets.server.listener import Listener
from fake_secrets.server.messages import HttpAnswer, HttpRequest
from fake_secrets.server.router import Router

if TYPE_CHECKING:
    from fake_secrets.world.world import World

__all__ = ["ServedWorld", "serving"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class ServedWorld:
    """A world as the server knows it.

    Args:
        world: the world.
    """

    def __init__(self, world: World) -> None:
        self._calls = ServedCalls(world)

    def knows(self, operation: str) -> bool:
        """Return whether the API has an operation, as `Service` asks for."""
        return facts_of(operation) is not None

    def answer(self, operation: str, request: HttpRequest) -> HttpAnswer:
        """Answer a request, as `Service` asks for."""
        response = self._calls.answer(operation, Sent(request.path, request.headers, request.body))
        headers = {name: value for name, value in response.plain_headers.items() if name not in _OF_THE_CONNECTION}
        lost = response.loss is not None
        return HttpAnswer(
            response.status_code, headers, response._content, lost, f"{operation} {response.status_code}"
        )


_OF_THE_CONNECTION = frozenset({"connection", "content-length", "date"})


@contextlib.contextmanager
def serving(world: World, port: int = 0) -> Iterator[str]:
    """Serve a world over HTTP.

    Args:
        world: the world.
        port: the port; 0 takes a free one.

    Returns:
        A context manager that returns the server's URL.
    """
    listener = Listener(Router(FrontEnd(ServedWorld(world))), port=port)
    listener.start()
    try:
        with Overlay(_environment(listener.url, world.region)):
            yield listener.url
    finally:
        listener.stop()


def _environment(url: str, region: str) -> dict[str, str | None]:
    return {
        # Only botocore reads AWS_DEFAULT_REGION, which a world sets anyway.
        "AWS_REGION": region,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
        "SECRETS_MANAGER_ENDPOINT": url,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": None,
    }
