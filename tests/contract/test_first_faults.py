"""What is wrong in undisturbed rotations is named, instead of the error that comes of it."""

import json

import pytest
from contract.test_execution_environments import check, names
from contract.test_false_alarms import (
    RUNNING,
    Refused,
    Server,
    can_log_in,
    password,
    read,
    read_both,
    store,
)

ONLY = "plain.three-times"


def found(steps, **arguments):
    (violation,) = check(steps, ONLY, **arguments).violations
    return violation


# testSecret tests the current value.


def log_in_as_current(client, arn, token):
    value = read(client, arn)
    RUNNING["server"].log_in(value["username"], value["password"])


def test_a_test_of_the_current_value_that_the_service_refuses_is_named():
    report = check({"testSecret": log_in_as_current}, "modes")
    assert names(report) == []
    assert report.obstacle == "current-instead-of-pending"
    violation = found({"testSecret": log_in_as_current})
    assert violation.name == "current-instead-of-pending"
    assert violation.detail == "testSecret tests the current value, which the service doesn't accept any more"
    assert "get_secret_value" in violation.source


def test_a_test_that_fails_before_it_reads_the_pending_value_is_no_such_test():
    def read_wrongly(client, arn, token):
        read(client, arn)
        json.loads("{")

    assert found({"testSecret": read_wrongly}).name == "never-succeeds"


# The service doesn't take over what setSecret sets.


class Committing(Server):
    """A database that forgets what isn't committed."""

    def __init__(self):
        super().__init__()
        self.changes = {}

    def execute(self, user, password):
        self.changes[user] = password

    def commit(self):
        self.passwords |= self.changes


def set_without_commit(client, arn, token):
    current, pending = read_both(client, arn, token)
    if not can_log_in(pending):
        RUNNING["server"].log_in(current["username"], current["password"])
        RUNNING["server"].execute(pending["username"], pending["password"])


def test_a_change_that_the_service_does_not_take_over_is_named():
    violation = found({"setSecret": set_without_commit}, service=Committing)
    assert violation.name == "set-changes-nothing"
    assert violation.source == 'RUNNING["server"].execute(pending["username"], pending["password"])'
    assert "commit" in violation.cause


def test_a_change_to_another_value_is_no_change_to_nothing():
    def set_another(client, arn, token):
        _, pending = read_both(client, arn, token)
        RUNNING["server"].set_password(pending["username"], pending["password"] + pending["username"])

    assert found({"setSecret": set_another}).name != "set-changes-nothing"


class Web:
    """A service that answers with a status. It can't tell all credentials that it accepts."""

    def __init__(self):
        self.passwords, self.rights = dict(Server.users), {"app"}

    def __enter__(self):
        RUNNING["server"] = self
        return self

    def __exit__(self, *exc_info):
        del RUNNING["server"]

    def get(self, user, password):
        return 200 if self.passwords.get(user) == password else 401

    def put(self, user, password):
        self.passwords[user] = password
        return 201

    def accepts(self, value):
        user = value["username"]
        return user in self.rights and self.passwords.get(user) == value["password"]


def probes(value):
    RUNNING["server"].get(value["username"], value["password"])
    return True


def set_after_probe(client, arn, token):
    _, pending = read_both(client, arn, token)
    if not probes(pending):
        RUNNING["server"].put(pending["username"], pending["password"])


def probe(client, arn, token):
    _, pending = read_both(client, arn, token)
    assert probes(pending)


def test_a_probe_whose_answer_is_not_looked_at_is_named():
    violation = found({"setSecret": set_after_probe, "testSecret": probe}, service=Web)
    assert violation.name == "set-changes-nothing"
    assert "status" in violation.cause
    assert violation.source == 'RUNNING["server"].get(value["username"], value["password"])'


def create_for_other_user(client, arn, token):
    current = read(client, arn)
    try:
        read(client, arn, token)
    except client.exceptions.ResourceNotFoundException:
        user = {"app": "app_clone", "app_clone": "app"}[current["username"]]
        store(client, arn, token, {**current, "username": user, "password": password(client)})


def put_pending(client, arn, token):
    pending = read(client, arn, token)
    RUNNING["server"].put(pending["username"], pending["password"])


