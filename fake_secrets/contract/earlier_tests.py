"""What the earlier tests of a rotation contract have found, so that its later ones need not do it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_secrets.contract.report import ContractReport

__all__ = ["EarlierTests"]

_Arguments = Mapping[str, Any]


class EarlierTests:
    """What the tests of one class have found in this process."""

    def __init__(self) -> None:
        self._errors: dict[str, str] = {}
        self._reports: list[tuple[_Arguments, str, ContractReport]] = []

    def error(self, error: Exception, test: str) -> str | None:
        """Take note that a test fails with an error. Return the other test that has failed with it before."""
        first = self._errors.setdefault(f"{type(error).__name__}: {error}", test)
        return None if first == test else first

    def keep(self, arguments: _Arguments, family: str, report: ContractReport) -> None:
        """Keep the report of a whole family."""
        self._reports.append((arguments, family, report))

    def report(self, arguments: _Arguments, family: str) -> ContractReport | None:
        """Return the report of a whole family that was checked with the same arguments, if there is one."""
        found = (report for given, name, report in self._reports if name == family and given == arguments)
        return next(found, None)
