"""The locks of a rotation function: another execution environment has locks of its own."""

from __future__ import annotations

import threading
import types
from collections.abc import Iterable
from typing import Any

from fake_secrets.contract.saved_contents import content_of

__all__ = ["renew_locks"]

_LOCK = type(threading.Lock())
_RLOCK = type(threading.RLock())


def renew_locks(places: Iterable[Any]) -> None:
    """Replace the locks and semaphores in some dicts, classes and cells of closures by new ones that nobody holds.

    Args:
        places: the dicts, classes and cells. One lock in several of them is replaced by the same new one.
    """
    fresh: dict[int, Any] = {}
    for place in places:
        if isinstance(place, types.CellType):
            content = content_of(place)
            if _is_lock(content):
                place.cell_contents = _new(content, fresh)
        elif isinstance(place, type):
            for name, value in list(vars(place).items()):
                if _is_lock(value):
                    type.__setattr__(place, name, _new(value, fresh))
        else:
            for key, value in list(place.items()):
                if _is_lock(value):
                    place[key] = _new(value, fresh)


def _is_lock(value: object) -> bool:
    return type(value) in {_LOCK, _RLOCK, threading.Semaphore, threading.BoundedSemaphore}


def _new(lock: Any, fresh: dict[int, Any]) -> Any:
    if id(lock) not in fresh:
        kind = type(lock)
        if kind is threading.BoundedSemaphore:
            fresh[id(lock)] = threading.BoundedSemaphore(lock._initial_value)
        elif kind is threading.Semaphore:
            # How many it had at first is known to nobody; the other environment holds none of them.
            fresh[id(lock)] = threading.Semaphore(max(1, lock._value))
        else:
            fresh[id(lock)] = threading.Lock() if kind is _LOCK else threading.RLock()
    return fresh[id(lock)]
