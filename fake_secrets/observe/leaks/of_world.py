"""The leaks of one world, as the handle gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType

from fake_secrets.observe.leaks import watching
from fake_secrets.observe.leaks.found import Found, Leak
from fake_secrets.observe.leaks.gate import _lock
from fake_secrets.observe.leaks.index import Index
from fake_secrets.observe.ledger import Ledger
from fake_secrets.observe.reminders import Reminder
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.seeds import Seed

__all__ = ["SHORTEST", "Leaks", "Watching"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Shorter texts turn up by chance.
SHORTEST = 8


class Leaks(Found):
    """Every leak that was found in a world while somebody watched, in order. Without watching, none is found.

    A `watching` block watches, and so does all of a test if the ini option ``fake_secrets_leaks`` says so. A leak
    that repeats itself at the same line is there once, and the first thousand are kept. `reset` leaves them there.
    """

    __slots__ = ("_blocks", "_everything", "_index", "_ledger", "_passwords", "_seeds")

    def __init__(
        self,
        ledger: Callable[[], Ledger],
        passwords: Callable[[], Iterable[str]],
        everything: Callable[[], list[StoredSecret]],
        seeds: Sequence[Seed],
    ) -> None:
        super().__init__()
        self._ledger = ledger
        self._passwords = passwords
        self._everything = everything
        self._seeds = seeds
        self._index: Index | None = None
        self._blocks: tuple[_Block, ...] = ()

    def watching(self, shortest: int = SHORTEST) -> Watching:
        """Watch for leaks inside a `with` block: in its own code, in other threads, and in rotation functions.

        Args:
            shortest: the length of the shortest texts that count as secret. Short ones turn up by chance.

        Returns:
            A context manager that gives the leaks of the block, a sequence that grows. If it is entered again
            inside of its own block, it gives the same sequence and watches until the outer block ends. If it is
            entered again after that, it gives a new sequence. If it is dropped without being entered, a
            `FakeSecretsWarning` tells so.

        Raises:
            ValueError: if `shortest` isn't a whole number above 0.
        """
        if isinstance(shortest, bool) or not isinstance(shortest, int) or shortest < 1:
            msg = f"shortest={shortest!r} isn't a whole number above 0"
            raise ValueError(msg)
        return Watching(self, shortest)

    def _current_index(self) -> Index:
        """Return the index of the world's values, as they are now."""
        shortest = min(SHORTEST, *[block.shortest for block in self._blocks] or [SHORTEST])
        index = self._index
        if index is None or index.shortest > shortest:
            index = Index(shortest, self._ledger, self._passwords, self._everything, self._seeds)
            self._index = index
        index.catch_up()
        return index

    def _keep(self, leak: Leak, length: int, *, is_of_test: bool) -> bool:
        """Keep a leak, if anybody wants it.

        Args:
            leak: the leak.
            length: the length of the secret text.
            is_of_test: whether the whole test is watched, and not only a block.

        Returns:
            Whether the test should be told of it, because no block has it.
        """
        blocks = [block for block in self._blocks if block.shortest <= length]
        is_of_test = is_of_test and length >= SHORTEST
        if blocks or is_of_test:
            self._add(leak)
        for block in blocks:
            block.found._add(leak)
        return is_of_test and not blocks

    def _before_reset(self) -> None:
        """Learn the values that a reset of the world is going to forget."""
        if self._index is not None:
            self._index.catch_up()


@dataclass(eq=False, frozen=True, slots=True)
class _Block:
    """One `with` block that watches.

    Args:
        leaks: the leaks of the world.
        shortest: the length of the shortest texts that count as secret.
        found: gets the leaks.
    """

    leaks: Leaks
    shortest: int
    found: Found

    def worlds(self) -> Iterable[Leaks]:
        """Return the world that is watched."""
        return (self.leaks,)


class Watching:
    """Watches for leaks in a world, inside of `with` blocks.

    Blocks of the same object within each other share the sequence of the outer one.

    Args:
        leaks: the leaks of the world.
        shortest: the length of the shortest texts that count as secret.
    """

    def __init__(self, leaks: Leaks, shortest: int) -> None:
        self._leaks = leaks
        self._shortest = shortest
        self._entered: tuple[_Block, ...] = ()
        self._reminder = Reminder(
            "leaks.watching was never entered, so it has watched nothing. Use it in a `with` statement: "
            "`with fake_secrets.leaks.watching() as found:`"
        )

    def __enter__(self) -> Found:
        """Begin to watch, and return the sequence that gets the leaks."""
        block: _Block | None = None
        self._reminder.cancel()
        try:
            with _lock:
                found = self._entered[0].found if self._entered else Found()
                block = _Block(self._leaks, self._shortest, found)
                self._entered = (*self._entered, block)
                self._leaks._blocks = (*self._leaks._blocks, block)
            watching.begin(block)
            return found  # noqa: TRY300 -- an interrupt may come up to the last line
        except BaseException:
            if block is not None:
                self._end(block)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Look at the exception that ends the block, if there is one, and end what the latest entering began."""
        try:
            if error is not None:
                watching.saw_error(error)
        finally:
            self._end()

    def _end(self, block: _Block | None = None) -> None:
        """End a block, by default the latest."""
        with _lock:
            ended = self._entered[-1:] if block is None else (block,)
            self._entered = tuple(other for other in self._entered if other not in ended)
            self._leaks._blocks = tuple(other for other in self._leaks._blocks if other not in ended)
        for one in ended:
            watching.end(one)
