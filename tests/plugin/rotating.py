"""Sources of rotation functions for runs of pytest, and of a service double."""

GOOD = """
import json
import boto3

client = boto3.client("secretsmanager", region_name="us-east-1")


def pending(arn, token):
    return json.loads(
        client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")["SecretString"]
    )


def lambda_handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    about = client.describe_secret(SecretId=arn)
    labels = about["VersionIdsToStages"].get(token)
    if not about.get("RotationEnabled") or labels is None:
        raise ValueError("not rotating")
    if "AWSCURRENT" in labels:
        return
    if "AWSPENDING" not in labels:
        raise ValueError("not pending")
    if step == "createSecret":
        create(arn, token)
    elif step == "setSecret":
        pending(arn, token)
    elif step == "testSecret":
        pending(arn, token)
    elif step == "finishSecret":
        old = next(one for one, stages in about["VersionIdsToStages"].items() if "AWSCURRENT" in stages)
        pending(arn, token)
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=old
        )
    else:
        raise ValueError("unknown step")


def create(arn, token):
    value = json.loads(client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"])
    try:
        pending(arn, token)
    except client.exceptions.ResourceNotFoundException:
        value["password"] = client.get_random_password(ExcludePunctuation=True)["RandomPassword"]
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=json.dumps(value), VersionStages=["AWSPENDING"]
        )
"""

# createSecret can't be repeated.
FAULTY = GOOD.replace("        pending(arn, token)\n    except", "        raise KeyError\n    except").replace(
    "except client.exceptions.ResourceNotFoundException", "except KeyError"
)

CONTRACT = """
from rotation import lambda_handler

from fake_secrets import RotationContract


class TestRotation(RotationContract):
    handler = lambda_handler
    secret = {"username": "app", "password": "the-old-password"}
"""
