"""Listens as a local helper of AWS in front of a world, and leaves the environment as it is."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fake_secrets import clock
from fake_secrets.activation.ports import listener_at
from fake_secrets.hook import local_calls
from fake_secrets.local_endpoints import agent, extension
from fake_secrets.local_endpoints.sdk import Received, Sdk
from fake_secrets.local_endpoints.settings import Helper, agent_settings, extension_settings
from fake_secrets.local_endpoints.token import token_from
from fake_secrets.observe.helpers import product_of
from fake_secrets.observe.words import cut
from fake_secrets.server.limits import Limits
from fake_secrets.server.listener import Listener, say_nothing
from fake_secrets.server.messages import Application, HttpAnswer, HttpRequest
from fake_secrets.world import stack

if TYPE_CHECKING:
    from fake_secrets.world.world import World

__all__ = ["listening", "local_listener"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# The limits of the agent [B code: local-endpoints-facts 1.1]. It refuses too many connections itself, with words.
_LIMITS = Limits(head=321 * 1024, idle=61.0, connections=1200)
# So many characters the log shows of a path.
_WIDTH = 100


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
    listener = local_listener(world, helper, port, options or {}, failed=failed, log=log or say_nothing)
    try:
        listener.start()
        yield listener.url
    finally:
        listener.stop()


def local_listener(
    world: World,
    helper: Helper,
    port: int,
    options: Mapping[str, Any],
    *,
    failed: Callable[[BaseException], None],
    log: Callable[[str], None] = say_nothing,
) -> Listener:
    """Return the listener of a helper. It doesn't answer before it is started.

    The arguments and errors are those of `listening`.
    """
    started: list[Listener] = []
    upstream = Sdk(_World(world, product_of(helper), failed))
    application = _application(helper, upstream, options, lambda: sum(one.connections for one in started))
    listener = listener_at(port, application, log=log, limits=_LIMITS)
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
