"""The caller: a client's access key or `as_principal` identifies it, else it is the world's account."""

import threading

import boto3
import botocore.credentials
import botocore.session
import pytest

from fake_secrets import UnknownSecretError, mock_stages

FOREIGN = "210987654321"
ROLE = f"arn:aws:iam::{FOREIGN}:role/app"


def client(region="us-east-1", **keys):
    return boto3.client("secretsmanager", region_name=region, **keys)


def account_of(caller):
    return caller.create_secret(Name="whose")["ARN"].split(":")[4]


class TestAccessKeys:
    @pytest.mark.parametrize("lane", ["fast", "wire"])
    def test_an_access_key_of_twelve_digits_is_the_account(self, lane):
        with mock_stages(_lane=lane):
            assert account_of(client(aws_access_key_id=FOREIGN, aws_secret_access_key="x")) == FOREIGN

    @pytest.mark.parametrize(
        "access_key",
        [
            "testing",
            "AKIAIOSFODNN7EXAMPLE",
            "1" * 11,
            "1" * 13,
            "FAKEPRINCIPAL",
            "FAKEPRINCIPAL-1",
            "FAKEPRINCIPALME",
        ],
    )
    def test_any_other_access_key_means_the_worlds_account(self, access_key):
        with mock_stages(account_id="111122223333"):
            caller = client(aws_access_key_id=access_key, aws_secret_access_key="x")
            assert account_of(caller) == "111122223333"

    def test_credentials_make_a_client_act_as_a_principal(self, fake_secrets):
        assert account_of(client(**fake_secrets.credentials(ROLE))) == FOREIGN

    def test_credentials_of_two_principals_of_an_account_differ(self, fake_secrets):
        keys = {fake_secrets.credentials(arn)["aws_access_key_id"] for arn in (ROLE, f"{ROLE}-2", ROLE)}
        assert len(keys) == 2

    def test_a_client_made_before_the_world_is_identified_too(self):
        caller = client(aws_access_key_id=FOREIGN, aws_secret_access_key="x")
        with mock_stages():
            assert account_of(caller) == FOREIGN

    def test_credentials_work_in_every_world(self, fake_secrets):
        caller = client(**fake_secrets.credentials(ROLE))
        with mock_stages({}):
            assert account_of(caller) == FOREIGN

    @pytest.mark.slow
    def test_refreshable_credentials_are_never_read(self, fake_secrets):
        def refresh():
            pytest.fail("the credentials were refreshed")

        session = botocore.session.Session()
        session._credentials = botocore.credentials.DeferredRefreshableCredentials(refresh, "test")
        caller = session.create_client("secretsmanager", region_name="us-east-1")
        assert account_of(caller) == "123456789012"

    def test_the_region_determines_the_partition_of_the_account(self):
        with mock_stages(region="cn-north-1"):
            caller = client("cn-north-1", aws_access_key_id=FOREIGN, aws_secret_access_key="x")
            assert caller.create_secret(Name="a")["ARN"].startswith(
                f"arn:aws-cn:secretsmanager:cn-north-1:{FOREIGN}:"
            )


