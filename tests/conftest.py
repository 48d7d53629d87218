"""Fixtures that all tests share."""

import freezegun
import pytest

pytest.register_assert_rewrite("vectors")

ACCOUNT_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "SECRETS_MANAGER_ENDPOINT",
)


@pytest.fixture(scope="session", autouse=True)
def machine_without_an_account(tmp_path_factory):
    """Hide any AWS account of this machine, so that the tests behave the same everywhere."""
    nowhere = tmp_path_factory.mktemp("aws") / "absent"
    with pytest.MonkeyPatch.context() as patch:
        for name in ACCOUNT_VARIABLES:
            patch.delenv(name, raising=False)
        patch.setenv("AWS_CONFIG_FILE", str(nowhere))
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere))
        # botocore looks for an instance's credentials over the network.
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture
def freezer_at_noon():
    """A clock that stands at noon, so that the waits of a scenario stay within the day."""
    with freezegun.freeze_time("2026-03-04T12:00:00Z", ignore=["hypothesis", "_pytest"]) as clock:
        yield clock
