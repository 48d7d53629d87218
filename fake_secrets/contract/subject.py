"""The subject of a check: the rotation function, and what the user says about its secret and service."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fake_secrets.contract.catalogue import CATALOGUE
from fake_secrets.contract.defaults import NAME
from fake_secrets.errors import ServiceError
from fake_secrets.iam.grants import Grant
from fake_secrets.options import check_callable
from fake_secrets.rotation.invocation import LONGEST_TIMEOUT
from fake_secrets.service.rules.constraints import Shape, check
from fake_secrets.service.rules.schedule import check_rules, mistake_in
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPREVIOUS
from fake_secrets.service.state.key_names import is_default_key, why_unusable
from fake_secrets.service.state.seed_forms import doubts, first_label
from fake_secrets.suggestions import check_choice

__all__ = ["Subject"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_DAYS = re.compile(r"\d+")
_CONSUMED = "a consumer of the secret is called without arguments"
# The bounds of the service model.
_RULES = {
    "AutomaticallyAfterDays": Shape("integer", 1, 1000),
    "ScheduleExpression": Shape("string", 1, 256, r"[0-9A-Za-z\(\)#\?\*\-\/, ]+"),
}
_SCHEDULED = Shape("structure", members={"RotationRules": Shape("structure", members=_RULES)})
_CALLED = "a rotation function is called as handler(event, context)"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked, and with what.

    Args:
        handler: the rotation function.
        secret: the value of AWSCURRENT; None for a secret without a value.
        previous: the value of AWSPREVIOUS; None if there is none.
        other_secrets: other secrets of the world, name to value.
        arns: the ARNs of those other secrets that were given by ARN, by name.
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
        grant: what the function's role may do; None for the permissions that AWS documents.
        kms_key_id: the KMS key that encrypts the secret; None for the default key.
    """

    handler: Callable[[Any, Any], object] = field(repr=False)
    secret: Any = field(repr=False)
    previous: Any = field(default=None, repr=False)
    other_secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    arns: Mapping[str, str] = field(default_factory=dict)
    service: Callable[[], object] | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    name: str = NAME
    region: str | None = None
    account_id: str = "123456789012"
    tags: Mapping[str, str] | None = None
    schedule: int | str | None = None
    allow: Mapping[str, str] = field(default_factory=dict)
    timeout: float = LONGEST_TIMEOUT
    consumers: Sequence[Callable[[], object]] = ()
    grant: Grant | None = field(default=None, repr=False)
    kms_key_id: str | None = None

    def __post_init__(self) -> None:
        check_callable(self.handler, _CALLED)
        _check_runs(self.handler, _CALLED)
        _check_parameters(self.handler, ({}, None), _CALLED)
        for consumer in self.consumers:
            check_callable(consumer, _CONSUMED)
            _check_runs(consumer, _CONSUMED)
            _check_parameters(consumer, (), _CONSUMED)
        for argument, label, value in (
            ("secret", AWSCURRENT, self.secret),
            ("previous", AWSPREVIOUS, self.previous),
        ):
            _check_value(argument, value)
            _check_is_no_label_map(argument, label, value)
        for name, value in self.other_secrets.items():
            _check_value(f"other_secrets[{name!r}]", value)
        for name in self.allow:
            check_choice("allow", name, CATALOGUE.keys())
        for name, reason in self.allow.items():
            if not str(reason or "").strip():
                msg = f"allow={{{name!r}: ...}} needs a reason: why is this deviation expected?"
                raise ValueError(msg)
        _check_schedule(self.schedule, self.rules)
        _check_timeout(self.timeout)
        _check_key(self.kms_key_id)
        service: object = self.service
        if service is not None and not callable(service):
            msg = (
                f"service={type(service).__name__} object can't be called. Pass the class, or a function that "
                "makes a new service double, because each scenario needs a fresh one."
            )
            raise TypeError(msg)
        if service is not None:
            _check_needs_nothing(service)
        if self.consumers and service is None:
            msg = (
                "consumers= needs service=, because only a service double can tell whether the value that a "
                "consumer gets works. Pass the class of a service double, or leave consumers= out."
            )
            raise ValueError(msg)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of all secrets of the world."""
        return (self.name, *self.other_secrets)

    @property
    def doubts(self) -> list[str]:
        """What is hardly meant in the other secrets as it is written, in sentences."""
        return doubts(self.other_secrets)

    @property
    def has_key(self) -> bool:
        """Whether the customer's own key encrypts the secret, so that the function's role needs it."""
        return not is_default_key(self.kms_key_id)

    @property
    def rules(self) -> dict[str, Any] | None:
        """The RotationRules of the schedule, or None."""
        schedule: object = self.schedule
        if isinstance(schedule, int) or (isinstance(schedule, str) and _DAYS.fullmatch(schedule)):
            return {"AutomaticallyAfterDays": int(schedule)}
        return None if schedule is None else {"ScheduleExpression": schedule}

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


def _check_needs_nothing(service: Any) -> None:
    """Check that what makes a service double can be called without arguments, as far as its signature says so."""
    try:
        signature = inspect.signature(service)
    except (TypeError, ValueError):
        return
    try:
        signature.bind()
    except TypeError as error:
        name = getattr(service, "__qualname__", type(service).__name__)
        msg = (
            f"service= is called without arguments for each scenario, and {name} takes {signature}. Write "
            f"functools.partial({name}, ...) with the arguments."
        )
        raise TypeError(msg) from error


def _check_runs(function: Callable[..., object], called: str) -> None:
    """Check that a call runs the function, and doesn't only make a generator."""
    # An object's `__call__` is on its class.
    for one in (function, type(function).__call__):
        if inspect.isgeneratorfunction(one) or inspect.isasyncgenfunction(one):
            name = getattr(function, "__qualname__", type(function).__name__)
            msg = f"{called}; {name} is a generator function, and calling it runs nothing of it. Remove its yield"
            raise TypeError(msg)


