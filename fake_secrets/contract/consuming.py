"""Consumers of the secret: functions of the code under test that read it while it is rotated."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from fake_secrets import clock
from fake_secrets.contract.moments import Boundary
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.own_lines import OwnLine
from fake_secrets.contract.own_modules import functions_of
from fake_secrets.contract.turns import FIRST, SECOND, GivenUp, SeparateStates, Turns, Who
from fake_secrets.contract.values import form_of
from fake_secrets.errors import annotate
from fake_secrets.observe.entry import RunningStep
from fake_secrets.observe.leaks.searching import text_of
from fake_secrets.options import with_article
from fake_secrets.rotation.crashes import TimedOut

if TYPE_CHECKING:
    from fake_secrets.contract.double import Double

__all__ = ["Consumer", "Consuming", "Lockout", "name_of"]

__tracebackhide__ = True  # the values may be secret

Consumer = Callable[[], object]

# A call of a consumer may take so long, in seconds of its clock.
_TIMEOUT = 900
# After so many calls, a consumer that tries again without a pause lets the rotation go on at each further one.
_BUSY = 10
# So long each of these takes, in seconds, so that a loop that waits for ever ends.
_BUSY_CALL_TAKES = 1.0


@dataclass(frozen=True, slots=True)
class Lockout:
    """A call of a consumer that has got no value that works.

    Args:
        consumer: the consumer.
        where: at which boundary it began, in words.
        why: what has become of it, in words without a secret value.
        line: the consumer's line.
        calls: how many calls the rotation function had made by then.
        is_last: whether the rotation was over.
    """

    consumer: Consumer
    where: str
    why: str
    line: OwnLine | None
    calls: int
    is_last: bool


class Consumed(Protocol):
    """The part of a trial that its consumers need."""

    check: Check
    service: Double

    @property
    def calls(self) -> int:
        """How many calls the function has made."""

    def shown(self, text: str) -> str:
        """Return a text of the user's on one line, or an empty one if it holds a secret value."""


