"""Other secrets whose values a function keeps in an execution environment, such as an administrator's."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from fake_secrets.contract.catalogue import other_secret_kept
from fake_secrets.contract.debugging import undebugged
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.families.meanwhile import put
from fake_secrets.contract.families.problems import Problem, failure, shown_by, tell
from fake_secrets.contract.moments import Boundary
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.other_environments import enters
from fake_secrets.contract.subject import Subject
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.values import Raw, form_of
from fake_secrets.service.rules.stages import AWSCURRENT

__all__ = ["others_changed", "reads_others"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_READS = frozenset({"GetSecretValue", "BatchGetSecretValue"})
# A hyphen and six characters end an ARN. It may be given without them.
_SUFFIX = 7


@dataclass(frozen=True, slots=True)
class _Second:
    """What the second rotation has come to after the other secrets have changed.

    Args:
        unread: the first reads of other secrets about which only the first rotation asks, by the secret's name.
        problem: what goes wrong in the second rotation; None if nothing does.
    """

    unread: dict[str, Boundary]
    problem: Problem | None = None


def reads_others(dry: DryRun, subject: Subject) -> bool:
    """Return whether a rotation reads another secret of the check."""
    ids = {one for boundary in dry.boundaries if boundary.name in _READS for one in _ids_in(boundary)}
    return any(one == name or f":secret:{name}" in one for name in subject.other_secrets for one in ids)


def others_changed(dry: DryRun, check: Check, name: str) -> Trial:
    """Rotate, change the other secrets, and rotate again in the same execution environment.

    If the second rotation doesn't read one of them again, the service refuses its old value in another run.
    """
    trial, warm = _rotated(check, name, dry, is_new=False)
    # A cache whose time is over can't be told from one that stays, if its dates are the machine's.
    if not warm.unread or check.time.reads_real_dates:
        return trial
    # What isn't read in a new environment, either, isn't kept: the second rotation doesn't need it.
    with undebugged():
        _, cold = _rotated(check, name, dry, is_new=True)
    for other in [one for one in warm.unread if one not in cold.unread]:
        refusing, second = _rotated(check, name, dry, is_new=False, refused=other)
        # One that is read again once it is refused may be kept until then.
        if other in second.unread:
            _tell(refusing, other, second.unread[other], second.problem)
            return refusing
    return trial


def _tell(trial: Trial, other: str, read: Boundary, problem: Problem | None) -> None:
    """Tell that a function keeps the value of another secret. It may, until the service refuses that value."""
    # Its name may be a part of a value, too.
    shown = trial.shown(other)
    secret = f"the secret {shown!r}" if shown else "another secret"
    if problem is None:
        text = f"The function doesn't read {secret} again, which was changed after the last rotation"
        tell(trial, "other-secret-kept", shown_by(text, read), "")
        return
    when = f"since it doesn't read {secret} again, which was changed after the last rotation"
    # The read is what has to be mended, not the call that meets the old value.
    shown_at_read = replace(problem, line=read.line)
    tell(trial, "stale-value-used", shown_at_read, when, other_secret_kept(secret))


def _rotated(
    check: Check, name: str, dry: DryRun, *, is_new: bool, refused: str | None = None
) -> tuple[Trial, _Second]:
    """Rotate, change the other secrets, and rotate again.

    Args:
        check: the check.
        name: the scenario's id.
        dry: the undisturbed rotations.
        is_new: whether the second rotation runs in a new execution environment.
        refused: the other secret whose old value the service refuses in the second rotation, if it can.
    """
    with Trial(check, name) as trial:
        # Invariants are looked at elsewhere.
        trial.invariants.found.is_closed = True
        renew = check.state.cold_start(trial.service.kind)
        has_succeeded = trial.rotate() or (dry.needs_retry and trial.recover())
        trial.settle()
        read = _asked_for(trial, 0, _READS)
        # Without a second rotation, nothing says that a value is kept.
        nothing = _Second(read if is_new else {})
        if not has_succeeded or (is_new and not enters(trial, renew)):
            return trial, nothing
        if not _change(trial, read, refused) or trial.start() is None:
            return trial, nothing
        since = len(trial.deliveries)
        problem = failure(trial)
        asked = _asked_for(trial, since)
        return trial, _Second({other: call for other, call in read.items() if other not in asked}, problem)


def _change(trial: Trial, others: Iterable[str], refused: str | None) -> bool:
    """Give other secrets new versions, and let the service refuse the old one of a secret if it can.

    Returns:
        Whether that leaves the secret of the trial alone.
    """
    before = trial.state
    for other in others:
        arn = trial.handle[other].arn
        value = _value(trial, arn)
        if value is not None:
            put(trial, arn, trial.world.ids.uuid(), value)
        if value is not None and other == refused:
            # The double may know nothing of a value of another shape.
            with contextlib.suppress(Exception):
                trial.service.drop(form_of(value))
    trial.refresh()
    return trial.state.accepts == before.accepts


def _value(trial: Trial, arn: str) -> Raw | None:
    secret = trial.world.contents.secret(arn)
    version = secret.versions.get(secret.labels.get(AWSCURRENT, ""))
    return None if version is None else version.value


def _asked_for(trial: Trial, since: int, operations: Collection[str] = ()) -> dict[str, Boundary]:
    """Return the first calls that ask about other secrets, by the secret's name.

    Args:
        trial: the trial.
        since: the number of deliveries that don't count.
        operations: those that count; by default all reads.
    """
    names: dict[str, str] = {}
    for other in trial.subject.other_secrets:
        arn = trial.handle[other].arn
        names |= {other: other, arn: other, arn[:-_SUFFIX]: other}
    found: dict[str, Boundary] = {}
    calls = (boundary for delivery in trial.deliveries[since:] for boundary in delivery.boundaries)
    for call in calls:
        if call.is_read and (not operations or call.name in operations):
            for secret_id in names.keys() & _ids_in(call):
                found.setdefault(names[secret_id], call)
    return found


def _ids_in(boundary: Boundary) -> set[str]:
    """Return the ids of the secrets that a call is about."""
    members = boundary.members
    return {str(one) for one in [members.get("SecretId"), *members.get("SecretIdList", ())]}
