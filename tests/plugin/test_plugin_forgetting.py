"""The client of the fixture `secretsmanager` forgets what the faults of a test have taught it."""


def test_the_next_test_has_the_same_client_with_all_its_retries(run):
    run(
        """
        import pytest

        seen = []

        @pytest.mark.parametrize("turn", range(3))
        def test_it(fake_secrets, secretsmanager, turn):
            seen.append(secretsmanager)
            assert all(client is secretsmanager for client in seen)
            fake_secrets.add("db", "x")
            for _ in range(15):
                fake_secrets.faults.fail("GetSecretValue", "InternalServiceError", calls=1)
                with pytest.raises(secretsmanager.exceptions.InternalServiceError):
                    secretsmanager.get_secret_value(SecretId="db")
            fake_secrets.faults.fail("GetSecretValue", 503)
            secretsmanager.get_secret_value(SecretId="db")
        """
    ).assert_outcomes(passed=3)
