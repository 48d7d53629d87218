"""Random calls that change a world in every way that the API has."""

import random
import string

import boto3
import botocore.exceptions

NAMES = ("app/db", "app/cache", "team/key", "one")
REGIONS = ("eu-west-1", "eu-central-1")
LABELS = ("AWSCURRENT", "AWSPENDING", "AWSPREVIOUS", "LIVE", "BLUE")
POLICY = (
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, '
    '"Action": "secretsmanager:GetSecretValue", "Resource": "*"}}'
)
DAYS = 86_400
OTHER_ACCOUNT = "222222222222"
KEY = "alias/theirs"


class RandomChanges:
    """Makes one random call after another.

    Args:
        seed: the same seed makes the same calls on the same world.
        clients: a client of the primary region, and one of each region in REGIONS.
        function_arns: the rotation functions that secrets may have.
        pass_time: lets seconds pass; None if time doesn't pass.
    """

    def __init__(self, seed, clients, function_arns=(), pass_time=None):
        self.random = random.Random(seed)  # noqa: S311 -- repeatable
        self.clients = clients
        self.function_arns = function_arns
        self.pass_time = pass_time
        # Of another account, which has replicas.
        self.other = None
        if "AssociateCrossAccountReplica" in clients[0].meta.service_model.operation_names:
            keys = {"aws_access_key_id": OTHER_ACCOUNT, "aws_secret_access_key": "-"}
            self.other = boto3.client("secretsmanager", region_name=clients[0].meta.region_name, **keys)

    def make(self):
        """Make a call, and return its operation and whether AWS accepted it."""
        calls = [method for name, method in sorted(vars(type(self)).items()) if name.startswith("_call_")]
        call = self.random.choice(calls)
        try:
            call(self)
        except botocore.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 500:
                raise
            return call.__name__, False
        return call.__name__, True

    @property
    def client(self):
        return self.random.choices(self.clients, [6, *([1] * len(REGIONS))])[0]

    @property
    def name(self):
        return self.random.choice(NAMES)

    def value(self):
        text = "".join(self.random.choices(string.printable + "é€\U0001f511\ud800", k=self.random.randint(1, 40)))
        if self.random.random() < 0.3:
            return {"SecretBinary": text.encode("utf-8", "surrogatepass")}
        return {"SecretString": text.replace("\ud800", "")} if text.strip("\ud800") else {"SecretString": "x"}

    def token(self):
        return "".join(self.random.choices("0123456789abcdef", k=32))

    def version_ids(self, client, name):
        listed = client.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
        return {
            label: version["VersionId"] for version in listed for label in version.get("VersionStages", [None])
        }

    def _call_create(self):
        given = self.value() if self.random.random() < 0.8 else {}
        if self.random.random() < 0.3:
            given["AddReplicaRegions"] = [{"Region": self.random.choice(REGIONS)}]
        if self.random.random() < 0.3:
            given["Tags"] = [{"Key": "team", "Value": "a"}]
        self.client.create_secret(Name=self.name, ClientRequestToken=self.token(), **given)

    def _call_put(self):
        given = self.value()
        if self.random.random() < 0.3:
            given["VersionStages"] = [self.random.choice(LABELS)]
        self.client.put_secret_value(SecretId=self.name, ClientRequestToken=self.token(), **given)

    def _call_put_again(self):
        self._call_put()

    def _call_update(self):
        given = self.value() if self.random.random() < 0.5 else {}
        if self.random.random() < 0.5:
            given["Description"] = self.random.choice(["", "the database", "é"])
        if self.random.random() < 0.3:
            given["KmsKeyId"] = self.random.choice(["", "alias/app"])
        self.client.update_secret(SecretId=self.name, ClientRequestToken=self.token(), **given)

    def _call_stage(self):
        client, name = self.client, self.name
        ids = self.version_ids(client, name)
        label = self.random.choice(LABELS)
        if not ids:
            return
        given = {"MoveToVersionId": self.random.choice(list(ids.values()))} if self.random.random() < 0.8 else {}
        if label in ids:
            given["RemoveFromVersionId"] = ids[label]
        client.update_secret_version_stage(SecretId=name, VersionStage=label, **given)

    def _call_delete(self):
        given = {"ForceDeleteWithoutRecovery": True} if self.random.random() < 0.3 else {"RecoveryWindowInDays": 7}
        self.client.delete_secret(SecretId=self.name, **given)

    def _call_restore(self):
        self.client.restore_secret(SecretId=self.name)

    def _call_tag(self):
        self.client.tag_resource(SecretId=self.name, Tags=[{"Key": "team", "Value": self.token()[:3]}])

    def _call_untag(self):
        self.client.untag_resource(SecretId=self.name, TagKeys=["team"])

    def _call_put_policy(self):
        self.client.put_resource_policy(SecretId=self.name, ResourcePolicy=POLICY)

    def _call_delete_policy(self):
        self.client.delete_resource_policy(SecretId=self.name)

    def _call_replicate(self):
        regions = [{"Region": self.random.choice(REGIONS)}]
        is_forced = self.random.random() < 0.5
        self.client.replicate_secret_to_regions(
            SecretId=self.name, AddReplicaRegions=regions, ForceOverwriteReplicaSecret=is_forced
        )

    def _call_remove_regions(self):
        self.client.remove_regions_from_replication(
            SecretId=self.name, RemoveReplicaRegions=[self.random.choice(REGIONS)]
        )

    def _call_promote(self):
        self.random.choice(self.clients[1:]).stop_replication_to_replica(SecretId=self.name)

    def _call_create_copy(self):
        if self.other is not None:
            primary = self.clients[0].describe_secret(SecretId=self.name)["ARN"]
            self.other.create_secret(
                Name=self.name, KmsKeyId=KEY, CrossAccountPrimaryARN=primary, ClientRequestToken=self.token()
            )

    def _call_associate(self):
        if self.other is not None:
            name = self.name
            copy = self.other.describe_secret(SecretId=name)["ARN"]
            self.clients[0].associate_cross_account_replica(SecretId=name, CrossAccountReplicaARN=copy)

    def _call_disassociate(self):
        if self.other is not None and self.random.random() < 0.5:
            name = self.name
            copy = self.other.describe_secret(SecretId=name)["ARN"]
            self.clients[0].disassociate_cross_account_replica(SecretId=name, CrossAccountReplicaARN=copy)

    def _call_part(self):
        if self.other is not None and self.random.random() < 0.5:
            self.other.stop_replication_to_replica(SecretId=self.name)

    def _call_get(self):
        self.client.get_secret_value(SecretId=self.name)

    def _call_batch(self):
        self.client.batch_get_secret_value(SecretIdList=list(NAMES))

    def _call_list(self):
        self.client.list_secrets()

    def _call_rotate(self):
        if not self.function_arns:
            return
        given = {"RotationLambdaARN": self.random.choice(self.function_arns)}
        if self.random.random() < 0.5:
            given["RotationRules"] = {"AutomaticallyAfterDays": self.random.choice([1, 30])}
        if self.random.random() < 0.3:
            given["RotateImmediately"] = False
        self.client.rotate_secret(SecretId=self.name, ClientRequestToken=self.token(), **given)

    def _call_cancel(self):
        self.client.cancel_rotate_secret(SecretId=self.name)

    def _call_wait(self):
        if self.pass_time is not None:
            self.pass_time(self.random.choice([1, 3_600, DAYS, 8 * DAYS]))
