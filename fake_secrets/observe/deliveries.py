"""The delivery of events to the functions that a test has subscribed to them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import cast

from fake_secrets.errors import annotate
from fake_secrets.observe.trail import Event, Subscriber, envelope
from fake_secrets.options import check_callable, refuse_awaitable
from fake_secrets.service.state.events import EventLog

__all__ = ["Deliveries", "Telling"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Deliveries:
    """Hands the events of a world to subscribers, in order, outside of every call.

    Args:
        log: returns the world's events.
        lock: guards them; never held while a subscriber runs.
    """

    def __init__(self, log: Callable[[], EventLog], lock: threading.RLock) -> None:
        self._log = log
        self._lock = lock
        # With the number of the first event that each is to get.
        self._subscribers: list[tuple[Subscriber, int]] = []
        self._delivered = 0
        self._is_delivering = False

    def subscribe(self, subscriber: Subscriber) -> None:
        """Have a function called with every event from now on.

        Raises:
            TypeError: it can't be called, or would have to be awaited.
        """
        check_callable(subscriber, "on_event takes a function of one argument, the event")
        with self._lock:
            count = self._log().count
            if not self._subscribers:
                self._delivered = count
            self._subscribers.append((subscriber, count))

    def reset(self) -> None:
        """Begin anew, with no events; subscribers stay."""
        self._delivered = 0
        self._subscribers = [(subscriber, 0) for subscriber, _ in self._subscribers]

    @property
    def is_due(self) -> bool:
        """Whether there is anything to deliver."""
        return bool(self._subscribers) and self._log().count > self._delivered

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
            while (taken := self._take()) is not None:
                for subscriber, event in taken[1]:
                    _hand_over(taken[0], subscriber, event, raised)
        except BaseException:
            self._is_delivering = False
            raise
        if raised:
            raise raised[0]

    def _take(self) -> tuple[str, list[tuple[Subscriber, Event]]] | None:
        """Take the next event, by name, with a copy for each subscriber; None ends the delivery."""
        with self._lock:
            if not self.is_due:
                self._is_delivering = False
                return None
            # Of very many at once the oldest may be kept no longer.
            number = max(self._delivered, self._log().dropped)
            self._delivered = number + 1
            event = self._log()[number]
            return event.name, [
                (subscriber, envelope(number, event)) for subscriber, first in self._subscribers if first <= number
            ]


class Telling:
    """A block after which subscribers are told of what has happened.

    What the block raises, or else the refusal, comes out all the same.

    Args:
        tell: tells them; what they raise it notes on the exception that it is given, if there is one.
        refusal: what comes out in any case, once the block is over.
    """

    # No generator makes it: that would set the traceback of exceptions, which frozen ones don't allow.
    __slots__ = ("_refusal", "_tell")

    def __init__(self, tell: Callable[[BaseException | None], None], refusal: Exception | None) -> None:
        self._tell = tell
        self._refusal = refusal

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Tell of what has happened."""
        self._tell(error or self._refusal)


def _hand_over(name: str, subscriber: Subscriber, event: Event, raised: list[Exception]) -> None:
    try:
        # An Event is a plain dict when it runs, which a subscriber may say as well.
        call = cast("Callable[[Event], object]", subscriber)
        refuse_awaitable(call(event), "a subscriber of on_event")
    except BaseException as error:
        whose = getattr(subscriber, "__qualname__", type(subscriber).__qualname__)
        annotate(error, f"raised by {whose}, to which fake_secrets delivered {name}")
        if not isinstance(error, Exception):
            raise
        raised.append(error)
