"""The page that leads to the pages of several reports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from fake_secrets.contract.page import Reported
from fake_secrets.contract.page_style import CONTRACT_STYLE
from fake_secrets.contract.picture_table import FAILED, KEPT
from fake_secrets.observe.pictures.page import page
from fake_secrets.observe.pictures.table import escaped, named, scrolling

__all__ = ["Entry", "index_page"]

_COLUMNS = ("test", "rotation function", "result", "scenarios", "violations")


class Entry(NamedTuple):
    """A report with a page of its own.

    Args:
        title: the heading of its page.
        file: the name of the file, in the same folder.
        report: the report.
    """

    title: str
    file: str
    report: Reported


def index_page(entries: Iterable[Entry]) -> str:
    """Return the page that leads to other pages."""
    head = "".join(f'<th scope="col">{name}</th>' for name in _COLUMNS)
    rows = "".join(map(_row, entries))
    table = (
        '<table class="list"><caption>The rotation functions that were checked</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table>"
    )
    return page("Rotation contracts", [f"{scrolling(table, 'table of reports')}\n"], CONTRACT_STYLE)


def _row(entry: Entry) -> str:
    report = entry.report
    violations = sum(one.allowed is None for one in report.violations)
    failure = "violated" if violations else "not all was tried"
    result = f"{KEPT} kept" if report.passed else f'<span class="failed">{FAILED} {failure}</span>'
    return (
        f'<tr><th scope="row"><a href="{escaped(entry.file)}">{named(entry.title)}</a></th>'
        f"<td>{named(report.function)}</td><td>{result}</td>"
        f'<td class="number">{len(report.scenarios)}</td><td class="number">{violations}</td></tr>\n'
    )
