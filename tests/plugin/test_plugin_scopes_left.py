"""Worlds that the set-up of a class, module, package or session leaves open end with it, and the run says so."""

import textwrap

import boto3.session
import pytest

from fake_secrets import mock_stages

# pytest runs in-process below, and afterwards forgets the modules that it imported first.
assert boto3.session
assert mock_stages

OPTIONS = ("-p", "no:randomly", "-p", "no:hypothesispytest", "-o", "asyncio_default_fixture_loop_scope=function")
HEAD = """
import os, unittest
import pytest
from fake_secrets import current, mock_stages
from fake_secrets.world import stack

world = mock_stages({"old": "x"})

def test_before():
    pass
"""
USES = """
class TestIt({base}):
    {set_up}

    def test_one(self):
        assert "old" in current()

    def test_two(self):
        assert "old" in current()
"""
LATER = """
def test_a_later_test_finds_nothing():
    assert stack.active() == []
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    with mock_stages() as fresh:
        assert list(fresh) == []
"""


def of_class(set_up, base=""):
    return USES.format(base=base, set_up=textwrap.indent(textwrap.dedent(set_up), " " * 4).strip())


def used(set_up):
    return set_up + of_class("pass")


OF_A_CLASS = {
    "setUpClass": (
        of_class("@classmethod\ndef setUpClass(cls):\n    world.start()", "unittest.TestCase"),
        "setUpClass of test_*.py::TestIt",
        "Enter it by `cls.enterClassContext(mock_stages(...))`, or call `cls.addClassCleanup(mock.stop)` *",
    ),
    "setup_class": (
        of_class("@classmethod\ndef setup_class(cls):\n    world.start()"),
        "setup_class of test_*.py::TestIt",
        "If it calls start(), call stop() as often in teardown_class.",
    ),
    "fixture of a class": (
        of_class("@pytest.fixture(scope='class', autouse=True)\ndef started(self):\n    world.start()"),
        "The fixture 'started', of test_*.py::TestIt,",
        "Leave it in the fixture's tear-down: `with mock_stages(...): yield`*",
    ),
    "fixture of another scope asks for it": (
        "@pytest.fixture(scope='class')\ndef started():\n    world.start()\n"
        "@pytest.fixture\ndef asks(request):\n    request.getfixturevalue('started')\n"
        + of_class("@pytest.fixture(autouse=True)\ndef asks_now(self, asks):\n    pass"),
        "The fixture 'started', of test_*.py::TestIt,",
        "Leave it in the fixture's tear-down: *",
    ),
    "asynchronous fixture": (
        "import pytest_asyncio\n@pytest_asyncio.fixture(scope='class', loop_scope='class')\n"
        "async def started():\n    await world.__aenter__()\n"
        + of_class("@pytest.fixture(autouse=True)\ndef asks(self, started):\n    pass"),
        "The fixture 'started', of test_*.py::TestIt,",
        "Leave it in the fixture's tear-down: *",
    ),
}
OF_A_MODULE = {
    "setUpModule": (
        used("def setUpModule():\n    world.start()\n"),
        "setUpModule of test_*.py",
        "If it calls start(), call stop() as often in tearDownModule. pytest doesn't run cleanups of modules, *",
    ),
    "enterModuleContext": (
        used("def setUpModule():\n    unittest.enterModuleContext(world)\n"),
        "setUpModule of test_*.py",
        "If it calls start(), call stop() as often in tearDownModule. pytest doesn't run cleanups of modules, *",
    ),
    "setup_module": (
        used("def setup_module():\n    world.start()\n"),
        "setup_module of test_*.py",
        "If it calls start(), call stop() as often in teardown_module.",
    ),
    "fixture of a module": (
        used("@pytest.fixture(scope='module', autouse=True)\ndef started():\n    world.start()\n    return 1\n"),
        "The fixture 'started', of test_*.py,",
        "Leave it in the fixture's tear-down: *",
    ),
}


@pytest.fixture
def run(pytester, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)

    def run(*arguments, **files):
        pytester.makepyfile(**files)
        return pytester.runpytest_inprocess(*OPTIONS, *arguments)

    return run


@pytest.mark.parametrize(("source", "opener", "advice"), OF_A_CLASS.values(), ids=OF_A_CLASS)
def test_a_world_that_the_set_up_of_a_class_leaves_open_ends_with_the_class(run, source, opener, advice):
    result = run(test_it=HEAD + source + LATER)
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of TestIt.test_two*",
            f"{opener} has left a fake_secrets world open. It is closed now, so that later tests don't use it:",
            "- <FakeSecrets *'old'*>",
            advice,
        ]
    )


@pytest.mark.parametrize(("source", "opener", "advice"), OF_A_MODULE.values(), ids=OF_A_MODULE)
def test_a_world_that_the_set_up_of_a_module_leaves_open_ends_with_the_module(run, source, opener, advice):
    result = run(test_it=HEAD + source, test_later=HEAD + LATER)
    result.assert_outcomes(passed=5, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of TestIt.test_two*",
            f"{opener} has left a fake_secrets world open. It is closed now, so that later tests don't use it:",
            "- <FakeSecrets *'old'*>",
            advice,
        ]
    )


FIXTURE = """
import pytest
from fake_secrets import mock_stages

@pytest.fixture(scope="{scope}", autouse=True)
def started():
    mock_stages({{"old": "x"}}).start()
"""


