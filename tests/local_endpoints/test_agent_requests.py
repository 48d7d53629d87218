"""The agent's requests and refusals, as in its source [B code: local-endpoints-facts 1.1, 1.2]."""

import http.client
import os
import urllib.parse

import pytest
from asking import GET, TOKEN_HEADER, ask, operations, read, send

ROLE = "arn:aws:iam::123456789012:role/app/reader"

pytestmark = pytest.mark.fake_secrets({"db": "s3cret", "prod/db": "in a path"})


@pytest.fixture
def agent(fake_secrets):
    with fake_secrets.local_endpoints() as url:
        yield url


class TestForms:
    @pytest.mark.parametrize(
        ("target", "value"),
        [
            (f"{GET}?secretId=db", "s3cret"),
            (f"{GET}?secretId=prod/db", "in a path"),
            (f"{GET}?secretId=prod%2Fdb", "in a path"),
            (f"{GET}?secretId=no&secretId=db", "s3cret"),
            (f"{GET}?&secretId=db&", "s3cret"),
            ("/v1/db", "s3cret"),
            ("/v1/prod/db", "in a path"),
            ("/v1/prod/db?versionStage=AWSCURRENT", "in a path"),
        ],
    )
    def test_a_secret_is_read_in_the_query_form_and_in_the_path_form(self, agent, target, value):
        assert ask(agent, target).secret == value

    def test_a_plus_in_a_query_is_a_space(self, fake_secrets, agent):
        ask(agent, f"{GET}?secretId=a+b")
        assert fake_secrets.calls[-1].secret_id == "a b"

    @pytest.mark.parametrize("sent", ["prod%2Fdb", "a+b", "db/", "/db"])
    def test_the_id_in_a_path_is_not_decoded(self, fake_secrets, agent, sent):
        ask(agent, f"/v1/{sent}")
        assert fake_secrets.calls[-1].secret_id == sent

    def test_an_arn_is_read(self, fake_secrets, agent):
        assert read(agent, fake_secrets["db"].arn).secret == "s3cret"
        assert ask(agent, f"/v1/{fake_secrets['db'].arn}").secret == "s3cret"

    def test_a_version_is_read_by_its_id_and_by_its_label(self, fake_secrets, secretsmanager, agent):
        old = secretsmanager.get_secret_value(SecretId="db")["VersionId"]
        secretsmanager.put_secret_value(SecretId="db", SecretString="new")
        assert read(agent, "db", versionId=old).secret == "s3cret"
        assert read(agent, "db", versionStage="AWSPREVIOUS").secret == "s3cret"
        assert read(agent, "db", versionId=old, versionStage="AWSPREVIOUS").secret == "s3cret"

    def test_the_body_of_a_request_is_not_looked_at(self, agent):
        assert ask(agent, f"{GET}?secretId=db", body=b"\xff{").secret == "s3cret"

    def test_another_path_prefix_can_be_configured(self, fake_secrets):
        with fake_secrets.local_endpoints(path_prefix="/secrets/") as url:
            assert ask(url, "/secrets/prod/db").secret == "in a path"
            assert ask(url, "/v1/prod/db").status == 404


