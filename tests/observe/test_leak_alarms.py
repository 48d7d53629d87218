"""What must not count as a leak: the examples, and what AWS's rotation functions log (rotation-facts 1.7)."""

import json
import logging
import shutil
from pathlib import Path

import boto3
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

logger = logging.getLogger("rotation_function")

# The secrets of AWS's rotation functions, by their kind.
SECRETS = {
    "one user of a database": {
        "engine": "postgres",
        "host": "orders.cluster-abcdefgh.eu-west-3.rds.amazonaws.com",
        "username": "orders_application",
        "password": "Xk2-first-password",
        "dbname": "orders_live",
        "port": 5432,
        "ssl": True,
        "dbInstanceIdentifier": "orders-instance-1",
    },
    "two users of a database": {
        "engine": "mysql",
        "host": "billing.abcdefgh.eu-west-3.rds.amazonaws.com",
        "username": "billing_application",
        "password": "Xk2-first-password",
        "dbname": "billing_live",
        "port": "33060001",
        "masterarn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:master-AbCdEf",
        "dbClusterIdentifier": "billing-cluster-1",
    },
    "a cache": {
        "username": "session-cache-user",
        "password": "Xk2-first-password",
        "user_arn": "arn:aws:elasticache:us-east-1:123456789012:user:session-cache-user",
    },
    "a directory": {"DirectoryId": "d-9067012345", "Username": "keytab-user", "Password": "Xk2-first-password"},
    "a plain password": "Xk2-first-password",
}


def talkative(event, context):
    """Rotate as AWS's functions do, and log all that isn't secret."""
    client = boto3.client("secretsmanager", region_name="us-east-1")
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    (current_id,) = (version for version, labels in versions.items() if "AWSCURRENT" in labels)
    current = client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"]
    logger.info("%s begins for the secret %s and its version %s: %s", step, arn, token, versions)
    logger.info("event %s, request %s of %s", event, context.aws_request_id, context.invoked_function_arn)
    for name, value in members(current).items():
        if name.lower() != "password":
            logger.info("%s is %s", name, value)
            print(json.dumps({"secret": arn, name: value, "password": "********"}), repr({name: value}))
    if step == "createSecret":
        create(client, arn, token, current)
    elif step == "setSecret":
        logger.error("cannot log in with the previous password of %s", arn)
        logger.warning("the password of the user in %s is changed to the pending password of %s", arn, token)
    elif step == "finishSecret":
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current_id
        )
        logger.info("AWSCURRENT of %s moved from %s to %s", arn, current_id, token)


def create(client, arn, token, current):
    try:
        client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
    except client.exceptions.ResourceNotFoundException:
        logger.exception("no pending value of %s yet", arn)
        new = client.get_random_password(ExcludePunctuation=True)["RandomPassword"]
        value = new
        if current.startswith("{"):
            value = json.dumps(
                {name: new if name.lower() == "password" else old for name, old in members(current).items()}
            )
        answer = client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
        )
        logger.info("stored %s", answer)


def members(value):
    return json.loads(value) if value.startswith("{") else {}


@pytest.fixture
def watched(fake_secrets, caplog):
    caplog.set_level(logging.DEBUG)
    with fake_secrets.leaks.watching() as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("kind", SECRETS)
def test_a_rotation_function_may_log_all_that_is_public(fake_secrets, watched, kind):
    fake_secrets.add("live/orders", SECRETS[kind])
    for _ in range(3):
        assert fake_secrets.rotate("live/orders", talkative).succeeded
    assert watched == []


@pytest.mark.parametrize("kind", SECRETS)
def test_the_same_function_is_caught_if_it_logs_the_password(fake_secrets, watched, kind):
    fake_secrets.add("live/orders", SECRETS[kind])

    def careless(event, context):
        talkative(event, context)
        if event["Step"] == "testSecret":
            pending = fake_secrets["live/orders"].value("AWSPENDING")
            logger.info("the new login is %s", pending)

    rotation = fake_secrets.rotate("live/orders", careless)
    assert {(leak.place, leak.version, leak.step) for leak in watched} == {("log", rotation.token, "testSecret")}


def test_a_refused_login_names_user_and_host(fake_secrets, watched):
    fake_secrets.add("live/orders", SECRETS["one user of a database"])

    def refused(event, context):
        login = fake_secrets["live/orders"].value()
        message = f"{login['host']} refuses the user {login['username']} of {event['SecretId']}"
        raise PermissionError(message)

    assert not fake_secrets.rotate("live/orders", refused, errors="record").succeeded
    assert watched == []


@pytest.mark.slow
def test_the_examples_leak_nothing(pytester):
    for path in EXAMPLES.glob("*.py"):
        shutil.copy(path, pytester.path)
    pytester.makeini("[pytest]\nfake_secrets_leaks = error\nlog_level = DEBUG\n")
    ran = pytester.runpytest_subprocess("-p", "no:randomly")
    assert ran.ret == pytest.ExitCode.OK
    assert ran.parseoutcomes()["passed"] >= 3
