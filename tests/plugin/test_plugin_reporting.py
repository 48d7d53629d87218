"""What the report of a failed test says about its worlds."""

import re
import textwrap

import pytest
from runs_of_pytest import PYTEST_ARGUMENTS

V1 = "11111111-1111-4111-8111-111111111111"
V2 = "22222222-2222-4222-8222-222222222222"
HEAD = f"""
    import boto3
    import pytest
    import unittest
    from fake_secrets import current, mock_stages

    client = boto3.client("secretsmanager", "us-east-1")
    version_ids = {{"AWSCURRENT": "{V1}"}}

    def put(secret_id="prod/db"):
        client.put_secret_value(SecretId=secret_id, SecretString="new", ClientRequestToken="{V2}")
"""
SECTION = [
    "*- fake_secrets -*",
    "staging labels of prod/db",
    f"v1 = {V1}",
    f"v2 = {V2}",
    "",
    "   call            v1           v2",
    "0  (seed)          AWSCURRENT",
    "1  PutSecretValue  AWSPREVIOUS  AWSCURRENT",
    "",
    "1 call",
    "   time      call            secret",
    "0  12:00:00  PutSecretValue  prod/db",
]

WAYS = {
    "fixture": """
        def test_it(fake_secrets):
            fake_secrets.add("prod/db", "old", version_ids=version_ids)
            put()
            assert 0
    """,
    "decorator": """
        @mock_stages()
        def test_it():
            current().add("prod/db", "old", version_ids=version_ids)
            put()
            assert 0
    """,
    "marker": """
        @pytest.mark.fake_secrets(region="us-east-1")
        def test_it():
            current().add("prod/db", "old", version_ids=version_ids)
            put()
            assert 0
    """,
    "block that is over": """
        def test_it():
            with mock_stages() as world:
                world.add("prod/db", "old", version_ids=version_ids)
                put()
            del world
            assert 0
    """,
    "block that the failure leaves": """
        def test_it():
            with mock_stages() as world:
                world.add("prod/db", "old", version_ids=version_ids)
                put()
                assert 0
    """,
    "start without stop": """
        def test_it():
            mock_stages().start().add("prod/db", "old", version_ids=version_ids)
            put()
            assert 0
    """,
    "set-up": """
        @pytest.fixture
        def fails(fake_secrets):
            fake_secrets.add("prod/db", "old", version_ids=version_ids)
            put()
            assert 0

        def test_it(fails):
            pass
    """,
    "tear-down": """
        @pytest.fixture
        def fails(fake_secrets):
            fake_secrets.add("prod/db", "old", version_ids=version_ids)
            yield
            put()
            assert 0

        def test_it(fails):
            pass
    """,
    "TestCase": """
        @mock_stages()
        class TestIt(unittest.TestCase):
            def test_it(self):
                current().add("prod/db", "old", version_ids=version_ids)
                put()
                self.fail()
    """,
    "asynchronous TestCase": """
        class TestIt(unittest.IsolatedAsyncioTestCase):
            async def test_it(self):
                async with mock_stages() as world:
                    world.add("prod/db", "old", version_ids=version_ids)
                    put()
                self.fail()
    """,
}


def module_of(source):
    """A module of tests."""
    return textwrap.dedent(HEAD) + textwrap.dedent(source)


def section_of(ran, name="fake_secrets"):
    """The lines of the section of a report, without its title; None if there is none. All calls were at noon."""
    lines = iter(ran.outlines)
    if not any(re.fullmatch(rf"-+ {name} -+", line) for line in lines):
        return None
    section = []
    for line in lines:
        if re.match(r"[-=_]{5}|[\w/]+\.py:\d+: ", line):
            break
        section.append(re.sub(r"\d\d:\d\d:\d\d", "12:00:00", line))
    return section


ONE = module_of(WAYS["fixture"])
PASSES = module_of(WAYS["fixture"].replace("assert 0", "pass"))


