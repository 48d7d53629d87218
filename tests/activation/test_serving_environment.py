"""What clients of child processes read beside the URL of a server: proxies, and settings that hide the URL."""

import os
import urllib.request

import boto3
import pytest


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    for name in "NO_PROXY", "no_proxy", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS":
        monkeypatch.delenv(name, raising=False)


@pytest.mark.slow
def test_a_configuration_file_that_ignores_endpoints_is_overruled(fake_secrets, monkeypatch, tmp_path):
    config = tmp_path / "config"
    config.write_text("[default]\nignore_configured_endpoint_urls = true\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with fake_secrets.server() as url:
        assert boto3.Session().client("secretsmanager").meta.endpoint_url == url


def test_every_host_stays_without_a_proxy(fake_secrets, monkeypatch):
    for name in "NO_PROXY", "no_proxy":
        monkeypatch.setenv(name, "*")
    with fake_secrets.server():
        assert urllib.request.proxy_bypass("example.org")


def test_a_server_inside_another_names_the_local_hosts_once(fake_secrets):
    with fake_secrets.server(), fake_secrets.server():
        assert os.environ["NO_PROXY"] == "127.0.0.1,localhost"


def test_the_note_on_the_error_of_a_block_has_no_text_of_a_users_error(fake_secrets):
    def subscriber(event):
        msg = "s3cret"
        raise ValueError(msg)

    def write_in_a_child():
        request = urllib.request.Request(
            f"{os.environ['SECRETS_MANAGER_ENDPOINT']}/",
            b'{"Name": "db", "SecretString": "s3cret", "ClientRequestToken": "00000000000000000000000000000001"}',
            {
                "X-Amz-Target": "secretsmanager.CreateSecret",
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Date": "20260101T000000Z",
                "Authorization": "AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/secretsmanager/aws4_request, "
                "SignedHeaders=host;x-amz-date, Signature=0",
            },
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200

    fake_secrets.on_event(subscriber)
    with pytest.raises(LookupError) as caught, fake_secrets.server():
        write_in_a_child()
        raise LookupError
    assert caught.value.__notes__ == ["Before that, in the server of fake_secrets: ValueError"]
