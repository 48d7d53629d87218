"""Asks the policies about each call, with what is known of the call, its caller and its secret."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fake_secrets.arns import account_of, region_of, root_arn, secret_arn
from fake_secrets.errors import ServiceError
from fake_secrets.iam import grammar
from fake_secrets.iam.denials import Denial
from fake_secrets.iam.evaluation import Caller, Check, Decision, Layers, evaluate
from fake_secrets.iam.grants import Grant, Grants
from fake_secrets.iam.key_policies import decide_on_key, key_policy, left_to_callers
from fake_secrets.iam.messages import denial
from fake_secrets.iam.policy import Policy
from fake_secrets.service.rules.checks import WITHOUT_RESOURCE, action_of, checks_of, checks_of_creation
from fake_secrets.service.rules.condition_keys import check_conditions, keys_of_key_use
from fake_secrets.service.state.checked import completed, keys_of
from fake_secrets.service.state.model import Request, StoredSecret
from fake_secrets.service.state.store import Store, check_name
from fake_secrets.world.misses import nearly

__all__ = ["Authority"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# More than a test looks at.
_KEPT_DENIALS = 1_000
_DELETE_POLICY = action_of("DeleteResourcePolicy")
_ACCESS_DENIED = "AccessDeniedException"
_NOTHING = Policy(())
_LOSING = "After this change of tags, the caller could not change them any more. AWS refuses that."

Decide = Callable[[Check, Caller, Layers], Decision]


@dataclass(frozen=True, slots=True)
class _Asking:
    """A request, and who makes it with what policies."""

    request: Request
    caller: Caller
    grant: Grant

    def layers(self, resource: Sequence[Policy]) -> Layers:
        """Return the caller's policies, beside those of a resource."""
        grant = self.grant
        return Layers(grant.identity, resource, grant.boundary, grant.session)


