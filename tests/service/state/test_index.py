"""Which secret a SecretId names, in every operation that takes one (api-facts 2)."""

import string

import boto3
import pytest
from minimal_requests import ABOUT_A_SECRET, TOKEN, method_of, request_of
from service_model import CALLABLE

V1 = "11111111-1111-4111-8111-111111111111"
ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
NOT_FOUND = ("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
BAD_NAME = (
    "ValidationException",
    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
)
NO_TOKEN = "You must provide a ClientRequestToken value. We recommend a UUID-type value."
NO_TOKEN_CODES = {
    "CreateSecret": "InvalidRequestException",
    "PutSecretValue": "InvalidRequestException",
    "RotateSecret": "InvalidParameterException",
    "UpdateSecret": "InvalidRequestException",
}
LEGAL = string.ascii_letters + string.digits + "-/_+=.@!"
# A colon isn't allowed in a name either, only in an ARN.
ILLEGAL = [character for character in string.printable if character not in LEGAL]


# They need a secret in another account.
ACROSS_ACCOUNTS = ("AssociateCrossAccountReplica", "DisassociateCrossAccountReplica")


def every_operation(*, but=()):
    known = ABOUT_A_SECRET.keys() & set(CALLABLE)
    return pytest.mark.parametrize("operation", sorted(known - set(but)))


@pytest.fixture
def db(fake_secrets):
    return fake_secrets.add("app/db", "x", version_ids={"AWSCURRENT": V1}, arn_suffix="a1b2c3")


class TestNames:
    @pytest.mark.parametrize("name", [LEGAL, "/testing2/two-", "name-a1b2", "name-a1b2c3-", *LEGAL])
    def test_every_legal_character_is_allowed_in_a_name(self, secretsmanager, name):
        arn = secretsmanager.create_secret(Name=name)["ARN"]
        assert secretsmanager.describe_secret(SecretId=name)["ARN"] == arn
        assert secretsmanager.describe_secret(SecretId=arn)["Name"] == name

    @pytest.mark.parametrize("character", [*ILLEGAL, "\u00e4", "\u0661", "\U0001f511"])
    def test_no_other_character_is_allowed(self, fake_secrets, secretsmanager, refusal, character):
        name = f"app{character}db"
        assert refusal(secretsmanager.create_secret, Name=name) == BAD_NAME
        assert refusal(secretsmanager.describe_secret, SecretId=name) == BAD_NAME
        assert refusal(secretsmanager.describe_secret, SecretId=f"{ARN}{name}-a1b2c3") == BAD_NAME
        assert name not in fake_secrets

    def test_names_are_case_sensitive(self, db, secretsmanager):
        arn = secretsmanager.create_secret(Name="APP/DB")["ARN"]
        assert secretsmanager.describe_secret(SecretId="APP/DB")["ARN"] == arn != db.arn


class TestEveryOperation:
    @every_operation()
    @pytest.mark.parametrize(
        "secret_id", ["no name", "what?", "star*", "a]", "back\\slash", f"{ARN}no name-a1b2c3"]
    )
    def test_a_bad_name_is_refused(self, db, raw, refusal, operation, secret_id):
        assert refusal(method_of(raw, operation), **request_of(operation, secret_id)) == BAD_NAME

    @every_operation()
    @pytest.mark.parametrize(
        "secret_id",
        ["unknown", "app", "app/db-a1b2c3", f"{ARN}app/db-AAAAAA", f"{ARN}app", f"{ARN}app/db-a1b2c3x"],
    )
    def test_a_secret_id_without_a_secret_is_not_found(self, db, raw, refusal, operation, secret_id):
        assert refusal(method_of(raw, operation), **request_of(operation, secret_id)) == NOT_FOUND

    @every_operation(but=["GetSecretValue", "RotateSecret", "StopReplicationToReplica", *ACROSS_ACCOUNTS])
    @pytest.mark.parametrize("secret_id", ["app/db", f"{ARN}app/db-a1b2c3", f"{ARN}app/db"])
    def test_name_arn_and_partial_arn_name_the_same_secret(self, db, raw, answer, operation, secret_id):
        raw.put_secret_value(SecretId="app/db", SecretString="y", ClientRequestToken=TOKEN)
        members = answer(method_of(raw, operation), **request_of(operation, secret_id))
        assert members.get("ARN", db.arn) == f"{ARN}app/db-a1b2c3"
        assert members.get("Name", "app/db") == "app/db"

    @pytest.mark.parametrize("operation", sorted(NO_TOKEN_CODES.keys() - {"CreateSecret"}))
    def test_a_missing_token_comes_after_a_bad_name_and_before_the_look_up(self, raw, refusal, operation):
        call, members = method_of(raw, operation), request_of(operation)
        del members["ClientRequestToken"]
        assert refusal(call, **{**members, "SecretId": "no name"}) == BAD_NAME
        assert refusal(call, **{**members, "SecretId": "unknown"}) == (NO_TOKEN_CODES[operation], NO_TOKEN)

    @pytest.mark.parametrize("operation", sorted(NO_TOKEN_CODES.keys() - {"CreateSecret"}))
    def test_a_missing_token_comes_before_the_secrets_deletion(self, db, raw, refusal, operation):
        members = request_of(operation)
        del members["ClientRequestToken"]
        raw.delete_secret(SecretId="app/db")
        assert refusal(method_of(raw, operation), **members) == (NO_TOKEN_CODES[operation], NO_TOKEN)


class TestArns:
    def test_a_suffix_is_of_mixed_letters_and_digits_and_new_each_time(self, fake_secrets, secretsmanager):
        suffixes = []
        for _ in range(40):
            suffixes.append(secretsmanager.create_secret(Name="a")["ARN"].removeprefix(f"{ARN}a-"))
            secretsmanager.delete_secret(SecretId="a", ForceDeleteWithoutRecovery=True)
        assert len(set(suffixes)) == 40
        assert {len(suffix) for suffix in suffixes} == {6}
        characters = set("".join(suffixes))
        assert characters <= set(string.ascii_letters + string.digits)
        assert all(
            characters & set(kind) for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits)
        )

    @pytest.mark.parametrize(
        ("name", "is_found"),
        [
            ("app/db", True),
            ("app-a1b2", True),
            ("app-a1b2c3-", True),
            ("app-a1b2c3", False),
            ("app-ABCDEF", False),
        ],
    )
    def test_a_partial_arn_that_looks_like_a_full_arn_is_not_found(
        self, fake_secrets, secretsmanager, refusal, name, is_found
    ):
        arn = fake_secrets.add(name, "x").arn
        assert secretsmanager.describe_secret(SecretId=arn)["Name"] == name
        if is_found:
            assert secretsmanager.describe_secret(SecretId=f"{ARN}{name}")["ARN"] == arn
        else:
            assert refusal(secretsmanager.describe_secret, SecretId=f"{ARN}{name}") == NOT_FOUND

    def test_an_arn_names_its_secret_only_until_it_is_deleted(self, db, secretsmanager, refusal):
        old = db.arn
        secretsmanager.delete_secret(SecretId=old, ForceDeleteWithoutRecovery=True)
        new = secretsmanager.create_secret(Name="app/db")["ARN"]
        assert refusal(secretsmanager.describe_secret, SecretId=old) == NOT_FOUND
        assert secretsmanager.describe_secret(SecretId=f"{ARN}app/db")["ARN"] == new

    def test_an_arn_with_a_bad_name_is_refused_by_a_forced_deletion_too(self, secretsmanager, refusal):
        for secret_id in ("no name", f"{ARN}no name-a1b2c3"):
            refused = refusal(secretsmanager.delete_secret, SecretId=secret_id, ForceDeleteWithoutRecovery=True)
            assert refused == BAD_NAME

    def test_a_replicas_arn_differs_in_the_region_only(self, db, secretsmanager):
        secretsmanager.replicate_secret_to_regions(SecretId="app/db", AddReplicaRegions=[{"Region": "eu-west-1"}])
        abroad = boto3.client("secretsmanager", region_name="eu-west-1")
        arn = db.arn.replace("us-east-1", "eu-west-1")
        for secret_id in ("app/db", arn, arn[:-7]):
            described = abroad.describe_secret(SecretId=secret_id)
            assert (described["ARN"], described["VersionIdsToStages"]) == (arn, {V1: ["AWSCURRENT"]})
