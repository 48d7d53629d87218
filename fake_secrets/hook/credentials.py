"""Who calls: the account or principal that a client's credentials show, without a network or a refresh."""

from __future__ import annotations

import re
from typing import Any

from fake_secrets.arns import PRINCIPAL_ARN, ROLE_ARN, account_of, session_arn
from fake_secrets.beside_moto import backends
from fake_secrets.environment import FAKE_ACCESS_KEY_ID
from fake_secrets.errors import refusal_in
from fake_secrets.iam.principals import identified_by

__all__ = ["identity_of", "identity_of_key", "is_static", "key_pair_of", "note_caller"]

_ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)
# Keys of STS begin so. Made-up ones are too common for the account that AWS encodes in real ones to be decoded.
_TEMPORARY = "ASIA"
_SHOWN = 8
# What a caller meets that is taken for one of another account.
_ERRORS_OF_ANOTHER_ACCOUNT = frozenset(
    {"AccessDeniedException", "ResourceExistsException", "ResourceNotFoundException"}
)


def identity_of(client: Any) -> str | None:
    """Return the account id or the principal's ARN that a client's credentials show, or None.

    Only stored attributes are read, never properties: those of refreshable credentials use the network.
    """
    stored = _stored(client)
    if stored.get("access_key") == FAKE_ACCESS_KEY_ID:
        return None
    key = _key_in(stored)
    of_key = None if key is None else identity_of_key(key)
    return of_key or _of_refresher(stored.get("_refresh_using")) or _stated_account(stored)


def identity_of_key(access_key_id: str) -> str | None:
    """Return the account id or the principal's ARN that an access key id shows, or None.

    Keys that moto's STS and IAM have given out are known, if moto is loaded.
    """
    return identified_by(access_key_id) or _in_moto(access_key_id)


def key_pair_of(client: Any) -> tuple[str | None, str | None]:
    """Return the access key id of a client and the secret that goes with it, as far as they are stored."""
    stored = _stored(client)
    return stored.get("access_key"), stored.get("secret_key")


def is_static(client: Any) -> bool:
    """Return whether a client's credentials never change."""
    return "_refresh_using" not in _stored(client)


def note_caller(error: Exception, call: Any, client: Any) -> None:
    """Add a note to an error that a client may owe to its credentials, if nothing shows whose they are.

    Args:
        error: the error of a call.
        call: the call, a `Target`.
        client: the client that made it.
    """
    code = refusal_in(error).get("Code")
    if code not in _ERRORS_OF_ANOTHER_ACCOUNT or call.identity is not None:
        return
    what = _unplaced(_stored(client))
    if what is not None:
        account_id = call.world.principals.caller(None, call.partition).account_id
        note = (
            f"nothing shows the account of {what}, so account {account_id} made this call. To call "
            "as another account, make the client with **fake_secrets.credentials(arn)."
        )
        error.add_note(f"fake_secrets: {note}")
        call.world.ledger.add_note(call.request_id, note)


def _unplaced(stored: dict[str, Any]) -> str | None:
    """Return what to call credentials that may belong to another account than the world's, or None."""
    key = _key_in(stored)
    if key is None:
        return "this client's credentials, which were never fetched" if "_refresh_using" in stored else None
    return f"this client's access key {key[:_SHOWN]}..." if key.startswith(_TEMPORARY) else None


def _stored(client: Any) -> dict[str, Any]:
    signer = getattr(client, "_request_signer", None)
    return getattr(getattr(signer, "_credentials", None), "__dict__", {})


def _key_in(stored: dict[str, Any]) -> str | None:
    """Return the access key id among the attributes of credentials, static or refreshable."""
    key = stored.get("access_key") or stored.get("_access_key")
    return key if isinstance(key, str) else None


def _of_refresher(refresh: Any) -> str | None:
    """Return the role's session or the account of SSO for which refreshable credentials are fetched, or None."""
    # With a device for MFA, the fetcher's method is in an object of botocore's.
    fetcher = getattr(getattr(refresh, "_refresh", refresh), "__self__", None)
    stored = getattr(fetcher, "__dict__", {})
    role, account_id = stored.get("_role_arn"), stored.get("_account_id")
    if isinstance(role, str):
        return _session_of(role, str(stored.get("_role_session_name")))
    return _account(account_id)


def _session_of(role_arn: str, session_name: str) -> str | None:
    if ROLE_ARN.fullmatch(role_arn) is None:
        return None
    arn = session_arn(role_arn, session_name)
    return arn if PRINCIPAL_ARN.fullmatch(arn) else account_of(arn)


def _stated_account(stored: dict[str, Any]) -> str | None:
    # AWS_ACCOUNT_ID belongs to the credentials of the environment, and a world replaces those by its own.
    return (
        None if stored.get("method") == "env" else _account(stored.get("account_id") or stored.get("_account_id"))
    )


def _account(account_id: object) -> str | None:
    return account_id if isinstance(account_id, str) and _ACCOUNT_ID.fullmatch(account_id) else None


def _in_moto(access_key_id: str) -> str | None:
    """Return the principal to whom moto's STS or IAM has given a key, or None."""
    for backend in backends("moto.sts.models", "sts_backends"):
        for session in getattr(backend, "assumed_roles", ()):
            if session.access_key_id == access_key_id:
                return _arn_or_account(session.arn)
    for backend in backends("moto.iam.models", "iam_backends"):
        key = getattr(backend, "access_keys", {}).get(access_key_id)
        if key is not None:
            user = getattr(backend, "users", {}).get(key.user_name)
            return _account(backend.account_id) if user is None else _arn_or_account(user.arn)
    return None


def _arn_or_account(arn: str) -> str | None:
    return arn if PRINCIPAL_ARN.fullmatch(arn) else _account(account_of(arn))
