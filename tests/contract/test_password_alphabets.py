"""GetRandomPassword returns the worst passwords that it may, and the report says what characters are to blame."""

import json
import re
import shlex
import urllib.parse

import pytest
from contract.test_false_alarms import SECRET, STEPS, Refused, Server, guarded, has_pending, read, store

from fake_secrets import check_rotation

NONE = {"ExcludePunctuation": True}


def creating(request, derive=lambda password: {}):
    """Return a createSecret with a certain request, which may derive more from the password."""

    def create(client, arn, token):
        current = read(client, arn)
        if not has_pending(client, arn, token):
            made = client.get_random_password(**request)["RandomPassword"]
            store(client, arn, token, {**current, "password": made, **derive(made)})

    return create


def check(request, *, service=Server, derive=lambda password: {}, secret=SECRET, only="passwords", **steps):
    handler = guarded({**STEPS, "createSecret": creating(request, derive), **steps})
    return check_rotation(handler, secret=secret, service=service, only=only)


class Picky(Server):
    """A server that refuses some characters."""

    refused = "%"

    def set_password(self, user, password):
        if set(password) & set(self.refused):
            raise Refused(user)
        super().set_password(user, password)


@pytest.mark.slow
def test_a_service_that_takes_everything_has_no_violation():
    report = check({"IncludeSpace": True})
    assert report.violations == (), str(report)
    assert report.scenarios == tuple(
        f"password.{name}" for name in ("worst", "uppercase", "lowercase", "numbers", "punctuation", "space")
    )


def test_classes_that_are_excluded_have_no_scenario():
    report = check({"ExcludePunctuation": True, "ExcludeNumbers": True})
    assert report.scenarios == ("password.worst", "password.uppercase", "password.lowercase")


@pytest.mark.slow
def test_the_characters_that_a_service_refuses_are_named():
    (violation,) = check({}, service=Picky).violations
    assert violation.name == "unusable-password"
    assert violation.scenario == "password.worst"
    assert violation.detail.endswith(", if the password has '%'")


@pytest.mark.slow
@pytest.mark.parametrize(("refused", "told"), [("'", '"\'"'), (".", "'.'")])
def test_a_character_that_reads_like_punctuation_is_quoted(refused, told):
    (violation,) = check({}, service=type("Other", (Picky,), {"refused": refused})).violations
    assert violation.detail.endswith(f", if the password has {told}")


@pytest.mark.slow
def test_all_of_several_characters_are_named():
    class Pickier(Picky):
        refused = "@/:"

    (violation,) = check({}, service=Pickier).violations
    assert violation.detail.endswith(", if the password has one of '@' '/' ':'")


@pytest.mark.slow
def test_characters_that_are_excluded_are_none():
    assert check({"ExcludeCharacters": "%"}, service=Picky).violations == ()


@pytest.mark.slow
def test_a_service_that_refuses_the_usual_password_is_no_obstacle():
    report = check({}, service=Picky, only=None)
    assert {one.name for one in report.violations} == {"unusable-password"}, str(report)
    assert report.left_out == ()
    assert "password.usual" in report.scenarios


@pytest.mark.slow
@pytest.mark.parametrize("length", [5, 8])
def test_a_character_is_found_in_short_passwords(length):
    class Pickiest(Picky):
        refused = "~"

    (violation,) = check({"PasswordLength": length}, service=Pickiest).violations
    assert violation.detail.endswith(", if the password has '~'")


URL = "postgres://app:{}@db.internal:5432/orders"


def url_of(password):
    return {"url": URL.format(password)}


def quoted_url_of(password):
    return {"url": URL.format(urllib.parse.quote(password, safe=""))}


@pytest.mark.slow
def test_a_url_that_does_not_read_back():
    secret = {**SECRET, "url": URL.format(SECRET["password"])}
    (violation,) = check({}, derive=url_of, secret=secret).violations
    assert violation.name == "unusable-password"
    assert violation.detail == (
        "'url' of the new value doesn't read back to the password in it, if the password has one of "
        "'%' '/' '?' '#' '[' ']'"
    )


@pytest.mark.slow
@pytest.mark.parametrize("request_", [{}, {"IncludeSpace": True}])
def test_a_url_that_is_quoted(request_):
    assert check(request_, derive=quoted_url_of).violations == ()
    assert check(request_, derive=lambda made: {"url": URL.format(urllib.parse.quote_plus(made))}).violations == ()


def libpq(password):
    quoted = password.replace("\\", r"\\").replace("'", r"\'")
    return {"dsn": f"host=db.internal user=app password='{quoted}' dbname=orders"}


def odbc(password):
    return {"dsn": f"Driver={{PostgreSQL}};Server=db.internal;Pwd={{{password.replace('}', '}}')}}};"}


def shell(password):
    return {"rc": f"export PGUSER=app PGPASSWORD={shlex.quote(password)}"}


def shell_in_double_quotes(password):
    quoted = re.sub(r'([\\"$`])', r"\\\1", password)
    return {"rc": f'PGPASSWORD="{quoted}"'}


def yaml(password):
    return {"yaml": "password: '{}'".format(password.replace("'", "''"))}


def copy(password):
    return {"copy": json.dumps({"password": password})}


@pytest.mark.slow
@pytest.mark.parametrize("derive", [libpq, odbc, copy, shell, shell_in_double_quotes, yaml])
def test_other_texts_that_are_quoted(derive):
    assert check({"IncludeSpace": True}, derive=derive).violations == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "blamed"),
    [
        ("host=db.internal user=app password={}", "one of \"'\" '\\'"),
        ("Server=db.internal;Uid=app;Pwd={}", "';'"),
        ('{{"user": "app", "password": "{}"}}', "one of '\"' '\\'"),
    ],
)
def test_other_texts_that_do_not_read_back(text, blamed):
    (violation,) = check({}, derive=lambda made: {"other": text.format(made)}).violations
    assert violation.name == "unusable-password"
    assert violation.detail.partition("the password has ")[2] == blamed


def asking_until_it_suits(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        made = "%"
        while not made.isalnum() or made[0].isdigit():
            made = client.get_random_password(PasswordLength=12, RequireEachIncludedType=False)["RandomPassword"]
        store(client, arn, token, {**current, "password": made})


@pytest.mark.slow
def test_a_function_that_asks_until_a_password_suits_it_has_no_violation():
    assert check({}, createSecret=asking_until_it_suits).violations == ()
