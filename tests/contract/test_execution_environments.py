"""Execution environments: what a function keeps from one invocation to the next must not matter."""

import functools
import os

import pytest
from contract.test_false_alarms import (
    RUNNING,
    SECRET,
    STEPS,
    Quiet,
    Refused,
    Server,
    can_log_in,
    create,
    guarded,
    has_pending,
    password,
    read,
    secretsmanager,
    set_password,
    store,
)

from fake_secrets import check_rotation

KEPT = {}


def check(steps, only, *, service=Server, secret=SECRET):
    return check_rotation(guarded({**STEPS, **steps}), secret=secret, service=service, only=only)


def names(report):
    return [one.name for one in report.violations]


def create_and_keep(client, arn, token):
    create(client, arn, token)
    KEPT[arn] = read(client, arn, token)


def set_kept(client, arn, token):
    pending = KEPT[arn]
    if not can_log_in(pending):
        RUNNING["server"].set_password(pending["username"], pending["password"])


@pytest.mark.slow
def test_a_value_that_a_step_keeps_for_the_next_one_is_a_violation():
    steps = {"createSecret": create_and_keep, "setSecret": set_kept}
    (violation,) = check(steps, "modes").violations
    assert (violation.name, violation.scenario) == ("needs-warm-start", "mode.cold")
    assert violation.detail.startswith("setSecret raises KeyError")
    assert violation.detail.endswith(", if each step runs in a new execution environment")


def create_and_keep_in_environment(client, arn, token):
    create(client, arn, token)
    os.environ["NEW_USER"] = read(client, arn, token)["username"]


def set_from_environment(client, arn, token):
    assert os.environ["NEW_USER"]
    set_password(client, arn, token)


@pytest.mark.slow
def test_a_variable_of_the_environment_that_a_step_sets_is_one():
    steps = {"createSecret": create_and_keep_in_environment, "setSecret": set_from_environment}
    assert names(check(steps, "mode.cold")) == ["needs-warm-start"]


def set_kept_or_read(client, arn, token):
    KEPT.setdefault(token, read(client, arn, token))
    set_password(client, arn, token)


@pytest.mark.slow
@pytest.mark.parametrize("only", ["mode.cold", "mode.warm"])
def test_a_cache_that_is_kept_by_token_is_none(only):
    assert names(check({"setSecret": set_kept_or_read}, only)) == []


class Database:
    """A service whose passwords are in a global of the function's module."""

    passwords = {"app": "Old-Password-1"}

    def __enter__(self):
        RUNNING["server"] = self
        RUNNING["passwords"] = dict(self.passwords)

    def __exit__(self, *exc_info):
        RUNNING.clear()

    def log_in(self, user, password):
        if RUNNING["passwords"][user] != password:
            raise Refused(user)

    def set_password(self, user, password):
        RUNNING["passwords"][user] = password


class AskedDatabase(Database):
    def accepts(self, value):
        return RUNNING["passwords"].get(value["username"]) == value["password"]


def set_anyway(client, arn, token):
    pending = read(client, arn, token)
    RUNNING["server"].set_password(pending["username"], pending["password"])


@pytest.mark.slow
@pytest.mark.parametrize("service", [Quiet, Database, AskedDatabase])
def test_a_service_double_among_the_globals_of_the_function_is_none(service):
    assert names(check({"setSecret": set_anyway}, "modes", service=service)) == []


STANDING_IN = {"password": "Old-Password-1"}


def set_standing_in(client, arn, token):
    STANDING_IN["password"] = read(client, arn, token)["password"]


def test_standing_in(client, arn, token):
    if STANDING_IN["password"] != read(client, arn, token)["password"]:
        raise Refused(arn)


test_standing_in.__test__ = False


@pytest.mark.slow
def test_a_global_that_stands_in_for_a_service_is_none():
    steps = {"setSecret": set_standing_in, "testSecret": test_standing_in}
    assert names(check(steps, "modes", service=None)) == []


KEYS = ["Old-Password-1"]


