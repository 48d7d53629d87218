"""Lambda's extension. What a test calls our choice is a guess: AWS documents nothing of it."""

import base64
import json

import freezegun
import pytest
from asking import GET, TOKEN_HEADER, ask, operations, read, send

TTL = "SECRETS_MANAGER_TTL"
SIZE = "PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE"
ENABLED = "PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED"
TIMEOUT = "SECRETS_MANAGER_TIMEOUT_MILLIS"


@pytest.fixture
def extension(fake_secrets):
    with fake_secrets.local_endpoints("extension") as url:
        yield url


@pytest.fixture
def clock():
    with freezegun.freeze_time("2026-03-04 12:00:00", ignore=["_pytest"]) as frozen:
        yield frozen


@pytest.fixture
def put(fake_secrets, secretsmanager):
    fake_secrets.add("db", "old")
    return lambda value: secretsmanager.put_secret_value(SecretId="db", SecretString=value)


class TestSuccess:
    def test_the_body_is_gos_struct(self, fake_secrets, extension):
        with freezegun.freeze_time("2023-12-28 14:57:31.359", ignore=["_pytest"]):
            secret = fake_secrets.add("db", 'a"\\\n\u00e9', arn_suffix="AbCdEf")
        assert read(extension, "db").body == (
            f'{{"ARN":"{secret.arn}","CreatedDate":"2023-12-28T14:57:31.359Z","Name":"db","SecretBinary":null,'
            r'"SecretString":"a\"\\\n'
            f'\u00e9","VersionId":"{secret.versions[0].id}","VersionStages":["AWSCURRENT"],"ResultMetadata":{{}}}}'
        )

    def test_a_binary_secret_has_a_string_that_is_null(self, fake_secrets, extension):
        fake_secrets.add("key", b"\x00\xff")
        members = json.loads(read(extension, "key").body)
        assert base64.b64decode(members["SecretBinary"]) == b"\x00\xff"
        assert members["SecretString"] is None

    def test_what_means_something_in_html_is_escaped(self, fake_secrets, extension):
        fake_secrets.add("db", "<&>\u2028")
        body = read(extension, "db").body
        assert r'"SecretString":"\u003c\u0026\u003e\u2028"' in body
        assert json.loads(body)["SecretString"] == "<&>\u2028"

    @pytest.mark.parametrize(
        ("moment", "text"),
        [
            ("2026-01-01 00:00:00", "2026-01-01T00:00:00Z"),
            ("2026-01-01 00:00:00.500", "2026-01-01T00:00:00.5Z"),
            ("2026-01-01 00:00:00.019", "2026-01-01T00:00:00.019Z"),
            ("2026-12-31 23:59:59.999", "2026-12-31T23:59:59.999Z"),
        ],
    )
    def test_dates_are_written_as_go_writes_them(self, fake_secrets, extension, moment, text):
        with freezegun.freeze_time(moment, ignore=["_pytest"]):
            fake_secrets.add("db", "x")
        assert json.loads(read(extension, "db").body)["CreatedDate"] == text

    @pytest.mark.parametrize("sent", ["prod/db", "prod%2Fdb"])
    def test_the_id_is_decoded(self, fake_secrets, extension, sent):
        fake_secrets.add("prod/db", "x")
        assert ask(extension, f"{GET}?secretId={sent}").secret == "x"

    def test_a_version_is_read_by_its_id_and_by_its_label(self, fake_secrets, extension, put):
        old = fake_secrets["db"].versions[0].id
        put("new")
        assert read(extension, "db", versionId=old).secret == "old"
        assert read(extension, "db", versionStage="AWSPREVIOUS").secret == "old"


class TestInit:
    def test_it_refuses_requests_before_it_is_ready(self, fake_secrets):
        fake_secrets.add("db", "x")
        with fake_secrets.local_endpoints("extension", not_ready=2) as url:
            for _ in range(2):
                assert read(url, "db")[:2] == (400, "not ready to serve traffic, please wait")
            assert read(url, "db").secret == "x"
        assert operations(fake_secrets) == ["GetSecretValue"]


class TestOurChoices:
    """Only that a request isn't answered with a secret is known here, if anything is."""

    def test_our_choice_a_wrong_token_is_401(self, fake_secrets, extension, monkeypatch):
        fake_secrets.add("db", "x")
        monkeypatch.setenv("AWS_TOKEN", "of the agent")
        for headers in ([], [(TOKEN_HEADER, "wrong")], [(TOKEN_HEADER, "of the agent")]):
            reply = send(extension, f"{GET}?secretId=db", headers=headers)
            assert reply.status == 401
            assert reply.body.startswith(f"fake_secrets: the header {TOKEN_HEADER} is missing")

    def test_our_choice_a_forwarded_request_is_refused_as_by_the_agent(self, extension):
        assert ask(extension, f"{GET}?secretId=db", headers={"X-Forwarded-For": "1.2.3.4"}).status == 400

    @pytest.mark.parametrize("target", [GET, f"{GET}?secretId=", f"{GET}?versionId=1"])
    def test_our_choice_a_missing_secret_id_is_400(self, extension, target):
        assert ask(extension, target)[:2] == (400, "fake_secrets: the parameter secretId is missing")

    def test_our_choice_an_error_of_the_service_is_400_with_its_code(self, extension):
        reply = read(extension, "nowhere")
        assert (reply.status, json.loads(reply.body)["__type"]) == (400, "ResourceNotFoundException")

    def test_our_choice_an_error_is_json_even_if_its_text_has_quotes(self, fake_secrets, extension):
        fake_secrets.faults.fail("GetSecretValue", "InvalidRequestException", message='no "x"')
        assert json.loads(read(extension, "db").body)["message"] == 'no "x"'

    def test_our_choice_a_lost_connection_is_500(self, fake_secrets, extension):
        fake_secrets.faults.reset_connection("GetSecretValue", calls=1)
        reply = read(extension, "db")
        assert reply[:2] == (500, "fake_secrets: the call of Secrets Manager failed: broken connection")

    @pytest.mark.parametrize("name", ["refreshNow", "roleArn", "secretid"])
    def test_our_choice_a_parameter_of_which_nothing_is_known_is_501(self, extension, name):
        reply = ask(extension, f"{GET}?secretId=db&{name}=1")
        assert reply.status == 501
        assert repr(name) in reply.body

    @pytest.mark.parametrize("path", ["/systemsmanager/parameters/get", "/systemsmanager/parameters/get/"])
    def test_parameters_of_systems_manager_are_not_served_and_the_answer_says_so(self, extension, path):
        reply = ask(extension, f"{path}?name=x")
        assert reply.status == 501
        assert "parameters of Systems Manager aren't served" in reply.body

    @pytest.mark.parametrize("target", ["/", "/ping", "/v1/db", f"{GET}/"])
    def test_our_choice_other_paths_are_404(self, extension, target):
        assert ask(extension, target).status == 404

    def test_our_choice_other_methods_are_405(self, extension):
        assert ask(extension, f"{GET}?secretId=db", method="POST").status == 405


