"""The errors that a server meets in its threads while a block runs: the test gets them, not the client."""

from __future__ import annotations

from fake_secrets.errors import FakeSecretsError, annotate

__all__ = ["KeptErrors"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# A client that is refused may ask again and again.
_KEPT = 10


class KeptErrors:
    """The first errors of a block, which are raised when it is left.

    Args:
        where: where they are met, for the notes that tell of them.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._errors: list[BaseException] = []

    def keep(self, error: BaseException) -> None:
        """Keep an error, unless it is kept already or there are too many."""
        if error not in self._errors and len(self._errors) < _KEPT:
            self._errors.append(error)

    def forget(self) -> None:
        """Forget all errors."""
        self._errors = []

    def come_out(self, own: BaseException | None) -> None:
        """Raise the first error with notes of the others, and forget them all.

        Args:
            own: what the block has raised itself. Then that gets notes of all, and nothing is raised.

        Raises:
            BaseException: the first error.
        """
        errors, self._errors = self._errors, []
        if own is not None:
            for error in errors:
                annotate(own, f"Before that, in the {self._where}: {_in_words(error)}")
        elif errors:
            for error in errors[1:]:
                annotate(errors[0], f"After that, in the {self._where}: {_in_words(error)}")
            raise errors[0]


def _in_words(error: BaseException) -> str:
    # The text of a user's exception may hold a secret value.
    return f"{type(error).__name__}: {error}" if isinstance(error, FakeSecretsError) else type(error).__name__
