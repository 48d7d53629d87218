"""Answers requests that come over HTTP, from outside of the process."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from fake_secrets.hook.answers import OK, Target, Unsent, answer_raw, errors_of, raw_error
from fake_secrets.hook.requests import Sent, destination_of
from fake_secrets.world import stack

if TYPE_CHECKING:
    from fake_secrets.world.world import World

__all__ = ["ServedCalls"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# What every SDK of AWS sends with each attempt: the id of the call, and which attempt it is.
_CALL_HEADER = "amz-sdk-invocation-id"
_ATTEMPT_HEADER = "amz-sdk-request"
_ATTEMPT = re.compile(r"\battempt=(\d{1,4})\b(?:\s*;\s*max=(\d{1,4})\b)?")
# Calls that are remembered because another attempt of theirs may follow.
_MOST_CALLS = 1024

# The id that the client gives a call, the operation, the region, and who calls.
_Key = tuple[str, str, str, str | None]


class ServedCall(Target):
    """A call to a world's server. All attempts of one call have the same.

    `is_last` says whether the present attempt is the last one that the client makes. `is_over` is true once it
    makes no more. `key` tells the call from others; it is None if its client doesn't number attempts.
    """

    __slots__ = ("is_last", "is_over", "key")

    def __init__(self, world: World, region: str, identity: str | None = None) -> None:
        super().__init__(world, region, identity)
        self.is_last = self.is_over = False
        self.key: _Key | None = None


class ServedCalls:
    """The calls to a world's server. Each attempt of a call comes as a request of its own.

    Args:
        world: the world that answers.
        tell: called with the error of a rotation or a subscriber, which a client of another process can't be told.
    """

    def __init__(self, world: World, tell: Callable[[BaseException], None]) -> None:
        self._world = world
        self._tell = tell
        self._open: OrderedDict[_Key, ServedCall] = OrderedDict()

    def answer(self, operation: str, sent: Sent) -> Unsent:
        """Answer a request, and do what follows it.

        The rotations that it starts run before it returns.

        Args:
            operation: the operation.
            sent: the request. Its signature tells the region and the caller.

        Raises:
            BaseException: as `World.answer_attempt` does.
        """
        world = self._world
        with stack.answering(world):
            try:
                if world.has_due_work():
                    world.do_due_work()
            except BaseException as error:  # noqa: BLE001 -- whoever runs the server decides
                self._tell(error)
            call = self._call_of(operation, sent)
            response = answer_raw(call, operation, sent.body, sent.url)
            self._note_end(call, response)
            try:
                world.follow_up(call.rotations, errors=errors_of(response))
            except BaseException as error:  # noqa: BLE001 -- as above
                self._tell(error)
            # What the rotations have changed must be kept before the client hears of them.
            failure = world.keep()
            return response if failure is None else raw_error(call, failure, sent.url)

    def _call_of(self, operation: str, sent: Sent) -> ServedCall:
        """Return the call that a request is an attempt of."""
        call = ServedCall(self._world, *destination_of(self._world, sent))
        attempt = _ATTEMPT.search(sent.headers.get(_ATTEMPT_HEADER) or "")
        number = 1 if attempt is None else max(int(attempt[1]), 1)
        named = sent.headers.get(_CALL_HEADER)
        if named:
            # A header that was copied from another call doesn't make a request one of its attempts.
            key = call.key = named, operation, call.region, call.identity
            if number > 1:
                call = self._open.get(key, call)
            self._open[key] = call
            if len(self._open) > _MOST_CALLS:
                self._open.popitem(last=False)
        call.user_agent = sent.user_agent
        call.attempts = number - 1
        call.is_last = attempt is not None and attempt[1] == attempt[2]
        # Those of an attempt are run before it is answered.
        call.rotations = []
        return call

    def _note_end(self, call: ServedCall, response: Unsent) -> None:
        """Forget a call that has got its answer. After an error, its client may try again."""
        if call.is_last or (response.status_code == OK and response.loss is None):
            call.is_over = True
            if call.key is not None and self._open.get(call.key) is call:
                self._open.pop(call.key, None)