def _check_schedule(schedule: object, rules: Mapping[str, Any] | None) -> None:
    """Check a schedule as AWS does.

    Args:
        schedule: the schedule as given.
        rules: the RotationRules that it makes.
    """
    if not isinstance(schedule, int | str | None):
        msg = f"schedule= takes a number of days or a schedule expression, not {type(schedule).__name__}"
        raise TypeError(msg)
    if rules is None:
        return
    try:
        check(_SCHEDULED, {"RotationRules": rules})
        check_rules(rules)
    except ServiceError as error:
        mistake = f" {hint[0].upper()}{hint[1:]}" if (hint := mistake_in(rules)) else ""
        msg = f"schedule={schedule!r} is refused by AWS: {error.code}: {error.message}{mistake}"
        raise ValueError(msg) from None


def _check_timeout(timeout: object) -> None:
    if isinstance(timeout, bool) or not isinstance(timeout, int | float):
        msg = f"timeout= takes the function's time-out in seconds, not {type(timeout).__name__}"
        raise TypeError(msg)
    if not 0 < timeout <= LONGEST_TIMEOUT:
        msg = f"timeout={timeout!r} isn't a number of seconds above 0 and at most {LONGEST_TIMEOUT}"
        raise ValueError(msg)


def _check_key(key_id: object) -> None:
    if key_id is None:
        return
    if not isinstance(key_id, str):
        msg = f"kms_key_id= takes a KMS key as a str, not {type(key_id).__name__}"
        raise TypeError(msg)
    if (reason := why_unusable(key_id)) is not None:
        msg = f"kms_key_id={key_id!r} {reason}"
        raise ValueError(msg)


def _check_value(name: str, value: object) -> None:
    if value is not None and not isinstance(value, str | bytes | Mapping):
        msg = f"{name}= takes a dict, str or bytes, not {type(value).__name__}"
        raise TypeError(msg)


def _check_is_no_label_map(argument: str, label: str, value: object) -> None:
    if (key := first_label(value)) is not None:
        msg = (
            f"{argument}= takes the value of {label} alone, and {key!r} is a staging label, or nearly one. Give "
            "the value of AWSCURRENT as secret=, that of AWSPREVIOUS as previous=, and JSON with such a key as a "
            "str."
        )
        raise ValueError(msg)