class TestToken:
    @pytest.mark.parametrize("header", [TOKEN_HEADER, TOKEN_HEADER.lower(), "X-Vault-Token", "x-vault-token"])
    def test_it_is_taken_in_either_header_whatever_its_case(self, agent, header):
        assert send(agent, "/v1/db", headers=[(header, os.environ["AWS_SESSION_TOKEN"])]).secret == "s3cret"

    def test_one_right_header_is_enough(self, agent):
        token = os.environ["AWS_SESSION_TOKEN"]
        headers = [(TOKEN_HEADER, "wrong"), ("X-Vault-Token", token)]
        assert send(agent, "/v1/db", headers=headers).secret == "s3cret"

    def test_of_several_values_of_one_header_the_first_counts(self, agent):
        token = os.environ["AWS_SESSION_TOKEN"]
        right_first = [(TOKEN_HEADER, token), (TOKEN_HEADER, "wrong")]
        assert send(agent, "/v1/db", headers=right_first).secret == "s3cret"
        assert send(agent, "/v1/db", headers=right_first[::-1]).status == 403

    @pytest.mark.parametrize("wrong", ["", "wrong", "FAKE-SECRETS-SESSION-TOKEN", "fake-secrets-session-token,x"])
    def test_any_other_value_is_refused(self, fake_secrets, agent, wrong):
        assert ask(agent, "/v1/db", token=wrong)[:2] == (403, "Bad Token")
        assert operations(fake_secrets) == []

    def test_none_is_refused(self, agent):
        assert send(agent, "/v1/db")[:2] == (403, "Bad Token")

    @pytest.mark.parametrize(
        ("variables", "token"),
        [
            ({"AWS_TOKEN": "mine", "AWS_SESSION_TOKEN": "no"}, "mine"),
            ({"AWS_SESSION_TOKEN": "mine", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "no"}, "mine"),
            ({"AWS_SESSION_TOKEN": None, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "mine"}, "mine"),
            ({"AWS_TOKEN": ""}, ""),
        ],
    )
    def test_it_comes_from_the_first_variable_that_is_set(self, fake_secrets, monkeypatch, variables, token):
        for name, value in variables.items():
            monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
        with fake_secrets.local_endpoints() as url:
            assert ask(url, "/v1/db", token=token).secret == "s3cret"
            assert ask(url, "/v1/db", token="no").status == 403

    def test_it_comes_from_a_file(self, fake_secrets, monkeypatch, tmp_path):
        file = tmp_path / "awssmatoken"
        file.write_text("0123abcd\n")
        monkeypatch.setenv("AWS_TOKEN", f"file://{file}")
        with fake_secrets.local_endpoints() as url:
            file.write_text("of the next start")
            assert ask(url, "/v1/db", token="0123abcd").secret == "s3cret"


class TestPing:
    def test_it_says_healthy_without_a_token_and_with_x_forwarded_for(self, agent):
        assert send(agent, "/ping", headers=[("X-Forwarded-For", "1.2.3.4")])[:2] == (200, "healthy")

    def test_other_methods_are_not_allowed(self, agent):
        assert send(agent, "/ping", method="POST")[:2] == (405, "Not allowed")

    def test_it_calls_nothing(self, fake_secrets, agent):
        send(agent, "/ping")
        assert operations(fake_secrets) == []


REFUSALS = [
    ("/v1/", 400, "missing secret ID"),
    ("/v1/?wrong=1", 400, "missing secret ID"),
    (GET, 400, "missing parameter secretId"),
    (f"{GET}?", 400, "missing parameter secretId"),
    (f"{GET}?secretId=", 400, "missing parameter secretId"),
    (f"{GET}?secretId=db&refreshNow=yes", 400, "invalid refreshNow value"),
    (f"{GET}?secretId=db&refreshNow=", 400, "invalid refreshNow value"),
    (f"{GET}?refreshNow=2", 400, "invalid refreshNow value"),
    (f"{GET}?secretid=db", 400, "unknown parameter: secretid"),
    (f"{GET}?secretId=db&SecretId=db", 400, "unknown parameter: SecretId"),
    (f"{GET}?secretId=db&=x", 400, "unknown parameter: "),
    (f"{GET}?secretId=db&wr%6Fng", 400, "unknown parameter: wrong"),
    (f"{GET}?wrong=1&refreshNow=yes", 400, "unknown parameter: wrong"),
    (f"{GET}?refreshNow=yes&wrong=1", 400, "invalid refreshNow value"),
    ("/v1/db?secretId=db", 400, "unknown parameter: secretId"),
    ("/v1/db?refreshNow=maybe", 400, "invalid refreshNow value"),
    (f"{GET}?roleArn=reader", 400, "missing parameter secretId"),
    *(
        (
            f"{GET}?secretId=db&roleArn={urllib.parse.quote(role)}",
            400,
            "invalid roleArn format, expected arn:<partition>:iam::<account>:role/<name>",
        )
        for role in (
            "",
            "reader",
            f"{ROLE}\n",
            ROLE.replace("role", "user"),
            ROLE.replace("123456789012", "1"),
            ROLE[:31],
        )
    ),
    ("/", 404, "Not found"),
    ("/v1", 404, "Not found"),
    ("/secretsmanager/get/", 404, "Not found"),
    ("/secretsmanager", 404, "Not found"),
    ("/systemsmanager/parameters/get?name=x", 404, "Not found"),
    ("/ping/", 404, "Not found"),
]


