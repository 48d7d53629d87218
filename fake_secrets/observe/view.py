"""What a test sees of a secret: `Secret`, a live view, and `Version`."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fake_secrets import clock
from fake_secrets.errors import UnknownSecretError
from fake_secrets.observe.live import LiveView
from fake_secrets.service.rules.stages import AWSCURRENT, labels_of
from fake_secrets.service.state.model import StoredSecret, StoredVersion

__all__ = ["Secret", "Version", "readable", "secret_id_of"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


# The class compares by itself: pytest would show the values that a generated comparison compares.
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """One version of a secret, as it was when you asked for it.

    Versions with the same id, labels, date and value are equal.

    Args:
        id: the version id.
        stages: the version's staging labels; empty for a deprecated version.
        created: when the version was created, tz-aware UTC.
        secret_string: the SecretString as stored; None if the value is binary, or if the version is the
            empty version of an open rotation.
        secret_binary: the SecretBinary as stored; None if the version has no binary value.
    """

    id: str
    stages: tuple[str, ...]
    created: datetime.datetime
    secret_string: str | None = field(repr=False)
    secret_binary: bytes | None = field(repr=False)

    def value(self) -> Any:
        """Return the version's value.

        Returns:
            A dict if the text is a JSON object, else the str or bytes as stored; None for the
            empty version of an open rotation.
        """
        return readable(self.secret_binary if self.secret_string is None else self.secret_string)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Version):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash((self.id, self.stages, self.created))


class Secret(LiveView):
    """A live view of a secret: every property shows the secret as it is now.

    Reading a view isn't a call: it isn't recorded, and it doesn't change LastAccessedDate. Wherever the
    handle takes a secret ID, it takes a `Secret` too, and uses its ARN. Two views of the same secret are
    equal. Copying a view returns the view itself, because it has no state of its own.
    Once the secret is permanently deleted, every property except `arn` raises UnknownSecretError.
    """

    __slots__ = ("_arn", "_look")
    _INSTEAD = "its arn"

    def __init__(self, arn: str, look: Callable[[str], StoredSecret]) -> None:
        self._arn = arn
        self._look = look

    @property
    def arn(self) -> str:
        """The secret's full ARN, which ends in a hyphen and six random characters."""
        return self._arn

    @property
    def name(self) -> str:
        """The secret's name."""
        return self._look(self._arn).name

    @property
    def description(self) -> str | None:
        """The secret's description; None if it has none."""
        return self._look(self._arn).description

    @property
    def kms_key_id(self) -> str | None:
        """The KMS key of the secret, as it was given; None for the default key, ``aws/secretsmanager``."""
        return self._look(self._arn).kms_key_id

    @property
    def tags(self) -> dict[str, str]:
        """The secret's tags, a dict from tag key to tag value."""
        return {tag["Key"]: tag.get("Value", "") for tag in self._look(self._arn).tags or ()}

    @property
    def deleted(self) -> datetime.datetime | None:
        """When DeleteSecret marked the secret for deletion, tz-aware UTC; None if it isn't marked."""
        deleted = self._look(self._arn).deleted
        return None if deleted is None else clock.utc(deleted)

    @property
    def rotation_enabled(self) -> bool:
        """Whether rotation of the secret is turned on, like RotationEnabled in DescribeSecret."""
        rotation = self._look(self._arn).rotation
        return rotation is not None and rotation.enabled

    @property
    def stages(self) -> dict[str, str]:
        """The secret's staging labels, a dict from label to version id."""
        return dict(self._look(self._arn).labels)

    @property
    def versions(self) -> list[Version]:
        """All versions of the secret, in the order of creation, including deprecated ones."""
        secret = self._look(self._arn)
        return [_version(secret, version) for version in list(secret.versions.values())]

    def version(self, id_or_label: str) -> Version:
        """Return the version that has a staging label or an id.

        Args:
            id_or_label: a staging label such as AWSPENDING, or a version id.

        Returns:
            The version as it is now; unlike this view, it doesn't change later.

        Raises:
            UnknownSecretError: if the secret is permanently deleted.
            LookupError: if the secret has no such version.
        """
        secret = self._look(self._arn)
        found = secret.versions.get(secret.labels.get(id_or_label, id_or_label))
        if found is None:
            held = "".join(f"\n- {_described(secret, version)}" for version in list(secret.versions)) or "\n- none"
            msg = (
                f"secret {secret.name!r} has no version with the staging label or id {id_or_label!r}. "
                f"Its versions are:{held}"
            )
            raise LookupError(msg)
        return _version(secret, found)

    def value(self, label: str = AWSCURRENT) -> Any:
        """Return the value of the version that has a staging label.

        Args:
            label: the staging label; by default AWSCURRENT.

        Returns:
            A dict if the text is a JSON object, else the str or bytes as stored; None for the
            empty version of an open rotation.

        Raises:
            UnknownSecretError: if the secret is permanently deleted.
            LookupError: if no version has that label.
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
        """The SecretString of AWSCURRENT, as stored; None if the value is binary.

        Reading it raises LookupError if no version has AWSCURRENT.
        """
        return self.version(AWSCURRENT).secret_string

    @property
    def secret_binary(self) -> bytes | None:
        """The SecretBinary of AWSCURRENT, as stored; None if the value is text.

        Reading it raises LookupError if no version has AWSCURRENT.
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
    """Return the ARN of a `Secret`; anything else unchanged."""
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
