"""Lines of a rotation function that others share: one that makes the calls of many tells little by itself."""

from __future__ import annotations

from fake_secrets.contract.own_lines import OwnLine

__all__ = ["SharedLines"]

_Place = tuple[str, int]


class SharedLines:
    """Knows which lines of a rotation function lead to which other lines of it."""

    def __init__(self) -> None:
        self._callers: dict[_Place, set[_Place]] = {}

    def noted(self, line: OwnLine | None) -> OwnLine | None:
        """Take note of the lines that have led to a line. Return the line."""
        if line is not None:
            inner: _Place = line.file, line.number
            for outer in line.callers:
                self._callers.setdefault(inner, set()).add(outer)
                inner = outer
        return line

    def caller_of(self, line: OwnLine) -> _Place | None:
        """Return the nearest line that has led to a line and isn't shared itself.

        Returns:
            Its file, as the code objects name it, and its number. None if only one line has ever led to the line.
        """
        found: _Place | None = None
        place: _Place = line.file, line.number
        for outer in line.callers:
            if len(self._callers.get(place, ())) < 2:  # noqa: PLR2004 -- shared by two or more
                break
            found = place = outer
        return found
