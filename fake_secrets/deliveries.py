"""The delivery of events to the functions that a test has subscribed to them."""

from __future__ import annotations

import inspect
import threading

from fake_secrets.errors import annotate
from fake_secrets.observe.trail import Subscriber, Trail

__all__ = ["Deliveries"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Deliveries:
    """Hands the events of a world to subscribers, in order, outside of every call.

    Args:
        trail: the world's trail.
    """

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        # With the number of the first event that each is to get.
        self._subscribers: list[tuple[Subscriber, int]] = []
        self._delivered = 0
        self._lock = threading.Lock()
        self._is_delivering = False

    def subscribe(self, subscriber: Subscriber) -> None:
        """Have a function called with every event from now on.

        Raises:
            TypeError: it can't be called, or would have to be awaited.
        """
        function: object = subscriber
        if not callable(function) or inspect.iscoroutinefunction(function):
            msg = f"on_event takes a function of one argument, the event, that isn't awaited; not {function!r}"
            raise TypeError(msg)
        count = self._trail.count
        if not self._subscribers:
            self._delivered = count
        self._subscribers.append((subscriber, count))

    def reset(self) -> None:
        """Begin anew, with an empty trail; subscribers stay."""
        self._delivered = 0
        self._subscribers = [(subscriber, 0) for subscriber, _ in self._subscribers]

    @property
    def is_due(self) -> bool:
        """Whether there is anything to deliver."""
        return bool(self._subscribers) and self._trail.count > self._delivered

    def deliver(self) -> None:
        """Deliver what has happened since the last time, and what comes of it.

        A call that a subscriber makes doesn't deliver by itself: its events come afterwards.

        Raises:
            BaseException: the first that a subscriber has raised, with a note, after all is delivered;
                at once, where it is no Exception.
        """
        with self._lock:
            if self._is_delivering:
                return
            self._is_delivering = True
        raised: list[Exception] = []
        try:
            while self.is_due:
                self._deliver_next(raised)
        finally:
            self._is_delivering = False
        if raised:
            raise raised[0]

    def _deliver_next(self, raised: list[Exception]) -> None:
        # Of very many at once the oldest may be kept no longer.
        number = max(self._delivered, self._trail.dropped)
        self._delivered = number + 1
        # A subscriber may change its event, or reset the world.
        events = [
            (subscriber, self._trail.event(number)) for subscriber, first in self._subscribers if first <= number
        ]
        for subscriber, event in events:
            try:
                subscriber(event)
            except BaseException as error:
                annotate(error, f"raised by {subscriber!r}, to which fake_secrets delivered {_title(event)}")
                if not isinstance(error, Exception):
                    raise
                raised.append(error)


def _title(event: dict[str, object]) -> str:
    detail = event["detail"]
    name = detail.get("eventName") if isinstance(detail, dict) else None
    return str(name or event["detail-type"])
