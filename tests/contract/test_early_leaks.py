"""Values that a function logs or prints before it stores them."""

import base64
import logging
import secrets
import sys

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


def found_in(handler):
    report = check_rotation(handler, secret=SECRET, service=Server, only="plain.three-times")
    return [one for one in report.violations if one.name == "leaked-value"]


def leaks_of(handler):
    return [one.detail for one in found_in(handler)]


class Key:
    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return f"Key({self.text!r})"


class LoudServer(Server):
    """A service that says on its own console what it makes."""

    def new_password(self):
        password = secrets.token_hex(12)
        print("made", password)
        return password

    def __enter__(self):
        LoudServer.it = self
        return super().__enter__()


def log_with(extra):
    LOG.info("a new password", extra={"made": extra})


SHOWING = {
    "print": (print, "stdout"),
    "error": (lambda password: print("made", password, file=sys.stderr), "stderr"),
    "log": (lambda password: LOG.warning("the new password is %s", password), "the log"),
    "extra": (log_with, "the log"),
    "dict": (lambda password: log_with({"password": password}), "the log"),
    "object": (lambda password: log_with(Key(password)), "the log"),
    "base64": (lambda password: print(base64.b64encode(f"app:{password}".encode()).decode()), "stdout"),
}


@pytest.mark.parametrize(("show", "place"), SHOWING.values(), ids=SHOWING)
def test_a_password_that_is_shown_before_it_is_stored_is_a_leak(show, place):
    assert leaks_of(creating(show)) == [f"createSecret shows 'password' in {place} before it stores it"]


def test_a_leak_before_the_value_is_stored_has_its_line_and_shows_the_calls_up_to_there():
    def show(password):
        LOG.info("made %s", password)

    (leak,) = found_in(creating(show))

    line = show.__code__.co_firstlineno + 1
    assert leak.where is not None
    assert leak.where.endswith(f"test_early_leaks.py:{line}")
    assert leak.source == 'LOG.info("made %s", password)'
    assert leak.picture is not None
    assert [run.step for run in leak.picture.runs] == ["createSecret"]
    assert leak.picture.runs[0].columns[-1].name == "PutSecretValue"


def test_what_the_service_prints_is_no_leak_of_the_function():
    def create(client, arn, token):
        value = read(client, arn)
        if not has_pending(client, arn, token):
            store(client, arn, token, {**value, "password": LoudServer.it.new_password()})

    handler = guarded({**STEPS, "createSecret": create})
    report = check_rotation(handler, secret=SECRET, service=LoudServer, only="plain.three-times")

    assert "leaked-value" not in [one.name for one in report.violations]


def test_a_key_of_the_service_that_is_logged_as_extra_is_a_leak():
    def create(client, arn, token):
        value = read(client, arn)
        if not has_pending(client, arn, token):
            password = LoudServer.it.new_password()
            log_with(password)
            store(client, arn, token, {**value, "password": password})

    handler = guarded({**STEPS, "createSecret": create})
    report = check_rotation(handler, secret=SECRET, service=LoudServer, only="plain.three-times")

    told = [one.detail for one in report.violations if one.name == "leaked-value"]
    assert told == ["createSecret shows 'password' in the log before it stores it"]


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
