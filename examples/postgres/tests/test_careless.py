"""What the contract finds in the careless function."""

import careless
import pytest
from secret_values import SECRET

from fake_secrets import check_rotation


@pytest.mark.fake_secrets(random_seed=0)
def test_a_happy_test_finds_nothing(fake_secrets, service):
    secret = fake_secrets.add("prod/shop", SECRET)
    with service() as postgres:
        assert fake_secrets.rotate(secret, careless.lambda_handler).succeeded
        assert postgres.accepts(secret.value())


@pytest.mark.fake_secrets(random_seed=1)
def test_the_happy_test_fails_when_the_password_has_a_quotation_mark(fake_secrets, service):
    secret = fake_secrets.add("prod/shop", SECRET)
    with service():
        rotation = fake_secrets.rotate(secret, careless.lambda_handler, errors="record")
    assert rotation.failed_step == "setSecret"
    assert "'" in secret.value("AWSPENDING")["password"]


def test_a_repeated_set_secret_logs_in_with_a_dead_password(service):
    report = check_rotation(careless.lambda_handler, secret=SECRET, service=service, only="repeats")
    assert [found.name for found in report.violations] == ["set-not-repeatable"]
    assert 'password authentication failed for user "app"' in str(report)


def test_two_checks_give_the_same_report(service):
    first, second = (
        check_rotation(careless.lambda_handler, secret=SECRET, service=service, only="setSecret.twice")
        for _ in range(2)
    )
    assert str(first) == str(second)


def test_a_password_with_a_quotation_mark_ends_the_text_of_the_statement(service):
    report = check_rotation(careless.lambda_handler, secret=SECRET, service=service, only="passwords")
    assert [found.name for found in report.violations] == ["unusable-password"]
    assert """setSecret raises SyntaxError, if the password has "'".""" in str(report)
