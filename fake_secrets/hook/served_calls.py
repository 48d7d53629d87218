"""The calls of other processes, put together from their attempts, which come as one request each."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from fake_secrets.hook.answers import OK, Target
from fake_secrets.hook.requests import Sent, header_of, target_of

if TYPE_CHECKING:
    from fake_secrets.hook.answers import Unsent
    from fake_secrets.world.world import World

__all__ = ["ServedCall", "ServedCalls"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# So many calls are remembered. An attempt that comes after so many calls of others begins a new call.
_REMEMBERED = 1024
_ATTEMPT = re.compile(r"attempt=(\d{1,9})(?:\s*;\s*max=(\d{1,9}))?", re.ASCII)


class ServedCall(Target):
    """A call that comes over HTTP.

    Args:
        world: the world that answers it.
        region: the region that is called.
        identity: as for `Target`.

    `is_over` is true once it makes no more attempts, as far as that can be seen from here.
    """

    __slots__ = ("_is_last", "is_over")

    def __init__(self, world: World, region: str, identity: str | None) -> None:
        super().__init__(world, region, identity)
        self.is_over = self._is_last = False

    def begin_attempt(self, sent: Sent) -> None:
        """Note an attempt, before it is answered."""
        self.user_agent = sent.user_agent
        # Each attempt's rotations are run before the attempt is answered.
        self.rotations = []
        found = _ATTEMPT.search(header_of(sent.headers, "amz-sdk-request"))
        if found is not None and int(found[1]) > 0:
            self.attempts = int(found[1]) - 1
            self._is_last = found[1] == found[2]

    def end_attempt(self, response: Unsent) -> None:
        """Note how an attempt was answered."""
        self.is_over = self._is_last or (response.status_code == OK and response.loss is None)


class ServedCalls:
    """The latest calls that were made to a world's server.

    SDKs send the same invocation id with each attempt of a call. A request without one is a call of its own.

    Args:
        world: the world.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._calls: dict[tuple[str, str], ServedCall] = {}

    def call_of(self, operation: str, sent: Sent) -> ServedCall:
        """Return the call that a request is an attempt of."""
        invocation = header_of(sent.headers, "amz-sdk-invocation-id")
        if not invocation:
            return self._new(sent)
        with self._lock:
            # Taken out and put in again, so that the call forgotten first is the one not heard of for longest.
            call = self._calls.pop((operation, invocation), None) or self._new(sent)
            self._calls[operation, invocation] = call
            if len(self._calls) > _REMEMBERED:
                del self._calls[next(iter(self._calls))]
        return call

    def _new(self, sent: Sent) -> ServedCall:
        target = target_of(self._world, sent)
        return ServedCall(self._world, target.region, target.identity)
