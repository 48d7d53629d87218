"""The base of `Quotas` and `Retries`: settings that a test may change, each a whole number."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

__all__ = ["Settings"]

__tracebackhide__ = True  # a traceback should end at the test's own line


class Settings:
    """The base of slotted dataclasses whose members are whole numbers.

    Raises:
        AttributeError: if there is no setting with that name.
        ValueError: if a setting is set to anything but a whole number of at least its minimum.
    """

    __slots__ = ()

    # The noun for one setting, and the minimums that aren't 1.
    _KIND: ClassVar[str]
    _LEAST: ClassVar[dict[str, int]] = {}

    # Hidden from type checkers, which would accept every name if they saw a __setattr__.
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
