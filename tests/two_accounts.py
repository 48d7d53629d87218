"""A primary and its replica in another account, with a client of each."""

import boto3

PRIMARY_ACCOUNT, REPLICA_ACCOUNT = "123456789012", "222222222222"
PRIMARY_KEY = f"arn:aws:kms:us-east-1:{PRIMARY_ACCOUNT}:key/aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa"
REPLICA_KEY = f"arn:aws:kms:us-east-1:{REPLICA_ACCOUNT}:key/bbbbbbbb-2222-4222-8222-bbbbbbbbbbbb"


def client_of(account_id, region="us-east-1"):
    keys = {} if account_id == PRIMARY_ACCOUNT else {"aws_access_key_id": account_id, "aws_secret_access_key": "-"}
    return boto3.client("secretsmanager", region_name=region, **keys)


class Pair:
    """The secret `app/db` in one account, its replica `copy/db` in another, and what tests do with them."""

    def __init__(self):
        self.owner, self.other = client_of(PRIMARY_ACCOUNT), client_of(REPLICA_ACCOUNT)
        self.primary = self.owner.create_secret(Name="app/db", SecretString="one", KmsKeyId=PRIMARY_KEY)["ARN"]
        self.replica = self.create("copy/db")

    def create(self, name, **members):
        """Create a replica of the primary, and return its ARN."""
        members = {"KmsKeyId": REPLICA_KEY, "CrossAccountPrimaryARN": self.primary, **members}
        return self.other.create_secret(Name=name, **members)["ARN"]

    def associate(self, **members):
        members = {"SecretId": "app/db", "CrossAccountReplicaARN": self.replica, **members}
        return self.owner.associate_cross_account_replica(**members)

    def disassociate(self, **members):
        members = {"SecretId": "app/db", "CrossAccountReplicaARN": self.replica, **members}
        return self.owner.disassociate_cross_account_replica(**members)

    def stop(self):
        return self.other.stop_replication_to_replica(SecretId="copy/db")

    def put(self, value, **members):
        return self.owner.put_secret_value(SecretId="app/db", SecretString=value, **members)["VersionId"]

    def described(self):
        return self.owner.describe_secret(SecretId="app/db"), self.other.describe_secret(SecretId="copy/db")

    def statuses(self):
        """Return the status on the primary's side and on the replica's, None where there is none."""
        primary, replica = self.described()
        entries = primary.get("CrossAccountReplicas", [{}])
        return entries[0].get("ReplicationStatus"), replica.get("CrossAccountPrimary", {}).get("ReplicationStatus")

    def copied(self):
        """Return the current value of the replica."""
        return self.other.get_secret_value(SecretId="copy/db")["SecretString"]


def check_link(secret):
    """Check that a primary and its replica in another account agree that they are linked, or that neither does."""
    entry, link = secret.cross_account_replica, secret.cross_account_primary
    assert entry is None or link is None
    if entry is not None and entry.secret is not None:
        other = entry.secret.cross_account_primary
        assert (other.secret, other.arn, entry.arn) == (secret, secret.arn, entry.secret.arn)
        assert (entry.status, entry.message) == (other.status, other.message)
        assert entry.status in {"InProgress", "InSync", "Failed"}
        if entry.status == "InSync":
            held = {version_id: secret.versions[version_id].value for version_id in secret.labels.values()}
            copied = {version_id: entry.secret.versions[version_id].value for version_id in held}
            assert (entry.secret.labels, copied) == (secret.labels, held)
    elif entry is not None:
        assert entry.status == "Detached"
    if link is not None and link.secret is not None:
        assert link.secret.cross_account_replica.secret is secret
    elif link is not None:
        assert link.status in {"Pending", "Detached"}
