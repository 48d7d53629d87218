"""Selection: the attempts that a fault is for, and how many of them it hits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from fake_secrets.observe.calls import Call
from fake_secrets.observe.entry import RunningStep

if TYPE_CHECKING:
    from fake_secrets.faults.path import Attempt
    from fake_secrets.observe.view import Secret

__all__ = ["EVERY", "Amount", "Selection", "Selectors"]

EVERY = "*"


class Selectors(TypedDict, total=False):
    """The attempts that a fault hits, and how many of them. All methods of `Faults` take these arguments.

    Args:
        secret_id: only attempts whose request names this secret: a name, an ARN, a partial ARN or a `Secret`.
            The secret need not exist yet.
        step: only calls of this rotation step, such as ``createSecret``.
        principal: only calls of this caller: the ARN of a principal, or an account id.
        when: only attempts for which this function returns true. It is called with a `Call` whose request has no
            secret values.
        times: how many attempts on the wire the fault hits, 1 by default; None if there is no limit. botocore
            retries many errors, so a call may succeed in spite of the fault, as on AWS.
        calls: instead of `times`: how many calls the fault hits, each in all of its attempts. The error comes
            out of such a call, whatever botocore's retries.
        after: how many matching attempts pass before the fault begins to hit; 0 by default.
        optional: whether the test may end without a hit. By default, a fault that never hits fails the test.
    """

    secret_id: str | Secret | None
    step: str | None
    principal: str | None
    when: Callable[[Call], object] | None
    times: int | None
    calls: int | None
    after: int
    optional: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """The attempts that a fault is for. What is None, or "*", admits every attempt.

    Args:
        operation: the API operation, or "*".
        secret_id: the secret that the request names.
        step: the rotation step that makes the call.
        principal: the caller's ARN, or an account id.
        when: called with the `Call`; returns whether the attempt is one.
        can_hit: returns whether the effect has anything to do in an attempt.
    """

    operation: str
    secret_id: str | None = None
    step: str | None = None
    principal: str | None = None
    when: Callable[[Call], object] | None = None
    can_hit: Callable[[Attempt], bool] | None = None

    def admits(self, attempt: Attempt, step: RunningStep | None) -> bool:
        """Return whether an attempt is one of these, but for `when`."""
        request = attempt.request
        if self.operation not in {EVERY, request.operation}:
            return False
        if self.step is not None and (step is None or step.name != self.step):
            return False
        if self.principal is not None and self.principal not in {request.principal, request.account_id}:
            return False
        if self.secret_id is not None and not attempt.path.is_about(request, self.secret_id):
            return False
        return self.can_hit is None or self.can_hit(attempt)


@dataclass(frozen=True, slots=True)
class Amount:
    """How many attempts a fault hits.

    Args:
        times: the number of attempts; None if there is no limit.
        calls: the number of calls of which every attempt is hit, instead of `times`.
        after: the number of matching attempts that pass first.
    """

    times: int | None = 1
    calls: int | None = None
    after: int = 0
