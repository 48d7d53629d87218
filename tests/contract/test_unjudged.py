"""What can't be judged without a service double, or without what it offers."""

import unittest

import pytest
from contract.gallery_modules import load
from rotators import Rotator

from fake_secrets import RotationContract, check_rotation
from fake_secrets.contract.families import FAMILIES

# pytest would collect a class with a name of this kind.
Contract = RotationContract


class Silent:
    """It answers no question."""


class Accepting(Silent):
    def accepts(self, value):
        return True


class Listing(Silent):
    def accepted(self):
        return []

    def drop(self, value):
        pass


class Complete(Accepting, Listing):
    pass


def check(service=None, only="plain"):
    exhibit = load("good", "generic_as_documented")
    return check_rotation(exhibit.handler, **{**exhibit.arguments, "service": service}, only=only)


def test_without_a_service_double_it_is_told_what_was_not_judged_and_what_was_left_out():
    unjudged, left_out = check().left_out

    assert unjudged.startswith(
        "There is no service double (service=), so what only the service shows wasn't judged"
    )
    assert left_out == (
        "testSecret.dropped-before, mode.cold, mode.rotated-elsewhere and limit.credentials were left out, "
        "because there is no service double."
    )


@pytest.mark.parametrize(
    ("service", "begins"),
    [
        (
            Silent,
            [
                "The service double has neither accepts nor accepted",
                (
                    "testSecret.dropped-before, mode.cold, mode.rotated-elsewhere and limit.credentials were left "
                    "out, because the double "
                    "has no accepted and no drop."
                ),
            ],
        ),
        (
            Accepting,
            [
                "The service double has no accepted",
                (
                    "testSecret.dropped-before and limit.credentials were left out, because the double has no "
                    "accepted and no drop."
                ),
            ],
        ),
        (Listing, ["The service double has no accepts,"]),
        (Complete, []),
    ],
)
def test_what_a_double_does_not_offer_is_told(service, begins):
    left_out = check(service).left_out

    assert len(left_out) == len(begins)
    assert all(sentence.startswith(begin) for sentence, begin in zip(left_out, begins, strict=True))


@pytest.mark.slow
def test_what_is_said_to_be_left_out_is_tried_with_a_complete_double():
    exhibit = load("good", "single_user")
    scenarios = [
        check_rotation(exhibit.handler, **exhibit.arguments, only=scenario).scenarios
        for scenario in ("testSecret.dropped-before", "mode.cold", "mode.rotated-elsewhere", "limit.credentials")
    ]

    assert [one for (one,) in scenarios] == [
        "testSecret.dropped-before",
        "mode.cold",
        "mode.rotated-elsewhere",
        "limit.credentials",
    ]


@pytest.mark.slow
def test_it_is_told_once_by_the_undisturbed_rotations_and_not_by_each_family():
    assert check(only="modes").left_out == ()


def test_a_report_shows_it_in_lines_that_fit():
    lines = str(check()).splitlines()

    assert (
        "There is no service double (service=), so what only the service shows wasn't judged: whether a" in lines
    )
    assert max(map(len, lines)) <= 100


def test_a_report_passes_with_what_was_left_out():
    assert check().passed


@pytest.mark.slow
def test_no_family_is_skipped_for_it():
    class WithoutDouble(Contract):
        handler = staticmethod(load("good", "generic_as_documented").handler)
        secret = load("good", "generic_as_documented").arguments["secret"]

    contract = WithoutDouble()
    contract.test_plain()
    assert contract._report.left_out
    contract.test_modes()
    with pytest.raises(unittest.SkipTest, match="consumers is empty"):
        contract.test_consumers()


@pytest.mark.slow
def test_an_allowance_is_looked_for_in_all_families_without_a_double():
    class WithoutDouble(Contract):
        handler = staticmethod(load("good", "generic_as_documented").handler)
        secret = load("good", "generic_as_documented").arguments["secret"]
        # The last family but two shows it, after others that show nothing.
        allow = {"promotes-empty-version": "as AWS's templates do", "stuck-after-failure": "never found"}

    with pytest.raises(AssertionError, match="allow names 'stuck-after-failure', which no scenario shows"):
        WithoutDouble().test_allow()


def test_a_function_that_cannot_rotate_names_the_obstacle():
    report = check_rotation(Rotator(finishes=False), secret="the-old-password")

    assert report.obstacle == "current-not-moved"
    assert report.left_out[0].startswith(
        "The function wasn't disturbed, because an undisturbed rotation shows current"
    )


def test_a_function_that_can_rotate_has_no_obstacle():
    assert check().obstacle is None
    assert set(FAMILIES) > {"plain"}
