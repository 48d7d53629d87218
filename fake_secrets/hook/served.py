"""Answers requests that come over HTTP, from outside of the process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fake_secrets.hook.answers import Unsent, answer_raw, raw_error
from fake_secrets.hook.requests import Sent, target_of
from fake_secrets.world import stack

if TYPE_CHECKING:
    from fake_secrets.world.world import World

__all__ = ["answer_served"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def answer_served(world: World, operation: str, sent: Sent) -> Unsent:
    """Answer a request that was sent to a world's server, and do what follows it.

    The rotations that it starts run before it returns. Their errors are only recorded, because a client of another
    process can't be told of them.

    Args:
        world: the world.
        operation: the operation.
        sent: the request. Its signature tells the region and the caller.
    """
    with stack.answering(world):
        if world.has_due_work():
            world.do_due_work()
        target = target_of(world, sent)
        response = answer_raw(target, operation, sent.body, sent.url, None)
        world.follow_up(target.rotations, errors="record")
        # What the rotations have changed must be kept before the client hears of them.
        failure = world.keep()
        return response if failure is None else raw_error(target, failure, sent.url)
