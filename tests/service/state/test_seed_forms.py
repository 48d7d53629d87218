"""Seeds that are hardly meant as they are written, and what a user is told about them."""

import linecache
import warnings

import pytest

from fake_secrets import FakeSecretsWarning, mock_stages
from fake_secrets.service.state.seed_forms import doubts

NAMED = (
    "Secret named like a staging label: 'AWSCURRENT'. To seed a label, give the secret a name too: "
    "{\"my/secret\": {'AWSCURRENT': ...}}."
)
PLAIN = (
    "Staging labels written in another way: secret 'a' takes 'current' for keys of a JSON value. If you mean "
    "labels, write 'AWSCURRENT' instead of 'current'. If you mean JSON, give it as a str."
)


def line_of(warning):
    return linecache.getline(warning.filename, warning.lineno)


@pytest.mark.parametrize(
    ("secrets", "told"),
    [
        ({"AWSCURRENT": "x"}, NAMED),
        ({"a": {"current": "x"}}, PLAIN),
        (
            {"a": {"AWSCURRENT": "x", "previous": "y"}},
            (
                "Staging labels written in another way: secret 'a' takes 'previous' for custom labels. If you "
                "mean labels, write 'AWSPREVIOUS' instead of 'previous'. If you mean JSON, give it as a str."
            ),
        ),
        (
            {"a": {"awscurrent": "x", "awsprevious": "y"}},
            (
                "Staging labels written in another way: secret 'a' takes 'awscurrent', 'awsprevious' for keys of "
                "a JSON value. If you mean labels, write 'AWSCURRENT' instead of 'awscurrent' and 'AWSPREVIOUS' "
                "instead of 'awsprevious'. If you mean JSON, give it as a str."
            ),
        ),
    ],
)
def test_it_says_what_the_seed_is_taken_for(secrets, told):
    assert doubts(secrets) == [told]


@pytest.mark.parametrize(
    "value",
    [
        "x",
        b"x",
        None,
        {},
        {"username": "u"},
        {"current": 5, "unit": "A"},
        {"AWSCURRENT": "x", "LIVE": "y"},
        {1: 2},
    ],
)
def test_other_seeds_are_not_doubted(value):
    assert doubts({"a": value}) == []


@pytest.mark.parametrize("key", ["current", "Current", "CURRENT", "awscurrent", "AwsCurrent"])
def test_every_way_to_write_a_label_is_doubted(key):
    (told,) = doubts({"a": {key: "x"}})
    assert f"write 'AWSCURRENT' instead of {key!r}." in told


def test_it_is_told_once_when_the_world_is_left_with_the_line_that_opened_it():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with mock_stages({"a": {"current": "x"}}):
            assert told == []
    assert [(warning.category, str(warning.message)) for warning in told] == [(FakeSecretsWarning, PLAIN)]
    assert "with mock_stages(" in line_of(told[0])


def test_a_decorator_is_told_of_with_its_own_line():
    @mock_stages({"AWSCURRENT": "x"})
    def decorated():
        pass

    with pytest.warns(FakeSecretsWarning, match="^Secret named like a staging label") as told:
        decorated()
    assert '@mock_stages({"AWSCURRENT": "x"})' in line_of(told[0])


def test_add_is_told_of_with_its_own_line():
    with (
        pytest.warns(FakeSecretsWarning, match="^Secret named like a staging label") as told,
        mock_stages() as handle,
    ):
        handle.add("AWSPENDING", "x")
    assert 'handle.add("AWSPENDING"' in line_of(told[0])


def test_a_custom_label_that_begins_with_aws_is_accepted_as_aws_accepts_it():
    with mock_stages({"db": {"AWSCURRENT": "x", "AWSSOMETHING": "y"}}) as world:
        assert world["db"].value("AWSSOMETHING") == "y"