class TestAsPrincipal:
    def test_calls_inside_are_made_as_the_principal(self, fake_secrets, secretsmanager):
        with fake_secrets.as_principal(ROLE):
            assert account_of(secretsmanager) == FOREIGN
        assert account_of(secretsmanager) == "123456789012"

    def test_the_innermost_block_wins(self, fake_secrets, secretsmanager):
        with fake_secrets.as_principal(ROLE), fake_secrets.as_principal("arn:aws:iam::333333333333:root"):
            assert account_of(secretsmanager) == "333333333333"

    def test_a_clients_own_credentials_come_first(self, fake_secrets):
        caller = client(**fake_secrets.credentials("arn:aws:iam::333333333333:user/ann"))
        with fake_secrets.as_principal(ROLE):
            assert account_of(caller) == "333333333333"

    def test_threads_started_inside_act_as_the_principal_too(self, fake_secrets, secretsmanager):
        accounts = []
        with fake_secrets.as_principal(ROLE):
            thread = threading.Thread(target=lambda: accounts.append(account_of(secretsmanager)))
            thread.start()
            thread.join()
        assert accounts == [FOREIGN]

    def test_a_threads_own_block_wins(self, fake_secrets, secretsmanager):
        entered, accounts = threading.Barrier(2), {}

        def act(account_id):
            with fake_secrets.as_principal(f"arn:aws:iam::{account_id}:root"):
                entered.wait(10)
                accounts[account_id] = account_of(secretsmanager)
                entered.wait(10)

        threads = [threading.Thread(target=act, args=(account,)) for account in ("1" * 12, "2" * 12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert accounts == {"1" * 12: "1" * 12, "2" * 12: "2" * 12}

    def test_a_rotation_function_acts_for_its_own_account(self, fake_secrets, secretsmanager):
        seen = []
        arn = fake_secrets.lambda_function(lambda event, _: seen.append(account_in(secretsmanager)), "own")
        with fake_secrets.as_principal(ROLE):
            secretsmanager.create_secret(Name="theirs", SecretString="x")
            secretsmanager.rotate_secret(SecretId="theirs", RotationLambdaARN=arn)
        assert set(seen) == {"123456789012"}

    def test_an_exception_ends_the_block(self, fake_secrets, secretsmanager):
        with pytest.raises(KeyError), fake_secrets.as_principal(ROLE):
            raise KeyError
        assert account_of(secretsmanager) == "123456789012"


def account_in(caller):
    name = f"whose-{len(caller.list_secrets()['SecretList'])}"
    return caller.create_secret(Name=name)["ARN"].split(":")[4]


GOOD = [
    "arn:aws:iam::210987654321:root",
    "arn:aws:iam::210987654321:user/ann",
    "arn:aws:iam::210987654321:role/path/app",
    "arn:aws:sts::210987654321:assumed-role/app/session@1",
    "arn:aws-cn:iam::210987654321:role/app",
]
BAD = [
    "app",
    "",
    None,
    "arn:aws:iam::12:role/app",
    "arn:aws:s3:::bucket",
    "arn:aws:iam::210987654321:role/",
    f"{ROLE}\n",
]


@pytest.mark.parametrize("arn", GOOD)
def test_every_kind_of_principal_arn_is_accepted(fake_secrets, arn):
    assert account_of(client(**fake_secrets.credentials(arn))) == FOREIGN


@pytest.mark.parametrize("arn", BAD)
def test_an_invalid_principal_arn_is_refused(fake_secrets, arn):
    for call in (fake_secrets.credentials, lambda arn: fake_secrets.as_principal(arn).__enter__()):
        with pytest.raises(ValueError, match="isn't the ARN of a principal, such as"):
            call(arn)


class TestTheHandle:
    def test_it_finds_another_accounts_secret_by_arn(self, fake_secrets):
        arn = client(**fake_secrets.credentials(ROLE)).create_secret(Name="a", SecretString="x")["ARN"]
        assert fake_secrets[arn].value() == "x"
        assert "a" not in fake_secrets

    def test_it_rotates_another_accounts_secret_by_arn(self, fake_secrets, secretsmanager):
        arn = client(**fake_secrets.credentials(ROLE)).create_secret(Name="a", SecretString="x")["ARN"]
        seen = []
        fake_secrets.rotate(
            arn, lambda event, _: seen.append(secretsmanager.get_secret_value(SecretId=arn)["Name"])
        )
        assert set(seen) == {"a"}

    def test_it_lists_secrets_of_other_regions_by_arn(self, fake_secrets):
        arn = fake_secrets.add("a", "x", region="eu-west-1").arn
        with pytest.raises(UnknownSecretError, match=rf"The world holds:\n- '{arn}'"):
            fake_secrets["a"]

    def test_its_repr_shows_the_seed_before_the_first_use(self):
        with mock_stages({"a": "x"}) as fake:
            assert repr(fake) == "<FakeSecrets 123456789012 us-east-1, secrets ['a']>"


def test_a_note_names_the_account_that_owns_the_secret(fake_secrets):
    fake_secrets.add("a", "x")
    with pytest.raises(client().exceptions.ResourceNotFoundException) as missed:
        client(**fake_secrets.credentials(ROLE)).get_secret_value(SecretId="a")
    where = "us-east-1 of account 123456789012 (use its ARN)"
    assert missed.value.__notes__ == [f"fake_secrets: 'a' is in {where}; this client calls us-east-1"]


@pytest.mark.parametrize(
    ("region", "partition"),
    [("cn-north-1", "aws-cn"), ("us-iso-east-1", "aws-iso"), ("us-isob-east-1", "aws-iso-b")],
)
def test_seeds_and_clients_agree_on_the_partition(fake_secrets, region, partition):
    seeded = fake_secrets.add("seeded", "x", region=region).arn
    created = client(region).create_secret(Name="created")["ARN"]
    assert {seeded.split(":")[1], created.split(":")[1]} == {partition}
