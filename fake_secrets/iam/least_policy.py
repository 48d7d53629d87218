"""The least policy: the smallest identity policy that allows what recorded calls needed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fake_secrets.arns import ANY_SUFFIX, SUFFIX, SUFFIX_LENGTH, partition_of

__all__ = ["Home", "Need", "document_for"]

Document = dict[str, Any]

_EVERYTHING = "*"
_VERSION = "2012-10-17"
_TAG = "aws:RequestTag/"
_VIA_SERVICE = "kms:ViaService"
# The operator with which a statement asks for a condition key.
_OPERATORS: Mapping[str, str] = {
    "secretsmanager:BlockPublicPolicy": "Bool",
    "secretsmanager:RecoveryWindowInDays": "NumericEquals",
    "secretsmanager:VersionStage": "StringEquals",
    _VIA_SERVICE: "StringEquals",
    "iam:PassedToService": "StringEquals",
    "kms:ResourceAliases": "ForAnyValue:StringEquals",
}
# These keys are asked for only if every call has sent this value.
_WANTED: Mapping[str, str] = {"secretsmanager:BlockPublicPolicy": "true"}
_PARTITION, _REGION, _ACCOUNT, _FIELDS = 1, 3, 4, 6


class Home(NamedTuple):
    """The account and the region of the world in which a call was made."""

    account_id: str
    region: str


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a call needed to be allowed.

    Args:
        principal: the ARN of the caller: of a role's session, that of the role.
        function: the name of the rotation function that made the call; None if none did.
        action: the action, such as ``secretsmanager:GetSecretValue``.
        resource: the ARN of the resource, or ``*``. A secret that a test has created ends in ``-??????``.
        home: the account and the region of the world, which a policy for elsewhere replaces.
        supplied: the condition keys that the request had, each with its value, of those that a policy may ask for.
    """

    principal: str
    function: str | None
    action: str
    resource: str
    home: Home
    supplied: tuple[tuple[str, str], ...] = field(default=())

    @property
    def order(self) -> tuple[object, ...]:
        """The key by which needs are sorted."""
        return (self.principal, self.function or "", self.action, self.resource, self.home, self.supplied)


class _Grant(NamedTuple):
    """An action on a resource, and the condition keys that each of its calls had, with their values."""

    action: str
    resource: str
    values: Mapping[str, frozenset[str]]


class _Terms(NamedTuple):
    """What the actions of one statement have in common."""

    resources: tuple[str, ...]
    conditions: tuple[tuple[str, tuple[str, ...]], ...]


def document_for(
    needs: Iterable[Need],
    *,
    region: str | None = None,
    account: str | None = None,
    partition: str | None = None,
) -> Document:
    """Return the least identity policy that allows what calls needed.

    It has one statement for each set of actions on the same secrets, one for the actions that have no resource,
    and those for KMS keys and Lambda functions. A statement asks for a condition key if each of its calls had it:
    for the values of ``secretsmanager:VersionStage`` and ``secretsmanager:RecoveryWindowInDays`` that were sent,
    for ``secretsmanager:BlockPublicPolicy`` if it was true, and for the presence of a tag, since the values of
    a test's tags are not those of production. The same needs, in any order, give the same document.

    Args:
        needs: what the calls of one caller needed.
        region: the region in which the policy is used, instead of that of the test's world.
        account: the account in which it is used, instead of that of the test's world.
        partition: the partition of `region`, if its name doesn't tell.

    Returns:
        The document, which `json.dumps` takes. It has no statement if there is no need; IAM refuses such a policy.

    Source: iam-facts 7 [B, D].
    """
    actions_of: dict[_Terms, set[str]] = {}
    for terms, action in _by_terms(_grants([_moved(need, region, account, partition) for need in needs])):
        actions_of.setdefault(terms, set()).add(action)
    statements = sorted((sorted(actions), terms) for terms, actions in actions_of.items())
    statements.sort(key=lambda one: _rank(one[0][0], one[1].resources))
    return {"Version": _VERSION, "Statement": _with_sids([_statement(*one) for one in statements])}


