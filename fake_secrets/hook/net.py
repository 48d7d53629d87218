"""The net: what came past our handlers is answered below them, and nothing of ours is sent."""

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
    """The seams of aiobotocore, as soon as it is imported and a world needs them.

    Until then it stands in `sys.meta_path` while a world is active. wrapt would do the same, but
    takes as long to import as all the rest of us.
    """

    def __init__(self) -> None:
        self._seams: list[Seam] = []

    def put_up(self) -> None:
        """Wrap aiobotocore's methods, or have them wrapped once it is imported."""
        if self._seams or _AIO_CLIENT in sys.modules:
            self._wrap()
        else:
            sys.meta_path.insert(0, self)

    def take_down(self) -> None:
        """Put the methods back."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for seam in self._seams:
            seam.take_down()

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """Have aiobotocore's methods wrapped after its import, as a finder of `sys.meta_path`."""
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
        # The world may have gone while aiobotocore was imported: then the next one takes them.
        for seam in self._seams:
            seam.put_up()


def around_request(wrapped: Callable[..., Any], endpoint: Any, args: Any, kwargs: Any) -> Any:
    """Wrap `Endpoint.make_request`: a call that came past our wrapper is answered here.

    That is where a patch calls the `_make_api_call` that it has kept from before the world. Whose
    client it is can't be told here: the caller is who acts, or the world's account.
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
    answer, rotations = answer_parsed(target, model, params)
    world.follow_up(rotations, errors=errors_of(answer[0]))
    return answer


def around_send(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
    """Wrap `Endpoint._send`: whatever became of our handlers, nothing of ours is sent."""
    request = args[0] if args else kwargs["request"]
    operation = operation_sent(request)
    call = calling.get()
    world = call.world if call else world_of_this_call()
    if operation is None or world is None:
        return wrapped(*args, **kwargs)
    target = call or target_of(world, request)
    if call is None:
        _do_due_work(world)
    response, rotations = answer_raw(target, operation, request.body, request.url, None)
    if call is None:
        world.follow_up(rotations, errors=errors_of(response))
    else:
        call.remember(rotations)
    return response


def _do_due_work(world: World) -> None:
    if world.has_due_work():
        world.do_due_work()
