"""Who calls: what a client's credentials show, without a network and without a refresh."""

import datetime
import inspect

import boto3
import botocore.credentials
import botocore.session
import pytest

from fake_secrets import mock_stages

OWN = "123456789012"
FOREIGN = "210987654321"
SESSION = f"arn:aws:sts::{FOREIGN}:assumed-role/app/ci"
TEMPORARY = "ASIAIOSFODNN7EXAMPLE"
KEYS = {"aws_access_key_id": TEMPORARY, "aws_secret_access_key": "x", "aws_session_token": "x"}
PERMANENT = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "x"}
NOTE = (
    "fake_secrets: nothing shows the account of {}, so account 123456789012 made this call. To call as another "
    "account, make the client with **fake_secrets.credentials(arn)."
)
states_accounts = pytest.mark.skipif(
    "account_id" not in inspect.signature(botocore.credentials.Credentials).parameters,
    reason="credentials of this botocore state no account",
)

CONFIG = f"""
[profile base]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = x

[profile role]
role_arn = arn:aws:iam::{FOREIGN}:role/team/app
source_profile = base
role_session_name = ci

[profile role-with-mfa]
role_arn = arn:aws:iam::{FOREIGN}:role/team/app
source_profile = base
role_session_name = ci
mfa_serial = arn:aws:iam::{OWN}:mfa/ann

[profile chain]
role_arn = arn:aws:iam::{FOREIGN}:role/team/app
source_profile = hop
role_session_name = ci

[profile hop]
role_arn = arn:aws:iam::333333333333:role/hop
source_profile = base

[profile web-identity]
role_arn = arn:aws:iam::{FOREIGN}:role/team/app
web_identity_token_file = /no/such/file
role_session_name = ci

[profile sso]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
sso_account_id = {FOREIGN}
sso_role_name = ReadOnly

[profile account]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = x
aws_account_id = {FOREIGN}
"""


@pytest.fixture
def profile(tmp_path, monkeypatch):
    """Return a function that makes a client with a profile of the shared configuration."""
    path = tmp_path / "config"
    path.write_text(CONFIG)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    return lambda name: boto3.Session(profile_name=name, region_name="us-east-1").client("secretsmanager")


def client_with(credentials):
    session = botocore.session.Session()
    session._credentials = credentials
    return session.create_client("secretsmanager", region_name="us-east-1")


def refresh():
    pytest.fail("the credentials were refreshed")


def refreshable(key, account_id=None):
    expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    found = botocore.credentials.RefreshableCredentials(key, "x", "x", expires, refresh, "test")
    if account_id:
        found.account_id = account_id
    return found


def account_of(client):
    return client.create_secret(Name="whose")["ARN"].split(":")[4]


@pytest.fixture(params=["fast", "wire"])
def world(request):
    with mock_stages(_lane=request.param) as fake_secrets:
        yield fake_secrets


class TestAProfile:
    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["role", "role-with-mfa", "chain", "web-identity"])
    def test_with_a_role_acts_as_the_roles_session(self, world, profile, name):
        assert refused_as(profile(name)) == SESSION

    @pytest.mark.slow
    def test_with_a_role_acts_in_the_roles_account(self, world, profile):
        assert account_of(profile("role")) == FOREIGN

    @pytest.mark.slow
    def test_of_sso_acts_in_its_account(self, world, profile):
        assert account_of(profile("sso")) == FOREIGN

    @states_accounts
    def test_that_states_its_account_acts_in_it(self, world, profile):
        assert account_of(profile("account")) == FOREIGN

    def test_of_a_client_that_was_made_before_the_world_counts(self, profile):
        client = profile("role")
        with mock_stages():
            assert account_of(client) == FOREIGN


class TestCredentials:
    @states_accounts
    def test_with_an_account_id_act_in_it(self, world):
        assert account_of(boto3.client("secretsmanager", **KEYS, aws_account_id=FOREIGN)) == FOREIGN

    def test_of_the_environment_are_the_worlds_whatever_aws_account_id_says(self, world, monkeypatch):
        monkeypatch.setenv("AWS_ACCOUNT_ID", FOREIGN)
        assert account_of(boto3.client("secretsmanager")) == OWN
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        client = boto3.Session().client("secretsmanager")
        assert client.list_secrets()["SecretList"][0]["ARN"].split(":")[4] == OWN

    @pytest.mark.slow
    def test_that_are_stored_and_can_be_refreshed_show_their_account(self, world):
        assert account_of(client_with(refreshable(TEMPORARY, FOREIGN))) == FOREIGN

    def test_that_are_stored_and_can_be_refreshed_show_a_principal_by_their_key(self, world):
        key = world.credentials(SESSION)["aws_access_key_id"]
        assert refused_as(client_with(refreshable(key))) == SESSION

    def test_that_somebody_fetches_after_the_clients_first_call_show_their_account(self, fake_secrets):
        deferred = botocore.credentials.DeferredRefreshableCredentials(refresh, "test")
        client = client_with(deferred)
        assert account_of(client) == OWN
        deferred.access_key, deferred.account_id = TEMPORARY, FOREIGN
        assert account_of(client) == FOREIGN

    @pytest.mark.slow
    @states_accounts
    def test_of_an_account_that_is_none_are_the_worlds(self, world):
        assert account_of(boto3.client("secretsmanager", **KEYS, aws_account_id="mine")) == OWN


OTHER = "arn:aws:iam::333333333333:role/other"


