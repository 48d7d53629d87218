"""AWS Lambda Powertools: `parameters.get_secret`, `SecretsProvider`, and how to clear its cache."""

import base64
import datetime

import boto3
import botocore.config
import freezegun
import pytest

pytest.importorskip("aws_lambda_powertools")

from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters.exceptions import SetSecretError

from fake_secrets import mock_stages

REGION, ABROAD = "us-east-1", "eu-west-3"
VALUES = {"AWSCURRENT": "new", "AWSPREVIOUS": "old"}
MOMENT = datetime.datetime(2026, 3, 4, 12)  # noqa: DTZ001 -- freezegun reads it as UTC

# Powertools keeps values, and the client that it made, from test to test.
RECIPE = """
import pytest
from aws_lambda_powertools.utilities import parameters

@pytest.fixture(autouse=True)
def no_secrets_of_other_tests():
    yield
    parameters.clear_caches()
"""


@pytest.fixture(autouse=True)
def no_secrets_of_other_tests():
    yield
    parameters.clear_caches()


@pytest.fixture
def clock():
    with freezegun.freeze_time(MOMENT, ignore=["hypothesis", "_pytest"]) as clock:
        yield clock


def operations(fake):
    return [call.operation for call in fake.calls]


def provider_with(option):
    """Return a provider that was given one of its arguments, each for the region abroad."""
    given = {
        "boto3_client": lambda: boto3.client("secretsmanager", region_name=ABROAD),
        "boto_config": lambda: botocore.config.Config(region_name=ABROAD),
        "boto3_session": lambda: boto3.session.Session(region_name=ABROAD),
    }
    return parameters.SecretsProvider(**{option: given[option]()})


class TestReading:
    def test_a_string_is_read(self, lane):
        with mock_stages({"app/key": "s3cret"}, _lane=lane):
            assert parameters.get_secret("app/key") == "s3cret"

    @pytest.mark.slow
    def test_a_binary_value_is_read(self, lane):
        with mock_stages({"app/key": b"\x00\xff"}, _lane=lane):
            assert parameters.get_secret("app/key") == b"\x00\xff"

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("transform", "stored", "given"),
        [
            ("json", {"username": "app", "password": "s3cret"}, {"username": "app", "password": "s3cret"}),
            ("binary", base64.b64encode(b"s3cret").decode(), b"s3cret"),
        ],
    )
    def test_a_value_is_transformed(self, lane, transform, stored, given):
        with mock_stages({"app/key": stored}, _lane=lane):
            assert parameters.get_secret("app/key", transform=transform) == given

    @pytest.mark.slow
    @pytest.mark.parametrize(("label", "value"), VALUES.items())
    def test_the_value_of_a_label_is_read(self, lane, label, value):
        with mock_stages({"db": VALUES}, _lane=lane):
            assert parameters.get_secret("db", VersionStage=label) == value

    @pytest.mark.slow
    def test_the_value_of_a_version_is_read(self, lane):
        with mock_stages({"db": VALUES}, _lane=lane) as fake:
            previous = fake["db"].stages["AWSPREVIOUS"]
            assert parameters.get_secret("db", VersionId=previous) == "old"

    def test_a_secret_is_read_by_arn(self, lane):
        with mock_stages({"db": "s3cret"}, _lane=lane) as fake:
            assert parameters.get_secret(fake["db"].arn) == "s3cret"

    def test_several_secrets_are_read_by_name(self, lane):
        if not hasattr(parameters, "get_secrets_by_name"):
            pytest.skip("came with version 3.16 or so")
        with mock_stages({"a": "1", "b": "2", "c": "3"}, _lane=lane) as fake:
            assert parameters.get_secrets_by_name(["a", "b"], transform="json") == {"a": 1, "b": 2}
            assert operations(fake) == ["BatchGetSecretValue"]

    def test_a_refusal_raises_powertools_error_with_awss_message(self, lane):
        with (
            mock_stages({}, _lane=lane),
            pytest.raises(
                parameters.GetParameterError, match=r"ResourceNotFoundException.*can't find the specified"
            ),
        ):
            parameters.get_secret("absent")

    @pytest.mark.slow
    def test_a_value_that_cannot_be_transformed_raises_powertools_error(self, lane):
        with mock_stages({"db": "no JSON"}, _lane=lane), pytest.raises(parameters.TransformParameterError):
            parameters.get_secret("db", transform="json")


class TestWriting:
    @pytest.mark.slow
    def test_a_new_secret_is_created(self, lane):
        with mock_stages({}, _lane=lane) as fake:
            answer = parameters.set_secret("db", {"username": "app"})
            assert fake["db"].value() == {"username": "app"}
            assert answer["VersionId"] == fake["db"].stages["AWSCURRENT"]
            assert operations(fake) == ["PutSecretValue", "CreateSecret"]

    @pytest.mark.slow
    @pytest.mark.parametrize("value", ["new", b"new"])
    def test_an_existing_secret_gets_a_new_version(self, lane, value):
        token = "a" * 32
        with mock_stages({"db": "old"}, _lane=lane) as fake:
            answer = parameters.set_secret("db", value, client_request_token=token)
            assert (fake["db"].value(), fake["db"].value("AWSPREVIOUS")) == (value, "old")
        assert answer["VersionId"] == token

    def test_a_refusal_raises_powertools_error(self, lane):
        with mock_stages({}, _lane=lane), pytest.raises(SetSecretError, match="ValidationException"):
            parameters.set_secret("no name", "x")


