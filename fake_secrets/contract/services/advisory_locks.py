"""The advisory locks of PostgreSQL, by which rotation functions keep their duplicates away."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn

from fake_secrets.contract.services.lock_keys import LOCK_FUNCTION, Key
from fake_secrets.contract.services.questions import Item, Question
from fake_secrets.observe.entry import RunningStep, rotation_step

__all__ = ["AdvisoryLocks", "HeldLocks"]

# How long a session really waits for another thread, in seconds, and how often it looks. The clocks of `time` and
# the waits of events are virtual in a contract, but those of conditions aren't.
_STEP = 0.02
_LOOKS = 500


@dataclass(frozen=True, slots=True)
class _Lock:
    key: Key
    is_shared: bool
    is_of_transaction: bool = False


class HeldLocks:
    """The locks that a session holds."""

    __slots__ = ("__weakref__", "_locks", "_step", "_thread")

    def __init__(self) -> None:
        self._locks: list[_Lock] = []
        self._thread: threading.Thread | None = None
        self._step: RunningStep | None = None

    def add(self, lock: _Lock) -> None:
        """Take a lock, once more if it is held already."""
        self._locks.append(lock)
        self._thread, self._step = threading.current_thread(), rotation_step.get()

    def remove(self, lock: _Lock) -> bool:
        """Give a lock of the session back, once. Return whether it was held."""
        if lock not in self._locks:
            return False
        self._locks.remove(lock)
        return True

    @property
    def of_transaction(self) -> tuple[_Lock, ...]:
        """The locks of the open transaction."""
        return tuple(one for one in self._locks if one.is_of_transaction)

    def end_transaction(self, kept: tuple[_Lock, ...] = ()) -> None:
        """Give the locks of the transaction back.

        Args:
            kept: those that stay: what it had at the savepoint to which it is rolled back.
        """
        self._locks = [*(one for one in self._locks if not one.is_of_transaction), *kept]

    def unlock_all(self) -> None:
        """Give all locks back but those of the transaction."""
        self._locks = [*self.of_transaction]

    def end_session(self) -> None:
        """Give all locks back."""
        self._locks.clear()

    def keeps_from(self, lock: _Lock) -> bool:
        """Return whether another session can't have a lock.

        The server has closed the session of a function that is over.
        """
        if self._step is not None and self._step.is_over:
            return False
        return any(one.key == lock.key and not (one.is_shared and lock.is_shared) for one in self._locks)

    @property
    def may_be_given_back(self) -> bool:
        """Whether another thread may give them back."""
        thread = self._thread
        return thread is not None and thread is not threading.current_thread() and thread.is_alive()


class AdvisoryLocks:
    """The locks of a database.

    Args:
        refuse: raises the exception for a wait without an end.
    """

    def __init__(self, refuse: Callable[[], NoReturn]) -> None:
        self._refuse = refuse
        self._sessions = weakref.WeakSet[HeldLocks]()

    def answered(self, question: Question, held: HeldLocks) -> Question:
        """Call the functions in a question that are about locks, and return it with their results.

        Args:
            question: the question.
            held: the locks of the session that asks.
        """
        return replace(question, items=tuple(self._answered(item, held) for item in question.items))

    def _answered(self, item: Item, held: HeldLocks) -> Item:
        if item.kind != "lock" or not isinstance(item.value, tuple):
            return item
        function, key = item.value
        return replace(item, kind="value", value=self._call(function, key, held))

    def _call(self, function: str, key: Key, held: HeldLocks) -> object:
        """Return what a function about locks returns: whether it succeeded, or the empty text of nothing."""
        said = LOCK_FUNCTION.fullmatch(function)
        if said is None or said["all"]:
            held.unlock_all()
            return ""
        if "UNLOCK" in function:
            return held.remove(_Lock(key, bool(said["unlock_shared"])))
        lock = _Lock(key, bool(said["shared"]), bool(said["of_transaction"]))
        if said["tries"] and self._others(lock, held):
            return False
        self._wait(lock, held)
        self._sessions.add(held)
        held.add(lock)
        return True if said["tries"] else ""

    def _wait(self, lock: _Lock, held: HeldLocks) -> None:
        """Wait until no other session keeps a lock.

        Raises:
            Exception: if none of them could ever give it back, or none does for a while.
        """
        looked, changed = 0, threading.Condition()
        while others := self._others(lock, held):
            if looked == _LOOKS or not all(one.may_be_given_back for one in others):
                self._refuse()
            looked += 1
            with changed:
                changed.wait(_STEP)

    def _others(self, lock: _Lock, held: HeldLocks) -> list[HeldLocks]:
        return [one for one in list(self._sessions) if one is not held and one.keeps_from(lock)]
