"""What a policy allows and no recorded call needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fake_secrets.arns import ANY_SUFFIX
from fake_secrets.iam.callers import needs_of_caller
from fake_secrets.iam.coverage import Rule
from fake_secrets.iam.elements import Element, Statement
from fake_secrets.iam.least_policy import Need
from fake_secrets.iam.policy import Policy
from fake_secrets.observe.asked import Asked
from fake_secrets.observe.needs import asked_needs
from fake_secrets.observe.recording import Recording
from fake_secrets.service.rules.checks import WITHOUT_RESOURCE
from fake_secrets.service.rules.known_keys import is_known

__all__ = ["UnusedPermission", "unused_in"]

__tracebackhide__ = True  # a traceback ends at the caller's mistake

# The services of which calls of Secrets Manager need something.
_SERVICES = frozenset({"*", "secretsmanager", "kms", "lambda"})
_SERVICE_FIELD = 2
_PRINCIPAL_TAG = "aws:principaltag/"


@dataclass(frozen=True, slots=True)
class UnusedPermission:
    """What one statement of a policy allows and no call needed.

    Args:
        policy: what the policy was given as, such as the path of its file.
        statement: the statement's Sid, or its number, such as ``statement 2``.
        actions: the actions that no call needed, as they are written; all of them if no call needed the statement.
        resources: the resources that no call needed, as they are written; likewise.
        pairs: each action and resource that calls needed, but never together.
        wider: each action and each resource with wildcards that allows more than was needed, and what of it was
            needed.
        unjudged: the condition keys of the statement whose values aren't known. What is said of the statement
            holds if these conditions do.
        is_whole: whether no call needed anything of the statement.
    """

    policy: str
    statement: str
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    wider: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unjudged: tuple[str, ...] = ()
    is_whole: bool = False

    def __str__(self) -> str:
        where = f"{self.policy}, {self.statement}"
        if self.is_whole:
            return f"{where}: no call used this statement"
        unused = [*self.actions, *self.resources, *(f"{action} on {resource}" for action, resource in self.pairs)]
        parts = [f"no call used {', '.join(unused)}"] if unused else []
        parts += [_wide(pattern, needed) for pattern, needed in self.wider.items()]
        parts += [_unjudged(self.unjudged)] if self.unjudged else []
        return f"{where}: {'; '.join(parts)}"


def _wide(pattern: str, needed: Sequence[str]) -> str:
    return f"{pattern} is wider than needed, since calls used only {', '.join(needed)}"


def _unjudged(keys: Sequence[str]) -> str:
    tags = [key for key in keys if key.startswith(_PRINCIPAL_TAG)]
    given = "tags={...}" if tags == list(keys) else f"context={{{keys[0]!r}: ...}}"
    return (
        f"its condition on {', '.join(keys)} can't be judged without a value, so ask inside of the block "
        f"`with fake_secrets.permissions(None, {given}):`"
    )


@dataclass(frozen=True, slots=True)
class _Use:
    """A check, and the need that it is."""

    asked: Asked
    need: Need


def unused_in(
    policies: Iterable[Policy],
    recording: Recording,
    principal: str | None = None,
    function: str | None = None,
) -> list[UnusedPermission]:
    """Return what policies allow and no call needed, one item a statement, in order.

    Args:
        policies: the policies.
        recording: what the world has recorded.
        principal: the caller whose calls count; by default all calls do.
        function: the rotation function whose calls count.

    Raises:
        ValueError: as `needs_of_caller` does.
    """
    uses = _distinct(asked_needs(recording))
    if principal is not None or function is not None:
        chosen = set(needs_of_caller([use.need for use in uses], principal, function))
        uses = [use for use in uses if use.need in chosen]
    found = (
        _unused(policy, statement, uses)
        for policy in policies
        for statement in policy.statements
        if statement.effect == "Allow"
    )
    return [one for one in found if one is not None]


def _distinct(asked: Iterable[tuple[Asked, Need]]) -> list[_Use]:
    """Return one of all checks that differ in nothing but their time."""
    uses: dict[tuple[object, ...], _Use] = {}
    for one, need in asked:
        context = {key: str(value) for key, value in one.check.context.items() if not key.endswith("time")}
        key = (one.check.action, one.check.resource, frozenset(context.items()), need.function)
        uses.setdefault(key, _Use(one, need))
    return list(uses.values())


def _unused(policy: Policy, statement: Statement, uses: Sequence[_Use]) -> UnusedPermission | None:
    actions = [value for value in statement.actions.values if value.partition(":")[0].lower() in _SERVICES]
    if not (actions or statement.actions.is_negated):
        return None
    name = statement.sid or f"statement {statement.number}"
    resources = [value for value in statement.resources.values if _is_of_a_service(value)]
    unjudged = _unknown_keys(policy, statement, uses)
    judged = _without(statement, unjudged)
    used = _allowed(policy, judged, uses)
    if not used:
        named = () if statement.actions.is_negated else tuple(actions)
        on = () if statement.resources.is_negated else tuple(resources)
        return UnusedPermission(policy.name, name, named, on, is_whole=True)
    unused: dict[str, list[str]] = {"actions": [], "resources": []}
    wider: dict[str, tuple[str, ...]] = {}
    for element, value, narrowed in _parts(judged, actions, resources):
        needed = {use.need for use in _allowed(policy, narrowed, used)}
        shown = {need.action if element == "actions" else need.resource for need in needed}
        if not needed:
            unused[element].append(value)
        elif _is_pattern(value) and shown - {value}:
            # Actions that have no resource need `*` beside what the others need.
            wider[value] = tuple(sorted(shown - {value}))
    found = tuple(unused["actions"]), tuple(unused["resources"])
    of_both = [one for one in actions if one not in found[0]], [one for one in resources if one not in found[1]]
    pairs = tuple(_unused_pairs(policy, judged, *of_both, used))
    if not (any(found) or pairs or wider or unjudged):
        return None
    return UnusedPermission(policy.name, name, *found, pairs, wider, unjudged)


def _unknown_keys(policy: Policy, statement: Statement, uses: Sequence[_Use]) -> tuple[str, ...]:
    """Return the condition keys whose values decide, and aren't known."""
    keys = {condition.key for condition in statement.conditions}
    uncertain = [key for key in sorted(keys) if key.startswith(_PRINCIPAL_TAG) or not is_known(key)]
    meant = _allowed(policy, _without(statement, uncertain), uses) if uncertain else []
    return tuple(key for key in uncertain if any(key not in use.asked.check.context for use in meant))


