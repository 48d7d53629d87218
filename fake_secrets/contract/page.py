"""The page of a report: HTML that needs nothing else, no network, no script, no other file."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

from fake_secrets.contract.catalogue import Severity, violator_of
from fake_secrets.contract.families import FAMILIES, family_of
from fake_secrets.contract.page_style import CONTRACT_STYLE, SHEET_STYLE
from fake_secrets.contract.picture_parts import Picture
from fake_secrets.contract.picture_table import FAILED, KEPT, broken, picture_table
from fake_secrets.observe.pictures.page import page
from fake_secrets.observe.pictures.style import CLASS, STYLE
from fake_secrets.observe.pictures.table import escaped, named, scrolling

__all__ = ["contract_fragment", "contract_page"]

_ROLES = (
    "In the pictures, <b>old</b> is the version that was current at the start, <b>new</b> the one that the "
    "rotation makes, <b>new 2</b> that of a second rotation, and <b>by hand</b> the one that somebody put "
    "meanwhile."
)

# More ids than these are folded away.
_FEW = 8


class Finding(Protocol):
    """What a page shows of a violation or a note."""

    @property
    def name(self) -> str:
        """Its stable name."""

    @property
    def severity(self) -> Severity:
        """Whether it is a violation or a note."""

    @property
    def sentence(self) -> str:
        """What is wrong."""

    @property
    def detail(self) -> str:
        """What has happened."""

    @property
    def scenario(self) -> str:
        """The id of the shortest scenario that shows it."""

    @property
    def title(self) -> str:
        """What happens in it."""

    @property
    def others(self) -> Sequence[str]:
        """The ids of the other scenarios that show it."""

    @property
    def where(self) -> str | None:
        """The line of the function."""

    @property
    def source(self) -> str:
        """The text of that line."""

    @property
    def caller(self) -> str | None:
        """The line that has led there, if several do."""

    @property
    def caller_source(self) -> str:
        """The text of that line."""

    @property
    def cause(self) -> str:
        """The usual cause."""

    @property
    def mend(self) -> str:
        """What mends it."""

    @property
    def replay(self) -> str:
        """How to run the scenario alone."""

    @property
    def allowed(self) -> str | None:
        """Why it is expected."""

    @property
    def picture(self) -> Picture | None:
        """What happened in the scenario."""


class Reported(Protocol):
    """What a page shows of a report."""

    @property
    def function(self) -> str:
        """The function's name."""

    @property
    def violations(self) -> Sequence[Finding]:
        """What is wrong."""

    @property
    def notes(self) -> Sequence[Finding]:
        """What fails safely."""

    @property
    def scenarios(self) -> Sequence[str]:
        """The ids of the scenarios that were run."""

    @property
    def left_out(self) -> Sequence[str]:
        """Why scenarios were left out."""

    @property
    def unused_allowances(self) -> Sequence[str]:
        """What is allowed, and wasn't found."""

    @property
    def passed(self) -> bool:
        """Whether there is no violation that isn't allowed, and there was time for all scenarios."""

    def summary(self) -> str:
        """Return the result in one line."""


def contract_page(report: Reported, title: str = "") -> str:
    """Return a report as a page.

    Args:
        report: the report.
        title: the heading of the page, as text; by default it names the function.
    """
    return page(title or _title(report), _sections(report, "", 2), CONTRACT_STYLE + SHEET_STYLE)


def contract_fragment(report: Reported) -> str:
    """Return a report for a page that isn't ours."""
    # A page may hold several reports.
    digest = hashlib.sha256(repr(report).encode("utf-8", "surrogatepass")).hexdigest()[:8]
    sections = "".join(_sections(report, f"contract-{digest}-", 3))
    return (
        f'<div class="{CLASS}"><style>{STYLE}{CONTRACT_STYLE}</style>\n'
        f"<h2>{escaped(_title(report))}</h2>\n{sections}</div>"
    )


def _title(report: Reported) -> str:
    return f"Rotation contract of {report.function}" if report.function else "Rotation contract"


def _sections(report: Reported, prefix: str, level: int) -> Iterator[str]:
    """Yield the parts of a page.

    Args:
        report: the report.
        prefix: what the ids of elements begin with.
        level: the level of the headings.
    """
    every = [*report.violations, *report.notes]
    causes = [one for one in report.violations if one.allowed is None]
    allowed = [one for one in every if one.allowed is not None]
    notes = [one for one in report.notes if one.allowed is None]
    yield from _head(report, causes, allowed, notes)
    if causes:
        yield _headed(level, "Causes", _causes(causes, prefix) + f"<p>{_ROLES}</p>\n")
    for number, one in enumerate(causes, 1):
        yield _entry(one, level + 1, f"{number}. ", f"{prefix}cause-{number}")
    for heading, found in (("Allowed", allowed), ("Notes", notes)):
        if found:
            yield _headed(level, heading, "".join(_entry(one, level + 1) for one in found))
    remarks = [*report.left_out, *(_unused(name) for name in report.unused_allowances)]
    if remarks:
        items = "".join(f"<li>{escaped(text)}</li>\n" for text in remarks)
        yield _headed(level, "Left out", f'<ul class="plain">\n{items}</ul>\n')
    yield _headed(level, "Families of scenarios", _families(report))


