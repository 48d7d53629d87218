"""What is new for users since 0.2.0 is named in CHANGELOG.md."""

import argparse
import inspect
import json
import re
from pathlib import Path
from unittest import mock

import pytest

import fake_secrets
from fake_secrets import check_rotation, plugin
from fake_secrets.cli import least_policy_command, rotation_check, serve_command
from fake_secrets.contract import services
from fake_secrets.contract.catalogue import CATALOGUE
from fake_secrets.faults.planning import Faults
from fake_secrets.options import OPTIONS
from fake_secrets.service.dispatch import OPERATIONS

CHANGELOG = Path(__file__).parent.parent / "CHANGELOG.md"
# The names that 0.2.0 had. It needs no new ones: later names are in CHANGELOG.md.
RELEASED = json.loads((Path(__file__).parent / "data" / "names-of-0.2.0.json").read_text(encoding="utf-8"))


def options_of(command):
    parser = argparse.ArgumentParser(add_help=False)
    command.add_arguments(parser)
    return {option for action in parser._actions for option in action.option_strings if option.startswith("--")}


def settings_of_pytest():
    parser = mock.MagicMock()
    plugin.pytest_addoption(parser)
    calls = [call for call in parser.mock_calls if call[0].endswith(("addini", "addoption"))]
    return {call.args[0] for call in calls}


def faults():
    return {name for name, _ in inspect.getmembers(Faults) if not name.startswith("_")}


NAMES = {
    "arguments of check_rotation": set(inspect.signature(check_rotation).parameters),
    "arguments of mock_stages": set(OPTIONS),
    "faults": faults(),
    "operations": set(OPERATIONS),
    "options of fake-secrets check": options_of(rotation_check),
    "options of fake-secrets policy": options_of(least_policy_command),
    "options of fake-secrets serve": options_of(serve_command),
    "options of pytest": settings_of_pytest(),
    "public names": set(fake_secrets.__all__),
    "ready doubles": set(services.__all__),
    "violations and notes": set(CATALOGUE),
}


def test_there_are_names():
    assert NAMES.keys() == RELEASED.keys()
    assert all(NAMES.values())


@pytest.mark.parametrize("kind", sorted(NAMES))
def test_what_is_new_is_named(kind):
    named = set(re.findall(r"[\w-]+", CHANGELOG.read_text(encoding="utf-8")))
    lacking = sorted(NAMES[kind] - set(RELEASED[kind]) - named)
    assert not lacking, f"name {', '.join(lacking)} in CHANGELOG.md: new among the {kind}"
