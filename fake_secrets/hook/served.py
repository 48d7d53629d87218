"""Answers requests that come over HTTP, from outside of the process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fake_secrets.hook.answers import Unsent, answer_raw, errors_of, raw_error
from fake_secrets.hook.requests import Sent
from fake_secrets.hook.served_calls import ServedCalls
from fake_secrets.world import stack

if TYPE_CHECKING:
    from fake_secrets.world.world import World

__all__ = ["answer_served"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def answer_served(
    world: World, operation: str, sent: Sent, calls: ServedCalls, tell: Callable[[BaseException], None]
) -> Unsent:
    """Answer a request that was sent to a world's server, and do what precedes and follows it.

    The rotations that it starts run before it returns.

    Args:
        world: the world.
        operation: the operation.
        sent: the request. Its signature tells the region and the caller.
        calls: the calls that were made to the server.
        tell: called with the error of a rotation or a subscriber, which isn't the client's.

    Raises:
        BaseException: as `World.answer_attempt` does.
    """
    with stack.answering(world):
        try:
            if world.has_due_work():
                world.do_due_work()
        except BaseException as error:  # noqa: BLE001 -- whoever runs the server decides
            tell(error)
        call = calls.call_of(operation, sent)
        call.begin_attempt(sent)
        response = answer_raw(call, operation, sent.body, sent.url, None)
        call.end_attempt(response)
        try:
            world.follow_up(call.rotations, errors=errors_of(response))
        except BaseException as error:  # noqa: BLE001 -- as above
            tell(error)
        # What the rotations have changed must be kept before the client hears of them.
        failure = world.keep()
        return response if failure is None else raw_error(call, failure, sent.url)
