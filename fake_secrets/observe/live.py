"""What the live views of a world have in common: a copy of one is the view itself, and none can be pickled."""

from __future__ import annotations

from typing import ClassVar, NoReturn, Self

__all__ = ["LiveView"]


class LiveView:
    """The base of objects that show a world, or a part of one, as it is now.

    A world can't be copied or sent to another process, so neither can its views.
    """

    __slots__ = ("__weakref__",)

    # What to pickle instead, for the message.
    _INSTEAD: ClassVar[str]

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        msg = (
            f"a {type(self).__name__} shows a world of this process, so it can't be pickled; "
            f"pickle {self._INSTEAD} instead"
        )
        raise TypeError(msg)
