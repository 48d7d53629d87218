"""Live views of a secret, for the author of a test: `Secret` and `Version`."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fake_secrets import clock
from fake_secrets.errors import UnknownSecretError
from fake_secrets.service.rules.stages import AWSCURRENT, labels_of
from fake_secrets.service.state.model import StoredSecret, StoredVersion

__all__ = ["Secret", "Version", "readable", "secret_id_of"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a secret, as it was when you looked at it.

    Args:
        id: the version id.
        stages: its staging labels; empty for a deprecated version.
        created: when it was created, tz-aware UTC.
        secret_string: the SecretString as stored; None in a binary version, and in the empty
            version of an open rotation.
        secret_binary: the SecretBinary as stored; None in every other version.
    """

    id: str
    stages: tuple[str, ...]
    created: datetime.datetime
    secret_string: str | None = field(repr=False)
    secret_binary: bytes | None = field(repr=False)

    def value(self) -> Any:
        """Return the value.

        Returns:
            A dict if the text is a JSON object, else the str or bytes as stored; None for the
            empty version of an open rotation.
        """
        return readable(self.secret_binary if self.secret_string is None else self.secret_string)


class Secret:
    """A live view of a secret: each look shows it as it is now.

    The handle takes a `Secret` wherever it takes a secret ID. Two views of one secret are equal.
    Every property but `arn` raises UnknownSecretError once the secret is permanently deleted.
    """

    __slots__ = ("_arn", "_look")

    def __init__(self, arn: str, look: Callable[[str], StoredSecret]) -> None:
        self._arn = arn
        self._look = look

    @property
    def arn(self) -> str:
        """The full ARN."""
        return self._arn

    @property
    def name(self) -> str:
        """The name."""
        return self._look(self._arn).name

    @property
    def description(self) -> str | None:
        """The description; None if it has none."""
        return self._look(self._arn).description

    @property
    def kms_key_id(self) -> str | None:
        """The KMS key as given to AWS; None for the default key, aws/secretsmanager."""
        return self._look(self._arn).kms_key_id

    @property
    def tags(self) -> dict[str, str]:
        """The tags: key to value."""
        return {tag["Key"]: tag.get("Value", "") for tag in self._look(self._arn).tags or ()}

    @property
    def deleted(self) -> datetime.datetime | None:
        """When DeleteSecret marked it for deletion, tz-aware UTC; None if it isn't marked."""
        deleted = self._look(self._arn).deleted
        return None if deleted is None else clock.utc(deleted)

    @property
    def rotation_enabled(self) -> bool:
        """Whether rotation is turned on, as RotationEnabled of DescribeSecret."""
        rotation = self._look(self._arn).rotation
        return rotation is not None and rotation.enabled

    @property
    def stages(self) -> dict[str, str]:
        """The staging labels: label to version id."""
        return dict(self._look(self._arn).labels)

    @property
    def versions(self) -> list[Version]:
        """All versions in the order of creation, deprecated ones too."""
        secret = self._look(self._arn)
        return [_version(secret, version) for version in list(secret.versions.values())]

    def version(self, id_or_label: str) -> Version:
        """Return the version with a staging label, or with an id.

        Args:
            id_or_label: a staging label, such as AWSPENDING, or else a version id.

        Raises:
            LookupError: the secret has no such version.
            UnknownSecretError: the secret is permanently deleted.
        """
        secret = self._look(self._arn)
        found = secret.versions.get(secret.labels.get(id_or_label, id_or_label))
        if found is None:
            held = "".join(f"\n- {_described(secret, version)}" for version in secret.versions) or "\n- none"
            msg = (
                f"secret {secret.name!r} has no version with the staging label or id {id_or_label!r}. "
                f"Its versions are:{held}"
            )
            raise LookupError(msg)
        return _version(secret, found)

    def value(self, label: str = AWSCURRENT) -> Any:
        """Return the value of the version with a staging label. It doesn't count as a read.

        Args:
            label: the staging label; by default AWSCURRENT.

        Returns:
            A dict if the text is a JSON object, else the str or bytes as stored; None for the
            empty version of an open rotation.

        Raises:
            LookupError: no version has that label.
            UnknownSecretError: the secret is permanently deleted.
        """
        secret = self._look(self._arn)
        version_id = secret.labels.get(label)
        if version_id is None:
            labels = "".join(f"\n- {label}" for label in secret.labels) or "\n- none"
            msg = f"no version of secret {secret.name!r} has staging label {label!r}. Its labels are:{labels}"
            raise LookupError(msg)
        return readable(secret.versions[version_id].value)

    @property
    def secret_string(self) -> str | None:
        """The SecretString of AWSCURRENT as stored; None if the value is binary.

        It raises LookupError if no version has AWSCURRENT.
        """
        return self.version(AWSCURRENT).secret_string

    @property
    def secret_binary(self) -> bytes | None:
        """The SecretBinary of AWSCURRENT as stored; None if the value is text.

        It raises LookupError if no version has AWSCURRENT.
        """
        return self.version(AWSCURRENT).secret_binary

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return (self._arn, self._look) == (other._arn, other._look)

    def __hash__(self) -> int:
        return hash((self._arn, self._look))

    def __repr__(self) -> str:
        try:
            secret = self._look(self._arn)
        except UnknownSecretError:
            return f"<secret {self._arn}, deleted>"
        return f"<secret {secret.name!r}, stages {dict(secret.labels)!r}>"


def secret_id_of(secret: Any) -> Any:
    """Return what names a secret: the ARN of a `Secret`; anything else as it is."""
    return secret._arn if isinstance(secret, Secret) else secret


def readable(value: str | bytes | None) -> Any:
    """Return a value as a test reads it: a dict if the text is a JSON object, else as stored."""
    if not isinstance(value, str):
        return value
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return parsed if isinstance(parsed, dict) else value


def _version(secret: StoredSecret, version: StoredVersion) -> Version:
    value = version.value
    return Version(
        id=version.id,
        stages=tuple(labels_of(secret.labels, version.id)),
        created=clock.utc(version.created),
        secret_string=value if isinstance(value, str) else None,
        secret_binary=value if isinstance(value, bytes) else None,
    )


def _described(secret: StoredSecret, version_id: str) -> str:
    labels = ", ".join(labels_of(secret.labels, version_id)) or "deprecated"
    return f"{version_id} ({labels})"