@pytest.fixture
def report(run):
    """A function that runs pytest on a source of tests, and returns the section of the first report."""

    def report(source, *arguments):
        return section_of(run(module_of(source), *arguments))

    return report


@pytest.mark.parametrize("way", WAYS)
def test_a_failed_test_shows_the_timeline_of_its_secret_and_its_calls(report, way):
    assert report(WAYS[way]) == SECTION[1:]


@pytest.mark.slow
def test_an_asynchronous_test_has_the_section_too(pytester):
    source = """
        @pytest.mark.asyncio
        async def test_it(fake_secrets):
            fake_secrets.add("prod/db", "old", version_ids=version_ids)
            put()
            assert 0
    """
    pytester.makepyfile(module_of(source))
    ran = pytester.runpytest_subprocess("-p", "no:randomly", "-o", "asyncio_default_fixture_loop_scope=function")
    assert section_of(ran) == SECTION[1:]


@pytest.mark.slow
def test_the_section_comes_through_xdist(pytester):
    pytester.makepyfile(ONE)
    assert section_of(pytester.runpytest_subprocess(*PYTEST_ARGUMENTS, "-n", "1")) == SECTION[1:]


class TestDenials:
    POLICY = """
        POLICY = {"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*",
            "Condition": {"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}}}
    """

    def test_why_policies_denied_a_call_is_told_after_the_calls(self, report):
        section = report(
            self.POLICY
            + """
        def test_it(fake_secrets):
            fake_secrets.add("prod/db", "old", version_ids=version_ids, arn_suffix="AbCdEf")
            with fake_secrets.permissions(POLICY):
                for _ in range(2):
                    with pytest.raises(client.exceptions.ClientError):
                        client.get_secret_value(SecretId="prod/db")
            assert 0
    """
        )
        assert section[section.index("why policies denied calls") - 1 :] == [
            "",
            "why policies denied calls",
            (
                "- No statement of policy= allows secretsmanager:GetSecretValue on "
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf for "
                "arn:aws:iam::123456789012:user/fake-secrets."
            ),
            (
                "  Statement 1 of policy= allows the call, except that secretsmanager:VersionStage wasn't sent "
                "(AWSCURRENT is not a default for policies), and StringEquals wants 'AWSCURRENT'."
            ),
        ]

    def test_those_of_earlier_tests_in_the_same_world_are_not(self, run):
        ran = run(
            module_of(
                self.POLICY
                + """
        @pytest.fixture(scope="module", autouse=True)
        def world():
            with mock_stages(identity_policy=POLICY) as world:
                yield world

        def test_one():
            with pytest.raises(client.exceptions.ClientError):
                client.list_secrets()

        def test_two():
            with pytest.raises(client.exceptions.ClientError):
                client.get_random_password()
            assert 0
    """
            )
        )
        section = "\n".join(section_of(ran))
        assert "secretsmanager:GetRandomPassword for" in section
        assert "secretsmanager:ListSecrets" not in section

    def test_a_page_has_them_too(self, run, pytester):
        run(
            module_of(
                """
        def test_it(fake_secrets):
            with fake_secrets.permissions([]):
                client.list_secrets()
    """
            ),
            "--fake-secrets-html=pages",
        )
        (page,) = pytester.path.glob("pages/*.html")
        assert (
            "<h2>why policies denied calls</h2>\n<ul>\n<li>The caller has no identity policy" in page.read_text()
        )


