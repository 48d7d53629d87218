"""The data of the service: secrets, versions, rotations and replicas."""

from __future__ import annotations

from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from fake_secrets.service.rules.dates import next_window
from fake_secrets.slotted import slotted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


__all__ = [
    "CrossAccountPrimary",
    "CrossAccountReplica",
    "Replica",
    "ReplicationStatus",
    "RotationState",
    "StartedRotation",
    "StoredSecret",
    "StoredVersion",
]

ReplicationStatus = Literal["Pending", "InProgress", "InSync", "Failed", "Detached"]

# The number of removed versions that are kept. The timeline can't show more; leaks of their values are found, too.
_KEPT_REMOVED = 1_000

_NOTHING: Mapping[Any, Any] = MappingProxyType({})
_NO_VERSIONS: frozenset[str] = frozenset()


def _nothing() -> Mapping[Any, Any]:
    return _NOTHING


@slotted
class StoredVersion:
    """One version of a secret. `value` is None in the empty version of an open rotation.

    Dates are epoch seconds. `serial` counts the versions of the secret in the order of creation.
    `kms_key_id` is the key that encrypted the value, or None for the default key. `stranger` is the
    caller that filled the empty version of a rotation, unless that was the rotation function.
    """

    id: str
    value: str | bytes | None = field(repr=False)
    created: float
    serial: int
    accessed: float | None = None
    kms_key_id: str | None = None
    stranger: str | None = None


@slotted
class RotationState:
    """How a secret is rotated, and its open rotation if there is one.

    A secret that AWS or a partner rotates has no `lambda_arn`. All times are epoch seconds.

    `open_token` is the id of the version in flight, if a rotation is open. `rotation_token` proves that
    a call belongs to that rotation, and `is_test` says whether it only tries the function. `running_token`
    is the id of the version whose attempt is running, and `delivered` has the ids of those whose steps are
    being delivered by hand.
    `was_tried` is true after an attempt that left the rotation open, and `failures` counts the failed
    attempts in a row. `abandoned` has the ids of versions in flight that another value has overtaken.

    The schedule counts from `counted_from`. `window` is the start of the next window, `next_rotation`
    is NextRotationDate, and `retry_at` is the time of the next attempt of the open rotation.
    """

    lambda_arn: str | None
    enabled: bool = True
    rules: Mapping[str, Any] | None = None
    last_rotated: float | None = None
    next_rotation: float | None = None
    counted_from: float = 0.0
    window: float | None = None
    retry_at: float | None = None
    open_token: str | None = None
    rotation_token: str | None = field(default=None, repr=False)
    running_token: str | None = None
    is_test: bool = False
    abandoned: frozenset[str] = frozenset()
    was_tried: bool = False
    failures: int = 0
    external_metadata: list[dict[str, str]] | None = None
    external_role_arn: str | None = None
    delivered: tuple[str, ...] = ()

    @property
    def due(self) -> float | None:
        """When a rotation or another attempt falls due, epoch seconds; None if nothing does."""
        if self.window is None or self.retry_at is None:
            return self.retry_at if self.window is None else self.window
        return min(self.window, self.retry_at)

    def open(self, token: str, rotation_token: str, *, is_test: bool = False) -> None:
        """Open a rotation, or a test of the function: a version is in flight from now on."""
        self.close()
        self.open_token, self.rotation_token, self.is_test = token, rotation_token, is_test

    def count_from(self, since: float) -> None:
        """Count the next rotation from an event: a rotation, a value put by hand, or a new configuration.

        Without rules, no rotation is due afterwards.

        Args:
            since: the time of the event, epoch seconds.
        """
        self.counted_from = since
        window = next_window(self.rules, since)
        self.window = None if window is None else window.start
        self.next_rotation = None if window is None else window.end - 1

    def skip_missed(self, now: float) -> None:
        """Skip the windows and the attempt that are due by `now` (epoch seconds), if rotation is enabled.

        Later windows still count from the same event, and NextRotationDate doesn't change.
        """
        if not self.enabled:
            return
        window = next_window(self.rules, self.counted_from, now)
        self.window = None if window is None else window.start
        if self.retry_at is not None and self.retry_at <= now:
            self.retry_at = None

    def close(self) -> None:
        """Close the rotation: no version is in flight, and no attempt follows."""
        self.open_token = self.rotation_token = self.retry_at = None
        self.was_tried, self.is_test, self.failures = False, False, 0


@slotted
class Replica:
    """One entry of a primary's ReplicationStatus. `secret` is None if the replication has failed."""

    region: str
    kms_key_id: str | None
    status: str
    message: str | None = None
    secret: StoredSecret | None = None


@slotted
class CrossAccountReplica:
    """A primary's entry in CrossAccountReplicas.

    `arn` is the replica's, and `role_arn` is the ReplicationRoleARN if there is one. `secret` is None once the
    replica has stopped the replication.
    """

    arn: str
    role_arn: str | None
    status: ReplicationStatus
    message: str | None = None
    secret: StoredSecret | None = field(default=None, repr=False)


