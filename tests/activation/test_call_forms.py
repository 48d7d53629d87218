"""Every call form, sync and async, in tests that pass, fail, or break in set-up or tear-down.

One run of pytest runs them all, with one file for each. In set-up, body and tear-down, `look` records how
many worlds are active and which secrets the innermost one holds. After each test, a conftest.py records
whether everything was restored.
"""

import json
import subprocess
import sys
import textwrap
from typing import NamedTuple

import pytest

PROBE = """
import os
import botocore.client, botocore.endpoint
from fake_secrets import hook
from fake_secrets.world import stack
from fake_secrets.hook import holding

broken_in = None
looks = []

class Broken(Exception):
    pass

def look(where):
    entries = stack._entries
    names = sorted(secret.name for secret in entries[-1].opened.handle._world.store) if entries else None
    if entries:
        # A world creates its seed at the first use.
        names = sorted(seed for seed in ("seeded", "stray") if seed in entries[-1].opened.handle)
        entries[-1].opened.handle.add(f"by-{where}")
    looks.append((where, len({id(entry.opened) for entry in entries}), names))
    if where == broken_in:
        raise Broken(where)

def state():
    return {
        "entries": len(stack._entries),
        "holders": len(holding._holders),
        "methods": [
            repr(getattr(owner, name)) for owner, name in (
                (botocore.client.BaseClient, "_make_api_call"),
                (botocore.endpoint.Endpoint, "make_request"),
                (botocore.endpoint.Endpoint, "_send"),
            )
        ],
        "environment": {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
    }
"""
CONFTEST = """
import json, pathlib, pytest, probe

reports = {}

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    before = probe.state()
    probe.broken_in, probe.looks = item.module.BROKEN_IN, []
    report = reports[item.path.stem] = {"outcomes": []}
    try:
        return (yield)
    finally:
        report.update({"looks": probe.looks, "left as found": probe.state() == before})

def pytest_runtest_logreport(report):
    reports[pathlib.Path(report.location[0]).stem]["outcomes"].append(report.outcome)

def pytest_sessionfinish():
    pathlib.Path("report.json").write_text(json.dumps(reports))
"""
HEAD = """
import contextlib, functools, unittest
import pytest, pytest_asyncio
from fake_secrets import mock_stages
from probe import look
BROKEN_IN = {broken_in!r}
SEED = {{"seeded": "x"}}
"""
SYNC_FIXTURE = """
@pytest.fixture
def around({arguments}):
    look("set-up")
    yield
    look("tear-down")
"""
ASYNC_FIXTURE = """
@pytest_asyncio.fixture
async def around({arguments}):
    look("set-up")
    yield
    look("tear-down")
"""
WHOLE = [["set-up", 1, ["seeded"]], ["body", 1, ["seeded"]], ["tear-down", 1, ["seeded"]]]
BODY_ONLY = [["set-up", 0, None], ["body", 1, ["seeded"]], ["tear-down", 0, None]]


class Form(NamedTuple):
    source: str
    looks: list = WHOLE
    arguments: str = ""  # the fixture's parameters