class TestCalls:
    def test_they_are_marked_as_made_by_the_extension(self, fake_secrets, extension):
        fake_secrets.add("db", "x")
        read(extension, "db")
        assert [call.via for call in fake_secrets.calls] == ["extension"]

    def test_they_need_the_permissions_of_the_default_caller(self, fake_secrets, extension):
        fake_secrets.add("db", "x")
        with fake_secrets.permissions([]):
            reply = read(extension, "db")
        assert json.loads(reply.body)["__type"] == "AccessDeniedException"

    def test_a_time_out_of_its_own_can_be_configured(self, fake_secrets, monkeypatch, put):
        monkeypatch.setenv(TIMEOUT, "500")
        fake_secrets.faults.delay("GetSecretValue", 1, times=3)
        with fake_secrets.local_endpoints("extension") as url:
            assert read(url, "db").body.endswith("time-out")
            assert read(url, "db").secret == "old"


class TestCache:
    def test_a_value_is_read_once_in_five_minutes(self, fake_secrets, clock, extension, put):
        read(extension, "db")
        put("new")
        clock.tick(299)
        assert read(extension, "db").secret == "old"
        clock.tick(1)
        assert read(extension, "db").secret == "new"
        assert [call.operation for call in fake_secrets.calls if call.via] == ["GetSecretValue"] * 2

    @pytest.mark.parametrize(
        ("variables", "arguments"),
        [
            ({TTL: "0"}, {}),
            ({SIZE: "0"}, {}),
            ({ENABLED: "false"}, {}),
            ({ENABLED: "FALSE", SIZE: "10"}, {}),
            ({}, {"ttl": 0}),
            ({}, {"cache_size": 0}),
            ({TTL: "200"}, {"ttl": 0}),
        ],
    )
    def test_it_can_be_switched_off(self, fake_secrets, monkeypatch, put, variables, arguments):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with fake_secrets.local_endpoints("extension", **arguments) as url:
            read(url, "db")
            put("new")
            assert read(url, "db").secret == "new"

    @pytest.mark.parametrize(
        ("variables", "arguments"),
        [({TTL: "60"}, {}), ({TTL: "300"}, {"ttl": 60}), ({ENABLED: "true", TTL: " 60 "}, {})],
    )
    def test_its_ttl_is_that_of_the_argument_or_of_the_variable(
        self, fake_secrets, clock, monkeypatch, put, variables, arguments
    ):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with fake_secrets.local_endpoints("extension", **arguments) as url:
            read(url, "db")
            put("new")
            clock.tick(59)
            assert read(url, "db").secret == "old"
            clock.tick(1)
            assert read(url, "db").secret == "new"

    def test_an_argument_for_its_size_switches_it_on(self, fake_secrets, monkeypatch, put):
        monkeypatch.setenv(ENABLED, "false")
        with fake_secrets.local_endpoints("extension", cache_size=1) as url:
            read(url, "db")
            put("new")
            assert read(url, "db").secret == "old"

    def test_the_variables_are_read_when_the_block_is_entered(self, fake_secrets, monkeypatch, put):
        block = fake_secrets.local_endpoints("extension")
        monkeypatch.setenv(TTL, "0")
        with block as url:
            monkeypatch.setenv(TTL, "300")
            read(url, "db")
            put("new")
            assert read(url, "db").secret == "new"

    @pytest.mark.parametrize(
        ("name", "value"),
        [(TTL, "301"), (TTL, "-1"), (TTL, "x"), (TTL, ""), (SIZE, "1001"), (ENABLED, "maybe"), (TIMEOUT, "1.5")],
    )
    def test_a_variable_that_aws_does_not_document_so_is_refused(self, fake_secrets, monkeypatch, name, value):
        monkeypatch.setenv(name, value)
        with pytest.raises(ValueError, match=name):
            fake_secrets.local_endpoints("extension").__enter__()

    def test_our_choice_an_error_on_refresh_is_answered(self, fake_secrets, clock, extension, put):
        read(extension, "db")
        clock.tick(301)
        fake_secrets.faults.time_out("GetSecretValue", calls=1)
        assert read(extension, "db").status == 500
