"""`FakeSecrets`, the handle: what AWS has no API for."""

import boto3
import pytest
from botocore.config import Config
from rotators import Rotator

from fake_secrets import SecretExistsError, SeedError, UnknownSecretError, current, mock_stages
from fake_secrets.service import dispatch

V1 = "11111111-1111-4111-8111-111111111111"
V2 = "22222222-2222-4222-8222-222222222222"


class TestAdd:
    def test_it_gives_a_live_view(self, fake_secrets, secretsmanager):
        secret = fake_secrets.add("app/db", "old")
        secretsmanager.put_secret_value(SecretId="app/db", SecretString="new")
        assert secret.value() == "new"

    def test_labels_are_given_explicitly(self, fake_secrets):
        secret = fake_secrets.add("app/db", labels={"AWSCURRENT": "new", "LIVE": "live"})
        assert (secret.value(), secret.value("LIVE")) == ("new", "live")

    def test_a_dict_with_a_label_is_a_json_value_here(self, fake_secrets):
        assert fake_secrets.add("app/db", {"AWSCURRENT": "x"}).value() == {"AWSCURRENT": "x"}

    def test_version_ids_are_fixed_by_label(self, fake_secrets):
        secret = fake_secrets.add("app/db", "x", version_ids={"AWSCURRENT": V1})
        assert secret.stages == {"AWSCURRENT": V1}

    def test_labels_with_the_same_id_share_a_version(self, fake_secrets):
        labels = {"AWSCURRENT": "x", "AWSPENDING": "x"}
        secret = fake_secrets.add("app/db", labels=labels, version_ids=dict.fromkeys(labels, V1))
        assert [version.id for version in secret.versions] == [V1]

    def test_versions_are_in_the_order_in_which_aws_would_have_made_them(self, fake_secrets):
        labels = {"AWSPENDING": None, "AWSCURRENT": "b", "AWSPREVIOUS": "a"}
        secret = fake_secrets.add("app/db", labels=labels)
        assert [version.stages for version in secret.versions] == [
            ("AWSPREVIOUS",),
            ("AWSCURRENT",),
            ("AWSPENDING",),
        ]

    def test_the_arn_is_fixed_by_its_suffix(self, fake_secrets):
        secret = fake_secrets.add("app/db", "x", arn_suffix="a1b2c3")
        assert secret.arn == "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db-a1b2c3"

    def test_a_secret_can_be_in_another_region(self, fake_secrets):
        secret = fake_secrets.add("app/db", "x", region="eu-west-3")
        assert fake_secrets[secret.arn].value() == "x"

    def test_metadata_is_described(self, fake_secrets, secretsmanager):
        fake_secrets.add("app/db", description="mine", kms_key_id="alias/mine", tags={"team": "payments"})
        described = secretsmanager.describe_secret(SecretId="app/db")
        assert described["Description"] == "mine"
        assert described["KmsKeyId"] == "alias/mine"
        assert described["Tags"] == [{"Key": "team", "Value": "payments"}]

    def test_a_taken_name_is_refused(self, fake_secrets):
        fake_secrets.add("app/db", "x")
        with pytest.raises(SecretExistsError, match="secret 'app/db' already exists"):
            fake_secrets.add("app/db", "y")

    def test_a_name_that_is_marked_for_deletion_is_refused(self, fake_secrets, secretsmanager):
        fake_secrets.add("app/db", "x")
        secretsmanager.delete_secret(SecretId="app/db")
        with pytest.raises(SecretExistsError, match="is scheduled for deletion"):
            fake_secrets.add("app/db", "y")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"value": "x", "labels": {"AWSCURRENT": "x"}}, "both a value and labels"),
            ({"value": "x", "arn_suffix": "a1b2c"}, "isn't six letters or digits"),
            ({"value": "x", "arn_suffix": 123456}, "isn't six letters or digits"),
            ({"value": "x", "version_ids": {"AWSCURRENT": 5}}, "32 to 64 characters"),
            ({"value": "x", "arn_suffix": "a1-2c3"}, "isn't six letters or digits"),
            ({"value": "x", "version_ids": {"LIVE": V1}}, "names 'LIVE', which isn't among its labels"),
            ({"value": "x", "version_ids": {"AWSCURRENT": "short"}}, "32 to 64 characters"),
            (
                {
                    "labels": {"AWSCURRENT": "x", "LIVE": "y"},
                    "version_ids": {"AWSCURRENT": V1, "LIVE": V1},
                },
                r"share version .* but have different values",
            ),
        ],
    )
    def test_what_aws_could_not_have_is_refused(self, fake_secrets, arguments, message):
        with pytest.raises(SeedError, match=message):
            fake_secrets.add("app/db", **arguments)

    @pytest.mark.parametrize("member", ["description", "kms_key_id"])
    def test_metadata_that_is_no_text_is_refused(self, fake_secrets, member):
        with pytest.raises(TypeError, match=f"{member} of secret 'app/db' must be a str, not int"):
            fake_secrets.add("app/db", "x", **{member: 5})

    def test_a_region_that_is_none_is_refused(self, fake_secrets):
        with pytest.raises(ValueError, match="isn't a region"):
            fake_secrets.add("app/db", "x", region="nowhere!")

    @pytest.mark.parametrize("tags", [[{"Key": "a", "Value": "b"}], {"a": 1}, "a"])
    def test_tags_that_are_no_mapping_of_text_are_refused(self, fake_secrets, tags):
        with pytest.raises(TypeError, match="a mapping from tag key to tag value"):
            fake_secrets.add("app/db", "x", tags=tags)

    def test_a_refused_secret_is_not_added(self, fake_secrets):
        with pytest.raises(SeedError):
            fake_secrets.add("app/db", "x", arn_suffix="no")
        with pytest.raises(UnknownSecretError):
            fake_secrets["app/db"]


