"""What the denials of a trial say about the function and about the policies of its role."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fake_secrets.contract.moments import Boundary, Delivery
from fake_secrets.contract.needs import Need, needs_of
from fake_secrets.contract.role import Role
from fake_secrets.contract.trial import Trial
from fake_secrets.service.dispatch import OPERATIONS
from fake_secrets.service.rules.checks import WITHOUT_RESOURCE, action_of

if TYPE_CHECKING:
    from fake_secrets.iam.denials import Denial

__all__ = ["find_denied", "find_unused"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# So many names of actions are shown.
_MOST_NAMES = 6


@dataclass(frozen=True, slots=True)
class _Denied:
    """Something that the function was denied, on what, in which call and delivery, and what would allow it."""

    need: Need
    resource: str
    delivery: Delivery | None
    boundary: Boundary | None
    why: Sequence[str]

    @property
    def told(self) -> str:
        """What was denied, in words."""
        who = "The function" if self.delivery is None else self.delivery.step
        on = "" if self.resource == "*" else f" on {self.need.secret or self.resource}"
        return f"{who} is denied {self.need.action}{on}"


def find_denied(trial: Trial, role: Role, *, is_harmful: bool) -> bool:
    """Find what was denied since this was told last. Return whether anything was.

    Args:
        trial: the trial.
        role: the role of its function.
        is_harmful: whether that does harm even where the step passes all the same.
    """
    every = [
        _Denied(need, one.check.resource, *_asking(trial, need), _why(trial, role, one))
        for need, one in role.take_denied().items()
    ]
    is_given = trial.subject.grant is not None
    missing = [one for one in every if is_given and (is_harmful or _is_fatal(one))]
    for one in missing:
        _find(trial, "permission-missing", one, " ".join([f"{one.told}.", *one.why]))
    others = [one for one in every if one not in missing]
    if others:
        # A report has one note of a name.
        why = others[0].why[-1:] if len(others) == 1 else ()
        text = "; ".join(one.told for one in others)
        _find(trial, "needs-more-permissions", others[0], " ".join([f"{text}.", *why]))
    return bool(every)


def find_unused(trial: Trial, role: Role) -> None:
    """Find which actions the given policies allow, and no call needs."""
    if trial.subject.grant is None:
        return
    calls = (one for delivery in trial.deliveries for one in delivery.boundaries)
    used = {need.operation for one in calls for need in needs_of(one, role.arns)}
    unused = [one for one in OPERATIONS if one not in used and _may(role, one)]
    if unused:
        text = f"The policy also allows {_listed(unused)}, which no undisturbed rotation needs"
        trial.invariants.find("unused-permission", text, is_independent=True)


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
        if need in needs_of(boundary, trial.subject.secrets)
    ]
    # A batch succeeds without the secrets that are denied.
    denied = [one for one in asking if not one[1].has_succeeded] or asking
    fatal = [one for one in denied if not one[0].has_passed]
    return next(iter(fatal or denied), (None, None))


def _why(trial: Trial, role: Role, denied: Denial) -> list[str]:
    """Return why something was denied and what would allow it, in sentences without a secret value."""
    from fake_secrets.iam.changes import smallest_change  # noqa: PLC0415 -- slow to import
    from fake_secrets.iam.evaluation import evaluate  # noqa: PLC0415
    from fake_secrets.iam.explanation import explain  # noqa: PLC0415

    # The contract's own policy isn't the user's to change.
    layers = replace(denied.layers, identity=role.policies.identity)
    decision = evaluate(denied.check, denied.caller, layers)
    lines = explain(denied.check, denied.caller, layers, decision).split("\n")
    added = [
        one for one in smallest_change(denied.check, denied.caller, layers, decision) if one.layer == "identity"
    ]
    if trial.subject.grant is None and added:
        # The user doesn't know the statements of the documented policy.
        lines = [f"To allow it, add to the role's policy: {json.dumps(added[0].statement)}"]
    elif decision.effect == "implicit_deny":
        # The first says what is denied, and the next one which statement comes nearest to it.
        lines = [*lines[1:-1][:1], lines[-1]]
    index = trial.handle.leaks._current_index()
    return [] if any(map(index.read, lines)) else lines


def _may(role: Role, operation: str) -> bool:
    """Return whether the policies allow an operation with the rotated secret if their conditions hold."""
    action = action_of(operation).lower()
    resource = "*" if operation in WITHOUT_RESOURCE else next(iter(role.arns.values()))
    rules = [rule for policy in role.policies.identity or () for rule in policy.rules]
    met = [one for one in rules if one.covers_action(action) and one.covers_resource(resource, {})]
    return bool(met) and not any(one.is_deny and not one.conditions for one in met)


def _listed(names: Sequence[str]) -> str:
    hidden = len(names) - _MOST_NAMES + 1
    *shown, last = names if hidden <= 1 else (*names[:-hidden], f"{hidden} more actions")
    return f"{', '.join(shown)} and {last}" if shown else last