class TestItsProvider:
    @pytest.mark.parametrize("is_first", [True, False], ids=["before", "inside"])
    @pytest.mark.parametrize("option", ["boto3_client", "boto_config", "boto3_session"])
    def test_a_provider_made_before_or_inside_the_world_is_answered(self, lane, option, is_first):
        provider = provider_with(option) if is_first else None
        with mock_stages({"db": "s3cret"}, region=ABROAD, _lane=lane):
            provider = provider or provider_with(option)
            assert provider.client.meta.region_name == ABROAD
            assert provider.get("db") == "s3cret"

    def test_a_provider_without_arguments_uses_the_worlds_region(self):
        with mock_stages({"db": "s3cret"}, region=ABROAD):
            assert parameters.SecretsProvider().get("db") == "s3cret"


class TestItsCache:
    def test_a_second_read_makes_no_call(self):
        with mock_stages({"db": "s3cret"}) as fake:
            assert [parameters.get_secret("db") for _ in range(2)] == ["s3cret"] * 2
            assert operations(fake) == ["GetSecretValue"]

    @pytest.mark.slow
    def test_a_new_value_is_seen_once_the_cache_has_expired(self, clock):
        with mock_stages({"db": "old"}) as fake:
            seen = [parameters.get_secret("db", max_age=60)]
            boto3.client("secretsmanager").put_secret_value(SecretId="db", SecretString="new")
            for seconds in (59, 2):
                clock.tick(seconds)
                seen.append(parameters.get_secret("db", max_age=60))
            assert seen == ["old", "old", "new"]
            assert operations(fake) == ["GetSecretValue", "PutSecretValue", "GetSecretValue"]

    def test_a_forced_fetch_sees_a_rotated_value(self):
        def handler(event, context):
            client = boto3.client("secretsmanager")
            secret_id, token = event["SecretId"], event["ClientRequestToken"]
            if event["Step"] == "createSecret":
                client.put_secret_value(
                    SecretId=secret_id,
                    ClientRequestToken=token,
                    SecretString="rotated",
                    VersionStages=["AWSPENDING"],
                )
            if event["Step"] == "finishSecret":
                current = client.get_secret_value(SecretId=secret_id)["VersionId"]
                client.update_secret_version_stage(
                    SecretId=secret_id,
                    VersionStage="AWSCURRENT",
                    MoveToVersionId=token,
                    RemoveFromVersionId=current,
                )

        with mock_stages({"db": "old"}) as fake:
            parameters.get_secret("db")
            assert fake.rotate("db", handler).succeeded
            assert [parameters.get_secret("db"), parameters.get_secret("db", force_fetch=True)] == [
                "old",
                "rotated",
            ]

    @pytest.mark.slow
    def test_the_cache_does_not_distinguish_labels(self):
        """This is Powertools' own behaviour; it can surprise a test of a rollback."""
        with mock_stages({"db": VALUES}):
            seen = [
                parameters.get_secret("db"),
                parameters.get_secret("db", VersionStage="AWSPREVIOUS"),
                parameters.get_secret("db", VersionStage="AWSPREVIOUS", force_fetch=True),
            ]
        assert seen == ["new", "new", "old"]


class TestTheRecipe:
    """The recipe between tests: `parameters.clear_caches()`."""

    def test_without_clearing_the_value_of_the_previous_world_stays(self):
        seen = []
        for value in ("first", "second"):
            with mock_stages({"db": value}):
                seen.append(parameters.get_secret("db"))
        assert seen == ["first", "first"]

    def test_without_clearing_the_client_asks_the_previous_worlds_region(self):
        with mock_stages({"db": "x"}, region=REGION):
            parameters.get_secret("db")
        with (
            mock_stages({"db": "x"}, region=ABROAD),
            pytest.raises(parameters.GetParameterError, match="ResourceNotFoundException"),
        ):
            parameters.get_secret("db", force_fetch=True)

    @pytest.mark.slow
    def test_with_clearing_each_world_has_its_own_values_and_region(self):
        seen = []
        for value, region in [("first", REGION), ("second", ABROAD)]:
            with mock_stages({"db": value}, region=region):
                seen.append(parameters.get_secret("db"))
            parameters.clear_caches()
        assert seen == ["first", "second"]

    @pytest.mark.slow
    def test_the_readmes_recipe_works(self, pytester):
        pytester.makeconftest(RECIPE)
        pytester.makepyfile(
            """
            import pytest
            from aws_lambda_powertools.utilities import parameters
            from fake_secrets import mock_stages

            @pytest.mark.fake_secrets({"db": "first"})
            def test_first():
                assert parameters.get_secret("db") == "first"

            @mock_stages({"db": "second"}, region="eu-west-3")
            def test_second():
                assert parameters.get_secret("db") == "second"
            """
        )
        pytester.runpytest_inprocess("-p", "no:asyncio", "-p", "no:randomly").assert_outcomes(passed=2)
