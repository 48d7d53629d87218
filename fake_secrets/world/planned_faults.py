"""The faults that a test plans in a world. Few tests do, so nothing of them is imported before the first use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fake_secrets.observe.ledger import Ledger
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store

if TYPE_CHECKING:
    from fake_secrets.faults.plan import Plan

__all__ = ["PlannedFaults"]


class PlannedFaults:
    """The plan of a world, which is made at the first use.

    Args:
        lock: the world's lock.
        store: returns the store, with the seeds in it. The caller holds the lock.
        ledger: returns the ledger.
        request: makes a request of the world's own account and region.
        pass_time: lets seconds pass in the world.
        keep: has what has changed kept beyond the process, if the world is.
        stand: called with the plan while there is a fault, and with None when there is none.
    """

    def __init__(
        self,
        *,
        lock: threading.RLock,
        store: Callable[[], Store],
        ledger: Callable[[], Ledger],
        request: Callable[[str, dict[str, Any]], Request],
        pass_time: Callable[[float], None],
        keep: Callable[[], object],
        stand: Callable[[Plan | None], None],
    ) -> None:
        self._lock = lock
        self._on = (store, ledger, request, pass_time)
        self._keep = keep
        self._stand = stand
        self._plan: Plan | None = None

    @property
    def plan(self) -> Plan:
        """The plan."""
        if self._plan is None:
            from fake_secrets.faults.path import Path  # noqa: PLC0415 -- as said above
            from fake_secrets.faults.plan import Plan  # noqa: PLC0415

            with self._lock:
                # Another thread's call may have asked for it, too.
                self._plan = self._plan or Plan(Path(self._lock, *self._on, keep=self._keep), self._stand)
        return self._plan

    def reset(self) -> None:
        """Cancel all faults, and let clients forget what they have learned from them.

        The caller doesn't hold the world's lock: a fork takes that of the clients' lessons first.
        """
        if self._plan is not None:
            self._plan.pauses.reset()
            self._plan.clear()

    def end(self) -> None:
        """Let clients forget what they have learned, because the world is left. This may be called again."""
        if self._plan is not None:
            self._plan.pauses.end()

    def postpone(self) -> None:
        """Tell of the faults that are planned so far at the end of the world, and not at the end of a test."""
        if self._plan is not None:
            self._plan.postpone()

    def tell_unused(self, error: BaseException | None = None, *, is_end: bool = True) -> None:
        """Tell the author of the test of planned faults that never happened.

        Args:
            error: an exception that is raised in any case, if there is one.
            is_end: whether the world is over.

        Raises:
            UnusedFaultError: if there are such faults.
        """
        if self._plan is not None:
            from fake_secrets.faults.unused import telling  # noqa: PLC0415 -- as said above

            telling.tell(self._plan.take_unused(is_end=is_end), error)
