"""The lines that tell where a call comes from, if the line that makes it makes the calls of many others, too."""

from __future__ import annotations

import itertools
from collections.abc import Collection

from fake_secrets.contract.own_lines import OwnLine

__all__ = ["SharedLines"]

_Place = tuple[str, int]


class SharedLines:
    """Knows which lines of a rotation function lead to which other lines of it.

    Args:
        homes: the files of the function itself, as the code objects name them. Its other modules may be clients of
            a service, whose lines say little of what the function does.
    """

    def __init__(self, homes: Collection[str] = ()) -> None:
        self._homes = homes
        self._callers: dict[_Place, set[_Place]] = {}
        self._called: dict[_Place, set[_Place]] = {}

    def noted(self, line: OwnLine | None) -> OwnLine | None:
        """Take note of the lines that have led to a line. Return the line."""
        if line is not None:
            for inner, outer in itertools.pairwise(line.places):
                self._callers.setdefault(inner, set()).add(outer)
                self._called.setdefault(outer, set()).add(inner)
        return line

    def caller_of(self, line: OwnLine) -> _Place | None:
        """Return the line that tells best where a line was called from.

        Returns:
            The file, as the code objects name it, and the number of the nearest line that has led there and isn't
            shared by several others; instead of one outside of the function's own file, the one in that file that
            has led there and nowhere else. None if the line itself says enough.
        """
        places = iter(line.places)
        own = best = next(places, None)
        while best is not None and len(self._callers.get(best, ())) > 1:
            best = next(places)
        if best is not None and best[0] not in self._homes:
            best = next((one for one in places if one[0] in self._homes and len(self._called[one]) == 1), best)
        return None if best == own else best