class TestNotes:
    def test_those_of_errors_that_the_test_has_caught_are_told_after_the_calls(self, report):
        section = report(
            """
        def test_it(fake_secrets):
            fake_secrets.add("prod/db", "the-old-value")
            for _ in range(2):
                with pytest.raises(client.exceptions.ClientError) as refused:
                    client.rotate_secret(SecretId="prod/db")
            with pytest.raises(client.exceptions.ClientError):
                client.get_secret_value(SecretId="prod/bd")
            assert refused.value.response["Error"]["Code"] == "Other"
    """
        )
        assert section[section.index("notes on refused calls") - 1 :] == [
            "",
            "notes on refused calls",
            (
                "- RotateSecret: AWS can't rotate without a function; moto moves AWSCURRENT to a new version "
                "without one. Register the rotation function and pass its ARN, "
                "RotationLambdaARN=fake_secrets.lambda_function(handler), or call "
                "fake_secrets.rotate(secret_id, handler)."
            ),
            "- GetSecretValue: Did you mean 'prod/db'?",
        ]

    def test_those_of_errors_inside_an_answer_are_told_too(self, report):
        section = report(
            """
        def test_it(fake_secrets):
            fake_secrets.add("prod/db", "the-old-value")
            client.batch_get_secret_value(SecretIdList=["prod/db", "prod/bd", "nothing-like-it"])
            assert 0
    """
        )
        assert section[section.index("notes on refused calls") :] == [
            "notes on refused calls",
            "- BatchGetSecretValue: Did you mean 'prod/db'?",
        ]

    def test_that_of_the_error_which_failed_the_test_is_not_told_twice(self, run):
        ran = run(
            module_of(
                """
        def test_it(fake_secrets):
            fake_secrets.add("prod/db", "old")
            client.get_secret_value(SecretId="prod/bd")
    """
            )
        )
        # Without the short summary, which has the whole message where CI is set.
        told, _, _ = str(ran.stdout).partition("short test summary info")
        assert told.count("Did you mean 'prod/db'?") == 1

    def test_those_of_earlier_tests_in_the_same_world_are_not(self, report):
        section = report(
            """
        @pytest.fixture(scope="module", autouse=True)
        def world():
            with mock_stages({"prod/db": "x"}) as world:
                with pytest.raises(client.exceptions.ClientError):
                    client.get_secret_value(SecretId="prod/bd")
                yield world

        def test_one():
            with pytest.raises(client.exceptions.ClientError):
                client.get_secret_value(SecretId="prod/bd")

        def test_two():
            client.list_secrets()
            assert 0
    """
        )
        assert "notes on refused calls" not in section

    def test_a_page_has_them_too(self, run, pytester):
        run(
            module_of(
                """
        def test_it(fake_secrets):
            fake_secrets.add("prod/db", "old")
            with pytest.raises(client.exceptions.ClientError):
                client.get_secret_value(SecretId="prod/bd")
            assert 0
    """
            ),
            "--fake-secrets-html=pages",
        )
        (page,) = pytester.path.glob("pages/*.html")
        assert "<h2>notes on refused calls</h2>\n<ul>\n<li>GetSecretValue: Did you mean " in page.read_text()


class TestWhichTests:
    def test_a_passing_test_has_no_section(self, run):
        assert section_of(run(PASSES, "-rP")) is None

    @pytest.mark.parametrize("how", [("--fake-secrets-report=always",), ("-o", "fake_secrets_report=always")])
    def test_a_passing_test_has_one_if_always_is_chosen(self, run, how):
        assert section_of(run(PASSES, "-rP", *how)) == SECTION[1:]

    @pytest.mark.parametrize("how", [("--fake-secrets-report=never",), ("-o", "fake_secrets_report=never")])
    def test_a_failed_test_has_none_if_never_is_chosen(self, run, how):
        assert section_of(run(ONE, *how)) is None

    def test_the_option_goes_before_the_ini_option(self, run):
        ran = run(ONE, "--fake-secrets-report=failure", "-o", "fake_secrets_report=never")
        assert section_of(ran) == SECTION[1:]

    @pytest.mark.parametrize(
        ("how", "name"),
        [
            (("--fake-secrets-report=yes",), "--fake-secrets-report"),
            (("-o", "fake_secrets_report=yes"), "fake_secrets_report"),
        ],
    )
    def test_a_wrong_choice_is_an_error_that_names_the_right_ones(self, run, how, name):
        ran = run(ONE, *how)
        assert ran.ret == pytest.ExitCode.USAGE_ERROR
        ran.stderr.fnmatch_lines([f"ERROR: {name} must be 'never', 'failure' or 'always', not 'yes'"])

    @pytest.mark.parametrize("outcome", ["pytest.skip()", "pytest.xfail()"])
    def test_skipped_and_expected_failures_have_none(self, report, outcome):
        assert report(WAYS["fixture"].replace("assert 0", outcome), "-rA") is None

    def test_a_test_without_a_world_has_none_and_imports_no_picture(self, report):
        source = """
            import sys

            def test_it():
                raise AssertionError([name for name in sys.modules if "pictures" in name])
        """
        assert report(source) is None

    @pytest.mark.slow
    def test_a_run_that_enters_no_world_imports_no_picture(self, pytester):
        pytester.makepyfile("def test_it():\n    assert 0")
        pytester.makeconftest(
            "import sys\n"
            "def pytest_unconfigure():\n"
            "    print('imported:', [name for name in sys.modules if 'fake_secrets.observe' in name])\n"
        )
        ran = pytester.runpytest_subprocess("-p", "no:randomly")
        ran.stdout.fnmatch_lines(["imported: []"])


