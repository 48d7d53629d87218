"""Resource policies: to put, get, delete, list and validate them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fake_secrets.arns import role_of_session
from fake_secrets.errors import ServiceError
from fake_secrets.iam import grammar
from fake_secrets.iam.evaluation import Caller, Check, Layers, evaluate
from fake_secrets.iam.grants import Grant
from fake_secrets.iam.policy import Policy
from fake_secrets.service.operations.paging import paginate
from fake_secrets.service.rules.checks import action_of
from fake_secrets.service.rules.constraints import check_length
from fake_secrets.service.state.checked import arn_for, completed, keys_of
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.policies_of_secrets import DEFAULT, policies_of
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store

__all__ = [
    "delete_resource_policy",
    "get_resource_policy",
    "list_resource_policies",
    "put_resource_policy",
    "validate_resource_policy",
]

_PUBLIC = "You can't attach a resource-based policy that allows broad access to the secret."
_LOCKED_OUT = "Your requested changes will not allow you to manage this secret in the future."


def put_resource_policy(store: Store, request: Request) -> dict[str, Any]:
    """Attach a resource policy to a secret. It replaces the policy that the secret has.

    Args:     SecretId, ResourcePolicy (kept verbatim), PolicyName ("default"),
              BlockPublicPolicy (default false).
    Returns:  ARN, Name [A], PolicyName ("default") [B: api-2026 X21].
    Raises (in the order checked; AWS's order is unknown [D]):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5), InvalidParameterException (M33).
        InvalidParameterException (400): the PolicyName isn't "default" [B: api-2026 X22; text D].
        ValidationException (400): the policy is longer than a lowered quota allows.
        MalformedPolicyDocumentException (400): M38; see `grammar.parse`.
        PublicPolicyException (400): BlockPublicPolicy is true and the policy is public [B],
            M39 [B, old].
    Source:   PutResourcePolicy; api-facts 9; 3: LastChangedDate moves [B], even if the policy
              is the same [D]. A policy that locks the caller out is attached all the same; only
              ValidateResourcePolicy reports it.
    """
    secret = store.get_primary(request)
    _check_policy_name(request)
    text = request.members["ResourcePolicy"]
    check_length("resourcePolicy", text, store.quotas.policy_characters)
    policy = grammar.parse(text)
    if request.members.get("BlockPublicPolicy") and grammar.is_public(policy):
        raise ServiceError("PublicPolicyException", _PUBLIC)
    store.begin_write(request.now, secret)
    store.has_policies = True
    secret.policy = text
    secret.changed = request.now
    return _identity(secret, DEFAULT)


def get_resource_policy(store: Store, request: Request) -> dict[str, Any]:
    """Return a resource policy that is attached to a secret.

    Args:     SecretId, PolicyName (default "default"; "cross-account-replication" for that of a replica).
    Returns:  ARN, Name; ResourcePolicy only if one is attached [A]; PolicyName [B: api-2026 X21;
              without a policy D].
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5).
        ResourceNotFoundException (400): there is no policy of another name [B: api-2026 X23; text D].
    Source:   GetResourcePolicy; api-facts 5; 4.2: a replica has its primary's policy [C].
    """
    secret = store.get_live(request)
    name = request.members.get("PolicyName") or DEFAULT
    text = policies_of(secret).get(name)
    if text is None and name != DEFAULT:
        raise ServiceError(
            "ResourceNotFoundException", "Secrets Manager can't find the specified resource policy."
        )
    policy = {} if text is None else {"ResourcePolicy": text}
    return {"ARN": secret.arn, "Name": secret.name, **policy, "PolicyName": name}


def list_resource_policies(store: Store, request: Request) -> dict[str, Any]:
    """List the names of the resource policies that are attached to a secret.

    Args:     SecretId, MaxResults (default 100), NextToken.
    Returns:  ResourcePolicies (PolicyName: "default" first, then the others by the alphabet), NextToken if
              more follow.
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5) [D].
        InvalidNextTokenException (400): the token belongs to another request [code B, text D].
    Source:   ListResourcePolicies; api-2026 3.3 [B]. "default" is listed only while there is such a
              policy [D].
    """
    secret = store.get_live(request)
    names = list(policies_of(secret))

    def after(position: list[Any] | None) -> Iterator[str]:
        last = None if position is None else _order_of(*position)
        return (name for name in names if last is None or _order_of(name) > last)

    page, next_token = paginate(after, request, key=lambda name: [name], scope=(secret.arn,))
    response: dict[str, Any] = {"ResourcePolicies": [{"PolicyName": name} for name in page]}
    if next_token is not None:
        response["NextToken"] = next_token
    return response


def delete_resource_policy(store: Store, request: Request) -> dict[str, Any]:
    """Detach the resource policy from a secret. A secret without a policy is no error [D].

    Args:     SecretId, PolicyName ("default").
    Returns:  ARN, Name [B], PolicyName ("default") [B: api-2026 X21].
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5), InvalidParameterException (M33).
        InvalidParameterException (400): the PolicyName isn't "default" [B: api-2026 X22; text D].
    Source:   DeleteResourcePolicy; api-facts 5; 3: LastChangedDate moves [B], unless there was
              no policy [D].
    """
    secret = store.get_primary(request)
    _check_policy_name(request)
    if secret.policy is not None:
        store.begin_write(request.now, secret)
        secret.policy = None
        secret.changed = request.now
    return _identity(secret, DEFAULT)


def validate_resource_policy(store: Store, request: Request) -> dict[str, Any]:
    """Report the faults of a resource policy. Nothing is attached.

    Args:     SecretId (optional), ResourcePolicy.
    Returns:  PolicyValidationPassed; ValidationErrors (CheckName [D], ErrorMessage), empty if
              the policy passes [B]. There is an error if the policy is public, M39 [B, old], and
              if it denies PutResourcePolicy to the caller [B, the console's text]. Without a
              SecretId, the second only counts if the policy denies it for every secret [D].
    Raises (in the order checked):
        ValidationException (M10 [A]), ResourceNotFoundException (M1),
        InvalidRequestException (M5).
        ValidationException (400): the policy is longer than a lowered quota allows.
        MalformedPolicyDocumentException (400): M38 [B]; see `grammar.parse`.
    Source:   ValidateResourcePolicy; api-facts 5, 9.
    """
    secret = None if request.members.get("SecretId") is None else store.get_live(request)
    text = request.members["ResourcePolicy"]
    check_length("resourcePolicy", text, store.quotas.policy_characters)
    policy = grammar.parse(text)
    errors = []
    if grammar.is_public(policy):
        errors.append({"CheckName": "BlockPublicPolicyCheck", "ErrorMessage": _PUBLIC})
    if _locks_out(policy, request, secret):
        errors.append({"CheckName": "LockOutCheck", "ErrorMessage": _LOCKED_OUT})
    return {"PolicyValidationPassed": not errors, "ValidationErrors": errors}


def _locks_out(policy: Policy, request: Request, secret: StoredSecret | None) -> bool:
    action = action_of("PutResourcePolicy")
    if request.authority is not None:
        return request.authority.would_deny(request, secret, action, policy)
    # Nobody was given anything, so nothing else is known of the caller.
    caller = Caller(request.principal, request.account_id, role_of_session(request.principal))
    check = completed(Check(action, arn_for(request, secret), keys_of(secret)), caller, request, Grant())
    return evaluate(check, caller, Layers(resource=[policy])).effect == "explicit_deny"


def _check_policy_name(request: Request) -> None:
    if request.members.get("PolicyName") not in {None, DEFAULT}:
        raise ServiceError("InvalidParameterException", "You can only change the resource policy named default.")


def _order_of(name: str) -> tuple[bool, str]:
    return name != DEFAULT, name


def _identity(secret: StoredSecret, policy_name: str) -> dict[str, Any]:
    return {"ARN": secret.arn, "Name": secret.name, "PolicyName": policy_name}
