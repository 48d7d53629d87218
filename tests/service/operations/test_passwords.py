"""GetRandomPassword, through a client."""

import string

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

SWITCHES = {
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
}


def password(client, **request):
    return client.get_random_password(**request)["RandomPassword"]


def test_by_default_it_has_32_characters_of_every_type(secretsmanager):
    made = password(secretsmanager)
    assert len(made) == 32
    assert all(set(made) & set(characters) for characters in SWITCHES.values())


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    length=st.integers(4, 60),
    switched_off=st.sets(st.sampled_from(sorted(SWITCHES)), max_size=3),
    excluded=st.text(st.sampled_from("aA0!/@\"'\\ "), max_size=8),
    has_space=st.booleans(),
    requires_each=st.booleans(),
)
def test_every_rule_holds_at_once(secretsmanager, length, switched_off, excluded, has_space, requires_each):
    made = password(
        secretsmanager,
        PasswordLength=length,
        ExcludeCharacters=excluded,
        IncludeSpace=has_space,
        RequireEachIncludedType=requires_each,
        **dict.fromkeys(switched_off, True),
    )
    assert len(made) == length
    wanted = {name: set(characters) for name, characters in SWITCHES.items() if name not in switched_off}
    allowed = set().union(*wanted.values(), {" "} if has_space else set()) - set(excluded)
    assert set(made) <= allowed
    if requires_each:
        assert all(set(made) & characters for characters in wanted.values())


def test_a_member_that_is_null_is_absent(raw):
    assert len(password(raw, PasswordLength=None, RequireEachIncludedType=None)) == 32


def test_two_passwords_differ(secretsmanager):
    assert password(secretsmanager) != password(secretsmanager)


@pytest.mark.parametrize("length", [1, 4096])
def test_the_shortest_and_the_longest_password(secretsmanager, length):
    assert len(password(secretsmanager, PasswordLength=length, RequireEachIncludedType=False)) == length


def test_a_space_alone_is_enough(secretsmanager):
    everything = dict.fromkeys(SWITCHES, True)
    assert password(secretsmanager, IncludeSpace=True, PasswordLength=3, **everything) == "   "


def test_punctuation_is_these_thirty_two_characters(secretsmanager):
    others = {name: True for name in SWITCHES if name != "ExcludePunctuation"}
    made = password(secretsmanager, PasswordLength=4096, **others)
    assert set(made) == set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


@pytest.mark.parametrize("has_space", [True, False])
def test_a_space_appears_only_if_it_is_included(secretsmanager, has_space):
    made = password(secretsmanager, PasswordLength=4096, IncludeSpace=has_space)
    assert (" " in made) is has_space
    assert " " not in password(secretsmanager, PasswordLength=4096, IncludeSpace=has_space, ExcludeCharacters=" ")


@pytest.mark.parametrize("switched_off", [0, 1, 2, 3])
def test_a_password_must_have_room_for_every_required_type(secretsmanager, refusal, switched_off):
    switches, needed = dict.fromkeys(list(SWITCHES)[:switched_off], True), 4 - switched_off
    # The space isn't required.
    assert len(password(secretsmanager, PasswordLength=needed, IncludeSpace=True, **switches)) == needed
    if needed > 1:
        refused = refusal(secretsmanager.get_random_password, PasswordLength=needed - 1, **switches)
        assert refused == (
            "InvalidParameterException",
            "Password length is too short based on the required types.",
        )


def test_a_type_that_is_switched_off_may_be_emptied(secretsmanager):
    made = password(secretsmanager, ExcludeCharacters=string.digits, ExcludeNumbers=True)
    assert not set(made) & set(string.digits)


def test_a_type_may_be_emptied_if_no_type_is_required(secretsmanager):
    made = password(secretsmanager, ExcludeCharacters=string.digits, RequireEachIncludedType=False)
    assert not set(made) & set(string.digits)


@pytest.mark.parametrize(
    ("request_members", "message"),
    [
        (dict.fromkeys(SWITCHES, True), "All characters have been excluded from selection."),
        (
            {**dict.fromkeys(SWITCHES, True), "IncludeSpace": True, "ExcludeCharacters": " "},
            "All characters have been excluded from selection.",
        ),
        ({"ExcludeCharacters": string.digits}, "All characters of the desired type have been excluded"),
        ({"PasswordLength": 3}, "Password length is too short based on the required types."),
    ],
)
def test_impossible_requests_are_refused(secretsmanager, refusal, request_members, message):
    assert refusal(secretsmanager.get_random_password, **request_members) == (
        "InvalidParameterException",
        message,
    )


@pytest.mark.parametrize(
    ("length", "bound"), [(0, "greater than or equal to 1"), (4097, "less than or equal to 4096")]
)
def test_a_length_out_of_range_is_refused(raw, refusal, length, bound):
    assert refusal(raw.get_random_password, PasswordLength=length) == (
        "ValidationException",
        (
            f"1 validation error detected: Value '{length}' at 'passwordLength' failed to satisfy constraint: "
            f"Member must have value {bound}"
        ),
    )
