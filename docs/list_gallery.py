"""Writes the tables in reference/gallery.md by checking the gallery: `python docs/list_gallery.py`.

With names of functions, only these are checked: `python docs/list_gallery.py once_a_day`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fake_secrets import check_rotation

DOCS = Path(__file__).parent
PAGE = DOCS / "reference" / "gallery.md"
TESTS = DOCS.parent / "tests"
GALLERY = TESTS / "contract" / "gallery"

START = "<!-- The tables below are written by docs/list_gallery.py. -->\n"
ROW = re.compile(r"^\| `(\w+)` \|.*\| `([\w.-]+)` \|$", re.MULTILINE)


def exhibits(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the statements about each function of a kind, without importing it.

    Raises:
        LookupError: if a faulty one doesn't state its bug.
    """
    for path in sorted((GALLERY / kind).glob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        stated: dict[str, Any] = {"": str(ast.get_docstring(module))}
        for statement in module.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id="FINDS" | "BUG" as name)], value=value):
                    stated[name] = ast.literal_eval(value)
        lacking = [name for name in ("FINDS", "BUG") if kind == "faulty" and name not in stated]
        if lacking:
            msg = f"{path.name} in the gallery doesn't state {' and '.join(lacking)}, which the lists show"
            raise LookupError(msg)
        yield path.stem, stated


def found(chosen: Sequence[str]) -> dict[str, str]:
    """Check functions with a bug. Return which scenario shows it, by the function's name.

    Raises:
        LookupError: if the contract doesn't find a bug.
    """
    sys.path.insert(0, str(TESTS))
    from contract.gallery_modules import load, names  # noqa: PLC0415 -- found in the tests only

    scenarios = {}
    for name in chosen or names("faulty"):
        exhibit = load("faulty", name)
        report = check_rotation(exhibit.handler, **exhibit.arguments)
        shown = {one.name: one.scenario for one in (*report.violations, *report.notes)}
        if exhibit.finds not in shown:
            msg = f"the contract doesn't find {exhibit.finds} in {name}:\n{report}"
            raise LookupError(msg)
        scenarios[name] = shown[exhibit.finds]
    return scenarios


def on_page() -> dict[str, str]:
    """Return which scenarios the page says."""
    return dict(ROW.findall(PAGE.read_text(encoding="utf-8")))


def tables(scenarios: Mapping[str, str]) -> str:
    """Return both tables, as Markdown."""
    faulty = sorted(exhibits("faulty"), key=lambda exhibit: (exhibit[1]["FINDS"], exhibit[0]))
    lines = [
        "## Functions with one bug",
        "",
        "| function | bug | what the contract names | shown by |",
        "|---|---|---|---|",
        *(
            f"| `{name}` | {stated['BUG']} | [{stated['FINDS']}](violations.md#{stated['FINDS']}) "
            f"| `{scenarios.get(name, '')}` |"
            for name, stated in faulty
        ),
        "",
        "## Correct functions",
        "",
        "| function | what it does |",
        "|---|---|",
        *(f"| `{name}` | {stated['']} |" for name, stated in exhibits("good")),
    ]
    return "\n".join(lines) + "\n"


def page(scenarios: Mapping[str, str]) -> str:
    """Return the page with the tables as they should be."""
    prose, start, _ = PAGE.read_text(encoding="utf-8").partition(START)
    return f"{prose}{start}\n{tables(scenarios)}"


if __name__ == "__main__":
    PAGE.write_text(page(on_page() | found(sys.argv[1:])), encoding="utf-8", newline="\n")
