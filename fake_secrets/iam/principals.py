"""Who calls: the principals of a world, told apart by their access keys."""

from __future__ import annotations

import base64
import contextlib
import functools
import re
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypedDict

from fake_secrets.arns import PRINCIPAL_ARN, account_of, root_arn
from fake_secrets.environment import FAKE_SECRET_ACCESS_KEY, FAKE_SESSION_TOKEN

__all__ = ["Credentials", "Principal", "Principals", "acting_as", "credentials_of", "is_telling", "root_of"]

__tracebackhide__ = True  # a misuse is told where it is

_ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)
_KEY_PREFIX = "FAKEPRINCIPAL"


class Credentials(TypedDict):
    """The keyword arguments of a client that acts as a principal."""

    aws_access_key_id: str
    aws_secret_access_key: str
    aws_session_token: str


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: an ARN and the account that it belongs to."""

    arn: str
    account_id: str


_acting: ContextVar[Principal | None] = ContextVar("fake_secrets_principal", default=None)


def is_telling(access_key_id: str) -> bool:
    """Say whether an access key id tells who calls: twelve digits, or one that `credentials` made."""
    return _ACCOUNT_ID.fullmatch(access_key_id) is not None or _made_for(access_key_id) is not None


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
    if not isinstance(arn, str) or not PRINCIPAL_ARN.fullmatch(arn):
        msg = (
            f"{arn!r} isn't the ARN of a principal, such as arn:aws:iam::123456789012:role/app or "
            "arn:aws:sts::123456789012:assumed-role/app/session"
        )
        raise ValueError(msg)
    return Principal(arn, account_of(arn))


@functools.lru_cache(maxsize=256)
def root_of(account_id: str, partition: str) -> Principal:
    """Return an account of a partition as a principal."""
    return Principal(root_arn(account_id, partition), account_id)


def credentials_of(principal_arn: str) -> Credentials:
    """Return what makes a client act as a principal, in any world: keyword arguments for it.

    Raises:
        ValueError: it isn't the ARN of a principal.
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
        account_id: the account of whoever isn't told apart.
    """

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id
        self._by_partition: dict[str, Principal] = {}
        # For the threads of whoever acts as somebody: they don't inherit his context.
        self._acting: list[Principal] = []

    @contextlib.contextmanager
    def act_as(self, principal_arn: str) -> Iterator[None]:
        """Have calls made by a principal: from here, and from threads that nobody acts in.

        Raises:
            ValueError: it isn't the ARN of a principal.
        """
        with acting_as(principal_arn):
            principal = principal_of(principal_arn)
            self._acting.append(principal)
            try:
                yield
            finally:
                self._acting.remove(principal)

    def caller(self, access_key_id: str | None, partition: str) -> Principal:
        """Return who calls.

        Args:
            partition: that of the region that is asked.
            access_key_id: the client's, where it is a telling one: that comes first, then who
                acts here, then who acts anywhere, then the world's account.
        """
        if access_key_id is not None:
            return _made_for(access_key_id) or root_of(access_key_id, partition)
        return _acting.get() or (self._acting[-1] if self._acting else self._own(partition))

    def _own(self, partition: str) -> Principal:
        own = self._by_partition.get(partition)
        if own is None:
            own = self._by_partition[partition] = root_of(self._account_id, partition)
        return own


@functools.lru_cache(maxsize=256)
def _made_for(access_key_id: str) -> Principal | None:
    """Return whom `credentials_of` made an access key id for; None of any other."""
    encoded = access_key_id.removeprefix(_KEY_PREFIX)
    if encoded == access_key_id:
        return None
    try:
        return principal_of(base64.b32decode(encoded + "=" * (-len(encoded) % 8)).decode())
    except ValueError:
        # A user's own key that only begins like ours.
        return None