class TestLookUp:
    @pytest.mark.fake_secrets({"app/db": "x", "app/cache": "y"})
    def test_an_unknown_secret_says_what_there_is(self, fake_secrets):
        with pytest.raises(UnknownSecretError) as unknown:
            fake_secrets["app/dv"]
        assert str(unknown.value).splitlines() == [
            "no secret 'app/dv' in this world. The world holds:",
            "- 'app/db'",
            "- 'app/cache'",
            "Seed it with mock_stages({'app/dv': ...}) or fake_secrets.add('app/dv', ...).",
        ]

    def test_an_empty_world_says_so(self, fake_secrets):
        with pytest.raises(UnknownSecretError, match="The world holds no secrets"):
            fake_secrets["app/db"]

    @pytest.mark.parametrize("secret_id", ["no name", "arn:aws:s3:::bucket", ""])
    def test_a_bad_name_is_unknown(self, fake_secrets, secret_id):
        with pytest.raises(UnknownSecretError):
            fake_secrets[secret_id]

    @pytest.mark.parametrize("secret_id", [None, 5])
    def test_what_is_no_string_is_refused(self, fake_secrets, secret_id):
        with pytest.raises(TypeError, match="asked for by its name or ARN, a str"):
            fake_secrets[secret_id]
        assert secret_id not in fake_secrets

    def test_by_partial_arn(self, fake_secrets):
        arn = fake_secrets.add("app/db", "x").arn
        assert fake_secrets[arn[:-7]].arn == arn

    @pytest.mark.fake_secrets({"app/db": "x"})
    def test_membership_is_by_secret_id(self, fake_secrets):
        assert "app/db" in fake_secrets
        assert fake_secrets["app/db"].arn in fake_secrets
        assert "app/dv" not in fake_secrets


