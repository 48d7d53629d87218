"""The visible part of KMS: which keys can't be used, and who may use the default key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from fake_secrets.arns import region_of
from fake_secrets.errors import ServiceError
from fake_secrets.service.state.model import Request, StoredSecret

__all__ = ["DEFAULT_KEY_ALIAS", "KEY_STATES", "KeyState", "Keys", "check_key_region", "id_of", "is_default_key"]

DEFAULT_KEY_ALIAS = "alias/aws/secretsmanager"

KeyState = Literal["enabled", "disabled", "denied"]
KEY_STATES: Mapping[KeyState, str] = {
    "enabled": "calls that need the key succeed",
    "disabled": "they fail with EncryptionFailure or DecryptionFailure",
    "denied": "they fail with AccessDeniedException",
}

_RESOURCE_FIELD = 5


class Keys:
    """The KMS keys of a world. Every key can be used unless a test declares it disabled or denied."""

    def __init__(self) -> None:
        self._states: dict[str, KeyState] = {}
        self._asked_for: set[str] = set()

    @property
    def asked_for(self) -> frozenset[str]:
        """The ids or aliases of the keys that calls have needed since the first key was declared."""
        return frozenset(self._asked_for)

    def declare(self, key_id: str, state: KeyState) -> None:
        """Declare a key enabled, disabled, or denied to every caller.

        Args:
            key_id: key id, alias, or the ARN of either. A key's id and its ARN mean the same key.
            state: the key's state from now on.
        """
        self._states[id_of(key_id)] = state

    def is_denied(self, key_id: str | None) -> bool:
        """Return whether a key is denied to every caller."""
        return self._state_of(key_id) == "denied"

    def check_encryption(self, request: Request, secret: StoredSecret, key_id: str | None) -> None:
        """Refuse to encrypt a value with a key that can't be used.

        Args:
            request: the call, with its caller.
            secret: the secret that the value belongs to.
            key_id: the key; None for the default key.

        Raises (in the order checked):
            InvalidRequestException (400): the secret belongs to another account and the key is the
                default key, M40 [A].
            AccessDeniedException (400): the key is denied, M41 [C].
            EncryptionFailure (400): the key is disabled [code B, text D].
        """
        self._check(request, secret, key_id, "EncryptionFailure", "encrypt")

    def check_decryption(self, request: Request, secret: StoredSecret, key_id: str | None) -> None:
        """Refuse to decrypt a value with a key that can't be used.

        The errors are those of `check_encryption`, with DecryptionFailure instead of EncryptionFailure.
        """
        self._check(request, secret, key_id, "DecryptionFailure", "decrypt")

    def _check(self, request: Request, secret: StoredSecret, key_id: str | None, code: str, verb: str) -> None:
        if secret.account_id != request.account_id and is_default_key(key_id):
            raise ServiceError(
                "InvalidRequestException",
                "You can't access a secret from a different AWS account if you encrypt the secret "
                "with the default KMS service key.",
            )
        if not self._states:
            return
        state = self._state_of(key_id)
        if state == "denied":
            raise ServiceError("AccessDeniedException", "Access to KMS is not allowed")
        if state == "disabled":
            raise ServiceError(
                code, f"Secrets Manager can't {verb} the protected secret text using the provided KMS key."
            )

    def _state_of(self, key_id: str | None) -> KeyState | None:
        key = id_of(key_id or DEFAULT_KEY_ALIAS)
        self._asked_for.add(key)
        return self._states.get(key)


def is_default_key(key_id: str | None) -> bool:
    """Return whether a KmsKeyId is None or names the default key in any form."""
    return key_id is None or id_of(key_id) == DEFAULT_KEY_ALIAS


def check_key_region(key_id: str | None, region: str) -> None:
    """Refuse the ARN of a KMS key in another region.

    Args:
        key_id: KmsKeyId as sent.
        region: the secret's region.

    Raises:
        InvalidRequestException (400): M49 [text C, code D].
    """
    key_region = region_of(key_id) if key_id else None
    if key_region is not None and key_region != region:
        raise ServiceError(
            "InvalidRequestException",
            f"The operation failed because of an invalid KMS key: Invalid arn {key_region}",
        )


def id_of(key_id: str) -> str:
    """Return the key's id or alias, whether it was given alone or in an ARN."""
    fields = key_id.split(":", _RESOURCE_FIELD)
    resource = fields[_RESOURCE_FIELD] if fields[0] == "arn" and len(fields) > _RESOURCE_FIELD else key_id
    return resource.removeprefix("key/")
