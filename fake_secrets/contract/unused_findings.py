"""What the given policies allow, and no undisturbed rotation needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fake_secrets.contract.role import Role
from fake_secrets.contract.role_condition import functions_named_in
from fake_secrets.contract.trial import Trial

if TYPE_CHECKING:
    from fake_secrets.iam.policy import Policy
    from fake_secrets.observe.unused_permissions import UnusedPermission

__all__ = ["find_unused"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# So many statements are shown.
_MOST_STATEMENTS = 3
_SERVICE = "secretsmanager"


def find_unused(trial: Trial, role: Role) -> None:
    """Find what the given policies allow, and no call needs, by action and by resource.

    Args:
        trial: a trial of undisturbed rotations.
        role: the role of its function.
    """
    has_called = any(one.place == _SERVICE for delivery in trial.deliveries for one in delivery.boundaries)
    if trial.subject.grant is None or not has_called:
        return
    found = [str(one) for policy in role.policies.identity or () for one in _unused(trial, policy)]
    if found:
        hidden = len(found) - _MOST_STATEMENTS
        more = [f"{hidden} more statement{'s' * (hidden > 1)}"] if hidden > 0 else []
        text = "; ".join([*found[:_MOST_STATEMENTS], *more])
        trial.invariants.find(
            "unused-permission", f"No undisturbed rotation needs all of it: {text}", is_independent=True
        )


def _unused(trial: Trial, policy: Policy) -> Iterator[UnusedPermission]:
    from fake_secrets.observe.unused_permissions import unused_in  # noqa: PLC0415 -- slow to import

    function = trial.world.function_name
    services = {"*", _SERVICE, "kms"} if trial.subject.has_key else {"*", _SERVICE}
    for one in unused_in([policy], trial.world.recording(), function=function):
        statement = next(st for st in policy.statements if one.statement in {st.sid, f"statement {st.number}"})
        # Such a condition narrows the resources to the secrets that the function rotates.
        is_narrow = any(functions_named_in([replace(policy, statements=(statement,))]))
        on_it = statement.resources.values if is_narrow else ()
        left = replace(
            one,
            actions=tuple(action for action in one.actions if _service_of(action) in services),
            resources=() if is_narrow else one.resources,
            pairs=tuple(pair for pair in one.pairs if _service_of(pair[0]) in services),
            wider={pattern: needed for pattern, needed in one.wider.items() if pattern not in on_it},
            unjudged=(),
        )
        # Nothing is known of what is needed of services that aren't tried.
        is_tried = not services.isdisjoint(map(_service_of, statement.actions.values))
        if (is_tried or statement.actions.is_negated) and (
            left.actions or left.resources or left.wider or left.is_whole
        ):
            yield left


def _service_of(action: str) -> str:
    return action.partition(":")[0].lower()
