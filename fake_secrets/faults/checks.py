"""Checks of planned faults: a fault that can never happen is refused at the line that plans it."""

from __future__ import annotations

import datetime
import math
import re
from typing import TYPE_CHECKING, Any

from fake_secrets.clock import SECONDS_PER_DAY
from fake_secrets.errors import FaultError, ServiceError
from fake_secrets.faults.codes import COMMON, MODELLED
from fake_secrets.faults.path import NAMING_NO_SECRET
from fake_secrets.faults.selection import EVERY, Amount, Selection
from fake_secrets.iam.principals import credentials_of
from fake_secrets.observe.view import secret_id_of
from fake_secrets.service.dispatch import OPERATIONS
from fake_secrets.service.rules.steps import STEPS
from fake_secrets.service.state.index import check_secret_id
from fake_secrets.suggestions import meant_or_all

if TYPE_CHECKING:
    from fake_secrets.faults.selection import Selectors

__all__ = [
    "check_body",
    "check_connecting",
    "check_error",
    "check_message",
    "check_reads",
    "check_retry_after",
    "check_seconds",
    "check_selectors",
    "check_status_of_replication",
    "check_switch",
]

__tracebackhide__ = True  # a traceback ends at the line that plans a fault

# Ten years, in seconds: no client waits longer, and there are dates for it.
_LONGEST = 3650 * SECONDS_PER_DAY
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_HELD_BACK = ("InProgress", "Failed")
# An answer with a status below these may have no body, such as 304.
_ERRORS = range(400, 600)


def check_error(error: object, status: object) -> None:
    """Check the error of a fault: an error code that AWS gives, or an HTTP status.

    Raises:
        FaultError: if it is none.
    """
    if isinstance(error, int) and not isinstance(error, bool):
        if status is not None:
            msg = f"error={error!r} is the HTTP status already, so leave out status={status!r}"
            raise FaultError(msg)
        _check_status("error", error)
        return
    if status is not None:
        _check_status("status", status)
    known = [*MODELLED, *COMMON]
    if error not in known:
        how = "Use an error code of Secrets Manager, a common one, or an HTTP status."
        if isinstance(error, str) and error.isdecimal():
            msg = f"AWS gives no error {error!r}; an HTTP status is an int: {error}. {how}"
        else:
            msg = f"AWS gives no error {error!r}{meant_or_all(error, known, f'{how} The codes are:')}"
        raise FaultError(msg)


def check_retry_after(seconds: object) -> str:
    """Return the value of the header ``x-amz-retry-after``, in milliseconds.

    Raises:
        FaultError: if it is no number of seconds.
    """
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds < math.inf:
        msg = f"retry_after={seconds!r} isn't a number of seconds"
        raise FaultError(msg)
    return str(round(seconds * 1000))


def check_message(message: object) -> None:
    """Check the message of an error.

    Raises:
        TypeError: if it is neither a str nor None.
    """
    if message is not None and not isinstance(message, str):
        msg = f"message is a str, not {type(message).__name__}"
        raise TypeError(msg)


def check_connecting(*, connecting: bool, after_effect: bool) -> None:
    """Refuse an effect of a call whose connection is never made.

    Raises:
        FaultError: if both are true.
        TypeError: if either isn't a bool.
    """
    check_switch("connecting", connecting)
    check_switch("after_effect", after_effect)
    if connecting and after_effect:
        msg = "without a connection a call has no effect: leave out connecting=True or after_effect=True"
        raise FaultError(msg)


def check_body(body: object) -> None:
    """Check the body of an answer.

    Raises:
        TypeError: if it isn't bytes.
    """
    if not isinstance(body, bytes):
        msg = f"body is bytes, not {type(body).__name__}"
        raise TypeError(msg)


def check_reads(reads: object) -> None:
    """Check the number of stale reads.

    Raises:
        FaultError: if it is less than one.
        TypeError: if it is neither an int nor None.
    """
    if reads is not None:
        _check_number("reads", reads, 1)


def check_seconds(seconds: object) -> float:
    """Return the length of a delay in seconds.

    Raises:
        FaultError: if it isn't above 0, or is longer than ten years.
        TypeError: if it is neither a number nor a timedelta.
    """
    if isinstance(seconds, datetime.timedelta):
        number = seconds.total_seconds()
    elif isinstance(seconds, int | float) and not isinstance(seconds, bool):
        number = float(seconds)
    else:
        msg = f"seconds is a number or a timedelta, not {seconds!r}"
        raise TypeError(msg)
    if not 0 < number <= _LONGEST:
        msg = f"seconds={seconds!r} isn't a number of seconds above 0, up to ten years"
        raise FaultError(msg)
    return number


