"""The copies of botocore in this process, and our seams on each of them.

A process may have several: a module that was reloaded, or removed from `sys.modules` and imported again,
has other classes than before, and some packages vendor botocore under a name of their own. A scan finds those
that are there when a world is entered, if there are other modules than at the last scan, and a look at each known
name finds new classes. A finder hears of what is imported later.
"""

from __future__ import annotations

import importlib.abc
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from fake_secrets.hook.seams import Around, Seam
from fake_secrets.hook.standins import StandIn
from fake_secrets.locks import shared_lock

__all__ = ["Copies", "Owner"]

# A class, and its methods with functions that return our wrappers.
Owner = tuple[str, Mapping[str, Callable[[], Around]]]
_MAY_BE_VENDORED = "botocore."

_lock = shared_lock()


class Copies:
    """Seams on all copies of some classes, those of modules that are imported later too.

    Args:
        owners: the classes, each by the name of its module.
    """

    def __init__(self, owners: Mapping[str, Owner]) -> None:
        self._owners = owners
        self._ends = tuple(owners)
        # The original's name for each module that is one of its copies, and the class that the module has now.
        self._copies = {name: name for name in owners}
        self._current: dict[str, type] = {}
        self._seams: list[Seam] = []
        self._is_up = False
        # How many modules there were at the last scan.
        self._scanned = 0

    def put_up(self) -> None:
        """Wrap the methods, and those of copies that are imported from now on."""
        with _lock:
            self._is_up = True
            _finder.listen(self)
            if len(sys.modules) != self._scanned:
                names = [name for name in list(sys.modules) if name.endswith(self._ends)]
                self._copies.update((name, original) for name in names for original in self._of(name))
                self._scanned = len(sys.modules)
            for name, original in self._copies.items():
                if name in sys.modules:
                    self._look(sys.modules[name], name, original)
            for seam in self._seams:
                seam.put_up()

    def take_down(self) -> None:
        """Restore the methods. Classes that no module has any more can be collected then."""
        with _lock:
            self._is_up = False
            _finder.stop(self)
            for seam in self._seams:
                seam.take_down(forget=seam.owner not in self._current.values())
            self._seams = [seam for seam in self._seams if seam.owner is not None]

    def is_copy(self, name: str) -> bool:
        """Return whether a module of that name has one of the classes."""
        return name.endswith(self._ends) and any(True for _ in self._of(name))

    def welcome(self, module: ModuleType, name: str) -> None:
        """Wrap the methods of a module that has just been executed."""
        with _lock:
            for original in self._of(name):
                self._copies[name] = original
                known = len(self._seams)
                self._look(module, name, original)
                for seam in self._seams[known:] if self._is_up else ():
                    seam.put_up()

    def _of(self, name: str) -> Iterator[str]:
        """Yield the original of which a module of that name would be a copy."""
        for original in self._owners:
            is_vendored = original.startswith(_MAY_BE_VENDORED) and name.endswith(original)
            if name == original or (is_vendored and not name.endswith(f"aio{original}")):
                yield original

    def _look(self, module: ModuleType, name: str, original: str) -> None:
        """Make seams for the class of a module, unless it has them."""
        # Instead of a module there may be anything, such as None, or one that is executed when it is looked at.
        if type(module) is not ModuleType:
            return
        owner_name, methods = self._owners[original]
        owner = vars(module).get(owner_name)
        # While a module is being imported, its class may be missing. The finder tells us when it is done.
        if owner is None or owner is self._current.get(name) or not isinstance(owner, type):
            return
        # A class that inherits the methods is served by the one that defines them.
        if not methods.keys() <= vars(owner).keys():
            return
        if all(seam.owner is not owner for seam in self._seams):
            self._seams += [Seam(owner, method, around()) for method, around in methods.items()]
        # Last, so that an interrupt leaves no class without seams.
        self._current[name] = owner


class _Finder(importlib.abc.MetaPathFinder):
    """Tells the listeners of modules after they are executed.

    It is in `sys.meta_path` while anybody listens, and does nothing for the names that no listener knows.
    """

    def __init__(self) -> None:
        self._listeners: weakref.WeakSet[Copies] = weakref.WeakSet()

    def listen(self, listener: Copies) -> None:
        """Tell a listener of modules from now on."""
        self._listeners.add(listener)
        # First, because a finder that finds the module itself keeps it from those behind.
        if not sys.meta_path or sys.meta_path[0] is not self:
            self._leave()
            sys.meta_path.insert(0, self)

    def stop(self, listener: Copies) -> None:
        """Tell a listener nothing more."""
        self._listeners.discard(listener)
        if not self._listeners:
            self._leave()

    def _leave(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module as the other finders do, and hear of it after it is executed."""
        listeners = [listener for listener in list(self._listeners) if listener.is_copy(name)]
        if not listeners:
            return None
        spec = _found_by_others(self, name, path, target)
        if spec is not None and spec.loader is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader, listeners)
        return spec


class _Loader(StandIn, importlib.abc.Loader):
    """Loads a module as its loader does, and then tells the listeners.

    Args:
        loader: the module's loader.
        listeners: those that are told.
    """

    def __init__(self, loader: Any, listeners: Iterable[Copies]) -> None:
        super().__init__(loader)
        self._listeners = listeners

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Create the module."""
        module: ModuleType | None = self._real.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module, with its own loader in its attributes, and tell of it."""
        spec = module.__spec__
        module.__loader__ = self._real
        if spec is not None:
            spec.loader = self._real
        self._real.exec_module(module)
        for listener in self._listeners:
            listener.welcome(module, module.__name__)


def _found_by_others(
    this: _Finder, name: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    for finder in list(sys.meta_path):
        find = None if finder is this else getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = None if find is None else find(name, path, target)
        if spec is not None:
            return spec
    return None


# Global, because `sys.meta_path` is.
_finder = _Finder()
