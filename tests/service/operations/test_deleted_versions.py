"""Versions that the service has removed: a call that names one by its id learns that it was deleted."""

import boto3
import pytest

DAY = 24 * 3600
TRIAL = "77777777-7777-4777-8777-777777777777"
REPLICA = "eu-west-1"


def deleted(version_id):
    return (
        "InvalidRequestException",
        f"You can't perform this operation on secret version {version_id} because it was deleted.",
    )


@pytest.fixture
def db(freezer_at_noon, fake_secrets):
    fake_secrets.quotas.versions = 2
    return fake_secrets.add("app/db", "1")


@pytest.fixture
def make_room(db, freezer_at_noon, secretsmanager):
    """Put two values a day later, so that the quota removes the first version. Return its id."""

    def make_room():
        first = db.version("AWSCURRENT").id
        for value in ("2", "3"):
            freezer_at_noon.tick(DAY)
            secretsmanager.put_secret_value(SecretId="app/db", SecretString=value)
        return first

    return make_room


class TestAVersionThatMadeRoomForANewerOne:
    @pytest.mark.parametrize("members", [{}, {"VersionStage": "AWSCURRENT"}, {"VersionStage": "AWSPREVIOUS"}])
    def test_reading_it_by_id_says_that_it_was_deleted(self, make_room, secretsmanager, refusal, members):
        gone = make_room()
        call = secretsmanager.get_secret_value
        assert refusal(call, SecretId="app/db", VersionId=gone, **members) == deleted(gone)

    @pytest.mark.parametrize("quota", [100])
    def test_at_the_quota_of_aws_too(self, db, fake_secrets, freezer_at_noon, secretsmanager, refusal, quota):
        fake_secrets.quotas.versions = quota
        gone = db.version("AWSCURRENT").id
        for number in range(quota):
            freezer_at_noon.tick(DAY)
            secretsmanager.put_secret_value(SecretId="app/db", SecretString=str(number))
        assert refusal(secretsmanager.get_secret_value, SecretId="app/db", VersionId=gone) == deleted(gone)

    def test_an_id_that_the_secret_never_had_stays_unknown(self, make_room, secretsmanager, refusal):
        make_room()
        assert refusal(secretsmanager.get_secret_value, SecretId="app/db", VersionId=TRIAL) == (
            "ResourceNotFoundException",
            f"Secrets Manager can't find the specified secret value for VersionId: {TRIAL}",
        )

    def test_another_secret_does_not_know_it(self, make_room, fake_secrets, secretsmanager, refusal):
        gone = make_room()
        fake_secrets.add("other", "x")
        code, _ = refusal(secretsmanager.get_secret_value, SecretId="other", VersionId=gone)
        assert code == "ResourceNotFoundException"

    @pytest.mark.parametrize("member", ["MoveToVersionId", "RemoveFromVersionId"])
    def test_no_label_moves_to_or_from_it(self, db, make_room, secretsmanager, refusal, member):
        gone = make_room()
        before = db.stages
        request = {"SecretId": "app/db", "VersionStage": "LIVE", member: gone}
        assert refusal(secretsmanager.update_secret_version_stage, **request) == deleted(gone)
        assert db.stages == before

    def test_its_id_can_be_used_as_a_token_again(self, make_room, secretsmanager):
        gone = make_room()
        secretsmanager.put_secret_value(SecretId="app/db", SecretString="new", ClientRequestToken=gone)
        assert secretsmanager.get_secret_value(SecretId="app/db", VersionId=gone)["SecretString"] == "new"

    def test_a_replica_says_that_it_was_deleted(self, db, make_room, secretsmanager, refusal):
        secretsmanager.replicate_secret_to_regions(SecretId="app/db", AddReplicaRegions=[{"Region": REPLICA}])
        gone = make_room()
        replica = boto3.client("secretsmanager", region_name=REPLICA)
        assert refusal(replica.get_secret_value, SecretId="app/db", VersionId=gone) == deleted(gone)

    def test_a_secret_created_again_never_had_it(self, make_room, secretsmanager, refusal):
        gone = make_room()
        secretsmanager.delete_secret(SecretId="app/db", ForceDeleteWithoutRecovery=True)
        secretsmanager.create_secret(Name="app/db", SecretString="x")
        code, _ = refusal(secretsmanager.get_secret_value, SecretId="app/db", VersionId=gone)
        assert code == "ResourceNotFoundException"

    def test_reset_forgets_it(self, make_room, fake_secrets, secretsmanager, refusal):
        gone = make_room()
        fake_secrets.reset()
        fake_secrets.add("app/db", "x")
        code, _ = refusal(secretsmanager.get_secret_value, SecretId="app/db", VersionId=gone)
        assert code == "ResourceNotFoundException"

    def test_in_a_secret_marked_for_deletion_the_secret_is_refused_first(self, make_room, secretsmanager, refusal):
        gone = make_room()
        secretsmanager.delete_secret(SecretId="app/db")
        _, message = refusal(secretsmanager.get_secret_value, SecretId="app/db", VersionId=gone)
        assert message == "You can't perform this operation on the secret because it was marked for deletion."


class TestTheVersionOfATrial:
    """RotateImmediately=False tests the function on a version that is removed afterwards."""

    @pytest.mark.slow
    def test_reading_it_afterwards_says_that_it_was_deleted(self, fake_secrets, secretsmanager, refusal):
        fake_secrets.add("app/db", "s3cret")

        @fake_secrets.lambda_function
        def rotator(event, context):
            client = boto3.client("secretsmanager")
            seen.append(client.get_secret_value(SecretId="app/db", VersionId=TRIAL)["SecretString"])

        seen = []
        secretsmanager.rotate_secret(
            SecretId="app/db",
            RotationLambdaARN=rotator,
            RotationRules={"AutomaticallyAfterDays": 30},
            RotateImmediately=False,
            ClientRequestToken=TRIAL,
        )
        assert seen == ["s3cret"]
        assert refusal(secretsmanager.get_secret_value, SecretId="app/db", VersionId=TRIAL) == deleted(TRIAL)
