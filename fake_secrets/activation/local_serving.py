"""Serves a world through a local helper of AWS while a block runs, as code expects it on port 2773."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from fake_secrets import clock
from fake_secrets.activation import forkserver, running
from fake_secrets.activation.activity import check_active
from fake_secrets.activation.kept_errors import KeptErrors
from fake_secrets.environment import Overlay, without_proxies
from fake_secrets.errors import PortTakenError
from fake_secrets.hook import local_calls
from fake_secrets.local_endpoints import agent, extension
from fake_secrets.local_endpoints.redirection import Redirection, usual_port
from fake_secrets.local_endpoints.sdk import Received, Sdk
from fake_secrets.local_endpoints.settings import Helper, agent_settings, check, extension_settings
from fake_secrets.local_endpoints.token import token_from
from fake_secrets.observe.helpers import product_of
from fake_secrets.observe.reminders import Reminder
from fake_secrets.observe.words import cut
from fake_secrets.server.limits import Limits
from fake_secrets.server.listener import Listener
from fake_secrets.server.messages import Application, HttpAnswer, HttpRequest
from fake_secrets.world import stack

if TYPE_CHECKING:
    from fake_secrets.world.world import World

__all__ = ["PORT_VARIABLE", "USUAL_PORT", "LocalServing", "listening"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

USUAL_PORT = 2773

PORT_VARIABLE = "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"
# The limits of the agent [B code: local-endpoints-facts 1.1]. It refuses too many connections itself, with words.
_HEAD = 321 * 1024
_IDLE = 61.0
_MOST_CONNECTIONS = 1200
# So many characters the log shows of a path.
_WIDTH = 100


def _say_nothing(_: str) -> None:
    return


class LocalServing(contextlib.AbstractContextManager[str]):
    """A helper in front of a world, with the environment that goes with it, inside a `with` block.

    It can be entered again after it was left. It also decorates functions.

    Args:
        world: the world.
        helper: which helper.
        port: the port; None for a free one, to which this process's connections to the usual port are redirected.
        options: the other arguments of `FakeSecrets.local_endpoints` that were given.

    Raises:
        ValueError: if an argument is none that the helper takes.
        TypeError: if one has the wrong type.
    """

    def __init__(self, world: World, helper: Helper, port: int | None, options: Mapping[str, Any]) -> None:
        check(helper, port, options)
        self.world = world
        self.url = ""
        self._helper: Helper = helper
        self._port = port
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
            self._listener = _listener(
                self.world, self._helper, self._port or 0, self._options, failed=self._errors.keep
            )
            self._listener.start()
            self.url = self._listener.url
            usual = _configured_port(self._helper)
            self.overlay = Overlay({PORT_VARIABLE: str(self._listener.port), **without_proxies(os.environ)})
            self.overlay.apply()
            forkserver.let_go()
            if self._port is None:
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


@contextlib.contextmanager
def listening(
    world: World,
    helper: Helper,
    *,
    port: int,
    failed: Callable[[BaseException], None],
    log: Callable[[str], None] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """Listen as a helper while a block runs. The environment stays as it is.

    Args:
        world: the world.
        helper: which helper.
        port: the port; 0 takes a free one.
        failed: called with what goes wrong in the threads of the helper.
        log: called with one line for each request.
        options: the options of the helper that were given. They were checked.

    Returns:
        A context manager that returns the URL.

    Raises:
        ValueError: if the environment has no token, or a variable has a value that the helper doesn't take.
        PortTakenError: if the port is taken.
    """
    listener = _listener(world, helper, port, options or {}, failed=failed, log=log or _say_nothing)
    try:
        listener.start()
        yield listener.url
    finally:
        listener.stop()


def _listener(
    world: World,
    helper: Helper,
    port: int,
    options: Mapping[str, Any],
    *,
    failed: Callable[[BaseException], None],
    log: Callable[[str], None] = _say_nothing,
) -> Listener:
    """Return a listener that was not started. The arguments and errors are those of `listening`."""
    started: list[Listener] = []
    upstream = Sdk(_World(world, product_of(helper), failed))
    application = _application(helper, upstream, options, lambda: sum(one.connections for one in started))
    limits = Limits(head=_HEAD, idle=_IDLE, connections=_MOST_CONNECTIONS)
    try:
        listener = Listener(application, port=port, limits=limits, log=log)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTakenError(port) from None
    # Not behind the guard of a listener, because the helpers don't look at Host. The token keeps web pages out.
    listener.application = _Reporting(application, failed)
    started.append(listener)
    return listener


def _application(
    helper: Helper, upstream: Sdk, options: Mapping[str, Any], connections: Callable[[], int]
) -> Application:
    if helper == "agent":
        token = token_from(os.environ, agent.TOKEN_VARIABLES)
        return agent.Agent(upstream, token, agent_settings(options), connections)
    token = token_from(os.environ, extension.TOKEN_VARIABLES)
    return extension.Extension(upstream, token, extension_settings(options, os.environ))


class _World:
    """A world as the SDK of a helper calls it; a `Behind`.

    Args:
        world: the world.
        user_agent: the User-Agent of the helper's calls.
        failed: called with what goes wrong beside a call.
    """

    def __init__(self, world: World, user_agent: str, failed: Callable[[BaseException], None]) -> None:
        self._world = world
        self._user_agent = user_agent
        self._failed = failed

    @property
    def era(self) -> object:
        """The secrets. After a reset there are others."""
        return self._world.store

    def now(self) -> float:
        """Return the time by the test's clock."""
        with stack.answering(self._world):
            return clock.now()

    def may_assume(self, role_arn: str) -> bool:
        """Return whether the world's default caller may assume a role."""
        return local_calls.may_assume(self._world, role_arn)

    @contextlib.contextmanager
    def calling(self, role_arn: str | None) -> Iterator[_Calling]:
        """Make a call in a `with` block."""
        with local_calls.calling(self._world, role_arn, self._user_agent, self._failed) as call:
            yield _Calling(call, self._failed)


class _Calling:
    """A call, as the SDK makes it."""

    def __init__(self, call: local_calls.LocalCall, report: local_calls.Report) -> None:
        self._call = call
        self._report = report

    def attempt(self, operation: str, body: bytes, patience: float | None) -> Received:
        """Make an attempt."""
        response = local_calls.answer_attempt(self._call, operation, body, patience, self._report)
        return Received(response.status_code, response._content, response.loss)


class _Reporting:
    """An application whose errors are reported, because they would be lost in the thread of a connection.

    Args:
        application: the application.
        failed: called with each.
    """

    def __init__(self, application: Application, failed: Callable[[BaseException], None]) -> None:
        self._application = application
        self._failed = failed

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request."""
        try:
            answer = self._application(request)
        except BaseException as error:  # noqa: BLE001 -- whatever a user's code raises, in a selector of a fault
            self._failed(error)
            answer = HttpAnswer(500, body=b'{"__type":"InternalFailure"}')
        note = f"{cut(request.method, _WIDTH)} {cut(request.path, _WIDTH)} {answer.status}"
        return HttpAnswer(answer.status, answer.headers, answer.body, note=note)


def _configured_port(helper: Helper) -> int:
    """Return the port that code under test believes in, if it doesn't look it up later."""
    configured = os.environ.get(PORT_VARIABLE, "") if helper == "extension" else ""
    port = int(configured) if configured.isascii() and configured.isdecimal() else USUAL_PORT
    return usual_port(port)
