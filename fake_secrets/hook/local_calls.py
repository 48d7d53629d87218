"""The calls that a local helper makes of a world, as the SDK in it would."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fake_secrets import clock
from fake_secrets.arns import PRINCIPAL_ARN, session_arn
from fake_secrets.errors import ServiceError
from fake_secrets.hook.answers import Target, Unsent, answer_raw
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.transport import read_timeout
from fake_secrets.world import stack

if TYPE_CHECKING:
    from fake_secrets.world.world import World

__all__ = ["LocalCall", "answer_attempt", "calling", "may_assume"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# What a helper calls the sessions of the roles that it assumes [D].
_SESSION = "aws-secrets-manager-agent"

Report = Callable[[Exception], None]


class LocalCall(Target):
    """A call of a helper. Once it makes no more attempts, `is_over` is true."""

    __slots__ = ("is_over",)

    def __init__(self, world: World, identity: str | None, user_agent: str) -> None:
        super().__init__(world, world.region, identity)
        self.user_agent = user_agent
        self.is_over = False


@contextlib.contextmanager
def calling(world: World, role_arn: str | None, user_agent: str, report: Report) -> Iterator[LocalCall]:
    """Make a call in a `with` block. Work that is due is done before it.

    Args:
        world: the world.
        role_arn: the role whose session calls; None for the world's default caller.
        user_agent: the helper's User-Agent.
        report: called with what goes wrong beside the call, in a rotation that was due.
    """
    with stack.answering(world):
        if world.has_due_work():
            _guarded(world.do_due_work, report)
        call = LocalCall(world, None if role_arn is None else session_arn(role_arn, _SESSION), user_agent)
        try:
            yield call
        finally:
            call.is_over = True


def answer_attempt(call: LocalCall, operation: str, body: bytes, patience: float | None, report: Report) -> Unsent:
    """Answer an attempt of a call, and do what follows it.

    Args:
        call: the call.
        operation: the API operation.
        body: the request's body.
        patience: how many seconds the helper waits for the answer; None if it waits for ever.
        report: called with what goes wrong afterwards, in a subscriber.
    """
    world = call.world
    waiting = read_timeout.set(patience)
    try:
        url = f"https://secretsmanager.{call.region}.amazonaws.com/"
        response = answer_raw(call, operation, body, url)
    finally:
        read_timeout.reset(waiting)
    _guarded(lambda: world.follow_up(call.rotations, errors="record"), report)
    return response


def may_assume(world: World, role_arn: str) -> bool:
    """Return whether the default caller may assume a role.

    Nothing is known of the role's trust policy, so it leaves the decision to the callers' own policies [D].

    Args:
        world: the world.
        role_arn: the ARN of the role.
    """
    if not PRINCIPAL_ARN.fullmatch(session_arn(role_arn, _SESSION)):
        return False
    with stack.answering(world):
        target = Target(world, world.region)
        caller = world.principals.caller(None, target.partition)
        request = Request(
            "AssumeRole", {}, target.region, target.partition, caller.account_id, caller.arn, clock.now()
        )
        request.id = world.ids.request_id()
        with world._lock:
            authority = world.rulings.over(request)
            if authority is None:
                return True
            try:
                authority.check_role(request, role_arn)
            except ServiceError:
                return False
    return True


def _guarded(work: Callable[[], object], report: Report) -> None:
    """Do some work, and report its error, because the helper's answer doesn't depend on it."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 -- whatever a user's code raises
        report(error)