class TestAllSecrets:
    ELSEWHERE = "210987654321"

    def test_they_are_of_every_account_and_region(self, fake_secrets):
        fake_secrets.add("here", "x")
        fake_secrets.add("there", "x", region="eu-west-3")
        theirs = fake_secrets.credentials(f"arn:aws:iam::{self.ELSEWHERE}:root")
        boto3.client("secretsmanager", **theirs).create_secret(Name="theirs", SecretString="x")

        assert [secret.name for secret in fake_secrets] == ["here", "there", "theirs"]
        assert [secret.arn.split(":")[4] for secret in fake_secrets][-1] == self.ELSEWHERE
        assert len(fake_secrets) == 3

    @pytest.mark.fake_secrets({"db": "x"})
    def test_replicas_are_among_them(self, fake_secrets, secretsmanager):
        secretsmanager.replicate_secret_to_regions(SecretId="db", AddReplicaRegions=[{"Region": "sa-east-1"}])
        assert [secret.arn.split(":")[3] for secret in fake_secrets] == ["us-east-1", "sa-east-1"]

    @pytest.mark.fake_secrets({"db": "x"})
    def test_those_marked_for_deletion_are_among_them(self, fake_secrets, secretsmanager):
        secretsmanager.delete_secret(SecretId="db")
        assert [secret.name for secret in fake_secrets] == ["db"]

    @pytest.mark.fake_secrets({"db": "x"})
    def test_those_deleted_for_good_are_not(self, fake_secrets, secretsmanager):
        secretsmanager.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
        assert (list(fake_secrets), len(fake_secrets)) == ([], 0)

    @pytest.mark.fake_secrets({"a": "x", "b": "x"})
    def test_secrets_may_be_added_and_deleted_while_iterating(self, fake_secrets, secretsmanager):
        for secret in fake_secrets:
            fake_secrets.add(f"copy of {secret.name}".replace(" ", "-"), secret.value())
            secretsmanager.delete_secret(SecretId=secret.arn, ForceDeleteWithoutRecovery=True)
        assert [secret.name for secret in fake_secrets] == ["copy-of-a", "copy-of-b"]

    @pytest.mark.fake_secrets({"db": "x"})
    def test_looking_at_them_is_no_call(self, fake_secrets):
        assert list(fake_secrets) == [fake_secrets["db"]]
        assert fake_secrets.calls == []

    def test_a_handle_is_true_without_any(self, fake_secrets):
        assert fake_secrets


class TestSecretsAsSecretIds:
    @pytest.fixture
    def db(self, fake_secrets):
        return fake_secrets.add("prod/db", {"password": "old"})

    def test_look_up(self, db, fake_secrets):
        assert fake_secrets[db] == db

    def test_membership(self, db, fake_secrets, secretsmanager):
        assert db in fake_secrets
        secretsmanager.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
        assert db not in fake_secrets

    def test_rotate(self, db, fake_secrets):
        assert fake_secrets.rotate(db, Rotator()).secret_arn == db.arn

    def test_timeline(self, db, fake_secrets):
        assert fake_secrets.timeline(db) == fake_secrets.timeline("prod/db")

    def test_the_timeline_of_a_deleted_one(self, db, fake_secrets, secretsmanager):
        secretsmanager.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
        assert fake_secrets.timeline(db).moments[-1].operation == "DeleteSecret"

    def test_a_successor_of_the_same_name_is_another(self, db, fake_secrets, secretsmanager):
        secretsmanager.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
        successor = fake_secrets.add("prod/db", "x")
        assert (successor == db, db in fake_secrets) == (False, False)

    def test_managed_rotation(self, fake_secrets):
        managed = fake_secrets.add("rds!db", {"password": "old"}, owning_service="rds")
        fake_secrets.managed_rotation(managed, lambda current: {**current, "password": "new"})
        fake_secrets.rotate(managed)
        assert managed.value() == {"password": "new"}

    def test_one_of_another_world_is_unknown(self, db):
        with mock_stages({"prod/db": "x"}) as other, pytest.raises(UnknownSecretError):
            other[db]


