"""A check: what all scenarios of one rotation function share."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from fake_secrets.activation import leftovers, opening, visits
from fake_secrets.contract.function_state import FunctionState
from fake_secrets.contract.hidden_source import HiddenSource
from fake_secrets.contract.interruption import Interruption
from fake_secrets.contract.own_files import OwnFiles
from fake_secrets.contract.own_lines import OwnLine, line_defining
from fake_secrets.contract.silence import Silence
from fake_secrets.contract.subject import Subject
from fake_secrets.contract.virtual_time import VirtualTime
from fake_secrets.hook.client_pool import ClientPool
from fake_secrets.observe.leaks.found import Place

__all__ = ["Check"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Check:
    """One check of a rotation function. It is a context manager for its length.

    Args:
        subject: what is checked.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        spared = [subject.service] if isinstance(subject.service, type) else []
        self.state = FunctionState(subject.handler, *subject.consumers, spared=spared)
        self.time = VirtualTime(self.state.modules)
        self._lines = OwnFiles(self.state, (subject.handler, *subject.consumers), subject.service)
        self._hidden = HiddenSource(subject)
        self.interruption = Interruption()
        self._silence = Silence()
        self._stack = contextlib.ExitStack()
        # The places of the value that change in a rotation; None until that is known, or if all of it changes.
        self.changing_places: frozenset[str] | None = None
        # The ids of the scenarios that are run; None for all, or for all of a family.
        self.wanted: frozenset[str] | None = None
        # What couldn't be tried, in sentences, by step.
        self.left_out: dict[str, str] = {}
        # What the role lacks, by action and secret, so that it is told once.
        self.lacking: set[tuple[str, str | None]] = set()
        # Where overlapping deliveries were found to wait for each other.
        self.standstills: set[object] = set()
        # Whether passwords are such as hardly anything minds, because an undisturbed rotation fails otherwise.
        self.has_mild_passwords = False

    def __enter__(self) -> Self:
        """Begin the check."""
        try:
            with contextlib.ExitStack() as stack:
                # Twice each, because an interrupt may keep one of the two from putting back what was kept. A test
                # that checks a function doesn't report hundreds of worlds.
                for _ in range(2):
                    stack.enter_context(visits.kept())
                kept = leftovers.active()
                for _ in range(2):
                    stack.push(functools.partial(_settle, kept))
                # The time comes before the state, because freezegun replaces names in the function's modules.
                parts: tuple[contextlib.AbstractContextManager[object], ...] = (
                    self._silence,
                    self.interruption,
                    self.time,
                    self.state,
                    ClientPool(),
                )
                for part in parts:
                    # Before it is entered, since an interrupt may come right afterwards.
                    for _ in range(2):
                        stack.push(part)
                    part.__enter__()
                self._stack = stack.pop_all()
            return self  # noqa: TRY300 -- an interrupt may come before it
        except BaseException:
            self._stack.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the check, and put back what it has changed."""
        self._stack.__exit__(kind, error, traceback)

    def put_back_again(self) -> contextlib.AbstractContextManager[object]:
        """Return a context manager that ends the check, which then has nothing more to put back."""
        return self._stack

    def begin_trial(self) -> None:
        """Put the function's own state back to that before the first scenario."""
        self.state.restore()

    def quiet(self, saw: Callable[[Place, str], object]) -> contextlib.AbstractContextManager[object]:
        """Return a context manager in which the output of the function is kept, and not shown.

        Args:
            saw: called with the place and each text that is printed or logged, from the frame of whoever does so.
        """
        return self._silence.keeping(saw)

    def show_output(self) -> None:
        """Show what the function prints and logs from now on."""
        self._silence.is_loud = True

    @staticmethod
    def watching_clients(around: Callable[..., object]) -> contextlib.AbstractContextManager[None]:
        """Return a context manager in which calls of other AWS clients are taken up."""
        from fake_secrets.hook import foreign  # noqa: PLC0415 -- imports botocore

        return foreign.watching(around)

    def line_of(self, frame: FrameType) -> OwnLine | None:
        """Return the line of the function that leads to a frame."""
        return self._hidden.without(self._lines.of_frame(frame))

    def line_raising(self, error: BaseException) -> OwnLine | None:
        """Return the line of the function that has raised an exception."""
        return self._hidden.without(self._lines.of_error(error))

    def line_defining(self, function: Callable[..., object]) -> OwnLine | None:
        """Return the line where a function is defined."""
        return self._hidden.without(line_defining(function))

    def line_calling(self, line: OwnLine) -> OwnLine | None:
        """Return the line that has led to a line of the function, if several lines do; None otherwise."""
        return self._hidden.without(self._lines.calling(line))

    def line_at(self, where: str) -> OwnLine | None:
        """Return a line of the function by ``file:line``."""
        return self._hidden.without(self._lines.at(where))

    def is_own_file(self, file: str) -> bool:
        """Return whether a file belongs to the function."""
        return self._lines.is_own(file)


def _settle(kept: list[Any], kind: type[BaseException] | None, *_: object) -> None:
    """Put back what an interrupt has kept a world of the check from putting back when it was left."""
    if kind is not None and not issubclass(kind, Exception):
        opening.settle(kept)
