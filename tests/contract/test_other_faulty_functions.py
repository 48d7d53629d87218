"""Faulty functions that differ from the gallery's: their bugs are named all the same."""

import contextlib
import hashlib
import json
import random
import sys
import time
import uuid

import pytest
from contract.test_false_alarms import (
    RUNNING,
    SECRET,
    STEPS,
    Refused,
    Rotator,
    Server,
    can_log_in,
    finish,
    guarded,
    has_pending,
    password,
    read,
    read_both,
    secretsmanager,
    set_password,
    store,
)

from fake_secrets.contract.checking import check_rotation
from fake_secrets.contract.own_modules import OwnModules

# A check takes some seconds.
pytestmark = pytest.mark.long


def named(handler, **arguments):
    report = check_rotation(handler, **{"secret": SECRET, "service": Server, **arguments})
    return {one.name for one in report.violations}, report


# createSecret


def keeps_what_a_put_refuses(client, arn, token):
    """Make a value each time, and take a refused put for the sign that another one is stored."""
    value = {**read(client, arn), "password": password(client)}
    store(client, arn, token, value)


def by_constant_hash(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        digest = hashlib.sha256(current["password"].encode()).hexdigest()
        store(client, arn, token, {**current, "password": digest})


def by_seeded_uuid(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        store(client, arn, token, {**current, "password": str(uuid.UUID(int=random.getrandbits(128)))})


def by_time(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        store(client, arn, token, {**current, "password": f"Pw-{int(time.time() * 1000):x}-rotated"})


def with_stale_dsn(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        current.setdefault("dsn", f"host=db.internal user=app password={current['password']}")
        store(client, arn, token, {**current, "password": password(client)})


def under_another_stage_too(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        client.put_secret_value(
            SecretId=arn,
            ClientRequestToken=token,
            SecretString=json.dumps({**current, "password": password(client)}),
            VersionStages=["AWSPENDING", "AWSCURRENT"],
        )


def with_update_secret(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        value = json.dumps({**current, "password": password(client)})
        client.update_secret(SecretId=arn, SecretString=value, ClientRequestToken=token)


def with_random_token(client, arn, token):
    current = read(client, arn)
    with contextlib.suppress(client.exceptions.ResourceNotFoundException):
        if read(client, arn, token):
            return
    store(client, arn, str(uuid.uuid4()), {**current, "password": password(client)})


# setSecret


def set_nothing(client, arn, token):
    read_both(client, arn, token)


def set_only_for_another_engine(client, arn, token):
    _, pending = read_both(client, arn, token)
    if pending.get("engine") == "mysql":
        RUNNING["server"].set_password(pending["username"], pending["password"])


def set_without_probe(client, arn, token):
    current, pending = read_both(client, arn, token)
    RUNNING["server"].log_in(current["username"], current["password"])
    RUNNING["server"].set_password(pending["username"], pending["password"])


def set_whatever_is_pending(client, arn, token):
    pending = read(client, arn, token)
    if not can_log_in(pending):
        RUNNING["server"].set_password(pending["username"], pending["password"])


def set_and_return_a_status(client, arn, token):
    try:
        set_password(client, arn, token)
    except Exception as error:
        return {"statusCode": 500, "body": type(error).__name__}
    return {"statusCode": 200}


def set_truncated(client, arn, token):
    current, pending = read_both(client, arn, token)
    if not can_log_in(pending):
        RUNNING["server"].set_password(current["username"], pending["password"][:16])


# testSecret


def test_nothing(client, arn, token):
    read(client, arn, token)


def test_by_boolean(client, arn, token):
    _, pending = read_both(client, arn, token)
    return can_log_in(pending)


def test_current(client, arn, token):
    value = read(client, arn)
    if not can_log_in(value) and not can_log_in(read(client, arn, token)):
        raise ValueError("nobody can log in")


for one in (test_nothing, test_by_boolean, test_current):
    one.__test__ = False


# finishSecret


def finish_if_possible(client, arn, token):
    try:
        finish(client, arn, token)
    except client.exceptions.ClientError:
        print("could not finish")


def finish_without_remove(client, arn, token):
    client.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token)


def finish_previous_only(client, arn, token):
    client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")


FAULTY = {
    "create-not-repeatable": [{"createSecret": keeps_what_a_put_refuses}],
    "predictable-value": [
        {"createSecret": by_seeded_uuid},
        {"createSecret": by_time},
        {"createSecret": by_constant_hash},
    ],
    "wrong-derived-value": [{"createSecret": with_stale_dsn}],
    "current-moved-early": [{"createSecret": under_another_stage_too}, {"createSecret": with_update_secret}],
    "value-under-another-token": [{"createSecret": with_random_token}],
    "set-changes-nothing": [
        {"setSecret": set_nothing, "testSecret": test_nothing},
        {"setSecret": set_only_for_another_engine, "testSecret": test_nothing},
    ],
    "set-not-repeatable": [{"setSecret": set_without_probe}],
    "tampered-value-used": [{"setSecret": set_whatever_is_pending, "testSecret": STEPS["testSecret"]}],
    "swallowed-error": [{"setSecret": set_and_return_a_status}, {"finishSecret": finish_if_possible}],
    "dead-current": [{"setSecret": set_truncated, "testSecret": test_nothing}],
    "untested-value": [
        {"testSecret": test_nothing},
        {"testSecret": test_by_boolean},
    ],
    "never-succeeds": [{"finishSecret": finish_without_remove}],
    "current-not-moved": [{"finishSecret": finish_previous_only}],
}


@pytest.mark.parametrize(
    ("name", "steps"),
    [(name, steps) for name, several in FAULTY.items() for steps in several],
    ids=lambda given: given if isinstance(given, str) else "-".join(one.__name__ for one in given.values()),
)
def test_a_step_with_a_bug(name, steps):
    found, report = named(guarded({**STEPS, **steps}))

    assert found == {name}, str(report)


# The guard.


def without_label_guard(event, context):
    client, arn, token = secretsmanager(), event["SecretId"], event["ClientRequestToken"]
    by_id = {**STEPS, "setSecret": _set_by_id, "testSecret": _test_by_id, "finishSecret": _finish_by_id}
    by_id[event["Step"]](client, arn, token)


def _by_id(client, arn, token):
    return json.loads(client.get_secret_value(SecretId=arn, VersionId=token)["SecretString"])


def _set_by_id(client, arn, token):
    pending = _by_id(client, arn, token)
    if pending["username"] == read(client, arn)["username"] and not can_log_in(pending):
        RUNNING["server"].set_password(pending["username"], pending["password"])


def _test_by_id(client, arn, token):
    if not can_log_in(_by_id(client, arn, token)):
        raise Refused


def _finish_by_id(client, arn, token):
    _by_id(client, arn, token)
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    current = next(one for one, stages in versions.items() if "AWSCURRENT" in stages)
    if current != token:
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )


def test_a_finish_that_looks_at_ids_only_replaces_a_value_put_by_hand():
    found, report = named(without_label_guard)

    assert "manual-value-replaced" in found, str(report)


# Leaks.


def leaking(leak):
    def set_and_leak(client, arn, token):
        leak(*read_both(client, arn, token))
        set_password(client, arn, token)

    return guarded({**STEPS, "setSecret": set_and_leak})


def raise_wrong(current, pending):
    try:
        RUNNING["server"].log_in(pending["username"], pending["password"])
    except Refused:
        pass
    except ConnectionError as error:
        raise RuntimeError(f"cannot log in as {pending!r}") from error


@pytest.mark.parametrize(
    "leak",
    [
        lambda current, pending: print(f"setting {pending}"),
        lambda current, pending: print("old:", current["password"]),
        raise_wrong,
    ],
    ids=["the whole value", "the old password", "an exception"],
)
def test_a_leak_is_named(leak):
    found, report = named(leaking(leak))

    assert found == {"leaked-value"}, str(report)


# Keys at a service.


class Keys:
    """An API whose keys have ids, two at most."""

    quota = 3
    expires = False

    def __init__(self):
        self.keys = {"AK-OLD-000001": "first-secret-value-1"}
        self.since = {"AK-OLD-000001": 0.0}
        self.made = 1

    def __enter__(self):
        RUNNING["server"] = self
        return self

    def __exit__(self, *exc_info):
        del RUNNING["server"]

    def make(self):
        if len(self.keys) >= self.quota:
            raise Refused("quota")
        self.made += 1
        made = f"AK-NEW-{self.made:06}"
        self.keys[made] = hashlib.sha256(made.encode()).hexdigest()
        self.since[made] = time.time()
        return {"id": made, "secret": self.keys[made]}

    def revoke(self, key):
        self.keys.pop(key, None)

    def check(self, key, secret):
        if self.keys.get(key) != secret:
            raise Refused(key)

    def ids(self, older_than=0):
        return [key for key in self.keys if time.time() - self.since[key] >= older_than]

    def accepts(self, value):
        return self.keys.get(value["id"]) == value["secret"]

    def accepted(self):
        return list(self.keys)

    def drop(self, value):
        self.keys.pop(value["id"], None)


KEY = {"id": "AK-OLD-000001", "secret": "first-secret-value-1"}


def make_key(client, arn, token):
    if not has_pending(client, arn, token):
        store(client, arn, token, {**read(client, arn), **RUNNING["server"].make()})


def make_key_and_spare_known_ones(client, arn, token):
    """Revoke the keys of no version first."""
    if has_pending(client, arn, token):
        return
    current = read(client, arn)
    known = {current["id"]}
    with contextlib.suppress(client.exceptions.ResourceNotFoundException):
        value = client.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")["SecretString"]
        known.add(json.loads(value)["id"])
    # A younger key may be that of another delivery, which is about to store it.
    for key in RUNNING["server"].ids(older_than=60):
        if key not in known:
            RUNNING["server"].revoke(key)
    store(client, arn, token, {**current, **RUNNING["server"].make()})


def set_no_key(client, arn, token):
    read(client, arn, token)


def check_key(client, arn, token):
    value = read(client, arn, token)
    RUNNING["server"].check(value["id"], value["secret"])


def revoke_before_finish(client, arn, token):
    current, pending = read(client, arn), read(client, arn, token)
    if current["id"] != pending["id"]:
        RUNNING["server"].revoke(current["id"])
    finish(client, arn, token)


def revoke_after_finish(client, arn, token):
    current, pending = read(client, arn), read(client, arn, token)
    finish(client, arn, token)
    # Another delivery may have moved AWSCURRENT before it was read.
    if current["id"] != pending["id"]:
        RUNNING["server"].revoke(current["id"])


def keep_two(client, arn, token):
    """Revoke the key before the last, and then finish."""
    current, pending = read(client, arn), read(client, arn, token)
    for key in RUNNING["server"].ids():
        if key not in {current["id"], pending["id"]}:
            RUNNING["server"].revoke(key)
    finish(client, arn, token)


KEY_STEPS = {
    "createSecret": make_key_and_spare_known_ones,
    "setSecret": set_no_key,
    "testSecret": check_key,
    "finishSecret": keep_two,
}


def test_keys_that_are_looked_up_before_they_are_made_are_right():
    found, report = named(guarded(KEY_STEPS), secret=KEY, service=Keys)

    assert found == set(), str(report)


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("second-rotation-fails", {"createSecret": make_key, "finishSecret": finish}),
        ("old-destroyed-early", {"finishSecret": revoke_before_finish}),
        ("clean-up-lost", {"finishSecret": revoke_after_finish}),
    ],
)
def test_a_key_with_a_bug(name, steps):
    found, report = named(guarded({**KEY_STEPS, **steps}), secret=KEY, service=Keys)

    assert found == {name}, str(report)


class ManyKeys(Keys):
    quota = 100

    def accepted(self):
        return [{"Id": key, "Status": "Active", "CreateDate": f"2026-11-{len(key)}"} for key in self.keys]


def test_a_lost_key_is_told_from_those_that_are_kept_on_purpose():
    steps = {**KEY_STEPS, "createSecret": make_key, "finishSecret": finish}

    found, report = named(guarded(steps), secret=KEY, service=ManyKeys)

    assert found == {"orphaned-credential"}, str(report)


# Doubles that read one shape of values only, and functions that store another.


def with_a_text(client, arn, token):
    if not has_pending_text(client, arn, token):
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=password(client), VersionStages=["AWSPENDING"]
        )


def has_pending_text(client, arn, token):
    try:
        client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
    except client.exceptions.ResourceNotFoundException:
        return False
    return True


def set_text(client, arn, token):
    value = client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")["SecretString"]
    RUNNING["server"].set_password("app", value)


def test_a_value_that_the_double_cannot_read_is_one_that_the_service_refuses():
    steps = {"createSecret": with_a_text, "setSecret": set_text, "testSecret": has_pending_text}
    steps["finishSecret"] = finish_text

    found, report = named(guarded({**STEPS, **steps}))

    assert found == {"dead-current"}, str(report)


def finish_text(client, arn, token):
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    current = next(one for one, stages in versions.items() if "AWSCURRENT" in stages)
    client.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )


def test_a_double_that_cannot_read_the_first_value_is_told_so():
    class Typo(Server):
        def accepts(self, value):
            return self.passwords["app"] == value["pasword"]

    with pytest.raises(KeyError) as caught:
        named(guarded(STEPS), service=Typo)

    assert "Typo.accepts" in caught.value.__notes__[0]


# The function's own code.


class OwnRotator(Rotator):
    """What a user makes of a library's class, whose methods are handlers."""


def test_the_class_of_an_object_is_own_code_although_a_library_defines_the_method():
    method = OwnRotator.__new__(OwnRotator).create

    assert sys.modules[__name__] in OwnModules(method).loaded()
