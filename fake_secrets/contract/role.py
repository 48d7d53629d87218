"""The role of the rotation function in one trial: what it may do, and what it was denied."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from fake_secrets.contract.documented_policy import documented_policy
from fake_secrets.contract.invariants import Invariants
from fake_secrets.contract.moments import Boundary, Delivery
from fake_secrets.contract.needs import Need, needs_of
from fake_secrets.contract.subject import Subject
from fake_secrets.iam.grants import Grant
from fake_secrets.service.dispatch import OPERATIONS
from fake_secrets.service.rules.checks import WITHOUT_RESOURCE, action_of

if TYPE_CHECKING:
    from fake_secrets.iam.denials import Denial
    from fake_secrets.iam.policy import Policy
    from fake_secrets.world.handle import FakeSecrets
    from fake_secrets.world.world import World

__all__ = ["Role"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_SERVICE = "secretsmanager:"
# So many names of actions are shown.
_MOST_NAMES = 6


class Restricted(Protocol):
    """The part of a trial that its role needs."""

    subject: Subject
    handle: FakeSecrets
    world: World
    invariants: Invariants

    @property
    def deliveries(self) -> Sequence[Delivery]:
        """The deliveries of the function."""

    def granting(self, grant: Grant) -> contextlib.AbstractContextManager[None]:
        """Let the function's role do something for the length of a `with` block."""


class Role:
    """What the rotation function may do in one trial, and what it was denied.

    Args:
        trial: the trial.
        needs: what the role may do beside its policies.
    """

    def __init__(self, trial: Restricted, needs: Iterable[Need] = ()) -> None:
        self._trial = trial
        self._arns = {name: trial.handle[name].arn for name in trial.subject.secrets}
        own, *others = self._arns.values()
        given = trial.subject.grant
        documented = () if given is not None else _loaded(documented_policy(own, others), "the documented policy")
        self._base = given if given is not None else Grant(documented)
        self._more = list(needs)
        self._seen = 0
        self._told = 0

    def granted(self, *more: Need, without: Need | None = None) -> contextlib.AbstractContextManager[None]:
        """Grant the permissions for the length of a `with` block.

        Args:
            more: what is granted beside them, from now on.
            without: what is denied.
        """
        self._more += more
        statements = [self._statement("Allow", need) for need in self._more]
        if self._more:
            # Whatever a call asks of other services isn't in question here.
            statements.append({"Effect": "Allow", "NotAction": f"{_SERVICE}*", "Resource": "*"})
        if without is not None:
            statements.append(self._statement("Deny", without))
        identity = self._base.identity or ()
        if statements:
            identity += _loaded({"Version": "2012-10-17", "Statement": statements}, "the contract's policy")
        return self._trial.granting(dataclasses.replace(self._base, identity=identity))

    def newly_denied(self) -> list[Need]:
        """Return what was denied since this was asked last."""
        denials = list(self._denials)[self._seen :]
        self._seen += len(denials)
        return list(dict.fromkeys(map(self._need_of, denials)))

    def forget_denied(self) -> None:
        """Don't tell what was denied up to now."""
        self._told = len(self._denials)

    def find_denied(self, *, is_harmful: bool) -> bool:
        """Find what was denied since this was told last. Return whether anything was.

        Args:
            is_harmful: whether it does harm even where the step passes all the same.
        """
        denials = list(self._denials)[self._told :]
        self._told += len(denials)
        for denied in denials:
            self._find(denied, is_harmful=is_harmful)
        return bool(denials)

    def find_unused(self) -> None:
        """Find which actions the given policies allow, and no call needs."""
        grant = self._trial.subject.grant
        if grant is None:
            return
        calls = (one for delivery in self._trial.deliveries for one in delivery.boundaries)
        used = {need.operation for one in calls for need in needs_of(one, self._arns)}
        unused = [one for one in OPERATIONS if one not in used and self._may(grant, one)]
        if unused:
            text = f"The policy also allows {_listed(unused)}, which no undisturbed rotation needs"
            self._trial.invariants.find("unused-permission", text, is_independent=True)

    def _find(self, denied: Denial, *, is_harmful: bool) -> None:
        invariants = self._trial.invariants
        need = self._need_of(denied)
        delivery, boundary = self._asking(need)
        is_fatal = is_harmful or delivery is None or not delivery.has_passed
        is_given = self._trial.subject.grant is not None
        who = "The function" if delivery is None else delivery.step
        on = f" on {need.secret}" if need.secret else ""
        invariants.shown_calls = None if boundary is None else boundary.order
        invariants.find(
            "permission-missing" if is_fatal and is_given else "needs-more-permissions",
            f"{who} is denied {need.action}{on}",
            None if boundary is None else boundary.line,
            f"{need.action} {need.secret}",
            is_independent=True,
        )
        invariants.shown_calls = None

    def _may(self, grant: Grant, operation: str) -> bool:
        """Return whether policies allow an operation with the rotated secret if their conditions hold."""
        action = action_of(operation).lower()
        resource = "*" if operation in WITHOUT_RESOURCE else self._arns[self._trial.subject.name]
        rules = [rule for policy in grant.identity or () for rule in policy.rules]
        met = [one for one in rules if one.covers_action(action) and one.covers_resource(resource, {})]
        return bool(met) and not any(one.is_deny and not one.conditions for one in met)

    @property
    def _denials(self) -> Sequence[Denial]:
        return self._trial.world.authority.denials

    def _statement(self, effect: str, need: Need) -> dict[str, Any]:
        return {"Effect": effect, "Action": need.action, "Resource": self._arns.get(need.secret or "", "*")}

    def _need_of(self, denied: Denial) -> Need:
        check = denied.check
        name = next((name for name, arn in self._arns.items() if arn == check.resource), None)
        return Need(check.action, name)

    def _asking(self, need: Need) -> tuple[Delivery | None, Boundary | None]:
        """Return the first call that was denied something, and its delivery."""
        asking = [
            (delivery, boundary)
            for delivery in self._trial.deliveries
            for boundary in delivery.boundaries
            if need in needs_of(boundary, self._arns)
        ]
        # A batch succeeds without the secrets that are denied.
        denied = [one for one in asking if not one[1].has_succeeded] or asking
        return denied[0] if denied else (None, None)


def _listed(names: Sequence[str]) -> str:
    *shown, last = names if len(names) <= _MOST_NAMES else [*names[: _MOST_NAMES - 1], _more(names)]
    return f"{', '.join(shown)} and {last}" if shown else last


def _more(names: Sequence[str]) -> str:
    return f"{len(names) - _MOST_NAMES + 1} more actions"


def _loaded(document: Mapping[str, Any], name: str) -> tuple[Policy, ...]:
    from fake_secrets.iam.loading import load_policies  # noqa: PLC0415 -- slow to import

    return load_policies(document, name)
