"""The notes on failures of calls that were made outside of every world, as a user reads them."""

import os
from unittest import mock

import pytest
from runs_of_pytest import passes

OPEN = (
    "Decorate the test with @mock_stages, or use the fixture `fake_secrets`. Code that runs before the test's "
    "world opens, such as module imports and setUpClass, needs its own `with mock_stages():`."
)
FORGOTTEN = (
    f"fake_secrets: no world was active when GetSecretValue was called, so the fake didn't answer it. {OPEN}"
)
OVER = (
    "was called on a client of a world that is over: it has that world's fake credentials. Use the client while "
    "the world is open: inside the `with` block, or in a fixture that yields it instead of returning it."
)
KEPT = (
    "was called with the fake credentials of a world that is over, which the environment keeps: what was entered "
    "in the world, such as a mock of moto or of os.environ, was left after it and has put them back. Leave first "
    "what was entered last."
)
NO_REGION = (
    "fake_secrets: no world was active when this client was made, so nothing gave it a region. Make it inside a "
    "test's world. If a module makes it on import, set the ini option fake_secrets_region, for example "
    "fake_secrets_region = us-east-1."
)
CALL = "boto3.client('secretsmanager', 'us-east-1').get_secret_value(SecretId='a')"


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch, tmp_path):
    """No credentials, no region and no profile; no connection to anywhere."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "DEFAULT_REGION", "REGION"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    for name in ("PROFILE", "DEFAULT_PROFILE"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    # Nobody listens there.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


def lines(ran):
    return [line.removeprefix("E").strip() for line in ran.outlines]


class TestForgottenWorld:
    @pytest.mark.slow
    def test_a_test_without_credentials_is_told_how_to_open_a_world(self, run):
        ran = run(f"import boto3\ndef test_forgotten():\n    {CALL}\n")
        ran.assert_outcomes(failed=1)
        ran.stdout.fnmatch_lines(
            ["E *botocore.exceptions.NoCredentialsError: Unable to locate credentials", f"E  *{FORGOTTEN}"],
            consecutive=True,
        )

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "part", ["    {call}\n    yield", "    yield\n    {call}"], ids=["set-up", "tear-down"]
    )
    def test_a_fixture_is_told_too(self, run, part):
        body = part.format(call=CALL)
        ran = run(
            f"import boto3, pytest\n@pytest.fixture\ndef value():\n{body}\ndef test_innocent(value):\n    pass\n"
        )
        assert ran.parseoutcomes()["errors"] == 1
        assert FORGOTTEN in lines(ran)

    @pytest.mark.slow
    def test_a_test_case_is_told_too(self, run):
        ran = run(
            f"import boto3, unittest\nclass TestIt(unittest.TestCase):\n    def test(self):\n        {CALL}\n"
        )
        ran.assert_outcomes(failed=1)
        assert FORGOTTEN in lines(ran)

    @pytest.mark.slow
    def test_a_call_on_import_is_told_too(self, run):
        ran = run(f"import boto3\n{CALL}\ndef test_innocent():\n    pass\n")
        ran.assert_outcomes(errors=1)
        assert FORGOTTEN in lines(ran)

    @pytest.mark.slow
    def test_the_cause_of_a_users_own_exception_is_explained(self, run):
        ran = run(
            f"""
            import boto3
            def load():
                try:
                    {CALL}
                except Exception as error:
                    raise RuntimeError("no settings") from error
            def test_forgotten():
                load()
            """
        )
        ran.assert_outcomes(failed=1)
        assert FORGOTTEN in lines(ran)

    def test_an_exception_in_a_group_is_explained(self, run):
        ran = run(
            f"""
            import boto3
            def test_forgotten():
                try:
                    {CALL}
                except Exception as error:
                    raise ExceptionGroup("several", [error]) from None
            """
        )
        ran.assert_outcomes(failed=1)
        assert any(FORGOTTEN in line for line in lines(ran))

    @pytest.mark.slow
    def test_half_of_the_credentials_are_explained(self, run, monkeypatch):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        ran = run(f"import boto3\ndef test_forgotten():\n    {CALL}\n")
        assert any("PartialCredentialsError" in line for line in lines(ran))
        assert f"fake_secrets: no world was active when this client was made. {OPEN}" in lines(ran)

    @pytest.mark.slow
    def test_a_client_that_moto_does_not_answer_is_explained_although_the_guard_lets_it_try(self, pytester):
        pytest.importorskip("moto")
        pytester.makepyfile(
            test_it="""
            import boto3
            client = boto3.client("secretsmanager", "us-east-1")
            from moto import mock_aws

            @mock_aws
            def test_forgotten():
                client.get_secret_value(SecretId="a")
            """
        )
        ran = pytester.runpytest_subprocess("-o", "fake_secrets_guard=error")
        ran.assert_outcomes(failed=1)
        ran.stdout.fnmatch_lines(
            ["E *botocore.exceptions.NoCredentialsError: Unable to locate credentials", f"E  *{FORGOTTEN}"],
            consecutive=True,
        )

    @pytest.mark.slow
    def test_an_sso_login_that_is_missing_is_explained(self, run, monkeypatch, tmp_path):
        (tmp_path / "config").write_text(
            "[profile work]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\n"
            "sso_account_id = 111111111111\nsso_role_name = dev\n"
        )
        monkeypatch.setenv("AWS_PROFILE", "work")
        monkeypatch.setenv("HOME", str(tmp_path))
        ran = run(f"import boto3\ndef test_forgotten():\n    {CALL}\n")
        assert FORGOTTEN in lines(ran)

    @pytest.mark.slow
    def test_a_connection_that_fails_is_explained(self, run, monkeypatch):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        ran = run(f"import boto3\ndef test_forgotten():\n    {CALL}\n")
        assert any("ProxyConnectionError" in line for line in lines(ran))
        assert FORGOTTEN in lines(ran)

    @pytest.mark.slow
    def test_a_socket_that_a_plugin_blocks_is_explained(self, run, monkeypatch):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        ran = run(
            f"""
            import boto3, socket
            class SocketBlockedError(RuntimeError):
                pass
            def blocked(*args, **kwargs):
                raise SocketBlockedError("A test tried to use socket.socket.")
            def test_forgotten(monkeypatch):
                monkeypatch.setattr(socket, "socket", blocked)
                {CALL}
            """
        )
        assert FORGOTTEN in lines(ran)

    @pytest.mark.slow
    @pytest.mark.parametrize("code", ["UnrecognizedClientException", "ExpiredTokenException"])
    def test_a_refusal_of_the_credentials_by_aws_is_explained(self, run, monkeypatch, code):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        ran = run(answer(code, CALL))
        assert any(code in line for line in lines(ran))
        assert FORGOTTEN in lines(ran)


def answer(code, statement):
    """Return a test in which AWS answers with an error."""
    return f"""
        import boto3, botocore.awsrequest, botocore.httpsession, io
        class Raw(io.BytesIO):
            def stream(self):
                yield self.read()
        def send(self, request):
            body = Raw(b'{{"__type": "{code}", "message": "no"}}')
            headers = {{"x-amzn-RequestId": "11111111-1111-4111-8111-111111111111"}}
            return botocore.awsrequest.AWSResponse(request.url, 400, headers, body)
        def test_answered(monkeypatch):
            monkeypatch.setattr(botocore.httpsession.URLLib3Session, "send", send)
            {statement}
        """


class TestNothingToExplain:
    @pytest.mark.slow
    def test_a_call_of_another_service_has_no_note(self, run):
        ran = run("import boto3\ndef test_other():\n    boto3.client('kms', 'us-east-1').list_keys()\n")
        ran.assert_outcomes(failed=1)
        assert "fake_secrets:" not in ran.stdout.str()

    @pytest.mark.slow
    def test_a_failure_inside_a_world_has_no_note_about_worlds(self, run):
        ran = run(f"import boto3\ndef test_missing(fake_secrets):\n    {CALL}\n")
        ran.assert_outcomes(failed=1)
        assert "no world was active" not in ran.stdout.str()

    def test_another_error_of_aws_has_no_note(self, run, monkeypatch):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        ran = run(answer("ResourceNotFoundException", CALL))
        ran.assert_outcomes(failed=1)
        assert "no world was active" not in ran.stdout.str()

    @pytest.mark.slow
    def test_an_answer_of_a_stubber_has_no_note(self, run):
        ran = run(
            """
            import boto3
            from botocore.stub import Stubber
            def test_stubbed():
                client = boto3.client("secretsmanager", "us-east-1")
                with Stubber(client) as stubber:
                    stubber.add_client_error("get_secret_value", "UnrecognizedClientException")
                    client.get_secret_value(SecretId="a")
            """
        )
        ran.assert_outcomes(failed=1)
        assert "no world was active" not in ran.stdout.str()

    def test_a_profile_that_the_code_names_has_no_note(self, run):
        ran = run(
            "import boto3\ndef test_named():\n    boto3.Session(profile_name='no').client('secretsmanager')\n"
        )
        ran.assert_outcomes(failed=1)
        assert "fake_secrets:" not in ran.stdout.str()


class TestClientOfAWorldThatIsOver:
    SOURCE = """
        import boto3
        from fake_secrets import mock_stages
        def client():
            with mock_stages({"a": "x"}):
                return boto3.client("secretsmanager")
        def test_late():
            client().get_secret_value(SecretId="a")
        """

    @pytest.mark.slow
    def test_the_failing_call_says_so(self, run):
        ran = run(self.SOURCE)
        ran.assert_outcomes(failed=1)
        assert f"fake_secrets: GetSecretValue {OVER}" in lines(ran)

    @pytest.mark.slow
    def test_a_call_with_credentials_that_the_environment_keeps_says_so(self, run):
        with mock.patch.dict(os.environ):
            ran = run(
                """
                import boto3, os
                from unittest import mock
                from fake_secrets import mock_stages
                def test_that_leaves_out_of_order():
                    world, variables = mock_stages(), mock.patch.dict(os.environ)
                    world.start()
                    variables.start()
                    world.stop()
                    variables.stop()
                def test_that_opens_no_world():
                    boto3.client("secretsmanager", "us-east-1").list_secrets()
                """
            )
        ran.assert_outcomes(passed=1, failed=1)
        assert f"fake_secrets: ListSecrets {KEPT}" in lines(ran)

    @pytest.mark.slow
    def test_so_does_the_guard(self, run):
        ran = run(self.SOURCE, "-o", "fake_secrets_guard=error")
        ran.assert_outcomes(failed=1)
        assert any("OutsideWorldError" in line for line in lines(ran))
        assert f"fake_secrets: GetSecretValue {OVER}" in lines(ran)

    @pytest.mark.slow
    def test_an_answer_of_aws_says_so(self, run):
        ran = run(
            answer(
                "UnrecognizedClientException",
                """
            from fake_secrets import mock_stages
            with mock_stages():
                client = boto3.client("secretsmanager")
            client.list_secrets()
            """.strip(),
            )
        )
        ran.assert_outcomes(failed=1)
        assert f"fake_secrets: ListSecrets {OVER}" in lines(ran)


class TestRegion:
    MODULE = "import boto3\nclient = boto3.client('secretsmanager')\n"
    TEST = f"{MODULE}def test_region():\n    assert client.meta.region_name == 'eu-west-1'\n"
    OPTION = ("-o", "fake_secrets_region=eu-west-1")

    @pytest.mark.slow
    def test_a_client_without_a_region_on_import_is_told_of_the_option(self, run):
        ran = run(self.TEST)
        ran.assert_outcomes(errors=1)
        error = "E *botocore.exceptions.NoRegionError: You must specify a region."
        ran.stdout.fnmatch_lines([error, f"E *{NO_REGION}"], consecutive=True)

    @pytest.mark.slow
    def test_a_client_of_a_test_without_a_region_is_told_too(self, run):
        ran = run("import boto3\ndef test_client():\n    boto3.client('secretsmanager')\n")
        ran.assert_outcomes(failed=1)
        assert any("fake_secrets_region = us-east-1" in line for line in lines(ran))

    @pytest.mark.slow
    def test_a_client_of_another_service_is_not_told(self, run):
        ran = run("import boto3\ndef test_client():\n    boto3.client('kms')\n")
        assert "fake_secrets_region" not in ran.stdout.str()

    @pytest.mark.slow
    def test_aws_region_alone_is_told_to_be_unread(self, run, monkeypatch):
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        assert any("Set AWS_DEFAULT_REGION too." in line for line in lines(run(self.TEST)))

    @pytest.mark.slow
    def test_the_option_gives_the_region(self, run):
        passes(run(self.TEST, *self.OPTION))

    def test_it_gives_the_region_to_a_conftest(self, run, pytester):
        pytester.makeconftest(self.MODULE)
        passes(run("def test_innocent():\n    pass\n", *self.OPTION))

    def test_it_is_the_region_of_worlds_too(self, run):
        passes(run("def test_world(fake_secrets):\n    assert fake_secrets.region == 'eu-west-1'\n", *self.OPTION))

    def test_it_is_taken_back_after_the_run(self, run):
        run("import os\ndef test_set():\n    assert os.environ['AWS_DEFAULT_REGION']\n", *self.OPTION)
        assert "AWS_DEFAULT_REGION" not in os.environ

    @pytest.mark.parametrize("variable", ["AWS_DEFAULT_REGION", "AWS_REGION"])
    def test_the_environment_comes_first(self, run, monkeypatch, variable):
        monkeypatch.setenv(variable, "us-west-2")
        passes(run("def test_world(fake_secrets):\n    assert fake_secrets.region == 'us-west-2'\n", *self.OPTION))

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("profile", "file", "content"),
        [
            (None, "config", "[default]\nregion = us-west-2\n"),
            ("work", "config", "[profile work]\nregion = us-west-2\n"),
            ("work", "credentials", "[work]\nregion = us-west-2\n"),
        ],
    )
    def test_the_region_of_the_active_profile_comes_first(
        self, run, monkeypatch, tmp_path, profile, file, content
    ):
        (tmp_path / file).write_text(content)
        if profile:
            monkeypatch.setenv("AWS_PROFILE", profile)
        passes(
            run(
                f"{self.MODULE}def test_region():\n    assert client.meta.region_name == 'us-west-2'\n",
                *self.OPTION,
            )
        )

    def test_the_region_of_another_profile_does_not_count(self, run, tmp_path):
        (tmp_path / "config").write_text("[profile work]\nregion = us-west-2\n")
        passes(run(self.TEST, *self.OPTION))

    def test_a_value_that_is_no_region_is_a_usage_error(self, run):
        ran = run(self.TEST, "-o", "fake_secrets_region=Ireland")
        assert ran.ret == pytest.ExitCode.USAGE_ERROR
        ran.stderr.fnmatch_lines(["ERROR: fake_secrets_region must be a region, such as us-east-1, not 'Ireland'"])

    @pytest.mark.slow
    def test_xdist_workers_have_it_too(self, pytester, monkeypatch):
        pytest.importorskip("xdist")
        pytester.makepyfile(self.TEST)
        passes(pytester.runpytest_subprocess("-p", "no:asyncio", "-p", "no:randomly", "-n1", *self.OPTION))


class TestEndpoint:
    """AWS's rotation templates read SECRETS_MANAGER_ENDPOINT, and users move that to the top of the module."""

    MODULE = (
        "import os, boto3\n"
        "url = os.environ['SECRETS_MANAGER_ENDPOINT']\n"
        "client = boto3.client('secretsmanager', 'eu-west-1', endpoint_url=url)\n"
    )
    TEST = "import template\ndef test_it(fake_secrets):\n    template.client.list_secrets()\n"
    SETTING = 'os.environ.setdefault("SECRETS_MANAGER_ENDPOINT", "https://secretsmanager.us-east-1.amazonaws.com")'

    @pytest.fixture(autouse=True)
    def module(self, pytester, monkeypatch):
        # Set first, so that what a conftest.py sets is taken back.
        monkeypatch.setenv("SECRETS_MANAGER_ENDPOINT", "")
        monkeypatch.delenv("SECRETS_MANAGER_ENDPOINT")
        pytester.makepyfile(template=self.MODULE)

    def test_a_module_that_lacks_it_on_import_is_told_what_to_write_into_conftest(self, run):
        ran = run(self.TEST)
        ran.assert_outcomes(errors=1)
        note = (
            "fake_secrets: only an active world sets SECRETS_MANAGER_ENDPOINT, which AWS's rotation templates "
            "read. Call the function inside a test's world. If a module reads the variable on import, set it in "
            f"conftest.py: {self.SETTING}"
        )
        assert note in lines(ran)

    def test_the_line_that_is_told_makes_the_import_work(self, run, pytester):
        pytester.makeconftest(f"import os\n{self.SETTING}\n")
        passes(run(self.TEST))

    def test_a_test_that_lacks_it_outside_of_a_world_is_told_too(self, run):
        ran = run("import os\ndef test_it():\n    os.environ['SECRETS_MANAGER_ENDPOINT']\n")
        ran.assert_outcomes(failed=1)
        assert any(self.SETTING in line for line in lines(ran))

    def test_the_line_has_the_region_of_the_run(self, run):
        ran = run(self.TEST, "-o", "fake_secrets_region=eu-west-1")
        assert any("https://secretsmanager.eu-west-1.amazonaws.com" in line for line in lines(ran))

    @pytest.mark.parametrize("code", ["os.environ['SECRETS_MANAGER_ENDPOINTS']", "{}['SECRETS_MANAGER_ENDPOINT']"])
    def test_another_variable_or_mapping_has_no_note(self, run, code):
        ran = run(f"import os\ndef test_it():\n    {code}\n")
        ran.assert_outcomes(failed=1)
        assert "fake_secrets: " not in ran.stdout.str()


