"""Worst passwords are such that AWS could return them, and as bad as the request admits."""

import itertools
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_secrets.contract.worst_passwords import (
    CLASSES,
    FILLING,
    SPECIAL,
    admitted_of,
    mild_password,
    passwords_needed,
    worst_password,
)
from fake_secrets.errors import ServiceError
from fake_secrets.ids import Ids
from fake_secrets.service.operations.passwords import random_password

SWITCHES = {
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
}

REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "PasswordLength": st.integers(1, 60),
        "ExcludeCharacters": st.text(alphabet=string.printable, max_size=40),
        "IncludeSpace": st.booleans(),
        "RequireEachIncludedType": st.booleans(),
        **dict.fromkeys(SWITCHES, st.booleans()),
    },
)
WANTED = st.sampled_from(
    [(SPECIAL, FILLING), ("'%", FILLING), ("", FILLING), *((one, one) for one in CLASSES.values())]
)


def made_for(request, seed=0):
    try:
        return random_password(Ids(seed), request)
    except ServiceError:
        return None


@given(REQUESTS, WANTED, st.integers(0, 9))
def test_aws_could_return_each_of_them(request, wanted, number):
    if made_for(request) is not None:
        check_is_admitted(request, worst_password(request, *wanted, number))


@given(REQUESTS, st.integers(0, 99))
def test_aws_could_return_each_mild_one(request, seed):
    given = made_for(request, seed)
    if given is not None:
        check_is_admitted(request, mild_password(request, given))


def check_is_admitted(request, made):
    excluded = set(request.get("ExcludeCharacters", ""))
    types = [set(characters) - excluded for switch, characters in SWITCHES.items() if not request.get(switch)]
    admitted = set().union(*types, {" "} - excluded if request.get("IncludeSpace") else set())
    assert len(made) == request.get("PasswordLength", 32)
    assert set(made) <= admitted
    if request.get("RequireEachIncludedType", True):
        assert all(kind & set(made) for kind in types)


@given(REQUESTS)
def test_several_of_them_have_all_special_characters(request):
    if made_for(request) is None or request.get("PasswordLength", 32) < 5:
        return
    count = passwords_needed(request, SPECIAL)
    made = "".join(worst_password(request, SPECIAL, FILLING, number) for number in range(count))
    assert set(made) >= set(admitted_of(request, SPECIAL)) - {" "}


def test_a_mild_one_has_one_special_character_if_that_is_required():
    made = mild_password({}, "a'%@b/C1$")
    assert sum(one in string.punctuation for one in made) == 1
    assert "_" in made
    assert mild_password({"RequireEachIncludedType": False}, "a'%@b/C1$").isalnum()


def worst(**request):
    return worst_password(request, SPECIAL, FILLING)


def test_all_special_characters_are_there_if_it_is_long_enough():
    assert set(string.punctuation) <= set(worst(PasswordLength=40))
    assert set(string.punctuation) - set(worst()) == set("-._")


def test_the_worst_are_there_if_it_is_short():
    assert set("'\"\\%@") <= set(worst(PasswordLength=8))
    assert "'" in worst(PasswordLength=4)


def test_spaces_are_at_both_ends_if_they_are_admitted():
    made = worst(IncludeSpace=True)
    assert (made[0], made[-1]) == (" ", " ")
    assert " " not in worst()


def test_one_special_character_is_at_both_ends_and_in_between():
    request = {"PasswordLength": 10, "RequireEachIncludedType": False}
    assert worst_password(request, "%", FILLING) == "%41%ab%ef%"


@pytest.mark.parametrize("name", ["uppercase", "lowercase", "numbers", "punctuation"])
def test_of_one_class_the_others_are_there_once_if_they_are_required(name):
    characters = CLASSES[name]
    made = worst_password({}, characters, characters)
    assert sum(one not in characters for one in made) == 3
    alone = worst_password({"RequireEachIncludedType": False}, characters, characters)
    assert set(alone) <= set(characters)


def test_what_is_excluded_is_not_special():
    assert admitted_of({"ExcludeCharacters": "/@\"'\\"}, SPECIAL) == "%:$;&?#+`|<>{}[]()*!~^=,-._"
    assert admitted_of({"ExcludePunctuation": True, "IncludeSpace": True}, SPECIAL) == " "


def test_passwords_of_other_numbers_differ():
    made = [worst_password({}, SPECIAL, FILLING, number) for number in range(6)]
    assert all(one != other for one, other in itertools.combinations(made, 2))