def probe_pending(client, arn, token):
    assert probes(read(client, arn, token))


def test_a_new_user_without_rights_is_a_dead_value():
    steps = {"createSecret": create_for_other_user, "setSecret": put_pending, "testSecret": probe_pending}
    assert found(steps, service=Web).name == "dead-current"


# setSecret changes the current credential.


class Both(Server):
    users = {"app": "Old-Password-1", "app_clone": "Unknown-1"}


def put_for_first_user(client, arn, token):
    pending = read(client, arn, token)
    if not can_log_in(pending):
        RUNNING["server"].set_password("app_clone", pending["password"])


def log_in_as_pending(client, arn, token):
    pending = read(client, arn, token)
    RUNNING["server"].log_in(pending["username"], pending["password"])


ALTERNATING = {"createSecret": create_for_other_user, "testSecret": log_in_as_pending}


def test_the_call_of_a_later_rotation_that_destroys_the_current_credential_is_named():
    violation = found({**ALTERNATING, "setSecret": put_for_first_user}, service=Both)
    assert violation.name == "current-destroyed"
    assert violation.source == 'RUNNING["server"].set_password("app_clone", pending["password"])'
    assert violation.detail == (
        "set_password in setSecret makes the service refuse the current value, and not accept the pending one"
    )
    assert violation.timeline[-1].split()[:2] == ["4", "set_password"]


def test_nothing_else_is_tried_then():
    report = check({**ALTERNATING, "setSecret": put_for_first_user}, "modes", service=Both)
    assert report.obstacle == "current-destroyed"


def test_a_later_rotation_that_changes_no_credential_fails():
    def set_first_only(client, arn, token):
        pending = read(client, arn, token)
        if pending["username"] == "app":
            raise Refused
        RUNNING["server"].set_password(pending["username"], pending["password"])

    assert found({**ALTERNATING, "setSecret": set_first_only}, service=Both).name == "second-rotation-fails"


# What a global keeps makes a later rotation fail.

KEPT = {}


def kept(client, arn, stage, token=None):
    key = arn, stage, token
    if key not in KEPT:
        KEPT[key] = read(client, arn, token)
    return KEPT[key]


def create_of_kept(client, arn, token):
    current = kept(client, arn, "AWSCURRENT")
    try:
        kept(client, arn, "AWSPENDING", token)
    except client.exceptions.ResourceNotFoundException:
        store(client, arn, token, {**current, "password": password(client)})


def create_of_kept_stage(client, arn, token):
    if (arn, "pending") not in KEPT:
        store(client, arn, token, {**read(client, arn), "password": password(client)})
        KEPT[arn, "pending"] = read(client, arn, token)


def set_kept(client, arn, token):
    current, pending = kept(client, arn, "AWSCURRENT"), read(client, arn, token)
    if not can_log_in(pending):
        RUNNING["server"].log_in(current["username"], current["password"])
        RUNNING["server"].set_password(pending["username"], pending["password"])


def set_kept_stage(client, arn, token):
    pending = KEPT[arn, "pending"]
    RUNNING["server"].set_password(pending["username"], pending["password"])


def move_blindly(client, arn, token):
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    current = next(one for one, stages in versions.items() if "AWSCURRENT" in stages)
    client.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )


KEEPING = {
    "second-rotation-fails": {"createSecret": create_of_kept, "setSecret": set_kept},
    "empty-current": {
        "createSecret": create_of_kept_stage,
        "setSecret": set_kept_stage,
        "testSecret": lambda client, arn, token: can_log_in(KEPT[arn, "pending"]),
        "finishSecret": move_blindly,
    },
}


@pytest.mark.parametrize("name", KEEPING)
def test_a_later_rotation_that_fails_because_of_a_cache_is_told_as_that(name):
    violation = found(KEEPING[name])
    assert violation.name == name
    assert violation.cause == (
        "A global or a cache keeps what it had in an earlier rotation: in a new execution environment, the "
        "rotation succeeds."
    )


def test_a_later_rotation_that_fails_in_a_new_environment_too_is_not():
    violation = found({**ALTERNATING, "setSecret": put_for_first_user}, service=Both)
    assert "cache" not in violation.cause