def test_a_world_that_a_fixture_of_a_package_leaves_open_ends_with_the_package(run):
    result = run(
        **{
            "inner/__init__": "",
            "inner/conftest": FIXTURE.format(scope="package"),
            "inner/test_one": HEAD + used(""),
            "inner/test_two": HEAD + used(""),
            "test_later": HEAD + LATER,
        }
    )
    result.assert_outcomes(passed=8, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of TestIt.test_two*",
            "The fixture 'started', of inner, has left a fake_secrets world open.*",
        ]
    )


def test_a_world_that_a_fixture_of_the_session_leaves_open_is_told_at_the_end(run):
    result = run(conftest=FIXTURE.format(scope="session"), test_it=HEAD + used(""), test_z_too=HEAD + used(""))
    result.assert_outcomes(passed=6, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of TestIt.test_two*",
            "The fixture 'started', of the session, has left a fake_secrets world open.*",
        ]
    )


def test_worlds_of_two_openers_are_told_each_and_that_of_the_test_too(run):
    source = """
def setup_module():
    world.start()

@pytest.fixture(scope="module")
def started():
    mock_stages({"new": "x"}).start()

def test_it(started):
    mock_stages({"own": "x"}).start()
"""
    result = run(test_it=HEAD + source, test_later=HEAD + LATER)
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(
        [
            "test_it.py::test_it has left a fake_secrets world open. *",
            "- <FakeSecrets *'own'*>",
            "setup_module of test_it.py has left a fake_secrets world open. *",
            "- <FakeSecrets *'old'*>",
            "The fixture 'started', of test_it.py, has left a fake_secrets world open. *",
            "- <FakeSecrets *'new'*>",
        ]
    )


def test_a_server_that_a_fixture_of_a_module_leaves_running_is_stopped(run):
    source = """
import contextlib
kept = contextlib.ExitStack()

@pytest.fixture(scope="module", autouse=True)
def served():
    fake_secrets = kept.enter_context(world)
    kept.enter_context(fake_secrets.server())

def test_it():
    pass
"""
    result = run(test_it=HEAD + source, test_later=HEAD + LATER)
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(
        [
            "The fixture 'served', of test_it.py, has left *",
            "- <FakeSecrets *'old'*>",
            "- <server of fake_secrets at *>",
        ]
    )


def test_the_last_test_of_the_scope_may_fail_itself(run):
    source = used("def setup_module():\n    world.start()\n") + "\ndef test_fails():\n    assert False\n"
    result = run(test_it=HEAD + source, test_later=HEAD + LATER)
    result.assert_outcomes(passed=5, failed=1, errors=1)


def test_a_set_up_that_fails_after_start_gives_no_second_error(run):
    source = """
class TestIt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        world.start()
        raise LookupError

    def test_one(self):
        pass
"""
    result = run(test_it=HEAD + source + LATER)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.no_fnmatch_line("*has left*")


def test_a_world_of_a_session_fixture_that_leaves_it_is_not_touched(run):
    conftest = """
import pytest
from fake_secrets import mock_stages

@pytest.fixture(scope="session")
def shared():
    world = mock_stages({"old": "x"})
    world.start()
    yield world
    world.stop()
"""
    asks = (
        "@pytest.fixture(scope='class', autouse=True)\ndef asks(request):\n    request.getfixturevalue('shared')\n"
    )
    result = run(conftest=conftest, test_it=HEAD + used(asks), test_too=HEAD + used(asks))
    result.assert_outcomes(passed=6)


def test_a_world_that_another_fixture_of_the_same_scope_leaves_is_not_touched(run):
    source = """
@pytest.fixture(scope="module", autouse=True)
def stops():
    yield
    world.stop()

@pytest.fixture(scope="module", autouse=True)
def starts(stops):
    world.start()
"""
    run(test_it=HEAD + used(source)).assert_outcomes(passed=3)


def test_the_guard_stops_calls_after_the_scope_whose_set_up_left_a_world_open(run, pytester):
    pytester.makeini("[pytest]\nfake_secrets_guard = error")
    calls = "import boto3\ndef test_it():\n    boto3.client('secretsmanager', 'us-east-1').list_secrets()\n"
    result = run(test_it=HEAD + used("def setup_module():\n    world.start()\n"), test_later=calls)
    result.assert_outcomes(passed=3, errors=1, failed=1)
    result.stdout.fnmatch_lines(
        ["E*OutsideWorldError: ListSecrets was called while no fake_secrets world was active*"]
    )


def test_a_run_that_stops_early_closes_the_worlds(run):
    source = (
        used("def setup_module():\n    world.start()\n")
        + "\ndef test_fails():\n    assert False\ndef test_z():\n    1\n"
    )
    run("-x", test_it=HEAD + source)
    from fake_secrets.world import stack

    assert stack.active() == []


WITHOUT_RANDOM_ORDER = ("-p", "no:randomly")


@pytest.mark.slow
@pytest.mark.parametrize("distributed", [("-n", "0"), ("-n", "2", "--dist", "loadfile")], ids=["alone", "xdist"])
@pytest.mark.parametrize("order", [WITHOUT_RANDOM_ORDER, ()], ids=["in order", "in random order"])
def test_with_xdist_and_in_random_order_too(pytester, distributed, order):
    left = HEAD + used("def setup_module():\n    world.start()\n")
    pytester.makepyfile(test_it=left, test_later=HEAD + LATER, test_more=HEAD + LATER)
    result = pytester.runpytest_subprocess(*OPTIONS[2:], *order, *distributed, timeout=60)
    result.assert_outcomes(passed=7, errors=1)
