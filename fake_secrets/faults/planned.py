"""One planned fault: what it is for, what it does, and how often it hit."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Self

from fake_secrets.errors import annotate
from fake_secrets.faults.effects import HeldReplication
from fake_secrets.faults.selection import EVERY

if TYPE_CHECKING:
    from fake_secrets.faults.effects import Effect
    from fake_secrets.faults.path import Attempt, Path
    from fake_secrets.faults.selection import Amount, Selection
    from fake_secrets.observe.calls import Call
    from fake_secrets.observe.entry import RunningStep
    from fake_secrets.observe.remarks import Line
    from fake_secrets.service.state.model import StoredSecret

__all__ = ["Fault", "asking_test"]

# Whether a `when` is running here. Its own calls meet no faults.
asking_test: ContextVar[bool] = ContextVar("fake_secrets_asking_test", default=False)


class Fault:
    """A planned fault: what the methods of `fake_secrets.faults` return.

    It stays until it has hit as often as planned, or until it is cancelled. In a `with` statement, it ends with
    the block. If it hasn't hit anything by then, the test fails, as for any other fault that never happens.

    Args:
        selection: the attempts that it is for.
        effect: what it does to them.
        amount: how many of them it hits.
        optional: whether it may remain without a hit.
        line: the line of the test that planned it.
        forget: called when it is cancelled.
    """

    __slots__ = (
        "_amount", "_calls", "_effect", "_forget", "_hits", "_is_cancelled", "_line", "_missed", "_optional",
        "_passed", "_selection",
    )  # fmt: skip

    def __init__(
        self,
        selection: Selection,
        effect: Effect,
        amount: Amount,
        *,
        optional: bool,
        line: Line,
        forget: Callable[[Fault], None],
    ) -> None:
        self._selection = selection
        self._effect = effect
        self._amount = amount
        self._optional = optional
        self._line = line
        self._forget = forget
        # The attempts of its operation that it doesn't match.
        self._missed = 0
        self._hits = self._passed = 0
        self._calls: list[object] = []
        self._is_cancelled = False

    @property
    def hits(self) -> int:
        """How many attempts, or replications, the fault has hit so far."""
        return self._hits

    def cancel(self) -> None:
        """Cancel the fault: it hits no more attempts, and needn't have hit any. `hits` stays."""
        self._is_cancelled = True
        self._forget(self)

    def __enter__(self) -> Self:
        """Return the fault."""
        return self

    def __exit__(self, *exception: object) -> None:
        """End the fault. If it hasn't hit any attempt in the block, that is told like for any other fault."""
        self._forget(self)

    def __repr__(self) -> str:
        return f"<fault {self._in_words()}, hits {self._hits}>"

    def _in_words(self) -> str:
        chosen = self._selection
        details = {"secret_id": chosen.secret_id, "step": chosen.step, "principal": chosen.principal}
        given = "".join(f", {name}={value!r}" for name, value in details.items() if value is not None)
        when = "" if chosen.when is None else ", when=..."
        on = "any operation" if chosen.operation == EVERY else chosen.operation
        where = "" if self._holds_replicas() else f" on {on}"
        return f"{self._effect}{where}{given}{when}"

    def _matches(self, attempt: Attempt, step: RunningStep | None) -> bool:
        if self._is_spent_for(attempt.call):
            return False
        is_match = self._selection.admits(attempt, step)
        if not is_match and self._selection.operation == attempt.request.operation:
            self._missed += 1
        return is_match

    def _admits(self, call: Call) -> bool:
        """Return whether `when` admits an attempt.

        Raises:
            BaseException: what `when` raises, with a note.
        """
        when, outer = self._selection.when, asking_test.set(True)
        try:
            admitted = when is None or bool(when(call))
        except BaseException as error:
            annotate(error, f"raised by `when` of the fault planned at {self._line.filename}:{self._line.number}")
            raise
        finally:
            asking_test.reset(outer)
        self._missed += not admitted
        return admitted

    def _claim(self, attempt: Attempt) -> bool:
        """Count an attempt that matches, and return whether the fault hits it. The caller holds the lock."""
        if self._is_cancelled or self._is_spent_for(attempt.call):
            return False
        if self._passed < self._amount.after:
            self._passed += 1
            return False
        if self._amount.calls is not None and not any(call is attempt.call for call in self._calls):
            self._calls.append(attempt.call)
        self._hits += 1
        if self._hits == self._amount.times and self._amount.calls is None:
            self._forget(self)
        return True

    def _has_ended(self) -> bool:
        """Return whether the fault hits no attempt any more. The caller doesn't hold the lock."""
        if self._amount.calls is None or len(self._calls) < self._amount.calls:
            return False
        # A call of which nothing is known makes one attempt.
        return all(getattr(call, "is_over", True) for call in self._calls)

    def _is_spent_for(self, call: object) -> bool:
        """Return whether the fault can't hit an attempt of a call any more."""
        calls, times = self._amount.calls, self._amount.times
        if calls is not None:
            return len(self._calls) >= calls and not any(one is call for one in self._calls)
        return times is not None and self._hits >= times

    def _holds_replicas(self) -> bool:
        return isinstance(self._effect, HeldReplication)

    def _hold(self) -> _HeldByFault | None:
        """Return what holds replicas in other accounts back, if the fault does."""
        effect = self._effect
        return _HeldByFault(self, effect) if isinstance(effect, HeldReplication) else None

    def _is_about(self, primary: StoredSecret, path: Path) -> bool:
        """Return whether the fault is for the replica of a primary in another account."""
        secret_id = self._selection.secret_id
        return secret_id is None or path.is_side(secret_id, primary)

    def _is_unused(self) -> bool:
        return self._hits == 0 and not self._optional and not self._is_cancelled


class _HeldByFault:
    """Holds replicas in other accounts back as a fault says; a `Hold`.

    Args:
        fault: the fault.
        effect: what it does.
    """

    __slots__ = ("_fault", "shown")

    def __init__(self, fault: Fault, effect: HeldReplication) -> None:
        self._fault = fault
        self.shown = effect.shown

    def count(self) -> None:
        """Count a replication that was held back."""
        self._fault._hits += 1
