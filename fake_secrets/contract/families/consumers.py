"""Consumers read the secret while it is rotated: each of them must get a value that works, at any moment."""

from __future__ import annotations

import contextlib
import functools
from collections import Counter
from collections.abc import Iterator, Sequence

from fake_secrets.contract.consuming import Consumer, Consuming, Lockout, name_of
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.trial import Trial
from fake_secrets.errors import RotationNotOpenError

__all__ = ["scenarios"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def scenarios(_: DryRun, check: Check) -> Iterator[Scenario]:
    """Yield the scenarios."""
    consumers = check.subject.consumers if check.subject.service is not None else ()
    count = Counter[str]()
    for consumer in consumers:
        name = name_of(consumer)
        count[name] += 1
        shown = name if count[name] == 1 else f"{name}-{count[name]}"
        title = f"the consumer {name} reads the secret at each moment of two rotations"
        yield Scenario(f"consumer.{shown}", title, functools.partial(_consumed, [consumer]))
    if len(consumers) > 1:
        title = "all consumers read the secret at each moment of two rotations"
        yield Scenario("consumer.all", title, functools.partial(_consumed, consumers))


def _consumed(consumers: Sequence[Consumer], check: Check, name: str) -> Trial:
    with Trial(check, name) as trial:
        # What a consumer shows isn't the function's leak, and other scenarios find those of the function.
        trial.invariants.ignores_leaks = True
        with trial.consuming(consumers) as consuming:
            _rotate(trial, consuming)
            if trial.rotation.succeeded:
                # A function that alternates between two users leaves the old credential alive for the first one.
                consuming.begin_second_rotation()
                _rotate(trial, consuming)
        for consumer in consumers:
            _look_at(trial, [one for one in consuming.lockouts if one.consumer is consumer])
    return trial


def _rotate(trial: Trial, consuming: Consuming) -> None:
    if trial.start() is None:
        return
    with contextlib.suppress(RotationNotOpenError):
        while trial.rotation.next_step is not None and trial.step().has_passed:
            consuming.reach(f"after {trial.last.step}")
    if not trial.rotation.succeeded:
        trial.recover()
    trial.settle()


def _look_at(trial: Trial, lockouts: Sequence[Lockout]) -> None:
    if not lockouts:
        return
    first = lockouts[0]
    later = lockouts[1:]
    more = f", and {len(later)} more time{'s' * (len(later) != 1)}" if later else ""
    still = ", the last time after the rotation" if later and later[-1].is_last else ""
    name = name_of(first.consumer)
    trial.invariants.shown_calls = first.calls
    detail = f"{first.where[0].upper()}{first.where[1:]}, {name} {first.why}{more}{still}"
    trial.invariants.find("consumer-locked-out", detail, first.line, name)
    trial.invariants.shown_calls = None
