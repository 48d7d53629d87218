"""The lifetime of the hooks: they stay up while a world, a call or a rotation holds them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from fake_secrets.locks import shared_lock

__all__ = ["ANY_THREAD", "Hook", "forget_other_holders", "held", "hold", "install", "release", "settle"]


class Hook(Protocol):
    """Something that is put up for its first holder and taken down after its last."""

    def put_up(self) -> None:
        """Take effect."""

    def take_down(self) -> None:
        """Restore everything."""


_hooks: Sequence[Hook] = ()
_are_up = False
# Everyone who holds the hooks, each with its thread. Unlike a count, this can't be half changed by an interrupt,
# and a holder that is gone can be told from the others.
_holders: dict[object, int] = {}
_lock = shared_lock()

ANY_THREAD = 0


def install(hooks: Sequence[Hook]) -> None:
    """Set the hooks, in the order in which they are put up. This is done once, on import."""
    global _hooks  # noqa: PLW0603 -- botocore is global, so its hooks are
    _hooks = hooks


class held:  # noqa: N801 -- it is called like a function
    """Hold the hooks for the length of a `with` block."""

    # Not a generator: an interrupt inside contextlib would skip its end.
    def __enter__(self) -> None:
        hold(self)

    def __exit__(self, *exception: object) -> None:
        release(self)


def hold(holder: object, thread: int | None = None) -> None:
    """Hold the hooks: keep them up until `release` is called with the same holder.

    The first holder puts them up. If that raises an exception, all of them are taken down again.

    Args:
        holder: anything hashable that is equal to no other holder.
        thread: the thread that holds them, by default this one. ANY_THREAD is for a call that may be suspended,
            so that nobody can tell whether it is over.
    """
    # Every call holds the hooks, so it takes no lock. Whoever takes them down says so first, and looks for holders
    # then; a new holder says so first, and looks whether they are up then. One of the two sees the other.
    _holders[holder] = threading.get_ident() if thread is None else thread
    if not _are_up:
        _put_up(holder)


def _put_up(holder: object) -> None:
    global _are_up  # noqa: PLW0603 -- as above
    with _lock:
        try:
            if not _are_up:
                for hook in _hooks:
                    hook.put_up()
                _are_up = True
        except BaseException:
            release(holder)
            raise


def release(holder: object) -> None:
    """Release the hooks. The last holder takes them down. A holder that has released them may do it again."""
    try:
        if _holders.pop(holder, None) is not None and not _holders:
            _take_down_unless_held()
    except BaseException:
        # An interrupt: complete what it has kept from being done. What has begun to be taken down goes on.
        _holders.pop(holder, None)
        if _are_up and not _holders:
            _take_down_unless_held()
        raise


def _take_down_unless_held() -> None:
    global _are_up  # noqa: PLW0603 -- as above
    with _lock:
        were_up, _are_up = _are_up, False
        if _holders:
            _are_up = were_up
        else:
            # Perhaps an exception has kept some of them from being put up.
            _take_down()


def forget_other_holders(lasting: Collection[object]) -> None:
    """Forget the holders in other threads. After a fork, those threads don't exist.

    Args:
        lasting: holders that stay, whichever thread they belong to.
    """
    here = threading.get_ident()
    _keep(lambda holder, thread: holder in lasting or thread in {here, ANY_THREAD})


def settle(kept: Collection[object], living: Collection[int]) -> None:
    """Forget the holders that an interrupted thread has left, and take the hooks down if nobody holds them.

    Args:
        kept: holders that stay.
        living: the other threads that are still alive. What they hold stays, too.
    """
    _keep(lambda holder, thread: holder in kept or thread in {*living, ANY_THREAD})


def _keep(stays: Callable[[object, int], bool]) -> None:
    with _lock:
        for holder, thread in list(_holders.items()):
            if not stays(holder, thread):
                _holders.pop(holder, None)
        if not _holders:
            _take_down()


def _take_down() -> None:
    global _are_up  # noqa: PLW0603 -- as above
    _are_up = False
    _take_down_last(len(_hooks))


def _take_down_last(count: int) -> None:
    """Take the last of the first few hooks down, and then those before it, whatever it raises."""
    # Not by an ExitStack, which takes longer than the hooks do.
    if count:
        try:
            _hooks[count - 1].take_down()
        finally:
            _take_down_last(count - 1)