def check_status_of_replication(status: object) -> None:
    """Check the status of a replication that is held back.

    Raises:
        FaultError: if it is none in which a replica waits.
    """
    if status not in _HELD_BACK:
        msg = f"status={status!r} holds no replica back{meant_or_all(status, _HELD_BACK, 'Use one of:')}"
        raise FaultError(msg)


def check_switch(name: str, value: object) -> bool:
    """Return an argument that is True or False.

    Raises:
        TypeError: if it is neither.
    """
    if not isinstance(value, bool):
        msg = f"{name} is True or False, not {value!r}"
        raise TypeError(msg)
    return value


def check_selectors(operation: object, selectors: Selectors) -> tuple[Selection, Amount, bool]:
    """Check which attempts a fault is for, and how many of them.

    Returns:
        The selection, the amount, and whether the fault is optional.

    Raises:
        FaultError: if no attempt could ever match.
        TypeError: if an argument is unknown or has the wrong type.
    """
    given: dict[str, Any] = {name: value for name, value in selectors.items() if name in _SELECTORS}
    if len(given) < len(selectors):
        unknown = ", ".join(sorted(selectors.keys() - given.keys()))
        heading = "Beside the arguments of the method itself, it takes:"
        msg = f"a fault takes no argument {unknown}{meant_or_all(unknown, _SELECTORS, heading)}"
        raise TypeError(msg)
    name = _check_operation(operation)
    when = given.get("when")
    if when is not None and not callable(when):
        msg = f"when is a function that takes a Call, not {when!r}"
        raise TypeError(msg)
    selection = Selection(
        name,
        _check_secret_id(name, secret_id_of(given.get("secret_id"))),
        _check_step(given.get("step")),
        _check_principal(given.get("principal")),
        when,
    )
    return selection, _check_amount(given), check_switch("optional", given.get("optional", False))


_SELECTORS = ("secret_id", "step", "principal", "when", "times", "calls", "after", "optional")


def _check_operation(operation: object) -> str:
    if isinstance(operation, str) and (operation == EVERY or operation in OPERATIONS):
        return operation
    heading = 'Use "*" for any, or one of:'
    msg = f"there is no operation {operation!r}{meant_or_all(operation, OPERATIONS, heading)}"
    raise FaultError(msg)


def _check_secret_id(operation: str, secret_id: object) -> str | None:
    if secret_id is None:
        return None
    if not isinstance(secret_id, str):
        msg = f"secret_id is a str (a name or an ARN) or a Secret, not {type(secret_id).__name__}"
        raise TypeError(msg)
    try:
        check_secret_id(secret_id or " ")
    except ServiceError:
        msg = f"secret_id={secret_id!r} can't be the name or the ARN of a secret"
        raise FaultError(msg) from None
    if operation in NAMING_NO_SECRET:
        msg = f"{operation} names no secret, so a fault for secret_id={secret_id!r} never happens. Leave it out."
        raise FaultError(msg)
    return secret_id


def _check_step(step: object) -> str | None:
    if step is None:
        return None
    if isinstance(step, str) and step in STEPS:
        return step
    msg = f"there is no rotation step {step!r}{meant_or_all(step, STEPS, 'The steps are:')}"
    raise FaultError(msg)


def _check_principal(principal: object) -> str | None:
    if principal is None:
        return None
    if not isinstance(principal, str):
        msg = f"principal is a str, not {type(principal).__name__}"
        raise TypeError(msg)
    if _ACCOUNT.fullmatch(principal) is None:
        try:
            credentials_of(principal)
        except ValueError as error:
            raise FaultError(str(error)) from None
    return principal


def _check_amount(given: dict[str, Any]) -> Amount:
    calls, after = given.get("calls"), given.get("after", 0)
    if calls is not None and "times" in given:
        msg = "a fault takes times=, which counts attempts, or calls=, which counts calls, but not both"
        raise FaultError(msg)
    times = given.get("times", 1)
    for name, number, least in (("times", times, 1), ("calls", calls, 1), ("after", after, 0)):
        if number is not None or name == "after":
            _check_number(name, number, least)
    return Amount(times, calls, after)


def _check_number(name: str, number: object, least: int) -> None:
    if not isinstance(number, int) or isinstance(number, bool):
        msg = f"{name} is an int, not {number!r}"
        raise TypeError(msg)
    if number < least:
        msg = f"{name}={number} is too small: it is at least {least}"
        raise FaultError(msg)


def _check_status(name: str, status: object) -> None:
    if not isinstance(status, int) or isinstance(status, bool) or status not in _ERRORS:
        msg = f"{name}={status!r} isn't an HTTP status of an error, from 400 to 599"
        raise FaultError(msg)
