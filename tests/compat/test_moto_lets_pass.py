"""moto lets pass what our notes on refusals say it does. A test that fails here shows that moto has changed."""

import os
from unittest import mock

import boto3
import botocore.exceptions
import pytest
from hook.lane_cases import TAKES_WHAT_IS_DELETED
from service.minimal_requests import ABOUT_A_SECRET, method_of, request_of
from service_model import CALLABLE

from fake_secrets.hook import refusals

pytest.importorskip("moto")

import moto

pytestmark = pytest.mark.skipif(
    tuple(map(int, moto.__version__.split(".")[:3])) < (5, 2, 5), reason="the notes are about moto 5.2.5"
)

# It looks at no secret.
CHECKS_ONLY = {"ValidateResourcePolicy"}
ONE, TWO, THREE = "1" * 32, "2" * 32, "3" * 32
# What the minimal requests have for a secret of theirs.
OF_THIS_SECRET = {"UpdateSecretVersionStage": {"MoveToVersionId": ONE}}
ACCOUNT = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def motos():
    """A client of moto's Secrets Manager."""
    with mock.patch.dict(os.environ, ACCOUNT), mock.patch("boto3.DEFAULT_SESSION", None), moto.mock_aws():
        yield boto3.client("secretsmanager")


@pytest.fixture
def db(motos, request):
    """The name of a secret with two versions."""
    name = request.node.name
    motos.create_secret(Name=name, SecretString="old", ClientRequestToken=ONE)
    motos.put_secret_value(SecretId=name, SecretString="new", ClientRequestToken=TWO, VersionStages=["BLUE"])
    return name


def labels(motos, name):
    return motos.describe_secret(SecretId=name)["VersionIdsToStages"]


def code_of(call, **request):
    with pytest.raises(Exception, match="An error occurred") as refused:
        call(**request)
    return refused.value.response["Error"]["Code"]


def test_a_rotation_without_a_function(motos, db):
    motos.rotate_secret(SecretId=db, ClientRequestToken=THREE)
    assert labels(motos, db)[THREE] == ["AWSCURRENT"]


def test_a_rotation_while_another_is_open(motos, db):
    motos.put_secret_value(SecretId=db, SecretString="x", ClientRequestToken=THREE, VersionStages=["AWSPENDING"])
    motos.rotate_secret(SecretId=db)
    assert labels(motos, db)[THREE] == []


def test_days_beside_an_expression_which_may_be_any_text(motos, db):
    motos.rotate_secret(SecretId=db, RotationRules={"AutomaticallyAfterDays": 3, "ScheduleExpression": "any text"})
    assert motos.describe_secret(SecretId=db)["RotationRules"] == {"AutomaticallyAfterDays": 3}


def test_another_value_under_awspending(motos, db):
    put = {"SecretId": db, "ClientRequestToken": THREE, "VersionStages": ["AWSPENDING"]}
    motos.put_secret_value(SecretString="first", **put)
    motos.put_secret_value(SecretString="second", **put)
    assert motos.get_secret_value(SecretId=db, VersionId=THREE)["SecretString"] == "second"


def test_more_than_a_hundred_versions(motos, db):
    for number in range(101):
        motos.put_secret_value(SecretId=db, SecretString=str(number))
    assert len(motos.list_secret_version_ids(SecretId=db, IncludeDeprecated=True)["Versions"]) > 100


def test_the_version_of_a_trial_stays(motos, db):
    motos.rotate_secret(SecretId=db, ClientRequestToken=THREE, RotateImmediately=False)
    assert motos.get_secret_value(SecretId=db, VersionId=THREE)["SecretString"] == "old"


def test_a_label_on_two_versions(motos, db):
    motos.update_secret_version_stage(SecretId=db, VersionStage="BLUE", MoveToVersionId=ONE)
    assert labels(motos, db) == {ONE: ["AWSCURRENT", "BLUE"], TWO: ["BLUE"]}


def test_awscurrent_can_be_removed(motos, db):
    motos.update_secret_version_stage(SecretId=db, VersionStage="AWSCURRENT", RemoveFromVersionId=ONE)
    assert labels(motos, db) == {ONE: ["AWSPREVIOUS"], TWO: ["BLUE"]}


def test_an_unknown_version_is_an_invalid_parameter(motos, db):
    move = {"SecretId": db, "VersionStage": "RED", "MoveToVersionId": THREE}
    assert code_of(motos.update_secret_version_stage, **move) == "InvalidParameterException"


@pytest.mark.parametrize("operation", sorted(ABOUT_A_SECRET.keys() & set(CALLABLE)))
def test_a_change_of_a_deleted_secret(motos, db, operation):
    motos.delete_secret(SecretId=db)
    try:
        method_of(motos, operation)(**{**request_of(operation, db), **OF_THIS_SECRET.get(operation, {})})
    except (botocore.exceptions.ClientError, NotImplementedError):
        passes = False
    else:
        passes = operation not in TAKES_WHAT_IS_DELETED | CHECKS_ONLY
    assert passes == (operation in refusals._PASSED_BY_MOTO), (
        f"moto {'carries' if passes else 'does not carry'} out {operation} on a secret that is marked for "
        "deletion. Mend _PASSED_BY_MOTO in fake_secrets/hook/refusals.py and docs/how-to/coming-from-moto.md."
    )


def test_a_deleted_secret_exists(motos, db):
    motos.delete_secret(SecretId=db)
    assert code_of(motos.create_secret, Name=db, SecretString="x") == "ResourceExistsException"


def test_any_name_and_any_policy(motos):
    motos.create_secret(Name="a b:?", SecretString="x")
    motos.put_resource_policy(SecretId="a b:?", ResourcePolicy="any text")
    assert motos.get_resource_policy(SecretId="a b:?")["ResourcePolicy"] == "any text"
