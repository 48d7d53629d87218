"""Values that a function keeps from one rotation to the next, although the secret has changed in between."""

import datetime
import functools
import json
import sys

import pytest
from contract.test_execution_environments import check, names
from contract.test_false_alarms import (
    RUNNING,
    can_log_in,
    create,
    finish,
    has_pending,
    password,
    read,
    secretsmanager,
    store,
)

CURRENT = {}


def current_of(client, arn):
    """Return the current value, which is read once."""
    if arn not in CURRENT:
        CURRENT[arn] = read(client, arn)
    return CURRENT[arn]


def create_of_kept(client, arn, token):
    current = current_of(client, arn)
    if not has_pending(client, arn, token):
        store(client, arn, token, {**current, "password": password(client)})


def set_as_kept(client, arn, token):
    current, pending = current_of(client, arn), read(client, arn, token)
    if can_log_in(pending):
        return
    RUNNING["server"].log_in(current["username"], current["password"])
    RUNNING["server"].set_password(pending["username"], pending["password"])


def finish_and_keep(client, arn, token):
    finish(client, arn, token)
    CURRENT[arn] = read(client, arn)


def test_a_key_that_is_added_between_two_rotations_and_lost_by_a_cache_is_a_violation():
    steps = {"createSecret": create_of_kept, "finishSecret": finish_and_keep}
    (violation,) = check(steps, "mode.changed-between").violations
    assert violation.name == "stale-value-used"
    assert violation.detail == (
        "createSecret stores a value without a key that was added by hand after the last rotation, if both "
        "rotations run in the same execution environment"
    )
    assert violation.source == "client.put_secret_value("


def test_a_credential_that_another_environment_has_replaced_is_one():
    steps = {"setSecret": set_as_kept, "finishSecret": finish_and_keep}
    (violation,) = check(steps, "mode.rotated-elsewhere").violations
    assert violation.name == "stale-value-used"
    assert violation.detail.startswith("setSecret raises Refused")
    assert violation.detail.endswith(", after a rotation in another execution environment")


def set_as_kept_for_a_while(client, arn, token):
    datetime.datetime.now(datetime.UTC)
    set_as_kept(client, arn, token)


@pytest.mark.parametrize("scenario", ["mode.changed-between", "mode.rotated-elsewhere"])
def test_nothing_is_told_where_dates_are_not_virtual(scenario, monkeypatch):
    for package in ("time_machine", "freezegun"):
        monkeypatch.setitem(sys.modules, package, None)
    steps = {"setSecret": set_as_kept_for_a_while, "createSecret": create_of_kept, "finishSecret": finish_and_keep}
    assert names(check(steps, scenario)) == []


@functools.lru_cache
def settings(arn):
    """Return all of the value but its password, which is read once."""
    return {name: text for name, text in read(secretsmanager(), arn).items() if name != "password"}


def create_of_settings(client, arn, token):
    if not has_pending(client, arn, token):
        store(client, arn, token, {**settings(arn), "password": password(client)})


def test_a_cache_of_functools_is_one_too():
    assert names(check({"createSecret": create_of_settings}, "modes")) == ["stale-value-used"]


VERSIONS = {}


def current_version(client, arn):
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    return next(one for one, stages in versions.items() if "AWSCURRENT" in stages)


def move(client, arn, token, current):
    client.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )


def finish_text(client, arn, token):
    move(client, arn, token, current_version(client, arn))


def finish_from_kept_version(client, arn, token):
    move(client, arn, token, VERSIONS.get(arn) or current_version(client, arn))
    VERSIONS[arn] = token


def test_the_id_of_the_version_that_was_current_is_one():
    (violation,) = check({"finishSecret": finish_from_kept_version}, "mode.changed-between").violations
    assert violation.name == "stale-value-used"
    assert violation.detail.startswith("finishSecret raises InvalidParameterException in UpdateSecretVersionStage")


class Keys:
    """A service that knows secrets which are texts."""

    def __init__(self):
        self.keys = ["first-key-of-all"]

    def __enter__(self):
        RUNNING["keys"] = self

    def __exit__(self, *exc_info):
        del RUNNING["keys"]

    def replace(self, key):
        self.keys = [key]

    def accepts(self, value):
        return value in self.keys


def read_text(client, arn, token):
    return client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")["SecretString"]


def create_text(client, arn, token):
    try:
        read_text(client, arn, token)
    except client.exceptions.ResourceNotFoundException:
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=password(client), VersionStages=["AWSPENDING"]
        )


TEXT = {
    "createSecret": create_text,
    "setSecret": lambda client, arn, token: RUNNING["keys"].replace(read_text(client, arn, token)),
    "testSecret": read_text,
}


def test_it_is_one_for_a_secret_that_is_a_text():
    steps = {**TEXT, "finishSecret": finish_from_kept_version}
    report = check(steps, "mode.changed-between", service=Keys, secret="first-key-of-all")
    assert names(report) == ["stale-value-used"]
    assert "first-key-of-all" not in str(report)


@pytest.mark.parametrize("only", ["mode.changed-between", "mode.rotated-elsewhere"])
def test_a_text_that_is_read_in_each_step_is_none(only):
    assert names(check({**TEXT, "finishSecret": finish_text}, only, service=Keys, secret="first-key-of-all")) == []


VALUES = {}


def value_of(client, arn, version):
    """Return the value of a version, which is read once: no version ever gets another value."""
    if version not in VALUES:
        VALUES[version] = json.loads(client.get_secret_value(SecretId=arn, VersionId=version)["SecretString"])
    return VALUES[version]


def create_by_version(client, arn, token):
    current = value_of(client, arn, current_version(client, arn))
    if not has_pending(client, arn, token):
        store(client, arn, token, {**current, "password": password(client)})


@pytest.mark.parametrize("only", ["mode.changed-between", "mode.rotated-elsewhere"])
def test_a_cache_that_is_kept_by_version_is_none(only):
    assert names(check({"createSecret": create_by_version}, only)) == []


def create_of_known_keys(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        known = {name: current[name] for name in ("username", "host")}
        store(client, arn, token, {**known, "password": password(client)})


def test_a_key_that_each_rotation_loses_is_no_value_of_an_earlier_one():
    assert names(check({"createSecret": create_of_known_keys}, "mode.changed-between")) == []


@pytest.mark.slow
def test_a_value_that_is_kept_of_any_secret_is_told_once():
    def last(client, arn):
        return CURRENT.setdefault("last", read(client, arn))

    def create_of_last(client, arn, token):
        if not has_pending(client, arn, token):
            store(client, arn, token, {**last(client, arn), "password": password(client)})

    assert names(check({"createSecret": create_of_last}, "modes")) == ["mixes-up-secrets"]


def test_a_correct_function_has_none():
    assert names(check({"createSecret": create}, "mode.rotated-elsewhere")) == []
