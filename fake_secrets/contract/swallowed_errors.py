"""The errors that a rotation function has swallowed: they explain damage that follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fake_secrets.contract.catalogue import Advice
from fake_secrets.contract.moments import NOT_FOUND, Boundary, Delivery
from fake_secrets.contract.own_lines import where_of
from fake_secrets.service.rules.operation_kinds import STORING

__all__ = ["advice_on_damage", "advice_on_error"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# What has to have been stored and moved, or else the rotation comes to nothing.
_NEEDED = STORING | {"UpdateSecretVersionStage"}
# The answers by which a function learns what there is: createSecret asks for a value that isn't there yet.
_ANSWERS = frozenset({NOT_FOUND, "ResourceExistsException"})

# Damage that shows as soon as it is done, and what only shows afterwards.
_AT_ONCE = frozenset({"current-destroyed", "pending-destroyed"})
_AFTERWARDS = frozenset({"dead-current", "empty-current"})


def advice_on_damage(name: str, deliveries: Sequence[Delivery]) -> Advice | None:
    """Return what to say of damage that a swallowed error may explain; None if there is no such error.

    Args:
        name: the violation.
        deliveries: the deliveries of the function so far.
    """
    if name in _AT_ONCE:
        suspected = [one for one in deliveries if not one.is_over]
    else:
        suspected = [*deliveries] if name in _AFTERWARDS else []
    swallowed = next((call for one in suspected for call in _swallowed_in(one, deliveries)), None)
    return None if swallowed is None else advice_on_error(swallowed)


def advice_on_error(boundary: Boundary) -> Advice:
    """Return what to say of a call whose error the function has swallowed."""
    where = where_of(boundary.line)
    place = "" if where is None else f" ({where})"
    return Advice(
        f"{boundary.name} fails with {boundary.outcome} in {boundary.step}{place}, and the function goes on.",
        "Let the exception out of the function, so that the step fails. Then see why the call fails.",
    )


def _swallowed_in(delivery: Delivery, every: Iterable[Delivery]) -> Iterator[Boundary]:
    """Yield the calls that have failed in a delivery, although nothing else in there has made up for them."""
    if delivery.error is not None or delivery.death is not None:
        return
    calls = delivery.boundaries
    for at, failed in enumerate(calls):
        is_last = at == len(calls) - 1
        if failed.outcome and not failed.has_succeeded and (delivery.is_over or not is_last):
            later = [one for one in calls[at + 1 :] if one.has_succeeded]
            if _is_needed(failed, every) and not any(_makes_up_for(one, failed) for one in later):
                yield failed


def _is_needed(failed: Boundary, every: Iterable[Delivery]) -> bool:
    """Return whether a rotation needs a call: a client that never answers is one for metrics or messages."""
    if failed.place == "secretsmanager":
        return failed.name in _NEEDED or (failed.is_read and failed.outcome not in _ANSWERS)
    if failed.place == "service":
        return True
    client = failed.name.partition(".")[0]
    answered = (one for delivery in every for one in delivery.boundaries if one.has_succeeded)
    return any(one.place == "aws" and one.name.partition(".")[0] == client for one in answered)


def _makes_up_for(later: Boundary, failed: Boundary) -> bool:
    """Return whether a call may be what the function does since another one has failed."""
    return later.is_of_service if failed.is_of_service else later.name == failed.name
