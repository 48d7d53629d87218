"""The smallest request of each operation: its required members and its token."""

import json

import botocore
from operation_tables import Table

TOKEN = "99999999-9999-4999-8999-999999999999"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": "123456789012"},
            "Action": "secretsmanager:GetSecretValue",
            "Resource": "*",
        },
    }
)

# A replica in another account, which isn't there.
REPLICA_ARN = "arn:aws:secretsmanager:us-east-1:210987654321:secret:copy-a1b2c3"

WHERE = "ABOUT_A_SECRET or OTHERS in tests/service/minimal_requests.py"
# The operations on one secret, with the members that they need besides its SecretId.
ABOUT_A_SECRET = Table(
    WHERE,
    {
        "AssociateCrossAccountReplica": {"CrossAccountReplicaARN": REPLICA_ARN},
        "CancelRotateSecret": {},
        "DeleteResourcePolicy": {},
        "DeleteSecret": {},
        "DescribeSecret": {},
        "DisassociateCrossAccountReplica": {"CrossAccountReplicaARN": REPLICA_ARN},
        "GetResourcePolicy": {},
        "GetSecretValue": {},
        "ListResourcePolicies": {},
        "ListSecretVersionIds": {},
        "PutResourcePolicy": {"ResourcePolicy": POLICY},
        "PutSecretValue": {"SecretString": "y", "ClientRequestToken": TOKEN},
        "RemoveRegionsFromReplication": {"RemoveReplicaRegions": ["eu-west-1"]},
        "ReplicateSecretToRegions": {"AddReplicaRegions": [{"Region": "eu-west-1"}]},
        "RestoreSecret": {},
        "RotateSecret": {"ClientRequestToken": TOKEN},
        "StopReplicationToReplica": {},
        "TagResource": {"Tags": [{"Key": "a", "Value": "b"}]},
        "UntagResource": {"TagKeys": ["a"]},
        "UpdateSecret": {"ClientRequestToken": TOKEN},
        "UpdateSecretVersionStage": {"VersionStage": "LIVE", "MoveToVersionId": TOKEN},
        "ValidateResourcePolicy": {"ResourcePolicy": POLICY},
    },
)
# The other operations, with all the members that they need.
OTHERS = {
    "BatchGetSecretValue": {"SecretIdList": ["app/db"]},
    "CreateSecret": {"Name": "new", "ClientRequestToken": TOKEN},
    "GetRandomPassword": {},
    "ListSecrets": {},
}


def request_of(operation, secret_id="app/db"):
    """Return the operation's smallest request, with a SecretId if the operation takes one."""
    if operation in OTHERS:
        return dict(OTHERS[operation])
    return {"SecretId": secret_id, **ABOUT_A_SECRET[operation]}


def method_of(client, operation):
    return getattr(client, botocore.xform_name(operation))
