"""Serves a world through a local helper of AWS while a block runs, as code expects it on port 2773."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fake_secrets import clock
from fake_secrets.activation import forkserver
from fake_secrets.activation.activity import check_active
from fake_secrets.environment import Overlay, without_proxies
from fake_secrets.errors import FakeSecretsError, PortTakenError, annotate
from fake_secrets.hook import local_calls
from fake_secrets.local_endpoints import agent, extension
from fake_secrets.local_endpoints.redirection import redirected, usual_port
from fake_secrets.local_endpoints.sdk import Received, Sdk
from fake_secrets.local_endpoints.settings import Helper, agent_settings, check, extension_settings
from fake_secrets.local_endpoints.token import token_from
from fake_secrets.observe.helpers import product_of
from fake_secrets.observe.words import cut
from fake_secrets.server.limits import Limits
from fake_secrets.server.listener import Listener
from fake_secrets.server.messages import Application, HttpAnswer, HttpRequest
from fake_secrets.world import stack

if TYPE_CHECKING:
    from fake_secrets.world.world import World

__all__ = ["PORT_VARIABLE", "USUAL_PORT", "listening", "local_endpoints"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

USUAL_PORT = 2773

PORT_VARIABLE = "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"
# The limits of the agent [B code: local-endpoints-facts 1.1]. It refuses too many connections itself, with words.
_HEAD = 321 * 1024
_IDLE = 61.0
_MOST_CONNECTIONS = 1200
# So many characters the log shows of a path.
_WIDTH = 100


def local_endpoints(
    world: World, helper: Helper, port: int | None, options: Mapping[str, Any]
) -> contextlib._GeneratorContextManager[str]:
    """Return a context manager that serves a world through a helper, with the environment that goes with it.

    Args:
        world: the world.
        helper: which helper.
        port: the port; None for a free one, to which this process's connections to the usual port are redirected.
        options: the other arguments of `FakeSecrets.local_endpoints` that were given.

    Raises:
        ValueError: if an argument is none that the helper takes.
        TypeError: if one has the wrong type.
    """
    check(helper, port, options)
    return _serving(world, helper, port, options)


@contextlib.contextmanager
def _serving(world: World, helper: Helper, port: int | None, options: Mapping[str, Any]) -> Iterator[str]:
    check_active(world, "local_endpoints")
    usual, failures = _configured_port(helper), list[BaseException]()
    with contextlib.ExitStack() as block:
        url = block.enter_context(
            listening(world, helper, port=port or 0, options=options, failed=failures.append)
        )
        own_port = int(url.rpartition(":")[2])
        # A forkserver keeps the environment of its start.
        block.callback(forkserver.let_go)
        block.enter_context(Overlay({PORT_VARIABLE: str(own_port), **without_proxies(os.environ)}))
        forkserver.let_go()
        if port is None:
            block.enter_context(redirected(usual, own_port))
        # Nothing outlives its world, even if nobody leaves the block.
        world.looks_at_the_end.append(block.close)
        block.callback(world.looks_at_the_end.remove, block.close)
        try:
            yield url
        except BaseException as error:
            if failures:
                annotate(error, f"fake_secrets: the {helper} met an error: {_in_words(failures[0])}")
            raise
    if failures:
        raise failures[0]


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
    started: list[Listener] = []
    upstream = Sdk(_World(world, product_of(helper), failed))
    application = _application(helper, upstream, options or {}, lambda: sum(one.connections for one in started))
    limits = Limits(head=_HEAD, idle=_IDLE, connections=_MOST_CONNECTIONS)
    try:
        listener = Listener(application, port=port, limits=limits, log=log or _say_nothing)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTakenError(port) from None
    # Not behind the guard of a listener, because the helpers don't look at Host. The token keeps web pages out.
    listener.application = _Reporting(application, failed)
    started.append(listener)
    try:
        listener.start()
        yield listener.url
    finally:
        listener.stop()


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


def _say_nothing(_: str) -> None:
    return


def _configured_port(helper: Helper) -> int:
    """Return the port that code under test believes in, if it doesn't look it up later."""
    configured = os.environ.get(PORT_VARIABLE, "") if helper == "extension" else ""
    port = int(configured) if configured.isascii() and configured.isdecimal() else USUAL_PORT
    return usual_port(port)


def _in_words(error: BaseException) -> str:
    # Other errors may have a secret value in their text.
    kind = type(error).__name__
    return f"{kind}: {error}" if isinstance(error, FakeSecretsError) else kind
