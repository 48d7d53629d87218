"""A report as JUnit XML, with a test case for each scenario, as Jenkins and GitLab read it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from xml.etree import ElementTree as Xml

from fake_secrets.contract.outcomes import Outcome, Reported, outcomes_of
from fake_secrets.contract.violation import Violation

__all__ = ["as_junit"]

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(report: Reported) -> str:
    """Return a report as JUnit XML.

    A family is a test suite. A test case fails if its scenario shows a violation that isn't allowed. Test cases
    have as output what is allowed, and the notes. If nothing shows that the function keeps the contract, since it
    couldn't be disturbed or there was no scenario, a test case with an error says so.
    """
    outcomes = list(outcomes_of(report))
    root = Xml.Element("testsuites", _counted(f"fake-secrets check {report.function}".rstrip(), outcomes))
    if not report.passed and all(one.result == "passed" for one in outcomes):
        _add_error(root, report, len(outcomes))
    for family, some in itertools.groupby(outcomes, key=lambda one: one.family):
        _add_suite(root, report, family, list(some))
    if report.left_out and len(root):
        _add(root[0], "system-out", "\n".join(report.left_out))
    Xml.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(root, encoding="unicode")}\n'


def _counted(name: str, outcomes: Iterable[Outcome]) -> dict[str, str]:
    results = [one.result for one in outcomes]
    counts = {"tests": len(results), "failures": results.count("violated"), "errors": 0}
    return {"name": name, **{key: str(count) for key, count in counts.items()}}


def _add_error(root: Xml.Element, report: Reported, tests: int) -> None:
    """Add a test case that tells why nothing shows whether the function keeps the contract."""
    root.attrib |= {"tests": str(tests + 1), "errors": "1"}
    counts = {"tests": "1", "failures": "0", "errors": "1", "skipped": "0"}
    suite = Xml.SubElement(root, "testsuite", {"name": "check", **counts})
    place = _xml(f"{report.function.replace(':', '.')}.check".strip("."))
    case = Xml.SubElement(suite, "testcase", {"classname": place, "name": "whole"})
    Xml.SubElement(case, "error", {"message": report.summary()})


def _add_suite(root: Xml.Element, report: Reported, family: str, outcomes: list[Outcome]) -> None:
    skipped = sum(one.result == "untried" for one in outcomes)
    suite = Xml.SubElement(root, "testsuite", {**_counted(family, outcomes), "skipped": str(skipped)})
    # Jenkins takes what is before the last dot for a package.
    place = f"{report.function.replace(':', '.')}.{family}".strip(".")
    for one in outcomes:
        case = Xml.SubElement(suite, "testcase", {"classname": _xml(place), "name": _xml(one.scenario)})
        _add_result(case, one)


def _add_result(case: Xml.Element, outcome: Outcome) -> None:
    violations = [one for one in outcome.shows if one.severity == "violation" and one.allowed is None]
    if outcome.result == "untried":
        Xml.SubElement(case, "skipped", {"message": "There was no time for it."})
    if violations:
        failure = _add(case, "failure", "\n\n".join(_told(one, outcome.scenario) for one in violations))
        failure.set("message", " ".join(f"{one.name}: {one.sentence}" for one in violations))
        failure.set("type", ", ".join(one.name for one in violations))
    remarks = [_told(one, outcome.scenario) for one in outcome.shows if one not in violations]
    if remarks:
        _add(case, "system-out", "\n\n".join(remarks))


def _told(cause: Violation, scenario: str) -> str:
    """Return what a scenario shows as text. The whole story stands with the shortest scenario."""
    if cause.scenario == scenario:
        return str(cause)
    is_consequence = scenario in cause.consequences
    begin = f"A consequence of {cause.name}" if is_consequence else cause.name
    where = "" if is_consequence else ": ".join(text for text in (cause.where, cause.source) if text)
    allowed = "" if cause.allowed is None else f"Allowed: {cause.allowed}"
    parts = (
        f"{begin}: {cause.sentence}",
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
