"""The data of the service: secrets, versions, rotations, replicas, and the request."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from fake_secrets.arns import account_of
from fake_secrets.service.rules.dates import next_window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fake_secrets.iam.policy import Policy
    from fake_secrets.service.rules.constraints import Shape

__all__ = [
    "Authority",
    "Replica",
    "Request",
    "RotationState",
    "StartedRotation",
    "StoredSecret",
    "StoredVersion",
]

# The number of removed versions that are kept. The timeline can't show more; leaks of their values are found, too.
_KEPT_REMOVED = 1_000

_NOTHING: Mapping[Any, Any] = MappingProxyType({})
_NO_VERSIONS: frozenset[str] = frozenset()


def _nothing() -> Mapping[Any, Any]:
    return _NOTHING


class Authority(Protocol):
    """Decides whether the caller of a request may do what it asks for."""

    def check_call(self, request: Request) -> None:
        """Refuse a call that its caller may not make, before anything else about it is looked at.

        Raises:
            AccessDeniedException (400): M42.
        """

    def check_tags(self, request: Request, secret: StoredSecret, tags: list[dict[str, str]] | None) -> None:
        """Refuse to change a secret's tags if the caller would lose the permission to do that.

        Raises:
            AccessDeniedException (400): M42.
        """

    def check_function(self, request: Request, lambda_arn: str) -> None:
        """Refuse to rotate with a Lambda function that the caller may not invoke.

        Raises:
            AccessDeniedException (400): M42.
        """

    def may_use_key(
        self, request: Request, secret: StoredSecret, action: str, key_id: str, version_id: str | None
    ) -> bool:
        """Return whether the caller may use a KMS key of the customer's for a secret.

        Args:
            request: the request.
            secret: the secret whose value is encrypted or decrypted.
            action: what is done with the key, such as ``kms:Decrypt``.
            key_id: the key's id, alias or ARN.
            version_id: the version whose value it is, if it has an id yet.
        """

    def would_deny(self, request: Request, secret: StoredSecret | None, action: str, policy: Policy) -> bool:
        """Return whether a secret's policy would deny an action to the caller of a request.

        Args:
            request: the request.
            secret: the secret; None for one that no policy can name.
            action: the action.
            policy: the policy.
        """


@dataclass(slots=True)
class Request:
    """One call, as it would go over the wire.

    Args:
        operation: the API operation, such as ``GetSecretValue``.
        members: the JSON body; blobs are base64 strings.
        region: the region that the client calls.
        partition: the partition of that region, such as ``aws``.
        account_id: the caller's account, twelve digits.
        principal: the caller's ARN, in that account.
        now: the time of the call, epoch seconds.
        shape: the operation's input shape, or None if the members have been checked already.
        attempt: which attempt of its call this is: 1, 2 and so on.
        id: the request id, which the response shows too.
        user_agent: the client's User-Agent; None if it isn't known.

    `is_plain` is True once the members are known to be right and not sensitive. `fault` is what a test has
    planned for this request; None if it has planned nothing. `authority` is asked whether the caller may do what
    the request asks for; None if there is nothing that could forbid it. `suffix` is the random end of a new
    secret's ARN, once it is drawn. `is_handles` is True if the test makes the request by its handle, which no
    policy binds.
    """

    operation: str
    members: dict[str, Any] = field(repr=False)
    region: str
    partition: str
    account_id: str
    principal: str
    now: float
    shape: Shape | None = None
    attempt: int = 1
    id: str = ""
    user_agent: str | None = None
    is_plain: bool = False
    fault: str | None = None
    authority: Authority | None = None
    suffix: str | None = None
    is_handles: bool = False

    def is_foreign(self, secret_id: object) -> bool:
        """Return whether a SecretId is an ARN outside the caller's account."""
        return (
            isinstance(secret_id, str)
            and secret_id.startswith("arn:")
            and account_of(secret_id) != self.account_id
        )


@dataclass(slots=True)
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


@dataclass(slots=True)
class RotationState:
    """How a secret is rotated, and its open rotation if there is one.

    A secret that AWS or a partner rotates has no `lambda_arn`. All times are epoch seconds.

    `open_token` is the id of the version in flight, if a rotation is open. `rotation_token` proves that
    a call belongs to that rotation. `running_token` is the id of the version whose attempt is running, and
    `delivered` has the ids of those whose steps are being delivered by hand.
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

    def open(self, token: str, rotation_token: str) -> None:
        """Open a rotation: a version is in flight from now on."""
        self.close()
        self.open_token, self.rotation_token = token, rotation_token

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
        self.was_tried, self.failures = False, 0


@dataclass(slots=True)
class Replica:
    """One entry of a primary's ReplicationStatus. `secret` is None if the replication has failed."""

    region: str
    kms_key_id: str | None
    status: str
    message: str | None = None
    secret: StoredSecret | None = None


@dataclass(slots=True)
class StoredSecret:
    """One secret.

    Dates are epoch seconds. `serial` counts the secrets of the store in the order of creation.
    `version_count` is the number of versions that the secret ever had. `removed` has the latest removed
    versions, by serial, in the order of their removal. `empty` has the ids of the versions that have no value
    yet. `removed`, `empty`, `labels` and `replicas` are replaced, never changed, because most secrets share
    empty ones, and because the ledger keeps them.

    `tags` is None until the secret is tagged; DescribeSecret shows the difference between that and
    having lost the last tag [A: api-facts 5]. A primary has `replicas`, by region; a replica has
    `primary`. `announced` is the label map as of the last label event.
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


@dataclass(frozen=True, slots=True)
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