def _without(statement: Statement, keys: Sequence[str]) -> Statement:
    """Return a statement without its conditions on some keys."""
    if not keys:
        return statement
    return replace(statement, conditions=tuple(one for one in statement.conditions if one.key not in keys))


def _unused_pairs(
    policy: Policy, statement: Statement, actions: Sequence[str], resources: Sequence[str], used: Sequence[_Use]
) -> Iterator[tuple[str, str]]:
    """Yield each action and resource that no call needed together, of those that calls needed."""
    if statement.actions.is_negated or statement.resources.is_negated:
        return
    for action in actions:
        of_action = replace(statement, actions=Element((action,)))
        for resource in resources:
            pair = replace(of_action, resources=Element((resource,)))
            if _can_meet(action, resource) and not _allowed(policy, pair, used):
                yield action, resource


def _can_meet(action: str, resource: str) -> bool:
    """Return whether an action is one on such a resource. Else a policy that has both allows nothing by it."""
    service, _, name = action.partition(":")
    fields = resource.split(":")
    if name in WITHOUT_RESOURCE or len(fields) <= _SERVICE_FIELD:
        return resource == "*"
    return "*" in {service, fields[_SERVICE_FIELD]} or service.lower() == fields[_SERVICE_FIELD]


def _parts(
    statement: Statement, actions: Sequence[str], resources: Sequence[str]
) -> Iterator[tuple[str, str, Statement]]:
    """Yield each action and each resource, with the statement that has only that one."""
    if not statement.actions.is_negated:
        for value in actions:
            yield "actions", value, replace(statement, actions=Element((value,)))
    if not statement.resources.is_negated:
        for value in resources:
            yield "resources", value, replace(statement, resources=Element((value,)))


def _allowed(policy: Policy, statement: Statement, uses: Sequence[_Use]) -> list[_Use]:
    rule = Rule(statement, has_variables=policy.has_variables)
    checks = ((use, use.asked.check) for use in uses)
    return [use for use, check in checks if rule.applies(check.action.lower(), check.resource, check.context)]


def _is_pattern(value: str) -> bool:
    # A name that ends in any suffix is as narrow as a policy can be.
    return "*" in value or "?" in value.removesuffix(ANY_SUFFIX)


def _is_of_a_service(resource: str) -> bool:
    fields = resource.split(":")
    return len(fields) <= _SERVICE_FIELD or fields[_SERVICE_FIELD] in _SERVICES
