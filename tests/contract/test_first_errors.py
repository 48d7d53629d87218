"""What a report says of a function that never rotates: the first error tells which argument is missing."""

import contextlib
import functools
import json
import os
import re

import boto3
import pytest
from botocore.exceptions import ClientError
from rotation_steps import rotation_function, with_new_password
from rotators import Rotator

from fake_secrets import RotationContract, check_rotation
from fake_secrets.contract.services import PasswordDatabase
from fake_secrets.errors import FakeSecretsWarning

SECRET = {"username": "app", "password": "old"}


def reading(secret_id):
    rotate = Rotator()

    def handler(event, context):
        boto3.client("secretsmanager").get_secret_value(SecretId=secret_id)
        rotate(event, context)

    return handler


def test_another_secret_is_named():
    (violation,) = check_rotation(reading("prod/master"), secret="old").violations
    assert violation.name == "never-succeeds"
    assert violation.cause == "The function reads the secret 'prod/master', which the check doesn't have."
    assert violation.mend == (
        "If the function means the secret that it rotates, let it use the event's SecretId, or check it with "
        "name='prod/master'. If it needs another one, pass that by other_secrets={'prod/master': ...}."
    )


def swallowing(handler):
    def swallow(event, context):
        with contextlib.suppress(Exception):
            handler(event, context)

    return swallow


def test_another_secret_is_named_if_the_function_swallows_the_error():
    (violation,) = check_rotation(swallowing(reading("prod/master")), secret="old").violations
    assert violation.name == "current-not-moved"
    assert violation.cause == "The function reads the secret 'prod/master', which the check doesn't have."
    assert "name='prod/master'" in violation.mend


def test_a_call_that_fails_is_named_if_the_function_swallows_the_error():
    def handler(event, context):
        client = boto3.client("secretsmanager")
        if event["Step"] == "finishSecret":
            client.update_secret_version_stage(SecretId=event["SecretId"], VersionStage="AWSCURRENT")

    (violation,) = check_rotation(swallowing(handler), secret="old").violations
    assert violation.name == "current-not-moved"
    assert re.fullmatch(
        r"UpdateSecretVersionStage fails with InvalidParameterException in finishSecret "
        r"\(tests/contract/test_first_errors.py:\d+\), and the function goes on\.",
        violation.cause,
    )
    assert violation.mend.startswith("Let the exception out of the function")


def test_a_version_without_a_value_is_no_error_that_the_function_swallows():
    def handler(event, context):
        client = boto3.client("secretsmanager")
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            client.get_secret_value(SecretId=event["SecretId"], VersionId=event["ClientRequestToken"])

    (violation,) = check_rotation(handler, secret="old").violations
    assert violation.name == "current-not-moved"
    assert "goes on" not in violation.cause


def test_another_secret_that_the_function_can_do_without_is_not_blamed_for_a_later_error():
    def handler(event, context):
        client = boto3.client("secretsmanager")
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            client.get_secret_value(SecretId="optional")
        raise LookupError

    (violation,) = check_rotation(handler, secret="old").violations
    assert violation.cause.startswith("The function expects another event")


def test_another_secret_that_the_functions_own_error_tells_of_is_named():
    def handler(event, context):
        client = boto3.client("secretsmanager")
        try:
            client.get_secret_value(SecretId="prod/master")
        except client.exceptions.ResourceNotFoundException as error:
            raise LookupError from error

    (violation,) = check_rotation(handler, secret="old").violations
    assert violation.cause == "The function reads the secret 'prod/master', which the check doesn't have."


def test_a_label_of_a_secret_that_is_there_is_no_other_secret():
    def handler(event, context):
        boto3.client("secretsmanager").get_secret_value(SecretId=event["SecretId"], VersionStage="AWSPREVIOUS")

    (violation,) = check_rotation(handler, secret="old").violations
    assert violation.cause.startswith("The function expects another event")


def test_a_variable_of_the_environment_is_named():
    def handler(event, context):
        os.environ["MADE_UP_HOST"]

    (violation,) = check_rotation(handler, secret="old").violations
    assert violation.cause == "The function needs the environment variable 'MADE_UP_HOST', which isn't set."
    assert violation.mend == "Pass it by environment={'MADE_UP_HOST': ...}."


