"""The wrappers for aiobotocore's clients and endpoints, which are asynchronous.

This module is imported only after aiobotocore is.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import botocore.exceptions

# Not `import aiobotocore.client`: while that module is being imported, its package lacks the attribute.
from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.client import AioBaseClient
from aiobotocore.endpoint import AioEndpoint

from fake_secrets.hook.answers import Target, Unsent, answer_parsed, answer_raw, errors_of
from fake_secrets.hook.calls import OngoingCall, advise, begin, calling, is_ours, world_of_this_call
from fake_secrets.hook.holding import hold, release
from fake_secrets.hook.requests import operation_sent, target_of
from fake_secrets.hook.seams import Seam
from fake_secrets.world.world import rotating_world

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel

    from fake_secrets.options import RotationErrors
    from fake_secrets.rotation.rotation import Rotation
    from fake_secrets.world.world import World

__all__ = ["answer_awaited", "seams"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class AioResponse(Unsent, AioAWSResponse):  # type: ignore[misc]  # aiobotocore has no types
    """An HTTP response that was never sent. Its content is awaited, as aiobotocore expects."""


def seams() -> list[Seam]:
    """Return the seams of aiobotocore."""
    return [
        Seam(AioBaseClient, "_make_api_call", _around_call),
        Seam(AioEndpoint, "_send", _around_send),
    ]


async def answer_awaited(target: Target, model: OperationModel, params: Any) -> Any:
    """Answer a call that bypassed our wrapper, in the form that `Endpoint.make_request` returns."""
    target.response_type = AioResponse
    world = target.world
    await _do_due_work(world)
    answer = answer_parsed(target, model, params)
    await _follow_up(world, target.rotations, errors=errors_of(answer[0]))
    return answer


async def _around_call(wrapped: Callable[..., Any], client: BaseClient, args: Any, kwargs: Any) -> Any:
    """Wrap `AioBaseClient._make_api_call`, as `around_call` wraps botocore's method."""
    world = world_of_this_call() if is_ours(client) else None
    if world is None:
        return await wrapped(*args, **kwargs)
    holder = object()
    try:
        hold(holder)
        await _do_due_work(world)
        call = begin(world, client, args)
        call.response_type = AioResponse
        try:
            response = await _proceed(wrapped, args, kwargs, call)
        except Exception as error:
            await _follow_up(world, call.rotations, error)
            raise
        except BaseException:
            world.recover(call.rotations)
            raise
        await _follow_up(world, call.rotations)
        return response
    finally:
        release(holder)


async def _proceed(wrapped: Callable[..., Any], args: Any, kwargs: Any, call: OngoingCall) -> Any:
    outer = calling.get()
    try:
        calling.set(call)
        return await wrapped(*args, **kwargs)
    except botocore.exceptions.ClientError as error:
        advise(error, call, args)
        raise
    finally:
        calling.set(outer)


async def _around_send(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
    """Wrap `AioEndpoint._send`, so that no Secrets Manager request is sent even without our handlers."""
    request = args[0] if args else kwargs["request"]
    operation = operation_sent(request)
    call = calling.get()
    world = call.world if call else world_of_this_call()
    if operation is None or world is None:
        return await wrapped(*args, **kwargs)
    target = call or target_of(world, request)
    target.response_type = AioResponse
    if call is None:
        await _do_due_work(world)
    response = answer_raw(target, operation, request.body, request.url, None)
    if call is None:
        await _follow_up(world, target.rotations, errors=errors_of(response))
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
    if rotations or world.has_news():
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
