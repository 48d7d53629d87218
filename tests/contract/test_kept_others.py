"""Values of other secrets, such as an administrator's, that a function keeps although they have changed."""

import json
import time

import pytest
from contract.test_execution_environments import names
from contract.test_false_alarms import (
    RUNNING,
    SECRET,
    STEPS,
    Refused,
    Server,
    can_log_in,
    guarded,
    read,
    read_both,
)

from fake_secrets import check_rotation

MASTER = "prod/master"
MASTER_VALUE = {"username": "root", "password": "Master-Password-1"}
SCENARIO = "mode.others-changed"

KEPT = {}


class Managed(Server):
    users = {**Server.users, "root": "Master-Password-1"}


class WithoutDrop(Managed):
    drop = None


class DropsAll(Managed):
    """One that has no user left after a drop."""

    def drop(self, value):
        self.passwords.clear()


def change(master, pending):
    RUNNING["server"].log_in(master["username"], master["password"])
    RUNNING["server"].set_password(pending["username"], pending["password"])


def set_with(master_of):
    """Return setSecret that works with the master's value, read by a function of the client."""

    def set_by_master(client, arn, token):
        _, pending = read_both(client, arn, token)
        if not can_log_in(pending):
            change(master_of(client), pending)

    return set_by_master


def kept_master(client):
    if "master" not in KEPT:
        KEPT["master"] = read(client, MASTER)
    return KEPT["master"]


def master_for_a_while(client):
    value, until = KEPT.get("master", (None, 0))
    if time.time() > until:
        value = read(client, MASTER)
        KEPT["master"] = value, time.time() + 300
    return value


def master_by_version(client):
    versions = client.describe_secret(SecretId=MASTER)["VersionIdsToStages"]
    current = next(one for one, stages in versions.items() if "AWSCURRENT" in stages)
    if current not in KEPT:
        KEPT[current] = json.loads(client.get_secret_value(SecretId=MASTER, VersionId=current)["SecretString"])
    return KEPT[current]


def set_and_forget_if_refused(*, tries_again):
    """Return setSecret that forgets the master's value if it is refused, and reads it again, at once or later."""

    def set_by_master(client, arn, token):
        _, pending = read_both(client, arn, token)
        if can_log_in(pending):
            return
        try:
            change(kept_master(client), pending)
        except Refused:
            del KEPT["master"]
            if not tries_again:
                raise
            change(kept_master(client), pending)

    return set_by_master


def set_by_master_at_first(client, arn, token):
    """Log in as the user, unless that has never worked."""
    current, pending = read_both(client, arn, token)
    if not can_log_in(pending):
        change(read(client, MASTER) if current["password"] == SECRET["password"] else current, pending)


def check(set_secret, *, only=SCENARIO, service=Managed):
    handler = guarded({**STEPS, "setSecret": set_secret})
    return check_rotation(handler, secret=SECRET, service=service, other_secrets={MASTER: MASTER_VALUE}, only=only)


def test_an_administrators_value_in_a_global_is_a_violation():
    report = check(set_with(kept_master))
    (violation,) = report.violations
    assert violation.name == "stale-value-used"
    assert violation.detail == (
        "setSecret raises Refused: root, since it doesn't read the secret 'prod/master' again, which was changed "
        "after the last rotation"
    )
    assert "'prod/master'" in violation.cause
    assert violation.caller_source == 'KEPT["master"] = read(client, MASTER)'
    assert "Master-Password-1" not in str(report)


def test_it_is_a_note_if_the_service_cannot_refuse_the_old_value():
    report = check(set_with(kept_master), service=WithoutDrop)
    assert names(report) == []
    (note,) = [one for one in report.notes if one.name == "other-secret-kept"]
    assert note.detail == (
        "The function doesn't read the secret 'prod/master' again, which was changed after the last rotation"
    )


@pytest.mark.parametrize(
    "set_secret",
    [
        set_with(lambda client: read(client, MASTER)),
        set_with(master_for_a_while),
        set_with(master_by_version),
        set_by_master_at_first,
    ],
)
@pytest.mark.parametrize("service", [Managed, WithoutDrop])
def test_another_secret_that_is_read_when_it_has_changed_is_none(set_secret, service):
    report = check(set_secret, service=service)
    assert (names(report), [one.name for one in report.notes]) == ([], [])


@pytest.mark.parametrize("tries_again", [True, False])
def test_a_value_that_is_read_again_when_it_is_refused_is_none(tries_again):
    report = check(set_and_forget_if_refused(tries_again=tries_again))
    assert (names(report), [one.name for one in report.notes]) == ([], [])


def test_one_secret_that_is_kept_is_not_blamed_for_another_that_is_read_again():
    def settings(client):
        if "settings" not in KEPT:
            KEPT["settings"] = read(client, "prod/settings")
        return KEPT["settings"]

    def set_by_master(client, arn, token):
        settings(client)
        set_with(lambda client: read(client, MASTER))(client, arn, token)

    others = {MASTER: MASTER_VALUE, "prod/settings": {"mode": "usual-mode"}}
    handler = guarded({**STEPS, "setSecret": set_by_master})
    report = check_rotation(handler, secret=SECRET, service=Managed, other_secrets=others, only=SCENARIO)
    assert (names(report), [one.name for one in report.notes]) == ([], ["other-secret-kept"])
    assert "'prod/settings'" in report.notes[0].detail


def test_nothing_is_told_if_the_double_also_drops_the_secret_that_is_rotated():
    assert names(check(set_with(kept_master), service=DropsAll)) == []


@pytest.mark.slow
def test_the_scenario_is_tried_only_if_another_secret_is_read():
    assert SCENARIO in check(set_with(kept_master), only="modes").scenarios
    assert SCENARIO not in check(STEPS["setSecret"], only="modes").scenarios