@slotted
class CrossAccountPrimary:
    """The CrossAccountPrimary of a replica. `secret` is None unless the primary is associated with it."""

    arn: str
    status: ReplicationStatus
    message: str | None = None
    secret: StoredSecret | None = field(default=None, repr=False)


@slotted
class StoredSecret:
    """One secret.

    Dates are epoch seconds. `serial` counts the secrets of the store in the order of creation.
    `version_count` is the number of versions that the secret ever had. `removed` has the latest removed
    versions, by serial, in the order of their removal. `empty` has the ids of the versions that have no value
    yet. `removed`, `empty`, `labels` and `replicas` are replaced, never changed, because most secrets share
    empty ones, and because the ledger keeps them.

    `tags` is None until the secret is tagged; DescribeSecret shows the difference between that and
    having lost the last tag [A: api-facts 5]. A primary has `replicas`, by region; a replica has
    `primary`. `across_accounts` is what a primary knows of its replica in another account, or that replica of its
    primary: no secret is both, and most are neither.
    `announced` is the label map as of the last label event.
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
    versions: dict[str, StoredVersion] = field(default_factory=dict)
    removed: Mapping[int, StoredVersion] = field(default_factory=_nothing, repr=False)
    empty: frozenset[str] = field(default=_NO_VERSIONS, repr=False)
    version_count: int = 0
    labels: Mapping[str, str] = field(default_factory=_nothing)
    announced: Mapping[str, str] = field(default_factory=_nothing, repr=False)
    accessed: float | None = None
    deleted: float | None = None
    deletion_date: float | None = None
    rotation: RotationState | None = None
    type: str | None = None
    owning_service: str | None = None
    policy: str | None = None
    replicas: Mapping[str, Replica] = field(default_factory=_nothing)
    primary: StoredSecret | None = field(default=None, repr=False)
    across_accounts: CrossAccountReplica | CrossAccountPrimary | None = None

    @property
    def cross_account_replica(self) -> CrossAccountReplica | None:
        """The secret's replica in another account; None if it has none."""
        return self.across_accounts if type(self.across_accounts) is CrossAccountReplica else None

    @property
    def cross_account_primary(self) -> CrossAccountPrimary | None:
        """The primary in another account whose replica the secret is; None if it isn't one."""
        return self.across_accounts if type(self.across_accounts) is CrossAccountPrimary else None

    @property
    def followers(self) -> list[StoredSecret]:
        """The secrets that take their values from this one: replicas in other regions and in another account."""
        found = [replica.secret for replica in self.replicas.values() if replica.secret is not None]
        entry = self.cross_account_replica
        if entry is not None and entry.secret is not None:
            found.append(entry.secret)
        return found

    @property
    def is_managed(self) -> bool:
        """Whether AWS or a partner rotates the secret, unless it has a rotation function."""
        return bool(self.owning_service or self.type)

    @property
    def history(self) -> dict[int, str]:
        """The ids of all versions that the secret ever had, by serial, except the oldest of very many."""
        # Read without the lock, so a list is made first: that happens in one piece.
        every = [*self.removed.values(), *list(self.versions.values())]
        return dict(sorted((version.serial, version.id) for version in every))

    def remove_versions(self, version_ids: Iterable[str]) -> None:
        """Remove versions, which must have no label."""
        for version_id in version_ids:
            version = self.versions.pop(version_id)
            if self.empty:
                self.empty -= {version_id}
            kept = list(self.removed.items())[-_KEPT_REMOVED:]
            self.removed = {**dict(kept), version.serial: version}

    def add_version(self, version_id: str, value: str | bytes | None, now: float) -> StoredVersion:
        """Add a version without labels, and return it."""
        version = StoredVersion(version_id, value, now, self.version_count, kms_key_id=self.kms_key_id)
        self.versions[version_id] = version
        self.version_count += 1
        if value is None:
            self.empty |= {version_id}
        return version

    def fill_version(self, version: StoredVersion, value: str | bytes) -> None:
        """Give a version of this secret a value."""
        version.value = value
        if self.empty:
            self.empty -= {version.id}


@slotted
class StartedRotation:
    """A rotation that the service has started and that the runner must now run.

    Args:
        secret: the secret.
        token: the version in flight.
        lambda_arn: the ARN of the rotation function; None if AWS or a partner rotates the secret.
        rotation_token: the token that proves that a call belongs to this rotation.
        is_test: whether the rotation only tries the function in testSecret, as with
            RotateImmediately=False.
        refusal: why a scheduled rotation couldn't be opened; None if it was opened.
    """

    secret: StoredSecret
    token: str
    lambda_arn: str | None
    rotation_token: str = field(repr=False)
    is_test: bool = False
    refusal: str | None = None
