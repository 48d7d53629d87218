"""Callers: the principals of a world."""

from __future__ import annotations

import base64
import contextlib
import functools
import re
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TypedDict

from fake_secrets.arns import PRINCIPAL_ARN, account_of, root_arn
from fake_secrets.environment import FAKE_SECRET_ACCESS_KEY, FAKE_SESSION_TOKEN
from fake_secrets.iam.grants import Grants
from fake_secrets.slotted import slotted

__all__ = [
    "Credentials",
    "Principal",
    "Principals",
    "acting_as",
    "acting_here",
    "credentials_of",
    "identified_by",
    "principal_of",
    "root_of",
    "user_arn",
]

__tracebackhide__ = True  # a traceback ends at the caller's mistake

_ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)
_KEY_PREFIX = "FAKEPRINCIPAL"


class Credentials(TypedDict):
    """The keyword arguments for creating a client that acts as a principal."""

    aws_access_key_id: str
    aws_secret_access_key: str
    aws_session_token: str


@slotted
class Principal:
    """A caller: its ARN and the account that it belongs to."""

    arn: str
    account_id: str


_acting: ContextVar[Principal | None] = ContextVar("fake_secrets_principal", default=None)


def identified_by(access_key_id: str) -> str | None:
    """Return the account id or the principal's ARN that an access key id is made of, or None.

    An account id of twelve digits is made of itself; `credentials_of` makes keys of ARNs.
    """
    return access_key_id if _ACCOUNT_ID.fullmatch(access_key_id) else _made_for(access_key_id)


@contextlib.contextmanager
def acting_as(principal_arn: str) -> Iterator[None]:
    """Make the calls of this thread or task as a principal, for the length of a `with` block.

    Raises:
        ValueError: if `principal_arn` isn't the ARN of a principal.
    """
    reset = _acting.set(principal_of(principal_arn))
    try:
        yield
    finally:
        _acting.reset(reset)


def acting_here() -> str | None:
    """Return the ARN of the principal that this thread or task acts as, or None."""
    acting = _acting.get()
    return None if acting is None else acting.arn


def principal_of(arn: str) -> Principal:
    """Return the principal with an ARN.

    Raises:
        ValueError: if `arn` isn't the ARN of a principal.
    """
    if not isinstance(arn, str) or not PRINCIPAL_ARN.fullmatch(arn):
        msg = (
            f"{arn!r} isn't the ARN of a principal, such as arn:aws:iam::123456789012:role/app or "
            "arn:aws:sts::123456789012:assumed-role/app/session"
        )
        raise ValueError(msg)
    return Principal(arn, account_of(arn))


@functools.lru_cache(maxsize=256)
def root_of(account_id: str, partition: str) -> Principal:
    """Return the root principal of an account in a partition."""
    return Principal(root_arn(account_id, partition), account_id)


def credentials_of(principal_arn: str) -> Credentials:
    """Return the keyword arguments for creating a client that acts as a principal in any world.

    Raises:
        ValueError: if `principal_arn` isn't the ARN of a principal.
    """
    arn = principal_of(principal_arn).arn
    return {
        "aws_access_key_id": _KEY_PREFIX + base64.b32encode(arn.encode()).decode().rstrip("="),
        "aws_secret_access_key": FAKE_SECRET_ACCESS_KEY,
        "aws_session_token": FAKE_SESSION_TOKEN,
    }


class Principals:
    """The principals of one world.

    Args:
        account_id: the world's account, which makes the calls of unidentified clients.
        grants: what its principals were given.
    """

    def __init__(self, account_id: str, grants: Grants) -> None:
        self._account_id = account_id
        self._grants = grants
        self._by_partition: dict[str, Principal] = {}
        # For other threads, which don't inherit the context of the thread that entered `act_as`.
        self._acting: list[Principal] = []

    @contextlib.contextmanager
    def act_as(self, principal_arn: str) -> Iterator[None]:
        """Make calls as a principal, for the length of a `with` block.

        This applies to the calls of this thread or task, and to threads with no principal of their
        own.

        Raises:
            ValueError: if `principal_arn` isn't the ARN of a principal.
        """
        with acting_as(principal_arn):
            principal = principal_of(principal_arn)
            self._acting.append(principal)
            try:
                yield
            finally:
                self._acting.remove(principal)

    def caller(self, identity: str | None, partition: str) -> Principal:
        """Return the principal that makes a call.

        What the client's credentials show comes first, then the principal that this thread or task acts as,
        then the one that any other thread acts as, then the world's own user if it was given policies, and then
        the world's account.

        Args:
            identity: the account id or the ARN that the client's credentials show; None if they show neither.
            partition: the partition of the region that is called.
        """
        if identity is not None:
            return _known(identity) if identity.startswith("arn:") else root_of(identity, partition)
        acting = _acting.get()
        if acting is not None:
            return acting
        if self._acting:
            return self._acting[-1]
        if not self._grants.is_empty:
            user = user_arn(self._account_id, partition)
            if self._grants.has(user):
                return _known(user)
        return self._by_partition.get(partition) or self._own(partition)

    def _own(self, partition: str) -> Principal:
        own = self._by_partition[partition] = root_of(self._account_id, partition)
        return own


def user_arn(account_id: str, partition: str) -> str:
    """Return the ARN of the user that a world's default caller is once its policies are given."""
    return f"arn:{partition}:iam::{account_id}:user/fake-secrets"


@functools.lru_cache(maxsize=256)
def _known(arn: str) -> Principal:
    return principal_of(arn)


@functools.lru_cache(maxsize=256)
def _made_for(access_key_id: str) -> str | None:
    """Return the ARN of the principal for which `credentials_of` made an access key id, or None for other ids."""
    encoded = access_key_id.removeprefix(_KEY_PREFIX)
    if encoded == access_key_id:
        return None
    try:
        return principal_of(base64.b32decode(encoded + "=" * (-len(encoded) % 8)).decode()).arn
    except ValueError:
        # A user's own key that happens to begin like ours.
        return None
