"""A report as JSON. `docs/reference/contract-report.schema.json` describes it."""

from __future__ import annotations

from typing import Any

from fake_secrets.contract.outcomes import Outcome, Reported, outcomes_of
from fake_secrets.contract.picture_parts import Column, Picture, Row, Run
from fake_secrets.contract.violation import Violation

__all__ = ["FORMAT", "VERSION", "as_dict"]

FORMAT = "fake-secrets contract report"
# It rises when a member changes or goes. A new member doesn't raise it.
VERSION = 1


def as_dict(report: Reported) -> dict[str, Any]:
    """Return a report as a dict that `json.dumps` takes."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "function": report.function,
        "passed": report.passed,
        "summary": report.summary(),
        "violations": [_deviation(one) for one in report.violations],
        "notes": [_deviation(one) for one in report.notes],
        "scenarios": [_scenario(one) for one in outcomes_of(report)],
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
    return {
        "name": one.name,
        "severity": one.severity,
        "allowed": one.allowed,
        "sentence": one.sentence,
        "detail": one.detail,
        "scenario": one.scenario,
        "title": one.title,
        "other_scenarios": list(one.others),
        "consequences": list(one.consequences),
        **_line(one.where, one.source),
        "caller": None if one.caller is None else _line(one.caller, one.caller_source),
        "timeline": list(one.timeline),
        "picture": None if one.picture is None else _picture(one.picture),
        "cause": one.cause,
        "mend": one.mend,
        "replay": one.replay,
    }


def _line(where: str | None, source: str) -> dict[str, Any]:
    file, _, line = (where or "").rpartition(":")
    return {"file": file or None, "line": int(line) if line else None, "source": source or None}


def _picture(picture: Picture) -> dict[str, Any]:
    return {
        "deliveries": [_run(one) for one in picture.runs],
        "labels": [_row(one) for one in picture.labels],
        "versions": [_row(one) for one in picture.versions],
        "accepted": [_row(one) for one in picture.accepts],
        "left_out": picture.left_out,
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "step": run.step,
        "delivery": run.delivery,
        "attempt": run.attempt,
        "why": run.why,
        "continued": run.is_continued,
        "calls": [_call(one) for one in run.columns],
        "end": run.end,
    }


def _call(column: Column) -> dict[str, Any]:
    return {
        "number": column.number,
        "name": column.name,
        "place": column.place,
        "outcome": column.outcome,
        "mark": column.mark,
        "about": list(column.about),
        **_line(column.where, column.source),
    }


def _row(row: Row) -> dict[str, Any]:
    return {"name": row.name, "start": row.start, "cells": list(row.cells)}


def _scenario(one: Outcome) -> dict[str, Any]:
    return {"id": one.scenario, "family": one.family, "result": one.result, "shows": [by.name for by in one.shows]}
