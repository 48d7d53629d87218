"""Replication to another account: associating a replica with its primary, and parting them again.

It follows the documentation of November 2026 [B: api-2026 2, 3, 5]. Nobody has recorded it yet, so the codes of
refusals are the recommendations of that sheet, and their texts are ours [D].
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from fake_secrets.arns import ROLE_ARN, SECRET_ARN, SUFFIX_LENGTH, account_of
from fake_secrets.errors import ServiceError
from fake_secrets.service.operations.following import check_keys_beforehand
from fake_secrets.service.state.access import refuse_cross_account_replica
from fake_secrets.service.state.key_names import is_default_key
from fake_secrets.service.state.model import CrossAccountPrimary, CrossAccountReplica, StoredSecret
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store

__all__ = [
    "associate_cross_account_replica",
    "check_creation",
    "check_replica_key",
    "describe_across_accounts",
    "disassociate_cross_account_replica",
    "stop_across_accounts",
]

_ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)
# What a replica takes from its primary, or from nobody.
_NOT_BESIDE = ("SecretString", "SecretBinary", "Description", "AddReplicaRegions", "Type")


def associate_cross_account_replica(store: Store, request: Request) -> dict[str, Any]:
    """Begin to replicate a secret to a replica in another account, or mend a replication that has failed.

    Args:     SecretId, CrossAccountReplicaARN, ReplicaRestriction (default SameOrg; all accounts of
              a world are in one organisation [D]), ReplicationRoleARN (assumed for the use of keys).
    Returns:  ARN (of the primary), CrossAccountReplicaARN, ReplicationStatus (InProgress).
    Raises (in the order checked [D]):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5), InvalidParameterException (M33).
        InvalidRequestException (400): the secret is itself the replica of another account's.
        InvalidParameterException (400): CrossAccountReplicaARN isn't the ARN of a secret in the same Region of
            another account, or ReplicationRoleARN isn't a role of the primary's account.
        ResourceNotFoundException (400): there is no such replica.
        InvalidRequestException (400): the replica wasn't created for this primary, or is marked for deletion.
        LimitExceededException (400): another replica is associated.
        AccessDeniedException (400): a key is denied, M41, or the caller may not replicate to the replica, M42.
        InvalidRequestException (400): a key is disabled.
    Source:   AssociateCrossAccountReplica; api-2026 2, 3.1 [B]. A refusal changes neither secret [B]. The next
              DescribeSecret shows InSync [D; on AWS seconds later].
    """
    members = request.members
    primary = store.get_primary(request)
    refuse_cross_account_replica(primary)
    role_arn = members.get("ReplicationRoleARN")
    _check_role(request, primary, role_arn)
    replica = _replica_to_associate(store, request, primary)
    entry = CrossAccountReplica(replica.arn, role_arn, "InProgress", None, replica)
    check_keys_beforehand(store, request, primary, replica, role_arn)
    if request.authority is not None:
        request.authority.check_acceptance(request, replica)
    store.save(primary, replica)
    store.begin_write(request.now, primary, also=(replica,))
    # What there is to copy is copied as after any other call.
    primary.across_accounts = entry
    replica.across_accounts = CrossAccountPrimary(primary.arn, "InProgress", None, primary)
    primary.changed = request.now
    return {"ARN": primary.arn, "CrossAccountReplicaARN": replica.arn, "ReplicationStatus": "InProgress"}


def disassociate_cross_account_replica(store: Store, request: Request) -> dict[str, Any]:
    """Stop replicating a secret to its replica in another account, which keeps its last value.

    Args:     SecretId, CrossAccountReplicaARN.
    Returns:  ARN (of the primary), CrossAccountReplicaARN.
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5), InvalidParameterException (M33).
        ResourceNotFoundException (400): the replica isn't associated [D].
    Source:   DisassociateCrossAccountReplica; api-2026 2, 3.2 [B]. The replica is Detached, and still
              a replica until StopReplicationToReplica.
    """
    primary = store.get_primary(request)
    entry, arn = primary.cross_account_replica, request.members["CrossAccountReplicaARN"]
    if entry is None or arn not in {entry.arn, entry.arn[:-SUFFIX_LENGTH]}:
        raise ServiceError("ResourceNotFoundException", f"The secret isn't associated with the replica {arn}.")
    replica = entry.secret
    store.save(primary)
    store.begin_write(request.now, primary)
    if replica is not None:
        # Nothing leads from the primary to it afterwards.
        store.note_change(replica)
        replica.across_accounts = CrossAccountPrimary(primary.arn, "Detached")
    primary.across_accounts = None
    primary.changed = request.now
    return {"ARN": primary.arn, "CrossAccountReplicaARN": entry.arn}


def stop_across_accounts(store: Store, request: Request, replica: StoredSecret) -> None:
    """Make a replica of another account's secret standalone; see `stop_replication_to_replica`."""
    link = replica.cross_account_primary
    primary = None if link is None else link.secret
    store.save(replica if primary is None else primary)
    store.begin_write(request.now, replica if primary is None else primary)
    if primary is not None and primary.cross_account_replica is not None:
        primary.across_accounts = replace(
            primary.cross_account_replica, status="Detached", message=None, secret=None
        )
    replica.across_accounts = None
    replica.changed = request.now


