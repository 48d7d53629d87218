"""The plugin leaves the worlds that a test has left open, and fails the test. Worlds of several tests stay."""

import subprocess
import sys

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
from fake_secrets.errors import NoActiveWorldError
from fake_secrets.world import stack

world = mock_stages({"old": "x"})

def test_a_later_test_finds_nothing():
    assert stack.active() == []
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    with mock_stages() as fresh:
        assert list(fresh) == []
"""
MESSAGE = "*{test} has left a fake_secrets world open. It is closed now, so that later tests don't use it:"


@pytest.fixture
def run(pytester, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)

    def run(source, *arguments, head=HEAD):
        first, _, rest = head.partition("def test_a_later")
        pytester.makepyfile(first + source + ("\ndef test_a_later" + rest if rest else ""))
        return pytester.runpytest_inprocess(*OPTIONS, *arguments)

    return run


ENTERED_BY_A_TEST = {
    "start": """
def test_it():
    world.start()
""",
    "enter": """
def test_it():
    world.__enter__()
""",
    "exit stack": """
import contextlib
def test_it():
    contextlib.ExitStack().enter_context(world)
""",
    "twice": """
def test_it():
    world.start()
    world.start()
""",
    "fixture": """
@pytest.fixture
def started():
    world.start()

def test_it(started):
    pass
""",
    "function of set-up": """
def setup_function(function):
    if function.__name__ == "test_it":
        world.start()

def test_it():
    pass
""",
    "method": """
class TestIt:
    def setup_method(self):
        world.start()

    def test_it(self):
        pass
""",
    "TestCase": """
class TestIt(unittest.TestCase):
    def setUp(self):
        world.start()

    def test_it(self):
        pass
""",
    "marked": """
@mock_stages
def test_it():
    world.start()
""",
    "asyncio": """
import asyncio
@pytest.mark.asyncio
async def test_it():
    await world.__aenter__()
""",
    "asyncio fixture of a wider loop": """
import pytest_asyncio
@pytest_asyncio.fixture(loop_scope="module")
async def started():
    world.start()

@pytest.mark.asyncio(loop_scope="module")
async def test_it(started):
    pass
""",
    "thread": """
import threading
def test_it():
    thread = threading.Thread(target=world.start)
    thread.start()
    thread.join(10)
""",
}


@pytest.mark.parametrize("source", ENTERED_BY_A_TEST.values(), ids=ENTERED_BY_A_TEST)
def test_a_world_that_a_test_leaves_open_is_left_and_fails_the_test(run, source):
    result = run(source)
    result.stdout.fnmatch_lines(
        [
            MESSAGE.format(test="test_it"),
            "- <FakeSecrets *'old'*>",
            "If the test calls start(), call stop() as often: *",
        ]
    )
    result.assert_outcomes(passed=2, errors=1)


SHARED = {
    "module fixture": """
@pytest.fixture(scope="module", autouse=True)
def shared():
    world.start()
    yield
    world.stop()
""",
    "session fixture asked for in a test": """
@pytest.fixture(scope="session")
def shared():
    with world:
        yield

@pytest.fixture
def asks(request):
    request.getfixturevalue("shared")

def test_first(asks):
    pass
""",
    "setup_module": """
def setup_module():
    world.start()

def teardown_module():
    world.stop()
""",
    "setUpModule": """
def setUpModule():
    world.start()

def tearDownModule():
    world.stop()
""",
    "import": """
world.start()

def teardown_module():
    world.stop()
""",
    "asyncio fixture": """
import pytest_asyncio
@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def shared():
    async with world:
        yield
""",
}
USES = """
def test_one():
    assert "old" in current()

def test_two():
    assert "old" in current()
"""


@pytest.mark.parametrize("source", SHARED.values(), ids=SHARED)
def test_a_world_of_several_tests_stays(run, source):
    source += USES
    result = run(source, head=HEAD.partition("def test_a_later")[0])
    result.assert_outcomes(passed=source.count("def test_"))


@pytest.mark.parametrize(
    "source",
    [
        """
class TestIt:
    @classmethod
    def setup_class(cls):
        world.start()

    @classmethod
    def teardown_class(cls):
        world.stop()

    def test_one(self):
        assert "old" in current()

    def test_two(self):
        assert "old" in current()
""",
        """
class TestIt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        world.start()
        cls.addClassCleanup(world.stop)

    def test_one(self):
        assert "old" in current()

    def test_two(self):
        assert "old" in current()
""",
    ],
    ids=["setup_class", "setUpClass"],
)
def test_a_world_of_a_class_stays_until_the_class_is_over(run, source):
    run(source).assert_outcomes(passed=3)


def test_a_world_that_a_package_enters_stays(pytester):
    pytester.makepyfile(
        **{
            "tests/__init__": """
from fake_secrets import mock_stages
world = mock_stages({"old": "x"})
def setup_module():
    world.start()
def teardown_module():
    world.stop()
""",
            "tests/test_it": "from fake_secrets import current\n" + USES,
        }
    )
    pytester.runpytest_inprocess(*OPTIONS).assert_outcomes(passed=2)


def test_a_world_that_a_conftest_enters_stays(pytester):
    pytester.makeconftest("""
