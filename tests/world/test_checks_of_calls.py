"""What each call asks the policies: the checks and condition keys of the 42 requests of iam-vectors.json."""

import json
from pathlib import Path

import boto3
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from fake_secrets.ids import Ids
from fake_secrets.world import decisions

REQUESTS = json.loads((Path(__file__).parents[1] / "data" / "iam-vectors.json").read_text())["requests"]
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ALL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
OTHER = {"arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:ops/key-GhIjKl", "name": "ops/key"}
# The keys that a request or its secret supplies; the caller's are left out.
SUPPLIED = ("secretsmanager:", "aws:resourcetag/", "aws:requesttag/", "aws:tagkeys")


@pytest.fixture
def asked(fake_secrets, monkeypatch):
    """Return what the calls of a block ask. Everything is allowed."""
    checks = []

    def evaluate(check, caller, layers):
        checks.append(check)
        return decisions_evaluate(check, caller, layers)

    decisions_evaluate = decisions.evaluate
    monkeypatch.setattr(decisions, "evaluate", evaluate)
    monkeypatch.setattr(Ids, "arn_suffix", lambda self: "AbCdEf")
    with fake_secrets.permissions(ALL):
        yield checks


def plant(fake_secrets, secret):
    region = secret["arn"].split(":")[3]
    fake_secrets.add(
        secret["name"],
        "x",
        arn_suffix=secret["arn"][-6:],
        tags=secret.get("tags"),
        kms_key_id=secret.get("kms_key_id"),
        region=secret.get("primary_region", region),
    )
    client = boto3.client("secretsmanager", region_name=secret.get("primary_region", region))
    if "primary_region" in secret:
        client.replicate_secret_to_regions(SecretId=secret["name"], AddReplicaRegions=[{"Region": region}])
    if "rotation_lambda_arn" in secret:
        client.rotate_secret(SecretId=secret["name"], RotationLambdaARN=secret["rotation_lambda_arn"])
    return region


def in_lower_case(context):
    return {key.lower(): value for key, value in context.items() if key.lower().startswith(SUPPLIED)}


@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: case["id"])
def test_a_call_asks_what_aws_asks(fake_secrets, asked, case):
    fake_secrets.lambda_function(
        lambda event, context: None, arn="arn:aws:lambda:us-east-1:123456789012:function:rotate"
    )
    fake_secrets.set_kms_key(KEY, aliases=["alias/app"])
    region = "us-east-1"
    if case["operation"] != "CreateSecret" and "secret" in case:
        region = plant(fake_secrets, case["secret"])
    elif case["operation"] == "BatchGetSecretValue":
        plant(
            fake_secrets,
            {**OTHER, "arn": OTHER["arn"].replace("ops/key-GhIjKl", "app/db-AbCdEf"), "name": "app/db"},
        )
        plant(fake_secrets, OTHER)
    asked.clear()

    call = getattr(boto3.client("secretsmanager", region_name=region), xform_name(case["operation"]))
    try:
        call(**case["request"])
    except ClientError as error:
        # Some requests are refused for other reasons, after all checks.
        assert error.response["Error"]["Code"] != "AccessDeniedException"

    own = [check for check in asked if check.action.startswith("secretsmanager:")]
    if case["operation"] in ("TagResource", "UntagResource"):
        # It is asked once more whether the caller keeps its permission.
        del own[1:]
    assert [(check.action, check.resource, in_lower_case(check.context)) for check in own] == [
        (check["action"], check["resource"], in_lower_case(check["context"])) for check in case["checks"]
    ]
    others = {(check.action, check.resource) for check in asked if not check.action.startswith("secretsmanager:")}
    assert others == {(check["action"], check["resource"]) for check in case.get("also", ())}


def test_what_a_key_is_used_for_is_told_to_its_policy(fake_secrets, asked):
    secret = fake_secrets.add("app/db", "x", kms_key_id=KEY)
    asked.clear()
    boto3.client("secretsmanager", region_name="us-east-1").get_secret_value(SecretId="app/db")
    context = asked[-1].context
    assert asked[-1].action == "kms:Decrypt"
    assert context["kms:viaservice"] == "secretsmanager.us-east-1.amazonaws.com"
    assert context["kms:encryptioncontext:secretarn"] == secret.arn
    assert context["kms:encryptioncontext:secretversionid"] == secret.version("AWSCURRENT").id
