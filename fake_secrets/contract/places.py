"""Where functions are replaced during a check, and restored afterwards."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from fake_secrets.contract.own_code import functions_of

__all__ = ["Place", "forget_imports", "imports_of"]


@dataclass(frozen=True, slots=True)
class Place:
    """An attribute that is replaced during a check.

    Args:
        owner: the module, class or function that has it.
        name: its name.
        found: its value before.
        ours: its value during the check.
    """

    owner: Any
    name: str
    found: Any
    ours: Any

    def put_up(self) -> None:
        """Replace it, unless it is replaced already."""
        if getattr(self.owner, self.name, None) is not self.ours:
            setattr(self.owner, self.name, self.ours)

    def take_down(self) -> None:
        """Restore it, unless somebody else has replaced it since."""
        if getattr(self.owner, self.name, None) is self.ours:
            setattr(self.owner, self.name, self.found)


def imports_of(module: ModuleType, known: Mapping[int, Any]) -> Iterator[tuple[Any, str, Any]]:
    """Yield where a module refers to known functions: owner, attribute, and what to put there.

    Args:
        module: the module.
        known: what to put in place of each function, by the function's id.
    """
    for name, value in list(vars(module).items()):
        if id(value) in known:
            yield module, name, known[id(value)]
    for function in functions_of(module):
        defaults, named = function.__defaults__ or (), function.__kwdefaults__ or {}
        if any(id(value) in known for value in defaults):
            yield function, "__defaults__", tuple(known.get(id(value), value) for value in defaults)
        if any(id(value) in known for value in named.values()):
            yield function, "__kwdefaults__", {name: known.get(id(value), value) for name, value in named.items()}


def forget_imports(earlier: Collection[str], found: Mapping[str, Any], ours: Mapping[str, Any]) -> None:
    """Put back what modules have imported by name that were imported themselves during the check.

    Args:
        earlier: the names of the modules that were imported before.
        found: the functions as they were, by name.
        ours: what has replaced them.
    """
    known = {id(ours[name]): found[name] for name in ours}
    for name in sys.modules.keys() - earlier:
        module = sys.modules.get(name)
        if isinstance(module, ModuleType):
            for owner, attribute, value in imports_of(module, known):
                setattr(owner, attribute, value)
