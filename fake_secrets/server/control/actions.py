"""The actions of the control API that change a world, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from fake_secrets import clock
from fake_secrets.errors import RequestRefusedError
from fake_secrets.server.control import fault_forms
from fake_secrets.server.control.control_error import ControlError
from fake_secrets.server.control.error_words import class_of
from fake_secrets.service.rules.stages import AWSPENDING

if TYPE_CHECKING:
    from fake_secrets.faults.planned import Fault
    from fake_secrets.rotation.rotation import Rotation
    from fake_secrets.world.handle import FakeSecrets

__all__ = [
    "Controlled",
    "ControlledClock",
    "clear_faults",
    "list_faults",
    "move_clock",
    "plan_fault",
    "read_clock",
    "reset",
    "rotate",
    "seed",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Query = Mapping[str, str]


class ControlledClock(Protocol):
    """The clock of a served world. Times are epoch seconds."""

    def now(self) -> float:
        """Return the world's time."""

    def advance(self, seconds: float) -> None:
        """Let time pass, and do the work that falls due in it.

        Raises:
            ValueError: if the number is below 0.
        """

    def move_to(self, moment: float) -> None:
        """Move the clock to a later time, and do the work that falls due until then.

        Raises:
            ValueError: if the clock is past that time.
        """


@dataclass(slots=True)
class Controlled:
    """What the control API controls.

    Args:
        fake_secrets: the handle of the world.
        clock: the clock of the world.
        seed: adds the secrets of a JSON object in `mock_stages`'s form, all or none.

    `faults` has the faults that were planned here since the last reset, with what each was planned by.
    """

    fake_secrets: FakeSecrets
    clock: ControlledClock
    seed: Callable[[Any], list[str]]
    faults: list[tuple[Fault, dict[str, Any]]] = field(default_factory=list)


def read_clock(controlled: Controlled, _: Query, __: Any) -> dict[str, str]:
    """Return the world's time."""
    return {"now": clock.utc(controlled.clock.now()).isoformat(timespec="milliseconds")}


def move_clock(controlled: Controlled, query: Query, body: Any) -> dict[str, str]:
    """Move the clock forward: ``{"advance": 3600}``, in seconds, or ``{"now": "2030-01-01T00:00:00Z"}``."""
    given = _object(body, {"advance", "now"})
    if len(given) != 1:
        msg = (
            'give the seconds to pass, as in {"advance": 3600}, or the time, as in {"now": "2030-01-01T00:00:00Z"}'
        )
        raise ControlError(msg)
    if "advance" in given:
        controlled.clock.advance(_seconds(given["advance"]))
    else:
        controlled.clock.move_to(_moment(given["now"]))
    return read_clock(controlled, query, body)


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= clock.LATEST:
        msg = "advance must be a number of seconds, 0 or more"
        raise ControlError(msg)
    return float(value)


def _moment(value: Any) -> float:
    moment = clock.from_iso(value)
    if moment is None:
        msg = "now must be a time with a time zone, such as 2030-01-01T00:00:00Z"
        raise ControlError(msg)
    return moment


def reset(controlled: Controlled, _: Query, body: Any) -> dict[str, Any]:
    """Go back to the seed. This forgets calls and events and cancels faults."""
    _object(body, set())
    controlled.fake_secrets.reset()
    controlled.faults.clear()
    return {}


def seed(controlled: Controlled, _: Query, body: Any) -> dict[str, list[str]]:
    """Add secrets, in `mock_stages`'s form. Either all of them are added or none."""
    return {"added": controlled.seed(body)}


def rotate(controlled: Controlled, _: Query, body: Any) -> dict[str, Any]:
    """Rotate a secret now, and return how that ended: ``{"secret_id": "prod/db"}``."""
    given = _object(body, {"secret_id", "token"})
    if not isinstance(given.get("secret_id"), str):
        msg = 'name the secret, as in {"secret_id": "prod/db"}'
        raise ControlError(msg)
    rotation = _rotated(controlled.fake_secrets, given["secret_id"], given.get("token"))
    return {
        "secret": rotation.secret_name,
        "token": rotation.token,
        "attempts": rotation.attempts,
        "outcome": rotation.outcome,
        "failed_step": rotation.failed_step,
        # Its text may hold a secret value.
        "error": None if rotation.error is None else class_of(rotation.error),
        "findings": list(rotation.findings),
    }


def _rotated(fake_secrets: FakeSecrets, secret_id: str, token: str | None) -> Rotation:
    """Rotate a secret, or attempt its open rotation again, and return the rotation.

    AWS refuses RotateSecret while a rotation is open, although it attempts that rotation again.

    Raises:
        RequestRefusedError: if nothing was attempted.
    """
    runner, secret = fake_secrets._world.runner, fake_secrets[secret_id]
    pending = secret.stages.get(AWSPENDING, "")
    before = runner.of(secret.arn, pending)
    attempts = 0 if before is None else before.attempts
    try:
        return fake_secrets.rotate(secret, token=token, errors="record")
    except RequestRefusedError:
        again = runner.of(secret.arn, pending)
        if again is None or again.attempts == attempts:
            raise
        return again


def list_faults(controlled: Controlled, _: Query, __: Any) -> dict[str, list[dict[str, Any]]]:
    """Return the faults that were planned here since the last reset, in order.

    Each has what it was planned by, the number of its `hits`, and whether it `is_over`: it hits nothing any more.
    """
    standing = controlled.fake_secrets._world.faults.plan.faults()
    return {
        "faults": [
            {**planned, "hits": fault.hits, "is_over": fault not in standing}
            for fault, planned in controlled.faults
        ]
    }


def plan_fault(controlled: Controlled, query: Query, body: Any) -> dict[str, list[dict[str, Any]]]:
    """Plan a fault, such as ``{"kind": "fail", "operation": "PutSecretValue", "error": "DecryptionFailure"}``."""
    controlled.faults.append((fault_forms.plan(controlled.fake_secrets.faults, body), body))
    return list_faults(controlled, query, body)


def clear_faults(controlled: Controlled, query: Query, body: Any) -> dict[str, list[dict[str, Any]]]:
    """Cancel all faults."""
    controlled.fake_secrets.faults.clear()
    controlled.faults.clear()
    return list_faults(controlled, query, body)


def _object(body: Any, members: set[str]) -> dict[str, Any]:
    """Return a JSON object that has no other members than these.

    Raises:
        ControlError: if the body isn't such an object.
    """
    if not isinstance(body, dict):
        msg = "the body must be a JSON object"
        raise ControlError(msg)
    unknown = sorted(body.keys() - members)
    if unknown:
        known = f"Known are {' and '.join(sorted(members))}" if members else "There are none"
        msg = f"unknown members: {', '.join(map(repr, unknown))}. {known}"
        raise ControlError(msg)
    return body
