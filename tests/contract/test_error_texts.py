"""Texts of the function's errors in a report: what may be a secret value isn't shown."""

import json
import os

import pytest
from rotators import Rotator

from fake_secrets import check_rotation


def raising(text):
    """Return a function whose setSecret always raises an error with a text."""
    rotate = Rotator()

    def handler(event, context):
        if event["Step"] == "setSecret":
            raise RuntimeError(text())
        rotate(event, context)

    return handler


def detail_of(text, secret, **arguments):
    (violation,) = check_rotation(raising(lambda: text), secret=secret, **arguments).violations
    return violation.detail


@pytest.mark.slow
def test_a_text_without_a_value_is_shown():
    assert detail_of("no route to host", "hunter2") == "setSecret raises RuntimeError: no route to host"


@pytest.mark.slow
@pytest.mark.parametrize("secret", ["hunter2", {"password": "hunter2"}, {"logins": {"app": "hunter2"}}])
def test_a_short_value_is_not_shown(secret):
    assert "hunter2" not in str(check_rotation(raising(lambda: "refused hunter2"), secret=secret))


def test_a_name_in_the_value_is_shown():
    assert "no user app" in detail_of("no user app", {"username": "app", "password": "hunter2"})


@pytest.mark.slow
def test_the_value_of_a_variable_is_not_shown():
    handler = raising(lambda: f"refused {os.environ['ADMIN_PW']}")
    report = check_rotation(handler, secret="the-old-password", environment={"ADMIN_PW": "env-secret-12345"})

    assert "env-secret-12345" not in str(report)


def test_an_error_whose_text_cannot_be_made_is_told_without_one():
    class NoTextError(Exception):
        def __str__(self):
            raise ValueError

    def handler(event, context):
        raise NoTextError

    (violation,) = check_rotation(handler, secret="hunter2").violations
    assert violation.detail == "createSecret raises NoTextError"


def test_a_lone_surrogate_is_escaped():
    report = check_rotation(raising(lambda: "caf\udce9 is closed"), secret="hunter2")

    assert report.violations[0].detail == "setSecret raises RuntimeError: caf\\udce9 is closed"
    for text in (str(report), report.json(), report.html(), report.junit()):
        assert text.encode().decode() == text


@pytest.mark.slow
def test_a_lone_surrogate_in_a_reason_is_escaped_as_in_json():
    allow = {"never-succeeds": "caf\udce9"}
    report = check_rotation(raising(lambda: "closed"), secret="hunter2", allow=allow)

    told = json.loads(report.json().encode())
    assert told["violations"][0]["allowed"] == allow["never-succeeds"]


@pytest.mark.slow
def test_a_value_that_is_escaped_as_in_xml_is_not_shown():
    secret = {"username": "app", "password": "T>z<q&4xK-1"}
    report = check_rotation(raising(lambda: "answer: <pw>T&gt;z&lt;q&amp;4xK-1</pw>"), secret=secret)

    details = {one.name: one.detail for one in report.violations}
    assert details["never-succeeds"] == "setSecret raises RuntimeError"
    assert "4xK-1" not in str(report)
