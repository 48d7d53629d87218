"""The plugin in whole runs of pytest: disabled, with other plugins, and with options at every level."""

import importlib.util
import subprocess
import sys

import pytest
from runs_of_pytest import PYTEST_ARGUMENTS
from valid_options import VALID

# One process runs all the commands, because starting a process is slow.
PROGRAM = """
import sys, pytest

ASKED = "--markers", "--fixtures test_plain.py", "--help", "test_plain.py", "test_marked.py", "test_asks.py"
for command in ASKED:
    print("\\n==", command)
    pytest.main([*command.split(), "--strict-markers", "-p", "no:cacheprovider", *sys.argv[1:]])
    print("modules", [name for name in sys.modules if name.partition(".")[0] == "fake_secrets"])
"""
ASKING = {
    "test_marked.py": """
import pytest
@pytest.mark.fake_secrets({"a": "x"})
def test_marked():
    pass
""",
    "test_asks.py": """
def test_asks(fake_secrets):
    pass
""",
    "test_plain.py": """
import pytest

def test_no_plugin_of_ours(pytestconfig):
    plugins = pytestconfig.pluginmanager.list_name_plugin()
    assert [name for name, plugin in plugins if "fake" in name and plugin is not None] == []

def test_no_ini(pytestconfig):
    with pytest.raises(ValueError, match="fake_secrets_guard"):
        pytestconfig.getini("fake_secrets_guard")

def test_no_fixture(request):
    for name in "fake_secrets", "fake_secrets_server", "secretsmanager", "_fake_secrets_clients":
        with pytest.raises(pytest.FixtureLookupError):
            request.getfixturevalue(name)
""",
}


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """The output of each command, with the plugin and without it."""
    folder = tmp_path_factory.mktemp("plain")
    for name, source in ASKING.items():
        (folder / name).write_text(source)

    def print_all(*arguments):
        command = [sys.executable, "-c", PROGRAM, *PYTEST_ARGUMENTS, *arguments]
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        assert "secret" not in ran.stderr
        return {part.partition("\n")[0]: part for part in ran.stdout.split("\n== ")[1:]}

    return {"off": print_all("-p", "no:fake_secrets"), "on": print_all()}


class TestSwitchedOff:
    """The plugin is disabled by `-p no:fake_secrets`."""

    @pytest.mark.slow
    @pytest.mark.parametrize("command", ["--markers", "--fixtures test_plain.py", "--help"])
    def test_nothing_is_listed(self, printed, command):
        assert "fake_secrets" in printed["on"][command]
        assert "fake_secrets" not in printed["off"][command]
        assert "secretsmanager" not in printed["off"][command]

    def test_no_module_of_ours_is_imported(self, printed):
        assert [text.splitlines()[-1] for text in printed["off"].values()] == ["modules []"] * 6

    @pytest.mark.slow
    def test_there_is_no_plugin_no_ini_and_no_fixture(self, printed):
        assert "3 passed" in printed["off"]["test_plain.py"]

    def test_the_marker_is_unknown(self, printed):
        unknown = "'fake_secrets' not found in `markers` configuration option"
        assert unknown in printed["off"]["test_marked.py"].splitlines()
        assert "1 passed" in printed["on"]["test_marked.py"]

    def test_the_fixtures_are_not_available(self, printed):
        lines = printed["off"]["test_asks.py"].splitlines()
        assert any("fixture 'fake_secrets' not found" in line for line in lines)
        (offered,) = [line for line in lines if "available fixtures: " in line]
        assert "secret" not in offered
        assert "1 passed" in printed["on"]["test_asks.py"]

    def test_the_header_mentions_the_plugin_only_in_the_list_of_plugins(self, printed):
        def header(state):
            lines = printed[state]["test_plain.py"].split("\ncollected ")[0].splitlines()
            return [line for line in lines if not line.startswith("plugins: ")]

        assert header("on") == header("off") != []

    def test_the_ini_option_is_unknown(self, pytester):
        pytester.makeini("[pytest]\nfake_secrets_guard = error\n")
        ran = pytester.runpytest_inprocess(*PYTEST_ARGUMENTS, "--strict-config", "-p", "no:fake_secrets")
        ran.stderr.fnmatch_lines(["ERROR: Unknown config option: fake_secrets_guard"])

    @pytest.mark.slow
    def test_decorated_tests_still_run_in_a_world(self, run):
        ran = run(
            """
            import unittest
            from fake_secrets import current, mock_stages

            @mock_stages({"a": "x"})
            def test_function():
                assert "a" in current()

            @mock_stages({"a": "x"})
            class TestSuite(unittest.TestCase):
                def setUp(self):
                    assert "a" in current()
                def test(self):
                    assert "a" in current()
            """,
            "-p",
            "no:fake_secrets",
        )
        ran.assert_outcomes(passed=2)


