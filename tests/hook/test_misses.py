"""The notes on a client's error about a secret that it doesn't find."""

import json

import boto3
import freezegun
import pytest

from fake_secrets import UnknownSecretError, mock_stages

OTHER = "arn:aws:iam::210987654321:role/other"


def notes_on(secret_id, operation="get_secret_value", client=None, **members):
    client = client or boto3.client("secretsmanager", region_name="us-east-1")
    with pytest.raises(client.exceptions.ResourceNotFoundException) as missed:
        getattr(client, operation)(SecretId=secret_id, **members)
    assert missed.value.response["Error"]["Message"] == "Secrets Manager can't find the specified secret."
    return getattr(missed.value, "__notes__", [])


@pytest.mark.parametrize("lane", ["fast", "wire"])
def test_a_nearly_right_name_is_suggested(lane):
    with mock_stages({"prod/db": "x"}, _lane=lane):
        assert notes_on("prod/bd") == ["fake_secrets: Did you mean 'prod/db'?"]


@pytest.mark.parametrize(
    "asked", ["Prod/DB", "/prod/db", "prod/db/", "prod-db", "prod_db", "db", "app/prod/db", "prod/bd"]
)
def test_a_name_with_other_case_separators_or_path_is_suggested(asked):
    with mock_stages({"prod/db": "x", "unlike": "x"}):
        assert notes_on(asked) == ["fake_secrets: Did you mean 'prod/db'?"]


def test_several_names_are_suggested_the_nearest_first():
    with mock_stages({"prod/db2": "x", "prod/db": "x"}):
        assert notes_on("prod/DB") == ["fake_secrets: Did you mean 'prod/db'?"]
        assert notes_on("prod/db3") == ["fake_secrets: Did you mean 'prod/db' or 'prod/db2'?"]


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("put_secret_value", {"SecretString": "x"}),
        ("describe_secret", {}),
        ("delete_secret", {}),
        ("rotate_secret", {}),
        ("tag_resource", {"Tags": [{"Key": "a", "Value": "b"}]}),
        ("put_resource_policy", {"ResourcePolicy": "{}"}),
        ("list_secret_version_ids", {}),
        ("update_secret_version_stage", {"VersionStage": "MINE"}),
    ],
)
def test_every_operation_on_a_secret_suggests(operation, members):
    with mock_stages({"prod/db": "x"}):
        assert notes_on("prod/bd", operation, **members) == ["fake_secrets: Did you mean 'prod/db'?"]


def test_a_similar_secret_of_another_region_is_suggested_by_its_arn():
    with mock_stages() as fake:
        arn = fake.add("prod/db", "x", region="eu-west-1").arn
        assert notes_on("prod/bd") == [f"fake_secrets: Did you mean {arn!r}?"]


def test_an_arn_of_another_region_is_told_where_the_secret_is():
    with mock_stages(region="eu-west-1") as fake:
        arn = fake.add("prod/db", "x").arn
        asked = arn.replace("eu-west-1", "us-east-1")
        assert notes_on(asked) == [
            f"fake_secrets: Secret 'prod/db' is in eu-west-1, but this ARN names us-east-1. Did you mean {arn!r}?"
        ]
        with pytest.raises(UnknownSecretError, match="is in eu-west-1, but this ARN names us-east-1"):
            fake[asked]


def test_an_arn_of_another_account_is_told_where_the_secret_is():
    with mock_stages() as fake:
        arn = fake.add("prod/db", "x").arn
        with pytest.raises(UnknownSecretError) as unknown:
            fake[arn.replace("123456789012", "210987654321")]
        assert unknown.value.reason == (
            "Secret 'prod/db' is in us-east-1 of account 123456789012, but this ARN names us-east-1 of account "
            f"210987654321. Did you mean {arn!r}?"
        )


def test_in_an_empty_world_the_note_says_how_to_seed_it():
    with mock_stages():
        assert notes_on("prod/db") == [
            (
                "fake_secrets: this world holds no secrets. Seed it with mock_stages({'prod/db': ...}) or "
                "fake_secrets.add('prod/db', ...)"
            )
        ]
        arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-a1b2c3"
        assert notes_on(arn) == ["fake_secrets: this world holds no secrets"]


