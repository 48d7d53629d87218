"""RotateSecret for a function that a test has created in moto's Lambda."""

import io
import json
import zipfile

import boto3
import pytest

pytest.importorskip("moto")

import moto

from fake_secrets import RotationNotOpenError, RotationWarning, mock_stages

REGION = "us-east-1"
ARN = f"arn:aws:lambda:{REGION}:123456789012:function:rotator"
TOKEN = "d1d1d1d1-d1d1-4d1d-8d1d-d1d1d1d1d1d1"
WHY = (
    f"{ARN} is in moto's Lambda, whose functions fake_secrets doesn't run; register it with "
    "fake_secrets.lambda_function(handler, arn=...), or make its calls yourself"
)

WARNING = (
    "A {} wasn't run: the function of secret 'db' is in moto's Lambda. To run it, call "
    f"fake_secrets.lambda_function(handler, arn={ARN!r}). To make its calls in the test, pass None as handler"
)

unwarned = pytest.mark.filterwarnings("ignore:A rotation wasn't run")


@pytest.fixture(params=[True, False], ids=["in docker", "simple"])
def beside_moto(request, monkeypatch):
    # No client may call Docker.
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with moto.mock_aws(config={"lambda": {"use_docker": request.param}}):
        yield


def create_function(**options):
    assumed = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = boto3.client("iam").create_role(RoleName="rotator", AssumeRolePolicyDocument=assumed)["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("rotator.py", "def handler(event, context): pass")
    client = boto3.client("lambda", region_name=REGION)
    return client.create_function(
        FunctionName="rotator",
        Runtime="python3.11",
        Role=role,
        Handler="rotator.handler",
        Code={"ZipFile": code.getvalue()},
        **options,
    )["FunctionArn"]


def rotate(arn, **members):
    client = boto3.client("secretsmanager", region_name=REGION)
    client.create_secret(Name="db", SecretString="S1")
    return client.rotate_secret(SecretId="db", RotationLambdaARN=arn, ClientRequestToken=TOKEN, **members)


@pytest.mark.slow
@unwarned
def test_its_rotation_is_begun_and_not_run(beside_moto):
    with mock_stages() as fake_secrets:
        assert rotate(create_function())["VersionId"] == TOKEN
        rotation = fake_secrets.rotations[0]
        assert repr(rotation) == f"<Rotation of 'db', version {TOKEN}: started, but its function isn't run here>"
        shown = boto3.client("secretsmanager", region_name=REGION).describe_secret(SecretId="db")
        assert (shown["RotationEnabled"], shown["RotationLambdaARN"]) == (True, ARN)


def test_a_warning_says_how_to_have_it_run(beside_moto):
    with pytest.warns(RotationWarning) as warned:
        mock_stages()(lambda: rotate(create_function()))()
    assert str(warned[0].message) == WARNING.format("rotation")
    assert warned[0].filename == __file__


def test_a_warning_calls_a_trial_by_its_name(beside_moto):
    with pytest.warns(RotationWarning) as warned:
        mock_stages()(lambda: rotate(create_function(), RotateImmediately=False))()
    assert [str(one.message) for one in warned] == [WARNING.format("trial")]


def put(**members):
    client = boto3.client("secretsmanager", region_name=REGION)
    stored = client.put_secret_value(SecretId="db", SecretString="S2", ClientRequestToken=TOKEN, **members)
    assert stored["VersionId"] == TOKEN


def make_current(old):
    boto3.client("secretsmanager", region_name=REGION).update_secret_version_stage(
        SecretId="db", VersionStage="AWSCURRENT", MoveToVersionId=TOKEN, RemoveFromVersionId=old
    )


def test_no_warning_is_given_for_a_rotation_that_the_test_has_made(beside_moto, recwarn):
    with mock_stages() as fake_secrets:
        rotate(create_function())
        old = fake_secrets["db"].stages["AWSCURRENT"]
        put(VersionStages=["AWSPENDING"])
        make_current(old)
    assert [one for one in recwarn if issubclass(one.category, RotationWarning)] == []


def test_a_warning_is_given_if_the_test_has_only_stored_a_value(beside_moto):
    @mock_stages
    def store_a_value():
        rotate(create_function())
        put(VersionStages=["AWSPENDING"])

    with pytest.warns(RotationWarning, match="A rotation wasn't run"):
        store_a_value()


def test_the_warning_says_how_to_silence_it(beside_moto, recwarn):
    with mock_stages() as fake_secrets:
        fake_secrets.lambda_function(None, arn=create_function())
        rotate(ARN)
    assert [one for one in recwarn if issubclass(one.category, RotationWarning)] == []


@pytest.mark.slow
@unwarned
def test_a_retry_says_how_to_have_it_run(beside_moto):
    with mock_stages() as fake_secrets:
        rotate(create_function())
        with pytest.raises(RotationNotOpenError) as raised:
            fake_secrets.rotations[0].retry()
    assert WHY in str(raised.value)


@pytest.mark.slow
def test_a_handler_that_is_registered_under_its_arn_is_run(beside_moto):
    steps = []
    with mock_stages(rotation_errors="record") as fake_secrets:
        fake_secrets.lambda_function(
            lambda event, _: (
                boto3.client("secretsmanager").describe_secret(SecretId="db") and steps.append(event["Step"])
            ),
            arn=create_function(),
        )
        rotate(ARN)
    assert "createSecret" in steps


@pytest.mark.slow
@unwarned
def test_its_versions_and_aliases_can_be_named(beside_moto):
    with mock_stages() as fake_secrets:
        create_function(Publish=True)
        boto3.client("lambda", region_name=REGION).create_alias(
            FunctionName="rotator", Name="prod", FunctionVersion="1"
        )
        rotate(f"{ARN}:prod")
        assert fake_secrets.rotations


@pytest.mark.slow
@pytest.mark.parametrize(
    "arn",
    [
        f"{ARN}:absent",
        f"arn:aws:lambda:{REGION}:210987654321:function:rotator",
        f"arn:aws:lambda:{REGION}:123456789012:function:other",
    ],
)
def test_another_function_is_refused(beside_moto, arn):
    with mock_stages():
        create_function()
        with pytest.raises(boto3.client("secretsmanager").exceptions.ClientError, match="cannot invoke"):
            rotate(arn)


@pytest.mark.slow
def test_after_moto_it_is_refused(beside_moto, monkeypatch):
    create_function()
    import moto.core.models

    monkeypatch.setattr(moto.core.models.botocore_stubber, "enabled", False)
    with (
        mock_stages(),
        pytest.raises(boto3.client("secretsmanager").exceptions.ClientError, match="cannot invoke"),
    ):
        rotate(ARN)
