"""The death of a rotation function: what kills it, and what a dead function can no longer do."""

from __future__ import annotations

import sys

from fake_secrets.errors import FunctionCrash, RotationFailedError
from fake_secrets.observe.entry import RunningStep

__all__ = ["TimedOut", "failure_of", "is_failure", "stop_the_dead"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Both end a test by exceptions that only they may handle.
_TEST_RUNNERS = frozenset({"_pytest", "hypothesis"})


class TimedOut(BaseException):
    """Ends a rotation function at its first call after the time-out, since Lambda would have stopped it."""


def is_failure(error: BaseException, *, is_recorded: bool) -> bool:
    """Return whether an exception fails the step that raises it, as opposed to ending the test.

    Args:
        error: what the rotation function raised.
        is_recorded: whether errors are recorded, so that nobody waits for this one.
    """
    if isinstance(error, Exception | SystemExit | FunctionCrash):
        return True
    return is_recorded and not isinstance(error, KeyboardInterrupt) and not _is_of_test_runner(error)


def failure_of(error: BaseException, step: str) -> BaseException:
    """Return the error of a step that raised an exception: the exception, unless it is a `FunctionCrash`."""
    if not isinstance(error, FunctionCrash):
        return error
    failure = RotationFailedError(f"the rotation function died in {step}")
    failure.__cause__ = error
    return failure


def stop_the_dead(step: RunningStep, now: float) -> None:
    """End a rotation function that makes a call although it has timed out or died.

    Such a call comes from a ``finally`` block, from code that handles a `BaseException`, or from a thread that the
    function has started. Lambda would have stopped the function before it.

    Args:
        step: the step that makes the call.
        now: epoch seconds.

    Raises:
        TimedOut: if the function has timed out.
        BaseException: what has killed the function.
    """
    if step.death is None and not step.is_over:
        is_late = step.deadline is not None and step.deadline <= now
        step.death = TimedOut() if is_late else _death_under_way(step)
    if step.death is not None:
        raise step.death


def _death_under_way(step: RunningStep) -> BaseException | None:
    """Return the exception that is killing the function while it makes a call, or None."""
    error, seen = sys.exception(), set[int]()
    while error is not None and error is not step.handled and id(error) not in seen:
        seen.add(id(error))
        is_mild = isinstance(error, Exception | SystemExit | GeneratorExit)
        if not is_mild and is_failure(error, is_recorded=step.is_recorded):
            return error
        error = error.__context__
    return None


def _is_of_test_runner(error: BaseException) -> bool:
    return any(kind.__module__.split(".")[0] in _TEST_RUNNERS for kind in type(error).__mro__)
