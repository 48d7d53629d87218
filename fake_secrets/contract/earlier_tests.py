"""What the earlier tests of a rotation contract have told, so that its later ones need not tell it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fake_secrets.contract.report import ContractReport

__all__ = ["EarlierTests"]

_Arguments = Mapping[str, Any]


@dataclass(slots=True)
class _OfArguments:
    """What tests with the same arguments have told: which test a cause first, and the reports of families."""

    arguments: _Arguments = field(repr=False)
    causes: dict[tuple[str, str], str] = field(default_factory=dict)
    reports: dict[str, ContractReport] = field(default_factory=dict)


class EarlierTests:
    """What the tests of one class have told in this process. A test that runs again tells all of it again."""

    def __init__(self) -> None:
        self._errors: dict[str, str] = {}
        self._told: list[_OfArguments] = []

    def causes(self, arguments: _Arguments, report: ContractReport, test: str) -> dict[tuple[str, str], str]:
        """Take note that a test tells the violations of its report.

        Args:
            arguments: what was checked.
            report: the report.
            test: the test.

        Returns:
            The other tests that have told some of the causes before, by the causes.
        """
        known = self._of(arguments).causes
        first = {one._identity: known.setdefault(one._identity, test) for one in report.violations}
        return {cause: other for cause, other in first.items() if other != test}

    def error(self, error: Exception, test: str) -> str | None:
        """Take note that a test fails with an error. Return the other test that has failed with it before."""
        first = self._errors.setdefault(f"{type(error).__name__}: {error}", test)
        return None if first == test else first

    def keep(self, arguments: _Arguments, family: str, report: ContractReport) -> None:
        """Keep the report of a whole family."""
        self._of(arguments).reports[family] = report

    def report(self, arguments: _Arguments, family: str) -> ContractReport | None:
        """Return the report of a whole family that was checked with the same arguments, if there is one."""
        return self._of(arguments).reports.get(family)

    def _of(self, arguments: _Arguments) -> _OfArguments:
        for one in self._told:
            if one.arguments == arguments:
                return one
        self._told.append(_OfArguments(arguments))
        return self._told[-1]
