"""Control of the date during a check: by the user's library, or else by time-machine or freezegun."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sized
from typing import Any

from fake_secrets import clock

__all__ = ["control_date", "real_time"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# A test runner measures real time. freezegun ignores these besides what the user has configured.
_RUNNERS = ("_pytest", "hypothesis", "xdist", "execnet")


def control_date(undo: list[Callable[[], object]]) -> tuple[float, dict[str, Callable[..., float]]]:
    """Take control of the date, if possible.

    Args:
        undo: receives what gives the control back. It may be called twice.

    Returns:
        The time at which every scenario begins, and those functions of `time` by name that show the real time, if
        they aren't the ones that `time` had.
    """
    if clock._mover() is not None:
        start = clock._reading()
        undo.append(lambda: clock.move_to(start))
        return start, {}
    start = round(real_time(), 6)
    if (time_machine := _time_machine()) is not None:
        # The names in version 3 and in version 2.
        stack = getattr(time_machine, "traveller_stack", None)
        stack = time_machine.coordinates_stack if stack is None else stack
        _start(time_machine.travel(start, tick=False), stack, undo)
        real = time_machine.escape_hatch.time
        return start, {"time": real.time, "time_ns": real.time_ns}
    if (freezegun := _imported("freezegun")) is not None:
        # In UTC, as Lambda's functions run.
        freezer = freezegun.freeze_time(clock.utc(start), ignore=list(_RUNNERS))
        _start(freezer, freezegun.api.freeze_factories, undo)
    return start, {}


def real_time() -> float:
    """Return the time while nothing controls the date. A test may have patched `time.time`."""
    return clock._GENUINE[1]()


def _start(controller: Any, stack: Sized, undo: list[Callable[[], object]]) -> None:
    depth = len(stack)
    # Registered before it starts, for interrupts.
    undo.append(lambda: controller.stop() if len(stack) > depth else None)
    controller.start()


def _time_machine() -> Any:
    """Return time-machine, or None if it isn't installed or stops monotonic clocks, as some of version 2 do.

    They stop for every thread: a queue's time-out, for one, would never come.
    """
    time_machine = _imported("time_machine")
    stops_monotonic = time_machine is not None and hasattr(time_machine.escape_hatch.time, "monotonic")
    return None if stops_monotonic else time_machine


def _imported(name: str) -> Any:
    """Return a module, or None if it isn't installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
