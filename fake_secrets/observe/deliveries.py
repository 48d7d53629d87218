"""The delivery of events to the functions that a test has subscribed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import cast

from fake_secrets.errors import annotate
from fake_secrets.observe.leaks import gate
from fake_secrets.observe.trail import Event, Subscriber, envelope
from fake_secrets.options import check_callable, refuse_awaitable
from fake_secrets.service.state.events import EventLog
from fake_secrets.slotted import slotted

__all__ = ["Deliveries", "Telling"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


@slotted
class _Turn:
    """A delivery, and the thread that makes it."""

    thread: int


class Deliveries:
    """Calls subscribers with the events of a world, in order, and never during a call.

    Args:
        log: returns the world's event log.
        lock: guards the log; never held while a subscriber runs.
        may_deliver: returns whether events may be delivered here and now. Those of a rotation wait for its end.
    """

    def __init__(
        self, log: Callable[[], EventLog], lock: threading.RLock, may_deliver: Callable[[], bool]
    ) -> None:
        self._log = log
        self._lock = lock
        self._may_deliver = may_deliver
        # Each with the number of the first event that it gets.
        self._subscribers: list[tuple[Subscriber, int]] = []
        self._delivered = 0
        self._turn: _Turn | None = None

    def subscribe(self, subscriber: Subscriber) -> None:
        """Call a function with every event from now on.

        Raises:
            TypeError: if `subscriber` can't be called or is a coroutine function.
        """
        check_callable(subscriber, "on_event takes a function of one argument, the event")
        with self._lock:
            count = self._log().count
            if not self._subscribers:
                self._delivered = count
            self._subscribers.append((subscriber, count))

    def reset(self) -> None:
        """Start over without events. Subscribers stay."""
        self._delivered = 0
        self._subscribers = [(subscriber, 0) for subscriber, _ in self._subscribers]

    def leave_to_parent(self) -> None:
        """Deliver nothing more: this process is a fork, and its parent delivers the events."""
        self._subscribers = []

    def is_due(self) -> bool:
        """Return whether there are events to deliver."""
        return bool(self._subscribers) and self._log().count > self._delivered

    def telling(self, refusal: Exception | None = None) -> Telling:
        """Return a context manager that delivers events to subscribers when its block ends.

        Args:
            refusal: the error that the caller raises in any case after the block.
        """
        return Telling(self._tell, refusal)

    def deliver(self) -> None:
        """Deliver all events since the last delivery.

        A subscriber may make calls, too. Their events aren't delivered during those calls but after
        the events before them.

        Raises:
            BaseException: the first exception that a subscriber raises, with a note. It is raised after all
                events are delivered, but at once if it isn't an Exception.
        """
        turn = _Turn(threading.get_ident())
        raised: list[Exception] = []
        try:
            if self._takes(turn):
                while (taken := self._take()) is not None:
                    for subscriber, event in taken[1]:
                        _hand_over(taken[0], subscriber, event, raised)
        except BaseException:
            if self._turn is turn:
                self._turn = None
            raise
        if raised:
            raise raised[0]

    def forget_threads_but(self, living: Collection[int]) -> None:
        """Give up the delivery that a thread was making, unless the thread is one of the living."""
        with self._lock:
            if self._turn is not None and self._turn.thread not in living:
                self._turn = None

    def _tell(self, first: BaseException | None) -> None:
        if not self.is_due() or not self._may_deliver():
            return
        try:
            self.deliver()
        except Exception as error:
            if first is None:
                raise
            annotate(first, f"a subscriber of fake_secrets.on_event also raised {type(error).__name__}")

    def _takes(self, turn: _Turn) -> bool:
        """Begin a delivery, unless one is under way."""
        with self._lock:
            if self._turn is not None:
                return False
            self._turn = turn
            return True

    def _take(self) -> tuple[str, list[tuple[Subscriber, Event]]] | None:
        """Return the name of the next event, and each subscriber with its own copy; None ends the delivery."""
        with self._lock:
            if not self.is_due():
                self._turn = None
                return None
            # If very many events happen at once, the oldest are no longer in the log.
            number = max(self._delivered, self._log().dropped)
            self._delivered = number + 1
            event = self._log()[number]
            return event.name, [
                (subscriber, envelope(number, event)) for subscriber, first in self._subscribers if first <= number
            ]


class Telling:
    """A context manager that delivers events when its block ends, even if the block raises.

    Args:
        tell: delivers the events. It gets the exception that comes out in any case, if there is one, and
            then adds errors of subscribers to it as notes instead of raising them.
        refusal: the error that the caller raises in any case after the block.
    """

    # Not a generator: contextlib would set the traceback of an exception, and frozen exceptions refuse that.
    __slots__ = ("_refusal", "_tell")

    def __init__(self, tell: Callable[[BaseException | None], None], refusal: Exception | None) -> None:
        self._tell = tell
        self._refusal = refusal

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Deliver the events."""
        self._tell(error or self._refusal)


def _hand_over(name: str, subscriber: Subscriber, event: Event, raised: list[Exception]) -> None:
    try:
        # At run time an Event is a plain dict, so subscribers may declare either type.
        call = cast("Callable[[Event], object]", subscriber)
        refuse_awaitable(call(event), "the subscriber of on_event")
    except BaseException as error:
        gate.saw_error(error)
        whose = getattr(subscriber, "__qualname__", type(subscriber).__qualname__)
        annotate(error, f"raised by {whose}, a subscriber of fake_secrets.on_event, when it got {name}")
        if not isinstance(error, Exception):
            raise
        raised.append(error)
