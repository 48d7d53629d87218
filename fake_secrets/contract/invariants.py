"""The invariants: what must hold after every call of the rotation function, whatever happens to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from fake_secrets.contract.catalogue import PASSWORD_CHANGED_EARLY, Advice
from fake_secrets.contract.deviations import Deviation, Deviations
from fake_secrets.contract.moments import Boundary, Delivery, State
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.own_lines import OwnLine
from fake_secrets.contract.subject import Subject
from fake_secrets.contract.swallowed_errors import advice_on_damage
from fake_secrets.contract.values import changed_texts, derived_wrongly, form_of, has_text, is_identifier
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING

if TYPE_CHECKING:
    from fake_secrets.observe.leaks.found import Leak
    from fake_secrets.rotation.rotation import Rotation

__all__ = ["Invariants"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_LAST_STEP = "finishSecret"


class Recorded(Protocol):
    """The part of a trial that the invariants need."""

    check: Check
    subject: Subject
    state: State
    by_hand: str | None

    @property
    def rotations(self) -> Sequence[Rotation]:
        """The rotations that were started."""

    @property
    def deliveries(self) -> Sequence[Delivery]:
        """The deliveries of the function."""

    @property
    def leaks(self) -> Sequence[Leak]:
        """What the trial has shown of secret values."""

    @property
    def token(self) -> str:
        """The id of the version that the last rotation makes."""

    @property
    def calls(self) -> int:
        """How many calls the function has made."""

    def is_id(self, leak: Leak) -> bool:
        """Return whether what was shown is the id of a version, which is no credential."""


class Invariants:
    """Looks at the state of a trial after each call, and keeps what is wrong with it.

    Args:
        trial: the trial.

    `may_promote_empty` is true in a scenario that delivers finishSecret first. `ignores_leaks` is true in one that
    calls other code than the function, too. `shown_calls` is how many calls
    show what is found next, if later ones don't matter. `old` is the version that was current when the rotation
    began.
    """

    def __init__(self, trial: Recorded) -> None:
        self._trial = trial
        self.found = Deviations(trial.subject.allow)
        self.may_promote_empty = False
        self.ignores_leaks = False
        self.shown_calls: int | None = None
        self.old: str | None = None

    def begin_rotation(self) -> None:
        """Begin to look at another rotation."""
        self.old = self._trial.state.labels.get(AWSCURRENT)

    def find(
        self,
        name: str,
        detail: str,
        line: OwnLine | None = None,
        cause: str = "",
        *,
        is_independent: bool = False,
        advice: Advice | None = None,
    ) -> None:
        """Keep a deviation; see `Deviation`."""
        advice = advice or advice_on_damage(name, self._trial.deliveries)
        calls = self._trial.calls if self.shown_calls is None else self.shown_calls
        self.found.add(Deviation(name, detail, line, cause, calls, advice), is_independent=is_independent)

    def after_call(self, boundary: Boundary) -> None:
        """Look at what a call has changed."""
        before, after = boundary.before, boundary.after
        if before is None or after is None or before is after or not self._trial.rotations:
            return
        self._look_at_values(boundary, before, after)
        self._look_at_labels(boundary, before, after)
        if boundary.is_of_service:
            self._look_at_service(boundary, before, after)

    def look_at_leaks(self) -> None:
        """Look at what the trial has shown of secret values, once it is over."""
        trial = self._trial
        changing = trial.check.changing_places
        for leak in () if self.ignores_leaks else list(trial.leaks):
            is_of_another = leak.secret not in {None, trial.subject.name}
            # What stays the same in a rotation is no credential, and what is an id doesn't have to be hidden.
            is_credential = leak.field is None or is_of_another or changing is None or leak.field in changing
            is_own = trial.check.is_own_file(leak.where.rpartition(":")[0])
            is_name = leak.field is not None and is_identifier(leak.field)
            if not is_own or not is_credential or is_name or trial.is_id(leak):
                continue
            what = "the secret value" if leak.field is None else repr(leak.field)
            where = {"result": "what it returns", "exception": "an exception", "log": "the log"}
            self.find(
                "leaked-value",
                f"{leak.step or 'The function'} shows {what} in {where.get(leak.place, leak.place)}",
                trial.check.line_at(leak.where),
                leak.where,
                is_independent=True,
            )

    def _look_at_values(self, boundary: Boundary, before: State, after: State) -> None:
        token = self._trial.token
        for version_id in after.values.keys() - before.values.keys():
            if version_id == token:
                self._look_at_new_value(boundary, before, after)
            elif boundary.place == "secretsmanager" and version_id != self._trial.by_hand:
                is_second = token in before.values
                name = "pending-replaced" if is_second else "value-under-another-token"
                also = ", after it had stored a value in the version of the token" if is_second else ""
                self.find(
                    name,
                    f"{boundary.step} stores a value with {boundary.name} in a version that isn't that of the "
                    f"event's ClientRequestToken{also}",
                    boundary.line,
                )

    def _look_at_new_value(self, boundary: Boundary, before: State, after: State) -> None:
        old, new = before.values.get(before.labels.get(AWSCURRENT, "")), after.values[self._trial.token]
        if old is None or self._trial.by_hand is not None:
            return
        if old == new:
            self.find("predictable-value", f"{boundary.step} stores the value that is current", boundary.line)
        elif set(changed_texts(old, new).values()) == {self._trial.token}:
            text = f"{boundary.step} makes a credential of the event's ClientRequestToken"
            self.find("predictable-value", text, boundary.line)
        calls = [one for delivery in self._trial.deliveries for one in delivery.boundaries]
        results = [(one.result, one.texts) for one in calls if one.is_of_service]
        for place, text in derived_wrongly(old, new).items():
            # What the service has made isn't derived.
            if has_text(results, text):
                continue
            self.find(
                "wrong-derived-value",
                f"{boundary.step} stores a value whose {place!r} still fits the old value",
                boundary.line,
                place,
            )
        forms = form_of(old), form_of(new)
        if all(isinstance(form, dict) for form in forms):
            lost = sorted(forms[0].keys() - forms[1].keys())
            if lost:
                text = f"{boundary.step} stores a value without {', '.join(map(repr, lost))}"
                self.find("keys-lost", text, boundary.line)

    def _look_at_labels(self, boundary: Boundary, before: State, after: State) -> None:
        token, by_hand = self._trial.token, self._trial.by_hand
        current, moved_to = before.labels.get(AWSCURRENT), after.labels.get(AWSCURRENT)
        if moved_to != current:
            what = f"{boundary.name} in {boundary.step}"
            if by_hand is not None and current == by_hand:
                self.find(
                    "manual-value-replaced",
                    f"{what} moves AWSCURRENT away from the value that was put by hand during the rotation",
                    boundary.line,
                )
            elif moved_to is not None and moved_to not in after.values:
                name = "promotes-empty-version" if self.may_promote_empty else "empty-current"
                self.find(name, f"{what} moves AWSCURRENT to a version without a value", boundary.line)
            elif boundary.step != _LAST_STEP:
                self.find("current-moved-early", f"{what} moves AWSCURRENT", boundary.line)
        pending, now_pending = before.labels.get(AWSPENDING), after.labels.get(AWSPENDING)
        if pending == token != now_pending and moved_to != token and now_pending is not None:
            self.find("pending-replaced", f"{boundary.name} in {boundary.step} moves AWSPENDING", boundary.line)

    def _look_at_service(self, boundary: Boundary, before: State, after: State) -> None:
        token, current = self._trial.token, after.labels.get(AWSCURRENT, "")
        if current == token:
            if _is_lost(before, after, token):
                text = f"{boundary.name} in {boundary.step} makes the service refuse the value that is current"
                self.find("current-destroyed", text, boundary.line)
            return
        if _is_lost(before, after, token):
            self.find(
                "pending-destroyed",
                f"{boundary.name} in {boundary.step} makes the service refuse the pending value",
                boundary.line,
                advice=PASSWORD_CHANGED_EARLY if _is_replaced(before, after) else None,
            )
        is_change = after.accepts.get(token, False) and not before.accepts.get(token, False)
        if not _is_lost(before, after, current) or is_change or self._trial.by_hand is not None:
            return
        has_new = before.accepts.get(token, False)
        if token not in after.values or has_new:
            state = "stored" if token not in after.values else "current"
            self.find(
                "old-destroyed-early",
                f"{boundary.name} in {boundary.step} makes the service refuse the old value before the new one "
                f"is {state}",
                boundary.line,
                advice=PASSWORD_CHANGED_EARLY if _is_replaced(before, after) else None,
            )


def _is_lost(before: State, after: State, version_id: str) -> bool:
    return before.accepts.get(version_id, False) and not after.accepts.get(version_id, True)


def _is_replaced(before: State, after: State) -> bool:
    """Return whether another credential, which isn't stored, has taken the place of one, as with a password."""
    return before.count == after.count and (after.strangers or 0) > (before.strangers or 0)
