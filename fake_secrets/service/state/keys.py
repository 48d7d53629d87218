"""The visible part of KMS: which keys can't be used, and who may use the default key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from fake_secrets.arns import account_of, region_of
from fake_secrets.errors import ServiceError
from fake_secrets.service.rules.key_uses import COPYING, DECRYPTING, ENCRYPTING, REENCRYPTING, REPLICATING
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING, AWSPREVIOUS
from fake_secrets.service.state.key_names import (
    DEFAULT_KEY_ALIAS,
    KeyNames,
    denied,
    id_of,
    is_default_key,
)
from fake_secrets.service.state.model import StoredSecret, StoredVersion
from fake_secrets.service.state.request_model import Request
from fake_secrets.slotted import slotted

__all__ = ["KEY_STATES", "KeyState", "Keys"]

KeyState = Literal["enabled", "disabled", "denied"]
_Key = tuple[str | None, str]
_Told = TypeVar("_Told")
KEY_STATES: Mapping[KeyState, str] = {
    "enabled": "calls that need the key succeed",
    "disabled": "they fail with EncryptionFailure or DecryptionFailure",
    "denied": "they fail with AccessDeniedException",
}


@slotted
class _Use:
    """What a key is used for: the actions that it takes, the error if the key is disabled, and the verb."""

    actions: Sequence[str]
    failure: str
    verb: str


_ENCRYPTING = _Use(ENCRYPTING, "EncryptionFailure", "encrypt")
_REPLICATING = _Use(REPLICATING, "EncryptionFailure", "encrypt")
_COPYING = _Use(COPYING, "EncryptionFailure", "encrypt")
_DECRYPTING = _Use(DECRYPTING, "DecryptionFailure", "decrypt")
# A new key encrypts the versions with these labels again.
_REENCRYPTED = (AWSCURRENT, AWSPENDING, AWSPREVIOUS)


class Keys:
    """The KMS keys of a world. Every key can be used unless a test declares it disabled or denied."""

    def __init__(self) -> None:
        # By account and key. The account is None if the key was named without one: it is then one of any account.
        self._states: dict[_Key, KeyState] = {}
        self._policies: dict[_Key, str] = {}
        self.names = KeyNames()
        self._asked_for: set[str] = set()

    @property
    def asked_for(self) -> frozenset[str]:
        """The ids or aliases of the keys that calls have needed since the first key was declared."""
        return frozenset(self._asked_for)

    def declare(
        self, key_id: str, state: KeyState, policy: str | None = None, aliases: Iterable[str] = ()
    ) -> None:
        """Declare a key enabled, disabled, or denied to every caller.

        Args:
            key_id: key id, alias, or the ARN of either. A key's id and its ARN mean the same key.
            state: the key's state from now on.
            policy: the key policy, as JSON; None leaves it as it is.
            aliases: aliases that stand for the key from now on.
        """
        for alias in aliases:
            self.names.tell(alias, key_id)
        named = self.names.named(key_id, region_of(key_id), None)
        key = account_of(named) or None, id_of(named)
        _tell(self._states, key, state)
        if policy is not None:
            _tell(self._policies, key, policy)

    def told(self) -> dict[str, Any]:
        """Return what a test has told of keys, as JSON."""
        states, policies = ([[*key, one] for key, one in told.items()] for told in (self._states, self._policies))
        return {"states": states, "policies": policies, "aliases": self.names.told()}

    def tell(self, told: Mapping[str, Any]) -> None:
        """Tell again what `told` has returned."""
        self._states.update({(account_id, key): state for account_id, key, state in told["states"]})
        self._policies.update({(account_id, key): policy for account_id, key, policy in told["policies"]})
        self.names.tell_again(told["aliases"])

    def policy_of(self, key_id: str, region: str, account_id: str) -> str | None:
        """Return the policy of a key, as JSON; None if the test has given none.

        Args:
            key_id: the key.
            region: the region of a key that is named without one.
            account_id: its account.
        """
        return self._told(self._policies, key_id, region, account_id)

    def check_encryption(
        self, request: Request, secret: StoredSecret, key_id: str | None, version_id: str | None = None
    ) -> None:
        """Refuse to encrypt a value with a key that can't be used.

        Args:
            request: the call, with its caller.
            secret: the secret that the value belongs to.
            key_id: the key; None for the default key.
            version_id: the version that gets the value, if it has an id yet.

        Raises (in the order checked):
            InvalidRequestException (400): the secret belongs to another account and the key is the
                default key, M40 [A].
            AccessDeniedException (400): the key is denied, or the caller may not use it, M41 [C]. The caller
                needs kms:GenerateDataKey and kms:Decrypt [B: rotation-facts 4.2].
            EncryptionFailure (400): the key is disabled [B].
        """
        if self._states or request.authority is not None:
            self._check(request, secret, key_id, _ENCRYPTING, version_id)

    def check_decryption(
        self, request: Request, secret: StoredSecret, key_id: str | None, version_id: str | None = None
    ) -> None:
        """Refuse to decrypt a value with a key that can't be used.

        The errors are those of `check_encryption`, with DecryptionFailure instead of EncryptionFailure. The caller
        needs kms:Decrypt only.
        """
        if self._states or request.authority is not None:
            self._check(request, secret, key_id, _DECRYPTING, version_id)

    def check_replication(self, request: Request, secret: StoredSecret, key_id: str | None) -> None:
        """Refuse to encrypt a replica with a key of its region that can't be used.

        The errors are those of `check_encryption`. The caller needs kms:GenerateDataKey and kms:Encrypt [B:
        rotation-facts 4.2].

        Args:
            request: the call, as if it went to the replica's region.
            secret: the primary.
            key_id: the key; None for the default key of that region.
        """
        if self._states or request.authority is not None:
            self._check(request, secret, key_id, _REPLICATING, None)

    def check_copying(self, request: Request, replica: StoredSecret, key_id: str | None) -> None:
        """Refuse to encrypt a replica in another account with a key that can't be used.

        The errors are those of `check_encryption`. Whoever changes the primary needs kms:Encrypt [B: api-2026
        X10].
        """
        if self._states or request.authority is not None:
            self._check(request, replica, key_id, _COPYING, None)

    def to_reencrypt(self, request: Request, secret: StoredSecret, key_id: str | None) -> list[StoredVersion]:
        """Return the versions that a new key encrypts again: none if it can't be used for that.

        Args:
            request: the call, with its caller.
            secret: the secret.
            key_id: the new key; None for the default key.

        Raises:
            ServiceError: as `check_encryption` and `check_decryption` do.
        """
        versions = _reencrypted(secret)
        if not versions or not self._may_reencrypt(request, secret, key_id):
            return []
        self.check_encryption(request, secret, key_id)
        for version in versions:
            self.check_decryption(request, secret, version.kms_key_id, version.id)
        return versions

    def _may_reencrypt(self, request: Request, secret: StoredSecret, key_id: str | None) -> bool:
        """Return whether the values that a secret has can be encrypted with a new key.

        The caller needs kms:Encrypt for that. Without it, the new key is accepted all the same [B: rotation-facts
        4.2].
        """
        return self._state_of(key_id, request, secret) != "denied" and self._is_allowed(
            request, secret, key_id, REENCRYPTING, None
        )

    def _check(
        self, request: Request, secret: StoredSecret, key_id: str | None, use: _Use, version_id: str | None
    ) -> None:
        if secret.account_id != request.account_id and is_default_key(key_id):
            raise ServiceError(
                "InvalidRequestException",
                "You can't access a secret from a different AWS account if you encrypt the secret "
                "with the default KMS service key.",
            )
        state = self._state_of(key_id, request, secret) if self._states else None
        if state == "denied" or not self._is_allowed(request, secret, key_id, use.actions, version_id):
            raise denied()
        if state == "disabled":
            raise ServiceError(
                use.failure,
                f"Secrets Manager can't {use.verb} the protected secret text using the provided KMS key.",
            )

    def _is_allowed(
        self,
        request: Request,
        secret: StoredSecret,
        key_id: str | None,
        actions: Sequence[str],
        version_id: str | None,
    ) -> bool:
        authority = request.authority
        # Every caller in the secret's account may use the default key.
        return (
            authority is None
            or key_id is None
            or is_default_key(key_id)
            or all(authority.may_use_key(request, secret, action, key_id, version_id) for action in actions)
        )

    def _state_of(self, key_id: str | None, request: Request, secret: StoredSecret) -> KeyState | None:
        key_id = key_id or DEFAULT_KEY_ALIAS
        self._asked_for.add(id_of(key_id))
        return self._told(self._states, key_id, request.region, secret.account_id)

    def _told(self, told: Mapping[_Key, _Told], key_id: str, region: str, account_id: str) -> _Told | None:
        named = self.names.named(key_id, region, account_id)
        key = id_of(named)
        return told.get((account_of(named) or account_id, key)) or told.get((None, key))


def _tell(told: dict[_Key, _Told], key: _Key, one: _Told) -> None:
    """Take note of something about a key. What is said of a key without an account holds for all of that id."""
    account_id, name = key
    if account_id is None:
        for other in [other for other in told if other[1] == name]:
            del told[other]
    told[key] = one


def _reencrypted(secret: StoredSecret) -> list[StoredVersion]:
    held = {secret.labels[label] for label in _REENCRYPTED if label in secret.labels}
    versions = (secret.versions[version_id] for version_id in held)
    return [version for version in versions if version.value is not None]