class TestCredentialsThatChangeAfterTheFirstCall:
    """The caller is whoever the client would sign as at the time of the call."""

    def test_by_their_key_are_those_of_the_next_call(self, world):
        client = boto3.client("secretsmanager", **world.credentials(SESSION))
        assert refused_as(client) == SESSION
        client._request_signer._credentials.access_key = world.credentials(OTHER)["aws_access_key_id"]
        assert refused_as(client).startswith("arn:aws:sts::333333333333:assumed-role/other")

    def test_from_the_worlds_own_are_those_of_the_next_call(self, world):
        client = boto3.Session().client("secretsmanager")
        assert account_of(client) == OWN
        client._request_signer._credentials.access_key = world.credentials(SESSION)["aws_access_key_id"]
        assert refused_as(client) == SESSION

    def test_to_the_worlds_own_are_those_of_the_next_call(self, world):
        client = boto3.client("secretsmanager", **world.credentials(SESSION))
        assert account_of(client) == FOREIGN
        own = boto3.Session().get_credentials()
        client._request_signer._credentials.access_key = own.access_key
        assert client.create_secret(Name="mine")["ARN"].split(":")[4] == OWN

    def test_because_the_client_is_given_others_are_those_of_the_next_call(self, world):
        client = boto3.client("secretsmanager", **world.credentials(SESSION))
        assert refused_as(client) == SESSION
        keys = world.credentials(OTHER)
        client._request_signer._credentials = botocore.credentials.Credentials(
            keys["aws_access_key_id"], keys["aws_secret_access_key"], keys["aws_session_token"]
        )
        assert refused_as(client).startswith("arn:aws:sts::333333333333:assumed-role/other")

    def test_because_the_client_is_given_refreshable_ones_are_not_refreshed(self, world):
        client = boto3.client("secretsmanager", **PERMANENT)
        assert account_of(client) == OWN
        client._request_signer._credentials = botocore.credentials.DeferredRefreshableCredentials(refresh, "test")
        client.list_secrets()
        client._request_signer._credentials = refreshable(world.credentials(SESSION)["aws_access_key_id"])
        assert refused_as(client) == SESSION

    def test_by_a_refresh_are_those_of_the_next_call(self, world):
        def fetch(arn):
            keys = world.credentials(arn)
            expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
            return {
                "access_key": keys["aws_access_key_id"],
                "secret_key": keys["aws_secret_access_key"],
                "token": keys["aws_session_token"],
                "expiry_time": expires.isoformat(),
            }

        credentials = botocore.credentials.RefreshableCredentials.create_from_metadata(
            fetch(SESSION), lambda: fetch(OTHER), "custom"
        )
        client = client_with(credentials)
        assert refused_as(client) == SESSION
        credentials._expiry_time -= datetime.timedelta(hours=2)
        # A fake never refreshes them itself.
        assert refused_as(client) == SESSION
        credentials.get_frozen_credentials()
        assert refused_as(client).startswith("arn:aws:sts::333333333333:assumed-role/other")

    def test_of_a_session_reach_its_clients(self, world):
        session = boto3.Session(**world.credentials(SESSION), region_name="us-east-1")
        client = session.client("secretsmanager")
        assert refused_as(client) == SESSION
        session.get_credentials().access_key = world.credentials(OTHER)["aws_access_key_id"]
        assert refused_as(client).startswith("arn:aws:sts::333333333333:assumed-role/other")


def refused_as(client):
    """Return the caller in AWS's refusal of a call about another account's secret."""
    with pytest.raises(client.exceptions.ClientError, match="AccessDenied") as raised:
        client.describe_secret(SecretId="arn:aws:secretsmanager:us-east-1:444444444444:secret:a-abcdef")
    return str(raised.value).partition("User: ")[2].partition(" ")[0]


class TestTheNote:
    @pytest.fixture(autouse=True)
    def _unlike(self, world):
        """A world without secrets has a note of its own."""
        world.add("unlike", "x")

    def notes(self, client, secret_id="unknown"):
        with pytest.raises(client.exceptions.ClientError) as raised:
            client.describe_secret(SecretId=secret_id)
        return getattr(raised.value, "__notes__", [])

    def test_says_that_a_temporary_key_shows_no_account(self, world):
        assert self.notes(boto3.client("secretsmanager", **KEYS)) == [
            NOTE.format("this client's access key ASIAIOSF...")
        ]

    @pytest.mark.slow
    def test_says_that_credentials_were_never_fetched(self, world):
        client = client_with(botocore.credentials.DeferredRefreshableCredentials(refresh, "test"))
        assert self.notes(client) == [NOTE.format("this client's credentials, which were never fetched")]

    def test_is_on_a_refusal_of_another_accounts_secret(self, world):
        arn = "arn:aws:secretsmanager:us-east-1:444444444444:secret:a-abcdef"
        why_denied, whose = self.notes(boto3.client("secretsmanager", **KEYS), arn)
        assert "no resource-based policy" not in why_denied
        assert whose == NOTE.format("this client's access key ASIAIOSF...")

    def test_is_missing_where_the_caller_is_known(self, world):
        assert self.notes(boto3.client("secretsmanager")) == []
        assert self.notes(boto3.client("secretsmanager", **world.credentials(SESSION))) == []
        assert self.notes(boto3.client("secretsmanager", **PERMANENT)) == []

    def test_is_missing_where_the_account_makes_no_difference(self, world):
        client = boto3.client("secretsmanager", **KEYS)
        client.create_secret(Name="a")
        with pytest.raises(client.exceptions.InvalidRequestException) as raised:
            client.rotate_secret(SecretId="a")
        assert not any("account of" in note for note in getattr(raised.value, "__notes__", []))
