"""Modules that call Secrets Manager when a check imports them: nothing leaves the process."""

import sys

import pytest

from fake_secrets import check_rotation
from fake_secrets.contract.given_subject import subject_of

SOURCE = """
import boto3

client = boto3.client("secretsmanager")
CONFIG = client.get_secret_value(SecretId="prod/config")["SecretString"]
OWN = client.get_secret_value(SecretId="prod/rotated", VersionStage="AWSPREVIOUS")["SecretString"]

def lambda_handler(event, context):
    client.describe_secret(SecretId=event["SecretId"])
    assert client.get_secret_value(SecretId="prod/config")["SecretString"] == CONFIG

def connect():
    return OWN
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "reads_at_import.py").write_text(SOURCE)
    yield "reads_at_import"
    sys.modules.pop("reads_at_import", None)


def test_it_reads_the_secrets_of_the_check(module):
    arguments = {"secret": "now", "previous": "before", "other_secrets": {"prod/config": "a text"}}
    report = check_rotation(f"{module}:lambda_handler", **arguments)
    assert report.obstacle == "current-not-moved", str(report)
    assert sys.modules[module].CONFIG == "a text"


def test_a_consumer_reads_them_too(module):
    subject = subject_of(
        lambda event, context: None,
        secret="now",
        previous="before",
        other_secrets={"prod/config": "a text"},
        service=object,
        region=None,
        consumers=[f"{module}:connect"],
        allow=None,
        environment=None,
    )
    assert [one() for one in subject.consumers] == ["before"]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (
            "client.get_secret_value(SecretId=client.get_secret_value(SecretId='other')['SecretString'])",
            "NotFound",
        ),
        ("raise ValueError(client.get_secret_value(SecretId='other')['SecretString'])", "ValueError"),
    ],
)
def test_a_secret_value_is_not_in_the_error_of_an_import(tmp_path, monkeypatch, source, shown):
    monkeypatch.syspath_prepend(tmp_path)
    client = "import boto3\nclient = boto3.client('secretsmanager')\n"
    (tmp_path / "leaking.py").write_text(f"{client}{source}\ndef lambda_handler(event, context): ...\n")
    with pytest.raises(ImportError, match=shown) as raised:
        check_rotation("leaking:lambda_handler", secret="now", other_secrets={"other": "hunter2hunter2"})
    assert "hunter2" not in str(raised.value)


def test_a_secret_that_was_not_given_is_named(module):
    with pytest.raises(ImportError, match=r"No secret 'prod/config' was given; give it in other_secrets="):
        check_rotation(f"{module}:lambda_handler", secret="now")
