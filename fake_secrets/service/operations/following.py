"""Copies the versions of a primary to its replicas."""

from __future__ import annotations

from collections.abc import Collection

from fake_secrets.service.state.model import StoredSecret, StoredVersion

__all__ = ["copy_versions"]


def copy_versions(primary: StoredSecret, replica: StoredSecret, added: Collection[str]) -> None:
    """Give a replica the versions and the labels of its primary.

    Args:
        primary: the primary.
        replica: the replica, which encrypts the values with its own key.
        added: the ids of the versions that it gets if it lacks them.
    """
    for version in primary.versions.values():
        known = replica.versions.get(version.id)
        if known is not None:
            known.value = version.value
        elif version.id in added:
            replica.versions[version.id] = StoredVersion(
                version.id, version.value, version.created, version.serial, kms_key_id=replica.kms_key_id
            )
    # A replica's labels make no events.
    replica.labels = replica.announced = primary.labels
    replica.remove_versions(replica.versions.keys() - primary.versions.keys())
    replica.version_count = primary.version_count
    replica.empty = primary.empty & replica.versions.keys() if primary.empty else primary.empty
