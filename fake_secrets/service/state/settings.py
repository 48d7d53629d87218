"""Settings that a test can change: whole numbers with a minimum."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

__all__ = ["Settings"]

__tracebackhide__ = True  # the traceback of a misuse ends at the test


class Settings:
    """The base class of slotted dataclasses whose members are whole numbers.

    Raises:
        AttributeError: if there is no setting with that name.
        ValueError: if the new value isn't a whole number, or is below the setting's minimum.
    """

    __slots__ = ()

    # What messages call a setting, and the minimums that aren't 1.
    _KIND: ClassVar[str]
    _LEAST: ClassVar[dict[str, int]] = {}

    # Hidden from type checkers, which would accept every name if they saw it.
    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: int) -> None:
            """Set a setting."""
            if name not in self.__slots__:
                names = "".join(f"\n- {known}" for known in self.__slots__)
                msg = f"there is no {self._KIND} {name!r}. Choose one of:{names}"
                raise AttributeError(msg)
            least = self._LEAST.get(name, 1)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                msg = f"the {self._KIND} {name!r} must be a whole number of at least {least}, not {value!r}"
                raise ValueError(msg)
            object.__setattr__(self, name, value)