EVERY_FORM = {
    "conftest.py": """
        import boto3, pytest
        from fake_secrets import mock_stages

        @pytest.fixture(scope="module")
        def wide():
            with mock_stages({"wide": "x"}) as fake:
                yield fake

        @pytest.fixture
        def value():
            return boto3.client("secretsmanager").get_secret_value(SecretId="a")["SecretString"]
    """,
    "test_forms.py": """
        import unittest
        import pytest
        from fake_secrets import NoActiveWorldError, current, mock_stages
        pytestmark = pytest.mark.fake_secrets(region="eu-west-3")

        def test_fixtures(fake_secrets, secretsmanager):
            secretsmanager.create_secret(Name="a")
            assert "eu-west-3" in fake_secrets["a"].arn

        @mock_stages({"a": "x"})
        def test_decorated(value):
            assert (value, current().region) == ("x", "eu-west-3")

        @pytest.mark.fake_secrets({"a": "x"})
        class TestSuite:
            @pytest.mark.parametrize("number", range(4))
            def test_marked(self, value, number):
                assert value == "x"
                current().add("b", "only mine")

        @mock_stages({"a": "x"})
        class TestCase(unittest.TestCase):
            def setUp(self):
                current().add("b", "only mine")
            def test_one(self):
                assert "a" in current()
            test_two = test_one

        def test_wide(wide):
            assert "wide" in wide
    """,
    "test_outside.py": """
        import random
        import pytest
        from fake_secrets import NoActiveWorldError, current, mock_stages

        def test_there_is_no_world():
            with pytest.raises(NoActiveWorldError):
                current()

        made = []

        @pytest.mark.parametrize("turn", range(2))
        def test_ids_are_never_alike(fake_secrets, turn):
            # pytest-randomly gives every test the same random numbers.
            arn = fake_secrets.add("a", "x").arn
            assert arn not in made
            made.append(arn)
    """,
}