class TestWhatIsShown:
    def test_a_world_without_a_call(self, report):
        source = """
            def test_it(fake_secrets):
                fake_secrets.add("prod/db", "old")
                assert 0
        """
        assert report(source) == ["no calls"]

    def test_steps_attempts_failures_and_faults_of_calls(self, report):
        source = """
            def test_it(fake_secrets):
                fake_secrets.add("prod/db", "old", version_ids=version_ids)
                fake_secrets.faults.fail("GetSecretValue", "ThrottlingException", step="createSecret")

                def function(event, context):
                    if event["Step"] == "createSecret":
                        client.get_secret_value(SecretId="prod/db")
                    else:
                        client.get_secret_value(SecretId="absent")

                fake_secrets.rotate("prod/db", function, errors="record")
                assert 0
        """
        section = report(source)
        assert section[section.index("4 calls") :] == [
            "4 calls",
            "   time      step          call                       secret",
            "0  12:00:00                RotateSecret               prod/db",
            "1  12:00:00  createSecret  GetSecretValue             prod/db",
            "                           -> ThrottlingException",
            "                           planned: ThrottlingException",
            "2  12:00:00  createSecret  GetSecretValue, attempt 2  prod/db",
            "3  12:00:00  setSecret     GetSecretValue             absent",
            "                           -> ResourceNotFoundException",
        ]

    def test_the_latest_calls_of_many_and_the_latest_rows(self, report):
        source = """
            def test_it(fake_secrets):
                fake_secrets.add("prod/db", "old", version_ids=version_ids)
                for _ in range(40):
                    client.describe_secret(SecretId="prod/db")
                assert 0
        """
        section = report(source)
        assert section[0] == "staging labels of prod/db (11 earlier rows left out)"
        assert section[3:5] == ["    call            v1", "11  DescribeSecret  AWSCURRENT"]
        assert section[-22:-19] == [
            "the last 20 of 40 calls",
            "    time      call            secret",
            "20  12:00:00  DescribeSecret  prod/db",
        ]

    def test_the_latest_secrets_of_many(self, report):
        source = """
            def test_it(fake_secrets):
                for name in "abcdefg":
                    client.create_secret(Name=name)
                assert 0
        """
        section = report(source)
        titles = [line for line in section if line.startswith("staging labels of")]
        assert titles == [f"staging labels of {name}" for name in "gfedc"]
        assert "2 secrets left out" in section

    def test_each_of_several_worlds(self, report):
        source = """
            def test_it():
                with mock_stages({"outer": "x"}):
                    client.describe_secret(SecretId="outer")
                    with mock_stages(account_id="999999999999"):
                        client.create_secret(Name="inner")
                    client.list_secrets()
                with mock_stages():
                    pass
                assert 0
        """
        section = report(source)
        assert [line for line in section if line.startswith(("==", "staging", "0", "1"))] == [
            "== world of account 123456789012 in us-east-1 ==",
            "staging labels of outer",
            "0  (seed)          AWSCURRENT",
            "1  DescribeSecret  AWSCURRENT",
            "0  12:00:00  DescribeSecret  outer",
            "1  12:00:00  ListSecrets",
            "== world of account 999999999999 in us-east-1 ==",
            "staging labels of inner",
            "0  CreateSecret",
            "1 call",
            "0  12:00:00  CreateSecret  inner",
        ]

    def test_a_world_of_several_tests_shows_what_this_test_did(self, report):
        source = """
            @pytest.fixture(scope="module")
            def world():
                with mock_stages() as world:
                    world.add("prod/db", "old", version_ids=version_ids)
                    yield world

            def test_before(world):
                client.describe_secret(SecretId="prod/db")
                client.list_secrets()

            def test_it(world):
                put()
                assert 0
        """
        assert report(source) == [
            *SECTION[1:5],
            "   call               v1           v2",
            "0  (before the test)  AWSCURRENT",
            "1  PutSecretValue     AWSPREVIOUS  AWSCURRENT",
            "",
            *SECTION[9:],
        ]

    def test_a_world_that_was_reset_in_the_test(self, report):
        source = """
            @pytest.fixture(scope="module")
            def world():
                with mock_stages() as world:
                    client.list_secrets()
                    client.list_secrets()
                    yield world

            def test_before(world):
                pass

            def test_it(world):
                world.reset()
                world.add("prod/db", "old", version_ids=version_ids)
                put()
                assert 0
        """
        assert report(source) == SECTION[1:]

    def test_worlds_of_earlier_tests_are_forgotten(self, report):
        source = """
            def test_before():
                with mock_stages():
                    client.create_secret(Name="other")

            def test_it(fake_secrets):
                fake_secrets.add("prod/db", "old", version_ids=version_ids)
                put()
                assert 0
        """
        assert report(source) == SECTION[1:]

    def test_the_latest_of_many_worlds(self, report):
        source = """
            def test_it():
                for number in range(30):
                    with mock_stages():
                        client.create_secret(Name=f"secret-{number}")
                assert 0
        """
        section = report(source)
        assert [line[-2:] for line in section if line.startswith("staging labels of")] == list(
            map(str, range(25, 30))
        )

    def test_the_last_run_of_a_test_that_is_run_again(self, pytester):
        pytester.makeconftest(
            """
            from _pytest.runner import runtestprotocol

            def pytest_runtest_protocol(item, nextitem):
                item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
                runtestprotocol(item, log=False, nextitem=nextitem)
                item._initrequest()
                runtestprotocol(item, nextitem=nextitem)
                return True
            """
        )
        pytester.makepyfile(ONE)
        assert section_of(pytester.runpytest_inprocess(*PYTEST_ARGUMENTS)) == SECTION[1:]

    @pytest.mark.slow
    def test_a_world_is_dropped_when_its_test_is_over(self, run):
        source = """
            import gc
            import weakref

            worlds = []

            def test_before():
                with mock_stages() as world:
                    worlds.append(weakref.ref(world._world))

            def test_it():
                gc.collect()
                assert worlds[0]() is None
        """
        run(module_of(source)).assert_outcomes(passed=2)

    def test_no_value(self, run, tmp_path):
        source = """
            def test_it(fake_secrets):
                fake_secrets.add("prod/db", "marked-" + "value")
                client.put_secret_value(SecretId="prod/db", SecretString="marked-" + "value")
                client.create_secret(Name="other", SecretBinary=b"marked-" + b"value")
                assert 0
        """
        ran = run(module_of(source), f"--fake-secrets-html={tmp_path}")
        (page,) = tmp_path.iterdir()
        for shown in (ran.stdout.str(), page.read_text()):
            assert "marked-value" not in shown
            assert "bWFya2VkLXZhbHVl" not in shown