FORMS = {
    "decorator": Form("""
        @mock_stages(SEED)
        {async}def test(around):
            look("body")
    """),
    "marker": Form("""
        @pytest.mark.fake_secrets(SEED)
        {async}def test(around):
            look("body")
    """),
    "module marker": Form("""
        pytestmark = [pytest.mark.fake_secrets(SEED), *([pytest.mark.asyncio] if {is_async} else [])]
        {async}def test(around):
            look("body")
    """),
    "decorator and marker": Form("""
        @pytest.mark.fake_secrets({{"stray": "x"}})
        @mock_stages(SEED)
        {async}def test(around):
            look("body")
    """),
    "decorator above parametrize": Form("""
        @mock_stages(SEED)
        @pytest.mark.parametrize("number", [1])
        {async}def test(around, number):
            look("body")
    """),
    "decorator below parametrize": Form("""
        @pytest.mark.parametrize("number", [1])
        @mock_stages(SEED)
        {async}def test(around, number):
            look("body")
    """),
    "decorated method": Form("""
        class TestSuite:
            @mock_stages(SEED)
            {async}def test(self, around):
                look("body")
    """),
    "decorated class": Form("""
        @mock_stages(SEED)
        class TestSuite:
            {async}def test(self, around):
                look("body")
    """),
    "marked class": Form("""
        @pytest.mark.fake_secrets(SEED)
        class TestSuite:
            {async}def test(self, around):
                look("body")
    """),
    "class that inherits": Form("""
        @mock_stages(SEED)
        class Base:
            {async}def test(self, around):
                look("body")
        class TestSuite(Base):
            pass
    """),
    "class inside a decorated class": Form("""
        @mock_stages(SEED)
        class TestOuter:
            class TestInner:
                {async}def test(self, around):
                    look("body")
    """),
    "decorated class with setup_method": Form("""
        @mock_stages(SEED)
        class TestSuite:
            def setup_method(self):
                look("set-up")
            def teardown_method(self):
                look("tear-down")
            {async}def test(self):
                look("body")
    """),
    "fixture": Form(
        """
        @pytest.mark.fake_secrets(SEED)
        {async}def test(around):
            look("body")
        """,
        arguments="fake_secrets",
    ),
    "decorated fixture": Form(
        """
        @pytest.fixture
        @mock_stages(SEED)
        def world():
            yield
        {async}def test(around):
            look("body")
        """,
        arguments="world",
    ),
    "fixture of the module's scope": Form(
        """
        @pytest.fixture(scope="module")
        def world():
            with mock_stages(SEED):
                yield
        {async}def test(around, fake_secrets):
            look("body")
        """,
        arguments="world",
    ),
    "with": Form(
        """
        {async}def test(around):
            with mock_stages(SEED):
                look("body")
        """,
        BODY_ONLY,
    ),
    "nested with": Form(
        """
        {async}def test(around):
            with mock_stages(SEED) as outer, mock_stages() as inner:
                assert inner is outer
                look("body")
        """,
        BODY_ONLY,
    ),
    "with of one object twice": Form(
        """
        {async}def test(around):
            world = mock_stages(SEED)
            with world, world:
                look("body")
        """,
        BODY_ONLY,
    ),
    "start and stop": Form("""
        class TestSuite:
            world = mock_stages(SEED)
            def setup_method(self):
                self.world.start()
                try:
                    look("set-up")
                except BaseException:
                    self.world.stop()
                    raise
            def teardown_method(self):
                try:
                    look("tear-down")
                finally:
                    self.world.stop()
            {async}def test(self):
                look("body")
    """),
    "decorated helper": Form(
        """
        class Helper:
            @mock_stages(SEED)
            {async}def method(self):
                look("body")
            @staticmethod
            @mock_stages(SEED)
            {async}def static_below():
                pass
            @mock_stages(SEED)
            @staticmethod
            {async}def static_above():
                pass
            @classmethod
            @mock_stages(SEED)
            {async}def class_below(cls):
                assert cls is Helper
            @mock_stages(SEED)
            @classmethod
            {async}def class_above(cls):
                assert cls is Helper
        {async}def test(around):
            helper = Helper()
            for method in (Helper.static_below, helper.static_above, Helper.class_below, helper.class_above):
                {await}method()
            {await}helper.method()
        """,
        BODY_ONLY,
    ),
    "partial": Form(
        """
        @mock_stages(SEED)
        {async}def helper(number):
            look("body")
        {async}def test(around):
            {await}functools.partial(helper, 1)()
        """,
        BODY_ONLY,
    ),
}
SYNC_FORMS = {
    "TestCase": Form("""
        @mock_stages(SEED)
        class TestSuite(unittest.TestCase):
            def setUp(self):
                self.addCleanup(look, "tear-down")
                look("set-up")
            def test(self):
                look("body")
    """),
    "TestCase that inherits": Form("""
        @mock_stages(SEED)
        class Base(unittest.TestCase):
            def setUp(self):
                look("set-up")
            def tearDown(self):
                look("tear-down")
        class TestSuite(Base):
            def test(self):
                look("body")
    """),
    "TestCase decorated over a decorated one": Form("""
        @mock_stages({{"stray": "x"}})
        class Base(unittest.TestCase):
            def setUp(self):
                look("set-up")
            def tearDown(self):
                look("tear-down")
        @mock_stages(SEED)
        class TestSuite(Base):
            def test(self):
                look("body")
    """),
    "TestCase by enterContext": Form("""
        class TestSuite(unittest.TestCase):
            def setUp(self):
                self.enterContext(mock_stages(SEED))
                self.addCleanup(look, "tear-down")
                look("set-up")
            def test(self):
                look("body")
    """),
    "TestCase by enterClassContext": Form("""
        class TestSuite(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                cls.enterClassContext(mock_stages(SEED))
            def setUp(self):
                look("set-up")
            def tearDown(self):
                look("tear-down")
            def test(self):
                look("body")
    """),
}
ASYNC_FORMS = {
    "IsolatedAsyncioTestCase": Form("""
        @mock_stages(SEED)
        class TestSuite(unittest.IsolatedAsyncioTestCase):
            async def asyncSetUp(self):
                look("set-up")
            async def asyncTearDown(self):
                look("tear-down")
            async def test(self):
                look("body")
    """),
    "decorated asynchronous fixture": Form(
        """
        @pytest_asyncio.fixture
        @mock_stages(SEED)
        async def world():
            yield
        @pytest.mark.asyncio
        async def test(around):
            look("body")
        """,
        arguments="world",
    ),
    "async with": Form(
        """
        @pytest.mark.asyncio
        async def test(around):
            async with mock_stages(SEED):
                look("body")
        """,
        BODY_ONLY,
    ),
}
BROKEN_IN = {"passes": None, "fails": "body", "breaks in set-up": "set-up", "breaks in tear-down": "tear-down"}
IS_ASYNC = {"sync": False, "async": True}
CASES = {
    f"{name}-{kind}-{outcome}": (form, kind, outcome)
    for forms, kinds in ((FORMS, IS_ASYNC), (SYNC_FORMS, ["sync"]), (ASYNC_FORMS, ["async"]))
    for name, form in forms.items()
    for kind in kinds
    for outcome in BROKEN_IN
}


