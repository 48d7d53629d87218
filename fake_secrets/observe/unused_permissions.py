"""What a policy allows and no recorded call needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fake_secrets.iam.callers import needs_of_caller
from fake_secrets.iam.coverage import Rule
from fake_secrets.iam.elements import Element, Statement
from fake_secrets.iam.least_policy import ANY_SUFFIX, Need
from fake_secrets.iam.policy import Policy
from fake_secrets.observe.asked import Asked
from fake_secrets.observe.needs import asked_needs
from fake_secrets.observe.recording import Recording

__all__ = ["UnusedPermission", "unused_in"]

__tracebackhide__ = True  # a traceback ends at the caller's mistake

# The services of which calls of Secrets Manager need something.
_SERVICES = frozenset({"*", "secretsmanager", "kms", "lambda"})
_SERVICE_FIELD = 2


@dataclass(frozen=True, slots=True)
class UnusedPermission:
    """What one statement of a policy allows and no call needed.

    Args:
        policy: what the policy was given as, such as the path of its file.
        statement: the statement's Sid, or its number, such as ``statement 2``.
        actions: the actions that no call needed, as they are written; all of them if no call needed the statement.
        resources: the resources that no call needed, as they are written; likewise.
        wider: each action and each resource with wildcards that allows more than was needed, and what of it was
            needed.
        is_whole: whether no call needed anything of the statement.
    """

    policy: str
    statement: str
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    wider: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_whole: bool = False

    def __str__(self) -> str:
        where = f"{self.policy}, {self.statement}"
        if self.is_whole:
            return f"{where}: no call needed this statement"
        unused = ", ".join([*self.actions, *self.resources])
        parts = [f"no call needed {unused}"] if unused else []
        parts += [f"of {pattern}, only {', '.join(needed)} was needed" for pattern, needed in self.wider.items()]
        return f"{where}: {'; '.join(parts)}"


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
    used = _allowed(policy, statement, uses)
    if not used:
        named = () if statement.actions.is_negated else tuple(actions)
        on = () if statement.resources.is_negated else tuple(resources)
        return UnusedPermission(policy.name, name, named, on, is_whole=True)
    unused: dict[str, list[str]] = {"actions": [], "resources": []}
    wider: dict[str, tuple[str, ...]] = {}
    for element, value, narrowed in _parts(statement, actions, resources):
        needed = {use.need for use in _allowed(policy, narrowed, used)}
        shown = sorted({need.action if element == "actions" else need.resource for need in needed})
        if not needed:
            unused[element].append(value)
        elif _is_pattern(value) and shown != [value]:
            wider[value] = tuple(shown)
    if not (unused["actions"] or unused["resources"] or wider):
        return None
    return UnusedPermission(policy.name, name, tuple(unused["actions"]), tuple(unused["resources"]), wider)


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
