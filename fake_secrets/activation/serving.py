"""Serves a world over HTTP while a block runs, and lets child processes know by their environment."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn

from fake_secrets.activation import forkserver, running
from fake_secrets.activation.activity import check_active
from fake_secrets.activation.kept_errors import KeptErrors
from fake_secrets.activation.ports import listener_at
from fake_secrets.environment import ENDPOINT_VARIABLE, Overlay, without_proxies
from fake_secrets.hook.facts import facts_of
from fake_secrets.hook.requests import Sent
from fake_secrets.hook.served import ServedCalls
from fake_secrets.observe.reminders import Reminder
from fake_secrets.server.front_end import FrontEnd
from fake_secrets.server.listener import Listener
from fake_secrets.server.messages import HttpAnswer, HttpRequest
from fake_secrets.server.router import Router

if TYPE_CHECKING:
    from fake_secrets.world.world import World

__all__ = ["ServedWorld", "Serving"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_HIGHEST_PORT = 65_535


def _raise(error: BaseException) -> NoReturn:
    raise error


class ServedWorld:
    """A world as the server knows it.

    Args:
        world: the world.
        tell: called with each error that isn't the client's: of a rotation or a subscriber, or one of ours. By
            default it is raised.
    """

    def __init__(self, world: World, tell: Callable[[BaseException], None] = _raise) -> None:
        self._calls = ServedCalls(world, tell)
        self._tell = tell

    def knows(self, operation: str) -> bool:
        """Return whether the API has an operation, as `Service` asks for."""
        return facts_of(operation) is not None

    def answer(self, operation: str, request: HttpRequest) -> HttpAnswer:
        """Answer a request, as `Service` asks for.

        Raises:
            BaseException: as `ServedCalls.answer` does.
        """
        sent = Sent(request.path, request.headers, request.body)
        try:
            response = self._calls.answer(operation, sent)
        except BaseException as error:
            self._tell(error)
            raise
        headers = {name: value for name, value in response.plain_headers.items() if name not in _OF_THE_CONNECTION}
        lost = response.loss is not None
        return HttpAnswer(
            response.status_code, headers, response._content, lost, f"{operation} {response.status_code}"
        )


_OF_THE_CONNECTION = frozenset({"connection", "content-length", "date"})


class Serving(contextlib.AbstractContextManager[str]):
    """The server of a world, which runs inside a `with` block. It can be entered again after it was left.

    Args:
        world: the world.
        port: the port; 0 takes a free one.

    Raises:
        TypeError, ValueError: if `port` isn't a port.
    """

    def __init__(self, world: World, port: int = 0) -> None:
        _check(port)
        self.world = world
        self.url = ""
        self._port = port
        self._errors = KeptErrors("server of fake_secrets")
        self._process = os.getpid()
        self._listener: Listener | None = None
        self.overlay = Overlay({})
        self._reminder = Reminder(
            "fake_secrets.server() was never entered, so nothing is served. Use it in a `with` statement: "
            "`with fake_secrets.server():`"
        )

    def __enter__(self) -> str:
        """Begin to serve, and return the URL.

        Raises:
            NoActiveWorldError: if the world is over.
            PortTakenError: if the port is taken.
            OSError: if this user may not listen at it.
            RuntimeError: if the server runs already.
        """
        self._reminder.cancel()
        if self in running.everything():
            msg = f"this server runs already, at {self.url}: call fake_secrets.server() again for another one"
            raise RuntimeError(msg)
        check_active(self.world, "server")
        self._errors.forget()
        self._process = os.getpid()
        try:
            # First, so that what an interrupt leaves behind is known.
            running.add(self)
            # A forked child lets its parent serve the world that it has a copy of.
            self.url = self.world.served_at or self._listen()
            self.overlay = Overlay(_environment(self.url, self.world.region))
            self.overlay.apply()
            forkserver.let_go()
            return self.url  # noqa: TRY300 -- an interrupt may come up to the last line
        except BaseException:
            self.leave()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop, and put the environment back.

        Raises:
            BaseException: the first error that was met while answering, unless the block has raised one.
        """
        try:
            self.leave()
        except BaseException:
            # An interrupt: complete what it has kept from being done.
            self.leave()
            raise
        self._errors.come_out(error)

    def leave(self) -> None:
        """Stop, and put the environment back. Nothing happens if that was done before."""
        self.overlay.undo()
        is_ours = self._process == os.getpid()
        if self._listener is not None and is_ours:
            self._listener.stop()
        if self in running.everything():
            if is_ours:
                forkserver.let_go()
            # Last, because `running.settle` has to find it if this is interrupted.
            running.remove(self)
        self._listener = None

    def leave_to_parent(self) -> None:
        """Have the calls of this process, which was forked, answered by the server of its parent."""
        if self.url:
            self.world.leave_to_parent(self.url)

    def __repr__(self) -> str:
        return f"<server of fake_secrets at {self.url}>"

    def _listen(self) -> str:
        application = Router(FrontEnd(ServedWorld(self.world, self._errors.keep)))
        self._listener = listener_at(self._port, application)
        self._listener.start()
        return self._listener.url


def _check(port: object) -> None:
    if not isinstance(port, int) or isinstance(port, bool):
        msg = f"port must be a whole number, not {port!r}"
        raise TypeError(msg)
    if not 0 <= port <= _HIGHEST_PORT:
        msg = f"port must be from 0 to {_HIGHEST_PORT}, not {port}; 0 takes a free one"
        raise ValueError(msg)


def _environment(url: str, region: str) -> dict[str, str | None]:
    """Return the variables with which the clients of child processes ask a server; None hides a variable."""
    return {
        **without_proxies(os.environ),
        # Only botocore reads AWS_DEFAULT_REGION, which a world sets anyway.
        "AWS_REGION": region,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
        ENDPOINT_VARIABLE: url,
        # A configuration file may say the same, and only a variable that denies it wins against that.
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false" if _may_be_ignored_by_file() else None,
    }


def _may_be_ignored_by_file() -> bool:
    """Return whether the configuration file of AWS mentions the setting that hides the endpoint."""
    path = os.path.expanduser(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config")  # noqa: PTH111 -- raises nothing
    # A file that isn't there is the usual case.
    if not os.path.isfile(path) or not os.access(path, os.R_OK):  # noqa: PTH113 -- as above
        return False
    return "ignore_configured_endpoint_urls" in Path(path).read_text(errors="replace")
