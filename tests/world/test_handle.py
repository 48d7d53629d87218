"""`FakeSecrets`, the handle of a world."""

import boto3
import pytest
from rotators import Rotator

from fake_secrets import SecretExistsError, SeedError, UnknownSecretError, current, mock_stages

V1 = "11111111-1111-4111-8111-111111111111"
V2 = "22222222-2222-4222-8222-222222222222"


class TestAdd:
    def test_add_returns_a_live_view(self, fake_secrets, secretsmanager):
        secret = fake_secrets.add("app/db", "old")
        secretsmanager.put_secret_value(SecretId="app/db", SecretString="new")
        assert secret.value() == "new"

    def test_labels_can_be_given(self, fake_secrets):
        secret = fake_secrets.add("app/db", labels={"AWSCURRENT": "new", "LIVE": "live"})
        assert (secret.value(), secret.value("LIVE")) == ("new", "live")

    def test_a_dict_with_a_label_as_key_is_a_label_map_as_in_a_seed(self, fake_secrets):
        secret = fake_secrets.add("app/db", {"AWSCURRENT": "new", "AWSPREVIOUS": "old"})
        assert (secret.value(), secret.value("AWSPREVIOUS")) == ("new", "old")

    def test_awspending_alone_is_the_first_rotation_of_a_secret(self, fake_secrets):
        assert fake_secrets.add("app/db", {"AWSPENDING": "new"}).value("AWSPENDING") == "new"

    def test_version_ids_can_be_given_by_label(self, fake_secrets):
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

    def test_the_suffix_of_the_arn_can_be_given(self, fake_secrets):
        secret = fake_secrets.add("app/db", "x", arn_suffix="a1b2c3")
        assert secret.arn == "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db-a1b2c3"

    def test_a_secret_can_be_in_another_region(self, fake_secrets):
        secret = fake_secrets.add("app/db", "x", region="eu-west-3")
        assert fake_secrets[secret.arn].value() == "x"

    def test_describe_secret_shows_the_metadata(self, fake_secrets, secretsmanager):
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
    def test_a_secret_that_aws_could_not_have_is_refused(self, fake_secrets, arguments, message):
        with pytest.raises(SeedError, match=message):
            fake_secrets.add("app/db", **arguments)

    @pytest.mark.parametrize("member", ["description", "kms_key_id"])
    def test_metadata_that_is_not_a_str_is_refused(self, fake_secrets, member):
        with pytest.raises(TypeError, match=f"{member} of secret 'app/db' must be a str, not int"):
            fake_secrets.add("app/db", "x", **{member: 5})

    def test_an_invalid_region_is_refused(self, fake_secrets):
        with pytest.raises(ValueError, match="isn't a region"):
            fake_secrets.add("app/db", "x", region="nowhere!")

    @pytest.mark.parametrize("tags", [[{"Key": "a", "Value": "b"}], {"a": 1}, "a"])
    def test_tags_that_do_not_map_str_to_str_are_refused(self, fake_secrets, tags):
        with pytest.raises(TypeError, match="a mapping from tag key to tag value"):
            fake_secrets.add("app/db", "x", tags=tags)

    def test_a_refused_secret_is_not_added(self, fake_secrets):
        with pytest.raises(SeedError):
            fake_secrets.add("app/db", "x", arn_suffix="no")
        with pytest.raises(UnknownSecretError):
            fake_secrets["app/db"]