def _head(
    report: Reported, causes: Sequence[Finding], allowed: Sequence[Finding], notes: Sequence[Finding]
) -> Iterator[str]:
    if report.passed:
        yield f'<p class="result kept">{KEPT} The rotation function keeps the contract.</p>\n'
    elif causes:
        who = violator_of(one.name for one in causes)
        yield f'<p class="result failed">{FAILED} {who[0].upper()}{who[1:]} violates the contract.</p>\n'
    else:
        yield f'<p class="result failed">{FAILED} {escaped(report.summary())}</p>\n'
    counts = [
        _counted(len(report.scenarios), "scenario"),
        _counted(len(causes), "violation"),
        f"{len(allowed)} allowed",
        _counted(len(notes), "note"),
    ]
    yield f'<ul class="counts">{"".join(f"<li>{one}</li>" for one in counts)}</ul>\n'


def _counted(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


def _headed(level: int, heading: str, content: str) -> str:
    return f"<section>\n<h{level}>{heading}</h{level}>\n{content}</section>\n"


def _causes(causes: Sequence[Finding], prefix: str) -> str:
    rows = "".join(
        f'<tr><td class="number">{number}</td>'
        f'<th scope="row"><a href="#{prefix}cause-{number}">{named(one.name)}</a></th>'
        f"<td>{escaped(one.sentence)}</td><td>{broken(one.caller or one.where or '')}</td>"
        f'<td class="number">{1 + len(one.others)}</td></tr>\n'
        for number, one in enumerate(causes, 1)
    )
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("no.", "cause", "what is wrong", "line", "shown by")
    )
    table = (
        '<table class="list"><caption>What is wrong, and how many scenarios show it</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table>"
    )
    return f"{scrolling(table, 'table of causes')}\n"


def _entry(one: Finding, level: int, number: str = "", anchor: str = "") -> str:
    return "".join(_of_entry(one, level, number, anchor))


def _of_entry(one: Finding, level: int, number: str, anchor: str) -> Iterator[str]:
    mark = f' id="{anchor}"' if anchor else ""
    yield f'<article class="entry">\n<h{level}{mark}>{number}{named(one.name)}</h{level}>\n'
    yield f"<p><b>{escaped(one.sentence)}</b></p>\n"
    if one.allowed is not None:
        yield f"<p>Allowed: {escaped(one.allowed)}</p>\n"
    yield f"<p>{escaped(one.detail.rstrip('.'))}.</p>\n"
    yield f"<p>Shown by <code>{named(one.scenario)}</code>: {escaped(one.title)}.</p>\n"
    if one.where is not None:
        source = f"\n{escaped(one.source)}" if one.source else ""
        caller = "" if one.caller is None else f"called from {one.caller}: {one.caller_source}".rstrip(": ")
        called = f'\n<span class="soft">{escaped(caller)}</span>' if caller else ""
        yield f'<pre><code><span class="soft">{escaped(one.where)}</span>{source}{called}</code></pre>\n'
    if one.picture is not None and one.allowed is None:
        caption = f"The calls in {one.scenario}, and the state after each of them"
        yield scrolling(picture_table(one.picture, caption, one.where), f"picture of {one.scenario}") + "\n"
        if one.picture.left_out:
            yield f"<p>{_counted(one.picture.left_out, 'earlier call')} left out.</p>\n"
    yield "<dl>\n"
    if one.allowed is None:
        yield f"<dt>Usual cause</dt><dd>{escaped(one.cause)}</dd>\n<dt>Mend</dt><dd>{escaped(one.mend)}</dd>\n"
    yield f'<dt>Replay</dt><dd><pre class="replay" tabindex="0"><code>{escaped(one.replay)}</code></pre></dd>\n'
    if one.others:
        yield f"<dt>Also shown by</dt><dd>{_ids(one.others)}</dd>\n"
    yield "</dl>\n</article>\n"


def _ids(scenarios: Sequence[str]) -> str:
    ids = "".join(f"<li><code>{named(one)}</code></li>" for one in scenarios)
    items = f'<ul class="ids">{ids}</ul>'
    if len(scenarios) <= _FEW:
        return items
    return f"<details><summary>{len(scenarios)} other scenarios</summary>{items}</details>"


def _unused(name: str) -> str:
    return f"allow names {name!r}, which wasn't found. Remove it."


def _families(report: Reported) -> str:
    run = Counter(map(_family, report.scenarios))
    causes = (one for one in report.violations if one.allowed is None)
    bad = Counter(map(_family, {scenario for one in causes for scenario in (one.scenario, *one.others)}))
    rows = "".join(
        f'<tr><th scope="row">{named(family)}</th><td class="number">{run[family]}</td>'
        f'<td class="number">{bad[family]}</td></tr>\n'
        for family in [*(one for one in FAMILIES if run[one]), *(["other"] if run["other"] else [])]
    )
    table = (
        '<table class="list counts"><caption>What was tried, and how many scenarios show a violation</caption>'
        '<thead><tr><th scope="col">family</th><th scope="col">scenarios</th>'
        f'<th scope="col">with a violation</th></tr></thead>\n<tbody>\n{rows}</tbody></table>'
    )
    return f"{scrolling(table, 'table of families')}\n"


def _family(scenario: str) -> str:
    return family_of(scenario) or "other"
