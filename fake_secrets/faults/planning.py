"""`fake_secrets.faults`: plans faults."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from http.client import responses
from typing import TYPE_CHECKING

from fake_secrets.errors import CommonError, ServiceError
from fake_secrets.faults import checks
from fake_secrets.faults.codes import COMMON, message_of, status_of
from fake_secrets.faults.effects import Crash, Delay, HeldReplication, Refusal, Spoiling, StaleRead
from fake_secrets.faults.planned import Fault
from fake_secrets.faults.selection import EVERY
from fake_secrets.observe.remarks import users_line
from fake_secrets.service.transport import Loss, Transport

if TYPE_CHECKING:
    import datetime
    from typing import Literal, Unpack

    from fake_secrets.faults.effects import Effect
    from fake_secrets.faults.plan import Plan
    from fake_secrets.faults.selection import Amount, Selection, Selectors
    from fake_secrets.observe.calls import Call
    from fake_secrets.observe.view import Secret

__all__ = ["Faults"]

__tracebackhide__ = True  # a traceback ends at the line that plans a fault


class Faults:
    """Plans faults in a world: `fake_secrets.faults`.

    Each method returns the `Fault`. `FakeSecrets.reset` and the end of the world cancel all faults. The operation
    of a fault is the name of an API operation, or "*" for any. If several faults match an attempt, the one that
    was planned first hits it.

    Args:
        plan: the plan of the world.
    """

    __slots__ = ("_plan",)

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def fail(
        self,
        operation: str,
        error: str | int,
        *,
        message: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
        after_effect: bool = False,
        **selectors: Unpack[Selectors],
    ) -> Fault:
        """Make calls fail with an error of AWS, or with a bare HTTP status.

        Args:
            operation: the API operation, or "*".
            error: the error code: one of Secrets Manager's, such as ``InternalServiceError``, or one that all
                services have, such as ``ThrottlingException``. Or an HTTP status from 400 to 599: the answer is
                then a page of HTML, as a load balancer gives it.
            message: the message; by default that of AWS.
            status: the HTTP status; by default that of the code.
            retry_after: the seconds in a header ``x-amz-retry-after``. Whether a retry mode of botocore reads it
                is up to botocore.
            after_effect: whether the service does what the call asks before the error is given.
            selectors: which attempts, and how many of them; see `Selectors`.

        Returns:
            The fault.

        Raises:
            FaultError: if such a fault can never happen.
            TypeError: if an argument has the wrong type.
        """
        checks.check_error(error, status)
        checks.check_message(message)
        headers = {} if retry_after is None else {"x-amz-retry-after": checks.check_retry_after(retry_after)}
        effect: Effect
        if isinstance(error, int):
            effect = Spoiling(_page(error, message, headers), after_effect, f"HTTP status {error}")
        else:
            text = message_of(error) if message is None else message
            kind = CommonError if error in COMMON else ServiceError
            refusal = kind(error, text, status or status_of(error))
            effect = Refusal(refusal, Transport(headers=headers) if headers else None, after_effect)
        return self._add(operation, effect, selectors)

    def time_out(
        self,
        operation: str = "*",
        *,
        connecting: bool = False,
        after_effect: bool = False,
        **selectors: Unpack[Selectors],
    ) -> Fault:
        """Make calls time out: no answer arrives within the client's read time-out.

        No time passes for that. Use `delay` to let it pass.

        Args:
            operation: the API operation, or "*".
            connecting: whether already the connection can't be made within the connect time-out.
            after_effect: whether the service does what the call asks, so that only the answer is lost.
            selectors: which attempts, and how many of them; see `Selectors`.

        Returns:
            The fault.

        Raises:
            FaultError: if such a fault can never happen.
            TypeError: if an argument has the wrong type.
        """
        loss: Loss = "connect time-out" if connecting else "read time-out"
        checks.check_connecting(connecting=connecting, after_effect=after_effect)
        return self._lose(operation, loss, after_effect, selectors)

    def reset_connection(
        self, operation: str = "*", *, after_effect: bool = False, **selectors: Unpack[Selectors]
    ) -> Fault:
        """Make the connection break before the answer arrives, as a peer resets it.

        Args:
            operation: the API operation, or "*".
            after_effect: whether the service does what the call asks, so that only the answer is lost.
            selectors: which attempts, and how many of them; see `Selectors`.

        Returns:
            The fault.

        Raises:
            FaultError: if such a fault can never happen.
            TypeError: if an argument has the wrong type.
        """
        return self._lose(operation, "connection reset", after_effect, selectors)

    def fail_dns(self, operation: str = "*", **selectors: Unpack[Selectors]) -> Fault:
        """Make the look-up of the endpoint's host name fail, as in a subnet without a resolver.

        Args:
            operation: the API operation, or "*".
            selectors: which attempts, and how many of them; see `Selectors`.

        Returns:
            The fault.

        Raises:
            FaultError: if such a fault can never happen.
            TypeError: if an argument has the wrong type.
        """
        return self._lose(operation, "DNS failure", False, selectors)  # noqa: FBT003

    def malformed_body(
        self,
        operation: str = "*",
        body: bytes = b"{",
        *,
        after_effect: bool = False,
        **selectors: Unpack[Selectors],
    ) -> Fault:
        """Make the answer a success whose body isn't the JSON that it should be.

        botocore takes JSON that ends too early, and HTML, for an answer without members: the call returns a dict
        with nothing but ``ResponseMetadata``. It raises an exception if the body isn't UTF-8, or is JSON but no
        object.

        Args:
            operation: the API operation, or "*".
            body: the body; by default JSON that ends too early.
            after_effect: whether the service does what the call asks.
            selectors: which attempts, and how many of them; see `Selectors`.

        Returns:
            The fault.

        Raises:
            FaultError: if such a fault can never happen.
            TypeError: if an argument has the wrong type.
        """
        checks.check_body(body)
        return self._add(operation, Spoiling(Transport(body=body), after_effect, "malformed body"), selectors)

    def crash_after(self, operation: str = "*", **selectors: Unpack[Selectors]) -> Fault:
        """Let the rotation function die right after a call took effect, as if Lambda had killed it.

        A `FunctionCrash` is raised in the function in place of the answer. No later call of that invocation takes
        effect, even if the function handles the exception, nor does one of a thread that it has started.

        Args:
            operation: the API operation, or "*".
            selectors: which attempts, and how many of them; see `Selectors`.

        Returns:
            The fault. A call that no rotation function makes raises a `FaultError` when the fault hits it.

        Raises:
            FaultError: if such a fault can never happen.
            TypeError: if an argument has the wrong type.
        """
        return self._add(operation, Crash(is_after=True), selectors)

    def crash_before(self, operation: str = "*", **selectors: Unpack[Selectors]) -> Fault:
        """Let the rotation function die right before a call takes effect. For the rest it is as `crash_after`.

        Args:
            operation: the API operation, or "*".
            selectors: which attempts, and how many of them; see `Selectors`.

        Returns:
            The fault. A call that no rotation function makes raises a `FaultError` when the fault hits it.

        Raises:
            FaultError: if such a fault can never happen.
            TypeError: if an argument has the wrong type.
        """
        return self._add(operation, Crash(is_after=False), selectors)

    def delay(
        self,
        operation: str,
        seconds: float | datetime.timedelta,
        *,
        after_effect: bool = False,
        **selectors: Unpack[Selectors],
    ) -> Fault:
        """Make calls take long, by the test's clock. Nobody sleeps.

        If freezegun or time-machine controls the clock, it is moved. Otherwise the world's own clock runs ahead
        from then on, until the world ends or is reset.

        A client waits no longer than its read time-out. If that is over, only so much time passes, the answer is
        lost, and botocore tries again or raises a ReadTimeoutError. The call takes effect nevertheless. A
        rotation function whose time-out is over ends at this call. Another fault may hit the same attempt.

        Args:
            operation: the API operation, or "*".
            seconds: how long an attempt takes: a number of seconds, or a timedelta.
            after_effect: whether the call takes effect before the time passes, and not after it. It makes a
                difference for dates, and for a rotation function that times out.
            selectors: which attempts, and how many of them; see `Selectors`.

        Returns:
            The fault.

        Raises:
            FaultError: if such a fault can never happen.
            TypeError: if an argument has the wrong type.
        """
        return self._add(operation, Delay(checks.check_seconds(seconds), after_effect), selectors)

    def stale_reads(
        self,
        reads: int | None = 1,
        *,
        secret_id: str | Secret | None = None,
        step: str | None = None,
        principal: str | None = None,
        when: Callable[[Call], object] | None = None,
        after: int = 0,
        optional: bool = False,
    ) -> Fault:
        """Make reads see the state before the last write, as AWS may show it for a while.

        The reads are GetSecretValue, DescribeSecret, ListSecretVersionIds, ListSecrets and BatchGetSecretValue. A
        read of one secret misses the last write to that secret. ListSecrets and BatchGetSecretValue miss the
        last write in their region, and show all secrets as they were before it. The write may come before or
        after this line, and may be one of a rotation. A read before which nothing was written isn't hit.

        Args:
            reads: how many reads are stale. None: all reads in the same moment as the last write, to the
                millisecond. Once the clock has moved on, reads see the present.
            secret_id: only reads that name this secret.
            step: only reads of this rotation step.
            principal: only reads of this caller: the ARN of a principal, or an account id.
            when: only reads for which this function returns true; see `Selectors`.
            after: how many matching reads pass before the first stale one.
            optional: whether the test may end without a stale read.

        Returns:
            The fault.

        Raises:
            FaultError: if such a fault can never happen.
            TypeError: if an argument has the wrong type.
        """
        checks.check_reads(reads)
        selectors: Selectors = {
            "secret_id": secret_id,
            "step": step,
            "principal": principal,
            "when": when,
            "times": reads,
            "after": after,
            "optional": optional,
        }
        selection, amount, is_optional = checks.check_selectors(EVERY, selectors)
        effect = StaleRead(is_brief=reads is None, secret_id=selection.secret_id)
        selection = dataclasses.replace(selection, can_hit=effect.can_hit)
        return self._plan_fault(selection, effect, amount, optional=is_optional)

    def replication(
        self,
        status: Literal["InProgress", "Failed"],
        message: str | None = None,
        *,
        secret_id: str | Secret | None = None,
        optional: bool = False,
    ) -> Fault:
        """Hold back replicas of secrets in another account, as AWS's replication may take its time, or fail.

        As long as the fault stands, whatever would be replicated to such a replica isn't, and both sides show the
        status. Once it ends, a replica whose status is InProgress gets what it has missed. One whose status is
        Failed gets it with the next change of the primary's values or labels, or when AssociateCrossAccountReplica
        is called again.

        Args:
            status: "InProgress" or "Failed".
            message: StatusMessage on both sides; by default none for InProgress, and words of ours for Failed.
            secret_id: only the replication between this secret and its other side: the primary or the replica.
            optional: whether the test may end without a replication that is held back.

        Returns:
            The fault. It counts replications, and stands until it is cancelled or its `with` block ends.

        Raises:
            FaultError: if such a fault can never happen.
            TypeError: if an argument has the wrong type.
        """
        checks.check_status_of_replication(status)
        checks.check_message(message)
        selectors: Selectors = {"secret_id": secret_id, "times": None, "optional": optional}
        selection, amount, is_optional = checks.check_selectors(EVERY, selectors)
        effect = HeldReplication(status, message)
        selection = dataclasses.replace(selection, can_hit=effect.can_hit)
        return self._plan_fault(selection, effect, amount, optional=is_optional)

    @property
    def slept(self) -> float:
        """The time that clients would have slept so far, in seconds, if their pauses hadn't been skipped.

        These are the pauses of botocore's back-off between the attempts of a call and, in adaptive mode, the waits
        for the rate limiter. `reset` sets it to 0.
        """
        return self._plan.pauses.slept

    @property
    def skip_pauses(self) -> bool:
        """Whether these pauses are skipped, which is the default. Set it to False to let clients sleep."""
        return self._plan.pauses.are_skipped

    @skip_pauses.setter
    def skip_pauses(self, are_skipped: bool) -> None:
        self._plan.pauses.are_skipped = checks.check_switch("skip_pauses", are_skipped)

    def clear(self) -> None:
        """Cancel all faults that still stand."""
        self._plan.clear()

    def __repr__(self) -> str:
        return f"<Faults {self._plan.faults()}>"

    def _lose(self, operation: str, loss: Loss, after_effect: bool, selectors: Selectors) -> Fault:
        return self._add(operation, Spoiling(Transport(loss), after_effect, loss), selectors)

    def _add(self, operation: str, effect: Effect, selectors: Selectors) -> Fault:
        selection, amount, optional = checks.check_selectors(operation, selectors)
        checks.check_switch("after_effect", getattr(effect, "is_after", False))
        return self._plan_fault(selection, effect, amount, optional=optional)

    def _plan_fault(self, selection: Selection, effect: Effect, amount: Amount, *, optional: bool) -> Fault:
        fault = Fault(selection, effect, amount, optional=optional, line=users_line(), forget=self._plan.forget)
        self._plan.add(fault)
        return fault


def _page(status: int, message: str | None, headers: Mapping[str, str]) -> Transport:
    """Return what a load balancer answers in the service's place: a page of HTML without an error code."""
    reason = message or responses.get(status, "Error")
    body = f"<html><body><h1>{status} {reason}</h1></body></html>".encode()
    return Transport(status=status, headers={**headers, "content-type": "text/html"}, body=body)
