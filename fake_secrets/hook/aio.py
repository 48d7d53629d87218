"""The wrappers for aiobotocore's clients, endpoints and HTTP sessions, which are asynchronous.

This module is imported only after aiobotocore is.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

# Nothing that imports aiobotocore's client: while that is being imported, it lacks its classes.
import botocore.utils
from aiobotocore.awsrequest import AioAWSResponse

from fake_secrets.hook.advice import advise, advise_on_parts
from fake_secrets.hook.answers import Unsent, answer_raw, errors_of
from fake_secrets.hook.calls import (
    Carried,
    OngoingCall,
    begin,
    calling,
    is_ours,
    ongoing,
    world_of_this_call,
)
from fake_secrets.hook.credentials import note_caller
from fake_secrets.hook.holding import ANY_THREAD, hold, release
from fake_secrets.hook.losses import loss_in_aiohttp, loss_in_httpx
from fake_secrets.hook.requests import UNNAMED, Sent, target_of
from fake_secrets.hook.seams import unsigned_mark, would_sign_offline
from fake_secrets.hook.standins import StandIn
from fake_secrets.hook.wire import answer_in_call, is_for_us, relayed, world_of
from fake_secrets.service.transport import read_timeout
from fake_secrets.world.world import rotating_world

if TYPE_CHECKING:
    from botocore.client import BaseClient

    from fake_secrets.options import RotationErrors
    from fake_secrets.rotation.rotation import Rotation
    from fake_secrets.world.world import World

__all__ = ["around_aiohttp", "around_call", "around_choose_signer", "around_httpx", "request"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class AioResponse(Unsent, AioAWSResponse):  # type: ignore[misc]  # aiobotocore has no types
    """An HTTP response that was never sent. Its content is awaited, as aiobotocore expects."""

    @botocore.utils.CachedProperty
    def raw(self) -> Any:
        """The response as aiohttp has it."""
        return _Received(self)


async def around_call(wrapped: Callable[..., Any], client: BaseClient, args: Any, kwargs: Any) -> Any:
    """Wrap `AioBaseClient._make_api_call`, as `calls.around_call` wraps botocore's method."""
    world = world_of_this_call() if is_ours(client) else None
    if world is None:
        return await wrapped(*args, **kwargs)
    holder = object()
    try:
        hold(holder, ANY_THREAD)
        await _do_due_work(world)
        call = begin(world, client, args)
        call.response_type = AioResponse
        try:
            response = await _proceed(wrapped, args, kwargs, call)
        except Exception as error:
            advise(error, call, args)
            note_caller(error, call, client)
            await _follow_up(world, call.rotations, error)
            raise
        except BaseException:
            world.recover(call.rotations)
            raise
        if isinstance(response, dict) and "Errors" in response:
            advise_on_parts(response["Errors"], call)
        await _follow_up(world, call.rotations)
        return response
    finally:
        release(holder)


