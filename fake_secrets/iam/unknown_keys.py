"""Conditions on keys whose values nobody knows, and whether they matter to a decision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from fake_secrets.iam.coverage import Rule
from fake_secrets.iam.evaluation import Caller, Check, Decision, Layers
from fake_secrets.iam.naming import naming_of
from fake_secrets.iam.policy import Policy, Statement

__all__ = ["Undecided", "decide_without"]

Decide = Callable[[Check, Caller, Layers], Decision]
IsKnown = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Undecided:
    """A statement that would change a decision, if its condition held or not.

    Args:
        policy: the policy.
        keys: the keys of the condition whose values aren't known, sorted.
    """

    policy: Policy
    keys: tuple[str, ...]


def decide_without(
    check: Check, caller: Caller, layers: Layers, is_known: IsKnown, decide: Decide
) -> Decision | Undecided:
    """Decide without the statements whose conditions have unknown keys, if none of them could change the decision.

    Args:
        check: what is asked.
        caller: who asks.
        layers: the policies that take part.
        is_known: returns whether the value of a condition key is known, even if it is known to be absent.
        decide: decides by policies.
    """
    if all(map(is_known, _keys_of(layers.all()))):
        return decide(check, caller, layers)
    decision = decide(check, caller, _known_part(layers, is_known))
    if decision.effect == "explicit_deny":
        return decision
    open_rules = [
        (policy, rule)
        for policy, rule, is_resource in _open(layers, is_known)
        if _may_apply(rule, check, caller, is_known, is_resource=is_resource)
    ]
    is_allowed = decision.effect == "allowed"
    for policy, rule in open_rules:
        # An Allow can't change what is allowed anyway.
        if rule.is_deny or not is_allowed:
            unknown = {condition.key for condition in rule.statement.conditions if not is_known(condition.key)}
            return Undecided(policy, tuple(sorted(unknown)))
    return decision


def _keys_of(policies: Iterable[Policy]) -> Iterator[str]:
    for policy in policies:
        yield from policy.condition_keys


def _open(layers: Layers, is_known: IsKnown) -> Iterator[tuple[Policy, Rule, bool]]:
    """Yield the rules with unknown keys, and whether they are in a resource policy."""
    resource = {id(policy) for policy in layers.resource}
    for policy in layers.all():
        for rule in policy.rules:
            if not _is_decidable(rule.statement, is_known):
                yield policy, rule, id(policy) in resource


def _may_apply(rule: Rule, check: Check, caller: Caller, is_known: IsKnown, *, is_resource: bool) -> bool:
    known = zip(rule.statement.conditions, rule.conditions, strict=True)
    return (
        rule.covers_action(check.action.lower())
        and rule.covers_resource(check.resource, check.context)
        and (not is_resource or naming_of(rule.statement.principals, caller) is not None)
        and all(holds(check.context) for condition, holds in known if is_known(condition.key))
    )


def _is_decidable(statement: Statement, is_known: IsKnown) -> bool:
    return all(is_known(condition.key) for condition in statement.conditions)


def _known_part(layers: Layers, is_known: IsKnown) -> Layers:
    def known(policy: Policy) -> Policy:
        kept = tuple(statement for statement in policy.statements if _is_decidable(statement, is_known))
        return policy if len(kept) == len(policy.statements) else replace(policy, statements=kept)

    return Layers(
        None if layers.identity is None else [known(policy) for policy in layers.identity],
        [known(policy) for policy in layers.resource],
        None if layers.boundary is None else known(layers.boundary),
        None if layers.session is None else [known(policy) for policy in layers.session],
    )
