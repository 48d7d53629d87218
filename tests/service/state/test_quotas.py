"""Quotas, and the removal of deprecated versions."""

import pytest

from fake_secrets.service.state.quotas import Quotas

DAY = 24 * 3600


@pytest.fixture
def quotas(fake_secrets):
    return fake_secrets.quotas


@pytest.fixture
def db(freezer_at_noon, fake_secrets):
    return fake_secrets.add("app/db", "0")


@pytest.fixture
def put(db, secretsmanager):
    def put(value="x", **members):
        return secretsmanager.put_secret_value(SecretId="app/db", SecretString=value, **members)["VersionId"]

    return put


def test_the_documented_quotas_hold_by_default(quotas):
    assert quotas == Quotas(500_000, 100, 20, 50, 65_536, 20_480)


@pytest.mark.parametrize("value", [0, -1, 1.5, "3", True, None])
def test_a_quota_must_be_a_whole_number_of_at_least_one(quotas, value):
    with pytest.raises(ValueError, match="the quota 'versions' must be a whole number of at least 1"):
        quotas.versions = value


def test_an_unknown_quota_is_refused_with_the_known_ones(quotas):
    with pytest.raises(AttributeError) as unknown:
        quotas.replicas = 3
    assert str(unknown.value).splitlines() == [
        "there is no quota 'replicas'. Choose one of:",
        "- secrets",
        "- versions",
        "- labels",
        "- tags",
        "- value_bytes",
        "- policy_characters",
    ]


def test_reset_restores_the_defaults(fake_secrets, quotas):
    quotas.tags = 1
    fake_secrets.reset()
    assert fake_secrets.quotas.tags == 50


class TestSecrets:
    def test_the_quota_counts_one_account_and_region(self, fake_secrets, quotas, secretsmanager, refusal):
        quotas.secrets = 1
        fake_secrets.add("abroad", "x", region="eu-west-1")
        secretsmanager.create_secret(Name="a", SecretString="x")
        assert refusal(secretsmanager.create_secret, Name="b", SecretString="x")[0] == "LimitExceededException"
        assert "b" not in fake_secrets

    def test_secrets_marked_for_deletion_count(self, fake_secrets, quotas, secretsmanager, refusal):
        quotas.secrets = 1
        fake_secrets.add("a", "x")
        secretsmanager.delete_secret(SecretId="a")
        assert refusal(secretsmanager.create_secret, Name="b")[0] == "LimitExceededException"

    def test_a_repeated_call_is_not_limited(self, quotas, secretsmanager):
        quotas.secrets = 1
        request = {"Name": "a", "SecretString": "x", "ClientRequestToken": "1" * 32}
        first, second = (secretsmanager.create_secret(**request)["ARN"] for _ in range(2))
        assert first == second


class TestVersions:
    def test_at_most_a_hundred_versions_fit_within_a_day(self, freezer_at_noon, db, put, secretsmanager, refusal):
        for number in range(99):
            put(str(number))
        freezer_at_noon.tick(DAY - 1)
        call = secretsmanager.put_secret_value
        assert refusal(call, SecretId="app/db", SecretString="y")[0] == "LimitExceededException"
        assert len(db.versions) == 100

    def test_after_a_day_the_oldest_deprecated_versions_make_room(self, freezer_at_noon, db, put):
        for number in range(99):
            put(str(number))
        oldest, second, *_ = [version.id for version in db.versions]
        freezer_at_noon.tick(DAY)
        put("new")
        kept = [version.id for version in db.versions]
        assert len(kept) == 100
        assert oldest not in kept
        assert second in kept

    def test_labelled_versions_are_never_removed(self, freezer_at_noon, db, put, quotas, secretsmanager, refusal):
        quotas.versions = 4
        put(VersionStages=["A"])
        put(VersionStages=["B"])
        put(VersionStages=["C"])
        freezer_at_noon.tick(100 * DAY)
        call = secretsmanager.put_secret_value
        refused = refusal(call, SecretId="app/db", SecretString="y", VersionStages=["D"])
        assert refused[0] == "LimitExceededException"
        assert sorted(label for label in db.stages) == ["A", "AWSCURRENT", "B", "C"]

    def test_below_the_quota_no_version_is_removed(self, freezer_at_noon, db, put):
        first = db.versions[0].id
        for number in range(50):
            put(str(number))
        freezer_at_noon.tick(1000 * DAY)
        put("new")
        assert db.versions[0].id == first

    def test_a_version_that_the_call_itself_deprecates_can_be_removed(self, freezer_at_noon, db, put, quotas):
        quotas.versions = 2
        put()
        freezer_at_noon.tick(DAY)
        put()
        assert sorted(db.stages) == ["AWSCURRENT", "AWSPREVIOUS"]
        assert len(db.versions) == 2

    def test_a_lowered_quota_removes_as_many_as_it_must(self, freezer_at_noon, db, put, quotas):
        for number in range(9):
            put(str(number))
        freezer_at_noon.tick(DAY)
        quotas.versions = 4
        put("new")
        assert len(db.versions) == 4

    def test_filling_an_empty_version_adds_no_version(self, fake_secrets, quotas, secretsmanager):
        pending = "9" * 32
        fake_secrets.add("a", labels={"AWSCURRENT": "x", "AWSPENDING": None}, version_ids={"AWSPENDING": pending})
        quotas.versions = 2
        secretsmanager.put_secret_value(
            SecretId="a", SecretString="y", ClientRequestToken=pending, VersionStages=["AWSPENDING"]
        )
        assert fake_secrets["a"].value("AWSPENDING") == "y"

    def test_a_rotation_needs_room_too(self, fake_secrets, db, quotas, secretsmanager, refusal):
        quotas.versions = 1
        arn = fake_secrets.lambda_function(lambda event, context: None, "nothing")
        refused = refusal(secretsmanager.rotate_secret, SecretId="app/db", RotationLambdaARN=arn)
        assert refused[0] == "LimitExceededException"
        assert "RotationEnabled" not in secretsmanager.describe_secret(SecretId="app/db")


