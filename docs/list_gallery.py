"""Writes the tables in explanation/gallery.md, from the gallery itself: `python docs/list_gallery.py`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
PAGE = DOCS / "explanation" / "gallery.md"
GALLERY = DOCS.parent / "tests" / "contract" / "gallery"

START = "<!-- The tables below are written by docs/list_gallery.py. -->\n"


def exhibits(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the statements about each function of a kind, without importing it."""
    for path in sorted((GALLERY / kind).glob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        stated: dict[str, Any] = {"": str(ast.get_docstring(module))}
        for statement in module.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id="FINDS" | "ROWS" | "BUG" as name)], value=value):
                    stated[name] = ast.literal_eval(value)
        yield path.stem, stated


def tables() -> str:
    """Return both tables, as Markdown."""
    faulty = sorted(exhibits("faulty"), key=lambda exhibit: (exhibit[1]["FINDS"], exhibit[0]))
    lines = [
        "## Functions with one bug",
        "",
        "| function | bug | what the contract names |",
        "|---|---|---|",
        *(f"| `{name}` | {stated['BUG']} | `{stated['FINDS']}` |" for name, stated in faulty),
        "",
        "## Correct functions",
        "",
        "| function | what it does |",
        "|---|---|",
        *(f"| `{name}` | {stated['']} |" for name, stated in exhibits("good")),
    ]
    return "\n".join(lines) + "\n"


def page() -> str:
    """Return the page with the tables as they should be."""
    prose, start, _ = PAGE.read_text(encoding="utf-8").partition(START)
    return f"{prose}{start}\n{tables()}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
