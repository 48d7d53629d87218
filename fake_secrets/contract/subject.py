"""The subject of a check: the rotation function, and what the user says about its secret and service."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fake_secrets.contract.catalogue import CATALOGUE
from fake_secrets.options import check_callable
from fake_secrets.rotation.invocation import LONGEST_TIMEOUT
from fake_secrets.suggestions import check_choice

__all__ = ["Subject"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_DAYS = re.compile(r"\d+")
_CONSUMED = "a consumer of the secret is called without arguments"
_CALLED = "a rotation function is called as handler(event, context)"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked, and with what.

    Args:
        handler: the rotation function.
        secret: the value of AWSCURRENT; None for a secret without a value.
        previous: the value of AWSPREVIOUS; None if there is none.
        other_secrets: other secrets of the world, name to value.
        service: makes the service double; None if there is none.
        environment: the function's environment variables.
        name: the secret's name.
        region: the region; None for the default.
        account_id: the account.
        tags: the secret's tags.
        schedule: days between rotations, or a schedule expression; None if there is no schedule.
        allow: the deviations that are expected: stable name to reason.
        timeout: the function's time-out in seconds. Lambda's longest is the default: a loop that waits for ever
            ends.
        consumers: functions of the code under test that read the secret.
    """

    handler: Callable[[Any, Any], object] = field(repr=False)
    secret: Any = field(repr=False)
    previous: Any = field(default=None, repr=False)
    other_secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    service: Callable[[], object] | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    name: str = "prod/rotated"
    region: str | None = None
    account_id: str = "123456789012"
    tags: Mapping[str, str] | None = None
    schedule: int | str | None = None
    allow: Mapping[str, str] = field(default_factory=dict)
    timeout: float = LONGEST_TIMEOUT
    consumers: Sequence[Callable[[], object]] = ()

    def __post_init__(self) -> None:
        check_callable(self.handler, _CALLED)
        _check_parameters(self.handler, ({}, None), _CALLED)
        for consumer in self.consumers:
            check_callable(consumer, _CONSUMED)
            _check_parameters(consumer, (), _CONSUMED)
        _check_value("secret", self.secret)
        _check_value("previous", self.previous)
        for name, value in self.other_secrets.items():
            _check_value(f"other_secrets[{name!r}]", value)
        for name in self.allow:
            check_choice("allow", name, CATALOGUE.keys())
        for name, reason in self.allow.items():
            if not str(reason or "").strip():
                msg = f"allow={{{name!r}: ...}} needs a reason: why is this deviation expected?"
                raise ValueError(msg)
        schedule: object = self.schedule
        if not isinstance(schedule, int | str | None):
            msg = f"schedule= takes a number of days or a schedule expression, not {type(schedule).__name__}"
            raise TypeError(msg)
        _check_timeout(self.timeout)
        service: object = self.service
        if service is not None and not callable(service):
            msg = (
                f"service={type(service).__name__} object can't be called. Pass the class, or a function that "
                "makes a new service double, because each scenario needs a fresh one."
            )
            raise TypeError(msg)

    @property
    def rules(self) -> dict[str, Any] | None:
        """The RotationRules of the schedule, or None."""
        if self.schedule is None:
            return None
        if isinstance(self.schedule, int) or _DAYS.fullmatch(self.schedule):
            return {"AutomaticallyAfterDays": int(self.schedule)}
        return {"ScheduleExpression": self.schedule}

    @property
    def function(self) -> str:
        """The rotation function as ``module:function``."""
        function = inspect.unwrap(self.handler)
        named = function if hasattr(function, "__qualname__") else type(function)
        return f"{named.__module__}:{named.__qualname__}"

    @property
    def call(self) -> str:
        """The beginning of a line of code that checks this."""
        name = getattr(inspect.unwrap(self.handler), "__name__", "handler")
        return f"check_rotation({name if name.isidentifier() else 'handler'}, ..."

    def with_secret(self, secret: Any, **changes: Any) -> Subject:
        """Return the same with another secret value."""
        return replace(self, secret=secret, **changes)


def _check_parameters(function: Callable[..., object], args: tuple[object, ...], called: str) -> None:
    """Check that a function can be called with some arguments, as far as its signature says so."""
    try:
        # Not that of a wrapped function: a decorator may add arguments.
        signature = inspect.signature(function, follow_wrapped=False)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*args)
    except TypeError as error:
        msg = f"{called}; {getattr(function, '__qualname__', 'this one')} takes {signature}"
        raise TypeError(msg) from error


def _check_timeout(timeout: object) -> None:
    if isinstance(timeout, bool) or not isinstance(timeout, int | float):
        msg = f"timeout= takes the function's time-out in seconds, not {type(timeout).__name__}"
        raise TypeError(msg)
    if not 0 < timeout <= LONGEST_TIMEOUT:
        msg = f"timeout={timeout!r} isn't a number of seconds above 0 and at most {LONGEST_TIMEOUT}"
        raise ValueError(msg)


def _check_value(name: str, value: object) -> None:
    if value is not None and not isinstance(value, str | bytes | Mapping):
        msg = f"{name}= takes a dict, str or bytes, not {type(value).__name__}"
        raise TypeError(msg)