class TestPages:
    def test_each_report_names_its_page(self, run, pytester):
        section = section_of(run(ONE, "--fake-secrets-html=pages"))
        name = section[-1].removeprefix("page: pages/")
        assert section[:-1] == [*SECTION[1:], ""]
        assert re.fullmatch(r"test_each_report_names_its_page\.py-test_it-[0-9a-f]{8}\.html", name)
        page = (pytester.path / "pages" / name).read_text()
        assert "<title>test_each_report_names_its_page.py::test_it</title>" in page
        assert page.count("<table>") == 2
        assert page.count('<svg class="drawing"') == 1

    def test_the_ini_option_is_relative_to_its_file(self, run, pytester):
        pytester.makeini("[pytest]\nfake_secrets_html = build/pages")
        (pytester.path / "sub").mkdir()
        section_of(run(ONE))
        assert len(list((pytester.path / "build" / "pages").iterdir())) == 1

    def test_a_passing_test_has_no_page(self, run, pytester):
        run(PASSES, "--fake-secrets-html=pages")
        assert not (pytester.path / "pages").exists()

    @pytest.mark.slow
    def test_parametrised_tests_have_a_page_each_whatever_their_ids(self, run, pytester):
        source = """
            @pytest.mark.parametrize("way", ["a/b", "a:b", "a b", "A b", "../..", "x" * 300, "\\n", "\u6f22", ""])
            def test_it(fake_secrets, way):
                assert 0
        """
        ran = run(module_of(source), "--fake-secrets-html=pages")
        ran.assert_outcomes(failed=9)
        names = [path.name for path in (pytester.path / "pages").iterdir()]
        assert len({name.lower() for name in names}) == 9
        assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{,120}\.html", name) for name in names)

    @pytest.mark.slow
    def test_workers_that_run_the_same_test_have_a_page_each(self, pytester):
        pytester.makepyfile(ONE)
        pytester.runpytest_subprocess(*PYTEST_ARGUMENTS, "-n2", "--dist=each", "--fake-secrets-html=pages")
        names = sorted(path.name for path in (pytester.path / "pages").iterdir())
        assert [name[-9:] for name in names] == ["-gw0.html", "-gw1.html"]

    @pytest.mark.slow
    def test_a_worker_gives_a_page_the_same_name_as_a_run_without_workers(self, run, pytester):
        run(ONE, "--fake-secrets-html=pages")
        pytester.runpytest_subprocess(*PYTEST_ARGUMENTS, "-n1", "--fake-secrets-html=pages")
        assert len(list((pytester.path / "pages").iterdir())) == 1

    def test_a_file_in_place_of_the_folder_is_an_error(self, run, pytester):
        (pytester.path / "pages").write_text("")
        ran = run(ONE, "--fake-secrets-html=pages")
        assert ran.ret == pytest.ExitCode.USAGE_ERROR
        ran.stderr.fnmatch_lines(["ERROR: --fake-secrets-html must be a folder, not the file 'pages'"])

    def test_a_page_that_cannot_be_written_is_told_in_the_section(self, run, pytester):
        source = """
            def test_it(fake_secrets):
                from pathlib import Path
                Path("pages").write_text("")
                assert 0
        """
        section = section_of(run(module_of(source), "--fake-secrets-html=pages"))
        assert section[0] == "no calls"
        assert section[2].startswith("page: not written: ")

    def test_a_page_has_the_timelines_of_all_secrets(self, run, pytester):
        source = """
            def test_it(fake_secrets):
                for name in "abcdefg":
                    client.create_secret(Name=name, SecretString="x")
                assert 0
        """
        run(module_of(source), "--fake-secrets-html=pages")
        (page,) = (pytester.path / "pages").iterdir()
        assert re.findall("<h2>(.*?)</h2>", page.read_text()) == [
            *(f"staging labels of {name}" for name in "gfedcba"),
            "7 calls",
        ]
