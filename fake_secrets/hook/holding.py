"""How long the hooks are up: while an active world, a call in flight or a running rotation needs them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import Protocol

__all__ = ["Hook", "held", "hold", "install", "release"]


class Hook(Protocol):
    """What is put up for the first that needs it, and taken down after the last."""

    def put_up(self) -> None:
        """Take effect."""

    def take_down(self) -> None:
        """Leave everything as it was."""


_hooks: Sequence[Hook] = ()
_holders = 0
_lock = threading.RLock()


def install(hooks: Sequence[Hook]) -> None:
    """Say which hooks there are, in the order in which they are put up; once, on import."""
    global _hooks  # noqa: PLW0603 -- the hooks are botocore's, which is global
    _hooks = hooks


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Keep the hooks up for the length of a `with` block."""
    hold()
    try:
        yield
    finally:
        release()


def hold() -> None:
    """Keep the hooks up.

    The first to come puts them up; what it raises leaves none up.
    """
    global _holders  # noqa: PLW0603 -- counts the users of the hooks
    with _lock:
        if _holders == 0:
            try:
                for hook in _hooks:
                    hook.put_up()
            except BaseException:
                _take_down()
                raise
        _holders += 1


def release() -> None:
    """Hold the hooks no longer; the last to go takes them down."""
    global _holders  # noqa: PLW0603 -- as above
    with _lock:
        _holders -= 1
        if _holders == 0:
            _take_down()


def _take_down() -> None:
    for hook in _hooks:
        hook.take_down()