def _moved(need: Need, region: str | None, account: str | None, partition: str | None) -> Need:
    """Return a need with the region and the account in which its policy is used."""
    fields = need.resource.split(":", _FIELDS - 1)
    supplied = need.supplied
    if len(fields) == _FIELDS:
        if region is not None and fields[_REGION] == need.home.region:
            fields[_REGION], fields[_PARTITION] = region, partition or partition_of(region)
        if account is not None and fields[_ACCOUNT] == need.home.account_id:
            fields[_ACCOUNT] = account
        if need.action.startswith("kms:"):
            supplied = (*supplied, (_VIA_SERVICE, f"secretsmanager.{fields[_REGION]}.amazonaws.com"))
    return Need(need.principal, need.function, need.action, ":".join(fields), need.home, supplied)


def _grants(needs: Iterable[Need]) -> Iterator[_Grant]:
    by_action: dict[str, dict[str, list[Need]]] = {}
    for need in needs:
        by_action.setdefault(need.action, {}).setdefault(need.resource, []).append(need)
    for action, by_resource in by_action.items():
        for resource, calls in _without_covered(by_resource).items():
            yield _Grant(action, resource, _common([dict(call.supplied) for call in calls]))


def _without_covered(by_resource: Mapping[str, list[Need]]) -> Mapping[str, list[Need]]:
    """Leave out what a pattern covers: a test may create a secret anew whose first ARN was pinned."""
    kept: dict[str, list[Need]] = {}
    for resource, calls in by_resource.items():
        patterns = [_EVERYTHING]
        if SUFFIX.fullmatch(resource[-SUFFIX_LENGTH:]):
            patterns.append(resource[:-SUFFIX_LENGTH] + ANY_SUFFIX)
        covering = next((pattern for pattern in patterns if pattern in by_resource), resource)
        kept.setdefault(covering, []).extend(calls)
    return kept


def _common(supplied: list[dict[str, str]]) -> Mapping[str, frozenset[str]]:
    """Return the condition keys that all calls have supplied, with their values."""
    keys = set(supplied[0]).intersection(*supplied[1:])
    values = {key: frozenset(one[key] for one in supplied) for key in keys}
    return {key: found for key, found in values.items() if found == {_WANTED.get(key)} or key not in _WANTED}


def _by_terms(grants: Iterable[_Grant]) -> Iterator[tuple[_Terms, str]]:
    """Yield each action with what its statement says about it. One action can be in several statements."""
    by_keys: dict[tuple[str, frozenset[str]], list[_Grant]] = {}
    for grant in grants:
        by_keys.setdefault((grant.action, frozenset(grant.values)), []).append(grant)
    for (action, keys), alike in by_keys.items():
        values = ((key, tuple(sorted(set().union(*(one.values[key] for one in alike))))) for key in sorted(keys))
        yield _Terms(tuple(sorted(grant.resource for grant in alike)), tuple(values)), action


def _rank(action: str, resources: tuple[str, ...]) -> int:
    if action.startswith("secretsmanager:"):
        return 1 if resources == (_EVERYTHING,) else 0
    return _RANKS[action.partition(":")[0]]


_RANKS: Mapping[str, int] = {"kms": 2, "lambda": 3, "iam": 4}
_SIDS = ("Secrets", "NoResource", "Keys", "Functions", "Roles")


def _statement(actions: list[str], terms: _Terms) -> Document:
    statement: Document = {
        "Sid": _SIDS[_rank(actions[0], terms.resources)],
        "Effect": "Allow",
        "Action": actions,
        "Resource": list(terms.resources),
    }
    conditions: dict[str, dict[str, Any]] = {}
    for key, values in terms.conditions:
        if key.startswith(_TAG):
            conditions.setdefault("Null", {})[key] = "false"
        else:
            conditions.setdefault(_OPERATORS[key], {})[key] = list(values) if len(values) > 1 else values[0]
    if conditions:
        statement["Condition"] = dict(sorted(conditions.items()))
    return statement


def _with_sids(statements: list[Document]) -> list[Document]:
    """Number the statements whose names would be the same."""
    names = [statement["Sid"] for statement in statements]
    for number, statement in enumerate(statements):
        if names.count(names[number]) > 1:
            statement["Sid"] = f"{names[number]}{names[: number + 1].count(names[number])}"
    return statements
