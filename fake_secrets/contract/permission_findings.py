"""What the denials of a trial say about the function and about the policies of its role."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fake_secrets.contract.meant_secrets import mismatch_of
from fake_secrets.contract.moments import Boundary, Delivery
from fake_secrets.contract.needs import Need, needs_of
from fake_secrets.contract.role import Role
from fake_secrets.contract.trial import Trial

if TYPE_CHECKING:
    from fake_secrets.iam.denials import Denial

__all__ = ["find_denied"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# So many names of actions are shown.
_MOST_NAMES = 6


@dataclass(frozen=True, slots=True)
class _Denied:
    """Something that the function was denied, on what, in which call and delivery, and why.

    `statement` is what would allow it, if the role's own policies lack nothing else.
    """

    need: Need
    resource: str
    delivery: Delivery | None
    boundary: Boundary | None
    why: Sequence[str]
    statement: Mapping[str, Any] | None

    @property
    def who(self) -> str:
        """Who was denied it: a step, or the function."""
        return "The function" if self.delivery is None else self.delivery.step

    @property
    def on(self) -> str:
        """On what it was denied, in words; empty for an action without a resource."""
        if self.need.is_of_key and self.need.secret is not None:
            return f" on the key of {self.need.secret}"
        return "" if self.resource == "*" else f" on {self.need.secret or self.resource}"


def find_denied(trial: Trial, role: Role, *, is_harmful: bool) -> bool:
    """Find what was denied since this was told last. Return whether anything was.

    Args:
        trial: the trial.
        role: the role of its function.
        is_harmful: whether that does harm even where the step passes all the same.
    """
    every = [
        _Denied(need, one.check.resource, *_asking(trial, need), *_why(trial, role, one))
        for need, one in role.take_denied().items()
    ]
    is_given = trial.subject.grant is not None
    missing = [one for one in every if is_given and (is_harmful or _is_fatal(one))]
    lacking = trial.check.lacking
    fresh = [one for one in missing if (one.need.action, one.need.secret) not in lacking]
    if fresh:
        lacking.update((one.need.action, one.need.secret) for one in fresh)
        _find(trial, "permission-missing", fresh[0], _told_of_missing(trial, role, fresh))
    others = [one for one in every if one not in missing]
    if others:
        # A report has one note of a name.
        why = others[0].why[-1:] if len(others) == 1 else ()
        _find(trial, "needs-more-permissions", others[0], " ".join([f"{_told(others)}.", *why]))
    return bool(every)


def _told_of_missing(trial: Trial, role: Role, missing: Sequence[_Denied]) -> str:
    """Return what is missing, why and what would allow it: one mistake in a policy denies several things."""
    told = _told(missing)
    others = trial.subject.secrets[1:]
    mismatch = mismatch_of(role.policies.identity or (), trial.subject.name, trial.arn, others)
    if mismatch is not None:
        return f"{mismatch} {told}."
    if len(missing) == 1:
        return " ".join([f"{told}.", *missing[0].why])
    statements = _merged([one.statement for one in missing if one.statement is not None])
    reasons = [reason for one in missing for reason in (one.why[:-1] if one.statement is not None else one.why)]
    policies = role.policies.identity or ()
    where = policies[0].name if len(policies) == 1 else ""
    where = "the policy" if where in {"", "policy"} else where
    change = f"To allow them, add to {where}: {', '.join(map(json.dumps, statements))}." if statements else ""
    went_on = "Whatever was denied, the check then granted and went on, so that this is all that is missing."
    if any(one.statement is None for one in missing):
        # What a Deny or a boundary forbids stops the rotation.
        went_on = "There may be more: the check went on as far as it could grant what was denied."
    return " ".join(filter(None, [f"{told}.", *dict.fromkeys(reasons), change, went_on]))


def _told(every: Iterable[_Denied]) -> str:
    """Return what was denied, in words."""
    actions: dict[tuple[str, str], list[str]] = {}
    for one in every:
        actions.setdefault((one.who, one.on), []).append(one.need.action)
    return "; ".join(f"{who} is denied {_listed(of)}{on}" for (who, on), of in actions.items())


def _merged(statements: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return statements with one for all actions on the same resource."""
    actions: dict[str, list[str]] = {}
    for one in statements:
        actions.setdefault(one["Resource"], []).append(one["Action"])
    return [{"Effect": "Allow", "Action": of, "Resource": resource} for resource, of in actions.items()]


def _find(trial: Trial, name: str, denied: _Denied, text: str) -> None:
    boundary, invariants = denied.boundary, trial.invariants
    cause = f"{denied.need.action} {denied.need.secret}"
    invariants.shown_calls = None if boundary is None else boundary.order
    invariants.find(name, text, None if boundary is None else boundary.line, cause, is_independent=True)
    invariants.shown_calls = None


def _is_fatal(denied: _Denied) -> bool:
    return denied.delivery is None or not denied.delivery.has_passed


def _asking(trial: Trial, need: Need) -> tuple[Delivery | None, Boundary | None]:
    """Return a call that was denied something, and its delivery: one that the step fails with, if there is one."""
    asking = [
        (delivery, boundary)
        for delivery in trial.deliveries
        for boundary in delivery.boundaries
        if need in needs_of(boundary, trial.subject)
    ]
    # A batch succeeds without the secrets that are denied.
    denied = [one for one in asking if not one[1].has_succeeded] or asking
    fatal = [one for one in denied if not one[0].has_passed]
    return next(iter(fatal or denied), (None, None))


def _why(trial: Trial, role: Role, denied: Denial) -> tuple[list[str], Mapping[str, Any] | None]:
    """Return why something was denied and what would allow it, in sentences without a secret value.

    Also return the statement that would allow it, if the role's own policies lack nothing else.
    """
    from fake_secrets.iam.changes import smallest_change  # noqa: PLC0415 -- slow to import
    from fake_secrets.iam.evaluation import evaluate  # noqa: PLC0415
    from fake_secrets.iam.explanation import explain  # noqa: PLC0415

    # The contract's own policy isn't the user's to change.
    layers = replace(denied.layers, identity=role.policies.identity)
    decision = evaluate(denied.check, denied.caller, layers)
    lines = explain(denied.check, denied.caller, layers, decision).split("\n")
    changes = smallest_change(denied.check, denied.caller, layers, decision)
    added = [one.statement for one in changes if one.layer == "identity"]
    statement = added[0] if added and len(changes) == 1 else None
    if trial.subject.grant is None and added:
        # The user doesn't know the statements of the documented policy.
        lines = [f"To allow it, add to the role's policy: {json.dumps(added[0])}"]
    elif decision.effect == "implicit_deny":
        # The first says what is denied, and the next one which statement comes nearest to it.
        lines = [*lines[1:-1][:1], lines[-1]]
    index = trial.handle.leaks._current_index()
    return ([], None) if any(map(index.read, lines)) else (lines, statement)


def _listed(names: Sequence[str]) -> str:
    hidden = len(names) - _MOST_NAMES + 1
    *shown, last = names if hidden <= 1 else (*names[:-hidden], f"{hidden} more actions")
    return f"{', '.join(shown)} and {last}" if shown else last
