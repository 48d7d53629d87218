"""Each option of a command is in the table of its page and, if it is about what is checked, in replay commands."""

import argparse
import re
from pathlib import Path

import pytest

from fake_secrets.cli import least_policy_command, replaying, rotation_check, serve_command

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
COMMANDS = [
    (rotation_check, "command-line.md", "## fake-secrets check\n"),
    (least_policy_command, "command-line.md", "## fake-secrets policy\n"),
    (serve_command, "serve.md", "# fake-secrets serve\n"),
]
# Other spellings of an option, which its page needn't have.
SPELLINGS = {"--account": "--account-id"}


def options_of(command):
    parser = argparse.ArgumentParser(add_help=False)
    command.add_arguments(parser)
    return {option for action in parser._actions for option in action.option_strings}


def options_on(page, head):
    """Return the options in the first cells of the tables of a page, below a head and above the next one."""
    text = (REFERENCE / page).read_text(encoding="utf-8").partition(head)[2]
    below = re.split(r"^#", text, maxsplit=1, flags=re.MULTILINE)[0]
    cells = re.findall(r"^\| (`-.*?) \| ", below, re.MULTILINE)
    return {option for cell in cells for option in re.findall(r"`(--?\w[\w-]*)", cell)}


@pytest.mark.parametrize(("command", "page", "head"), COMMANDS, ids=["check", "policy", "serve"])
def test_the_table_of_a_command_has_its_options(command, page, head):
    known, shown = options_of(command), options_on(page, head)
    spared = {spelling for spelling, option in SPELLINGS.items() if {spelling, option} <= known}
    lacking = sorted(known - shown - spared)
    assert not lacking, f"add a row for {', '.join(lacking)} to the table of options in docs/reference/{page}"
    odd = sorted(shown - known)
    assert not odd, f"remove {', '.join(odd)} from docs/reference/{page}: the command has no such option"


def test_the_command_that_replays_a_scenario_has_each_option_about_what_is_checked():
    parser = argparse.ArgumentParser()
    rotation_check.add_arguments(parser)
    (subject,) = [group for group in parser._action_groups if group.title == "what it works with"]
    options = [action.option_strings[0] for action in subject._group_actions]
    values = {"--timeout": "60", "--schedule": "7"}
    given = [word for option in options for word in (option, values.get(option, "a=b"))]
    replayed = replaying._replay(parser.parse_args(["module:function", *given])).split()
    lacking = sorted(set(options) - set(replayed))
    assert not lacking, f"add {', '.join(lacking)} to _replay in fake_secrets/cli/replaying.py"