class Authority:
    """Decides about the calls of one world.

    Args:
        grants: what the callers were given.
        store: returns the secrets.
    """

    def __init__(self, grants: Grants, store: Callable[[], Store]) -> None:
        self._grants = grants
        self._store = store
        self.denials: deque[Denial] = deque(maxlen=_KEPT_DENIALS)

    def check_call(self, request: Request) -> None:
        """Refuse a call that its caller may not make; see the protocol `Authority`.

        Raises (in the order checked):
            ValidationException (400): M10: the name or SecretId has characters that AWS doesn't allow.
            AccessDeniedException (400): M42.
        """
        operation, members = request.operation, request.members
        key_arn = self._key_arn(request, members.get("KmsKeyId"))
        if operation == "CreateSecret":
            arn = self._arn_to_be(request)
            checks = checks_of_creation(members, arn, key_arn)
            self._check(request, checks, (), arn)
            return
        secret_id = None if operation in WITHOUT_RESOURCE else members.get("SecretId")
        if secret_id is None:
            self._check(request, checks_of(operation, members, {}, "*"), (), None)
            return
        secret = self._store().find(request, secret_id)
        resource = _resource(request, secret_id, secret)
        is_arn = secret_id.startswith("arn:")
        shown = secret_id if secret is None or not is_arn else secret.arn
        keys = {"aws:resourceaccount": account_of(resource)} if secret is None else keys_of(secret)
        checks = checks_of(operation, members, keys, resource, key_arn)
        cause = str if secret is not None else functools.partial(self._why_missing, request, secret_id)
        self._check(request, checks, _policies_of(secret), shown, cause=cause)

    def check_tags(self, request: Request, secret: StoredSecret, tags: list[dict[str, str]] | None) -> None:
        """Refuse to change a secret's tags if the caller could not do that again afterwards [B; how: D]."""
        checks = checks_of(request.operation, request.members, keys_of(secret, tags), secret.arn)
        self._check(request, checks, _policies_of(secret), secret.arn, hint=_LOSING)

    def check_function(self, request: Request, lambda_arn: str) -> None:
        """Refuse to rotate with a Lambda function that the caller may not invoke [B: rotation-facts 4.2]."""
        owner = account_of(lambda_arn)
        check = Check("lambda:InvokeFunction", lambda_arn, {"aws:resourceaccount": owner})
        # Nothing is known of the function's own policy.
        self._check(request, [check], [left_to_callers(owner, request.account_id)], lambda_arn)

    def may_use_key(
        self, request: Request, secret: StoredSecret, action: str, key_id: str, version_id: str | None
    ) -> bool:
        """Return whether the caller may use a KMS key for a secret; see the protocol `Authority`.

        Source: iam-facts 5: what the key's policy sees [B]. Nothing is known of a key policy that the test hasn't
            given, so it allows every caller what the caller's own policies allow [D].
        """
        keys = self._store().keys
        arn = keys.arn_of(key_id, request, secret.account_id)
        keys_of_use = keys_of_key_use(
            secret.arn,
            version_id,
            # Secrets Manager uses a key in the key's own region [D], which is that of the replica.
            region=region_of(arn) or request.region,
            caller_account=request.account_id,
            key_account=account_of(arn),
            aliases=keys.aliases_of(key_id),
        )
        check = Check(action, arn, keys_of_use)
        asking = self._who(request)
        text = keys.policy_of(key_id)
        layers = asking.layers([key_policy(text, key_id, account_of(arn), asking.caller.account_id)])
        if text is None:
            denied = self._decide(asking, check, layers, arn, cause=lambda: keys.hint_at(key_id))
        else:
            hint = keys.hint_at(key_id)
            denied = self._decide(asking, check, layers, arn, decide=decide_on_key, hint=hint)
        return denied is None

    def why_denied(self, request_id: str) -> str | None:
        """Tell the author of the test why policies denied a request; None if they didn't.

        Args:
            request_id: the id of the request.
        """
        found = next((denied for denied in reversed(self.denials) if denied.request_id == request_id), None)
        return None if found is None else found.explanation

    def _check(
        self,
        request: Request,
        checks: Sequence[Check],
        policies: Sequence[Policy],
        shown: str | None,
        *,
        hint: str = "",
        cause: Callable[[], str] = str,
    ) -> None:
        asking = self._who(request)
        layers = asking.layers(policies)
        for check in checks:
            denied = self._decide(asking, check, layers, shown, hint=hint, cause=cause)
            if denied is not None:
                raise ServiceError(_ACCESS_DENIED, denied.message)

    def _decide(
        self,
        asking: _Asking,
        check: Check,
        layers: Layers,
        shown: str | None,
        *,
        decide: Decide | None = None,
        hint: str = "",
        cause: Callable[[], str] = str,
    ) -> Denial | None:
        """Return the denial of a check, or None if the policies allow it.

        Args:
            asking: who asks.
            check: what is asked, with the keys of the request and of the resource.
            layers: the policies that take part.
            shown: the resource as AWS shows it; None if there is none.
            decide: decides by the policies; by default as for a secret.
            hint: what the author of the test should know if they deny it.
            cause: returns what explains a denial better than the policies do; see `explain`.
        """
        request, caller, grant = asking.request, asking.caller, asking.grant
        asked = completed(check, caller, request, grant)
        check_conditions(layers.all(), check.action, grant.context or {})
        decision = (decide or evaluate)(asked, caller, layers)
        if decision.effect == "allowed" or _is_rescue(asked, caller, decision):
            return None
        message = denial(caller, check.action, None if check.resource == "*" else shown, decision)
        denied = Denial(message, request.id, asked, caller, layers, decision, hint, cause())
        self.denials.append(denied)
        return denied

    def _why_missing(self, request: Request, secret_id: str) -> str:
        """Return what to know of a secret that doesn't exist, and what was probably meant."""
        meant = nearly(self._store(), (request.account_id, request.region), secret_id)
        known = f"There is no secret {secret_id!r}.{' ' if meant else ''}{meant}"
        by_name = "" if secret_id.startswith("arn:") else ", by an ARN without the random suffix"
        return f"{known} AWS asks the policies before it looks for the secret{by_name}."

    def _who(self, request: Request) -> _Asking:
        role = self._grants.role_of(request.principal)
        caller = Caller(request.principal, request.account_id, role)
        return _Asking(request, caller, self._grants.consult(request.principal, role))

    def _arn_to_be(self, request: Request) -> str:
        name = request.members["Name"]
        check_name(name)
        request.suffix = request.suffix or self._store().ids.arn_suffix()
        return secret_arn(request.region, request.account_id, name, request.suffix, request.partition)

    def _key_arn(self, request: Request, key_id: str | None) -> str | None:
        return self._store().keys.arn_of(key_id, request, request.account_id) if key_id else None


def _resource(request: Request, secret_id: str, secret: StoredSecret | None) -> str:
    """Return the ARN that is checked. A secret that doesn't exist has no suffix [D]."""
    if secret is not None:
        return secret.arn
    if secret_id.startswith("arn:"):
        return secret_id
    return f"arn:{request.partition}:secretsmanager:{request.region}:{request.account_id}:secret:{secret_id}"


def _policies_of(secret: StoredSecret | None) -> Sequence[Policy]:
    if secret is None or secret.policy is None:
        return ()
    try:
        return (grammar.parse(secret.policy),)
    except ServiceError:
        # Only a test can have planted a malformed policy. It allows nothing.
        return (_NOTHING,)


def _is_rescue(check: Check, caller: Caller, decision: Decision) -> bool:
    """Return whether the account's root takes away the policy that has locked it out [D]."""
    return (
        check.action == _DELETE_POLICY
        and decision.layers == ("resource",)
        and caller.arn == root_arn(account_of(check.resource), caller.arn.split(":")[1])
    )
