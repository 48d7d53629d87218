"""A report as JSON. `docs/reference/contract-report.schema.json` describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_secrets.contract.results import Result, results_of

if TYPE_CHECKING:
    from fake_secrets.contract.report import ContractReport, Violation

__all__ = ["FORMAT", "VERSION", "as_dict"]

FORMAT = "fake-secrets contract report"
# It rises when a member changes or goes. A new member doesn't raise it.
VERSION = 1


def as_dict(report: ContractReport) -> dict[str, Any]:
    """Return a report as a dict that `json.dumps` takes."""
    results = list(results_of(report))
    return {
        "format": FORMAT,
        "version": VERSION,
        "function": report.function,
        "passed": report.passed,
        "summary": report.summary(),
        "violations": [_deviation(one) for one in report.violations],
        "notes": [_deviation(one) for one in report.notes],
        "scenarios": [_result(one) for one in results],
        "counts": {
            "scenarios": len(report.scenarios),
            "untried": len(report.untried),
            "violations": sum(one.allowed is None for one in report.violations),
            "allowed": sum(one.allowed is not None for one in (*report.violations, *report.notes)),
            "notes": sum(one.allowed is None for one in report.notes),
        },
        "obstacle": report.obstacle,
        "left_out": list(report.left_out),
        "unused_allowances": list(report.unused_allowances),
    }


def _deviation(one: Violation) -> dict[str, Any]:
    file, _, line = (one.where or "").rpartition(":")
    return {
        "name": one.name,
        "severity": one.severity,
        "allowed": one.allowed,
        "sentence": one.sentence,
        "detail": one.detail,
        "scenario": one.scenario,
        "title": one.title,
        "other_scenarios": list(one.others),
        "file": file or None,
        "line": int(line) if line else None,
        "source": one.source or None,
        "timeline": list(one.timeline),
        "cause": one.cause,
        "mend": one.mend,
        "replay": one.replay,
    }


def _result(one: Result) -> dict[str, Any]:
    return {
        "id": one.scenario,
        "family": one.family,
        "result": one.outcome,
        "shows": [by.name for by in one.shows],
    }