class TestLookUp:
    @pytest.mark.fake_secrets({"app/db": "x", "app/cache": "y"})
    def test_the_error_for_an_unknown_secret_lists_the_names(self, fake_secrets):
        with pytest.raises(UnknownSecretError) as unknown:
            fake_secrets["app/dv"]
        assert str(unknown.value).splitlines() == [
            "no secret 'app/dv' in this world. Did you mean 'app/db'? The world holds:",
            "- 'app/db'",
            "- 'app/cache'",
            "Seed it with mock_stages({'app/dv': ...}) or fake_secrets.add('app/dv', ...).",
        ]

    def test_the_error_says_that_a_world_is_empty(self, fake_secrets):
        with pytest.raises(UnknownSecretError, match="The world holds no secrets"):
            fake_secrets["app/db"]

    @pytest.mark.parametrize("secret_id", ["no name", "arn:aws:s3:::bucket", ""])
    def test_a_bad_name_is_unknown(self, fake_secrets, secret_id):
        with pytest.raises(UnknownSecretError):
            fake_secrets[secret_id]

    @pytest.mark.parametrize("secret_id", [None, 5])
    def test_a_secret_id_that_is_not_a_str_is_refused(self, fake_secrets, secret_id):
        with pytest.raises(TypeError, match=r"a secret ID is a str \(a name or an ARN\) or a Secret, not"):
            fake_secrets[secret_id]
        assert secret_id not in fake_secrets

    def test_a_secret_is_found_by_partial_arn(self, fake_secrets):
        arn = fake_secrets.add("app/db", "x").arn
        assert fake_secrets[arn[:-7]].arn == arn

    @pytest.mark.fake_secrets({"app/db": "x"})
    def test_a_secret_id_can_be_in_the_handle(self, fake_secrets):
        assert "app/db" in fake_secrets
        assert fake_secrets["app/db"].arn in fake_secrets
        assert "app/dv" not in fake_secrets


class TestAllSecrets:
    ELSEWHERE = "210987654321"

    def test_secrets_of_every_account_and_region_are_listed(self, fake_secrets):
        fake_secrets.add("here", "x")
        fake_secrets.add("there", "x", region="eu-west-3")
        theirs = fake_secrets.credentials(f"arn:aws:iam::{self.ELSEWHERE}:root")
        boto3.client("secretsmanager", **theirs).create_secret(Name="theirs", SecretString="x")

        assert [secret.name for secret in fake_secrets] == ["here", "there", "theirs"]
        assert [secret.arn.split(":")[4] for secret in fake_secrets][-1] == self.ELSEWHERE
        assert len(fake_secrets) == 3

    @pytest.mark.fake_secrets({"db": "x"})
    def test_replicas_are_listed(self, fake_secrets, secretsmanager):
        secretsmanager.replicate_secret_to_regions(SecretId="db", AddReplicaRegions=[{"Region": "sa-east-1"}])
        assert [secret.arn.split(":")[3] for secret in fake_secrets] == ["us-east-1", "sa-east-1"]

    @pytest.mark.fake_secrets({"db": "x"})
    def test_secrets_marked_for_deletion_are_listed(self, fake_secrets, secretsmanager):
        secretsmanager.delete_secret(SecretId="db")
        assert [secret.name for secret in fake_secrets] == ["db"]

    @pytest.mark.fake_secrets({"db": "x"})
    def test_permanently_deleted_secrets_are_not_listed(self, fake_secrets, secretsmanager):
        secretsmanager.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
        assert (list(fake_secrets), len(fake_secrets)) == ([], 0)

    @pytest.mark.fake_secrets({"a": "x", "b": "x"})
    def test_secrets_may_be_added_and_deleted_while_iterating(self, fake_secrets, secretsmanager):
        for secret in fake_secrets:
            fake_secrets.add(f"copy of {secret.name}".replace(" ", "-"), secret.value())
            secretsmanager.delete_secret(SecretId=secret.arn, ForceDeleteWithoutRecovery=True)
        assert [secret.name for secret in fake_secrets] == ["copy-of-a", "copy-of-b"]

    @pytest.mark.fake_secrets({"db": "x"})
    def test_iterating_is_no_call(self, fake_secrets):
        assert list(fake_secrets) == [fake_secrets["db"]]
        assert fake_secrets.calls == []

    def test_a_handle_without_secrets_is_true(self, fake_secrets):
        assert fake_secrets


