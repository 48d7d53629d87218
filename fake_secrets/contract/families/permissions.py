"""The function runs with the permissions of its role, and its first attempt without each that it uses."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

from fake_secrets.contract import verdicts
from fake_secrets.contract.disturbance import Disturbance
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.families.disturbed import DENIED, find_swallowed, recovers
from fake_secrets.contract.needs import Need, needs_of
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.permission_findings import find_denied
from fake_secrets.contract.role import Role
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.subject import Subject
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.unjudged import PERMISSIONS_UNTRIED
from fake_secrets.contract.unused_findings import find_unused
from fake_secrets.errors import UnsupportedOperationError
from fake_secrets.service.rules.known_keys import check_conditions

__all__ = ["first_uses", "scenarios"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_ROTATIONS = 3


def scenarios(dry: DryRun, check: Check) -> Iterator[Scenario]:
    """Yield the scenarios."""
    subject = check.subject
    uses = first_uses(dry, subject)
    if (obstacle := _unknown_condition(subject, uses)) is not None:
        check.left_out["permissions"] = (
            f"{PERMISSIONS_UNTRIED}: {obstacle}. Its value isn't known in a test, so give it as context=."
        )
        return
    which, whose = ("documented", "AWS documents") if subject.grant is None else ("given", "policy= gives")
    title = f"three rotations in a row with the permissions that {whose}"
    yield Scenario(f"permissions.{which}", title, functools.partial(_permitted, dry))
    for need, step in uses.items():
        if need.is_known:
            of, on = _of(need, subject)
            title = f"the first attempt lacks the permission for {need.operation}{on}, which {step} needs first"
            run = functools.partial(_without, dry, need)
            yield Scenario(f"permissions.without-{need.operation}{of}", title, run)


def _unknown_condition(subject: Subject, uses: Iterable[Need]) -> str | None:
    """Return which condition can't be decided, because nobody knows the value of its key; None if all can."""
    grant = subject.grant
    if grant is None:
        return None
    policies = [*(grant.identity or ()), *([] if grant.boundary is None else [grant.boundary])]
    try:
        for need in uses:
            check_conditions(policies, need.action, grant.context or {})
    except UnsupportedOperationError as error:
        return str(error).partition(", which ")[0]
    return None


def first_uses(dry: DryRun, subject: Subject) -> dict[Need, str]:
    """Return what the first rotation needs, and in which step first."""
    uses: dict[Need, str] = {}
    for boundary in dry.boundaries:
        for need in needs_of(boundary, subject):
            uses.setdefault(need, boundary.step)
    return uses


def _of(need: Need, subject: Subject) -> tuple[str, str]:
    """Return the secret of a need for the scenario's id and title; empty if it is the rotated one or none."""
    if need.secret in {None, subject.name}:
        return "", ""
    return f"-of-{need.secret}", f" of {need.secret}"


def _permitted(dry: DryRun, check: Check, name: str) -> Trial:
    with Trial(check, name, has_role=True) as trial:
        role = Role(trial)
        for _ in range(_ROTATIONS):
            if not _rotates(trial, dry, role):
                break
        # What a condition says depends on what the role was given.
        with role.granted():
            find_unused(trial, role)
    return trial


def _rotates(trial: Trial, dry: DryRun, role: Role) -> bool:
    """Rotate once. Whatever stops the rotation is granted from then on, so that all of it is found."""
    if trial.start() is None:
        return False
    with role.granted():
        trial.finish()
    missing = granted = role.newly_denied()
    while not trial.rotation.succeeded and missing:
        with role.granted(*missing):
            trial.recover()
        # What is denied all the same, a Deny or a boundary forbids.
        missing = [need for need in role.newly_denied() if need not in granted]
        granted = [*granted, *missing]
    if not trial.rotation.succeeded and dry.needs_retry:
        with role.granted():
            trial.recover()
    trial.settle()
    find_denied(trial, role, is_harmful=verdicts.is_dead(trial, dry) or verdicts.has_more(trial, dry))
    return trial.rotation.succeeded


def _without(dry: DryRun, need: Need, check: Check, name: str) -> Trial:
    with Trial(check, name, has_role=True) as trial:
        role = Role(trial, first_uses(dry, check.subject))
        trial.start()
        with role.granted(without=need):
            trial.finish()
        struck = [
            (delivery, boundary)
            for delivery in trial.deliveries
            for boundary in delivery.boundaries
            if need in needs_of(boundary, check.subject)
        ]
        if not struck:
            return trial
        for delivery, boundary in struck:
            boundary.mark = "its permission is missing"
            # A batch succeeds without the secrets that are denied.
            if not boundary.has_succeeded:
                find_swallowed(trial, dry, delivery, boundary)
        first = struck[0][1]
        plan = Disturbance(first.step, first.number, "error", DENIED, struck=first)
        role.take_denied()
        with role.granted():
            _judge(trial, dry, plan, role)
    return trial


def _judge(trial: Trial, dry: DryRun, plan: Disturbance, role: Role) -> None:
    """Retry the rotation with the permission given back, unless it has succeeded, and look at what is left."""
    if trial.invariants.found.has_violation:
        return
    if recovers(trial):
        verdicts.after_recovery(trial, dry, plan)
    elif not find_denied(trial, role, is_harmful=True):
        verdicts.of_failed_retry(trial, dry, plan)
