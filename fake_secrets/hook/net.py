"""The net: it answers calls that bypass our handlers, so that no Secrets Manager request is sent."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from fake_secrets.hook.answers import Target, answer_parsed, answer_raw, errors_of
from fake_secrets.hook.calls import calling, world_of_this_call
from fake_secrets.hook.requests import asked, operation_asked, operation_sent, target_of
from fake_secrets.hook.seams import Seam

if TYPE_CHECKING:
    from fake_secrets.world.world import World

__all__ = ["AioSeams", "around_request", "around_send"]

_AIO_CLIENT = "aiobotocore.client"

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class AioSeams:
    """The seams of aiobotocore, which exist only after aiobotocore is imported.

    Until then, this object is in `sys.meta_path` while a world is active, and waits for the import.
    wrapt has such import hooks too, but takes as long to import as the rest of the package.
    """

    def __init__(self) -> None:
        self._seams: list[Seam] = []

    def put_up(self) -> None:
        """Wrap aiobotocore's methods now, or when it is imported."""
        if self._seams or _AIO_CLIENT in sys.modules:
            self._wrap()
        elif self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def take_down(self) -> None:
        """Restore the methods."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for seam in self._seams:
            seam.take_down()

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """Find aiobotocore's client module, and wrap its methods after it is executed."""
        if name != _AIO_CLIENT or self not in sys.meta_path:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_wrap(module: ModuleType) -> None:
                execute(module)
                self._wrap()

            spec.loader.exec_module = execute_and_wrap  # type: ignore[method-assign]  # of this spec only
        return spec

    def _wrap(self) -> None:
        if not self._seams:
            from fake_secrets.hook import aio  # noqa: PLC0415 -- it imports aiobotocore

            self._seams = aio.seams()
        # If the world was left during the import, the next world takes these seams down.
        for seam in self._seams:
            seam.put_up()


def around_request(wrapped: Callable[..., Any], endpoint: Any, args: Any, kwargs: Any) -> Any:
    """Wrap `Endpoint.make_request`, which answers the calls that bypass our wrapper.

    A call bypasses it if a patch calls a `_make_api_call` that it saved before the world was entered.
    The client is unknown here, so the caller is the acting principal or the world's account.
    """
    world = None if calling.get() else world_of_this_call()
    if world is None or operation_asked(args, kwargs) is None:
        return wrapped(*args, **kwargs)
    model, params = asked(args, kwargs)
    target = Target(world, params["context"]["client_region"])
    if inspect.iscoroutinefunction(endpoint._send_request):
        # aiobotocore's endpoints inherit this method.
        from fake_secrets.hook import aio  # noqa: PLC0415 -- it imports aiobotocore

        return aio.answer_awaited(target, model, params)
    _do_due_work(world)
    answer = answer_parsed(target, model, params)
    world.follow_up(target.rotations, errors=errors_of(answer[0]))
    return answer


def around_send(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
    """Wrap `Endpoint._send`, so that no Secrets Manager request is sent even without our handlers."""
    request = args[0] if args else kwargs["request"]
    operation = operation_sent(request)
    call = calling.get()
    world = call.world if call else world_of_this_call()
    if operation is None or world is None:
        return wrapped(*args, **kwargs)
    target = call or target_of(world, request)
    if call is None:
        _do_due_work(world)
    response = answer_raw(target, operation, request.body, request.url, None)
    if call is None:
        world.follow_up(target.rotations, errors=errors_of(response))
    return response


def _do_due_work(world: World) -> None:
    if world.has_due_work():
        world.do_due_work()
