"""Resource policies: PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy, ValidateResourcePolicy."""

from __future__ import annotations

from typing import Any

from fake_secrets.arns import role_of_session
from fake_secrets.errors import ServiceError
from fake_secrets.iam import grammar
from fake_secrets.iam.evaluation import Caller, Check, Layers, evaluate
from fake_secrets.iam.grants import Grant
from fake_secrets.iam.policy import Policy
from fake_secrets.service.rules.checks import action_of
from fake_secrets.service.rules.constraints import check_length
from fake_secrets.service.state.checked import arn_for, completed, keys_of
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store

__all__ = ["delete_resource_policy", "get_resource_policy", "put_resource_policy", "validate_resource_policy"]

_POLICY_NAME = "default"

_PUBLIC = "You can't attach a resource-based policy that allows broad access to the secret."
_LOCKED_OUT = "Your requested changes will not allow you to manage this secret in the future."


def put_resource_policy(store: Store, request: Request) -> dict[str, Any]:
    """Attach a resource policy to a secret. It replaces the policy that the secret has.

    Args:     SecretId, ResourcePolicy (kept verbatim), PolicyName ("default"),
              BlockPublicPolicy (default false).
    Returns:  ARN, Name [A]; PolicyName if the request has it [D].
    Raises (in the order checked; AWS's order is unknown [D]):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5), InvalidParameterException (M33).
        InvalidParameterException (400): the PolicyName isn't "default" [B, text D].
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
    return _identity(secret, request)


def get_resource_policy(store: Store, request: Request) -> dict[str, Any]:
    """Return the resource policy that is attached to a secret.

    Args:     SecretId, PolicyName ("default").
    Returns:  ARN, Name; ResourcePolicy only if one is attached [A]; PolicyName if the request
              has it [D].
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5).
        ResourceNotFoundException (400): the PolicyName isn't "default" [B, text D].
    Source:   GetResourcePolicy; api-facts 5; 4.2: a replica has its primary's policy [C].
    """
    secret = store.get_live(request)
    if _names_other_policy(request):
        raise ServiceError(
            "ResourceNotFoundException", "Secrets Manager can't find the specified resource policy."
        )
    response = _identity(secret, request)
    if secret.policy is not None:
        response["ResourcePolicy"] = secret.policy
    return response


def delete_resource_policy(store: Store, request: Request) -> dict[str, Any]:
    """Detach the resource policy from a secret. A secret without a policy is no error [D].

    Args:     SecretId, PolicyName ("default").
    Returns:  ARN, Name [B]; PolicyName if the request has it [D].
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5), InvalidParameterException (M33).
        InvalidParameterException (400): the PolicyName isn't "default" [B, text D].
    Source:   DeleteResourcePolicy; api-facts 5; 3: LastChangedDate moves [B], unless there was
              no policy [D].
    """
    secret = store.get_primary(request)
    _check_policy_name(request)
    if secret.policy is not None:
        store.begin_write(request.now, secret)
        secret.policy = None
        secret.changed = request.now
    return _identity(secret, request)


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


def _names_other_policy(request: Request) -> bool:
    return request.members.get("PolicyName") not in (None, _POLICY_NAME)


def _check_policy_name(request: Request) -> None:
    if _names_other_policy(request):
        raise ServiceError("InvalidParameterException", "The only resource policy of a secret is named default.")


def _identity(secret: StoredSecret, request: Request) -> dict[str, Any]:
    response = {"ARN": secret.arn, "Name": secret.name}
    if request.members.get("PolicyName") is not None:
        response["PolicyName"] = _POLICY_NAME
    return response
