"""The bottom of the wire lane: answers a request where botocore's HTTP session would open a connection.

Everything above is botocore's own, so logs, handlers, signatures, parsing and retries are as with AWS.
Requests of other services pass through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fake_secrets.hook.answers import OK, Target, Unsent, answer_raw, errors_of
from fake_secrets.hook.calls import Carried, OngoingCall, ongoing, world_of_this_call
from fake_secrets.hook.facts import SERVICE_NAME
from fake_secrets.hook.losses import loss_in_urllib3
from fake_secrets.hook.pausing import expect_retry
from fake_secrets.hook.requests import UNNAMED, Sent, caller_of, target_of, target_sent
from fake_secrets.hook.seams import unsigned_mark, would_sign_offline
from fake_secrets.hook.standins import StandIn
from fake_secrets.service.transport import read_timeout

if TYPE_CHECKING:
    from fake_secrets.world.world import World

__all__ = [
    "answer_in_call",
    "around_choose_signer",
    "around_connection_manager",
    "around_stubber",
    "is_for_us",
    "relayed",
    "world_of",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# How the requests of SSM name their operations.
_SSM = "AmazonSSM."


def around_connection_manager(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
    """Wrap `URLLib3Session._get_connection_manager`, so that Secrets Manager's requests open no connection."""
    return _Manager(wrapped(*args, **kwargs))


def around_choose_signer(wrapped: Callable[..., Any], signer: Any, args: Any, kwargs: Any) -> Any:
    """Wrap `RequestSigner._choose_signer`, so that no credentials are fetched for a call that we answer."""
    chosen = wrapped(*args, **kwargs)
    return chosen if not is_for_us(signer) or would_sign_offline(signer) else unsigned_mark(signer)


def is_for_us(signer: Any) -> bool:
    """Return whether a signer signs for a call in progress. Such a call may make calls of other services."""
    return ongoing() is not None and signer.signing_name == SERVICE_NAME


def around_stubber(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
    """Wrap `BotocoreStubber.__call__` of moto, so that moto leaves Secrets Manager's requests to us."""
    request = kwargs.get("request", args[-1] if args else None)
    if request is None:
        return wrapped(*args, **kwargs)
    sent = Sent(request.url, request.headers, request.body)
    if world_of(sent) is not None:
        return None
    world = world_of_this_call() if target_sent(sent).startswith(_SSM) else None
    if world is not None:
        # Imported late: few tests have parameters.
        from fake_secrets.hook.references import note_references  # noqa: PLC0415

        note_references(world, sent)
    return wrapped(*args, **kwargs)


def world_of(sent: Sent) -> World | None:
    """Return the world that answers a request, or None if the request isn't for Secrets Manager."""
    if not sent.is_ours:
        return None
    call = ongoing()
    return world_of_this_call() if call is None else call.world


def answer_in_call(call: OngoingCall, sent: Sent) -> Unsent:
    """Answer an attempt of a call in progress.

    Raises:
        Carried: with an error of ours, which botocore would take for one of the connection.
    """
    response, call.kept = call.kept, None
    if response is None:
        response = _answer(call, sent)
    if response.status_code != OK or response.loss is not None:
        expect_retry(call)
    return response


def relayed(target: Target, sent: Sent, url: str) -> Unsent:
    """Have a request answered by the process that serves the world, of which this one was forked.

    Raises:
        NoActiveWorldError: as `relay` does.
    """
    # Imported late: few processes are such forks.
    from fake_secrets.hook.relaying import relay  # noqa: PLC0415

    return relay(target, sent, url)


def _answer(call: OngoingCall, sent: Sent) -> Unsent:
    if call.identity is None:
        call.identity = caller_of(sent)
    call.user_agent = sent.user_agent
    try:
        if call.world.served_at is not None:
            return relayed(call, sent, call.world.served_at)
        return answer_raw(call, sent.operation or UNNAMED, sent.body, sent.url)
    except Exception as error:
        call.failure = error
        raise Carried(error) from error


class _Manager(StandIn):
    """A pool manager of urllib3, of which we answer some requests."""

    def connection_from_url(self, url: str) -> _Pool:
        """Return a connection pool."""
        return _Pool(self._real.connection_from_url(url), url)


class _Pool(StandIn):
    """A connection pool of urllib3, of which we answer some requests.

    Args:
        real: the real one.
        url: the URL of the request.
    """

    def __init__(self, real: Any, url: str) -> None:
        # Attributes that are set otherwise belong to the real one.
        vars(self).update(_real=real, _url=url)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._real, name, value)

    def urlopen(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> Any:
        """Answer a request to Secrets Manager, and send any other."""
        sent = Sent(self._url, headers or {}, body)
        world = world_of(sent)
        if world is None:
            return self._real.urlopen(method=method, url=url, body=body, headers=headers, **options)
        call = ongoing()
        waiting = read_timeout.set(_read_timeout(options.get("timeout", self._real.timeout)))
        try:
            response = _answer_below(world, sent) if call is None else answer_in_call(call, sent)
        finally:
            read_timeout.reset(waiting)
        if response.loss is not None:
            raise loss_in_urllib3(response.loss, self._real, url, options.get("timeout"))
        return response.as_received()


def _read_timeout(timeout: Any) -> float | None:
    """Return the read time-out of a time-out as urllib3 takes it, in seconds; None if there is none."""
    limit = timeout.read_timeout if hasattr(timeout, "read_timeout") else timeout
    return limit if isinstance(limit, int | float) else None


def _answer_below(world: World, sent: Sent) -> Unsent:
    """Answer a request that bypassed all our wrappers, or that another thread sends for its call.

    Raises:
        Carried: with an error of ours, as `answer_in_call` does.
    """
    try:
        if world.served_at is not None:
            return relayed(target_of(world, sent), sent, world.served_at)
        if world.has_due_work():
            world.do_due_work()
        target = target_of(world, sent)
        response = answer_raw(target, sent.operation or UNNAMED, sent.body, sent.url)
        world.follow_up(target.rotations, errors=errors_of(response))
    except Exception as error:
        raise Carried(error) from error
    return response
