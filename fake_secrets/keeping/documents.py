"""Secrets as documents that JSON can express, and back."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from fake_secrets.service.state.keys import Keys
from fake_secrets.service.state.model import (
    CrossAccountPrimary,
    CrossAccountReplica,
    Replica,
    RotationState,
    StoredSecret,
    StoredVersion,
)
from fake_secrets.service.state.quotas import Quotas
from fake_secrets.service.state.retries import Retries
from fake_secrets.service.state.store import Store

__all__ = [
    "Document",
    "SavedSecret",
    "check_settings",
    "document_of",
    "fill",
    "linked",
    "settings_of",
    "version_document",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Document = dict[str, Any]

# The fields that JSON expresses as they are, or as a dict. A field that is None is left out.
_MAPPINGS = frozenset({"labels", "announced", "rules"})
_NEEDED_OF_SECRET = (
    "arn", "name", "region", "account_id", "created", "changed", "version_count", "labels", "announced",
)  # fmt: skip
_OF_SECRET = (
    *_NEEDED_OF_SECRET, "description", "kms_key_id", "tags", "accessed", "deleted", "deletion_date", "type",
    "owning_service", "policy",
)  # fmt: skip
_NEEDED_OF_VERSION = ("id", "created", "serial")
_OF_VERSION = (*_NEEDED_OF_VERSION, "accessed", "kms_key_id", "stranger")
_OF_ROTATION = (
    "lambda_arn", "enabled", "rules", "last_rotated", "next_rotation", "counted_from", "window", "retry_at",
    "open_token", "rotation_token", "running_token", "is_test", "was_tried", "failures", "external_metadata",
    "external_role_arn",
)  # fmt: skip
_NEEDED_OF_REPLICA = ("region", "status")
_OF_REPLICA = (*_NEEDED_OF_REPLICA, "kms_key_id", "message")
_NEEDED_OF_SIDE = ("arn", "status")
_OF_SIDE = (*_NEEDED_OF_SIDE, "message")
_OF_ENTRY = (*_OF_SIDE, "role_arn")
_QUOTAS = tuple(quota.name for quota in fields(Quotas))
_RETRIES = tuple(setting.name for setting in fields(Retries))
_NEEDED_SETTINGS = ("next_serial", "quotas", "retries", "keys", "lead")


@dataclass(slots=True)
class SavedSecret:
    """A secret as it is in a file.

    Args:
        document: the secret without its versions.
        versions: its versions and those that were removed, by serial.
    """

    document: Document = field(default_factory=dict, repr=False)
    versions: dict[int, Document] = field(default_factory=dict, repr=False)


def document_of(secret: StoredSecret) -> Document:
    """Return a secret without its versions. Other secrets are named by their serials."""
    document = _plain(secret, _OF_SECRET)
    if secret.removed:
        document["removed"] = list(secret.removed)
    if secret.empty:
        document["empty"] = sorted(secret.empty)
    if secret.rotation is not None:
        document["rotation"] = _plain(secret.rotation, _OF_ROTATION)
        document["rotation"]["abandoned"] = sorted(secret.rotation.abandoned)
    if secret.replicas:
        document["replicas"] = [_linking_document(replica, _OF_REPLICA) for replica in secret.replicas.values()]
    if secret.primary is not None:
        document["primary"] = secret.primary.serial
    if secret.cross_account_primary is not None:
        document["cross_account_primary"] = _linking_document(secret.cross_account_primary, _OF_SIDE)
    if secret.cross_account_replica is not None:
        document["cross_account_replica"] = _linking_document(secret.cross_account_replica, _OF_ENTRY)
    return document


def version_document(version: StoredVersion, *, is_removed: bool) -> Document:
    """Return a version. The value of one that was removed isn't kept."""
    document = _plain(version, _OF_VERSION)
    if isinstance(version.value, str) and not is_removed:
        document["SecretString"] = version.value
    elif isinstance(version.value, bytes) and not is_removed:
        document["SecretBinary"] = base64.b64encode(version.value).decode("ascii")
    return document


