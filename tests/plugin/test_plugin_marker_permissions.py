"""The marker says what the clients of a test may do."""

import json

import pytest
from runs_of_pytest import PYTEST_ARGUMENTS

READER = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"},
}


@pytest.fixture
def folder(pytester):
    pytester.mkdir("policies").joinpath("app.json").write_text(json.dumps(READER))
    return pytester


def test_a_policy_in_a_file_binds_the_clients_of_the_test(folder):
    folder.makepyfile(
        """
        import pytest

        @pytest.mark.fake_secrets({"db": "x"}, identity_policy="policies/app.json")
        def test_reads_only(secretsmanager):
            assert secretsmanager.get_secret_value(SecretId="db")["SecretString"] == "x"
            with pytest.raises(secretsmanager.exceptions.ClientError, match="not authorized"):
                secretsmanager.list_secrets()

        def test_without_it_everything_is_allowed(secretsmanager):
            secretsmanager.list_secrets()
        """
    )
    folder.runpytest_inprocess(*PYTEST_ARGUMENTS).assert_outcomes(passed=2)


@pytest.mark.slow
def test_a_policy_that_iam_would_refuse_is_an_error_of_its_test(folder):
    folder.makepyfile(
        """
        import pytest

        @pytest.mark.fake_secrets(identity_policy={"Version": "2012-10-17", "Statement": []})
        def test_refused(secretsmanager): pass

        @pytest.mark.fake_secrets(identity_policy="policies/other.json")
        def test_missing(secretsmanager): pass
        """
    )
    ran = folder.runpytest_inprocess(*PYTEST_ARGUMENTS)
    ran.assert_outcomes(errors=2)
    ran.stdout.fnmatch_lines(["*identity_policy: Syntax errors in policy.*"])
    ran.stdout.fnmatch_lines(["*policies/other.json*"])
