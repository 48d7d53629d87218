"""The guard, which stops every Secrets Manager call that is made while no world is active."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fake_secrets.errors import OutsideWorldError
from fake_secrets.hook.calls import world_of_this_call
from fake_secrets.hook.copies import Copies
from fake_secrets.hook.requests import operation_asked, operation_sent

__all__ = ["Guard"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Guard:
    """Refuses calls that would go to AWS because no world is active.

    A call is refused before botocore looks for credentials. The guard wraps the endpoint, which is
    below every client, so it stops the calls of clients that carry none of our handlers too.

    Args:
        who: returns a description of the caller, such as the name of the running test.

    `refused` keeps the exceptions that the guard raised, because code under test may swallow them.
    """

    def __init__(self, who: Callable[[], str]) -> None:
        self._who = who
        self.refused: list[OutsideWorldError] = []
        self._is_up = False
        send = {"_send": lambda: self._around_send}
        self._copies = Copies(
            {
                "botocore.endpoint": ("Endpoint", {"make_request": lambda: self._around_request, **send}),
                "aiobotocore.endpoint": ("AioEndpoint", send),
            }
        )

    def put_up(self) -> None:
        """Refuse calls from now on."""
        self._is_up = True
        self._copies.put_up()

    def take_down(self) -> None:
        """Let calls pass again, even if another patch keeps our wrapper in place."""
        self._is_up = False
        self._copies.take_down()

    def _around_request(self, wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
        self._check(operation_asked(args, kwargs))
        return wrapped(*args, **kwargs)

    def _around_send(self, wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
        self._check(operation_sent(args[0] if args else kwargs["request"]))
        return wrapped(*args, **kwargs)

    def _check(self, operation: str | None) -> None:
        if not self._is_up or operation is None or world_of_this_call() is not None:
            return
        error = OutsideWorldError(operation, self._who())
        self.refused.append(error)
        raise error
