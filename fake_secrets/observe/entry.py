"""An entry of the ledger, and the running step of a rotation that an entry belongs to."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from fake_secrets.service.state.copying import Copying
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.request_model import Request
from fake_secrets.slotted import slotted

__all__ = ["Entry", "RunningStep", "rotation_step"]

# What the operation of an entry begins with if it is no call.
_NO_CALL = frozenset("(\N{EM DASH}")


class RunningStep:
    """A step that a rotation function is running. A task that outlives the step still sees it, marked as over.

    Args:
        name: the step's name.
        deadline: when the function times out, in epoch seconds; None if it never does.
        rotation: the rotation's token; None if the step belongs to no rotation.
        is_recorded: whether the function's errors are recorded, so that any exception may be its death.
        function: the function's ARN; None if it has none.

    `death` is the exception that has killed the function, if one has. `handled` is the exception that the test
    handled when the step began. `entries` has what the ledger has recorded of the step.
    """

    __slots__ = (
        "_outer",
        "deadline",
        "death",
        "entries",
        "function",
        "handled",
        "is_over",
        "is_recorded",
        "name",
        "rotation",
    )

    def __init__(
        self,
        name: str | None,
        deadline: float | None = None,
        rotation: str | None = None,
        *,
        is_recorded: bool = False,
        function: str | None = None,
    ) -> None:
        self.name = name
        self.function = function
        self.rotation = rotation
        self.deadline = deadline
        self.is_recorded = is_recorded
        self.is_over = False
        self.death: BaseException | None = None
        self.handled: BaseException | None = None
        self.entries: list[Entry] = []
        self._outer: RunningStep | None = None

    def __enter__(self) -> None:
        """Begin the step here."""
        self.handled = sys.exception()
        self._outer = rotation_step.get()
        rotation_step.set(self)

    def __exit__(self, *exception: object) -> None:
        """End the step."""
        self.is_over = True
        rotation_step.set(self._outer)

    def result_of(self, result: object) -> object:
        """Return the function's result, unless the function is dead.

        Raises:
            BaseException: what has killed the function, which went on nevertheless.
        """
        if self.death is not None:
            raise self.death
        return result


# The step that is running here. The ledger notes it with each call.
rotation_step: ContextVar[RunningStep | None] = ContextVar("fake_secrets_rotation_step", default=None)


@slotted
class Entry:
    """What the ledger keeps of one call, or of a change without a call: the secret and its labels afterwards.

    Args:
        request: the request, without secret values. A change without a call has a request that nobody has
            made: its operation is in parentheses or between dashes.
        outcome: ``succeeded``, ``seeded``, AWS's error code, or the name of an exception.
        step: the rotation step that made the call.
        rotation: the token of the rotation whose step made the call.
        secret: the secret that the call was about; None if it names no existing secret.
        labels: the secret's labels after the call.
        version_count: the number of versions that the secret ever had, after the call.
        event_count: the number of events before the call. Those that come of the call follow it.
        message: AWS's message, if it refused the request.
        response: the members of the response that CloudTrail's records of this call need.
        living: the number of versions that the secret has, after the call.
        empty: the ids of those that have no value, after the call.
        function: the ARN of the rotation function that made the call; None for any other call.
        copying: what the call has tried to copy to another account; None if nothing.
    """

    request: Request
    outcome: str
    step: str | None
    rotation: str | None
    secret: StoredSecret | None
    labels: Mapping[str, str]
    version_count: int
    event_count: int
    message: str | None = None
    response: Mapping[str, Any] | None = None
    living: int = 0
    empty: frozenset[str] = frozenset()
    function: str | None = None
    copying: Copying | None = None

    @property
    def operation(self) -> str:
        """The API operation, or what else has changed the secret."""
        return self.request.operation

    @property
    def members(self) -> Mapping[str, Any]:
        """The members of the request. Sensitive values read ``***``."""
        return self.request.members

    @property
    def time(self) -> float:
        """When it happened, epoch seconds."""
        return self.request.now

    @property
    def attempt(self) -> int:
        """Which attempt of its call this is: 1, 2 and so on."""
        return self.request.attempt

    @property
    def fault(self) -> str | None:
        """What the test has planned for the call; None if it has planned nothing."""
        return self.request.fault

    @property
    def is_call(self) -> bool:
        """Whether this is a call, and not a change without a call."""
        return self.request.operation[0] not in _NO_CALL
