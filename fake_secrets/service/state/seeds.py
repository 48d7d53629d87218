"""Seeded secrets. They are checked when a test describes them, and stored when the world is first used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from fake_secrets.arns import SUFFIX, secret_arn
from fake_secrets.errors import SecretExistsError, SeedError
from fake_secrets.ids import Ids
from fake_secrets.options import check_region
from fake_secrets.service.rules.constraints import TOKEN_LENGTHS
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING, AWSPREVIOUS, LABEL_QUOTA
from fake_secrets.service.state.index import is_valid_name
from fake_secrets.service.state.key_names import why_unusable
from fake_secrets.service.state.model import RotationState, StoredSecret
from fake_secrets.service.state.quotas import VALUE_QUOTA
from fake_secrets.service.state.seed_forms import check_label_names, is_label_map, meant_as_current
from fake_secrets.service.state.store import Store
from fake_secrets.slotted import slotted

__all__ = ["Seed", "SeedValue", "check_free", "describe_seed", "describe_seeds", "plant", "stored_value"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

SeedValue = str | bytes | Mapping[str, Any] | None

# Versions are created oldest first: the order in which they would have come to exist on AWS.
_OLDEST_FIRST = {AWSPREVIOUS: 0, AWSCURRENT: 2, AWSPENDING: 3}
_CUSTOM = 1
_MAX_NAME = 512
_MAX_LABEL = 256
_MANAGED_ROTATION_DAYS = 7


@slotted
class Seed:
    """A checked seed. `versions` maps version id to value, and `labels` maps label to version id."""

    name: str
    region: str
    arn_suffix: str
    versions: Mapping[str, str | bytes | None] = field(repr=False)
    labels: Mapping[str, str]
    description: str | None = None
    kms_key_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    owning_service: str | None = None
    resource_policy: str | None = None


def describe_seeds(secrets: Any, region: str, ids: Ids) -> list[Seed]:
    """Check the secrets that were given to `mock_stages`.

    Args:
        secrets: name to value, as `describe_seed` takes it.
        region: the region that the secrets are in.
        ids: makes version ids and ARN suffixes.

    Raises:
        SeedError: if a secret could not exist in AWS.
        TypeError: if `secrets` isn't a mapping, or a value has the wrong type.
    """
    if secrets is not None and not isinstance(secrets, Mapping):
        msg = f"secrets= takes a mapping from secret name to value, not {type(secrets).__name__}"
        raise TypeError(msg)
    return [describe_seed(name, value, region=region, ids=ids) for name, value in (secrets or {}).items()]


def describe_seed(
    name: str,
    value: SeedValue = None,
    *,
    region: str,
    ids: Ids,
    labels: Mapping[str, SeedValue] | None = None,
    version_ids: Mapping[str, str] | None = None,
    arn_suffix: str | None = None,
    description: str | None = None,
    kms_key_id: str | None = None,
    tags: Mapping[str, str] | None = None,
    owning_service: str | None = None,
    resource_policy: str | Mapping[str, Any] | None = None,
) -> Seed:
    """Check one secret to be seeded, and give it ids.

    Args:
        name: the secret's name.
        value: the value of AWSCURRENT; None for a secret without a value. A dict with AWSCURRENT,
            AWSPENDING or AWSPREVIOUS among its keys stands for `labels`; any other dict is a JSON value.
        region: the secret's region.
        ids: makes version ids and ARN suffixes.
        labels: label to value, instead of `value`. AWSPENDING may have None, which means the
            empty version of an open rotation.
        version_ids: label to version id. Labels with the same id share a version.
        arn_suffix: the ARN's last six characters.
        description, kms_key_id, tags: as in CreateSecret, but tags map key to value.
        owning_service: the AWS service that manages the secret.
        resource_policy: any text, which isn't checked, or a mapping, which becomes JSON.

    Raises:
        SeedError: if the secret could not exist in AWS.
        ValueError: if `region` isn't a region's name.
        TypeError: if a value isn't a str, bytes or a mapping, `labels` or `version_ids` isn't a
            mapping, `tags` isn't a mapping of str, `resource_policy` is neither a str nor a mapping that
            JSON can express, or `description`, `kms_key_id` or `owning_service` isn't a str.
    """
    if not isinstance(name, str) or not is_valid_name(name) or len(name) > _MAX_NAME:
        msg = f"{name!r} can't be a secret's name. Use 1 to {_MAX_NAME} letters, digits and -/_+=.@!"
        raise SeedError(msg)
    mappings: dict[str, object] = {"labels": labels, "version_ids": version_ids}
    for what, mapping in mappings.items():
        if mapping is not None and not isinstance(mapping, Mapping):
            kind = type(mapping).__name__
            msg = f"{what}= of secret {name!r} must be a mapping with staging labels as keys, not {kind}"
            raise TypeError(msg)
    if labels is not None and value is not None:
        msg = f"secret {name!r} has both a value and labels. Give one of them."
        raise SeedError(msg)
    if labels is None and is_label_map(value):
        labels = value
    elif labels is None:
        labels = {} if value is None else {AWSCURRENT: value}
    check_region(region)
    texts: dict[str, object] = {
        "description": description,
        "kms_key_id": kms_key_id,
        "owning_service": owning_service,
    }
    for what, text in texts.items():
        if text is not None and not isinstance(text, str):
            msg = f"{what} of secret {name!r} must be a str, not {type(text).__name__}"
            raise TypeError(msg)
    reason = why_unusable(kms_key_id, region) if kms_key_id else None
    if reason is not None:
        msg = f"kms_key_id={kms_key_id!r} of secret {name!r} {reason}"
        raise SeedError(msg)
    if tags is not None and not _is_text_map(tags):
        msg = f"tags of secret {name!r} must be a mapping from tag key to tag value, both str"
        raise TypeError(msg)
    suffix = ids.arn_suffix() if arn_suffix is None else arn_suffix
    if not isinstance(suffix, str) or not SUFFIX.fullmatch(f"-{suffix}"):
        msg = f"arn_suffix={suffix!r} isn't six letters or digits, such as 'a1b2c3'"
        raise SeedError(msg)
    _check_labels(name, labels)
    ids_by_label = _version_ids(name, labels, version_ids or {}, ids)
    return Seed(
        name=name,
        region=region,
        arn_suffix=suffix,
        versions=_versions(name, labels, ids_by_label),
        labels=ids_by_label,
        description=description,
        kms_key_id=kms_key_id or None,
        tags=dict(tags or {}),
        owning_service=owning_service,
        resource_policy=_policy_text(name, resource_policy),
    )


def check_free(store: Store, seed: Seed, account_id: str) -> None:
    """Check that no secret has the name of a seed.

    Raises:
        SecretExistsError: if one has it, even if it is scheduled for deletion.
    """
    taken = store.named(account_id, seed.region, seed.name)
    if taken is not None:
        found = f"secret {seed.name!r} already exists"
        if taken.deleted is None:
            msg = f"{found}. Change it with a client, or use another name."
        else:
            msg = (
                f"{found} and is scheduled for deletion, so it keeps its name. Call restore_secret, delete it "
                "with ForceDeleteWithoutRecovery=True, or use another name."
            )
        raise SecretExistsError(msg)


def plant(store: Store, seed: Seed, account_id: str, now: float) -> StoredSecret:
    """Create a seeded secret in the store.

    Args:
        store: the store.
        seed: the checked seed.
        account_id: the account that owns the secret.
        now: the dates of the secret and its versions, epoch seconds.

    Raises:
        SecretExistsError: if a secret with this name exists already.
    """
    check_free(store, seed, account_id)
    secret = StoredSecret(
        arn=secret_arn(seed.region, account_id, seed.name, seed.arn_suffix),
        name=seed.name,
        region=seed.region,
        account_id=account_id,
        created=now,
        changed=now,
        description=seed.description,
        kms_key_id=seed.kms_key_id,
        tags=[{"Key": key, "Value": value} for key, value in seed.tags.items()] or None,
        labels=dict(seed.labels),
        policy=seed.resource_policy,
    )
    if seed.owning_service is not None:
        _make_managed(secret, seed.owning_service)
    for version_id, value in seed.versions.items():
        secret.add_version(version_id, value, now)
    # Labels that existed from the start make no events.
    secret.announced = secret.labels
    store.add(secret)
    store.has_policies = store.has_policies or secret.policy is not None
    store.follow_up(secret, now)
    return secret


def _make_managed(secret: StoredSecret, service: str) -> None:
    """Give a secret the tag and the rotation that AWS gives to managed secrets [C: api-facts 4.3]."""
    secret.owning_service = service
    secret.tags = [*(secret.tags or ()), {"Key": "aws:secretsmanager:owningService", "Value": service}]
    rules = {"AutomaticallyAfterDays": _MANAGED_ROTATION_DAYS}
    secret.rotation = RotationState(None, rules=rules)
    secret.rotation.count_from(secret.created)


def _policy_text(name: str, policy: object) -> str | None:
    if isinstance(policy, Mapping):
        try:
            return json.dumps(policy, allow_nan=False)
        except (TypeError, ValueError) as error:
            msg = f"resource_policy of secret {name!r} isn't JSON: {error}"
            raise TypeError(msg) from None
    if policy is not None and not isinstance(policy, str):
        msg = f"resource_policy of secret {name!r} must be a str or a mapping, not {type(policy).__name__}"
        raise TypeError(msg)
    return policy


def _is_text_map(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(text, str) for pair in value.items() for text in pair)


def _check_labels(name: str, labels: Mapping[str, SeedValue]) -> None:
    check_label_names(name, labels)
    if AWSPREVIOUS in labels and AWSCURRENT not in labels:
        msg = (
            f"secret {name!r} has AWSPREVIOUS without AWSCURRENT. On AWS, AWSPREVIOUS appears when "
            f"AWSCURRENT moves. {_add_current(labels)}"
        )
        raise SeedError(msg)
    # Between the steps of its first rotation, a secret has AWSPENDING alone [C: api-facts 10].
    if labels and AWSCURRENT not in labels and AWSPENDING not in labels:
        msg = (
            f"secret {name!r} has versions, but none with AWSCURRENT. On AWS, the first version gets AWSCURRENT, "
            f"which then can only move. {_add_current(labels)}"
        )
        raise SeedError(msg)
    if len(labels) > LABEL_QUOTA:
        msg = f"secret {name!r} has {len(labels)} staging labels; AWS allows {LABEL_QUOTA}"
        raise SeedError(msg)
    for label, value in labels.items():
        if not isinstance(label, str) or not 1 <= len(label) <= _MAX_LABEL:
            msg = f"{label!r} can't be a staging label. Use a string of 1 to {_MAX_LABEL} characters."
            raise SeedError(msg)
        if value is None and label != AWSPENDING:
            msg = f"secret {name!r} has no value under {label}; only AWSPENDING can be on an empty version"
            raise SeedError(msg)


def _add_current(labels: Iterable[str]) -> str:
    meant = meant_as_current(labels)
    return "Add AWSCURRENT." if meant is None else f"Did you mean 'AWSCURRENT' instead of {meant!r}?"


def _version_ids(name: str, labels: Mapping[str, SeedValue], given: Mapping[str, str], ids: Ids) -> dict[str, str]:
    for label, version_id in given.items():
        if label not in labels:
            msg = f"version_ids= of secret {name!r} names {label!r}, which isn't among its labels {list(labels)!r}"
            raise SeedError(msg)
        if not isinstance(version_id, str) or len(version_id) not in TOKEN_LENGTHS:
            msg = f"{version_id!r} can't be a version id. Use a string of 32 to 64 characters."
            raise SeedError(msg)
    return {label: given.get(label) or ids.uuid() for label in labels}


def _versions(
    name: str, labels: Mapping[str, SeedValue], ids_by_label: Mapping[str, str]
) -> dict[str, str | bytes | None]:
    versions: dict[str, str | bytes | None] = {}
    for label in sorted(labels, key=lambda label: _OLDEST_FIRST.get(label, _CUSTOM)):
        version_id, value = ids_by_label[label], stored_value(name, labels[label])
        if versions.setdefault(version_id, value) != value:
            msg = f"labels of secret {name!r} share version {version_id} but have different values"
            raise SeedError(msg)
    return versions


def stored_value(name: str, value: Any) -> str | bytes | None:
    """Return a value as it is stored: a dict becomes a JSON string.

    Args:
        name: the secret's name.
        value: str, bytes, a dict, or None.

    Raises:
        TypeError: if the value has another type, or is a dict that JSON can't express.
        SeedError: if the value is empty, or larger than AWS accepts.
    """
    if isinstance(value, Mapping):
        try:
            value = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            # A chained cause would show a part of the value.
            msg = (
                f"the value of secret {name!r} isn't JSON. Its dict may hold strings, numbers, booleans, None, "
                "lists and dicts."
            )
            raise TypeError(msg) from None
    if value is not None and not isinstance(value, str | bytes):
        msg = f"the value of secret {name!r} must be a str, bytes or a dict, not {type(value).__name__}"
        raise TypeError(msg)
    size = 1 if value is None else len(value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value)
    if not 1 <= size <= VALUE_QUOTA:
        msg = f"the value of secret {name!r} has {size} bytes; AWS accepts 1 to {VALUE_QUOTA}"
        raise SeedError(msg)
    return value