def source_of(form, kind, outcome):
    is_async = IS_ASYNC[kind]
    body = textwrap.dedent(form.source).format(
        **{"async": "async " * is_async, "await": "await " * is_async, "is_async": is_async}
    )
    fixture = (ASYNC_FIXTURE if is_async else SYNC_FIXTURE).format(arguments=form.arguments)
    return HEAD.format(broken_in=BROKEN_IN[outcome]) + fixture + body


def marked(source):
    """Mark each asynchronous test, as pytest-asyncio's strict mode requires."""
    for indent in ("", "    ", "        "):
        source = source.replace(
            f"\n{indent}async def test(", f"\n{indent}@pytest.mark.asyncio\n{indent}async def test("
        )
    return source


def play(folder, sources, asyncio_mode):
    """Write each source to a file, run all of them, and return a report for each."""
    (folder / "probe.py").write_text(PROBE)
    (folder / "conftest.py").write_text(CONFTEST)
    names = {f"test_{number}": name for number, name in enumerate(sources)}
    for module, name in names.items():
        (folder / f"{module}.py").write_text(sources[name])
    options = {"asyncio_mode": asyncio_mode, "asyncio_default_fixture_loop_scope": "function"}
    overrides = [f"--override-ini={name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "--strict-markers", *overrides]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    reports = json.loads((folder / "report.json").read_text())
    assert reports.keys() == names.keys(), ran.stdout
    return {names[module]: report for module, report in reports.items()}


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    sources = {name: source_of(*case) for name, case in CASES.items()}
    return play(tmp_path_factory.mktemp("forms"), sources, "auto")


@pytest.fixture(scope="module")
def strict_reports(tmp_path_factory):
    sources = {name: marked(source_of(form, "async", "passes")) for name, form in FORMS.items()}
    return play(tmp_path_factory.mktemp("strict"), sources, "strict")


def expected_looks(form, outcome):
    """Return the expected looks. After a set-up that breaks, only a cleanup that it added still runs."""
    if outcome != "breaks in set-up":
        return form.looks
    adds_its_cleanup_first = 'addCleanup(look, "tear-down")' in form.source
    return [form.looks[0], form.looks[2]] if adds_its_cleanup_first else form.looks[:1]


@pytest.mark.parametrize("name", CASES)
class TestEveryForm:
    def test_one_world_covers_set_up_body_and_tear_down(self, reports, name):
        form, _, outcome = CASES[name]
        assert reports[name]["looks"] == expected_looks(form, outcome)

    @pytest.mark.slow
    def test_nothing_is_left_behind(self, reports, name):
        assert reports[name]["left as found"]

    def test_the_test_has_the_expected_outcome(self, reports, name):
        _, _, outcome = CASES[name]
        assert ("failed" in reports[name]["outcomes"]) is (outcome != "passes")


@pytest.mark.parametrize("name", FORMS)
def test_asynchronous_tests_can_be_marked_one_by_one(strict_reports, name):
    report = strict_reports[name]
    assert (report["looks"], report["left as found"]) == (FORMS[name].looks, True)
    assert set(report["outcomes"]) == {"passed"}
