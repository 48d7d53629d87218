"""`unittest` without pytest: `python -m unittest` runs decorated TestCases of every kind."""

import re
import subprocess
import sys

import pytest

HEAD = """
import asyncio, threading, unittest
import boto3
from fake_secrets import NoActiveWorldError, current, mock_stages
from fake_secrets.world import stack

client = boto3.client("secretsmanager", region_name="us-east-1")
SEED = {"a": "x"}

def value(name="a"):
    return client.get_secret_value(SecretId=name)["SecretString"]

def worlds():
    return len({id(entry.opened) for entry in stack._entries})
"""
# File to its classes and the outcomes of their tests.
FILES = {
    "whole": (
        """
@mock_stages(SEED)
class TestWhole(unittest.TestCase):
    def setUp(self):
        self.addCleanup(self.look)
        self.look()

    def tearDown(self):
        self.look()

    def look(self):
        self.assertEqual((worlds(), value()), (1, "x"))

    def test_passes(self):
        self.look()
        current().add("b", "y")

    test_starts_with_the_seed_again = test_passes

    def test_fails(self):
        self.fail()

    def test_breaks(self):
        raise LookupError

    def test_skips_itself(self):
        self.skipTest("because")

    @unittest.skip("because")
    def test_is_skipped(self):
        raise AssertionError

    @unittest.expectedFailure
    def test_fails_as_expected(self):
        self.assertEqual(value(), "y")

    @unittest.expectedFailure
    def test_passes_unexpectedly(self):
        self.look()

    def test_with_subtests(self):
        for name in "a", "absent":
            with self.subTest(name=name):
                value(name)
        self.look()

class TestZLast(unittest.TestCase):
    def test_nothing_is_left(self):
        self.assertEqual(worlds(), 0)
""",
        {
            "test_passes": "ok",
            "test_starts_with_the_seed_again": "ok",
            "test_fails": "FAIL",
            "test_breaks": "ERROR",
            "test_skips_itself": "skipped 'because'",
            "test_is_skipped": "skipped 'because'",
            "test_fails_as_expected": "expected failure",
            "test_passes_unexpectedly": "unexpected success",
            "test_with_subtests": "ERROR",
            "test_nothing_is_left": "ok",
        },
    ),
    "skipped": (
        """
@unittest.skip("all of it")
@mock_stages(SEED)
class TestSkippedAbove(unittest.TestCase):
    def test_above(self):
        raise AssertionError

@mock_stages(SEED)
@unittest.skip("all of it")
class TestSkippedBelow(unittest.TestCase):
    def test_below(self):
        raise AssertionError

class TestDecoratedMethods(unittest.TestCase):
    @mock_stages(SEED)
    @unittest.skip("below")
    def test_skip_below(self):
        raise AssertionError

    @unittest.skip("above")
    @mock_stages(SEED)
    def test_skip_above(self):
        raise AssertionError

    @mock_stages(SEED)
    @unittest.expectedFailure
    def test_expected_below(self):
        self.assertEqual(value(), "y")

    @unittest.expectedFailure
    @mock_stages(SEED)
    def test_expected_above(self):
        self.assertEqual(value(), "y")
""",
        {
            "test_above": "skipped 'all of it'",
            "test_below": "skipped 'all of it'",
            "test_skip_below": "skipped 'below'",
            "test_skip_above": "skipped 'above'",
            "test_expected_below": "expected failure",
            "test_expected_above": "expected failure",
        },
    ),
    "asynchronous": (
        """
@mock_stages(SEED)
class TestAsync(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.look()

    async def asyncSetUp(self):
        self.addAsyncCleanup(self.look_later)
        self.look()

    async def asyncTearDown(self):
        self.look()

    def look(self):
        self.assertEqual((worlds(), value()), (1, "x"))

    async def look_later(self):
        await asyncio.sleep(0)
        self.look()

    async def test_coroutine(self):
        await asyncio.gather(self.look_later(), asyncio.to_thread(self.look))

    def test_plain(self):
        self.look()

    @mock_stages({"b": "y"})
    async def test_decorated(self):
        pass

    async def test_fails(self):
        self.fail()

class TestInside(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.fake = await self.enterAsyncContext(mock_stages(SEED))

    async def test_entered(self):
        self.assertIs(self.fake, current())

    @mock_stages(SEED)
    async def test_method(self):
        await asyncio.sleep(0)
        self.assertEqual(value(), "x")
""",
        {
            "test_coroutine": "ok",
            "test_plain": "ok",
            # The world of the test covers its set-up too, and has no secret "a".
            "test_decorated": "ERROR",
            "test_fails": "FAIL",
            "test_entered": "ok",
            "test_method": "ok",
        },
    ),
    "wider": (
        """
def setUpModule():
    unittest.enterModuleContext(mock_stages({"wide": "x"}))

class TestModuleContext(unittest.TestCase):
    def test_of_module(self):
        self.assertEqual((worlds(), value("wide")), (1, "x"))

class TestClassContext(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fake = cls.enterClassContext(mock_stages(SEED))

    def test_1_adds(self):
        self.fake.add("b", "y")

    def test_2_finds(self):
        self.assertEqual(value("b"), "y")

    @mock_stages
    def test_3_joins(self):
        self.assertIs(current(), self.fake)

    @mock_stages({"c": "z"})
    def test_4_shadows(self):
        self.assertNotIn("b", current())

@mock_stages
class TestJoinsTheClassContext(TestClassContext):
    def test_5_still_joined(self):
        self.assertIs(current(), self.fake)

class TestStartInSetUpClass(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        world = mock_stages(SEED)
        world.start()
        cls.addClassCleanup(world.stop)

    def test_started(self):
        self.assertEqual(value(), "x")
""",
        {
            "test_of_module": "ok",
            "test_1_adds": "ok",
            "test_2_finds": "ok",
            "test_3_joins": "ok",
            "test_4_shadows": "ok",
            "test_5_still_joined": "ok",
            "test_started": "ok",
        },
    ),
    "inheritance": (
        """
@mock_stages(SEED)
class Mixin:
    def test_mixin(self):
        self.assertEqual((worlds(), value()), (1, "x"))

class TestMixed(Mixin, unittest.TestCase):
    pass

class TestMixedLast(unittest.TestCase, Mixin):
    def test_mixed_last(self):
        self.assertEqual(value(), "x")

@mock_stages(region="eu-west-3")
class TestMixedAndDecorated(Mixin, unittest.TestCase):
    def test_mixin(self):
        self.assertEqual((worlds(), "a" in current(), current().region), (1, True, "eu-west-3"))

class Cooperative:
    def __init_subclass__(cls, flag=False, **arguments):
        super().__init_subclass__(**arguments)
        cls.flag = flag

@mock_stages(SEED)
class DecoratedCooperative(Cooperative):
    pass

class TestCooperative(DecoratedCooperative, unittest.TestCase, flag=True):
    def test_cooperative(self):
        self.assertTrue(self.flag)
        self.assertEqual(value(), "x")

@mock_stages(SEED)
class WithItsOwnHook:
    def __init_subclass__(cls, flag=False, **arguments):
        super().__init_subclass__(**arguments)
        cls.flag = flag

class TestItsOwnHook(WithItsOwnHook, unittest.TestCase, flag=True):
    def test_its_own_hook(self):
        self.assertTrue(self.flag)
        self.assertEqual(value(), "x")

@mock_stages(SEED, account_id="111111111111")
class Base(unittest.TestCase):
    pass

@mock_stages({"b": "y"})
class TestSub(Base):
    def run(self, result=None):
        return super().run(result)

    def test_sub(self):
        self.assertEqual((worlds(), "a" in current(), current().account_id), (1, False, "111111111111"))

    @mock_stages(region="eu-west-3")
    def test_sub_method(self):
        seen = worlds(), "b" in current(), current().account_id, current().region
        self.assertEqual(seen, (1, True, "111111111111", "eu-west-3"))
""",
        {
            "test_mixin": "ok",
            "test_mixed_last": "ok",
            "test_cooperative": "ok",
            "test_its_own_hook": "ok",
            "test_sub": "ok",
            "test_sub_method": "ok",
        },
    ),
    "threads": (
        """
@mock_stages(SEED)
class TestThreads(unittest.TestCase):
    def test_threads_of_a_test_are_served(self):
        seen = []
        threads = [threading.Thread(target=lambda: seen.append(value())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        self.assertEqual(seen, ["x"] * 8)

@mock_stages(SEED)
class Suite(unittest.TestCase):
    def setUp(self):
        self.barrier.wait(10)

    def test(self):
        self.assertEqual(value(), "x")
        self.barrier.wait(10)

class TestRunInThreads(unittest.TestCase):
    def test_tests_run_in_threads_are_served(self):
        Suite.barrier = threading.Barrier(8)
        results = [unittest.TestResult() for _ in range(8)]
        threads = [threading.Thread(target=Suite("test").run, args=[result]) for result in results]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        self.assertEqual([(result.testsRun, result.wasSuccessful()) for result in results], [(1, True)] * 8)
        self.assertEqual(worlds(), 0)

def load_tests(loader, tests, pattern):
    cases = loader.loadTestsFromTestCase
    return unittest.TestSuite([cases(TestThreads), cases(TestRunInThreads)])
""",
        {"test_threads_of_a_test_are_served": "ok", "test_tests_run_in_threads_are_served": "ok"},
    ),
    "misuse": (
        """
@mock_stages(account_id="12")
class TestAccount(unittest.TestCase):
    def test_account(self):
        raise AssertionError

@unittest.skip("misused")
@mock_stages({"no name": "x"})
class TestSkipped(unittest.TestCase):
    def test_skipped(self):
        raise AssertionError

@mock_stages({"no name": "x"})
class TestSeed(unittest.IsolatedAsyncioTestCase):
    async def test_seed(self):
        raise AssertionError

class TestInnocent(unittest.TestCase):
    def test_innocent(self):
        self.assertEqual(worlds(), 0)

    @mock_stages(region="nowhere")
    def test_region(self):
        raise AssertionError
""",
        {
            "test_account": "ERROR",
            "test_skipped": "skipped 'misused'",
            "test_seed": "ERROR",
            "test_innocent": "ok",
            "test_region": "ERROR",
        },
    ),
}
CASES = [(name, test) for name, (_, outcomes) in FILES.items() for test in outcomes]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """One run of unittest over all files."""
    folder = tmp_path_factory.mktemp("unittest")
    for name, (source, _) in FILES.items():
        (folder / f"test_{name}.py").write_text(HEAD + source)
    command = [sys.executable, "-W", "error", "-m", "unittest", "-v", *[f"test_{name}" for name in FILES]]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def outcomes(ran):
    """The outcomes of each test, by file and name. A failing subtest counts as its test."""
    found = {}
    for test, name, outcome in re.findall(
        r"^ *(test\w*) \(test_(\w+)\.[\w.]+\)(?: \(.*?\))? \.\.\. (.+)$", ran.stderr, re.MULTILINE
    ):
        found.setdefault((name, test), set()).add(outcome)
    return found


@pytest.mark.parametrize(("name", "test"), CASES)
def test_each_test_has_the_expected_outcome(ran, outcomes, name, test):
    expected = FILES[name][1][test]
    if (name, test) not in outcomes and expected.startswith("skipped"):
        pytest.skip("Python 3.12.1 doesn't print the names of skipped tests")
    assert outcomes[name, test] == {expected}, ran.stderr


def test_no_other_test_runs(ran, outcomes):
    assert outcomes.keys() <= set(CASES), ran.stderr


def test_misuse_is_an_error_of_its_test(ran):
    lines = ran.stderr.splitlines()
    assert "ValueError: account_id='12' isn't a string of twelve digits" in lines
    assert "ValueError: region='nowhere' isn't a region, such as 'us-east-1'" in lines
    seed = (
        "fake_secrets.errors.SeedError: 'no name' can't be a secret's name. "
        "Use 1 to 512 letters, digits and -/_+=.@!"
    )
    assert seed in lines


def test_misuse_does_not_end_the_run(ran):
    summary = "FAILED (failures=2, errors=6, skipped=7, expected failures=3, unexpected successes=1)"
    assert ran.stderr.splitlines()[-1] == summary
