"""What each recorded call asked of the policies, whether there were any or not. It is worked out afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fake_secrets.arns import ANY_SUFFIX, SUFFIX_LENGTH, account_of
from fake_secrets.errors import UnsupportedOperationError
from fake_secrets.iam.callers import owner_of_policies
from fake_secrets.iam.evaluation import Caller, Check
from fake_secrets.observe.entry import Entry
from fake_secrets.observe.ledger import SUCCEEDED
from fake_secrets.observe.recording import Recording
from fake_secrets.service.dispatch import OPERATIONS
from fake_secrets.service.operations.rotation_start import NOT_COMPLETE
from fake_secrets.service.rules.checks import (
    WITHOUT_RESOURCE,
    check_of_passing,
    check_of_replica,
    checks_of,
    checks_of_creation,
)
from fake_secrets.service.rules.key_uses import COPYING, DECRYPTING, ENCRYPTING, REENCRYPTING, REPLICATING
from fake_secrets.service.state.checked import KeyUse, arn_for, completed, key_check, keys_of
from fake_secrets.service.state.copying import copying_request
from fake_secrets.service.state.key_names import is_default_key, why_unusable
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.request_model import Request

__all__ = ["Asked", "asked_in"]

# A request with one of these is refused before anybody asks whether its caller may make it, unless a quota is
# exceeded, which shows after the look-up.
_MALFORMED = frozenset({"SerializationException", "ValidationException", UnsupportedOperationError.__name__})
_ACCESS_DENIED = "AccessDeniedException"
# With these outcomes, a call has come to use a key, or would have.
_USES_KEYS = frozenset({SUCCEEDED, _ACCESS_DENIED, "DecryptionFailure", "EncryptionFailure"})
# In the message M16, about a function whose own policy doesn't let Secrets Manager invoke it.
_NOT_INVOCABLE = "cannot invoke the specified Lambda function"
# It says that there is no such secret. A secret that has no value has another one, under the same code.
_M1 = "Secrets Manager can't find the specified secret."


@dataclass(frozen=True, slots=True)
class Asked:
    """One check that a call asks for.

    Args:
        entry: the call.
        check: the check, with all condition keys. Those of the secret are the present ones.
        caller: who makes the call.
        alias: of a check about a KMS key that is only known by an alias, the alias.
    """

    entry: Entry
    check: Check
    caller: Caller
    alias: str | None = None


def asked_in(recording: Recording) -> Iterator[Asked]:
    """Yield what the calls of a world asked, in order.

    Calls that failed have asked, too, because AWS asks whether a caller may before it looks for the secret.
    Malformed calls haven't, and nobody is asked about requests of the handle's own.
    """
    history = _History(recording)
    for entry in recording.ledger.entries():
        if _has_asked(entry):
            try:
                asked = list(history.asked(entry))
            except (AttributeError, TypeError):
                if entry.fault is None:
                    raise
                # A malformed request, of which a planned fault has come first.
                asked = []
            yield from asked
        history.follow(entry)


def _has_asked(entry: Entry) -> bool:
    return (
        entry.is_call
        and not entry.request.is_handles
        and entry.operation in OPERATIONS
        and (entry.outcome not in _MALFORMED or entry.secret is not None)
    )


def _comes_to_function(entry: Entry) -> bool:
    """Return whether a call of RotateSecret has come to invoke the function, or would have."""
    if entry.outcome == _ACCESS_DENIED:
        return _NOT_INVOCABLE not in (entry.message or "")
    is_late = entry.outcome in {SUCCEEDED, "LimitExceededException"} or entry.message == NOT_COMPLETE
    return is_late or entry.fault is not None


class _History:
    """What is known of the secrets at the time of each call: their keys and their rotation functions.

    Args:
        recording: what the world has recorded.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._secrets: dict[str, StoredSecret] = {}
        self._keys: dict[str, str | None] = {}
        self._functions: dict[str, str] = {}
        # The replicas of other accounts' secrets.
        self._replicas: set[str] = set()

    def asked(self, entry: Entry) -> Iterator[Asked]:
        """Yield what a call asked."""
        for request, checks in ((entry.request, self._checks(entry)), *self._of_copying(entry)):
            role = self._recording.grants.role_of(request.principal)
            caller = Caller(request.principal, request.account_id, role)
            grant = self._recording.grants.of(self._named(caller, entry), caller.role)
            for check, alias in checks:
                yield Asked(entry, completed(check, caller, request, grant), caller, alias)

    def _named(self, caller: Caller, entry: Entry) -> str:
        """Return the ARN by which a test names a caller. Its own clients are a user as soon as it does."""
        is_own = entry.function is None and caller.account_id == self._recording.account_id
        return owner_of_policies(caller.arn) if is_own and caller.arn.endswith(":root") else caller.arn

    def follow(self, entry: Entry) -> None:
        """Take note of what a call, or a change without a call, has done."""
        secret = entry.secret
        if secret is None:
            return
        self._secrets[secret.arn] = secret
        self._secrets.update((follower.arn, follower) for follower in secret.followers)
        if secret.arn not in self._keys:
            self._keys[secret.arn] = self._first_key(entry, secret)
        if entry.outcome == SUCCEEDED and entry.operation == "UpdateSecret" and "KmsKeyId" in entry.members:
            self._keys[secret.arn] = entry.members["KmsKeyId"] or None
        if entry.outcome == SUCCEEDED and "RotationLambdaARN" in entry.members:
            self._functions[secret.arn] = entry.members["RotationLambdaARN"]
        if entry.outcome == SUCCEEDED:
            self._follow_across_accounts(entry, secret)

    def _follow_across_accounts(self, entry: Entry, secret: StoredSecret) -> None:
        if entry.operation == "CreateSecret" and entry.members.get("CrossAccountPrimaryARN"):
            self._replicas.add(secret.arn)
        elif entry.operation == "StopReplicationToReplica":
            self._replicas.discard(secret.arn)

    def _first_key(self, entry: Entry, secret: StoredSecret) -> str | None:
        if entry.operation == "CreateSecret":
            return entry.members.get("KmsKeyId") or None
        planted = self._recording.planted.get(secret.arn)
        if planted is not None:
            return planted.kms_key_id
        return None if entry.operation == "(seed)" else secret.kms_key_id

    def _key_of(self, secret: StoredSecret) -> str | None:
        return self._keys.get(secret.arn, secret.kms_key_id)

    def _checks(self, entry: Entry) -> Iterator[tuple[Check, str | None]]:
        for check in self._of_call(entry):
            yield check, None
        if entry.operation == "RotateSecret" and _comes_to_function(entry):
            yield from ((check, None) for check in self._of_function(entry))
        if entry.outcome in _USES_KEYS or entry.fault is not None:
            for secret, key_id, actions in self._uses(entry):
                yield from self._of_key(entry.request, secret, key_id, actions)
            yield from self._of_replicas(entry)

    def _of_call(self, entry: Entry) -> Iterable[Check]:
        operation, members, request = entry.operation, entry.members, entry.request
        key_id = members.get("KmsKeyId")
        key_arn = self._key_arn(request, key_id)
        if operation == "CreateSecret":
            arn = arn_for(request, None, members["Name"]) + ANY_SUFFIX
            return checks_of_creation(members, arn, key_arn)
        if operation in WITHOUT_RESOURCE or "SecretId" not in members:
            return [*checks_of(operation, members, {}, "*"), *self._of_batch(entry)]
        checks = self._of_secret(operation, members, request, entry.secret, key_arn)
        if operation == "StopReplicationToReplica" and entry.secret is not None:
            parts = entry.secret.arn in self._replicas
            checks += [check_of_replica(operation, entry.secret.arn, keys_of(entry.secret))] if parts else []
        elif operation == "AssociateCrossAccountReplica":
            replica = self._known(members["CrossAccountReplicaARN"], request)
            if replica is not None and entry.outcome in {SUCCEEDED, _ACCESS_DENIED}:
                checks.append(check_of_replica(operation, replica.arn, keys_of(replica)))
            if role_arn := members.get("ReplicationRoleARN"):
                checks.append(check_of_passing(role_arn))
        return checks

    def _key_arn(self, request: Request, key_id: str | None) -> str | None:
        names = self._recording.keys.names
        return names.arn_of(key_id, request.region, request.partition, request.account_id) if key_id else None

    def _of_secret(
        self,
        operation: str,
        members: Mapping[str, Any],
        request: Request,
        secret: StoredSecret | None,
        key_arn: str | None = None,
    ) -> list[Check]:
        if secret is not None:
            return checks_of(operation, members, keys_of(secret), secret.arn, key_arn)
        resource = arn_for(request, None, members["SecretId"])
        return checks_of(operation, members, {"aws:resourceaccount": account_of(resource)}, resource, key_arn)

    def _of_batch(self, entry: Entry) -> Iterator[Check]:
        if entry.operation != "BatchGetSecretValue":
            return
        response, wanted = entry.response, entry.members.get("SecretIdList") or ()
        if response is None:
            found = [(secret_id, self._known(secret_id, entry.request)) for secret_id in wanted]
        else:
            # A replica that is gone by now is known by its ARN only.
            found = [(arn, self._secrets.get(arn)) for arn in response["Read"]]
        for error in () if response is None else response["Errors"]:
            is_missing = error["Message"] == _M1
            secret_id = error["SecretId"]
            found.append((secret_id, None if is_missing else self._known(secret_id, entry.request)))
        for secret_id, secret in found:
            yield from self._of_secret("GetSecretValue", {"SecretId": secret_id}, entry.request, secret)

    def _read(self, entry: Entry) -> Sequence[StoredSecret]:
        """Return the secrets that a batch has read."""
        arns = entry.response["Read"] if entry.response else ()
        return [self._secrets[arn] for arn in arns if arn in self._secrets]

    def _known(self, secret_id: str, request: Request) -> StoredSecret | None:
        """Return a secret that exists, or did, by its name or its ARN."""
        arn = arn_for(request, None, secret_id)
        known = reversed(self._secrets.values())
        return next((secret for secret in known if arn in {secret.arn, secret.arn[:-SUFFIX_LENGTH]}), None)

    def _of_function(self, entry: Entry) -> Iterator[Check]:
        secret = entry.secret
        stored = None if secret is None else self._functions.get(secret.arn)
        if stored is None and secret is not None and secret.rotation is not None:
            stored = secret.rotation.lambda_arn
        arn = entry.members.get("RotationLambdaARN") or stored
        if arn is not None:
            yield Check("lambda:InvokeFunction", arn, {"aws:resourceaccount": account_of(arn)})

    def _uses(self, entry: Entry) -> Iterator[tuple[StoredSecret, str | None, Sequence[str]]]:
        """Yield the keys that a call uses: the secret, the key, and what is done with it."""
        secret, members, operation = entry.secret, entry.members, entry.operation
        if operation == "BatchGetSecretValue":
            yield from ((read, self._key_of(read), DECRYPTING) for read in self._read(entry))
        if secret is None:
            return
        has_value = "SecretString" in members or "SecretBinary" in members
        if operation == "GetSecretValue":
            yield secret, self._key_of(secret), DECRYPTING
        elif operation == "PutSecretValue":
            yield secret, self._key_of(secret), ENCRYPTING
        elif operation == "CreateSecret" and has_value:
            yield secret, members.get("KmsKeyId"), ENCRYPTING
        elif operation == "UpdateSecret":
            key, before = members.get("KmsKeyId", self._key_of(secret)), self._key_of(secret)
            has_values = entry.version_count > int(has_value)
            if (key or None) != before and has_values:
                yield secret, key, (*REENCRYPTING, *ENCRYPTING)
                yield secret, before, DECRYPTING
            elif has_value:
                yield secret, key, ENCRYPTING

    def _of_copying(self, entry: Entry) -> Iterator[tuple[Request, Iterable[tuple[Check, str | None]]]]:
        """Yield what a call has asked of keys to replicate its change to another account, and as whom."""
        secret, copying = entry.secret, entry.copying
        if secret is None or copying is None:
            return
        request, replica = copying_request(entry.request, copying.role_arn), copying.replica
        for key_id in copying.decrypted:
            yield request, self._of_key(request, secret, key_id, DECRYPTING)
        yield request, self._of_key(request, replica, self._key_of(replica), COPYING)

    def _of_replicas(self, entry: Entry) -> Iterator[tuple[Check, str | None]]:
        """Yield the checks about keys for the replicas that a call adds. Each replica has a key of its region."""
        secret, request = entry.secret, entry.request
        if secret is None:
            return
        for added in entry.members.get("AddReplicaRegions") or ():
            region, known = added["Region"], secret.replicas.get(added["Region"])
            key_id = added.get("KmsKeyId") or (known.kms_key_id if known else None)
            if key_id is None or why_unusable(key_id, region) is None:
                yield from self._of_key(request, secret, self._key_of(secret), DECRYPTING)
                yield from self._of_key(replace(request, region=region), secret, key_id, REPLICATING)

    def _of_key(
        self, request: Request, secret: StoredSecret, key_id: str | None, actions: Iterable[str]
    ) -> Iterator[tuple[Check, str | None]]:
        if not key_id or is_default_key(key_id):
            return
        names = self._recording.keys.names
        alias = names.unknown_alias(key_id, request.region, secret.account_id)
        yield from ((key_check(names, request, KeyUse(action, key_id, secret.arn)), alias) for action in actions)
