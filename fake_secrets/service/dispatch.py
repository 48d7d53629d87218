"""The table of operations, and `answer`, which calls the one that a request names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fake_secrets.errors import UnsupportedOperationError
from fake_secrets.service.operations import (
    batch,
    cross_account,
    descriptions,
    lifecycle,
    listing,
    passwords,
    replication,
    rotation,
    tags,
    values,
    versions,
)
from fake_secrets.service.rules import constraints
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store

__all__ = ["OPERATIONS", "answer"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Operation = Callable[[Store, Request], dict[str, Any]]


def _of_policies(name: str) -> Operation:
    """Return an operation that imports `policies` when it is first called.

    The module is slow to import, and few tests need it.
    """

    def operation(store: Store, request: Request) -> dict[str, Any]:
        from fake_secrets.service.operations import policies  # noqa: PLC0415

        function: Operation = getattr(policies, name)
        return function(store, request)

    return operation


OPERATIONS: Mapping[str, Operation] = {
    "AssociateCrossAccountReplica": cross_account.associate_cross_account_replica,
    "BatchGetSecretValue": batch.batch_get_secret_value,
    "CancelRotateSecret": rotation.cancel_rotate_secret,
    "CreateSecret": lifecycle.create_secret,
    "DeleteResourcePolicy": _of_policies("delete_resource_policy"),
    "DeleteSecret": lifecycle.delete_secret,
    "DescribeSecret": descriptions.describe_secret,
    "DisassociateCrossAccountReplica": cross_account.disassociate_cross_account_replica,
    "GetRandomPassword": passwords.get_random_password,
    "GetResourcePolicy": _of_policies("get_resource_policy"),
    "GetSecretValue": values.get_secret_value,
    "ListResourcePolicies": _of_policies("list_resource_policies"),
    "ListSecrets": listing.list_secrets,
    "ListSecretVersionIds": versions.list_secret_version_ids,
    "PutResourcePolicy": _of_policies("put_resource_policy"),
    "PutSecretValue": values.put_secret_value,
    "RemoveRegionsFromReplication": replication.remove_regions_from_replication,
    "ReplicateSecretToRegions": replication.replicate_secret_to_regions,
    "RestoreSecret": lifecycle.restore_secret,
    "RotateSecret": rotation.rotate_secret,
    "StopReplicationToReplica": replication.stop_replication_to_replica,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "UpdateSecret": lifecycle.update_secret,
    "UpdateSecretVersionStage": versions.update_secret_version_stage,
    "ValidateResourcePolicy": _of_policies("validate_resource_policy"),
}

# The operations that read one secret. They may change its date of access and nothing else, so replicas and
# schedules needn't follow. Those that are about no single secret needn't be here.
_READS = frozenset(
    {
        "DescribeSecret",
        "GetResourcePolicy",
        "GetSecretValue",
        "ListResourcePolicies",
        "ListSecretVersionIds",
        "ValidateResourcePolicy",
    }
)


def answer(store: Store, request: Request) -> dict[str, Any]:
    """Answer one request. A refused request changes nothing.

    Args:
        store: what the service stores.
        request: the call.

    Returns:
        The response's members as JSON: dates are epoch seconds, blobs are base64 strings.

    Raises:
        ServiceError: AWS would refuse the request. A request that isn't well-formed is refused first [D], then
            one whose caller may not make it, then one about a secret that doesn't exist [C: api-facts 13].
        UnsupportedOperationError: the operation isn't faked yet.
    """
    operation = OPERATIONS.get(request.operation)
    if operation is None:
        supported = "".join(f"\n- {name}" for name in OPERATIONS)
        msg = f"fake_secrets doesn't support {request.operation} yet. It supports:{supported}"
        raise UnsupportedOperationError(msg)
    shape = request.shape
    if shape is not None:
        request.is_plain = shape.is_plainly_right(request.members)
        if not request.is_plain:
            constraints.check(shape, request.members)
            request = _with_known_members(request, shape)
    store.settle(request.now)
    if request.authority is not None:
        request.authority.check_call(request)
    response = operation(store, request)
    concerned = store.concerned
    if concerned is not None and request.operation not in _READS:
        if concerned.replicas or concerned.across_accounts is not None:
            replication.follow(store, concerned, request)
        store.follow_up(concerned, request.now)
    return response


def _with_known_members(request: Request, shape: constraints.Shape) -> Request:
    """Return a request without the members that the model doesn't know. AWS ignores members that it doesn't know.

    An older botocore lacks members that an operation here knows. Nothing has checked them.
    """
    if shape.members.keys() >= request.members.keys():
        return request
    known = {name: value for name, value in request.members.items() if name in shape.members}
    return replace(request, members=known)
