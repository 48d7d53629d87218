"""Who calls: the principals of a world, told apart by their access keys."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from fake_secrets.environment import FAKE_SECRET_ACCESS_KEY, FAKE_SESSION_TOKEN
from fake_secrets.service.arns import account_of, partition_of

__all__ = ["Principal", "Principals", "acting_as", "is_telling"]

# Of IAM: root, users and roles; of STS: sessions of either. Group: the account.
_PRINCIPAL_ARN = re.compile(
    r"arn:aws[a-z-]*:(?:iam::(\d{12}):(?:root|(?:user|role)/[\w+=,.@/-]+)"
    r"|sts::(\d{12}):(?:assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+))",
    re.ASCII,
)
_ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)
_KEY_PREFIX = "FAKEPRINCIPAL"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: an ARN and the account that it belongs to."""

    arn: str
    account_id: str


_acting: ContextVar[Principal | None] = ContextVar("fake_secrets_principal", default=None)


def is_telling(access_key_id: str) -> bool:
    """Say whether an access key id tells who calls: twelve digits, or one of `credentials`."""
    return access_key_id.startswith(_KEY_PREFIX) or _ACCOUNT_ID.fullmatch(access_key_id) is not None


@contextlib.contextmanager
def acting_as(principal_arn: str) -> Iterator[None]:
    """Have calls from here made by a principal, for the length of a `with` block.

    Raises:
        ValueError: it isn't the ARN of a principal.
    """
    reset = _acting.set(principal_of(principal_arn))
    try:
        yield
    finally:
        _acting.reset(reset)


def principal_of(arn: str) -> Principal:
    """Return the principal of an ARN.

    Raises:
        ValueError: it isn't the ARN of a principal.
    """
    if not isinstance(arn, str) or not _PRINCIPAL_ARN.fullmatch(arn):
        msg = (
            f"{arn!r} isn't the ARN of a principal, such as arn:aws:iam::123456789012:role/app or "
            "arn:aws:sts::123456789012:assumed-role/app/session"
        )
        raise ValueError(msg)
    return Principal(arn, account_of(arn))


def root_of(account_id: str, region: str) -> Principal:
    """Return an account as a principal."""
    return Principal(f"arn:{partition_of(region)}:iam::{account_id}:root", account_id)


class Principals:
    """The principals of one world.

    Args:
        account_id: the account of whoever isn't told apart.
        region: the world's region, whose partition its account is in.
    """

    def __init__(self, account_id: str, region: str) -> None:
        self._region = region
        self._own = root_of(account_id, region)
        self._by_access_key: dict[str, Principal] = {}

    def credentials(self, principal_arn: str) -> dict[str, str]:
        """Return what makes a client act as a principal: keyword arguments for it.

        Raises:
            ValueError: it isn't the ARN of a principal.
        """
        principal = principal_of(principal_arn)
        digest = hashlib.sha256(principal.arn.encode()).hexdigest()[:16].upper()
        access_key_id = f"{_KEY_PREFIX}{digest}"
        self._by_access_key[access_key_id] = principal
        return {
            "aws_access_key_id": access_key_id,
            "aws_secret_access_key": FAKE_SECRET_ACCESS_KEY,
            "aws_session_token": FAKE_SESSION_TOKEN,
        }

    def caller(self, access_key_id: str | None) -> Principal:
        """Return who calls.

        Args:
            access_key_id: the client's, where it is a telling one: that comes first, then
                `acting_as`, then the world's account.
        """
        if access_key_id is not None:
            known = self._by_access_key.get(access_key_id)
            if known is not None:
                return known
            if not access_key_id.startswith(_KEY_PREFIX):
                return root_of(access_key_id, self._region)
        return _acting.get() or self._own
