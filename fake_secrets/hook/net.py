"""The net: it takes up the calls that bypass our wrapper of `_make_api_call`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from fake_secrets.arns import partition_of
from fake_secrets.hook.answers import errors_of
from fake_secrets.hook.calls import OngoingCall, ongoing, proceed, world_of_this_call
from fake_secrets.hook.facts import facts_in
from fake_secrets.hook.requests import asked, operation_asked

__all__ = ["around_request"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class _CallOfEndpoint(OngoingCall):
    """A call whose client is unknown, but not its endpoint."""

    __slots__ = ("requesting",)
    requesting: Any

    @property
    def endpoint(self) -> Any:
        """The endpoint."""
        return self.requesting


def around_request(wrapped: Callable[..., Any], endpoint: Any, args: Any, kwargs: Any) -> Any:
    """Wrap `Endpoint.make_request`, and begin here the calls that bypass our wrapper.

    A call bypasses it if a patch calls a `_make_api_call` that it saved before the world was entered.
    It takes the wire lane.
    """
    world = None if ongoing() else world_of_this_call()
    if world is None or operation_asked(args, kwargs) is None:
        return wrapped(*args, **kwargs)
    model, params = asked(args, kwargs)
    region = params["context"]["client_region"]
    call = _CallOfEndpoint(world, region, partition_of(region), None, facts_in(model.service_model))
    call.requesting = endpoint
    if inspect.iscoroutinefunction(endpoint._send_request):
        # aiobotocore's endpoints inherit this method.
        from fake_secrets.hook import aio  # noqa: PLC0415 -- it imports aiobotocore

        return aio.request(call, wrapped, args, kwargs)
    if world.has_due_work():
        world.do_due_work()
    try:
        answer = proceed(wrapped, args, kwargs, call)
    except BaseException:
        world.recover(call.rotations)
        raise
    world.follow_up(call.rotations, errors=errors_of(answer[0]))
    return answer
