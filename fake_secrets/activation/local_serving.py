"""Serves a world through a local helper of AWS while a block runs, as code expects it on port 2773."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from fake_secrets.activation import forkserver, running
from fake_secrets.activation.activity import check_active
from fake_secrets.activation.kept_errors import KeptErrors
from fake_secrets.activation.local_listening import local_listener
from fake_secrets.environment import Overlay, without_proxies
from fake_secrets.local_endpoints.redirection import Redirection, usual_port
from fake_secrets.local_endpoints.settings import Helper, check
from fake_secrets.observe.reminders import Reminder
from fake_secrets.server.listener import Listener

if TYPE_CHECKING:
    from fake_secrets.world.world import World

__all__ = ["PORT_VARIABLE", "USUAL_PORT", "LocalServing"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

USUAL_PORT = 2773

PORT_VARIABLE = "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"


class LocalServing(contextlib.AbstractContextManager[str]):
    """A helper in front of a world, with the environment that goes with it, inside a `with` block.

    It can be entered again after it was left. It also decorates functions.

    Args:
        world: the world.
        helper: which helper.
        port: the port; 0 or None for a free one, to which connections of this process to the usual port are
            redirected.
        options: the other arguments of `FakeSecrets.local_endpoints` that were given.

    Raises:
        ValueError: if the helper doesn't take an argument or its value.
        TypeError: if one has the wrong type.
    """

    def __init__(self, world: World, helper: Helper, port: int | None, options: Mapping[str, Any]) -> None:
        check(helper, port, options)
        self.world = world
        self.url = ""
        self._helper: Helper = helper
        self._port = port or 0
        self._options = options
        self._errors = KeptErrors("local endpoints of fake_secrets")
        self._process = os.getpid()
        self._listener: Listener | None = None
        self._redirection: Redirection | None = None
        self.overlay = Overlay({})
        self._reminder = Reminder(
            "fake_secrets.local_endpoints() was never entered, so nothing listens. Use it in a `with` statement: "
            "`with fake_secrets.local_endpoints():`"
        )

    def __enter__(self) -> str:
        """Begin to listen, and return the URL.

        Raises:
            NoActiveWorldError: if the world is over.
            RuntimeError: if the helper runs already.
            ValueError: if the environment has no token, or a variable has a value that the helper doesn't take.
            PortTakenError: if the port is taken.
            OSError: if this user may not listen at it.
        """
        self._reminder.cancel()
        # First, because one that was not left has stopped with its world.
        check_active(self.world, "local_endpoints")
        if self in running.everything():
            msg = (
                f"these local endpoints run already, at {self.url}: "
                "call fake_secrets.local_endpoints() again for others"
            )
            raise RuntimeError(msg)
        self._errors.forget()
        self._process = os.getpid()
        try:
            # First, so that what an interrupt leaves behind is known.
            running.add(self)
            self._listener = local_listener(
                self.world, self._helper, self._port, self._options, failed=self._errors.keep
            )
            self._listener.start()
            self.url = self._listener.url
            usual = _configured_port(self._helper)
            self.overlay = Overlay({PORT_VARIABLE: str(self._listener.port), **without_proxies(os.environ)})
            self.overlay.apply()
            forkserver.let_go()
            if not self._port:
                self._redirection = Redirection(usual, self._listener.port)
                self._redirection.put_up()
            # Nothing outlives its world, even if nobody leaves the block.
            self.world.looks_at_the_end.append(self._stop)
            return self.url  # noqa: TRY300 -- an interrupt may come up to the last line
        except BaseException:
            self.leave()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop, and put everything back.

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

    def __call__(self, function: FunctionT) -> FunctionT:
        """Decorate a function: each call of it is inside a block of its own."""
        self._reminder.cancel()

        @functools.wraps(function)
        def inside(*arguments: Any, **named: Any) -> Any:
            with LocalServing(self.world, self._helper, self._port, self._options):
                return function(*arguments, **named)

        return cast("FunctionT", inside)

    def leave(self) -> None:
        """Stop, and put everything back. Nothing happens if that was done before."""
        self._stop()
        if self._stop in self.world.looks_at_the_end:
            self.world.looks_at_the_end.remove(self._stop)
        if self in running.everything():
            if self._process == os.getpid():
                # A forkserver keeps the environment of its start.
                forkserver.let_go()
            # Last, because `running.settle` has to find it if this is interrupted.
            running.remove(self)
        self._listener = None

    def leave_to_parent(self) -> None:
        """Change nothing: connections of this process, which was forked, still reach the helper of its parent."""

    def __repr__(self) -> str:
        return f"<local endpoints of fake_secrets at {self.url}, of the {self._helper}>"

    def _stop(self) -> None:
        if self._redirection is not None:
            self._redirection.take_down()
        self.overlay.undo()
        if self._listener is not None and self._process == os.getpid():
            self._listener.stop()


def _configured_port(helper: Helper) -> int:
    """Return the port that code under test believes in, if it doesn't look it up later."""
    configured = os.environ.get(PORT_VARIABLE, "") if helper == "extension" else ""
    port = int(configured) if configured.isascii() and configured.isdecimal() else USUAL_PORT
    return usual_port(port)
