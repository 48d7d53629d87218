"""Deviations: what a scenario has shown to be wrong."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from fake_secrets.contract.catalogue import CATALOGUE, Advice, Kind
from fake_secrets.contract.own_lines import OwnLine

__all__ = ["Deviation", "Deviations"]


@dataclass(frozen=True, slots=True)
class Deviation:
    """One deviation in one scenario.

    Args:
        name: its name in the catalogue.
        detail: what has happened, in one sentence without a secret value.
        line: the line of the function where the fatal call was made, if it is known.
        cause: what tells it from deviations of the same name that have another cause.
        calls: how many calls the function had made by then.
        advice: what to say of its cause, if more is known than the usual one.
    """

    name: str
    detail: str
    line: OwnLine | None = None
    cause: str = ""
    calls: int = 0
    advice: Advice | None = None

    @property
    def kind(self) -> Kind:
        """What the catalogue says of it."""
        return CATALOGUE[self.name]

    @property
    def is_violation(self) -> bool:
        """Whether it is a violation, and not a note."""
        return self.kind.severity == "violation"


# Nothing follows from a value that is shown.
_WITHOUT_CONSEQUENCES = frozenset({"leaked-value"})


class Deviations:
    """The deviations of one scenario. What follows from its first violation isn't kept.

    Args:
        allow: the names of violations that are expected. What comes after one of them is kept.

    While `is_closed` is true, only independent ones are kept: what a function does with a wrong value, for
    example, isn't judged by the invariants of a right one.
    """

    def __init__(self, allow: Container[str] = ()) -> None:
        self._allow = allow
        self.all: list[Deviation] = []
        self.is_closed = False

    @property
    def has_violation(self) -> bool:
        """Whether the scenario has shown a violation from which others may follow."""
        return any(
            one.is_violation and one.name not in _WITHOUT_CONSEQUENCES and one.name not in self._allow
            for one in self.all
        )

    def add(self, deviation: Deviation, *, is_independent: bool = False) -> None:
        """Keep a deviation.

        Args:
            deviation: the deviation.
            is_independent: whether it can't be a consequence of an earlier one.
        """
        is_known = any((one.name, one.cause) == (deviation.name, deviation.cause) for one in self.all)
        if not is_known and (is_independent or not (self.is_closed or self.has_violation)):
            self.all.append(deviation)
