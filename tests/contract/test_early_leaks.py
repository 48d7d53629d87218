"""Values that a function logs or prints before it stores them."""

import logging
import secrets

import pytest
from contract.test_false_alarms import SECRET, STEPS, Server, guarded, has_pending, read, secretsmanager, store

from fake_secrets import check_rotation

LOG = logging.getLogger(__name__)


def creating(show, stored=lambda password: password):
    """Return a rotation function that makes its own password, and shows it before it stores it."""

    def create(client, arn, token):
        value = read(client, arn)
        if not has_pending(client, arn, token):
            password = secrets.token_hex(12)
            show(password)
            store(client, arn, token, {**value, "password": stored(password)})

    return guarded({**STEPS, "createSecret": create})


def leaks_of(handler):
    report = check_rotation(handler, secret=SECRET, service=Server, only="plain.three-times")
    return [one.detail for one in report.violations if one.name == "leaked-value"]


@pytest.mark.parametrize(
    "show", [print, lambda password: LOG.warning("the new password is %s", password)], ids=["print", "log"]
)
def test_a_password_that_is_shown_before_it_is_stored_is_a_leak(show):
    assert leaks_of(creating(show)) == [
        "createSecret shows 'password' in what it logs or prints before it stores it"
    ]


@pytest.mark.parametrize("show", [lambda password: None, lambda password: print(len(password), password[:2])])
def test_a_password_that_is_not_shown_is_none(show):
    assert leaks_of(creating(show)) == []


def test_what_the_sdk_logs_on_debug_is_none(caplog):
    caplog.set_level(logging.DEBUG)

    assert leaks_of(creating(lambda password: None)) == []
    assert leaks_of(guarded(STEPS)) == []


def test_a_password_that_is_shown_afterwards_too_is_one_leak():
    handler = creating(print)

    def printing(event, context):
        handler(event, context)
        if event["Step"] == "createSecret":
            print(read(secretsmanager(), event["SecretId"], event["ClientRequestToken"]))

    (told,) = leaks_of(printing)
    assert "before it stores it" not in told