def test_an_unlike_name_has_no_note():
    with mock_stages({"prod/db": "x"}):
        assert notes_on("api-token") == []


def test_the_arn_of_a_secret_that_was_created_again_leads_to_the_new_one():
    with mock_stages({"prod/db": "x"}) as fake:
        client = boto3.client("secretsmanager", region_name="us-east-1")
        old = fake["prod/db"].arn
        client.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
        new = client.create_secret(Name="prod/db", SecretString="y")["ARN"]
        assert notes_on(old) == [
            (
                f"fake_secrets: Secret 'prod/db' has another ARN, {new!r}: each secret that is created gets a "
                "suffix of its own. Use the name, or take the ARN from the response that created the secret"
            )
        ]


def test_a_partial_arn_of_a_name_that_ends_like_a_suffix_is_explained():
    with mock_stages({"app-secret": "x"}) as fake:
        whole = fake["app-secret"].arn
        assert notes_on(whole[:-7]) == [
            (
                "fake_secrets: The name 'app-secret' ends like an ARN's suffix, so this ARN counts as a "
                f"complete one. Use the name, or the complete ARN {whole!r}"
            )
        ]


def test_a_forced_deletion_is_told():
    with mock_stages({"prod/db": "x", "prod/db2": "x"}) as fake:
        arn = fake["prod/db"].arn
        boto3.client("secretsmanager", region_name="us-east-1").delete_secret(
            SecretId="prod/db", ForceDeleteWithoutRecovery=True
        )
        told = "fake_secrets: Secret 'prod/db' was deleted earlier in this world, without a recovery window"
        assert notes_on("prod/db") == notes_on(arn) == [told]


def test_the_end_of_a_recovery_window_is_told():
    with freezegun.freeze_time("2026-03-01T12:00:00Z") as clock, mock_stages({"prod/db": "x"}):
        boto3.client("secretsmanager", region_name="us-east-1").delete_secret(
            SecretId="prod/db", RecoveryWindowInDays=7
        )
        clock.move_to("2026-03-10T12:00:00Z")
        assert notes_on("prod/db") == [
            (
                "fake_secrets: Secret 'prod/db' was deleted earlier in this world: its recovery window ended at "
                "2026-03-08T12:00:00+00:00"
            )
        ]


@pytest.mark.parametrize("is_used", [False, True])
def test_a_secret_of_a_hidden_outer_world_is_told(is_used):
    with mock_stages({"prod/db": "x"}) as outer:
        asked = outer["prod/db"].arn if is_used else "prod/db"
        with mock_stages({"prod/bd": "x"}):
            assert notes_on(asked) == [
                (
                    f"fake_secrets: {asked!r} is in another active world. A world that is opened with arguments "
                    "hides the outer one: seed the secret in the inner world too, or open it without arguments "
                    "to join the outer one"
                )
            ]


def test_looking_into_a_hidden_world_does_not_create_its_seeds():
    with freezegun.freeze_time("2026-03-01T12:00:00Z") as clock, mock_stages({"prod/db": "x"}) as outer:
        with mock_stages({}):
            assert notes_on("prod/db") != []
        clock.move_to("2026-03-02T12:00:00Z")
        created = boto3.client("secretsmanager", region_name="us-east-1").describe_secret(SecretId="prod/db")
        assert created["CreatedDate"].day == 2
        assert "prod/db" in outer


def test_another_accounts_secret_is_told_with_its_account(fake_secrets):
    fake_secrets.add("prod/db", "x")
    client = boto3.client("secretsmanager", region_name="us-east-1", **fake_secrets.credentials(OTHER))
    assert notes_on("prod/db", client=client) == [
        (
            "fake_secrets: 'prod/db' is in us-east-1 of account 123456789012 (use its ARN); this client "
            "calls us-east-1"
        )
    ]


def test_a_missing_version_of_another_accounts_secret_is_no_missing_secret(fake_secrets):
    allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": allow})
    shared = fake_secrets.add("shared", "x", kms_key_id="alias/shared")
    boto3.client("secretsmanager", region_name="us-east-1").put_resource_policy(
        SecretId="shared", ResourcePolicy=policy
    )
    client = boto3.client("secretsmanager", region_name="us-east-1", **fake_secrets.credentials(OTHER))
    with pytest.raises(client.exceptions.ResourceNotFoundException) as missed:
        client.get_secret_value(SecretId=shared.arn, VersionStage="NONE")
    assert not hasattr(missed.value, "__notes__")


