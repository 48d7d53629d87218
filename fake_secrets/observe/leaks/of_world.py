"""The leaks of one world, as the handle gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import TracebackType

from fake_secrets.observe.leaks import watching
from fake_secrets.observe.leaks.found import Found, Leak
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
        self._blocks: tuple[Watching, ...] = ()

    def watching(self, shortest: int = SHORTEST) -> Watching:
        """Watch for leaks inside a `with` block: in its own code, in other threads, and in rotation functions.

        Args:
            shortest: the length of the shortest texts that count as secret. Short ones turn up by chance.

        Returns:
            A context manager that gives the leaks of the block, a sequence that grows. If it is dropped without
            being entered, a `FakeSecretsWarning` tells so.

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


class Watching:
    """A block of a test that watches for leaks in a world.

    Args:
        leaks: the leaks of the world.
        shortest: the length of the shortest texts that count as secret.
    """

    def __init__(self, leaks: Leaks, shortest: int) -> None:
        self.shortest = shortest
        self.found = Found()
        self._leaks = leaks
        self._reminder = Reminder(
            "leaks.watching was never entered, so it has watched nothing. Use it in a `with` statement: "
            "`with fake_secrets.leaks.watching() as found:`"
        )

    def __enter__(self) -> Found:
        """Begin to watch, and return the sequence that gets the leaks."""
        self._reminder.cancel()
        try:
            self._leaks._blocks = (*self._leaks._blocks, self)
            watching.begin(self)
            return self.found  # noqa: TRY300 -- an interrupt may come up to the last line
        except BaseException:
            self._end()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Look at the exception that ends the block, if there is one, and watch no longer."""
        try:
            if error is not None:
                watching.saw_error(error)
        finally:
            self._end()

    def worlds(self) -> Iterable[Leaks]:
        """Return the world that is watched."""
        return (self._leaks,)

    def _end(self) -> None:
        self._leaks._blocks = tuple(block for block in self._leaks._blocks if block is not self)
        watching.end(self)
