"""What a scenario records: the deliveries of the function, its calls, and the state after each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

from fake_secrets.contract.own_lines import OwnLine
from fake_secrets.contract.values import Raw
from fake_secrets.errors import refusal_in
from fake_secrets.rotation.crashes import TimedOut
from fake_secrets.service.rules.operation_kinds import READS
from fake_secrets.slotted import slotted

__all__ = [
    "NOT_FOUND",
    "SUCCEEDED",
    "Boundary",
    "Delivery",
    "Place",
    "State",
    "chain_of",
    "code_of",
    "innermost_of",
]

Place = Literal["secretsmanager", "service", "aws"]

SUCCEEDED = "succeeded"
NOT_FOUND = "ResourceNotFoundException"


@dataclass(frozen=True, slots=True)
class State:
    """The secret and the service at one moment.

    Args:
        labels: staging label to version id.
        values: version id to value, of all versions that have one.
        accepts: id of a version with a label to whether the service accepts its value; empty if the service can't
            tell.
        strangers: how many credentials the service accepts that are in no version; None if it can't tell.
        count: how many credentials the service accepts; None if it can't tell.
        service: what the service accepts, to compare.
        removed: the ids of the versions that no longer exist.
        unlabelled: the same as `accepts` for the versions without a label. Pictures show it. Nothing is judged by
            it, since nobody reads these values.
    """

    labels: Mapping[str, str]
    values: Mapping[str, Raw] = field(repr=False)
    accepts: Mapping[str, bool] = field(default_factory=dict)
    strangers: int | None = None
    count: int | None = None
    service: object = field(default=None, repr=False)
    removed: frozenset[str] = frozenset()
    unlabelled: Mapping[str, bool] = field(default_factory=dict, compare=False)

    @property
    def is_refused(self) -> bool:
        """Whether the service accepts the value of no version, as far as it can tell."""
        return bool(self.accepts) and not any(self.accepts.values())


@slotted
class Boundary:
    """One call of the rotation function.

    Args:
        step: the step of its delivery.
        number: its number in the delivery, from 1.
        place: whether it is a call of Secrets Manager, of the service double, or of another AWS client.
        name: the operation or the method.
        key: what tells it from other calls of the same operation, to recognise a repetition.
        line: the line of the function that makes it; None if it is unknown.
        arguments: its arguments.
        order: its number in the trial, from 1: calls of two deliveries can alternate.

    `outcome` is ``succeeded``, an error code, or the name of an exception, which is `error` if the service has
    raised it. `mark` says what the scenario did to it. `before` and `after` are the states around it. `result` is
    what it returned, and `texts` are the texts in there at that time, if it is a call of the service: the function
    may close a stream later.
    """

    step: str
    number: int
    place: Place
    name: str
    key: object = field(repr=False)
    line: OwnLine | None = None
    arguments: object = field(default=None, repr=False)
    order: int = 0
    outcome: str = ""
    mark: str | None = None
    before: State | None = field(default=None, repr=False)
    after: State | None = field(default=None, repr=False)
    result: object = field(default=None, repr=False)
    error: BaseException | None = field(default=None, repr=False)
    texts: frozenset[str | bytes] = field(default=frozenset(), repr=False)

    @property
    def has_succeeded(self) -> bool:
        """Whether the function got an answer, and not an error."""
        return self.outcome == SUCCEEDED

    @property
    def is_read(self) -> bool:
        """Whether it is a call of Secrets Manager that changes nothing."""
        return self.place == "secretsmanager" and self.name.startswith(READS)

    @property
    def members(self) -> Mapping[str, Any]:
        """The members of the request, if it is a call of an AWS client; empty otherwise."""
        return self.arguments if isinstance(self.arguments, dict) else {}

    @property
    def has_effect(self) -> bool:
        """Whether it has succeeded, and is no mere read of Secrets Manager."""
        return self.has_succeeded and not self.is_read

    @property
    def has_changed_service(self) -> bool:
        """Whether it has changed what the service accepts."""
        before, after = self.before, self.after
        if before is None or after is None:
            return False
        return before.accepts != after.accepts or before.service != after.service

    @property
    def is_of_service(self) -> bool:
        """Whether it is a call of the service double or of another AWS client."""
        return self.place != "secretsmanager"


@slotted
class Delivery:
    """One invocation of the rotation function.

    Args:
        step: the step of its event.
        number: which attempt of the rotation it belongs to, from 1.
        why: what the scenario delivers it for, if the rotation itself doesn't; None otherwise.

    `error` is what came out of the function. `death` is what has killed it. `line` is the line of the function
    where the error was raised. `before` and `after` are the states around it.
    """

    step: str
    number: int = 1
    why: str | None = None
    boundaries: list[Boundary] = field(default_factory=list)
    before: State | None = field(default=None, repr=False)
    after: State | None = field(default=None, repr=False)
    error: BaseException | None = field(default=None, repr=False)
    death: BaseException | None = field(default=None, repr=False)
    line: OwnLine | None = None
    is_over: bool = False

    @property
    def has_passed(self) -> bool:
        """Whether the function returned."""
        return self.is_over and self.error is None

    @property
    def has_timed_out(self) -> bool:
        """Whether it took longer than the function's time-out."""
        return isinstance(self.error, TimedOut)

    @property
    def service_line(self) -> OwnLine | None:
        """The line of the last call of the service; None if there is no such call."""
        return next((one.line for one in reversed(self.boundaries) if one.is_of_service), None)

    @property
    def last_failed(self) -> Boundary | None:
        """The last call if it failed; None otherwise."""
        last = self.boundaries[-1] if self.boundaries else None
        return last if last is not None and not last.has_succeeded else None

    def let_go(self) -> None:
        """Let go of the frames in the tracebacks of its errors: the function's clients are in them."""
        for error in chain_of(self.error, self.death, *(boundary.error for boundary in self.boundaries)):
            # Not by the attribute, which a frozen exception refuses to change.
            BaseException.with_traceback(error, None)


def code_of(error: BaseException) -> str | None:
    """Return the error code of a client's error; None if it is any other exception."""
    code = refusal_in(error).get("Code")
    return code if isinstance(code, str) else None


def chain_of(*errors: BaseException | None) -> Iterator[BaseException]:
    """Yield exceptions, their causes and their contexts, each once."""
    ahead, seen = [*errors], set[int]()
    while ahead:
        error = ahead.pop()
        if error is not None and id(error) not in seen:
            seen.add(id(error))
            ahead += [error.__cause__, error.__context__]
            yield error


def innermost_of(error: BaseException) -> TracebackType | None:
    """Return the part of an exception's traceback where it was raised; None if it has none."""
    innermost = error.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    return innermost
