"""Live views of a secret, for the author of a test."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fake_secrets import clock
from fake_secrets.errors import UnknownSecretError
from fake_secrets.service.rules.stages import AWSCURRENT, labels_of
from fake_secrets.service.state.model import Secret

__all__ = ["SecretView", "VersionView", "readable"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version of a secret, as it was when looked at.

    Args:
        id: the version id.
        stages: its staging labels; none where it is deprecated.
        created: when it was created, tz-aware UTC.
        value: a dict where the string is a JSON object, else the str or bytes as stored; None
            in the empty version of an open rotation.
    """

    id: str
    stages: tuple[str, ...]
    created: datetime.datetime
    value: Any = field(repr=False)


class SecretView:
    """A secret of the world, as it is at each look.

    Args:
        arn: the secret's ARN.
        look: returns the secret of an ARN, or raises UnknownSecretError.
    """

    def __init__(self, arn: str, look: Callable[[str], Secret]) -> None:
        self._arn = arn
        self._look = look

    @property
    def arn(self) -> str:
        """The full ARN."""
        return self._look(self._arn).arn

    @property
    def name(self) -> str:
        """The name."""
        return self._look(self._arn).name

    @property
    def stages(self) -> dict[str, str]:
        """The staging labels: label to version id."""
        return dict(self._look(self._arn).labels)

    @property
    def versions(self) -> list[VersionView]:
        """Every version, deprecated ones too, in the order of creation."""
        secret = self._look(self._arn)
        return [
            VersionView(
                version.id,
                tuple(labels_of(secret.labels, version.id)),
                clock.utc(version.created),
                readable(version.value),
            )
            for version in list(secret.versions.values())
        ]

    def value(self, label: str = AWSCURRENT) -> Any:
        """Return the value under a staging label, without counting as a read.

        Args:
            label: the staging label, AWSCURRENT by default.

        Returns:
            A dict where the string is a JSON object, else the str or bytes as stored; None in
            the empty version of an open rotation.

        Raises:
            LookupError: no version has that label.
        """
        secret = self._look(self._arn)
        version_id = secret.labels.get(label)
        if version_id is None:
            labels = "".join(f"\n- {label}" for label in secret.labels) or "\n- none"
            msg = f"no version of secret {secret.name!r} has staging label {label!r}. Its labels are:{labels}"
            raise LookupError(msg)
        return readable(secret.versions[version_id].value)

    def __repr__(self) -> str:
        try:
            secret = self._look(self._arn)
        except UnknownSecretError:
            return f"<secret {self._arn}, deleted>"
        return f"<secret {secret.name!r}, stages {dict(secret.labels)!r}>"


def readable(value: str | bytes | None) -> Any:
    """Return a value as a test reads it: a dict where the string is a JSON object, else as stored."""
    if not isinstance(value, str):
        return value
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return parsed if isinstance(parsed, dict) else value