def linked(saved: Mapping[int, SavedSecret]) -> list[StoredSecret]:
    """Return saved secrets, by serial, in the order of their creation.

    Raises:
        KeyError, TypeError, ValueError: if they aren't what `document_of` and `version_document` return.
    """
    secrets = {serial: _secret(serial, one) for serial, one in sorted(saved.items())}
    for serial, secret in secrets.items():
        document = saved[serial].document
        if "primary" in document:
            secret.primary = secrets[document["primary"]]
        if "replicas" in document:
            secret.replicas = {one["region"]: _replica(one, secrets) for one in document["replicas"]}
        if side := document.get("cross_account_primary"):
            secret.across_accounts = CrossAccountPrimary(
                **_given(side, _NEEDED_OF_SIDE, _OF_SIDE), secret=_linked_in(side, secrets)
            )
        if side := document.get("cross_account_replica"):
            secret.across_accounts = CrossAccountReplica(
                **_given(side, _NEEDED_OF_SIDE, _OF_ENTRY), secret=_linked_in(side, secrets)
            )
    return list(secrets.values())


def check_settings(settings: Document) -> None:
    """Raise a KeyError if settings aren't complete."""
    _given(settings, _NEEDED_SETTINGS, ())


def settings_of(store: Store, lead: float) -> Document:
    """Return what a world has beside its secrets.

    Args:
        store: its store.
        lead: the seconds by which it runs ahead of the clock.
    """
    return {
        "lead": lead,
        "next_serial": store.next_serial,
        "quotas": {name: getattr(store.quotas, name) for name in _QUOTAS},
        "retries": {name: getattr(store.retries, name) for name in _RETRIES},
        "keys": store.keys.told(),
    }


def fill(store: Store, settings: Document, secrets: list[StoredSecret]) -> None:
    """Put saved secrets into an empty store, with what it had beside them.

    Raises:
        KeyError, TypeError, ValueError: if the settings aren't what `settings_of` returns.
    """
    for part, names in ((store.quotas, settings["quotas"]), (store.retries, settings["retries"])):
        for name, value in names.items():
            setattr(part, name, value)
    keys: Keys = store.keys
    keys.tell(settings["keys"])
    for secret in secrets:
        store.put_back(secret)
    store.next_serial = settings["next_serial"]
    store.has_policies |= bool(settings["keys"]["policies"])


def _plain(one: object, names: tuple[str, ...]) -> Document:
    document = {name: value for name in names if (value := getattr(one, name)) is not None}
    for name in _MAPPINGS & document.keys():
        document[name] = dict(document[name])
    return document


def _given(document: Document, needed: tuple[str, ...], names: tuple[str, ...]) -> Document:
    """Return the members with some names, None if a member isn't there; raise a KeyError if it is needed."""
    return {**{name: document.get(name) for name in names}, **{name: document[name] for name in needed}}


def _linking_document(
    one: Replica | CrossAccountPrimary | CrossAccountReplica, names: tuple[str, ...]
) -> Document:
    document = _plain(one, names)
    if one.secret is not None:
        document["secret"] = one.secret.serial
    return document


def _linked_in(document: Document, secrets: Mapping[int, StoredSecret]) -> StoredSecret | None:
    return secrets[document["secret"]] if "secret" in document else None


def _replica(document: Document, secrets: Mapping[int, StoredSecret]) -> Replica:
    given = _given(document, _NEEDED_OF_REPLICA, _OF_REPLICA)
    return Replica(**given, secret=_linked_in(document, secrets))


def _secret(serial: int, saved: SavedSecret) -> StoredSecret:
    document = saved.document
    secret = StoredSecret(serial=serial, **_given(document, _NEEDED_OF_SECRET, _OF_SECRET))
    if secret.announced == secret.labels:
        secret.announced = secret.labels
    removed = document.get("removed", [])
    if removed:
        secret.removed = {number: _version(saved.versions[number]) for number in removed}
    present = [_version(one) for number, one in sorted(saved.versions.items()) if number not in secret.removed]
    secret.versions = {version.id: version for version in present}
    if "empty" in document:
        secret.empty = frozenset(document["empty"])
    if "rotation" in document:
        given = {name: value for name, value in document["rotation"].items() if name != "abandoned"}
        given.setdefault("lambda_arn", None)
        secret.rotation = RotationState(**given, abandoned=frozenset(document["rotation"]["abandoned"]))
    return secret


def _version(document: Document) -> StoredVersion:
    value: str | bytes | None = document.get("SecretString")
    if "SecretBinary" in document:
        value = base64.b64decode(document["SecretBinary"])
    return StoredVersion(value=value, **_given(document, _NEEDED_OF_VERSION, _OF_VERSION))
