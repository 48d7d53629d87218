"""The fixtures beside a server: a client that was made for a server isn't given to tests without one."""

import pytest

ENDPOINT = "https://secretsmanager.us-east-1.amazonaws.com"


@pytest.mark.slow
def test_the_shared_client_of_the_next_test_has_the_endpoint_of_aws(pytester):
    pytester.makepyfile(f"""
        def test_one(fake_secrets_server, secretsmanager):
            assert secretsmanager.meta.endpoint_url == fake_secrets_server

        def test_two(secretsmanager):
            assert secretsmanager.meta.endpoint_url == "{ENDPOINT}"
        """)
    pytester.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=2)
