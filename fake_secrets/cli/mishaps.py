"""Tells in one sentence what has gone wrong in a check, without what may be a secret value."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from fake_secrets.cli.command_error import CommandError
from fake_secrets.cli.loading import place_of
from fake_secrets.cli.replaying import with_options

__all__ = ["told_in_one_sentence"]

# A note of somebody else may hold a secret value, too.
_OWN_NOTES = ("raised when the check asked ", "raised in the scenario ")


@contextlib.contextmanager
def told_in_one_sentence() -> Iterator[None]:
    """Tell in one sentence what goes wrong in the block, without what may be a secret value.

    Raises:
        CommandError: if an exception comes out of the block.
    """
    from fake_secrets.contract.checking import UnknownScenarioError

    try:
        yield
    except UnknownScenarioError as error:
        msg = f"--only: {_on_one_line(str(error))}"
        raise CommandError(msg) from None
    except (KeyboardInterrupt, CommandError):
        raise
    except BaseException as error:  # noqa: BLE001 -- a service double may raise anything
        raise CommandError(_description_of(error)) from None


def _description_of(error: BaseException) -> str:
    """Return what has gone wrong. The message of an error that the user's code raises may hold a secret value."""
    notes = "".join(f", {note}" for note in getattr(error, "__notes__", ()) if note.startswith(_OWN_NOTES))
    if _is_own(error):
        return f"{with_options(_on_one_line(str(error)))}{notes}"
    where = f" at {place}" if (place := place_of(error)) else ""
    return (
        f"{type(error).__name__} was raised{where}{notes}; its message isn't shown, because it may hold a secret "
        "value. check_rotation in Python shows it"
    )


def _is_own(error: BaseException) -> bool:
    """Return whether an error was raised by this package itself."""
    traceback = error.__traceback__
    file = ""
    while traceback is not None:
        file, traceback = traceback.tb_frame.f_code.co_filename, traceback.tb_next
    return file.startswith(os.path.dirname(os.path.dirname(__file__)))  # noqa: PTH120 -- as in the frame


def _on_one_line(text: str) -> str:
    return " ".join(text.replace(":\n- ", ": ").replace("\n- ", ", ").split()).rstrip(".")
