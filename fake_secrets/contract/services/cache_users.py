"""The users of a cache such as ElastiCache, each with two passwords. A change takes a while."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fake_secrets.contract.services.arguments import check_delay, check_users
from fake_secrets.contract.services.aws import RefusedError, answer_of, refusing
from fake_secrets.contract.services.base import LoginRefusedError, ServiceDouble, text_in

if TYPE_CHECKING:
    from fake_secrets.hook.foreign import ForeignCall

__all__ = ["CacheUsers"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_BAD_REQUEST, _NOT_FOUND = 400, 404
_MOST = 2


class CacheUsers(ServiceDouble):
    """The users of a cache, which log in with one of two passwords. New passwords take effect after a while.

    While the double is in use and a `mock_stages` is active, it answers clients of ElastiCache (ModifyUser,
    DescribeUsers). A user whose passwords are being changed has the status "modifying", and no further change of
    it is taken. Time is virtual while a contract runs, so a function that waits costs no time.

    Args:
        users: user id to password, or to the passwords that work at the start.
        delay: after how many seconds a change takes effect.
        replaces: the names that the double itself replaces while it is in use.
        errors: the exceptions of an outage of the methods; by default ``(ConnectionError,)``. Clients get the
            error of their service.

    Raises:
        TypeError: if an argument is of a wrong type.
        ValueError: if there is no user, or `delay` is negative.
    """

    def __init__(
        self,
        users: Mapping[str, str | Sequence[str]],
        *,
        delay: float = 20,
        replaces: str | Collection[str] = (),
        errors: Any = None,
    ) -> None:
        check_users(users, '{"app": "old"}', fits=_are_passwords)
        check_delay(delay)
        super().__init__(replaces=replaces, errors=errors)
        self._passwords = {
            user: [passwords] if isinstance(passwords, str) else list(passwords)
            for user, passwords in users.items()
        }
        self._modified: set[str] = set()
        self._delay = delay

    def put_in_place(self) -> None:
        """Answer the clients of ElastiCache, and replace the names in `replaces`."""
        from fake_secrets.hook import foreign  # noqa: PLC0415 -- imports botocore

        super().put_in_place()
        self.use(foreign.answering(("elasticache",), self._answer))

    # What the function calls.

    def auth(self, user: str, password: str) -> None:
        """Log in to the cache, as its clients do.

        Raises:
            LoginRefusedError: if the cache doesn't accept the password now.
        """
        self.catch_up()
        if password not in self._passwords.get(user, ()):
            msg = "WRONGPASS invalid username-password pair or user is disabled."
            raise LoginRefusedError(msg)

    def modify_user(self, user: str, passwords: Sequence[str]) -> dict[str, Any]:
        """Replace a user's passwords, after the delay. Return the user as ElastiCache does.

        Raises:
            StatementRefusedError: UserNotFound (404), InvalidParameterValue (400) if there isn't one password or
                two, InvalidUserState (400) while the last change hasn't taken effect.
        """
        shown = self.describe_user(user)
        if not 1 <= len(passwords) <= _MOST:
            msg = "The number of passwords must be between 1 and 2."
            raise RefusedError(_BAD_REQUEST, "InvalidParameterValue", msg)
        if shown["Status"] != "active":
            raise RefusedError(_BAD_REQUEST, "InvalidUserState", f"User {user} is not in active state.")
        self._modified.add(user)
        self.later(self._delay, lambda: self._set(user, passwords))
        return self.describe_user(user)

    def describe_user(self, user: str) -> dict[str, Any]:
        """Return a user as ElastiCache does: UserId, UserName, Status, Authentication.

        Raises:
            StatementRefusedError: UserNotFound (404).
        """
        self.catch_up()
        if user not in self._passwords:
            raise RefusedError(_NOT_FOUND, "UserNotFound", f"User {user} not found.")
        return {
            "UserId": user,
            "UserName": user,
            "Status": "modifying" if user in self._modified else "active",
            "Authentication": {"Type": "password", "PasswordCount": len(self._passwords[user])},
        }

    # What a contract asks.

    def accepts(self, value: Any) -> bool:
        """Return whether the password in a value works now.

        Used are the members ``user_id``, ``UserId``, ``username`` or ``user``, and ``password``. A text is the
        password of the first user.
        """
        self.catch_up()
        user, password = self._login_in(value)
        return password in self._passwords.get(user, ())

    def accepted(self) -> list[Any]:
        """Return the passwords that work now."""
        self.catch_up()
        return [password for passwords in self._passwords.values() for password in passwords]

    def drop(self, value: Any) -> None:
        """Remove the password in a value."""
        user, password = self._login_in(value)
        if user in self._passwords:
            self._passwords[user] = [one for one in self._passwords[user] if one != password]

    # How it works.

    def _set(self, user: str, passwords: Sequence[str]) -> None:
        self._passwords[user] = list(passwords)
        self._modified.discard(user)

    def _login_in(self, value: Any) -> tuple[str, str | None]:
        first = next(iter(self._passwords))
        if isinstance(value, str | bytes):
            return first, value if isinstance(value, str) else value.decode()
        return text_in(value, "user_id", "UserId", "username", "user") or first, text_in(value, "password")

    @refusing()
    def _answer(self, call: ForeignCall) -> Mapping[str, Any]:
        """Answer a client's call."""
        members = call.members
        answers: Mapping[str, Callable[[], object]] = {
            "ModifyUser": lambda: self.modify_user(members["UserId"], members.get("Passwords", ())),
            "DescribeUsers": lambda: {"Users": [self.describe_user(one) for one in self._named(members)]},
        }
        return answer_of(self, call.operation, answers)

    def _named(self, members: Mapping[str, Any]) -> Sequence[str]:
        return [members["UserId"]] if "UserId" in members else list(self._passwords)


def _are_passwords(given: object) -> bool:
    if isinstance(given, str):
        return True
    if not isinstance(given, list | tuple):
        return False
    return 1 <= len(given) <= _MOST and all(isinstance(one, str) for one in given)
