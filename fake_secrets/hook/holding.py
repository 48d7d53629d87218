"""The lifetime of the hooks: they stay up while a world, a call or a rotation holds them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import Protocol

__all__ = ["Hook", "forget_other_holders", "held", "hold", "install", "release"]


class Hook(Protocol):
    """Something that is put up for its first holder and taken down after its last."""

    def put_up(self) -> None:
        """Take effect."""

    def take_down(self) -> None:
        """Restore everything."""


_hooks: Sequence[Hook] = ()
_holders = 0
_lock = threading.RLock()


def install(hooks: Sequence[Hook]) -> None:
    """Set the hooks, in the order in which they are put up. This is done once, on import."""
    global _hooks  # noqa: PLW0603 -- botocore is global, so its hooks are
    _hooks = hooks


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Hold the hooks for the length of a `with` block."""
    hold()
    try:
        yield
    finally:
        release()


def hold() -> None:
    """Hold the hooks: keep them up until `release` is called.

    The first holder puts them up. If that raises an exception, all of them are taken down again.
    """
    global _holders  # noqa: PLW0603 -- counts the holders in the whole process
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
    """Release the hooks. The last holder takes them down."""
    global _holders  # noqa: PLW0603 -- as above
    with _lock:
        _holders -= 1
        if _holders == 0:
            _take_down()


def forget_other_holders(holders: int) -> None:
    """Forget the holders in other threads. After a fork, those threads don't exist.

    Args:
        holders: how many holders are left.
    """
    global _holders  # noqa: PLW0603 -- as above
    with _lock:
        if holders < _holders:
            _holders = holders
            if holders == 0:
                _take_down()


def _take_down() -> None:
    for hook in _hooks:
        hook.take_down()
