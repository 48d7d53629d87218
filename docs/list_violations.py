"""Writes the lists in reference/violations.md from the catalogue: `python docs/list_violations.py`."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path

from fake_secrets.contract.catalogue import CATALOGUE, Kind

DOCS = Path(__file__).parent
PAGE = DOCS / "reference" / "violations.md"
HEADS = {"violation": "Violations", "note": "Notes"}

START = "<!-- The lists below are written by docs/list_violations.py. -->\n"


def bugs() -> dict[str, list[str]]:
    """Return the bugs of the gallery's functions, by what the contract names."""
    by_name: dict[str, list[str]] = {}
    for function, stated in runpy.run_path(str(DOCS / "list_gallery.py"))["exhibits"]("faulty"):
        by_name.setdefault(stated["FINDS"], []).append(f"{stated['BUG']} (`{function}`)")
    return by_name


def entry(kind: Kind, examples: list[str]) -> Iterator[str]:
    """Yield the lines about one kind."""
    yield f"### {kind.name}\n"
    yield f"{kind.sentence}\n"
    yield f"- Usual cause: {kind.cause}"
    yield f"- Mend: {kind.mend}"
    if examples:
        yield (
            "- In the [gallery](gallery.md):"
            if len(examples) > 1
            else f"- In the [gallery](gallery.md): {examples[0]}"
        )
        yield from (f"  - {example}" for example in examples if len(examples) > 1)
    yield ""


def lists() -> str:
    """Return both lists, as Markdown."""
    known = bugs()
    lines = []
    for severity, head in HEADS.items():
        lines.append(f"## {head}\n")
        for kind in CATALOGUE.values():
            if kind.severity == severity:
                lines += entry(kind, known.get(kind.name, []))
    return "\n".join(lines)


def page() -> str:
    """Return the page with the lists as they should be."""
    prose, start, _ = PAGE.read_text(encoding="utf-8").partition(START)
    return f"{prose}{start}\n{lists()}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
