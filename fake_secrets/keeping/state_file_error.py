"""The error of a state file that can't be used."""

from __future__ import annotations

from fake_secrets.errors import FakeSecretsError

__all__ = ["StateFileError"]


class StateFileError(FakeSecretsError):
    """A state file can't be used. The file is as it was.

    Args:
        path: the file.
        why: the rest of a sentence that begins with it.
    """

    def __init__(self, path: str, why: str) -> None:
        super().__init__(path, why)

    def __str__(self) -> str:
        path, why = self.args
        return f"the state file {path!r} {why}"
