"""Limits: the time that Lambda gives a function, and the number of credentials at the service."""

import time

import pytest
from contract.test_false_alarms import (
    SECRET,
    STEPS,
    Server,
    finish,
    guarded,
    secretsmanager,
    set_password,
)
from contract.test_other_faulty_functions import KEY, KEY_STEPS, ManyKeys, keep_two, make_key

from fake_secrets import check_rotation


def check(handler, *, secret=SECRET, service=Server, only="limits", **arguments):
    return check_rotation(handler, secret=secret, service=service, only=only, **arguments)


def looking_at_the_clock(step, act):
    """Return a handler that looks at its time before it makes the last calls of a step."""

    def handler(event, context):
        if event["Step"] == step:
            client, arn, token = secretsmanager(), event["SecretId"], event["ClientRequestToken"]
            stages = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
            if "AWSCURRENT" in stages[token]:
                return
            if context.get_remaining_time_in_millis() < 5000:
                act()
                return
        guarded(STEPS)(event, context)

    return handler


def refuse():
    raise TimeoutError


def wait_for_ever():
    while True:
        time.sleep(60)


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_returns_without_its_work_is_a_violation(step):
    report = check(looking_at_the_clock(step, lambda: None))
    (violation,) = report.violations
    assert violation.name == "gives-up-silently"
    assert violation.scenario == f"{step}.time-out-1"
    assert violation.detail == f"{step} passes with a second left after DescribeSecret, and hasn't done its work"


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("act", [refuse, wait_for_ever])
def test_a_step_that_raises_or_times_out_is_retried(step, act):
    report = check(looking_at_the_clock(step, act))
    assert report.violations == (), str(report)
    assert len(report.scenarios) > 10


def never_ending(client, arn, token):
    wait_for_ever()


def test_a_step_that_never_ends_is_a_violation():
    (violation,) = check(guarded({**STEPS, "setSecret": never_ending}), only="plain").violations
    assert violation.name == "times-out"
    assert violation.detail == "setSecret takes longer than the time-out of 900 seconds"


def waiting(client, arn, token):
    time.sleep(40)
    set_password(client, arn, token)


@pytest.mark.parametrize(("timeout", "names"), [(60, []), (30, ["times-out"]), (2.5, ["times-out"])])
def test_a_step_has_the_time_out_as_deployed(timeout, names):
    report = check(guarded({**STEPS, "setSecret": waiting}), only="plain", timeout=timeout)
    assert [one.name for one in report.violations] == names


def catching_everything(event, context):
    try:
        guarded({**STEPS, "setSecret": waiting})(event, context)
    except BaseException:  # noqa: BLE001 -- it is what such functions do
        return


def test_a_function_that_catches_its_own_end_has_timed_out():
    (violation,) = check(catching_everything, only="plain", timeout=30).violations
    assert violation.name == "times-out"


@pytest.mark.parametrize(
    ("timeout", "error"), [("30", TypeError), (True, TypeError), (0, ValueError), (901, ValueError)]
)
def test_other_time_outs_are_refused(timeout, error):
    with pytest.raises(error, match="timeout"):
        check(guarded(STEPS), timeout=timeout)


# Credentials at the service.


NEVER_REVOKES = {**KEY_STEPS, "createSecret": make_key, "finishSecret": finish}


def of_credentials(steps, service):
    report = check(guarded(steps), secret=KEY, service=service, only="limit.credentials")
    return [one.name for one in report.violations], report


@pytest.mark.slow
def test_one_more_credential_with_each_rotation_is_a_violation():
    names, report = of_credentials(NEVER_REVOKES, ManyKeys)
    assert names == ["credentials-pile-up"]
    assert report.violations[0].detail == "After 10 rotations, the service accepts 11 credentials instead of 1"


@pytest.mark.slow
def test_a_quota_that_ends_it_is_told():
    class FiveKeys(ManyKeys):
        quota = 5

    names, report = of_credentials(NEVER_REVOKES, FiveKeys)
    assert names == ["credentials-pile-up"]
    assert (
        "After 4 rotations, the service accepts 5 credentials instead of 1, and then "
        in report.violations[0].detail
    )


def test_two_credentials_that_take_turns_are_none():
    assert of_credentials({**KEY_STEPS, "finishSecret": keep_two}, ManyKeys)[0] == []


class ExpiringKeys(ManyKeys):
    """Keys live for a day each."""

    def __init__(self):
        super().__init__()
        self.born = {}

    def make(self):
        made = super().make()
        self.born[made["id"]] = time.time()
        return made

    def accepted(self):
        return [key for key in self.keys if time.time() < self.born.get(key, float("inf")) + 86_400]


def test_credentials_that_expire_by_themselves_are_none():
    assert of_credentials(NEVER_REVOKES, ExpiringKeys)[0] == []


def test_a_service_that_keeps_the_latest_few_is_none():
    class LatestKeys(ManyKeys):
        def make(self):
            made = super().make()
            self.keys = dict(list(self.keys.items())[-6:])
            return made

    assert of_credentials(NEVER_REVOKES, LatestKeys)[0] == []


@pytest.mark.slow
def test_a_service_that_cannot_list_them_has_no_such_scenario():
    class Silent(Server):
        accepted = None

    assert "limit.credentials" not in check(guarded(STEPS), service=Silent).scenarios