from fake_secrets import mock_stages
world = mock_stages({"old": "x"})
def pytest_configure():
    world.start()
def pytest_unconfigure():
    world.stop()
""")
    pytester.makepyfile("from fake_secrets import current\n" + USES)
    pytester.runpytest_inprocess(*OPTIONS).assert_outcomes(passed=2)


def test_a_variable_that_the_test_sets_itself_stays(run):
    result = run("""
def test_it():
    world.start()
    os.environ["OWN"] = "kept"

def test_own():
    assert os.environ.pop("OWN") == "kept"
""")
    result.assert_outcomes(passed=3, errors=1)


def test_a_test_that_has_failed_already_gets_no_second_error(run):
    result = run("""
def test_it():
    world.start()
    assert False
""")
    result.assert_outcomes(passed=1, failed=1)


def test_an_error_in_the_tear_down_is_reported_and_the_world_is_left(run):
    result = run("""
@pytest.fixture
def broken():
    yield
    raise RuntimeError("broken")

def test_it(broken):
    world.start()
""")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["E*RuntimeError: broken"])


def test_stopping_a_world_that_the_plugin_has_left_does_nothing(run):
    result = run("""
@pytest.fixture(scope="module", autouse=True)
def stops_late():
    yield
    world.stop()

def test_it():
    world.start()
""")
    result.assert_outcomes(passed=2, errors=1)


@pytest.mark.slow
def test_workers_of_xdist_leave_worlds_too(pytester):
    pytester.makepyfile("""
import pytest
from fake_secrets import mock_stages
from fake_secrets.world import stack

@pytest.mark.parametrize("number", range(4))
def test_it(number):
    assert stack.active() == []
    mock_stages({"old": "x"}).start()
""")
    result = pytester.runpytest_subprocess("-n", "1", *OPTIONS, timeout=60)
    result.assert_outcomes(passed=4, errors=4)


# The tracing function raises at a line of ours, as pytest-timeout's signal or Ctrl-C does at a moment of its own.
INTERRUPTING = """
import os, sys, threading
import pytest

class Interrupt:
    def __init__(self, function, line, kind):
        self.function, self.line, self.kind, self.count = function, line, kind, 0
        self.found = sys.gettrace()
        sys.settrace(self.trace)

    def trace(self, frame, event, _):
        if frame.f_code.co_qualname == self.function:
            return self.trace_lines
        return self.trace if "fake_secrets" in frame.f_code.co_filename or frame.f_back is None else None

    def trace_lines(self, frame, event, _):
        self.count += event == "line"
        if self.count == self.line:
            sys.settrace(self.found)
            raise self.kind
        return self.trace_lines

@pytest.fixture
def interrupt():
    return Interrupt
"""
INTERRUPTED = """
import pytest
from fake_secrets import mock_stages
from fake_secrets.world import stack

@pytest.mark.parametrize("function", ["Activation.__enter__", "enter", "leave", "release", "around_call"])
@pytest.mark.parametrize("line", [2, 4])
def test_it(interrupt, function, line, secretsmanager_of_its_own):
    interrupt(function, line, pytest.fail.Exception)
    with mock_stages({"old": "x"}):
        secretsmanager_of_its_own.get_secret_value(SecretId="old")

@pytest.fixture
def secretsmanager_of_its_own():
    import boto3
    yield boto3.client("secretsmanager", "us-east-1", aws_access_key_id="a", aws_secret_access_key="a")
    # The world is left after the fixtures are torn down, at the latest.

@pytest.fixture(autouse=True)
def finds_nothing():
    assert stack.active() == []
    with mock_stages() as fresh:
        assert list(fresh) == []
"""


@pytest.mark.slow
def test_a_test_that_a_time_limit_ends_in_our_code_leaves_nothing_for_the_next(pytester):
    pytester.makeconftest(INTERRUPTING)
    pytester.makepyfile(INTERRUPTED)
    result = pytester.runpytest_subprocess(*OPTIONS, timeout=60)
    result.assert_outcomes(failed=10)


@pytest.mark.slow
def test_control_c_in_our_code_leaves_nothing_for_a_later_run_in_this_process(pytester):
    pytester.makeconftest(INTERRUPTING)
    pytester.makepyfile(INTERRUPTED.replace("pytest.fail.Exception", "KeyboardInterrupt"))
    program = """
import os, sys, pytest
before = dict(os.environ)
others = [f"no:{name}" for name in ("randomly", "cacheprovider", "hypothesispytest", "asyncio", "xdist", "socket")]
for function, line in (("Activation.__enter__", 4), ("enter", 4), ("leave", 2), ("around_call", 4)):
    options = [option for other in others for option in ("-p", other)]
    assert pytest.main(["-q", *options, "-k", f"test_it[{line}-{function}]"]) == 2
    from fake_secrets.world import stack
    from fake_secrets.hook import holding
    assert (stack.active(), holding._holders) == ([], {}), (function, line)
    after = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    assert after == {name: value for name, value in before.items() if not name.startswith("PYTEST")}
"""
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=pytester.path,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr
