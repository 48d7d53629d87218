"""What a report says of a function that swallows the error of a call, and does damage afterwards."""

import contextlib
import re

import pytest
from contract.test_execution_environments import check
from contract.test_false_alarms import RUNNING, SECRET, Refused, Server, finish, read, read_both
from contract.test_first_errors import swallowing
from rotation_steps import rotation_function

from fake_secrets import check_rotation
from fake_secrets.contract.services import PasswordDatabase


def cause_of(report, name):
    (violation,) = [one for one in report.violations if one.name == name]
    # The number of the line moves with this file.
    return re.sub(r"\d+\)", "N)", violation.cause), violation.mend


MEND = "Let the exception out of the function, so that the step fails. Then see why the call fails."
GOES_ON = "and the function goes on."
HERE = "tests/contract/test_swallowed_errors.py"


def create_elsewhere(client, arn, token):
    with contextlib.suppress(client.exceptions.ResourceNotFoundException):
        client.put_secret_value(
            SecretId="prod/rotatd", ClientRequestToken=token, SecretString="{}", VersionStages=["AWSPENDING"]
        )


def move_anyway(client, arn, token):
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    current = next(one for one, stages in versions.items() if "AWSCURRENT" in stages)
    client.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )


def do_nothing(client, arn, token):
    """Do nothing."""


def test_an_empty_version_is_explained_by_the_error_of_the_call_that_stores_nothing():
    steps = dict.fromkeys(("setSecret", "testSecret"), do_nothing)
    report = check({**steps, "createSecret": create_elsewhere, "finishSecret": move_anyway}, "plain", service=None)
    assert cause_of(report, "empty-current") == (
        f"PutSecretValue fails with ResourceNotFoundException in createSecret ({HERE}:N), {GOES_ON}",
        MEND,
    )


def change_by_new_user(current, pending):
    RUNNING["database"].drop_user(current["username"], by="app")
    RUNNING["database"].alter_user(pending["username"], pending["password"], by="app")


class Running(PasswordDatabase):
    def __init__(self):
        super().__init__({"app": "Old-Password-1"}, administrators=["app"])
        RUNNING["database"] = self


def test_a_dead_value_is_explained_by_the_error_of_the_call_that_should_have_set_it():
    handler = swallowing(rotation_function(change_by_new_user, lambda _: None))
    report = check_rotation(handler, secret=SECRET, service=Running, only="plain")
    assert cause_of(report, "dead-current") == (
        f"alter_user fails with StatementRefusedError in setSecret ({HERE}:N), and the function goes on.",
        MEND,
    )


class Probed(Server):
    """A server that takes another password than it is told."""

    def set_password(self, user, password):
        super().set_password(user, password[:8])


def set_unless_it_works(client, arn, token):
    current, pending = read_both(client, arn, token)
    try:
        RUNNING["server"].log_in(pending["username"], pending["password"])
    except Refused:
        RUNNING["server"].set_password(current["username"], pending["password"])


def test_a_refusal_that_tells_the_function_what_to_do_explains_nothing():
    report = check({"setSecret": set_unless_it_works, "testSecret": do_nothing}, "plain", service=Probed)
    cause, _ = cause_of(report, "dead-current")
    assert cause.startswith("The function sets something else than it stores")


class Keys(Server):
    """A server whose users have any number of keys."""

    def __init__(self):
        self.keys = ["Old-Password-1"]

    def add(self, key):
        self.keys.append(key)

    def revoke_all_but(self, *kept):
        self.keys = [key for key in self.keys if key in kept]

    def accepts(self, value):
        return value["password"] in self.keys

    def accepted(self):
        return list(self.keys)


def kept_passwords(client, arn, token):
    """Return the passwords that are kept, or none if they can't be read."""
    with contextlib.suppress(client.exceptions.ClientError):
        return [read(client, arn, **which)["password"] for which in ({}, {"token": token})]
    return []


def add_and_revoke_others(client, arn, token):
    RUNNING["server"].add(read(client, arn, token)["password"])
    RUNNING["server"].revoke_all_but(*kept_passwords(client, arn, token))


def finish_and_revoke_others(client, arn, token):
    finish(client, arn, token)
    RUNNING["server"].revoke_all_but(*kept_passwords(client, arn, token))


def add(client, arn, token):
    RUNNING["server"].add(read(client, arn, token)["password"])


@pytest.mark.parametrize(
    ("name", "scenario", "steps"),
    [
        (
            "current-destroyed",
            "finishSecret.error-5",
            {"setSecret": add, "finishSecret": finish_and_revoke_others},
        ),
        ("pending-destroyed", "setSecret.error-4", {"setSecret": add_and_revoke_others}),
    ],
)
def test_a_destroyed_credential_is_explained_by_the_read_that_tells_what_is_kept(name, scenario, steps):
    report = check({**steps, "testSecret": do_nothing}, scenario, service=Keys)
    cause, mend = cause_of(report, name)
    step = scenario.partition(".")[0]
    assert cause == (
        "GetSecretValue fails with InternalServiceError in "
        f"{step} (tests/contract/test_false_alarms.py:N), and the function goes on."
    )
    assert mend == MEND


def test_an_error_that_comes_out_explains_nothing():
    def create_and_fail(client, arn, token):
        if not RUNNING.get("failed"):
            RUNNING["failed"] = True
            client.get_secret_value(SecretId="prod/another")

    steps = dict.fromkeys(("setSecret", "testSecret"), do_nothing)
    report = check({**steps, "createSecret": create_and_fail, "finishSecret": move_anyway}, "plain", service=None)
    assert cause_of(report, "empty-current")[0].startswith("The new value was never stored")
