"""What a fault does to an attempt: each effect stands around the rest of the way to the service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from fake_secrets import clock
from fake_secrets.errors import FaultError, FunctionCrash, ServiceError
from fake_secrets.faults.path import Attempt
from fake_secrets.observe.entry import rotation_step
from fake_secrets.service.transport import Answer, Transport, read_timeout

__all__ = ["STALE", "Crash", "Delay", "Effect", "HeldReplication", "Refusal", "Spoiling", "StaleRead"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Ask = Callable[[], Answer]


class Effect(Protocol):
    """What a fault does to an attempt.

    `ends_attempt` says whether the client gets no regular answer. Of the faults that do so, only the first one
    that matches an attempt hits it.
    """

    ends_attempt: ClassVar[bool]

    def around(self, attempt: Attempt, ask: Ask) -> Answer:
        """Return the answer to an attempt.

        Args:
            attempt: the attempt.
            ask: goes the rest of the way, and returns the service's answer.
        """
        ...

    def __str__(self) -> str:
        """What happens, for a repr and for a timeline."""
        ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """AWS refuses the request, or did what it asks and gives an error nevertheless.

    Args:
        error: the error.
        transport: how it travels.
        is_after: whether the service answers first.
    """

    error: ServiceError
    transport: Transport | None
    is_after: bool
    ends_attempt: ClassVar[bool] = True

    def around(self, attempt: Attempt, ask: Ask) -> Answer:
        """Refuse the request."""
        if not self.is_after:
            answer = attempt.path.refuse(attempt.request, self.error)
        elif (answer := ask()).error is None:
            answer = Answer({}, self.error)
        answer.transport = self.transport
        return answer

    def __str__(self) -> str:
        return self.error.code + " after the effect" * self.is_after


@dataclass(frozen=True, slots=True)
class Spoiling:
    """The answer doesn't arrive, or not as the service gave it.

    Args:
        transport: what happens to the answer.
        is_after: whether the service gets the request.
        what: what happens, in a few words.
    """

    transport: Transport
    is_after: bool
    what: str
    ends_attempt: ClassVar[bool] = True

    def around(self, attempt: Attempt, ask: Ask) -> Answer:  # noqa: ARG002 -- as for all effects
        """Spoil the answer."""
        answer = ask() if self.is_after else Answer({})
        answer.transport = self.transport
        return answer

    def __str__(self) -> str:
        return self.what + " after the effect" * self.is_after


@dataclass(frozen=True, slots=True)
class Crash:
    """The rotation function that makes the call dies.

    Args:
        is_after: whether the call takes effect before.
    """

    is_after: bool
    ends_attempt: ClassVar[bool] = True

    def around(self, attempt: Attempt, ask: Ask) -> Answer:
        """Kill the function.

        Raises:
            FaultError: if no rotation function makes the call.
            FunctionCrash: otherwise.
        """
        step, operation = rotation_step.get(), attempt.request.operation
        where = "after" if self.is_after else "before"
        if step is None or step.is_over:
            msg = (
                f"crash_{where} met a call of {operation} that no rotation function makes. Only a rotation "
                "function can crash: run it with RotateSecret, fake_secrets.rotate or fake_secrets.invoke. Or "
                'plan the crash for one of its steps, such as step="createSecret".'
            )
            raise FaultError(msg)
        if self.is_after:
            ask()
        step.death = FunctionCrash(f"planned by fake_secrets.faults: crash {where} {operation}")
        raise step.death

    def __str__(self) -> str:
        return f"crash {'after' if self.is_after else 'before'} the effect"


# The operations that may read an earlier state.
STALE = frozenset(
    {"BatchGetSecretValue", "DescribeSecret", "GetSecretValue", "ListSecretVersionIds", "ListSecrets"}
)


@dataclass(frozen=True, slots=True)
class StaleRead:
    """A read sees the state before the last write.

    Args:
        is_brief: whether reads see the present as soon as the clock has moved on from the last write.
        secret_id: the secret whose last write is missed, for a read that names several secrets.
    """

    is_brief: bool
    secret_id: str | None = None
    # No other fault may end an attempt that reads an earlier state.
    ends_attempt: ClassVar[bool] = True

    def can_hit(self, attempt: Attempt) -> bool:
        """Return whether an attempt is a read, and there was a write that it can miss."""
        if attempt.request.operation not in STALE:
            return False
        since = clock.now() if self.is_brief else None
        return attempt.path.was_written(attempt.request, self.secret_id, since)

    def around(self, attempt: Attempt, ask: Ask) -> Answer:  # noqa: ARG002 -- no effect is further inside
        """Answer the read."""
        return attempt.path.read_stale(attempt.request, self.secret_id)

    def __str__(self) -> str:
        return "stale read"


@dataclass(frozen=True, slots=True)
class HeldReplication:
    """Nothing reaches the replica of a secret in another account. It concerns no attempt, but what follows a call.

    Args:
        status: what both sides show.
        message: why; None for words of ours.
    """

    status: Literal["InProgress", "Failed"]
    message: str | None
    ends_attempt: ClassVar[bool] = False

    @property
    def shown(self) -> tuple[Literal["InProgress", "Failed"], str | None]:
        """The status, and StatusMessage."""
        is_told = self.message is None and self.status == "Failed"
        return self.status, "Replication failed." if is_told else self.message

    def can_hit(self, attempt: Attempt) -> bool:  # noqa: ARG002 -- as for all effects
        """Return False: it hits no attempt."""
        return False

    def around(self, attempt: Attempt, ask: Ask) -> Answer:  # noqa: ARG002 -- as for all effects
        """Answer the attempt as ever."""
        return ask()

    def __str__(self) -> str:
        return f"replication {self.status}"


@dataclass(frozen=True, slots=True)
class Delay:
    """The answer takes long, by the test's clock. A client gives up after its read time-out.

    Args:
        seconds: how long.
        is_after: whether the call takes effect before the time passes.
    """

    seconds: float
    is_after: bool
    ends_attempt: ClassVar[bool] = False

    def around(self, attempt: Attempt, ask: Ask) -> Answer:
        """Let time pass before or after the effect.

        Raises:
            BaseException: if the rotation function that makes the call has timed out by then.
        """
        patience = read_timeout.get()
        waited = self.seconds if patience is None else min(self.seconds, patience)
        if not self.is_after:
            self._wait(attempt, waited)
            attempt.request.now = clock.now()
        # Another delay finds what is left of the time-out.
        left = read_timeout.set(None if patience is None else patience - waited)
        try:
            answer = ask()
        finally:
            read_timeout.reset(left)
        if self.is_after:
            self._wait(attempt, waited)
        is_lost = patience is not None and patience <= self.seconds
        if is_lost and not _never_connects(answer.transport):
            # The service has answered, but nobody waits any more.
            answer.transport = Transport("read time-out")
        return answer

    @staticmethod
    def _wait(attempt: Attempt, seconds: float) -> None:
        """Let time pass, but no more than the rotation function has: Lambda stops it then."""
        step = rotation_step.get()
        if step is not None and not step.is_over and step.deadline is not None:
            seconds = min(seconds, max(0.0, step.deadline - clock.now()))
        attempt.path.pass_time(seconds)

    def __str__(self) -> str:
        return f"delay of {self.seconds:g} s" + " after the effect" * self.is_after


def _never_connects(transport: Transport | None) -> bool:
    return transport is not None and transport.loss in {"connect time-out", "DNS failure"}
