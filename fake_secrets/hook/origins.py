"""Which test a thread works for, so that the guard blames the test that started it."""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

from fake_secrets.errors import OutsideWorldError
from fake_secrets.hook.seams import Seam
from fake_secrets.slotted import slotted

__all__ = ["GuardedTest", "Origins"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


@slotted
class GuardedTest:
    """A test that runs under the guard, or ran."""

    name: str
    is_over: bool = False


# The test that a thread works for; None if several may share the thread. Only threads that a test started have it.
_origin: ContextVar[GuardedTest | None] = ContextVar("fake_secrets_guarded_test")


class Origins:
    """Remembers which test started a thread, or gave a task to a pool of threads.

    A thread that was started before any test, or by a fixture that several tests share, may work for any
    of them. It belongs to none.

    `running` is the test that is running now, or None.
    """

    def __init__(self) -> None:
        self.running: GuardedTest | None = None
        self._runner = threading.get_ident()
        self._is_shared = False
        self._seams = [
            Seam(threading.Thread, "start", self._around_start),
            Seam(ThreadPoolExecutor, "submit", self._around_submit),
        ]

    def put_up(self) -> None:
        """Remember the origin of threads and tasks from now on."""
        for seam in self._seams:
            seam.put_up()

    def take_down(self) -> None:
        """Restore the wrapped methods."""
        for seam in self._seams:
            seam.take_down()

    def begin(self, name: str) -> None:
        """Note that this thread begins to run a test."""
        self.running, self._runner = GuardedTest(name), threading.get_ident()

    def end(self) -> None:
        """Note that the test is over."""
        if self.running is not None:
            self.running.is_over = True
        self.running = None

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """Let the threads that start in the `with` block belong to no test."""
        before, self._is_shared = self._is_shared, True
        try:
            yield
        finally:
            self._is_shared = before

    def here(self) -> GuardedTest | None:
        """Return the test that the current thread works for, or None if that is unknown."""
        of_runner = self.running if threading.get_ident() == self._runner and not self._is_shared else None
        return _origin.get(of_runner)

    def _around_start(self, wrapped: Callable[..., Any], thread: Any, args: Any, kwargs: Any) -> Any:
        thread.run = functools.partial(_run_thread, self.here(), thread.run)
        return wrapped(*args, **kwargs)

    def _around_submit(self, wrapped: Callable[..., Any], pool: Any, args: Any, kwargs: Any) -> Any:
        # A pool of interpreters pickles its tasks, and our wrappers don't reach into other interpreters.
        interpreters = sys.modules.get("concurrent.futures.interpreter")
        if args and not (interpreters and isinstance(pool, interpreters.InterpreterPoolExecutor)):
            args = (functools.partial(_run, self.here(), args[0]), *args[1:])
        return wrapped(*args, **kwargs)


def _run(origin: GuardedTest | None, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    token = _origin.set(origin)
    try:
        return function(*args, **kwargs)
    finally:
        _origin.reset(token)


def _run_thread(origin: GuardedTest | None, run: Callable[[], None]) -> None:
    """Run a thread. Keep pytest from reporting a late refusal again, for the test that runs by then."""
    try:
        _run(origin, run)
    except OutsideWorldError:
        if origin is None or not origin.is_over:
            raise
