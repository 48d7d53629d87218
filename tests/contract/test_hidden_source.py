"""A report shows no line of source that holds a secret value."""

import pytest

from fake_secrets import check_rotation

PASSWORD = "old-password-1"  # the value of AWSCURRENT


def fails_beside_a_comment(event, context):
    raise RuntimeError  # the password is old-password-1


def fails_beside_a_part(event, context):
    raise RuntimeError  # admin-password-2 is that of the administrator


def fails_beside_a_name(event, context):
    raise RuntimeError  # application has another password


def check(function):
    (found,) = check_rotation(
        function,
        secret={"username": "application", "password": PASSWORD},
        other_secrets={"admin": {"password": "admin-password-2"}},
        only="plain",
    ).violations
    return found


@pytest.mark.parametrize("function", [fails_beside_a_comment, fails_beside_a_part])
def test_a_line_with_a_secret_value_is_named_without_its_text(function):
    found = check(function)

    assert found.source == ""
    assert found.where is not None
    assert f"{found.where}\n" in f"{found}\n"


def test_a_line_with_a_name_is_shown():
    assert check(fails_beside_a_name).source.startswith("raise RuntimeError  # application")
