"""Secret values: GetSecretValue, PutSecretValue, and how a value is stored in a version."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import field
from typing import Any

from fake_secrets import clock
from fake_secrets.arns import root_arn
from fake_secrets.errors import ServiceError
from fake_secrets.service.operations.rotation_progress import current_has_moved
from fake_secrets.service.operations.versions import room_for_version, version_to_read
from fake_secrets.service.rules import stages
from fake_secrets.service.rules.constraints import check_length
from fake_secrets.service.rules.stages import AWSCURRENT
from fake_secrets.service.state.access import refuse_cross_account_replica, refuse_managed
from fake_secrets.service.state.index import check_secret_id
from fake_secrets.service.state.model import StoredSecret, StoredVersion
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store
from fake_secrets.slotted import slotted

__all__ = [
    "PlannedValue",
    "get_secret_value",
    "plan_value",
    "put_secret_value",
    "token_in_use",
    "token_of",
    "value_of",
]


@slotted
class PlannedValue:
    """A value that has passed every check, so that storing it can't fail.

    `labels` is the new label map, or None if the token and value are already stored and the call
    changes nothing. `outdated` are the deprecated versions that are removed to make room.
    `stranger` is the principal that fills a rotation's empty version, if it isn't the rotation
    function.
    """

    version_id: str
    value: str | bytes = field(repr=False)
    labels: stages.Labels | None
    outdated: Sequence[str] = ()
    stranger: str | None = None

    def replaced(self, secret: StoredSecret) -> list[StoredVersion]:
        """Return the versions of a secret that `keep` changes or removes."""
        version_ids = (self.version_id, *self.outdated)
        return [secret.versions[version_id] for version_id in version_ids if version_id in secret.versions]

    def keep(self, store: Store, secret: StoredSecret, now: float) -> None:
        """Store the value, its labels and its dates. A repeated call changes nothing.

        Args:
            store: the store, which gets the event of an abandoned rotation.
            secret: the secret.
            now: epoch seconds.
        """
        if self.labels is None:
            return
        version = secret.versions.get(self.version_id)
        if version is None:
            secret.add_version(self.version_id, self.value, now)
        else:
            secret.fill_version(version, self.value)
            version.kms_key_id, version.stranger = secret.kms_key_id, self.stranger
        moved_current = secret.labels.get(AWSCURRENT) != self.labels.get(AWSCURRENT)
        was_open = stages.is_rotation_open(secret.labels)
        # Views look on without a lock: a label's version is always there.
        secret.labels = self.labels
        secret.remove_versions(self.outdated)
        secret.changed = now
        if moved_current:
            current_has_moved(store, secret, self.version_id, now, was_open=was_open)


def value_of(store: Store, request: Request) -> str | bytes | None:
    """Return the request's SecretString or SecretBinary, or None if it has neither.

    Raises (in the order checked):
        InvalidParameterException (400): the request has both, M11 [C].
        ValidationException (400): the value has more bytes than the quota, M44 [B; text C].
    """
    text = request.members.get("SecretString")
    blob = request.members.get("SecretBinary")
    if text is not None and blob is not None:
        raise ServiceError(
            "InvalidParameterException",
            "You can't specify both a binary secret value and a string secret value in the same secret.",
        )
    value = base64.b64decode(blob) if blob is not None else text
    if value is None:
        return None
    quota = store.quotas.value_bytes
    # No character takes more than four bytes.
    if len(value) * 4 > quota:
        encoded = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        check_length("secretString" if blob is None else "secretBinary", encoded, quota, is_sensitive=True)
    return value


def token_of(request: Request, error_code: str = "InvalidRequestException") -> str:
    """Return the request's ClientRequestToken, which SDKs fill in automatically.

    Raises:
        InvalidRequestException (400): the request has no token, M9. RotateSecret raises
            InvalidParameterException instead [A].
    """
    token = request.members.get("ClientRequestToken")
    if token is None:
        raise ServiceError(
            error_code, "You must provide a ClientRequestToken value. We recommend a UUID-type value."
        )
    return str(token)


def token_in_use(secret: StoredSecret, token: str) -> ServiceError:
    """Return the error for a token that is in use for another value, M8 [A]."""
    return ServiceError(
        "ResourceExistsException",
        f"You can't use ClientRequestToken {token} because that value is already in use "
        f"for a version of secret {secret.arn}.",
    )


def plan_value(
    store: Store,
    secret: StoredSecret,
    token: str,
    value: str | bytes,
    *,
    now: float,
    requested: Sequence[str] | None = None,
    stranger: str | None = None,
) -> PlannedValue:
    """Check that a value can be stored under a token, and work out the labels.

    Args:
        store: the store, whose quotas apply.
        secret: the secret that gets the value.
        token: ClientRequestToken, which becomes the version id.
        value: SecretString or SecretBinary.
        now: epoch seconds.
        requested: VersionStages as sent, or None.
        stranger: the principal that fills a rotation's empty version, if it isn't the rotation
            function.

    Raises (in the order checked):
        ResourceExistsException (400): the token is in use for another value, M8 [A].
        LimitExceededException (400): too many labels [B], or too many versions; see
            `room_for_version`.

    Source: api-facts 7. The same token and value change nothing, whatever VersionStages is
        [A, B]. An empty version is filled and keeps its labels [A, D]. A string and a binary
        value with the same bytes are different values [D]. The id of a deleted version can be
        used for a new one [D].
    """
    version = secret.versions.get(token)
    if version is not None and version.value is not None:
        if version.value != value:
            raise token_in_use(secret, token)
        return PlannedValue(token, value, None)
    quotas = store.quotas
    is_first = not secret.versions
    labels = stages.attach(secret.labels, token, requested, is_first_version=is_first, quota=quotas.labels)
    outdated = () if version else room_for_version(secret, labels, quotas.versions, now)
    return PlannedValue(token, value, labels, outdated, stranger)


def get_secret_value(store: Store, request: Request) -> dict[str, Any]:
    """Return a version's value. The default is the version with AWSCURRENT.

    Args:     SecretId, VersionId, VersionStage.
    Returns:  ARN, Name, VersionId, CreatedDate (of the version), SecretString or SecretBinary,
              VersionStages (absent if the version is deprecated).
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5).
        InvalidRequestException (400): the version was deleted, M53; see `refuse_deleted`.
        ResourceNotFoundException (400): the version is unknown, M3 [A].
        InvalidRequestException (400): the version lacks the label, M4 [A].
        ResourceNotFoundException (400): no version has the label, M2 [A]; the version has no
            value: M2 if a label is named, else M3 [code A, text D].
        InvalidRequestException (M40), AccessDeniedException (M41), DecryptionFailure: see
            `Keys.check_decryption`.
    Source:   GetSecretValue; api-facts 3, 5. The call sets LastAccessedDate of the secret and
              the version to 00:00 UTC of the day [A].
    """
    secret = store.get_live(request)
    version = version_to_read(secret, request)
    store.keys.check_decryption(request, secret, version.kms_key_id, version.id)
    today = clock.midnight(request.now)
    if secret.accessed != today:
        secret.accessed = today
        store.revision += 1
    version.accessed = today
    response: dict[str, Any] = {
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": version.id,
    }
    if isinstance(version.value, bytes):
        response["SecretBinary"] = base64.b64encode(version.value).decode("ascii")
    else:
        response["SecretString"] = version.value
    labels = stages.labels_of(secret.labels, version.id)
    if labels:
        response["VersionStages"] = labels
    response["CreatedDate"] = version.created
    return response


def put_secret_value(store: Store, request: Request) -> dict[str, Any]:
    """Store a value in a new version, or in the empty version that a rotation has opened.

    Args:     SecretId, ClientRequestToken, SecretString or SecretBinary, VersionStages,
              RotationToken (shows that a call by another principal, such as an assumed role or a
              function of another account, belongs to the rotation).
    Returns:  ARN, Name, VersionId, VersionStages (the labels now on that version).
    Raises (in the order checked):
        ValidationException (400): M10.
        InvalidRequestException (400): no token, M9 [A].
        InvalidParameterException (400): both values, M11 [C]. ValidationException (M44).
        InvalidRequestException (400): neither value, M12 [D].
        ResourceNotFoundException (M1), InvalidRequestException (M5),
        InvalidParameterException (M33), InvalidRequestException (M50).
        InvalidRequestException (400): the secret is the replica of another account's [D].
        InvalidRequestException (M40), AccessDeniedException (M41), EncryptionFailure: see
            `Keys.check_encryption`.
        The errors of `plan_value`.
    Source:   PutSecretValue; api-facts 5, 6.2, 7. A wrong RotationToken counts as none [D].
    """
    check_secret_id(request.members["SecretId"])
    token = token_of(request)
    value = value_of(store, request)
    if value is None:
        raise ServiceError("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
    secret = store.get_primary(request)
    refuse_managed(secret)
    refuse_cross_account_replica(secret)
    store.keys.check_encryption(request, secret, secret.kms_key_id, token)
    requested = request.members.get("VersionStages")
    stranger = _stranger(store, request, secret, token)
    planned = plan_value(store, secret, token, value, now=request.now, requested=requested, stranger=stranger)
    if planned.labels is not None:
        store.begin_write(request.now, secret, planned.replaced(secret))
    planned.keep(store, secret, request.now)
    on_version = stages.labels_of(secret.labels, token)
    asked = [label for label in requested or () if label in on_version]
    return {
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": token,
        # Requested labels first, in the order requested. AWS's order is unknown [D].
        "VersionStages": list(dict.fromkeys([*asked, *on_version])),
    }


def _stranger(store: Store, request: Request, secret: StoredSecret, token: str) -> str | None:
    """Return the caller if it fills a rotation's empty version and isn't its function [B: rotation-facts 1.2].

    A function without a role acts as the root of its account.
    """
    rotation = secret.rotation
    if rotation is None or rotation.open_token != token:
        return None
    if request.members.get("RotationToken") == rotation.rotation_token:
        return None
    is_running = rotation.running_token == token or token in rotation.delivered
    if rotation.lambda_arn:
        function = store.principal_of(rotation.lambda_arn)
    else:
        function = root_arn(secret.account_id, request.partition)
    is_function = is_running and request.principal == function
    return None if is_function else request.principal