async def request(call: OngoingCall, wrapped: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Make a request of a call that bypassed our wrapper, as `net.around_request` does."""
    world = call.world
    call.response_type = AioResponse
    await _do_due_work(world)
    try:
        answer = await _proceed(wrapped, args, kwargs, call)
    except BaseException:
        world.recover(call.rotations)
        raise
    await _follow_up(world, call.rotations, errors=errors_of(answer[0]))
    return answer


async def around_choose_signer(wrapped: Callable[..., Any], signer: Any, args: Any, kwargs: Any) -> Any:
    """Wrap `AioRequestSigner._choose_signer`, so that no credentials are fetched for a call that we answer."""
    chosen = await wrapped(*args, **kwargs)
    return chosen if not is_for_us(signer) or would_sign_offline(signer) else unsigned_mark(signer)


async def around_aiohttp(wrapped: Callable[..., Any], session: Any, args: Any, kwargs: Any) -> Any:
    """Wrap `AIOHTTPSession._get_session`, so that Secrets Manager's requests open no connection."""
    return _AiohttpSession(functools.partial(wrapped, *args, **kwargs), session)


async def around_httpx(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
    """Wrap `HttpxSession._get_session`, so that Secrets Manager's requests open no connection."""
    return _HttpxSession(await wrapped(*args, **kwargs))


class _AiohttpSession:
    """A session of aiohttp that answers some requests.

    Args:
        real: returns the real session, which opens a connection.
        owner: aiobotocore's session, which knows the time-outs.
    """

    def __init__(self, real: Callable[[], Awaitable[Any]], owner: Any) -> None:
        self._real = real
        self._owner = owner

    async def request(self, method: str, *, url: Any, headers: Any, data: Any, **options: Any) -> Any:
        """Answer a request to Secrets Manager, and send any other."""
        timeout = options.get("timeout") or getattr(self._owner, "_timeout", None)
        response = await _answer(Sent(str(url), headers, data), getattr(timeout, "sock_read", None))
        if response is None:
            session = await self._real()
            return await session.request(method, url=url, headers=headers, data=data, **options)
        if response.loss is not None:
            raise loss_in_aiohttp(response.loss, url)
        return _Received(response, url)


class _HttpxSession(StandIn):
    """A client of httpx that answers some requests."""

    async def send(self, request: Any, **options: Any) -> Any:
        """Answer a request to Secrets Manager, and send any other."""
        # aiobotocore gives the content to httpx as bytes, which it has read then.
        sent = Sent(str(request.url), request.headers, getattr(request, "_content", None))
        limit = request.extensions.get("timeout", {}).get("read")
        response = await _answer(sent, limit)
        if response is None:
            return await self._real.send(request, **options)
        from aiobotocore._httpx import httpx  # noqa: PLC0415 -- aiobotocore's httpx, if it is used

        if response.loss is not None:
            raise loss_in_httpx(response.loss, httpx, request)
        return httpx.Response(
            response.status_code, headers=response.plain_headers, content=response._content, request=request
        )


class _Received:
    """An answer in the form of aiohttp's `ClientResponse`."""

    def __init__(self, response: Unsent, url: Any = None) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.raw_headers = [(name.encode(), value.encode()) for name, value in response.plain_headers.items()]
        self.url = url or response.url
        self._content = response._content

    async def read(self) -> bytes:
        """Return the body, which aiohttp keeps after it was read."""
        return self._content


async def _answer(sent: Sent, limit: float | None) -> Unsent | None:
    """Answer a request; return None if it isn't for Secrets Manager.

    Args:
        sent: the request.
        limit: the client's read time-out in seconds; None if it has none.

    Raises:
        Carried: with an error of ours, as `answer_in_call` does.
    """
    world = world_of(sent)
    if world is None:
        return None
    call = ongoing()
    read_timeout.set(limit)
    try:
        return await _answer_below(world, sent) if call is None else answer_in_call(call, sent)
    finally:
        # Not `reset`: a task that is dropped may be closed in another context.
        read_timeout.set(None)


async def _answer_below(world: World, sent: Sent) -> Unsent:
    """Answer a request that bypassed all our wrappers.

    Raises:
        Carried: with an error of ours, as `answer_in_call` does.
    """
    try:
        if world.served_at is not None:
            return relayed(target_of(world, sent), sent, world.served_at)
        await _do_due_work(world)
        target = target_of(world, sent)
        response = answer_raw(target, sent.operation or UNNAMED, sent.body, sent.url)
        await _follow_up(world, target.rotations, errors=errors_of(response))
    except Exception as error:
        raise Carried(error) from error
    return response


async def _proceed(wrapped: Callable[..., Any], args: Any, kwargs: Any, call: OngoingCall) -> Any:
    response, outer = None, calling.get()
    try:
        calling.set(call)
        response = await wrapped(*args, **kwargs)
    except BaseException as error:
        if not call.has_caused(error):
            raise
    finally:
        call.is_over = True
        calling.set(outer)
    if call.failure is not None:
        raise call.failure
    return response


async def _do_due_work(world: World) -> None:
    here = threading.get_ident()
    if world.has_due_work():
        await _in_thread(functools.partial(world.do_due_work, by=here))
    elif rotating_world() is not world and world.due_work.is_done_by(here):
        # A concurrent call of this event loop is doing the due work. Wait, to see its results.
        await _in_thread(functools.partial(world.due_work.wait, here))


async def _follow_up(
    world: World,
    rotations: list[Rotation],
    refusal: Exception | None = None,
    *,
    errors: RotationErrors | None = None,
) -> None:
    if rotations or world.deliveries.is_due():
        await _in_thread(functools.partial(world.follow_up, rotations, refusal, errors=errors))


async def _in_thread(function: Callable[[], object]) -> None:
    """Run a function in a thread, because it calls users' functions.

    Those block, and may start an event loop of their own. If the caller is cancelled, the function
    runs on, as a rotation does on AWS.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        # Under trio, which aiobotocore supports through anyio.
        import anyio  # noqa: PLC0415
        import anyio.to_thread  # noqa: PLC0415

        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(function)
    else:
        await asyncio.shield(asyncio.to_thread(function))
