"""Parameters of moto's SSM that refer to a secret, read beside a world."""

import boto3
import pytest

pytest.importorskip("moto")

import moto

from fake_secrets import FakeSecretsWarning, mock_stages

NAME = "/aws/reference/secretsmanager/prod/db"
SEED = {"prod/db": "hidden-ours"}
STARTS = (
    f"A parameter isn't from this world: moto's SSM reads {NAME!r} in moto's own Secrets Manager, which {{}}. "
    "Create the secret under mock_aws before this world is opened, with the same value, or read it with "
    "GetSecretValue."
)


@pytest.fixture(autouse=True)
def region(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def read(name=NAME):
    return boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]


def missed(name=NAME):
    client = boto3.client("ssm")
    with pytest.raises(client.exceptions.ClientError):
        client.get_parameter(Name=name, WithDecryption=True)


def of_moto(value):
    boto3.client("secretsmanager").create_secret(Name="prod/db", SecretString=value)


def told(recwarn):
    return [str(one.message) for one in recwarn if issubclass(one.category, FakeSecretsWarning)]


def test_that_moto_lacks_are_told_of_when_the_world_is_left(recwarn, lane):
    with moto.mock_aws(), mock_stages(SEED, _lane=lane):
        missed()
        assert told(recwarn) == []
    assert told(recwarn) == [STARTS.format("has no such secret")]
    assert [one.filename for one in recwarn] == [__file__]


def test_that_moto_has_with_another_value_are_told_of_without_the_values(recwarn):
    with moto.mock_aws():
        of_moto("hidden-motos")
        with mock_stages(SEED):
            assert read() == "hidden-motos"
    assert told(recwarn) == [STARTS.format("has another value of it under AWSCURRENT")]
    assert "hidden" not in str(told(recwarn))


def test_that_a_change_in_the_world_has_outdated_are_told_of(recwarn):
    with moto.mock_aws():
        of_moto("hidden-ours")
        with mock_stages(SEED) as world:
            read()
            boto3.client("secretsmanager").put_secret_value(SecretId="prod/db", SecretString="new")
            assert (read(), world["prod/db"].value()) == ("hidden-ours", "new")
    assert told(recwarn) == [STARTS.format("has another value of it under AWSCURRENT")]


def test_that_both_have_with_one_value_are_not_told_of(recwarn):
    with moto.mock_aws():
        of_moto("hidden-ours")
        with mock_stages(SEED):
            assert read() == "hidden-ours"
    assert told(recwarn) == []


@pytest.mark.parametrize("name", ["/aws/reference/secretsmanager/unknown", "plain"])
def test_that_refer_to_no_secret_of_the_world_are_not_told_of(recwarn, name):
    with moto.mock_aws(), mock_stages(SEED):
        missed(name)
    assert told(recwarn) == []


def test_that_are_read_outside_of_the_world_are_not_told_of(recwarn):
    with moto.mock_aws():
        of_moto("hidden-motos")
        with mock_stages(SEED):
            """The world sees no parameter."""
        assert read() == "hidden-motos"
    assert told(recwarn) == []


def test_that_are_read_several_times_or_together_are_told_of_once(recwarn):
    with moto.mock_aws(), mock_stages({**SEED, "other": "x"}):
        missed()
        names = [NAME, "/aws/reference/secretsmanager/other"]
        client = boto3.client("ssm")
        with pytest.raises(client.exceptions.ClientError):
            client.get_parameters(Names=names, WithDecryption=True)
    assert [text.split("'")[3] for text in told(recwarn)] == names


def test_of_another_region_are_those_of_that_region(recwarn):
    with moto.mock_aws(), mock_stages(SEED):
        client = boto3.client("ssm", region_name="eu-west-1")
        with pytest.raises(client.exceptions.ClientError):
            client.get_parameter(Name=NAME, WithDecryption=True)
    assert told(recwarn) == []
