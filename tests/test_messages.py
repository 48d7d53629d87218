"""docs/reference/messages.md has every numbered message of AWS, with its code and where it is described."""

import ast
import functools
import importlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = "docs/reference/messages.md"
ROWS = re.findall(
    r"^\| (M\d+\w?) \| (.+?) \| (.+?) \| `([\w.]+)` \|$", (ROOT / PAGE).read_text(encoding="utf-8"), re.MULTILINE
)
# Pictures have paths such as "M4 11".
NUMBER = re.compile(r"(?<![\"\w])M[1-9]\d*b?\b")
RANGE = re.compile(r"\bM(\d+) to M(\d+)\b")


def numbers_in(text):
    between = {f"M{number}" for start, end in RANGE.findall(text) for number in range(int(start), int(end))}
    return between | set(NUMBER.findall(text))


def numbers_in_use():
    """Return the numbers in the package and in the recorded scenarios, with the file that has each."""
    found = {}
    for path in sorted((ROOT / "fake_secrets").rglob("*.py")):
        found |= dict.fromkeys(numbers_in(path.read_text(encoding="utf-8")), path.name)
    for name in ("vectors.json", "vectors-2026.json"):
        for scenario in json.loads((ROOT / "tests" / "data" / name).read_text(encoding="utf-8")):
            found |= dict.fromkeys(numbers_in(scenario.get("facts", "")), name)
    return found


def described_by(path):
    """Return the docstring of a function or method, by its path in the package."""
    parts = path.split(".")
    # Modules are in lower case, and so are functions: the longest path that is a module is the module.
    length = max(
        n
        for n in range(1, len(parts))
        if (ROOT / "fake_secrets" / "/".join(parts[:n])).with_suffix(".py").exists()
    )
    found = importlib.import_module(".".join(["fake_secrets", *parts[:length]]))
    for name in parts[length:]:
        found = getattr(found, name)
    return found.__doc__


@functools.cache
def beginnings():
    """Return the beginning of each text in the package, up to the first value in it."""
    found = set()
    for path in sorted((ROOT / "fake_secrets").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            first = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else node
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
    # Shorter ones would fit anything.
    return {text for text in found if len(text) > len("User:")}


def test_the_page_has_every_number_in_use():
    listed = [number for number, *_ in ROWS]
    lacking = {number: file for number, file in numbers_in_use().items() if number not in listed}
    assert not lacking, f"add a row to {PAGE} for each of these, which the files name: {lacking}"
    odd = sorted(set(listed) - numbers_in_use().keys())
    assert not odd, f"nothing names {odd}: remove the rows from {PAGE}"
    assert listed == sorted(set(listed), key=lambda number: int(re.sub(r"\D", "", number)))


@pytest.mark.parametrize(("number", "codes", "message", "path"), ROWS, ids=[number for number, *_ in ROWS])
def test_a_row_says_what_the_fake_does(number, codes, message, path):
    docstring = described_by(path)
    assert number in numbers_in(docstring), f"the docstring of {path} doesn't name {number}"
    code = codes.partition(";")[0]
    assert code in docstring or code.startswith("none"), f"the docstring of {path} doesn't name {code}"
    begins = message.removeprefix("… ").partition("…")[0].partition(" Or:")[0]
    assert any(text.startswith(begins.strip()) or begins.startswith(text) for text in beginnings()), (
        f"no message in the package begins with {begins!r}"
    )