class TestCalls:
    def test_operation_secret_id_and_outcome(self, fake_secrets, secretsmanager):
        secretsmanager.create_secret(Name="a", SecretString="x")
        with pytest.raises(secretsmanager.exceptions.ResourceNotFoundException):
            secretsmanager.get_secret_value(SecretId="b")
        secretsmanager.get_random_password()
        assert [(call.operation, call.secret_id, call.outcome) for call in fake_secrets.calls] == [
            ("CreateSecret", "a", "succeeded"),
            ("GetSecretValue", "b", "ResourceNotFoundException"),
            ("GetRandomPassword", None, "succeeded"),
        ]

    def test_secret_values_are_redacted(self, fake_secrets, secretsmanager):
        secretsmanager.create_secret(Name="a", SecretString="hunter2", ClientRequestToken=V1)
        secretsmanager.put_secret_value(SecretId="a", SecretBinary=b"hunter2", ClientRequestToken=V2)
        create, put = fake_secrets.calls
        assert create.request == {"Name": "a", "SecretString": "***", "ClientRequestToken": V1}
        assert put.request == {"SecretId": "a", "SecretBinary": "***", "ClientRequestToken": V2}

    def test_a_secret_in_the_wrong_place_is_redacted_too(self, fake_secrets):
        fake_secrets.add("a", "x")
        client = boto3.client("secretsmanager", region_name="us-east-1", config=Config(parameter_validation=False))

        def misplace(params, **_):
            params["body"] = b'{"SecretId":"a","SecretString":"hunter2","Tags":[{"SecretString":"hunter2"}]}'

        client.meta.events.register_first("before-call.secrets-manager", misplace)
        client.describe_secret(SecretId="a")
        assert fake_secrets.calls[0].request == {"SecretId": "a", "SecretString": "***", "Tags": "***"}

    def test_they_share_nothing_with_later_looks(self, fake_secrets, secretsmanager):
        fake_secrets.add("a", "x")
        secretsmanager.put_secret_value(SecretId="a", SecretString="y", VersionStages=["LIVE"])
        fake_secrets.calls[0].request["VersionStages"].append("OTHER")
        assert fake_secrets.calls[0].request["VersionStages"] == ["LIVE"]

    def test_the_handles_own_looks_are_no_calls(self, fake_secrets):
        secret = fake_secrets.add("a", "x")
        secret.value()
        assert fake_secrets.calls == []

    def test_an_unsupported_operation_stands_there_too(self, monkeypatch, fake_secrets, secretsmanager):
        monkeypatch.delitem(dispatch.OPERATIONS, "DescribeSecret")
        with pytest.raises(Exception, match="doesn't support DescribeSecret yet"):
            secretsmanager.describe_secret(SecretId="a")
        assert fake_secrets.calls[0].outcome == "UnsupportedOperationError"


class TestReset:
    def test_it_goes_back_to_the_seed(self):
        with mock_stages({"a": "x"}) as fake:
            before = (fake["a"].arn, fake["a"].stages)
            fake["a"]
            fake.add("b", "y")
            fake.reset()
            assert (fake["a"].arn, fake["a"].stages) == before
            with pytest.raises(UnknownSecretError):
                fake["b"]

    def test_calls_and_rotations_are_forgotten(self):
        with mock_stages({"a": "x"}) as fake:
            fake.rotate("a", lambda event, context: None)
            fake.reset()
            assert (fake.calls, fake.rotations) == ([], [])

    def test_registered_functions_stay(self):
        with mock_stages({"a": "x"}) as fake:
            fake.rotate("a", handler := lambda event, context: None)
            fake.reset()
            assert fake.rotate("a", handler).outcome == "unfinished"


class TestCurrent:
    def test_it_is_the_innermost_handle(self, fake_secrets):
        assert current() is fake_secrets


class TestSecretsStaySecret:
    """Values never appear in a repr, a log line, an error of ours or a report."""

    VALUE = "hunter2"

    def objects(self, fake, client):
        secret = fake.add("a", self.VALUE)
        client.put_secret_value(SecretId="a", SecretString=f"{self.VALUE} too")

        def leak(event, context):
            raise ValueError(self.VALUE)

        rotation = fake.rotate("a", leak, errors="record")
        stored = fake._world.secret("a")
        return [fake, secret, *secret.versions, *fake.calls, fake.timeline("a"), rotation, stored, fake._world]

    def test_not_in_a_repr(self, fake_secrets, secretsmanager):
        for thing in self.objects(fake_secrets, secretsmanager):
            assert self.VALUE not in repr(thing)
            assert self.VALUE not in str(thing)

    def test_not_in_a_refusal_of_a_value(self, fake_secrets):
        with pytest.raises(SeedError) as refused:
            fake_secrets.add("a", self.VALUE * 10_000)
        assert self.VALUE not in str(refused.value)


def test_its_repr_names_the_secrets():
    with mock_stages({"a": "x"}) as fake:
        fake["a"]
        assert repr(fake) == "<FakeSecrets 123456789012 us-east-1, secrets ['a']>"


class TestManySecrets:
    @pytest.fixture
    def many(self, fake_secrets):
        for number in range(25):
            fake_secrets.add(f"secret-{number:02}", "x")
        return fake_secrets

    def test_the_repr_shows_the_first_names(self, many):
        assert repr(many).endswith("'secret-19'] and 5 more>")

    def test_an_unknown_name_is_told_with_the_first_ones(self, many):
        with pytest.raises(UnknownSecretError) as raised:
            many["absent"]
        lines = str(raised.value).splitlines()
        assert lines[20:22] == ["- 'secret-19'", "- ..."]