class TestSecretsAsSecretIds:
    @pytest.fixture
    def db(self, fake_secrets):
        return fake_secrets.add("prod/db", {"password": "old"})

    def test_a_secret_can_be_looked_up(self, db, fake_secrets):
        assert fake_secrets[db] == db

    def test_a_secret_can_be_in_the_handle(self, db, fake_secrets, secretsmanager):
        assert db in fake_secrets
        secretsmanager.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
        assert db not in fake_secrets

    def test_a_secret_can_be_rotated(self, db, fake_secrets):
        assert fake_secrets.rotate(db, Rotator()).secret_arn == db.arn

    def test_a_secret_has_a_timeline(self, db, fake_secrets):
        assert fake_secrets.timeline(db) == fake_secrets.timeline("prod/db")

    def test_a_deleted_secret_has_a_timeline(self, db, fake_secrets, secretsmanager):
        secretsmanager.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
        assert fake_secrets.timeline(db).moments[-1].operation == "DeleteSecret"

    def test_a_new_secret_with_the_same_name_is_a_different_secret(self, db, fake_secrets, secretsmanager):
        secretsmanager.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
        successor = fake_secrets.add("prod/db", "x")
        assert (successor == db, db in fake_secrets) == (False, False)

    def test_a_secret_can_be_given_a_managed_rotation(self, fake_secrets):
        managed = fake_secrets.add("rds!db", {"password": "old"}, owning_service="rds")
        fake_secrets.managed_rotation(managed, lambda current: {**current, "password": "new"})
        fake_secrets.rotate(managed)
        assert managed.value() == {"password": "new"}

    def test_a_secret_of_another_world_is_unknown(self, db):
        with mock_stages({"prod/db": "x"}) as other, pytest.raises(UnknownSecretError):
            other[db]


class TestReset:
    def test_reset_goes_back_to_the_seed(self):
        with mock_stages({"a": "x"}) as fake:
            before = (fake["a"].arn, fake["a"].stages)
            fake["a"]
            fake.add("b", "y")
            fake.reset()
            assert (fake["a"].arn, fake["a"].stages) == before
            with pytest.raises(UnknownSecretError):
                fake["b"]

    def test_reset_forgets_calls_and_rotations(self):
        with mock_stages({"a": "x"}) as fake:
            fake.rotate("a", lambda event, context: None)
            fake.reset()
            assert (fake.calls, fake.rotations) == ([], [])

    def test_reset_keeps_registered_functions(self):
        with mock_stages({"a": "x"}) as fake:
            fake.rotate("a", handler := lambda event, context: None)
            fake.reset()
            assert fake.rotate("a", handler).outcome == "unfinished"


class TestCurrent:
    def test_current_returns_the_innermost_handle(self, fake_secrets):
        assert current() is fake_secrets


class TestSecretsStaySecret:
    """Secret values never appear in a repr, a log line, one of our errors or a report."""

    VALUE = "hunter2"

    def objects(self, fake, client):
        secret = fake.add("a", self.VALUE)
        client.put_secret_value(SecretId="a", SecretString=f"{self.VALUE} too")

        def leak(event, context):
            raise ValueError(self.VALUE)

        rotation = fake.rotate("a", leak, errors="record")
        stored = fake._world.contents.secret("a")
        return [fake, secret, *secret.versions, *fake.calls, fake.timeline("a"), rotation, stored, fake._world]

    def test_no_repr_shows_a_value(self, fake_secrets, secretsmanager):
        for thing in self.objects(fake_secrets, secretsmanager):
            assert self.VALUE not in repr(thing)
            assert self.VALUE not in str(thing)

    def test_refusing_a_value_does_not_show_it(self, fake_secrets):
        with pytest.raises(SeedError) as refused:
            fake_secrets.add("a", self.VALUE * 10_000)
        assert self.VALUE not in str(refused.value)


def test_the_repr_counts_the_secrets_of_other_places():
    with mock_stages({"a": "x"}) as fake:
        fake.add("b", "x", region="eu-west-1")
        fake.add("a", "x", region="eu-west-3")
        assert repr(fake) == (
            "<FakeSecrets 123456789012 us-east-1, secrets ['a'], and 2 in other accounts or regions>"
        )


def test_the_repr_names_the_secrets():
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

    def test_the_error_for_an_unknown_name_lists_the_first_names(self, many):
        with pytest.raises(UnknownSecretError) as raised:
            many["absent"]
        lines = str(raised.value).splitlines()
        assert lines[20:22] == ["- 'secret-19'", "- ..."]