def test_a_profile_of_the_environment_that_does_not_exist_is_explained(run, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "work")
    ran = run(f"import boto3\ndef test_forgotten():\n    {CALL}\n")
    ran.assert_outcomes(failed=1)
    note = "fake_secrets: no world was active when this client was made. A world hides the profile 'work'."
    assert f"{note} {OPEN}" in lines(ran)


class TestReturnedFixture:
    """A fixture that `mock_stages` decorates and that returns: the test runs outside of its world."""

    SOURCE = """
        import boto3, pytest
        from fake_secrets import current, mock_stages
        @pytest.fixture{autouse}
        @mock_stages({{"a": "x"}})
        def seeded():
            {statement}
        def test_late({argument}):
            {call}
        """
    ENDED = (
        "The world of the fixture 'seeded' ended when the fixture returned. Use `yield` in the fixture, so that "
        "its world stays open during the test."
    )
    CALLED = (
        "fake_secrets: no world was active when GetSecretValue was called, so the fake didn't answer it. " + ENDED
    )

    def source(self, statement="pass", *, argument="seeded", autouse="", call=CALL):
        return self.SOURCE.format(statement=statement, argument=argument, autouse=autouse, call=call)

    @pytest.mark.slow
    @pytest.mark.parametrize("statement", ["pass", "return {'region': 'us-east-1'}"])
    def test_a_call_of_the_test_names_the_fixture(self, run, statement):
        ran = run(self.source(statement))
        ran.assert_outcomes(failed=1)
        assert self.CALLED in lines(ran)

    @pytest.mark.slow
    def test_so_does_it_if_the_test_does_not_ask_for_the_fixture(self, run):
        ran = run(self.source(argument="", autouse="(autouse=True)"))
        assert self.CALLED in lines(ran)

    @pytest.mark.slow
    def test_the_guard_names_it_too(self, run):
        ran = run(self.source(), "-o", "fake_secrets_guard=error")
        ran.assert_outcomes(failed=1)
        assert f"fake_secrets: {self.ENDED}" in lines(ran)

    def test_so_does_asking_for_the_current_world(self, run):
        ran = run(self.source(call="current()"))
        ran.assert_outcomes(failed=1)
        assert f"fake_secrets: {self.ENDED}" in lines(ran)

    @pytest.mark.slow
    def test_a_fixture_that_yields_is_not_named(self, run):
        ran = run(self.source("yield", call="boto3.client('kms', 'us-east-1').list_keys()"))
        ran.assert_outcomes(failed=1)
        # The world's own note is the only one. Where CI is set, pytest's summary shows it once more.
        (note,) = {line.removeprefix("E").strip() for line in ran.stdout.lines if "fake_secrets:" in line}
        assert note == (
            "fake_secrets: a world answers Secrets Manager only, and this call was on its way to the real kms. "
            "Add moto's @mock_aws to the test, or stub the client: see 'Use moto for the other services' in the "
            "documentation."
        )

    @pytest.mark.slow
    def test_a_fixture_of_another_test_is_not_named(self, run):
        ran = run(self.source(argument=""))
        ran.assert_outcomes(failed=1)
        assert FORGOTTEN in lines(ran)

    @pytest.mark.slow
    def test_a_fixture_that_has_not_run_yet_is_not_named(self, run):
        ran = run(
            f"""
            import boto3, pytest
            from fake_secrets import mock_stages
            @pytest.fixture
            def early():
                {CALL}
            @pytest.fixture
            @mock_stages
            def seeded(early):
                pass
            def test_late(seeded):
                pass
            """
        )
        ran.assert_outcomes(errors=1)
        assert FORGOTTEN in lines(ran)


class TestMisspeltMarker:
    @pytest.mark.parametrize("name", ["fake_secret", "fakesecrets", "fake_secerts", "mock_stages"])
    def test_a_failed_test_is_told_what_was_meant(self, run, name):
        ran = run(
            "import pytest\n"
            f"@pytest.mark.{name}({{'a': 'x'}})\n"
            "def test_it(secretsmanager):\n    secretsmanager.get_secret_value(SecretId='a')\n",
            f"-omarkers={name}",
        )
        ran.assert_outcomes(failed=1)
        note = f"fake_secrets: nobody reads the marker {name!r}. Did you mean @pytest.mark.fake_secrets?"
        assert note in lines(ran)

    @pytest.mark.parametrize("name", ["slow", "secrets", "fake_secrets_slow"])
    def test_other_markers_are_left_alone(self, run, name):
        ran = run(
            f"import pytest\n@pytest.mark.{name}\ndef test_it(fake_secrets):\n    assert 0\n",
            f"-omarkers={name}",
        )
        ran.assert_outcomes(failed=1)
        ran.stdout.no_fnmatch_line("*nobody reads*")
