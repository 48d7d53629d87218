"""Asks the policies about each call, with what is known of the call, its caller and its secret."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from fake_secrets.arns import account_of, secret_arn
from fake_secrets.errors import ServiceError
from fake_secrets.iam import grammar
from fake_secrets.iam.evaluation import Check, Layers
from fake_secrets.iam.grants import Grants
from fake_secrets.iam.key_policies import decide_on_key, key_policy, left_to_callers
from fake_secrets.iam.policy import Policy
from fake_secrets.service.rules.checks import (
    WITHOUT_RESOURCE,
    check_of_passing,
    check_of_replica,
    checks_of,
    checks_of_creation,
)
from fake_secrets.service.rules.key_uses import COPYING, DECRYPTING, REPLICATING
from fake_secrets.service.state.checked import KeyUse, arn_for, key_check, keys_of
from fake_secrets.service.state.copying import copying_request
from fake_secrets.service.state.index import check_name
from fake_secrets.service.state.key_names import is_default_key
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.policies_of_secrets import policies_of
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store
from fake_secrets.world.decisions import Asking, Decide, Decisions
from fake_secrets.world.misses import nearly

__all__ = ["Authority"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# The operations that change values or labels.
_REPLICATED = frozenset({"PutSecretValue", "UpdateSecret", "UpdateSecretVersionStage"})
_ACCESS_DENIED = "AccessDeniedException"
_NOTHING = Policy(())
_LOSING = "After this change of tags, the caller could not change them any more. AWS refuses that."


class Authority:
    """Decides about the calls of one world.

    Args:
        grants: what the callers were given.
        store: returns the secrets.

    `decisions` are made by the policies, and know the denials.
    """

    def __init__(self, grants: Grants, store: Callable[[], Store]) -> None:
        self._store = store
        self.decisions = Decisions(grants)

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
            self._foresee(request, arn, members.get("KmsKeyId"))
            return
        secret_id = None if operation in WITHOUT_RESOURCE else members.get("SecretId")
        if secret_id is None:
            self._check(request, checks_of(operation, members, {}, "*"), (), None)
            return
        secret = self._store().find(request, secret_id)
        resource = arn_for(request, secret, secret_id)
        keys = {"aws:resourceaccount": account_of(resource)} if secret is None else keys_of(secret)
        checks = checks_of(operation, members, keys, resource, key_arn)
        if secret is not None and secret.cross_account_primary and operation == "StopReplicationToReplica":
            checks.append(check_of_replica(operation, resource, keys))
        cause = str if secret is not None else functools.partial(self._why_missing, request, secret_id)
        self._check(request, checks, _policies_of(secret), secret_id, cause=cause)
        if operation == "AssociateCrossAccountReplica" and members.get("ReplicationRoleARN"):
            self._check_passing(request, members["ReplicationRoleARN"])
        if secret is not None:
            self._foresee(request, resource, secret.kms_key_id)
            self._foresee_copying(request, secret)

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

    def check_acceptance(self, request: Request, replica: StoredSecret) -> None:
        """Refuse to replicate to a replica that the caller may not replicate to [B: api-2026 3.1]."""
        check = check_of_replica(request.operation, replica.arn, keys_of(replica))
        self._check(request, [check], _policies_of(replica), replica.arn)

    def check_role(self, request: Request, role_arn: str) -> None:
        """Refuse to assume a role that the caller's policies don't let it assume [D].

        Nothing is known of the role's trust policy, so it leaves the decision to the policies of the callers.
        """
        owner = account_of(role_arn)
        check = Check("sts:AssumeRole", role_arn, {"aws:resourceaccount": owner})
        self._check(request, [check], [left_to_callers(owner, request.account_id)], role_arn)

    def _check_passing(self, request: Request, role_arn: str) -> None:
        """Refuse a role that the caller may not pass to Secrets Manager [B: api-2026 3.1]."""
        # A role has no policy of its own that could allow this.
        self._check(request, [check_of_passing(role_arn)], (), role_arn)

    def may_use_key(
        self, request: Request, secret: StoredSecret, action: str, key_id: str, version_id: str | None
    ) -> bool:
        """Return whether the caller may use a KMS key for a secret; see the protocol `Authority`.

        Source: iam-facts 5: what the key's policy sees [B]. Nothing is known of a key policy that the test hasn't
            given, so it allows every caller what the caller's own policies allow [D].
        """
        use = KeyUse(action, key_id, secret.arn, version_id)
        asking = self.decisions.asking(request)
        check, layers, decide = self._key_question(asking, use)
        hint = self._store().keys.names.hint_at(key_id, request.region, secret.account_id)
        if decide is None:
            # No policy can name a key that nobody has told, so that comes before what policies say.
            denied = self.decisions.denial_of(asking, check, layers, check.resource, cause=lambda: hint)
        else:
            denied = self.decisions.denial_of(asking, check, layers, check.resource, decide=decide, hint=hint)
        return denied is None

    def would_deny(self, request: Request, secret: StoredSecret | None, action: str, policy: Policy) -> bool:
        """Return whether a secret's policy would deny something to the caller of a request."""
        asking = self.decisions.asking(request)
        check = Check(action, arn_for(request, secret), keys_of(secret))
        decision, _ = self.decisions.of(asking, check, Layers(resource=[policy]))
        return decision.effect == "explicit_deny"

    def _foresee(self, request: Request, secret_arn: str, key_id: str | None) -> None:
        """Decide about the keys of replicas before anything is done, because a decision may be impossible.

        Args:
            request: the request.
            secret_arn: the ARN of the primary.
            key_id: its key.

        Raises:
            UnsupportedOperationError: a condition that matters has an unknown key.
        """
        for replica in request.members.get("AddReplicaRegions") or ():
            there = replace(request, region=replica.get("Region", request.region))
            self._foresee_key(request, DECRYPTING, key_id, secret_arn)
            self._foresee_key(there, REPLICATING, replica.get("KmsKeyId"), secret_arn)

    def _foresee_copying(self, request: Request, primary: StoredSecret) -> None:
        """Decide about the keys with which a change is replicated to another account, for the same reason."""
        entry = primary.cross_account_replica
        if request.operation not in _REPLICATED or entry is None or entry.secret is None:
            return
        # Whichever of its values are going to be copied, and the one that the call may bring.
        keys = {version.kms_key_id for version in primary.versions.values()}
        keys |= {primary.kms_key_id, request.members.get("KmsKeyId")}
        request = copying_request(request, entry.role_arn)
        for key_id in sorted(filter(None, keys)):
            self._foresee_key(request, DECRYPTING, key_id, primary.arn)
        self._foresee_key(request, COPYING, entry.secret.kms_key_id, entry.arn)

    def _foresee_key(self, request: Request, actions: Iterable[str], key_id: str | None, secret_arn: str) -> None:
        if key_id and not is_default_key(key_id):
            asking = self.decisions.asking(request, is_counted=False)
            for action in actions:
                check, layers, decide = self._key_question(asking, KeyUse(action, key_id, secret_arn))
                self.decisions.of(asking, check, layers, decide)

    def _key_question(self, asking: Asking, use: KeyUse) -> tuple[Check, Layers, Decide | None]:
        """Return what is asked about a key, the policies that take part, and what decides by them.

        The last is None if they decide as for a secret.
        """
        keys, request = self._store().keys, asking.request
        check = key_check(keys.names, request, use)
        text = keys.policy_of(use.key_id, request.region, account_of(use.secret_arn))
        policy = key_policy(text, use.key_id, account_of(check.resource), asking.caller.account_id)
        return check, asking.layers([policy]), None if text is None else decide_on_key

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
        asking = self.decisions.asking(request)
        layers = asking.layers(policies)
        for check in checks:
            denied = self.decisions.denial_of(asking, check, layers, shown, hint=hint, cause=cause)
            if denied is not None:
                raise ServiceError(_ACCESS_DENIED, denied.message)

    def _why_missing(self, request: Request, secret_id: str) -> str:
        """Return what to know of a secret that doesn't exist, and what was probably meant."""
        meant = nearly(self._store(), (request.account_id, request.region), secret_id)
        known = f"There is no secret {secret_id!r}.{' ' if meant else ''}{meant}"
        by_name = "" if secret_id.startswith("arn:") else ", by an ARN without the random suffix"
        return f"{known} AWS asks the policies before it looks for the secret{by_name}."

    def _arn_to_be(self, request: Request) -> str:
        name = request.members["Name"]
        check_name(name)
        request.suffix = request.suffix or self._store().ids.arn_suffix()
        return secret_arn(request.region, request.account_id, name, request.suffix, request.partition)

    def _key_arn(self, request: Request, key_id: str | None) -> str | None:
        if not key_id:
            return None
        return self._store().keys.names.arn_of(key_id, request.region, request.partition, request.account_id)


def _policies_of(secret: StoredSecret | None) -> Sequence[Policy]:
    """Return all policies that are attached to a secret. A deny in any of them wins [D: api-2026 X30]."""
    return () if secret is None else [_parsed(text) for text in policies_of(secret).values()]


def _parsed(text: str) -> Policy:
    try:
        return grammar.parse(text)
    except ServiceError:
        # Only a test can have planted a malformed policy. It allows nothing.
        return _NOTHING
