"""What is allowed hides nothing else."""

import random

import pytest
from contract.test_false_alarms import SECRET, STEPS, Server, guarded, has_pending, read, store
from contract.test_other_faulty_functions import finish_if_possible
from contract.test_other_faulty_functions import test_nothing as pass_without_test

from fake_secrets import check_rotation
from fake_secrets.contract.deviations import Deviation, Deviations

# pytest would collect it.
pass_without_test.__test__ = False

UNTESTED_AND_SWALLOWED = guarded({**STEPS, "testSecret": pass_without_test, "finishSecret": finish_if_possible})


def names(report):
    return sorted({one.name for one in report.violations if one.allowed is None})


@pytest.mark.slow
def test_an_error_that_another_step_swallows_is_found_beside_an_allowed_violation():
    report = check_rotation(
        UNTESTED_AND_SWALLOWED, secret=SECRET, service=Server, allow={"untested-value": "the vendor is slow"}
    )

    assert names(report) == ["swallowed-error"]
    assert not report.passed


@pytest.mark.slow
def test_an_untested_value_explains_no_error_that_another_step_swallows():
    report = check_rotation(UNTESTED_AND_SWALLOWED, secret=SECRET, service=Server)

    assert names(report) == ["swallowed-error", "untested-value"]


def random_password(client, arn, token):
    """Make a password that can be guessed, and print it."""
    value = read(client, arn)
    if not has_pending(client, arn, token):
        value["password"] = f"Pw-{random.getrandbits(64):x}"
        store(client, arn, token, value)
        print(value["password"])


@pytest.mark.slow
def test_a_leak_hides_no_other_violation():
    handler = guarded({**STEPS, "createSecret": random_password})
    report = check_rotation(handler, secret=SECRET, service=Server, only="plain")

    assert names(report) == ["leaked-value", "predictable-value"]


@pytest.mark.parametrize(("allow", "kept"), [((), ["pending-replaced"]), (("pending-replaced",), None)])
def test_what_follows_from_an_allowed_violation_is_kept(allow, kept):
    found = Deviations(allow)
    for name in ("pending-replaced", "set-not-repeatable"):
        found.add(Deviation(name, ""))

    assert [one.name for one in found.all] == (kept or ["pending-replaced", "set-not-repeatable"])


def test_nothing_follows_from_a_leak():
    found = Deviations()
    for name in ("leaked-value", "predictable-value"):
        found.add(Deviation(name, ""))

    assert [one.name for one in found.all] == ["leaked-value", "predictable-value"]