def check_creation(request: Request) -> CrossAccountPrimary | None:
    """Return what CreateSecret says of a primary in another account; None if it says nothing.

    Raises:
        InvalidParameterException (400): a member stands beside CrossAccountPrimaryARN that a replica doesn't take,
            the key isn't one of the customer's, or the ARN isn't that of a secret in the same Region and partition
            of another account [rule B: api-2026 5; code and order D].

    Source: CreateSecret; whether the primary exists isn't looked at, because the replica's account can't know [D].
    """
    arn = request.members.get("CrossAccountPrimaryARN")
    if arn is None:
        return None
    for member in _NOT_BESIDE:
        if request.members.get(member) is not None:
            raise _wrong(f"You can't use {member} with CrossAccountPrimaryARN.")
    check_replica_key(request.members.get("KmsKeyId") or None)
    _check_place("CrossAccountPrimaryARN", arn, request, request.account_id)
    return CrossAccountPrimary(arn, "Pending")


def check_replica_key(key_id: str | None) -> None:
    """Refuse the default key for the replica of another account's secret.

    Raises:
        InvalidParameterException (400): the key is the default key [rule B: api-2026 X3; code D].
    """
    if is_default_key(key_id):
        raise _wrong("A cross-account replica must have a customer managed KMS key.")


def describe_across_accounts(secret: StoredSecret) -> dict[str, Any]:
    """Return the members of DescribeSecret about replication to another account; none if there is none.

    Source: api-2026 1 [B]. StatusMessage only says why a replication hasn't succeeded [D].
    """
    described: dict[str, Any] = {}
    link, entry = secret.cross_account_primary, secret.cross_account_replica
    if link is not None:
        described["CrossAccountPrimary"] = {"PrimarySecretARN": link.arn, **_status(link)}
    if entry is not None:
        role = {} if entry.role_arn is None else {"ReplicationRoleARN": entry.role_arn}
        described["CrossAccountReplicas"] = [{"ReplicaSecretARN": entry.arn, **role, **_status(entry)}]
    return described


def _status(side: CrossAccountPrimary | CrossAccountReplica) -> dict[str, str]:
    message = {} if side.message is None else {"StatusMessage": side.message}
    return {"ReplicationStatus": side.status, **message}


def _replica_to_associate(store: Store, request: Request, primary: StoredSecret) -> StoredSecret:
    arn = request.members["CrossAccountReplicaARN"]
    _check_place("CrossAccountReplicaARN", arn, request, primary.account_id)
    replica = store.by_arn(request, arn)
    if replica is None:
        raise ServiceError("ResourceNotFoundException", f"Secrets Manager can't find the replica {arn}.")
    link = replica.cross_account_primary
    if link is None or link.arn not in {primary.arn, primary.arn[:-SUFFIX_LENGTH]}:
        raise ServiceError("InvalidRequestException", f"The secret {arn} isn't a replica of {primary.arn}.")
    if replica.deleted is not None:
        raise ServiceError("InvalidRequestException", f"The replica {arn} is marked for deletion.")
    entry = primary.cross_account_replica
    if entry is not None and entry.arn != replica.arn:
        raise ServiceError(
            "LimitExceededException", f"The secret has a cross-account replica already: {entry.arn}."
        )
    return replica


def _check_place(member: str, arn: str, request: Request, account_id: str) -> None:
    """Refuse what isn't the ARN of a secret in the Region of a request and in another account than one."""
    match = SECRET_ARN.fullmatch(arn)
    is_here = match is not None and match[1] == request.region and arn.split(":", 2)[1] == request.partition
    if not is_here or _ACCOUNT_ID.fullmatch(account_of(arn)) is None:
        raise _wrong(f"{member} must be the ARN of a secret in {request.region}.")
    if account_of(arn) == account_id:
        raise _wrong(f"{member} must be the ARN of a secret in another account.")


def _check_role(request: Request, primary: StoredSecret, role_arn: str | None) -> None:
    if role_arn is None:
        return
    here = request.partition, primary.account_id
    if not ROLE_ARN.fullmatch(role_arn) or (role_arn.split(":", 2)[1], account_of(role_arn)) != here:
        raise _wrong("ReplicationRoleARN must be the ARN of a role in the primary secret's account.")


def _wrong(text: str) -> ServiceError:
    return ServiceError("InvalidParameterException", text)
