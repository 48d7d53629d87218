"""The delivery of events to the functions that a test has subscribed to them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from fake_secrets.errors import annotate
from fake_secrets.observe.trail import Subscriber, Trail

__all__ = ["Deliveries"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Deliveries:
    """Hands the events of a world to subscribers, in order, outside of every call.

    Args:
        trail: returns the world's trail, up to date.
    """

    def __init__(self, trail: Callable[[], Trail]) -> None:
        self._trail = trail
        self._subscribers: list[Subscriber] = []
        self._delivered = 0
        self._lock = threading.Lock()
        self._is_delivering = False

    def subscribe(self, subscriber: Subscriber) -> None:
        """Have a function called with every event from now on.

        Raises:
            TypeError: it can't be called.
        """
        function: object = subscriber
        if not callable(function):
            msg = f"on_event takes a function of one argument, the event; {function!r} can't be called"
            raise TypeError(msg)
        if not self._subscribers:
            self._delivered = len(self._trail())
        self._subscribers.append(subscriber)

    def reset(self) -> None:
        """Begin anew, with an empty trail; subscribers stay."""
        self._delivered = 0

    @property
    def is_due(self) -> bool:
        """Whether there is anything to deliver."""
        return bool(self._subscribers) and len(self._trail()) > self._delivered

    def deliver(self) -> None:
        """Deliver what has happened since the last time, and what comes of it.

        A call that a subscriber makes doesn't deliver by itself: its events come afterwards.

        Raises:
            BaseException: what a subscriber raises, with a note; what is left comes the next time.
        """
        with self._lock:
            if self._is_delivering:
                return
            self._is_delivering = True
        try:
            while self.is_due:
                self._deliver_next()
        finally:
            self._is_delivering = False

    def _deliver_next(self) -> None:
        number = self._delivered
        self._delivered += 1
        for subscriber in list(self._subscribers):
            event = self._trail().event(number)
            try:
                subscriber(event)
            except BaseException as error:
                annotate(error, f"raised by {subscriber!r}, to which fake_secrets delivered {_title(event)}")
                raise


def _title(event: dict[str, object]) -> str:
    detail = event["detail"]
    name = detail.get("eventName") if isinstance(detail, dict) else None
    return str(name or event["detail-type"])
