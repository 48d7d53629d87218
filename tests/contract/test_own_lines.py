"""The line of a rotation function that makes a call."""

import json
import sys
import timeit
import types
from pathlib import Path

import boto3
import pytest
from fake_database import FakeDatabase, double_of

from fake_secrets import mock_stages
from fake_secrets.contract import own_lines
from fake_secrets.contract.own_lines import OwnLine, line_of
from fake_secrets.observe.entry import RunningStep

HERE = __file__
ROTATION = """
import helper

def lambda_handler(event, context):
    steps(event)

def steps(event):
    helper.call(
        event,
    )
"""
HELPER = """
def call(event):
    event()
"""


@pytest.fixture
def lines_of(tmp_path, monkeypatch):
    """Returns the line of a call that a function in two files makes."""
    (tmp_path / "rotation.py").write_text(ROTATION)
    (tmp_path / "helper.py").write_text(HELPER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in ("rotation", "helper"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import rotation

    def ask(modules, event=None):
        found = []
        rotation.lambda_handler(lambda: found.append(line_of(sys._getframe(1), modules)), None)
        return found[0]

    yield ask
    for name in ("rotation", "helper"):
        sys.modules.pop(name, None)


def test_it_is_the_innermost_line_of_the_own_modules(lines_of, tmp_path):
    line = lines_of({str(tmp_path / "rotation.py"), str(tmp_path / "helper.py")})
    helper, rotation = str(tmp_path / "helper.py"), str(tmp_path / "rotation.py")
    assert line == OwnLine("helper.py", 3, "event()", "call", ((helper, 3), (rotation, 8), (rotation, 5)))


def test_a_line_of_other_modules_is_passed_over(lines_of, tmp_path):
    rotation = str(tmp_path / "rotation.py")
    line = lines_of({rotation})
    assert line == OwnLine("rotation.py", 8, "helper.call(", "steps", ((rotation, 8), (rotation, 5)))
    assert str(line) == "rotation.py:8 in steps: helper.call("


def test_without_one_it_is_the_innermost_line_that_belongs_to_no_library(lines_of, tmp_path):
    place = str(tmp_path / "helper.py"), 3
    assert lines_of(set()) == OwnLine("helper.py", 3, "event()", "call", (place,))


def test_a_file_outside_of_the_current_folder_has_its_whole_path(lines_of, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert lines_of({str(tmp_path / "helper.py")}).file == str(tmp_path / "helper.py")


def test_boto3_and_the_world_are_passed_over(fake_secrets):
    fake_secrets.add("prod/db", "x")
    client, found = boto3.client("secretsmanager", region_name="us-east-1"), []
    client.meta.events.register("before-call", lambda **_: found.append(outer_line()))
    client.get_secret_value(SecretId="prod/db")
    assert found[0].text == 'client.get_secret_value(SecretId="prod/db")'


def outer_line():
    """Return the line without those of this file's innermost two functions."""
    return line_of(sys._getframe(2), set())


def test_the_standard_library_and_installed_packages_are_passed_over():
    found = []

    class Encoder(json.JSONEncoder):
        def default(self, value):
            return found.append(line_of(sys._getframe(1), set()))

    json.dumps(object(), cls=Encoder)
    assert found[0].text == "json.dumps(object(), cls=Encoder)"


def test_the_line_of_a_call_of_the_double_is_found():
    database, found = FakeDatabase(), []

    def around(name, ask, arguments):
        found.append(line_of(sys._getframe(), {HERE}))
        return ask()

    # As in the contract, what is put around a call isn't in the function's modules.
    around = types.FunctionType(
        around.__code__.replace(co_filename=own_lines.__file__), globals(), "around", None, around.__closure__
    )
    with RunningStep("setSecret"), double_of(database, around):
        database.change("new")
    assert found[0].text == 'database.change("new")'


def test_frames_outside_of_the_invocation_are_not_the_functions():
    found = []
    code = compile("def handler(event, context): ask()", "/site-packages/library/function.py", "exec")
    names = {"__name__": "library", "ask": lambda: found.append(line_of(sys._getframe(1), {HERE}))}
    eval(code, names)  # noqa: S307 -- our own
    with mock_stages({"prod/db": "x"}, rotation_errors="record") as fake_secrets:
        fake_secrets.rotate("prod/db", names["handler"])
    assert found == [None] * 4


def test_an_own_module_may_be_installed():
    found = []
    file = "/site-packages/own/function.py"
    names = {"__name__": "own", "ask": lambda: found.append(line_of(sys._getframe(1), {file}))}
    eval(compile("def handler():\n    ask()", file, "exec"), names)  # noqa: S307 -- our own
    names["handler"]()
    assert found == [OwnLine(file, 2, "", "handler", ((file, 2),))]


def test_without_a_frame_there_is_none():
    assert line_of(None, {HERE}) is None


def test_it_is_found_quickly():
    def deep(depth):
        if depth:
            return deep(depth - 1)
        frame = sys._getframe()
        return min(timeit.repeat(lambda: line_of(frame, {"/elsewhere.py"}), number=100, repeat=5)) / 100

    assert deep(30) < 0.002, "far more than the 20 us that it takes"


def test_the_decision_about_a_file_is_made_once(monkeypatch):
    monkeypatch.setattr(own_lines, "_is_users", {})
    assert line_of(sys._getframe(), set()).file.endswith(Path(HERE).name)
    assert own_lines._is_users == {Path(HERE).__fspath__(): True}