def create_key_of_a_service_that_stands_in(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        del KEYS[:-1]
        KEYS.append(password(client))
        if KEYS[-2] != current["password"]:
            raise Refused(arn)
        store(client, arn, token, {**current, "password": KEYS[-1]})


@pytest.mark.slow
def test_a_service_that_stands_in_and_knows_one_secret_only_is_none():
    steps = dict.fromkeys(("setSecret", "testSecret"), read)
    steps["createSecret"] = create_key_of_a_service_that_stands_in
    assert names(check(steps, "modes", service=None)) == []


def user_of(client, arn):
    """Return the user's name, which never changes."""
    return KEPT.setdefault("user", read(client, arn)["username"])


def create_for_kept_user(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        store(client, arn, token, {**current, "username": user_of(client, arn), "password": password(client)})


@pytest.mark.slow
def test_a_name_that_is_kept_of_another_secret_is_a_violation():
    (violation,) = check({"createSecret": create_for_kept_user}, "modes").violations
    assert (violation.name, violation.scenario) == ("mixes-up-secrets", "mode.warm")


def test_it_is_one_without_a_service_too():
    steps = dict.fromkeys(("setSecret", "testSecret"), read)
    report = check({**steps, "createSecret": create_for_kept_user}, "mode.warm", service=None)
    assert names(report) == ["mixes-up-secrets"]
    assert "The new value has a part of another secret's" in report.violations[0].detail


def create_and_keep_last(client, arn, token):
    create(client, arn, token)
    KEPT["last"] = read(client, arn, token)


def set_last(client, arn, token):
    pending = KEPT["last"]
    RUNNING["server"].set_password(pending["username"], pending["password"])


def test_the_last_value_of_whatever_secret_is_one():
    steps = {"createSecret": create_and_keep_last, "setSecret": set_last}
    assert names(check(steps, "mode.warm")) == ["mixes-up-secrets"]


@functools.lru_cache
def cached_user(arn):
    return read(secretsmanager(), arn)["username"]


def create_for_cached_user(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        store(client, arn, token, {**current, "username": cached_user(arn), "password": password(client)})


@pytest.mark.parametrize("only", ["mode.cold", "mode.warm"])
def test_a_cache_that_is_kept_by_arn_is_none(only):
    assert names(check({"createSecret": create_for_cached_user}, only)) == []


def create_from_named_secret(client, arn, token):
    if not has_pending(client, arn, token):
        current = read(client, "prod/rotated")
        store(client, arn, token, {**current, "password": password(client)})


@pytest.mark.slow
def test_a_secret_that_the_function_names_itself_is_one_even_if_it_is_the_one_of_the_check():
    (violation,) = check({"createSecret": create_from_named_secret}, "mode.warm").violations
    assert violation.name == "mixes-up-secrets"
    assert violation.cause == (
        "The function names the secret that it reads itself, instead of taking it from the event."
    )
    assert "client.get_secret_value(SecretId=arn" in violation.source


def refuse_another_secret(client, arn, token):
    # It names its secret itself, too, but no value of one gets into the other.
    if not has_pending(client, "prod/rotated", token):
        create(client, arn, token)


def test_it_is_none_if_the_function_then_fails():
    assert names(check({"createSecret": refuse_another_secret}, "mode.warm")) == []


def calls_of(violation):
    """Return the calls that a report shows, each with its delivery."""
    return [(run.heading, one.name) for run in violation.picture.runs for one in run.columns]


def test_the_calls_that_mix_are_shown_and_not_the_retries():
    (violation,) = check({"createSecret": create_for_kept_user}, "mode.warm").violations
    calls = calls_of(violation)
    assert calls[0][0] == "createSecret, of another secret"
    assert calls[-1] == ("setSecret", "GetSecretValue")
    assert "earlier calls" not in str(violation)
    assert "attempt" not in str(violation)


@pytest.mark.slow
def test_of_a_secret_that_the_function_names_itself_the_wrong_read_is_shown():
    (violation,) = check({"createSecret": create_from_named_secret}, "mode.warm").violations
    assert {heading for heading, _ in calls_of(violation)} == {"createSecret, of another secret"}
    assert calls_of(violation)[-1][1] == "PutSecretValue"


def test_a_part_of_another_secret_is_shown_up_to_the_call_that_stores_it():
    steps = dict.fromkeys(("setSecret", "testSecret"), read)
    report = check({**steps, "createSecret": create_for_kept_user}, "mode.warm", service=None)
    assert calls_of(report.violations[0])[-1] == ("createSecret", "PutSecretValue")


def test_a_value_that_is_no_longer_there_is_shown_without_the_retries():
    steps = {"createSecret": create_and_keep, "setSecret": set_kept}
    (violation,) = check(steps, "mode.cold").violations
    assert [heading for heading, _ in calls_of(violation)][-1] == "setSecret"
    assert "attempt" not in str(violation)


def test_a_dead_value_is_shown_up_to_the_call_that_has_set_another():
    steps = {"createSecret": create_and_keep_last, "setSecret": set_last, "testSecret": read}
    (violation,) = check(steps, "mode.warm").violations
    assert "The service doesn't accept the current value" in violation.detail
    assert calls_of(violation)[-1] == ("setSecret", "set_password")
