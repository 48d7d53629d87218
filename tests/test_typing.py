"""The public types. Type checkers read tests/typing/ without running it."""

import importlib.util
import json
import pathlib
import subprocess
import sys

import pytest

from fake_secrets import FakeSecrets
from fake_secrets.options import OPTIONS

ROOT = pathlib.Path(__file__).parent.parent
FOLDER = ROOT / "tests" / "typing"
FILES = sorted(FOLDER.glob("*.py"))

by_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


def run(checker, *arguments):
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"{checker} isn't installed")
    command = [sys.executable, "-m", checker, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def complaints_of_mypy():
    ran = run("mypy", "--strict", "--no-error-summary", "--hide-error-context", *map(str, FILES))
    assert not ran.stderr
    return ran.stdout.splitlines()


@pytest.fixture(scope="module")
def complaints_of_pyright():
    ran = run("pyright", "--project", str(FOLDER), "--pythonpath", sys.executable, "--outputjson")
    report = json.loads(ran.stdout)
    assert report["summary"]["filesAnalyzed"] == len(FILES)
    return report["generalDiagnostics"]


@pytest.mark.slow
@by_file
def test_mypy_finds_the_expected_types_and_errors(complaints_of_mypy, file):
    assert [line for line in complaints_of_mypy if line.startswith(f"tests/typing/{file.name}:")] == []


@pytest.mark.slow
def test_mypy_finds_no_other_errors(complaints_of_mypy):
    assert [line for line in complaints_of_mypy if not line.startswith("tests/typing/")] == []


@pytest.mark.slow
@by_file
def test_pyright_finds_the_expected_types_and_errors(complaints_of_pyright, file):
    found = [complaint for complaint in complaints_of_pyright if pathlib.Path(complaint["file"]) == file]
    assert [(complaint["range"]["start"]["line"] + 1, complaint["message"]) for complaint in found] == []


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_checked(option):
    assert f"    {option}=" in (FOLDER / "call_forms.py").read_text()


@pytest.mark.parametrize("name", [name for name in dir(FakeSecrets) if not name.startswith("_")])
def test_every_member_of_the_handle_is_checked(name):
    assert f"fake.{name}" in (FOLDER / "handle.py").read_text()