class TestLabels:
    def test_labels_on_all_versions_count_together(self, db, put, quotas, secretsmanager, refusal):
        quotas.labels = 3
        put(VersionStages=["A", "B"])
        version = db.stages["A"]
        calls = [
            (secretsmanager.put_secret_value, {"SecretString": "y", "VersionStages": ["C"]}),
            (secretsmanager.update_secret, {"SecretString": "y"}),
            (secretsmanager.update_secret_version_stage, {"VersionStage": "C", "MoveToVersionId": version}),
        ]
        codes = [refusal(call, SecretId="app/db", **members)[0] for call, members in calls]
        assert codes == ["LimitExceededException"] * 3
        assert sorted(db.stages) == ["A", "AWSCURRENT", "B"]

    @pytest.mark.slow
    def test_opening_a_rotation_needs_room_for_a_label(self, fake_secrets, db, quotas, secretsmanager, refusal):
        quotas.labels = 1
        arn = fake_secrets.lambda_function(lambda event, context: None, "nothing")
        refused = refusal(secretsmanager.rotate_secret, SecretId="app/db", RotationLambdaARN=arn)
        assert refused[0] == "LimitExceededException"


class TestStoredItemsStay:
    def test_labels_can_move_beyond_a_lowered_quota(self, fake_secrets, quotas, secretsmanager):
        secret = fake_secrets.add("a", labels={"AWSCURRENT": "new", "AWSPREVIOUS": "old"})
        quotas.labels = 1
        secretsmanager.update_secret_version_stage(
            SecretId="a",
            VersionStage="AWSCURRENT",
            RemoveFromVersionId=secret.stages["AWSCURRENT"],
            MoveToVersionId=secret.stages["AWSPREVIOUS"],
        )
        assert secret.value() == "old"

    def test_tags_can_change_beyond_a_lowered_quota(self, fake_secrets, quotas, secretsmanager):
        fake_secrets.add("a", "x", tags={"one": "1", "two": "2"})
        quotas.tags = 1
        secretsmanager.tag_resource(SecretId="a", Tags=[{"Key": "one", "Value": "new"}])
        assert secretsmanager.describe_secret(SecretId="a")["Tags"][0] == {"Key": "one", "Value": "new"}


def test_the_quota_of_tags_can_be_lowered(db, quotas, secretsmanager, refusal):
    quotas.tags = 1
    call, tags = secretsmanager.tag_resource, [{"Key": key, "Value": ""} for key in "ab"]
    assert refusal(call, SecretId="app/db", Tags=tags)[0] == "InvalidParameterException"


class TestSizes:
    def refused(self, member, limit):
        message = (
            f"1 validation error detected: Value at '{member}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {limit}"
        )
        return "ValidationException", message

    @pytest.mark.parametrize(("call", "name"), [("create_secret", "Name"), ("update_secret", "SecretId")])
    def test_a_text_is_measured_in_bytes(self, fake_secrets, secretsmanager, refusal, call, name):
        fake_secrets.add("a", "x")
        value = "\u00e9" * 32_769
        refused = refusal(getattr(secretsmanager, call), SecretString=value, **{name: "a"})
        assert refused == self.refused("secretString", 65_536)

    @pytest.mark.parametrize("value", ["\u00e9" * 32_768, "\U0001f511" * 16_384, "x" * 65_536])
    def test_a_value_that_just_fits_is_stored(self, put, db, value):
        put(value)
        assert db.value() == value

    @pytest.mark.parametrize(
        ("member", "value", "path"),
        [("SecretString", "12345", "secretString"), ("SecretBinary", b"12345", "secretBinary")],
    )
    def test_the_quota_of_value_bytes_can_be_lowered(
        self, db, quotas, secretsmanager, refusal, member, value, path
    ):
        quotas.value_bytes = 4
        refused = refusal(secretsmanager.put_secret_value, SecretId="app/db", **{member: value})
        assert refused == self.refused(path, 4)

    def test_the_quota_of_policy_characters_can_be_lowered(self, db, quotas, secretsmanager, refusal):
        policy = (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",'
            '"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}'
        )
        quotas.policy_characters = len(policy) - 1
        call = secretsmanager.put_resource_policy
        code, message = refusal(call, SecretId="app/db", ResourcePolicy=policy)
        assert code == "ValidationException"
        assert message.endswith(f"Member must have length less than or equal to {len(policy) - 1}")
        quotas.policy_characters = len(policy)
        call(SecretId="app/db", ResourcePolicy=policy)
