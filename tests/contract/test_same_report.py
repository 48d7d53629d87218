"""A report is the same each time, and holds no secret value."""

import os
import queue
import subprocess
import sys
from pathlib import Path

import pytest
from contract.test_false_alarms import RUNNING, SECRET, STEPS, Server, drained, guarded, has_pending, read, store
from contract.test_other_faulty_functions import KEY, KEY_STEPS, Keys, revoke_before_finish

import fake_secrets
from fake_secrets.contract.checking import check_rotation

_PROGRAM = """
from contract.test_false_alarms import STEPS, guarded
from contract.test_other_faulty_functions import KEY, KEY_STEPS, Keys, revoke_before_finish
from fake_secrets.contract.checking import check_rotation
steps = {**KEY_STEPS, "finishSecret": revoke_before_finish}
print(check_rotation(guarded(steps), secret=KEY, service=Keys, only="kills"))
"""


def in_another_process(seed):
    folder = Path(__file__).parents[1]
    path = os.pathsep.join([str(folder), str(Path(fake_secrets.__file__).parents[1])])
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout


@pytest.mark.slow
def test_other_processes_give_the_same_report():
    steps = {**KEY_STEPS, "finishSecret": revoke_before_finish}
    here = str(check_rotation(guarded(steps), secret=KEY, service=Keys, only="kills"))

    assert "old-destroyed-early" in here
    assert in_another_process("1") == in_another_process("2") == f"{here}\n"


def everything_shown(report):
    return f"{report} {report!r} {[(str(one), repr(one)) for one in (*report.violations, *report.notes)]}"


@pytest.mark.slow
def test_no_credential_that_was_never_stored_is_shown():
    made = queue.SimpleQueue()

    def make_and_tell(client, arn, token):
        if has_pending(client, arn, token):
            return
        key = RUNNING["server"].make()
        made.put(key)
        try:
            store(client, arn, token, {**read(client, arn), **key})
        except Exception as error:
            raise RuntimeError(f"could not store {key}") from error

    report = check_rotation(
        guarded({**KEY_STEPS, "createSecret": make_and_tell}), secret=KEY, service=Keys, only="errors"
    )

    shown = everything_shown(report)
    keys = drained(made)
    assert keys
    assert all(key["secret"] not in shown for key in keys)


def test_no_credential_is_shown_that_the_function_makes_and_puts_into_its_errors():
    made = queue.SimpleQueue()

    def set_and_tell(client, arn, token):
        pending = read(client, arn, token)
        made.put(pending["password"])
        RUNNING["server"].log_in("nobody", f"{pending['password']}")

    report = check_rotation(guarded({**STEPS, "setSecret": set_and_tell}), secret=SECRET, service=Server)

    shown = everything_shown(report)
    assert {one.name for one in report.violations} == {"never-succeeds"}
    values = drained(made)
    assert values
    assert all(one not in shown for one in [*values, SECRET["password"]])


def test_an_error_that_names_the_user_is_shown():
    def set_and_refuse(client, arn, token):
        RUNNING["server"].log_in("app", "wrong")

    report = check_rotation(
        guarded({**STEPS, "setSecret": set_and_refuse}), secret={**SECRET, "username": "app"}, service=Server
    )

    assert "setSecret raises Refused in log_in: app" in str(report) or "raises Refused: app" in str(report)
