"""What the calls of a world needed to be allowed. It is read out of the ledger when somebody asks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fake_secrets.arns import SECRET_ARN, SUFFIX, SUFFIX_LENGTH, partition_of
from fake_secrets.iam.callers import function_name, owner_of_policies
from fake_secrets.iam.least_policy import Home, Need
from fake_secrets.observe.ledger import Entry
from fake_secrets.service.dispatch import OPERATIONS
from fake_secrets.service.state.model import Request

__all__ = ["needs_of"]

_MALFORMED = frozenset({"SerializationException", "ValidationException"})
_WITHOUT_RESOURCE = frozenset({"BatchGetSecretValue", "GetRandomPassword", "ListSecrets"})
# Members that have a condition key which is worth asking for, with the operations on which they have it.
_SUPPLIED: Mapping[str, str] = {
    "GetSecretValue": "VersionStage",
    "UpdateSecretVersionStage": "VersionStage",
    "DeleteSecret": "RecoveryWindowInDays",
    "PutResourcePolicy": "BlockPublicPolicy",
}
_TAGGING = frozenset({"CreateSecret", "TagResource"})


_ANY_SUFFIX = "-??????"
# Where the account, the kind and the name begin in an ARN.
_TAIL = 4


class _Asked(NamedTuple):
    """An action on a resource that a call asks for, and the condition keys that it supplies."""

    operation: str
    resource: str
    supplied: tuple[tuple[str, str], ...] = ()


def needs_of(entries: Sequence[Entry], home: Home, pinned: Collection[str] = ()) -> list[Need]:
    """Return what calls needed to be allowed, each need once, sorted.

    Calls that failed count too, because AWS asks whether a caller may before it looks for the secret. Malformed
    calls don't, and neither do requests of the handle's own.

    Args:
        entries: the ledger's entries.
        home: the account and the region of the world.
        pinned: the ARNs of secrets whose suffixes a test has chosen.
    """
    secrets = _Secrets({entry.secret.arn for entry in entries if entry.secret is not None}, pinned)
    return sorted(
        {
            Need(
                owner_of_policies(entry.request.principal),
                entry.function and function_name(entry.function),
                f"secretsmanager:{asked.operation}",
                asked.resource,
                home,
                asked.supplied,
            )
            for entry in entries
            if _counts(entry)
            for asked in _asked(entry, secrets)
        },
        key=lambda need: need.order,
    )


class _Secrets:
    """The secrets of a world, and how a policy names them.

    Args:
        known: the ARNs of those that exist, or have existed.
        pinned: the ARNs of those whose suffixes a test has chosen.
    """

    def __init__(self, known: Collection[str], pinned: Collection[str]) -> None:
        self._known = known
        # A replica has the suffix of its primary.
        self._pinned = {arn.split(":", _TAIL)[_TAIL] for arn in pinned}

    def resource(self, entry: Entry) -> str:
        """Return the resource of a call, or ``*`` if it is about no secret."""
        if entry.secret is not None:
            return self._by_arn(entry.secret.arn)
        named = entry.members.get("SecretId", entry.members.get("Name"))
        return "*" if named is None else self.named(str(named), entry.request)

    def in_batch(self, entry: Entry) -> Iterator[str]:
        """Yield the secrets that a call of BatchGetSecretValue has read, or would have read."""
        response: Mapping[str, Any] | None = entry.response
        if response is None:
            ids = entry.members.get("SecretIdList")
            named = list(map(str, ids)) if isinstance(ids, list) else []
        else:
            named = [*response["Read"], *(error["SecretId"] for error in response["Errors"])]
        return (self.named(one, entry.request) for one in named)

    def named(self, secret_id: str, request: Request) -> str:
        """Return the secret that a SecretId names, even if there is none."""
        if SECRET_ARN.fullmatch(secret_id) is None:
            partition = request.partition or partition_of(request.region)
            secret_id = f"arn:{partition}:secretsmanager:{request.region}:{request.account_id}:secret:{secret_id}"
        elif SUFFIX.fullmatch(secret_id[-SUFFIX_LENGTH:]):
            return self._by_arn(secret_id)
        tail = secret_id.split(":", _TAIL)[_TAIL]
        pinned = next((one for one in self._pinned if one[:-SUFFIX_LENGTH] == tail), tail + _ANY_SUFFIX)
        return secret_id.removesuffix(tail) + pinned

    def _by_arn(self, arn: str) -> str:
        # The suffix of a secret that doesn't exist here comes from the code under test.
        if arn not in self._known or arn.split(":", _TAIL)[_TAIL] in self._pinned:
            return arn
        return arn[:-SUFFIX_LENGTH] + _ANY_SUFFIX


def _counts(entry: Entry) -> bool:
    return (
        entry.is_call
        and not entry.request.is_handles
        and entry.operation in OPERATIONS
        and (entry.outcome not in _MALFORMED or entry.secret is not None)
    )


def _asked(entry: Entry, secrets: _Secrets) -> Iterator[_Asked]:
    operation, members = entry.operation, entry.members
    resource = "*" if operation in _WITHOUT_RESOURCE else secrets.resource(entry)
    supplied = tuple(_supplied(operation, members))
    yield _Asked(operation, resource, supplied)
    if operation == "CreateSecret":
        if members.get("Tags"):
            yield _Asked("TagResource", resource, supplied)
        if members.get("AddReplicaRegions"):
            yield _Asked("ReplicateSecretToRegions", resource)
    elif operation == "ValidateResourcePolicy":
        yield _Asked("PutResourcePolicy", resource)
    elif operation == "BatchGetSecretValue":
        if members.get("Filters"):
            yield _Asked("ListSecrets", "*")
        yield from (_Asked("GetSecretValue", one) for one in secrets.in_batch(entry))


def _supplied(operation: str, members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the condition keys of a request that are worth asking for, with their values."""
    name = _SUPPLIED.get(operation)
    value = members.get(name) if name is not None else None
    # Text with a dollar sign would be a policy variable.
    if value is not None and "$" not in str(value):
        yield f"secretsmanager:{name}", str(value).lower() if isinstance(value, bool) else str(value)
    if operation in _TAGGING:
        keys = [str(tag["Key"]) for tag in members.get("Tags") or () if isinstance(tag, dict) and "Key" in tag]
        # Condition keys have no case.
        yield from ((f"aws:RequestTag/{key}", "") for key in sorted({key.lower(): key for key in keys}.values()))