def test_a_key_that_another_mapping_lacks_is_no_variable_of_the_environment():
    def handler(event, context):
        {"green": 1}[os.environ["MODE"]]

    (violation,) = check_rotation(handler, secret="old", environment={"MODE": "blue"}).violations
    assert violation.cause.startswith("The function expects another event")


def logging_in(get_double):
    def set_value(current, pending):
        if get_double().accepts(current):
            get_double().alter_user("app", pending["password"])
        elif not get_double().accepts(pending):
            raise PermissionError

    return rotation_function(set_value, lambda pending: None)


class Kept(PasswordDatabase):
    latest = None

    def __enter__(self):
        Kept.latest = self
        return super().__enter__()


def test_a_double_that_begins_with_another_credential_is_told():
    handler = logging_in(lambda: Kept.latest)
    report = check_rotation(handler, secret=SECRET, service=lambda: Kept({"app": "new"}), only="plain")
    assert report.violations[0].mend == "Let the double begin with the credential that is in secret=."
    assert any(one.startswith("The service double doesn't accept the value of secret=") for one in report.left_out)


def test_a_contract_warns_of_such_a_double_even_if_the_function_rotates():
    class Contract(RotationContract):
        handler = staticmethod(
            rotation_function(
                lambda _, pending: Kept.latest.alter_user("app", pending["password"]),
                lambda pending: Kept.latest.login("app", pending["password"]),
            )
        )
        secret = json.dumps(SECRET)
        service = staticmethod(lambda: Kept({"app": "new"}))

    with pytest.warns(FakeSecretsWarning, match="doesn't accept the value of secret= when the check begins"):
        Contract().test_plain()


def connect(**_):
    msg = "could not translate host name to address"
    raise OSError(msg)


def by_name(step, error=None):
    """Return a function that reaches the service by a name of its own, which the double doesn't replace."""

    def reach(now, *_):
        if now == step:
            if error is not None:
                raise error
            connect(user="app")

    return rotation_function(
        lambda *_: reach("setSecret"),
        lambda _: reach("testSecret"),
        lambda *given: reach("createSecret") or with_new_password(*given),
    )


@pytest.mark.parametrize("step", ["createSecret", "setSecret", "testSecret"])
def test_a_double_that_is_never_called_is_told(step):
    service = functools.partial(PasswordDatabase, {"app": "old"})
    (violation,) = check_rotation(by_name(step), secret=SECRET, service=service, only="plain").violations
    assert violation.name == "never-succeeds"
    assert violation.cause == (
        "The service double was never called: the function reaches the service by a name that isn't replaced."
    )
    assert 'replaces="my_function.connect"' in violation.mend


@pytest.mark.parametrize(
    ("step", "service", "error"),
    [
        ("setSecret", None, None),
        ("createSecret", PasswordDatabase, LookupError("a bug")),
        ("setSecret", PasswordDatabase, ClientError({"Error": {"Code": "Refused"}}, "GetSecretValue")),
    ],
)
def test_a_double_that_is_never_called_is_not_blamed_for_other_errors(step, service, error):
    makes = None if service is None else functools.partial(service, {"app": "old"})
    (violation,) = check_rotation(by_name(step, error), secret=SECRET, service=makes, only="plain").violations
    assert violation.cause.startswith("The function expects another event")


def test_a_function_that_has_called_the_double_fails_for_another_reason():
    def set_value(_, pending):
        Kept.latest.has_user("app")
        raise LookupError

    handler = rotation_function(set_value, lambda _: None)
    (violation,) = check_rotation(
        handler, secret=SECRET, service=lambda: Kept({"app": "old"}), only="plain"
    ).violations
    assert violation.cause.startswith("The function expects another event")


def test_replacing_the_name_mends_it():
    class Replacing(PasswordDatabase):
        def __init__(self):
            super().__init__({"app": "old"}, replaces=f"{__name__}.connect")

    def set_value(_, pending):
        connect(user="app", password="old").execute("ALTER USER app PASSWORD %s", [pending["password"]])

    report = check_rotation(
        rotation_function(set_value, lambda _: None), secret=SECRET, service=Replacing, only="plain"
    )
    assert "never-succeeds" not in [one.name for one in report.violations]
