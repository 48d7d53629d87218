"""Pages of HTML that need nothing else: no network, no script, no other file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fake_secrets.observe.pictures.drawing import COLUMNS, drawing_of, kind_of, sample
from fake_secrets.observe.pictures.sheet import Sheet
from fake_secrets.observe.pictures.style import CLASS, PAGE_STYLE, STYLE
from fake_secrets.observe.pictures.table import escaped, named, scrolling, table_of

__all__ = ["ROWS", "fragment_of", "page", "page_of", "section_of"]

# A reader looks at no more.
ROWS = 1_000

_LEGEND = {
    "current": "AWSCURRENT",
    "pending": "AWSPENDING",
    "previous": "AWSPREVIOUS",
    "own": "another label",
    "deprecated": "deprecated: a version without a label",
    "empty": "empty: a version without a value",
    "removed": "removed: a version that no longer exists",
    "failure": "a failure",
    "fault": "a planned fault",
    "attempt": "the number of a repeated attempt",
    "event": "an event of the service",
}


def page_of(sheet: Sheet) -> str:
    """Return a page with the timeline of one secret."""
    sheet = sheet.latest(ROWS)
    return page(sheet.title, [section_of(sheet)])


def page(title: str, sections: Iterable[str], style: str = "") -> str:
    """Return a page.

    Args:
        title: its title, as text.
        sections: its parts, as HTML.
        style: more rules of CSS.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n<style>{STYLE}{PAGE_STYLE}{style}</style>\n</head>\n"
        f'<body class="{CLASS}">\n<main>\n<h1>{escaped(title)}</h1>\n{"".join(sections)}</main>\n'
        "</body>\n</html>\n"
    )


def fragment_of(sheet: Sheet) -> str:
    """Return a timeline for a page that isn't ours."""
    return f'<div class="{CLASS}"><style>{STYLE}</style>\n{section_of(sheet.latest(ROWS), "h2")}</div>'


def section_of(sheet: Sheet, heading: str = "") -> str:
    """Return a timeline as a section of a page: the ids of its versions, the drawing and the table.

    Args:
        sheet: the timeline.
        heading: the element of its heading, such as ``h2``; none if the page's own heading says it.
    """
    return "".join(_section(sheet, heading))


def _section(sheet: Sheet, heading: str) -> Iterator[str]:
    yield "<section>\n"
    if heading:
        yield f"<{heading}>{escaped(sheet.title)}</{heading}>\n"
    if sheet.columns:
        versions = ((f"v{at + 1}", named(sheet.version_ids[at])) for at in sheet.columns)
        ids = "".join(f"<li><b>{version}</b> <code>{name}</code></li>" for version, name in versions)
        yield f'<ul class="versions">{ids}</ul>\n'
        yield scrolling(drawing_of(sheet), f"drawing of {sheet.name}") + "\n"
        if len(sheet.moments) > COLUMNS:
            yield f"<p>The drawing shows the latest {COLUMNS} rows.</p>\n"
        items = "".join(f"<li>{sample(what)}{_LEGEND[what]}</li>" for what in _LEGEND if what in _used(sheet))
        yield f'<ul class="legend">{items}</ul>\n'
    yield scrolling(table_of(sheet), f"table of {sheet.name}") + "\n</section>\n"


def _used(sheet: Sheet) -> set[str]:
    """Return what the legend must explain."""
    words = {"-": "deprecated", "o": "empty", "x": "removed", "*": "event", "!": "fault"}
    used = {words[sign] for sign in sheet.signs()}
    cells = {cell for column in sheet.columns.values() for cell in column}
    used |= {kind_of(label) for cell in cells for label in cell.labels}
    if any(moment.failure is not None for moment in sheet.moments):
        used.add("failure")
    if any(moment.attempt > 1 for moment in sheet.moments):
        used.add("attempt")
    return used
