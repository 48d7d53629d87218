"""Execution environments of Lambda: a new one for each step, or one that serves another secret, too."""

from __future__ import annotations

from typing import Any

from fake_secrets.contract.catalogue import NAMED_IN_CODE
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.families.meanwhile import ELSE, IDENTITIES
from fake_secrets.contract.families.problems import Problem, dead_value, failure, shown_by, tell
from fake_secrets.contract.moments import Boundary
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.other_environments import enters
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.values import changed_texts, form_of, has_text, with_new_texts

__all__ = ["can_be_cold", "cold", "warm"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# What a function remembers of a rotation may matter to the next one.
_ROTATIONS = 2
_OTHER = "prod/of-somebody-else"
_OTHERS_TEXT = "of-somebody-else-Xy7"


def can_be_cold(dry: DryRun) -> bool:
    """Return whether it shows if a function's first state is that of a service, too.

    A few lines in the function's own modules may stand in for the service if there is no double that can be asked.
    """
    return not {"accepts", "accepted"}.isdisjoint(dry.offers)


def cold(dry: DryRun, check: Check, name: str) -> Trial:
    """Rotate, and give the function its first state back before each step."""
    with Trial(check, name) as trial:
        # Invariants are looked at elsewhere.
        trial.invariants.found.is_closed = True
        start = _ColdStart(trial)
        trial.before_step = start
        problem = _problem(trial, dry)
        if problem is not None and not start.is_misleading:
            tell(trial, "needs-warm-start", problem, "if each step runs in a new execution environment")
    return trial


class _ColdStart:
    """Gives the function its first state back before a step.

    Args:
        trial: the trial.

    `is_misleading` says whether that may have changed the service double, since the double keeps its state among
    the function's.
    """

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._restore = trial.check.state.cold_start(trial.service.kind)
        self.is_misleading = False

    def __call__(self) -> None:
        if not enters(self._trial, self._restore):
            self.is_misleading = True


def warm(dry: DryRun, check: Check, name: str) -> Trial:
    """Rotate, and deliver createSecret for another secret before each step."""
    with Trial(check, name) as trial:
        trial.invariants.found.is_closed = True
        other = _Other(trial, dry)
        trial.before_step = other
        problem = _problem(trial, dry)
        if problem is None or check.subject.service is None:
            # What fails may be a service that nobody watches.
            problem = other.problem()
        if problem is None and other.has_taken():
            text = "createSecret, delivered for another secret, stores what names the user of this one"
            line = None if other.wrong_read is None else other.wrong_read.line
            advice = None if line is None else NAMED_IN_CODE
            tell(trial, "mixes-up-secrets", Problem(text, line, other.calls_of_first), "", advice)
        elif problem is not None and not other.is_misleading:
            when = "if createSecret is delivered for another secret in between"
            tell(trial, "mixes-up-secrets", problem, when)
    return trial


class _Other:
    """Another secret, whose rotation is under way.

    Args:
        trial: the trial.
        dry: the undisturbed rotations.

    `is_misleading` says whether its createSecret has called the service, which doesn't know its credential.
    `wrong_read` is the first call in which that read the secret of the trial instead; None if there is none.
    `calls_of_first` is how many calls the function had made when its value was stored; None before.
    """

    def __init__(self, trial: Trial, dry: DryRun) -> None:
        self._trial = trial
        self._usual = None if dry.old_value is None else form_of(dry.old_value)
        self.wrong_read: Boundary | None = None
        self.calls_of_first: int | None = None
        self._value = _value_of_another(dry)
        # The user doesn't have that secret, so its policy needn't allow it.
        trial.world.is_recorded = False
        self._arn = trial.handle.add(_OTHER, self._value, tags=trial.subject.tags).arn
        self._token = trial.start_other(self._arn)
        self.is_misleading = self._token is None

    def __call__(self) -> None:
        if self.is_misleading:
            return
        members = {"SecretId": self._arn, "ClientRequestToken": str(self._token)}
        delivery = self._trial.invoke({**self._trial.event("createSecret"), **members}, "of another secret")
        self.calls_of_first = self.calls_of_first or self._trial.calls
        self.is_misleading = any(one.is_of_service for one in delivery.boundaries)
        own = {self._trial.subject.name, self._trial.arn}
        wrong = (one for one in delivery.boundaries if one.is_read and one.members.get("SecretId") in own)
        self.wrong_read = self.wrong_read or next(wrong, None)

    def has_taken(self) -> bool:
        """Return whether the other secret's new value names the user of the trial's secret."""
        version = self._trial.world.contents.secret(self._arn).versions.get(str(self._token))
        taken = None if version is None or version.value is None else form_of(version.value)
        if self.is_misleading or not isinstance(taken, dict) or not isinstance(self._usual, dict):
            return False
        usual = {name: self._usual.get(name) for name in IDENTITIES}
        return any(isinstance(text, str) and taken.get(name) == text != ELSE for name, text in usual.items())

    def problem(self) -> Problem | None:
        """Return what the rotation has taken over from the other secret."""
        trial = self._trial
        value = trial.readings.value(trial.token)
        if value is not None and any(has_text(form_of(value), text) for text in (ELSE, _OTHERS_TEXT)):
            return shown_by("The new value has a part of another secret's", trial.storing_call)
        return None


def _value_of_another(dry: DryRun) -> Any:
    """Return a value of the same shape that names somebody else."""
    if dry.old_value is None:
        return _OTHERS_TEXT
    places = {} if dry.new_value is None else changed_texts(dry.old_value, dry.new_value)
    value = with_new_texts(dry.old_value, places, _OTHERS_TEXT)
    if isinstance(value, dict):
        named = [one for one in IDENTITIES if isinstance(value.get(one), str)]
        return {**value, **dict.fromkeys(named, ELSE)}
    return value


def _problem(trial: Trial, dry: DryRun) -> Problem | None:
    """Rotate, and return what goes wrong, and where."""
    for _ in range(_ROTATIONS):
        if trial.start() is None:
            return None
        if (problem := failure(trial)) is not None:
            return problem
        trial.settle()
        if (problem := dead_value(trial, dry)) is not None:
            return problem
    return None