class TestOtherWaysToRun:
    @pytest.fixture
    def run_every_form(self, pytester, monkeypatch):
        def run_every_form(*arguments, **environment):
            for name, value in environment.items():
                monkeypatch.setenv(name, value)
            for name, source in EVERY_FORM.items():
                pytester.makepyfile(**{name.removesuffix(".py"): source})
            return pytester.runpytest_subprocess("--strict-markers", "-p", "no:cacheprovider", *arguments)

        return run_every_form

    @pytest.mark.slow
    def test_loaded_by_name_without_autoload(self, run_every_form):
        ran = run_every_form("-p", "fake_secrets.plugin", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
        ran.assert_outcomes(passed=12)
        ran.stdout.no_fnmatch_line("plugins: *")

    @pytest.mark.slow
    def test_in_random_order_with_import_mode_importlib(self, run_every_form):
        ran = run_every_form("-p", "randomly", "-p", "no:asyncio", "--import-mode=importlib")
        ran.assert_outcomes(passed=12)
        ran.stdout.fnmatch_lines(["Using --randomly-seed=*"])

    @pytest.mark.slow
    @pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="pytest-xdist isn't installed")
    def test_on_xdist_workers(self, run_every_form):
        # test_outside.py needs all its tests in one process, to compare their ids.
        ran = run_every_form("-p", "no:asyncio", "-p", "no:randomly", "-n2", "--dist=loadfile")
        ran.assert_outcomes(passed=12)

    @pytest.mark.slow
    @pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="pytest-xdist isn't installed")
    def test_an_unknown_argument_on_a_worker_is_an_error_of_its_test(self, pytester):
        pytester.makepyfile(
            """
            import pytest
            @pytest.mark.fake_secrets(regoin="eu-west-3")
            def test_marked(fake_secrets):
                pass
            def test_innocent(fake_secrets):
                pass
            """
        )
        ran = pytester.runpytest_subprocess(*PYTEST_ARGUMENTS, "-n2")
        ran.assert_outcomes(passed=1, errors=1)
        node = "test_an_unknown_argument_on_a_worker_is_an_error_of_its_test.py::test_marked"
        ran.stdout.fnmatch_lines(
            [
                f"{node}: @pytest.mark.fake_secrets doesn't take 'regoin'. It takes:",
                *VALID,
            ],
            consecutive=True,
        )

    @pytest.mark.slow
    def test_collecting_marked_tests_does_not_import_botocore(self, pytester):
        pytester.makepyfile(
            """
            import pytest
            @pytest.mark.fake_secrets({"a": "x"})
            def test_marked(fake_secrets, secretsmanager):
                pass
            """
        )
        pytester.makeconftest(
            """
            import sys
            def pytest_collection_finish():
                assert not {"botocore", "boto3", "wrapt", "fake_secrets.mock"} & sys.modules.keys()
            """
        )
        ran = pytester.runpytest_subprocess(*PYTEST_ARGUMENTS, "--collect-only")
        assert ran.ret == pytest.ExitCode.OK


class TestFixturesOfWiderScope:
    """A user's fixture that contains `with mock_stages(...)`."""

    @pytest.mark.slow
    @pytest.mark.parametrize("scope", ["class", "module", "package", "session"])
    def test_its_tests_share_the_world_but_a_marked_test_has_its_own(self, run, scope):
        ran = run(
            f"""
            import boto3, pytest
            from fake_secrets import NoActiveWorldError, current, mock_stages

            @pytest.fixture(scope={scope!r}, autouse=True)
            def world():
                with mock_stages({{"a": "x"}}, region="eu-west-3") as fake:
                    yield fake

            class TestSuite:
                def test_one(self, secretsmanager):
                    secretsmanager.create_secret(Name="b")

                def test_two_finds_what_one_left(self, world):
                    assert "b" in world
                    assert current() is world

                @pytest.mark.fake_secrets({{"c": "x"}})
                def test_three_is_marked(self, fake_secrets, secretsmanager, world):
                    assert current() is fake_secrets is not world
                    assert ("a" in fake_secrets, "c" in fake_secrets) == (False, True)
                    assert secretsmanager.meta.region_name == fake_secrets.region == "eu-west-3"

                def test_four_is_back(self, world, fake_secrets, secretsmanager):
                    assert fake_secrets is world
                    secretsmanager.describe_secret(SecretId="b")
            """
        )
        ran.assert_outcomes(passed=4)

    def test_the_world_ends_with_its_scope(self, run):
        ran = run(
            """
            import pytest
            from fake_secrets import NoActiveWorldError, current, mock_stages

            @pytest.fixture(scope="class")
            def world():
                with mock_stages({"a": "x"}) as fake:
                    yield fake

            class TestInside:
                def test_inside(self, world):
                    assert current() is world

            def test_outside():
                with pytest.raises(NoActiveWorldError):
                    current()
            """
        )
        ran.assert_outcomes(passed=2)