class TestRefusals:
    @pytest.mark.parametrize(("target", "status", "body"), REFUSALS)
    def test_a_wrong_request_is_refused_with_the_words_of_the_agent(
        self, fake_secrets, agent, target, status, body
    ):
        assert ask(agent, target)[:2] == (status, body)
        assert operations(fake_secrets) == []

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
    def test_only_get_is_allowed(self, agent, method):
        assert ask(agent, f"{GET}?secretId=db", method=method)[:2] == (405, "Not allowed")

    def test_an_answer_to_head_has_no_body(self, agent):
        assert ask(agent, f"{GET}?secretId=db", method="HEAD")[:2] == (405, "")

    @pytest.mark.parametrize("value", ["1.2.3.4", ""])
    def test_a_forwarded_request_is_refused_even_with_a_good_token(self, agent, value):
        assert ask(agent, "/v1/db", headers={"X-Forwarded-For": value})[:2] == (400, "Forwarded")

    @pytest.mark.parametrize(
        ("request_", "body"),
        [
            ({"headers": {"x-forwarded-for": "1.2.3.4"}, "token": "wrong", "method": "POST"}, "Forwarded"),
            ({"token": "wrong", "method": "POST"}, "Bad Token"),
            ({"method": "POST"}, "Not allowed"),
            ({}, "Not found"),
        ],
    )
    def test_of_several_mistakes_the_earliest_check_answers(self, agent, request_, body):
        assert ask(agent, "/nowhere?wrong=1", **request_).body == body

    @pytest.mark.parametrize("target", [f"{GET}?secretId=db", f"{GET}?secretId=nowhere", "/ping", "/nowhere"])
    def test_no_answer_has_a_content_type(self, agent, target):
        headers = ask(agent, target).headers
        assert headers["Content-Type"] is None
        assert headers["Content-Length"] is not None
        assert headers["Date"] is not None


class TestConnectionLimit:
    def test_a_request_over_the_limit_is_refused_and_ping_has_two_more(self, fake_secrets):
        with fake_secrets.local_endpoints(max_conn=2) as url, Connections(url) as connections:
            first, second = connections.open(), connections.open()
            assert first.ask("/v1/db")[:1] == second.ask("/v1/db")[:1] == (200,)
            third = connections.open()
            assert third.ask("/v1/db") == (429, "Connection limit exceeded")
            assert third.ask("/ping") == (200, "healthy")
            assert connections.open().ask("/ping") == (200, "healthy")
            assert connections.open().ask("/ping") == (429, "Connection limit exceeded")


class Connections:
    """Connections that stay open, each after its first request."""

    def __init__(self, url):
        self.place = urllib.parse.urlsplit(url)
        self.opened = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self.opened:
            connection.close()

    def open(self):
        connection = Kept(self.place.hostname, self.place.port, timeout=20)
        connection.connect()
        self.opened.append(connection)
        connection.ask("/ping")
        return connection


class Kept(http.client.HTTPConnection):
    def ask(self, target):
        self.request("GET", target, headers={TOKEN_HEADER: os.environ["AWS_SESSION_TOKEN"]})
        response = self.getresponse()
        return response.status, response.read().decode()
