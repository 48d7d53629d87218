"""Pausing: botocore's back-off between the attempts of a call, which costs no time in a world.

Nothing is wrapped until an attempt fails. From then on until the hooks are taken down, the method in which the
endpoint sleeps is wrapped. It sleeps as ever for the calls of other services and for those that no world answers.
"""

from __future__ import annotations

import functools
import types
import weakref
from collections.abc import Callable
from typing import Any

from fake_secrets.hook import lessons
from fake_secrets.hook.calls import OngoingCall, ongoing
from fake_secrets.hook.seams import Seam
from fake_secrets.hook.standins import StandIn
from fake_secrets.locks import shared_lock

__all__ = ["Pausing", "expect_retry"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_ENDPOINT = "botocore.endpoint"

_lock = shared_lock()
_seams: weakref.WeakKeyDictionary[type, Seam] = weakref.WeakKeyDictionary()


class Pausing:
    """The wrappers of the methods in which endpoints sleep."""

    def put_up(self) -> None:
        """Do nothing: `expect_retry` wraps."""

    def take_down(self) -> None:
        """Restore the methods."""
        if _seams:
            with _lock:
                for seam in list(_seams.values()):
                    seam.take_down(forget=True)


def expect_retry(call: OngoingCall) -> None:
    """Prepare for what botocore does after a failed attempt: it learns, and sleeps before the next attempt.

    The caller has to hold the hooks.
    """
    endpoint = call.endpoint
    owner = None if endpoint is None else _sleeping(type(endpoint))
    if owner is None:
        return
    lessons.note(endpoint, call.world.faults.plan.pauses, _skip_wait)
    with _lock:
        if owner not in _seams:
            name, around = _SLEEPING["_sleep" in vars(owner)]
            _seams[owner] = Seam(owner, name, around)
        _seams[owner].put_up()


def _sleeping(kind: type) -> type | None:
    """Return the class that defines in which method an endpoint sleeps, or None if it is none of botocore's."""
    for owner in kind.__mro__:
        is_botocores = owner.__module__.endswith(_ENDPOINT)
        if is_botocores and not vars(owner).keys().isdisjoint({"_sleep", "_needs_retry"}):
            return owner
    return None


def _around_needs_retry(wrapped: Callable[..., Any], endpoint: Any, args: Any, kwargs: Any) -> Any:
    """Wrap `Endpoint._needs_retry`, which sleeps if there is a retry."""
    call = _skipping()
    function = getattr(wrapped, "__func__", None)
    # A handler of the call's may make calls of other services.
    if call is None or call.endpoint is not endpoint or not isinstance(function, types.FunctionType):
        return wrapped(*args, **kwargs)
    return _with_time(function, call)(endpoint, *args, **kwargs)


async def _around_sleep(wrapped: Callable[..., Any], endpoint: Any, args: Any, kwargs: Any) -> Any:
    """Wrap `AioEndpoint._sleep`."""
    call = _skipping()
    if call is None or call.endpoint is not endpoint:
        return await wrapped(*args, **kwargs)
    _skip(call, *args, **kwargs)
    # Other tasks get their turn, as they do while a task sleeps.
    return await wrapped(0)


# Whether the class has a method just for sleeping, as in aiobotocore; the method, and the wrapper.
_SLEEPING: dict[bool, tuple[str, Callable[..., Any]]] = {
    False: ("_needs_retry", _around_needs_retry),
    True: ("_sleep", _around_sleep),
}


class _Time(StandIn):
    """The module `time`, whose `sleep` skips the back-off of a call.

    Args:
        real: the module.
        call: the call.
    """

    def __init__(self, real: Any, call: OngoingCall) -> None:
        super().__init__(real)
        self.sleep = functools.partial(_skip, call)


def _with_time(function: types.FunctionType, call: OngoingCall) -> Callable[..., Any]:
    """Return a copy of a function that skips its sleeps.

    In the function's module, the name `time` stays as it is: other threads sleep, and tests can patch it as ever.
    """
    names = {**function.__globals__, "time": _Time(function.__globals__.get("time"), call)}
    copy = types.FunctionType(
        function.__code__, names, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _skipping() -> OngoingCall | None:
    """Return the call in progress if its pauses are skipped."""
    call = ongoing()
    return call if call is not None and call.world.faults.plan.pauses.are_skipped else None


def _skip(call: OngoingCall, seconds: float) -> None:
    call.world.faults.plan.pauses.skip(seconds)
    lessons.let_pass(call.endpoint, seconds)


def _skip_wait(seconds: float) -> bool:
    call = _skipping()
    if call is not None:
        _skip(call, seconds)
    return call is not None
