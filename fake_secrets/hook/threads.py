"""The threads of rotation functions: their calls are calls of the function that has started them."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from typing import Any

from fake_secrets.hook.seams import Seam
from fake_secrets.observe.entry import RunningStep, rotation_step
from fake_secrets.rotation.scope import Running, belongs_to, running_here

__all__ = ["FunctionThreads"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class FunctionThreads:
    """Notes which rotation function starts a thread, or gives a task to a pool of threads.

    A new thread knows nothing of the context that starts it, so it is told here. A task that a pool of an earlier
    invocation takes up itself, without `submit`, seems to be of that earlier one.
    """

    def __init__(self) -> None:
        self._start = Seam(threading.Thread, "start", _around_start)
        self._submit: Seam | None = None

    def put_up(self) -> None:
        """Note from now on."""
        self._start.put_up()
        # A pool that is made later by a rotation function starts its threads there.
        pools = sys.modules.get("concurrent.futures.thread")
        if self._submit is None and pools is not None:
            self._submit = Seam(pools.ThreadPoolExecutor, "submit", _around_submit)
        if self._submit is not None:
            self._submit.put_up()

    def take_down(self) -> None:
        """Restore the wrapped methods."""
        self._start.take_down()
        if self._submit is not None:
            self._submit.take_down()


def _around_start(wrapped: Callable[..., Any], thread: Any, args: Any, kwargs: Any) -> Any:
    step = rotation_step.get()
    if step is not None:
        thread.run = functools.partial(_run, step, running_here(), thread.run)
    return wrapped(*args, **kwargs)


def _around_submit(wrapped: Callable[..., Any], pool: Any, args: Any, kwargs: Any) -> Any:
    step = rotation_step.get()
    # A pool of interpreters pickles its tasks, and our wrappers don't reach into other interpreters.
    interpreters = sys.modules.get("concurrent.futures.interpreter")
    if step is not None and args and not (interpreters and isinstance(pool, interpreters.InterpreterPoolExecutor)):
        args = (functools.partial(_run, step, running_here(), args[0]), *args[1:])
    return wrapped(*args, **kwargs)


def _run(
    step: RunningStep, running: Running | None, function: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    """Call a function as a part of a step."""
    outer = rotation_step.set(step)
    try:
        with belongs_to(running):
            return function(*args, **kwargs)
    finally:
        rotation_step.reset(outer)