class Consuming:
    """Calls consumers at each boundary of a rotation: in turns with the function, in a thread of their own.

    A consumer runs elsewhere than the rotation function, so each of them has its own objects for itself. While a
    consumer sleeps on the virtual clock, the rotation goes on for as long as it sleeps, but at least by one call.

    Args:
        trial: the trial.
        consumers: the consumers, which are called one after the other at each boundary.

    It is a context manager: the rotation runs in its block. `lockouts` has what was found.
    """

    def __init__(self, trial: Consumed, consumers: Sequence[Consumer]) -> None:
        self._trial = trial
        self._consumers = consumers
        self.lockouts: list[Lockout] = []
        self._where = "before the rotation"
        self._rotation = ""
        self._is_rotating = True
        self._is_at_end = False
        self._is_asleep = False
        self._has_ended = False
        self._idents: dict[Who, int] = {}
        # The step under which a consumer runs, and how many calls it has made in this call of the consumer.
        self._step: RunningStep | None = None
        self._calls = 0
        self._have_worked: set[Consumer] = set()
        # A cache of `functools` keeps what a consumer has read.
        self._states = SeparateStates(functools.partial(trial.check.state.snapshot, clears_caches=False))
        self._turns = Turns(self._consume, self._states.switch_to)

    def __enter__(self) -> Self:
        """Call the consumers before the rotation."""
        self._idents[FIRST] = threading.get_ident()
        self._turns.__enter__()
        self.reach("before the rotation")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let a call that is under way end, and call the consumers after the rotation."""
        try:
            if error is None:
                self._end_rotation()
                self._is_at_end = True
                self._rotation = ""
                self.reach("after the rotation")
        finally:
            self._has_ended = True
            self._turns.__exit__(kind, error, traceback)

    def begin_second_rotation(self) -> None:
        """Let a call that is under way end, and tell of the second rotation from now on."""
        self._end_rotation()
        self._is_rotating = True
        self._rotation = "in the second rotation, "

    def _end_rotation(self) -> None:
        self._is_rotating = False
        if self._is_asleep:
            self._turns.hand_over(FIRST)

    def give_up(self) -> None:
        """Call no consumer any more."""
        self._turns.give_up()

    def reach(self, where: str) -> None:
        """Call the consumers at a boundary, unless a call that has begun earlier is still under way.

        Args:
            where: the boundary, in words.
        """
        # A function's own threads have no turn to give.
        if threading.get_ident() == self._idents[FIRST]:
            self._where = f"{self._rotation}{where}"
            self._turns.hand_over(FIRST)

    def after_call(self, boundary: Boundary) -> None:
        """Call the consumers after a call of the rotation function."""
        self.reach(f"after call {boundary.number} of {boundary.step} ({boundary.name})")

    def note_call(self, step: RunningStep) -> None:
        """Take note of a call that isn't the function's.

        Raises:
            BaseException: what ends a consumer that tries again for too long.
        """
        if step is self._step and self._is_consumer():
            self._calls += 1
            if self._calls > _BUSY:
                self._trial.check.time.advance(_BUSY_CALL_TAKES)
                self._let_rotation_go_on(self._trial.check.time.elapsed)

    def _consume(self) -> None:
        """Call the consumers, again and again. This is what the second thread does."""
        self._idents[SECOND] = threading.get_ident()
        while not self._has_ended:
            for consumer in self._consumers:
                # It ends here if nobody waits for it any more.
                self._turns.wait(SECOND)
                self._call(consumer)
            self._turns.hand_over(SECOND)

    def _call(self, consumer: Consumer) -> None:
        where, calls, is_last = self._where, self._trial.calls, self._is_at_end
        why, line = self._result_of(consumer)
        if why:
            self.lockouts.append(Lockout(consumer, where, why, line, calls, is_last))

    def _result_of(self, consumer: Consumer) -> tuple[str, OwnLine | None]:
        """Call a consumer. Return what is wrong with that, in words, and where; an empty text if nothing is."""
        check = self._trial.check
        self._step = step = RunningStep(None, clock.now() + _TIMEOUT)
        self._calls = 0
        check.time.pauses[step] = self._sleep
        try:
            with step:
                value = consumer()
        except TimedOut:
            return f"gets no value that works within {_TIMEOUT} seconds", check.line_defining(consumer)
        except (KeyboardInterrupt, GivenUp):
            raise
        except BaseException as error:  # noqa: BLE001 -- whatever the consumer raises
            text = self._trial.shown(text_of(error))
            return f"raises {type(error).__name__}" + (f": {text}" if text else ""), check.line_raising(error)
        finally:
            del check.time.pauses[step]
        if value is None or self._accepts(consumer, value):
            self._have_worked.add(consumer)
            return "", None
        return "returns a value that the service doesn't accept", check.line_defining(consumer)

    def _accepts(self, consumer: Consumer, value: Any) -> bool:
        """Return whether the service accepts what a consumer has returned, or can't tell.

        Raises:
            TypeError: if that is neither a value nor anything else that the double accepts.
        """
        form = dict(value) if isinstance(value, Mapping) else form_of(value) if isinstance(value, str) else value
        # The double reads what a consumer usually returns, so this is something else.
        is_strange = not isinstance(form, dict | str | bytes) and consumer not in self._have_worked
        try:
            is_accepted = self._trial.service.accepts(form) is not False
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            if consumer not in self._have_worked:
                if is_strange:
                    annotate(error, _strange(consumer, value))
                raise
            return False
        if is_strange and not is_accepted:
            raise TypeError(_strange(consumer, value))
        return is_accepted

    def _sleep(self, end: int) -> bool:
        """Let the rotation go on until a moment of the virtual clock, or until it is over.

        Args:
            end: the moment, in nanoseconds as the clock counts them.

        Returns:
            Whether it is the consumer itself that sleeps, and not a thread that it has started.
        """
        if not self._is_consumer():
            return False
        self._let_rotation_go_on(end)
        return True

    def _let_rotation_go_on(self, end: int) -> None:
        self._is_asleep = True
        try:
            while self._is_rotating:
                self._turns.hand_over(SECOND)
                if self._trial.check.time.elapsed >= end:
                    break
        finally:
            self._is_asleep = False

    def _is_consumer(self) -> bool:
        return threading.get_ident() == self._idents.get(SECOND)


def _strange(consumer: Consumer, value: object) -> str:
    returned = with_article(type(value).__name__)
    return (
        f"the consumer {name_of(consumer)} returned {returned}. It returns None if it has used the service "
        "itself, else the value that it would log in with: a dict, str or bytes"
    )


def name_of(consumer: Consumer) -> str:
    """Return the name of a consumer in ids."""
    name = str(getattr(next(functions_of(consumer), None), "__name__", ""))
    return name if name.isidentifier() else "consumer"
