"""Secrets that have their rotation functions from the start."""

import pytest

from fake_secrets.world.attachments import attach


def rotate(event, context):
    return None


@pytest.fixture
def function(fake_secrets):
    return fake_secrets.lambda_function(rotate)


def test_a_secret_with_an_attached_function_shows_it_and_isnt_rotated_yet(fake_secrets, secretsmanager, function):
    fake_secrets.add("prod/db", "v")
    attach(fake_secrets._world, {"prod/db": function})
    described = secretsmanager.describe_secret(SecretId="prod/db")

    assert (described["RotationEnabled"], described["RotationLambdaARN"]) == (False, function)


def test_a_secret_with_an_attached_function_is_rotated_by_a_call_without_an_arn(
    fake_secrets, secretsmanager, function
):
    fake_secrets.add("prod/db", "v")
    attach(fake_secrets._world, {"prod/db": function})
    secretsmanager.rotate_secret(SecretId="prod/db", RotateImmediately=False)

    assert secretsmanager.describe_secret(SecretId="prod/db")["RotationEnabled"]


def test_a_function_that_was_configured_stays(fake_secrets, secretsmanager, function):
    fake_secrets.add("prod/db", "v")
    other = fake_secrets.lambda_function(rotate, "other")
    secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=other)
    attach(fake_secrets._world, {"prod/db": function})

    assert secretsmanager.describe_secret(SecretId="prod/db")["RotationLambdaARN"] == other


def test_a_secret_that_is_created_later_gets_its_function_then(fake_secrets, secretsmanager, function):
    attach(fake_secrets._world, {"prod/db": function})
    secretsmanager.create_secret(Name="prod/db", SecretString="v")

    assert secretsmanager.describe_secret(SecretId="prod/db")["RotationLambdaARN"] == function


@pytest.mark.fake_secrets({"prod/db": "v"})
def test_a_secret_of_the_seed_has_its_function_after_a_reset_too(fake_secrets, secretsmanager, function):
    attach(fake_secrets._world, {"prod/db": function})
    fake_secrets.reset()

    assert secretsmanager.describe_secret(SecretId="prod/db")["RotationLambdaARN"] == function


def test_a_replica_gets_no_function(fake_secrets, secretsmanager, function):
    secretsmanager.create_secret(Name="prod/db", SecretString="v", AddReplicaRegions=[{"Region": "eu-west-1"}])
    world = fake_secrets._world
    world.region = "eu-west-1"
    attach(world, {"prod/db": function})

    assert [secret.rotation_enabled for secret in fake_secrets] == [False, False]
