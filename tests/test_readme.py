"""The README's code blocks, executed as a newcomer would."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
PYTHON = [code for language, code in BLOCKS if language == "python"]
COMMANDS = [code.strip() for language, code in BLOCKS if language == "bash"]


@pytest.mark.slow
def test_every_python_block_passes_in_another_region(pytester, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    named = {name: code for code in PYTHON for name in re.findall(r"\A# (\w+)\.py\n", code)}
    others = [code for code in PYTHON if code not in named.values()]
    pytester.makepyfile(**named, **{f"test_block_{number}": code for number, code in enumerate(others)})
    ran = pytester.runpytest_subprocess("-s", "-p", "no:randomly", "-p", "no:asyncio")
    ran.assert_outcomes(passed=sum(len(re.findall(r"^ *def test_", code, re.MULTILINE)) for code in PYTHON))
    # What the README shows of their output is what its tests print.
    printed = f"{ran.stdout.str()}\n"
    assert [output for language, output in BLOCKS if language == "text" and output not in printed] == []


def test_it_fits_on_a_screen_and_a_half():
    assert len(README.splitlines()) <= 150


def test_every_block_is_python_a_command_or_output():
    assert {language for language, _ in BLOCKS} == {"python", "bash", "sh", "text"}


def test_there_are_exactly_two_commands_for_ci():
    assert len(COMMANDS) == 2


@pytest.mark.parametrize("command", COMMANDS, ids=["demo", "tests"])
def test_ci_takes_the_commands_from_here(command):
    script = (ROOT / ".ci" / "run").read_text()
    assert f'-c "$(readme_command {COMMANDS.index(command) + 1})"' in script
    assert command.startswith("python3.11 -m venv .venv && .venv/bin/pip install ")