# The places where a test's options can be given, the closest first.
LEVELS = (
    "decorator",
    "put-before-the-items",
    "marker",
    "parameter-set",
    "added-to-the-item",
    "added-to-the-class",
    "class-decorator",
    "class-marker",
    "base-decorator",
    "base-marker",
    "outer-decorator",
    "outer-marker",
    "module-marker",
    "added-to-the-module",
    "added-to-the-session",
)
CONFTEST = """
import pytest

def pytest_collection_modifyitems(items):
    for item in items:
        {added-to-the-item}
        {put-before-the-items}
        {added-to-the-class}
        {added-to-the-module}
        {added-to-the-session}
        item.session.add_marker(pytest.mark.fake_secrets(account_id="210987654321"))
"""
MODULE = """
import pytest
from fake_secrets import mock_stages
{module-marker}

{outer-decorator}
{outer-marker}
class TestOuter:
    {base-decorator}
    {base-marker}
    class Base:
        pass

    {class-decorator}
    {class-marker}
    class TestInner(Base):
        @pytest.mark.parametrize("number", [pytest.param(1, marks={parameter-set})])
        {marker}
        {decorator}
        def test(self, fake_secrets, number):
            assert fake_secrets.region == "at-{closest}-1"
            assert fake_secrets.account_id == "210987654321"
"""


def stated(level, template):
    option = f"region='at-{level}-1'"
    marker = f"pytest.mark.fake_secrets({option})"
    if level == "parameter-set":
        return marker
    if level == "module-marker":
        return f"pytestmark = {marker}"
    if level.startswith(("added-to-the-", "put-before-the-")):
        node = {
            "added-to-the-class": "item.getparent(pytest.Class)",
            "added-to-the-module": "item.getparent(pytest.Module)",
            "added-to-the-session": "item.session",
        }.get(level, "item")
        return f"{node}.add_marker({marker}, append={not level.startswith('put-before')})"
    return f"@mock_stages({option})" if level.endswith("decorator") else f"@{marker}"


def filled(template, levels):
    for level in LEVELS:
        absent = "[]" if level == "parameter-set" else ""
        text = stated(level, template) if level in levels else absent
        template = template.replace(f"{{{level}}}", text)
    return template.replace("{closest}", levels[0])


