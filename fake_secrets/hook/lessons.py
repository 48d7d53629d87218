"""Lessons: what a client learns from failed calls, and how it forgets that when the world of the failures ends.

In standard mode a client uses up its retry quota. In adaptive mode, it also measures and limits its send rate.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from fake_secrets.hook.clients import handlers_in
from fake_secrets.locks import shared_lock

if TYPE_CHECKING:
    from fake_secrets.faults.pauses import Pauses

__all__ = ["let_pass", "note"]

# The modules of botocore's retry modes that keep a state, in any copy of botocore and in aiobotocore.
_RETRIES = "botocore.retries."
# The longest time that a clock in epoch seconds may be too coarse to show.
_TICK = 0.001

_lock = shared_lock()
# For each endpoint, the worlds whose failures its client met, the earliest first.
_lessons: weakref.WeakKeyDictionary[Any, list[_Lesson]] = weakref.WeakKeyDictionary()

# Called with the seconds that a client would wait for a token. Returns whether the wait is skipped.
Skip = Callable[[float], bool]


def note(endpoint: Any, pauses: Pauses, skip: Skip) -> None:
    """Remember the state of a client before it learns from the first failure that it meets in a world.

    Args:
        endpoint: the client's endpoint.
        pauses: those of the world.
        skip: skips a wait of the client's for its rate limiter.
    """
    with _lock:
        lessons = _lessons.setdefault(endpoint, [])
        if pauses.is_over or any(lesson.pauses is pauses for lesson in lessons):
            return
        pauses.forget_with(_forget)
        lesson = _Lesson(pauses, endpoint)
        lessons.append(lesson)
        lesson.begin(skip)


def let_pass(endpoint: Any, seconds: float) -> None:
    """Let time pass for the rate limiter of a client, as a pause that wasn't skipped would."""
    with _lock:
        for lesson in _lessons.get(endpoint, ())[-1:]:
            for clock in lesson.clocks():
                clock.advance(seconds)


def _forget(pauses: Pauses) -> None:
    """Make all clients forget what they learned in a world."""
    with _lock:
        for lessons in list(_lessons.values()):
            for at, lesson in enumerate(lessons):
                if lesson.pauses is not pauses:
                    continue
                if at + 1 < len(lessons):
                    # Worlds that began later haven't ended. The end of the last one restores this state.
                    lessons[at + 1].saved = lesson.saved
                else:
                    lesson.restore()
                del lessons[at]
                break


class _Lesson:
    """What a client learns in one world.

    Args:
        pauses: those of the world.
        endpoint: the client's endpoint.

    `saved` is the state of the client's retry handlers before: for each part, its attributes.
    """

    def __init__(self, pauses: Pauses, endpoint: Any) -> None:
        self.pauses = pauses
        self._parts = list(_parts_of(endpoint))
        self.saved = [(part, _state_of(part)) for part in self._parts]

    def begin(self, skip: Skip) -> None:
        """Give the rate limiter, if there is one, a clock that skipped pauses move on."""
        for bucket in [part for part in self._parts if hasattr(part, "_acquire")]:
            if isinstance(bucket._clock, LimiterClock):
                continue
            clock = LimiterClock(bucket._clock, bucket._last_timestamp or 0)
            for part in self._parts:
                if vars(part).get("_clock") is clock.real:
                    part._clock = clock
            bucket._acquire = _acquiring(bucket, skip)

    def clocks(self) -> list[LimiterClock]:
        """Return the clock of the rate limiter, if there is one."""
        clocks = {id(clock): clock for part in self._parts if (clock := vars(part).get("_clock")) is not None}
        return [clock for clock in clocks.values() if isinstance(clock, LimiterClock)]

    def restore(self) -> None:
        """Restore the state that the client had before."""
        for part, state in self.saved:
            vars(part).pop("_acquire", None)
            vars(part).update(state)


class LimiterClock:
    """The clock of a rate limiter: botocore's, and the skipped pauses on top.

    It never goes back, as the clock of a test may do. A rate limiter would wait until it had caught up.

    Args:
        real: botocore's clock.
        start: the time that the rate limiter saw last, in epoch seconds.
    """

    def __init__(self, real: Any, start: float) -> None:
        self.real = real
        self._latest = start
        self._ahead = 0.0

    def current_time(self) -> float:
        """Return the time, in epoch seconds."""
        now: float = self.real.current_time()
        with _lock:
            time = now + self._ahead
            if time < self._latest:
                self._ahead += self._latest - time
            self._latest = max(time, self._latest)
            return self._latest

    def sleep(self, amount: float) -> None:
        """Sleep."""
        self.real.sleep(amount)

    def advance(self, seconds: float) -> None:
        """Move the clock on."""
        with _lock:
            self._ahead += max(seconds, _TICK)


def _acquiring(bucket: Any, skip: Skip) -> Callable[..., Any]:
    """Return a method that acquires a token from a token bucket, whose waits can be skipped.

    botocore calls it with the bucket's lock held.
    """
    acquire = type(bucket)._acquire

    def acquiring(amount: float, block: bool) -> Any:
        bucket._refill()
        while block and (seconds := bucket._sleep_amount(amount)) > 0 and skip(seconds):
            bucket._refill()
        return acquire(bucket, amount, block)

    return acquiring


def _parts_of(endpoint: Any) -> Iterator[Any]:
    """Yield the objects that a client's retry handlers consist of."""
    emitter = endpoint._event_emitter
    handlers = list(handlers_in(getattr(emitter, "_emitter", emitter)._handlers._root))
    ahead = [getattr(handler, "__self__", None) for handler in handlers]
    seen: set[int] = set()
    while ahead:
        part = ahead.pop()
        if id(part) in seen or not _is_stateful(part):
            continue
        seen.add(id(part))
        yield part
        ahead += vars(part).values()


def _is_stateful(part: Any) -> bool:
    return _RETRIES in type(part).__module__ and hasattr(part, "__dict__")


def _state_of(part: Any) -> dict[str, Any]:
    """Return the attributes of a part that its use may change: numbers, and the clock, which `begin` replaces."""
    return {
        name: value
        for name, value in vars(part).items()
        if value is None or isinstance(value, int | float) or name in {"_acquire", "_clock"}
    }
