"""What the log of `fake-secrets serve` says of calls that policies have denied."""

import json
import sys

import pytest
from cli.serve_process import run, serving

SECRET = "s3cr3t-value-0815"
ACCOUNT = "arn:aws:iam::123456789012"
ROLE = f"{ACCOUNT}:role/app"
SESSION = "arn:aws:sts::123456789012:assumed-role/app/fake-secrets"
LISTS = {"Effect": "Allow", "Action": "secretsmanager:ListSecrets", "Resource": "*"}
BATCHES = {"Effect": "Allow", "Action": "secretsmanager:BatchGetSecretValue", "Resource": "*"}
LOCKED = {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
READS = """
import boto3

client = boto3.client("secretsmanager")


def lambda_handler(event, context):
    client.get_secret_value(SecretId=event["SecretId"])
"""
ASKS_THE_HELPER = """
import contextlib, os, urllib.request

url = f"http://localhost:{os.environ['PARAMETERS_SECRETS_EXTENSION_HTTP_PORT']}/secretsmanager/get?secretId=prod/db"
headers = {"X-Aws-Parameters-Secrets-Token": os.environ["AWS_SESSION_TOKEN"]}
with contextlib.suppress(OSError):
    urllib.request.urlopen(urllib.request.Request(url, headers=headers))
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "secrets.json").write_text(json.dumps({"prod/db": SECRET, "prod/api": SECRET}))
    (tmp_path / "policy.json").write_text(policy(LISTS, BATCHES))
    (tmp_path / "reading.py").write_text(READS)
    (tmp_path / "asking.py").write_text(ASKS_THE_HELPER)
    return tmp_path


@pytest.fixture
def served(folder):
    """A server with the role `app`, and what its clients need to call as the role."""
    with serving(folder, "--seed", "secrets.json", "--policy", "app=policy.json") as served:
        served.key = served.lines_until(f"# To call as {ROLE}: ")[-1].rpartition("=")[2]
        yield served


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def denials(lines):
    """Return what lines of the log say of denials, without the time of each."""
    return [line.partition(" ")[2] for line in lines if " denied to " in line]


def missing(action, arn):
    """Return what the log says of an action that the file policy.json doesn't allow."""
    statement = {"Effect": "Allow", "Action": action, "Resource": f"{arn[:-6]}??????"}
    return (
        f"denied to {ROLE}: No statement of policy.json allows {action} on {arn} for {ROLE}. "
        f"To allow it, add to policy.json: {json.dumps(statement)}"
    )


def test_a_denied_call_is_logged_with_what_would_allow_it_and_answered_as_by_aws(served):
    arn = served.ask("DescribeSecret", {"SecretId": "prod/db"})[1]["ARN"]
    status, answer = served.ask("GetSecretValue", {"SecretId": "prod/db"}, key=served.key)
    line = served.logged("GetSecretValue prod/db by ")

    assert " 400 AccessDeniedException " in line
    assert denials(served.log) == [missing("secretsmanager:GetSecretValue", arn)]
    # The line of the request follows.
    assert " denied to " in served.log[served.log.index(line) - 1]
    assert (status, answer) == (
        400,
        {
            "__type": "AccessDeniedException",
            "Message": f"User: {SESSION} is not authorized to perform: secretsmanager:GetSecretValue on resource: "
            "prod/db because no identity-based policy allows the secretsmanager:GetSecretValue action",
        },
    )


def test_each_secret_that_is_denied_in_a_batch_is_logged(served):
    arns = [served.ask("DescribeSecret", {"SecretId": name})[1]["ARN"] for name in ("prod/db", "prod/api")]
    answer = served.ask("BatchGetSecretValue", {"SecretIdList": ["prod/db", "prod/api"]}, key=served.key)[1]
    served.logged("BatchGetSecretValue")

    assert len(answer["Errors"]) == len(arns)
    assert denials(served.log) == [missing("secretsmanager:GetSecretValue", arn) for arn in arns]


def test_a_denial_is_one_line_whatever_the_client_sends(served):
    served.ask("GetSecretValue", {"SecretId": "prod/db\nprod/x\u2028y"}, key=served.key)
    served.ask("ListSecrets", {})
    served.logged("ListSecrets")
    assert all(line[:2].isdecimal() for line in served.log), served.log


def test_a_call_that_is_allowed_has_no_such_line(served):
    served.ask("ListSecrets", {}, key=served.key)
    served.logged("ListSecrets")
    assert denials(served.log) == []


def test_the_calls_of_a_rotation_function_are_logged_too(folder):
    with serving(folder, "--seed", "secrets.json", "--function", "prod/db=reading:lambda_handler") as served:
        served.ask("PutResourcePolicy", {"SecretId": "prod/db", "ResourcePolicy": policy(LOCKED)})
        arn = served.ask("DescribeSecret", {"SecretId": "prod/db"})[1]["ARN"]
        served.ask("RotateSecret", {"SecretId": "prod/db", "ClientRequestToken": "r" * 32})
        rotated = served.logged("rotation of prod/db: failed")

        (told,) = denials(served.log[: served.log.index(rotated)])
        assert told == (
            f"denied to {ACCOUNT}:root: Statement 1 of the secret's policy denies secretsmanager:GetSecretValue "
            f"on {arn} to everybody. A Deny outweighs every Allow. To allow the call, narrow its Action, "
            "Resource, Principal or Condition. The root user of the secret's account can still call "
            "DeleteResourcePolicy."
        )


def test_the_calls_of_a_local_helper_are_logged_too(folder):
    helper = ("--local-endpoints", "--local-port", "0", "--policy", "policy.json")
    ran = run(folder, "--seed", "secrets.json", *helper, "--", sys.executable, "asking.py")

    assert ran.returncode == 0, ran.stderr
    (line,) = set(denials(ran.stderr.splitlines()))
    assert line.startswith(f"denied to {ACCOUNT}:user/fake-secrets: No statement of policy.json allows ")


def test_a_quiet_server_logs_no_denial(folder):
    helper = ("--local-endpoints", "--local-port", "0", "--policy", "policy.json")
    ran = run(folder, "--seed", "secrets.json", *helper, "--quiet", "--", sys.executable, "asking.py")
    assert (ran.returncode, ran.stderr) == (0, "")
