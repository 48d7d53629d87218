"""What the service keeps and takes: `Secret`, `Version`, `RotationState`, and a `Request`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fake_secrets.service.constraints import Shape

__all__ = [
    "AWSCURRENT",
    "AWSPENDING",
    "AWSPREVIOUS",
    "TOKEN_LENGTHS",
    "Request",
    "RotationState",
    "Secret",
    "Version",
]

# ClientRequestTokenType and SecretVersionIdType of the service model: a token becomes a version id.
TOKEN_LENGTHS = range(32, 65)

AWSCURRENT = "AWSCURRENT"
AWSPENDING = "AWSPENDING"
AWSPREVIOUS = "AWSPREVIOUS"


@dataclass(slots=True)
class Request:
    """One call, as it would have gone over the wire.

    Args:
        operation: the API operation, such as ``GetSecretValue``.
        members: the JSON body; blobs are base64 strings.
        region: the region that the client calls.
        partition: the partition of that region, such as ``aws``.
        account_id: the account that calls, twelve digits.
        now: the time of the call, epoch seconds.
        shape: the operation's input shape, or None where the caller has checked the members.
    """

    operation: str
    members: dict[str, Any] = field(repr=False)
    region: str
    partition: str
    account_id: str
    now: float
    shape: Shape | None = None


@dataclass(slots=True)
class Version:
    """One version of a secret. `value` is None in the empty version that opens a rotation.

    Dates are epoch seconds; `serial` counts the versions of the secret in the order of creation.
    """

    id: str
    value: str | bytes | None = field(repr=False)
    created: float
    serial: int
    accessed: float | None = None


@dataclass(slots=True)
class RotationState:
    """How a secret is rotated. `open_token` names the version in flight, while there is one."""

    lambda_arn: str
    enabled: bool = True
    rules: Mapping[str, Any] | None = None
    last_rotated: float | None = None
    next_rotation: float | None = None
    open_token: str | None = None
    is_running: bool = False


@dataclass(slots=True)
class Secret:
    """One secret. `labels` maps staging label to version id and is replaced, never changed.

    `serial` counts the secrets of its store in the order of creation; `version_count` counts
    the versions that it ever had. Dates are epoch seconds. `tags` is None while the secret was
    never tagged, which DescribeSecret tells apart from having lost its last tag [A: api-facts 5].
    """

    arn: str
    name: str
    region: str
    account_id: str
    created: float
    changed: float
    serial: int = 0
    description: str | None = None
    kms_key_id: str | None = None
    tags: list[dict[str, str]] | None = None
    versions: dict[str, Version] = field(default_factory=dict)
    version_count: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    accessed: float | None = None
    deleted: float | None = None
    deletion_date: float | None = None
    rotation: RotationState | None = None

    def add_version(self, version_id: str, value: str | bytes | None, now: float) -> Version:
        """Add a version without labels and return it."""
        version = Version(version_id, value, created=now, serial=self.version_count)
        self.versions[version_id] = version
        self.version_count += 1
        return version
