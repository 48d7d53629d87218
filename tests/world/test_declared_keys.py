"""What is said of a KMS key that a test has disabled or denied, and that no secret uses."""

import inspect
import warnings

import boto3
import pytest

from fake_secrets import mock_stages
from fake_secrets.errors import FakeSecretsWarning

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:us-east-1:123456789012:key/{KEY}"


@pytest.fixture
def told():
    """A list of the warnings that the test is given."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        yield told


@pytest.fixture
def secretsmanager():
    return boto3.client("secretsmanager", region_name="us-east-1")


def text(key_id, state, in_use):
    return (
        f"no secret used the KMS key {key_id!r}, so set_kms_key({key_id!r}, {state!r}) had no effect. "
        f"Keys that secrets use:{in_use}\n"
        "Give set_kms_key the KmsKeyId of the secret, as it was given to CreateSecret or add."
    )


@pytest.mark.parametrize("state", ["disabled", "denied"])
def test_a_key_that_no_secret_uses_is_told_with_the_line_and_the_keys_in_use(told, state):
    with mock_stages({"a": "x"}) as world:
        world.add("b", "x", kms_key_id="alias/app")
        line = inspect.currentframe().f_lineno + 1
        world.set_kms_key("alias/ap", state)
        assert told == []
    (warning,) = told
    assert warning.category is FakeSecretsWarning
    assert str(warning.message) == text("alias/ap", state, "\n- 'alias/aws/secretsmanager'\n- 'alias/app'")
    assert (warning.filename, warning.lineno) == (__file__, line)


def test_a_world_without_secrets_has_no_keys_in_use(told):
    with mock_stages() as world:
        world.set_kms_key("alias/app", "denied")
    assert [str(warning.message) for warning in told] == [text("alias/app", "denied", " none")]


def test_a_filter_makes_it_an_error_of_the_with_block():
    with pytest.raises(FakeSecretsWarning, match="no secret used the KMS key 'alias/app'"), mock_stages() as world:
        world.set_kms_key("alias/app", "denied")


def test_a_failure_of_the_test_itself_comes_first():
    with pytest.raises(LookupError) as failed, mock_stages() as world:
        world.set_kms_key("alias/app", "denied")
        raise LookupError
    assert failed.value.__notes__[0].startswith("FakeSecretsWarning: no secret used the KMS key 'alias/app'")


class TestNothingIsSaid:
    """Each test fails if something is said, because warnings are errors."""

    @pytest.fixture(autouse=True)
    def world(self):
        with mock_stages() as world:
            yield world

    def test_of_a_key_that_a_secret_has_though_no_call_needed_it(self, world):
        world.add("a", "x", kms_key_id="alias/app")
        world.set_kms_key("alias/app", "denied")

    def test_of_a_key_that_a_later_secret_has(self, world):
        world.set_kms_key("alias/app", "denied")
        world.add("a", "x", kms_key_id="alias/app")

    def test_of_a_key_that_a_call_asked_for_in_vain(self, world, secretsmanager):
        world.set_kms_key("alias/app", "denied")
        with pytest.raises(secretsmanager.exceptions.ClientError):
            secretsmanager.create_secret(Name="a", SecretString="x", KmsKeyId="alias/app")

    def test_of_a_key_whose_secret_is_deleted_by_the_end(self, world, secretsmanager):
        world.add("a", "x", kms_key_id="alias/app")
        world.set_kms_key("alias/app", "denied")
        secretsmanager.delete_secret(SecretId="a", ForceDeleteWithoutRecovery=True)

    def test_of_a_key_that_the_secret_had_when_it_was_declared(self, world, secretsmanager):
        world.add("a", kms_key_id="alias/app")
        world.set_kms_key("alias/app", "denied")
        secretsmanager.update_secret(SecretId="a", KmsKeyId="alias/other")

    def test_of_a_key_that_is_named_by_its_arn(self, world):
        world.add("a", "x", kms_key_id=KEY)
        world.set_kms_key(KEY_ARN, "disabled")

    def test_of_the_default_key_which_a_test_denies_to_show_that_nobody_uses_it(self, world):
        world.set_kms_key("alias/aws/secretsmanager", "denied")

    def test_of_a_key_that_is_only_enabled(self, world):
        world.set_kms_key("alias/app", "enabled")


def test_of_a_seed_that_no_call_has_planted_nothing_is_said_either():
    with mock_stages({"a": "x"}) as world:
        world.set_kms_key("alias/aws/secretsmanager", "disabled")


def test_reset_tells_of_the_keys_that_it_forgets(told):
    with mock_stages() as world:
        world.set_kms_key("alias/app", "denied")
        world.reset()
        world.add("a", "x", kms_key_id="alias/app")
    assert [str(warning.message) for warning in told] == [text("alias/app", "denied", " none")]


@pytest.mark.filterwarnings("error::fake_secrets.FakeSecretsWarning")
class TestKeysThatWereUsed:
    def test_of_a_secret_that_is_gone(self, secretsmanager):
        with mock_stages() as world:
            world.set_kms_key("alias/app", "disabled")
            world.add("x", "y", kms_key_id="alias/app")
            secretsmanager.delete_secret(SecretId="x", ForceDeleteWithoutRecovery=True)

    def test_in_a_call_that_is_refused(self, secretsmanager):
        with mock_stages() as world:
            world.set_kms_key("alias/app", "disabled")
            with pytest.raises(secretsmanager.exceptions.ClientError):
                secretsmanager.create_secret(Name="bad name!", SecretString="x", KmsKeyId="alias/app")

    def test_that_is_enabled_again(self):
        with mock_stages() as world:
            world.set_kms_key("alias/app", "disabled")
            world.set_kms_key("alias/app", "enabled")
