"""What the calls of a rotation function need: each action that they ask for, and the secret that it concerns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fake_secrets.arns import SUFFIX_LENGTH
from fake_secrets.contract.moments import SUCCEEDED, Boundary
from fake_secrets.contract.subject import Subject
from fake_secrets.service.rules.checks import WITHOUT_RESOURCE, action_of, checks_of, checks_of_creation
from fake_secrets.service.rules.key_uses import DECRYPTING, ENCRYPTING
from fake_secrets.service.rules.operation_kinds import STORING, VALUES

__all__ = ["Need", "needs_of"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_NAME = 6
# AWS refuses these calls before it asks what is allowed.
_MALFORMED = ("SerializationException", "ValidationException")
# With these outcomes, a call has come to use the key.
_USES_KEYS = frozenset({SUCCEEDED, "AccessDeniedException", "DecryptionFailure", "EncryptionFailure"})


@dataclass(frozen=True, slots=True)
class Need:
    """An action that a call asks for.

    Args:
        action: the action, such as ``secretsmanager:GetSecretValue``.
        secret: the name of the secret; None if the action has no resource, or if the secret is none that the check
            knows. An action of KMS is about the key of that secret.
    """

    action: str
    secret: str | None

    @property
    def operation(self) -> str:
        """The action without its service."""
        return self.action.partition(":")[2]

    @property
    def is_of_key(self) -> bool:
        """Whether the action is about the key that encrypts the secret."""
        return self.action.startswith("kms:")

    @property
    def is_known(self) -> bool:
        """Whether it is known on what the action is needed."""
        return self.secret is not None or self.operation in WITHOUT_RESOURCE


def needs_of(boundary: Boundary, subject: Subject) -> list[Need]:
    """Return what a call needs.

    Args:
        boundary: the call.
        subject: what is checked, which knows the secrets and the key.
    """
    if boundary.place != "secretsmanager" or boundary.outcome in _MALFORMED:
        return []
    needs = list(_needs_of(boundary.name, boundary.members, subject.secrets))
    if subject.has_key and boundary.outcome in _USES_KEYS:
        needs += _needs_of_key(boundary, needs, subject.name)
    return list(dict.fromkeys(needs))


def _needs_of_key(boundary: Boundary, needs: Sequence[Need], secret: str) -> Iterator[Need]:
    on_it = {need.operation for need in needs if need.secret == secret}
    has_value = not VALUES.isdisjoint(boundary.members)
    if "GetSecretValue" in on_it:
        yield from (Need(action, secret) for action in DECRYPTING)
    elif on_it & STORING and has_value:
        yield from (Need(action, secret) for action in ENCRYPTING)


def _needs_of(operation: str, members: Mapping[str, Any], secrets: Collection[str]) -> Iterator[Need]:
    if operation == "CreateSecret":
        yield from (Need(check.action, None) for check in checks_of_creation(members, "*"))
        return
    secret_id = None if operation in WITHOUT_RESOURCE else members.get("SecretId")
    name = None if secret_id is None else _name_of(secret_id, secrets)
    yield from (Need(check.action, name) for check in checks_of(operation, members, {}, "*"))
    if operation == "BatchGetSecretValue":
        ids = members.get("SecretIdList") or secrets
        yield from (Need(action_of("GetSecretValue"), _name_of(one, secrets)) for one in ids)


def _name_of(secret_id: str, secrets: Collection[str]) -> str | None:
    """Return the name of the secret that an id means; None if it is unknown."""
    name = secret_id.split(":", _NAME)[-1] if secret_id.startswith("arn:") else secret_id
    if name in secrets:
        return name
    return name[:-SUFFIX_LENGTH] if name != secret_id and name[:-SUFFIX_LENGTH] in secrets else None