class TestTheDefaultSession:
    """boto3's default session and the world agree on the region, or a note says that they don't."""

    @pytest.fixture(autouse=True)
    def no_session(self, monkeypatch):
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    def test_its_region_is_the_worlds(self, monkeypatch):
        monkeypatch.setenv("AWS_DEFAULT_REGION", "sa-east-1")
        boto3.setup_default_session(region_name="eu-west-1")
        with mock_stages({"prod/db": "x"}) as fake:
            assert fake.region == "eu-west-1"
            assert boto3.client("secretsmanager").get_secret_value(SecretId="prod/db")["SecretString"] == "x"

    def test_without_a_region_of_its_own_the_environment_decides(self, monkeypatch):
        monkeypatch.setenv("AWS_DEFAULT_REGION", "sa-east-1")
        boto3.setup_default_session()
        with mock_stages() as fake:
            assert fake.region == "sa-east-1"

    def test_an_explicit_region_comes_first(self):
        boto3.setup_default_session(region_name="eu-west-1")
        with mock_stages(region="eu-west-3") as fake:
            assert fake.region == "eu-west-3"

    def test_set_up_inside_the_first_miss_names_both_regions(self):
        with mock_stages({"prod/db": "x"}):
            boto3.setup_default_session(region_name="eu-west-1")
            assert notes_on("prod/db", client=boto3.client("secretsmanager")) == [
                (
                    "fake_secrets: 'prod/db' is in us-east-1; this client calls eu-west-1. The world's region is "
                    "us-east-1: open it with mock_stages(region='eu-west-1'), give all tests that region by "
                    "pytest's option fake_secrets_region, or make the client with region_name='us-east-1'"
                )
            ]

    def test_a_region_that_the_environment_has_got_since_the_world_was_opened_is_told(self, monkeypatch):
        with mock_stages({"prod/db": "x"}):
            monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
            (note,) = notes_on("prod/db", client=boto3.client("secretsmanager"))
            monkeypatch.undo()
        assert (
            "The world's region is us-east-1, and AWS_DEFAULT_REGION was changed to 'eu-west-1' after it was "
            "opened: open it with mock_stages(region='eu-west-1')"
        ) in note

    @pytest.mark.slow
    def test_a_secret_of_a_third_region_leads_to_that_region(self):
        with mock_stages() as fake:
            fake.add("prod/db", "x", region="eu-west-3")
            assert notes_on("prod/db") == [
                (
                    "fake_secrets: 'prod/db' is in eu-west-3; this client calls us-east-1. To find it, make the "
                    "client with region_name='eu-west-3'"
                )
            ]


@pytest.mark.parametrize("url", ["http://127.0.0.1:4566", "http://localstack:4566"])
def test_the_endpoint_of_another_server_is_told(url):
    client = boto3.client("secretsmanager", region_name="us-east-1", endpoint_url=url)
    with mock_stages({"prod/db": "x"}):
        assert notes_on("api-token", client=client) == [
            (
                f"fake_secrets: this client's endpoint_url is {url!r}, but the world answers its calls as long as "
                "it is active. To call that server, call it while no world is active"
            )
        ]


@pytest.mark.parametrize(
    "url",
    [
        "https://secretsmanager.us-east-1.amazonaws.com",
        "https://secretsmanager-fips.us-east-1.api.aws",
        "https://vpce-1-2.secretsmanager.us-east-1.vpce.amazonaws.com",
    ],
)
def test_an_endpoint_of_aws_is_no_reason(url):
    client = boto3.client("secretsmanager", region_name="us-east-1", endpoint_url=url)
    with mock_stages({"prod/db": "x"}):
        assert notes_on("api-token", client=client) == []


def test_the_url_of_a_served_world_is_no_reason(fake_secrets, fake_secrets_server):
    fake_secrets.add("prod/db", "x")
    client = boto3.client("secretsmanager", region_name="us-east-1", endpoint_url=fake_secrets_server)
    assert notes_on("api-token", client=client) == []
