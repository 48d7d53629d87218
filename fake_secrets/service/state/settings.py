"""Settings of the service that a test may change: whole numbers with a least value."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

__all__ = ["Settings"]

__tracebackhide__ = True  # a misuse is told where it is


class Settings:
    """The base of dataclasses, with slots, whose members are whole numbers.

    Raises:
        AttributeError: there is no setting of that name.
        ValueError: a setting is set to what isn't a whole number from its least value on.
    """

    __slots__ = ()

    # What one setting is called, and the least values that aren't one.
    _KIND: ClassVar[str]
    _LEAST: ClassVar[dict[str, int]] = {}

    # To type checkers, one of its own would let every name pass.
    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: int) -> None:
            """Set a setting."""
            if name not in self.__slots__:
                msg = f"there is no {self._KIND} {name!r}; there are {', '.join(self.__slots__)}"
                raise AttributeError(msg)
            least = self._LEAST.get(name, 1)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                msg = f"the {self._KIND} {name!r} is a whole number from {least}, not {value!r}"
                raise ValueError(msg)
            object.__setattr__(self, name, value)
