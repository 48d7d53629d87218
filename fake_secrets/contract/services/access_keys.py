"""Access keys as IAM has them: two a user. Clients of IAM and STS are answered."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fake_secrets import clock
from fake_secrets.contract.services.arguments import check_limit, check_users
from fake_secrets.contract.services.aws import RefusedError, answer_of, refusing
from fake_secrets.contract.services.base import ServiceDouble
from fake_secrets.contract.values import leaves
from fake_secrets.environment import FAKE_ACCESS_KEY_ID

if TYPE_CHECKING:
    from fake_secrets.hook.foreign import ForeignCall

__all__ = ["AccessKeys"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_ACCOUNT = "123456789012"
# What STS says of the function's own credentials.
_ROLE = {
    "UserId": "AROAEXAMPLE:function",
    "Account": _ACCOUNT,
    "Arn": f"arn:aws:sts::{_ACCOUNT}:assumed-role/rotation/function",
}
_TEMPORARY = "ASIA"
_CONFLICT, _NOT_FOUND, _FORBIDDEN = 409, 404, 403


@dataclass(frozen=True, slots=True)
class _Key:
    """An access key.

    Args:
        id: its id.
        secret: what goes with it.
        user: whose it is.
        created: when it was made, in epoch seconds.
        status: "Active" or "Inactive".
    """

    id: str
    secret: str = field(repr=False)
    user: str
    created: float
    status: str = "Active"

    @property
    def shown(self) -> dict[str, Any]:
        """What IAM tells of it."""
        return {
            "UserName": self.user,
            "AccessKeyId": self.id,
            "Status": self.status,
            "CreateDate": clock.utc(self.created),
        }


class AccessKeys(ServiceDouble):
    """The access keys of IAM users, two for each.

    While the double is in use and a `mock_stages` is active, it answers clients of IAM (CreateAccessKey,
    ListAccessKeys, UpdateAccessKey, DeleteAccessKey) and the GetCallerIdentity of STS, which refuses a key that
    doesn't work. A function that is given the double itself calls its methods.

    Args:
        users: user to the pairs that exist at the start, each as access key id and secret.
        limit: how many keys a user may have.
        replaces: the names that the double itself replaces while it is in use.
        errors: the exceptions of an outage of the methods; by default ``(ConnectionError,)``. Clients get the
            error of their service.

    Raises:
        TypeError: if an argument is of a wrong type.
        ValueError: if there is no user, or `limit` is below 1.
    """

    def __init__(
        self,
        users: Mapping[str, Mapping[str, str]],
        *,
        limit: int = 2,
        replaces: str | Collection[str] = (),
        errors: Any = None,
    ) -> None:
        check_users(users, '{"mailer": {"AKIA...": "secret"}}', fits=_are_pairs)
        check_limit(limit)
        super().__init__(replaces=replaces, errors=errors)
        self._limit = limit
        self._users = tuple(users)
        self._keys = {
            key_id: _Key(key_id, secret, user, time.time())
            for user, pairs in users.items()
            for key_id, secret in pairs.items()
        }
        self._made = 0

    def put_in_place(self) -> None:
        """Answer the clients of IAM and STS, and replace the names in `replaces`."""
        from fake_secrets.hook import foreign  # noqa: PLC0415 -- imports botocore

        super().put_in_place()
        self.use(foreign.answering(("iam", "sts"), self._answer))

    # What the function calls.

    def create_access_key(self, user: str) -> dict[str, Any]:
        """Make a key. Return it as IAM does: UserName, AccessKeyId, SecretAccessKey, Status, CreateDate.

        Raises:
            StatementRefusedError: NoSuchEntity (404) if there is no such user; LimitExceeded (409) if it has as
                many keys as it may have.
        """
        self._check_user(user)
        if len(self._of(user)) >= self._limit:
            msg = f"Cannot exceed quota for AccessKeysPerUser: {self._limit}"
            raise RefusedError(_CONFLICT, "LimitExceeded", msg)
        self._made += 1
        made = _Key(f"AKIAEXAMPLE{self._made:09}", secrets.token_urlsafe(30), user, time.time())
        self._keys[made.id] = made
        return {**made.shown, "SecretAccessKey": made.secret}

    def list_access_keys(self, user: str) -> list[dict[str, Any]]:
        """Return a user's keys as IAM does: UserName, AccessKeyId, Status, CreateDate.

        Raises:
            StatementRefusedError: NoSuchEntity (404) if there is no such user.
        """
        self._check_user(user)
        return [key.shown for key in self._of(user)]

    def update_access_key(self, user: str, access_key_id: str, status: str) -> None:
        """Make a key "Active" or "Inactive".

        Raises:
            StatementRefusedError: NoSuchEntity (404) if there is no such user or key.
        """
        self._keys[access_key_id] = replace(self._key(user, access_key_id), status=status)

    def delete_access_key(self, user: str, access_key_id: str) -> None:
        """Delete a key.

        Raises:
            StatementRefusedError: NoSuchEntity (404) if there is no such user or key.
        """
        del self._keys[self._key(user, access_key_id).id]

    def get_caller_identity(self, access_key_id: str, secret_access_key: str) -> dict[str, str]:
        """Return whose key it is, as STS does: UserId, Account, Arn.

        Raises:
            StatementRefusedError: InvalidClientTokenId (403) if the key doesn't work; SignatureDoesNotMatch (403)
                if the secret is that of another.
        """
        key = self._keys.get(access_key_id)
        if key is None or key.status != "Active":
            msg = "The security token included in the request is invalid."
            raise RefusedError(_FORBIDDEN, "InvalidClientTokenId", msg)
        if key.secret != secret_access_key:
            msg = (
                "The request signature we calculated does not match the signature you provided. Check your AWS "
                "Secret Access Key and signing method. Consult the service documentation for details."
            )
            raise RefusedError(_FORBIDDEN, "SignatureDoesNotMatch", msg)
        return {
            "UserId": f"AIDA{key.user}",
            "Account": _ACCOUNT,
            "Arn": f"arn:aws:iam::{_ACCOUNT}:user/{key.user}",
        }

    # What a contract asks.

    def accepts(self, value: Any) -> bool:
        """Return whether the texts in a value are an active key's id and its secret."""
        texts = set(leaves(value))
        return any({key.id, key.secret} <= texts for key in self._active())

    def accepted(self) -> list[Any]:
        """Return the active keys, each with AccessKeyId and SecretAccessKey."""
        return [{"AccessKeyId": key.id, "SecretAccessKey": key.secret} for key in self._active()]

    def drop(self, value: Any) -> None:
        """Make the key in a value inactive."""
        texts = set(leaves(value))
        for key in self._active():
            if {key.id, key.secret} <= texts:
                self._keys[key.id] = replace(key, status="Inactive")

    # How it works.

    @refusing()
    def _answer(self, call: ForeignCall) -> Mapping[str, Any]:
        """Answer a client's call."""
        members, caller = call.members, self._caller(call)
        user = members.get("UserName") or caller or self._users[0]
        answers: Mapping[str, Callable[[], object]] = {
            "GetCallerIdentity": lambda: _ROLE if caller is None else self.get_caller_identity(*_pair_of(call)),
            "CreateAccessKey": lambda: {"AccessKey": self.create_access_key(user)},
            "ListAccessKeys": lambda: {"AccessKeyMetadata": self.list_access_keys(user), "IsTruncated": False},
            "UpdateAccessKey": lambda: self.update_access_key(user, members["AccessKeyId"], members["Status"]),
            "DeleteAccessKey": lambda: self.delete_access_key(user, members["AccessKeyId"]),
        }
        return answer_of(self, call.operation, answers)

    def _caller(self, call: ForeignCall) -> str | None:
        """Return the user whose key a client has; None if it has the credentials of the function.

        Raises:
            StatementRefusedError: if the key doesn't work.
        """
        key_id, secret = _pair_of(call)
        if key_id in {"", FAKE_ACCESS_KEY_ID} or key_id.startswith(_TEMPORARY):
            return None
        self.get_caller_identity(key_id, secret)
        return self._keys[key_id].user

    def _check_user(self, user: str) -> None:
        if user not in self._users:
            msg = f"The user with name {user} cannot be found."
            raise RefusedError(_NOT_FOUND, "NoSuchEntity", msg)

    def _key(self, user: str, access_key_id: str) -> _Key:
        self._check_user(user)
        key = self._keys.get(access_key_id)
        if key is None or key.user != user:
            msg = f"The Access Key with id {access_key_id} cannot be found"
            raise RefusedError(_NOT_FOUND, "NoSuchEntity", msg)
        return key

    def _of(self, user: str) -> list[_Key]:
        return [key for key in self._keys.values() if key.user == user]

    def _active(self) -> list[_Key]:
        return [key for key in self._keys.values() if key.status == "Active"]


def _are_pairs(given: object) -> bool:
    return isinstance(given, Mapping) and all(isinstance(one, str) for one in (*given.keys(), *given.values()))


def _pair_of(call: ForeignCall) -> tuple[str, str]:
    return call.access_key_id or "", call.secret_access_key or ""