class TestMerging:
    @pytest.mark.parametrize("closest", range(len(LEVELS)), ids=LEVELS)
    def test_each_argument_comes_from_the_closest_level(self, pytester, closest):
        levels = LEVELS[closest:]
        pytester.makeconftest(filled(CONFTEST, levels))
        pytester.makepyfile(filled(MODULE, levels))
        pytester.runpytest_inprocess(*PYTEST_ARGUMENTS, "--strict-markers").assert_outcomes(passed=1)

    def test_functions_and_parameter_sets_have_the_same_order_as_in_pytest(self, run):
        ran = run(
            """
            import pytest

            @pytest.mark.parametrize("number", [pytest.param(1, marks=pytest.mark.fake_secrets({"a": "set"}))])
            @pytest.mark.fake_secrets({"a": "outer"}, account_id="210987654321")
            @pytest.mark.fake_secrets({"a": "inner"})
            def test_marked(request, fake_secrets, number):
                closest = request.node.get_closest_marker("fake_secrets").args[0]["a"]
                assert fake_secrets["a"].value() == closest == "inner"
                assert fake_secrets.account_id == "210987654321"
            """
        )
        ran.assert_outcomes(passed=1)

    def test_several_bases_are_ordered_by_the_mro(self, run):
        ran = run(
            """
            import pytest
            from fake_secrets import mock_stages

            @pytest.mark.fake_secrets({"a": "root"}, region="eu-west-1", account_id="111111111111")
            class Root:
                def test(self, fake_secrets):
                    seen = fake_secrets["a"].value(), fake_secrets.region, fake_secrets.account_id
                    assert seen == self.expected

            @pytest.mark.fake_secrets({"a": "left"}, region="eu-west-2")
            class Left(Root):
                pass

            @mock_stages({"a": "right"})
            class Right(Root):
                pass

            class TestLeftRight(Left, Right):
                expected = "left", "eu-west-2", "111111111111"

            class TestRightLeft(Right, Left):
                expected = "right", "eu-west-2", "111111111111"

            class TestRight(Right):
                expected = "right", "eu-west-1", "111111111111"

            class TestOverridden(Right):
                expected = "right", "eu-west-1", "222222222222"
                pytestmark = [pytest.mark.fake_secrets(account_id="222222222222")]
            """
        )
        ran.assert_outcomes(passed=4)

    def test_the_first_of_several_module_markers_is_the_closest(self, run):
        ran = run(
            """
            import pytest
            pytestmark = [
                pytest.mark.fake_secrets({"a": "first"}),
                pytest.mark.usefixtures("secretsmanager"),
                pytest.mark.fake_secrets({"a": "second"}, region="eu-west-3"),
            ]

            def test_marked(fake_secrets):
                assert (fake_secrets["a"].value(), fake_secrets.region) == ("first", "eu-west-3")
            """
        )
        ran.assert_outcomes(passed=1)

    def test_each_parameter_set_of_a_function_has_its_own_world(self, run):
        ran = run(
            """
            import pytest
            from fake_secrets import mock_stages

            @pytest.mark.parametrize(
                "region",
                [
                    "eu-west-1",
                    pytest.param("eu-west-2", marks=pytest.mark.fake_secrets(region="eu-west-2")),
                    pytest.param("eu-west-3", marks=[pytest.mark.fake_secrets(region="eu-west-3")]),
                ],
            )
            @mock_stages({"a": "x"})
            def test_sets(fake_secrets, region):
                assert fake_secrets.region == region
            """,
            "-p",
            "no:cacheprovider",
        )
        ran.assert_outcomes(passed=2, failed=1)
        ran.stdout.fnmatch_lines(["E *'us-east-1' == 'eu-west-1'"])

    @pytest.mark.slow
    def test_a_test_case_merges_the_options_of_class_method_and_module_into_one_world(self, run):
        ran = run(
            """
            import unittest
            import pytest
            from fake_secrets import current, mock_stages
            from fake_secrets.world import stack
            pytestmark = pytest.mark.fake_secrets(region="eu-west-3")

            def look():
                fake = current()
                worlds = {id(entry.opened) for entry in stack._entries}
                return len(worlds), "class" in fake, "method" in fake, fake.region, fake.account_id

            @mock_stages({"class": "x"}, account_id="210987654321")
            class TestSuite(unittest.TestCase):
                def setUp(self):
                    self.in_set_up = look()

                @mock_stages({"method": "x"})
                def test_decorated(self):
                    assert self.in_set_up == look() == (1, False, True, "eu-west-3", "210987654321")

                @pytest.mark.fake_secrets({"method": "x"})
                def test_marked(self):
                    assert self.in_set_up == look() == (1, False, True, "eu-west-3", "210987654321")

                def test_plain(self):
                    assert self.in_set_up == look() == (1, True, False, "eu-west-3", "210987654321")
            """
        )
        ran.assert_outcomes(passed=3)

    @pytest.mark.parametrize("when", ["", "@pytest.hookimpl(trylast=True)"], ids=["in turn", "last"])
    def test_markers_added_by_a_conftest_at_collection_are_used(self, run, pytester, when):
        pytester.makeconftest(
            f"""
            import pytest
            {when}
            def pytest_collection_modifyitems(items):
                for item in items:
                    item.add_marker(pytest.mark.fake_secrets({{"a": "x"}}))
            """
        )
        run(
            """
            from fake_secrets import current
            def test_marked():
                assert "a" in current()
            """
        ).assert_outcomes(passed=1)

    def test_markers_added_by_an_earlier_plugin_at_collection_are_used(self, run, pytester):
        pytester.makepyfile(
            early="""
            import pytest
            def pytest_collection_modifyitems(items):
                for item in items:
                    item.add_marker(pytest.mark.fake_secrets({"a": "x"}))
            """
        )
        pytester.syspathinsert()
        run(
            """
            from fake_secrets import current
            def test_marked():
                assert "a" in current()
            """,
            "-p",
            "early",
        ).assert_outcomes(passed=1)
