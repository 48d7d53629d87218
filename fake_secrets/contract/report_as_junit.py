"""A report as JUnit XML, with a test case for each scenario, as Jenkins and GitLab read it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml

from fake_secrets.contract.results import Result, results_of

if TYPE_CHECKING:
    from fake_secrets.contract.report import ContractReport, Violation

__all__ = ["as_junit"]

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(report: ContractReport) -> str:
    """Return a report as JUnit XML.

    A family is a test suite. A test case fails if its scenario shows a violation that isn't allowed. Test cases
    have as output what is allowed, and the notes.
    """
    results = list(results_of(report))
    root = Xml.Element("testsuites", _counted(f"fake-secrets check {report.function}".rstrip(), results))
    for family, some in itertools.groupby(results, key=lambda one: one.family):
        _add_suite(root, report, family, list(some))
    if report.left_out and len(root):
        _add(root[0], "system-out", "\n".join(report.left_out))
    Xml.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(root, encoding="unicode")}\n'


def _counted(name: str, results: Iterable[Result]) -> dict[str, str]:
    outcomes = [one.outcome for one in results]
    counts = {"tests": len(outcomes), "failures": outcomes.count("violated"), "errors": 0}
    return {"name": name, **{key: str(count) for key, count in counts.items()}}


def _add_suite(root: Xml.Element, report: ContractReport, family: str, results: list[Result]) -> None:
    skipped = sum(one.outcome == "untried" for one in results)
    suite = Xml.SubElement(root, "testsuite", {**_counted(family, results), "skipped": str(skipped)})
    # Jenkins takes what is before the last dot for a package.
    place = f"{report.function.replace(':', '.')}.{family}".strip(".")
    for one in results:
        case = Xml.SubElement(suite, "testcase", {"classname": _xml(place), "name": _xml(one.scenario)})
        _add_outcome(case, one)


def _add_outcome(case: Xml.Element, result: Result) -> None:
    open_ones = [one for one in result.shows if one.severity == "violation" and one.allowed is None]
    if result.outcome == "untried":
        Xml.SubElement(case, "skipped", {"message": "There was no time for it."})
    if open_ones:
        failure = _add(case, "failure", "\n\n".join(_told(one, result.scenario) for one in open_ones))
        failure.set("message", _xml(" ".join(f"{one.name}: {one.sentence}" for one in open_ones)))
        failure.set("type", ", ".join(one.name for one in open_ones))
    remarks = [_told(one, result.scenario) for one in result.shows if one not in open_ones]
    if remarks:
        _add(case, "system-out", "\n\n".join(remarks))


def _told(cause: Violation, scenario: str) -> str:
    """Return what a scenario shows as text. The whole story stands with the shortest scenario."""
    if cause.scenario == scenario:
        return str(cause)
    where = f"{cause.where}: {cause.source}".rstrip(": ") if cause.where is not None else ""
    allowed = "" if cause.allowed is None else f"Allowed: {cause.allowed}"
    parts = (
        f"{cause.name}: {cause.sentence}",
        where,
        allowed,
        f"The shortest scenario of it is {cause.scenario}.",
    )
    return "\n".join(part for part in parts if part)


def _add(parent: Xml.Element, name: str, text: str) -> Xml.Element:
    element = Xml.SubElement(parent, name)
    element.text = _xml(text)
    return element


def _xml(text: str) -> str:
    """Return a text with what XML can't hold, such as control characters, written out."""
    return _NO_XML.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
