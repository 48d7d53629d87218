"""The guard, which stops every Secrets Manager call that is made while no world is active."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from fake_secrets.beside_moto import is_active as is_moto_active
from fake_secrets.errors import OPEN_A_WORLD, OutsideWorldError
from fake_secrets.hook.calls import world_of_this_call
from fake_secrets.hook.copies import Copies
from fake_secrets.hook.origins import GuardedTest, Origins
from fake_secrets.hook.requests import asked, is_of_aws, operation_asked, operation_sent
from fake_secrets.loopback import is_loopback

__all__ = ["Guard"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


_ELSEWHERE = (
    " The client's endpoint is at {!r}, and the guard lets calls to servers on this machine pass only. To call a "
    "server elsewhere, run its tests with `-o fake_secrets_guard=off`."
)
_LATE = "Wait for the thread before the test and its world end, for example with join."


class Refusal(NamedTuple):
    """A call that the guard refused, and the test that is to blame; None for code outside of the tests."""

    error: OutsideWorldError
    test: GuardedTest | None


class Guard:
    """Refuses calls that would go to AWS because no world is active.

    A call is refused before botocore looks for credentials. The guard wraps the endpoint, which is
    below every client, so it stops the calls of clients that carry none of our handlers too. While a mock of
    moto is active, the calls that moto answers pass. Calls to a server on this machine always pass.

    Args:
        who: returns a description of the running code, such as the name of the running test.

    `refused` keeps the exceptions that the guard raised, because code under test may swallow them.
    `origins` tells which test a call belongs to.
    """

    def __init__(self, who: Callable[[], str]) -> None:
        self._who = who
        self.refused: list[Refusal] = []
        self.origins = Origins()
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
        self.origins.put_up()
        self._copies.put_up()

    def take_down(self) -> None:
        """Let calls pass again, even if another patch keeps our wrapper in place."""
        self._is_up = False
        self.origins.take_down()
        self._copies.take_down()

    def take_refused(self) -> list[OutsideWorldError]:
        """Return the exceptions for which the running test is to blame, and forget them."""
        running = self.origins.running
        taken = [refusal for refusal in self.refused if refusal.test is running]
        for refusal in taken:
            self.refused.remove(refusal)  # other threads may add to the list meanwhile
        return [refusal.error for refusal in taken]

    def _around_request(self, wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
        # moto answers between the two methods. What it leaves unanswered is stopped in the second.
        if not is_moto_active():
            self._check(operation_asked(args, kwargs), asked(args, kwargs)[1]["url"])
        return wrapped(*args, **kwargs)

    def _around_send(self, wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
        request = args[0] if args else kwargs["request"]
        self._check(operation_sent(request), request.url)
        return wrapped(*args, **kwargs)

    def _check(self, operation: str | None, url: str) -> None:
        if not self._is_up or operation is None or world_of_this_call() is not None:
            return
        host = urlsplit(url).hostname or ""
        if is_loopback(host):
            return
        refusal = self._refusal(
            operation, OPEN_A_WORLD if is_of_aws(url) else OPEN_A_WORLD + _ELSEWHERE.format(host)
        )
        self.refused.append(refusal)
        raise refusal.error

    def _refusal(self, operation: str, advice: str) -> Refusal:
        origin = self.origins.here()
        if origin is None or not origin.is_over:
            return Refusal(OutsideWorldError(operation, self._who(), advice), self.origins.running)
        caller = f"a thread that {origin.name} started and that outlived the test. It called during {self._who()}"
        return Refusal(OutsideWorldError(operation, caller, _LATE), origin)
