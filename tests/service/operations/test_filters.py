"""Filters of ListSecrets: words, prefixes, negations."""

import pytest

from fake_secrets.errors import ServiceError
from fake_secrets.service.operations.filters import matcher_of, words_of
from fake_secrets.service.state.model import StoredSecret


def secret(name="prod/app", description=None, **tags):
    return StoredSecret(
        arn="arn",
        name=name,
        region="us-east-1",
        account_id="123456789012",
        created=0.0,
        changed=0.0,
        description=description,
        tags=[{"Key": key, "Value": value} for key, value in tags.items()] or None,
    )


def finds(thing, key, *values):
    return matcher_of([{"Key": key, "Values": list(values)}])(thing)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("one two", ["one", "two"]),
        ("a/b-c_d+e=f.g@h", list("abcdefgh")),
        ("SecretOne", ["secret", "one"]),
        ("COMPANY", ["company"]),
        ("COMPANYthings", ["compan", "ythings"]),
        ("app42", ["app", "42"]),
        ("+", []),
        ("", []),
        ("abc:def", ["abc", ":def"]),
        ("abc1:2(x)", ["abc", "1", ":2", "(x", ")"]),
    ],
)
def test_text_is_split_into_words(text, words):
    assert words_of(text) == words


def test_a_name_with_two_different_separators_is_one_word():
    assert words_of("prod-AppBeta/x", is_name=True) == ["prod-appbeta/x"]


@pytest.mark.parametrize(
    ("thing", "key", "value", "found"),
    [
        (secret("prod/app"), "name", "prod", True),
        (secret("prod/app"), "name", "Prod", False),
        (secret("prod/app"), "name", "app", False),
        (secret("prod/app"), "name", "!app", True),
        (secret(team="payments"), "tag-key", "te", True),
        (secret(team="payments"), "tag-key", "pay", False),
        (secret(team="payments"), "tag-value", "pay", True),
        (secret(team="payments"), "tag-value", "!pay", False),
        (secret(), "tag-key", "a", False),
        (secret(), "tag-key", "!a", True),
        (secret(description="One AND two"), "description", "o t", True),
        (secret(description="one"), "description", "ne", False),
        (secret(), "description", "one", False),
        (secret(), "description", "!one", True),
        (secret("SecretOne"), "all", "one", True),
        (secret(description="hello"), "all", "hel", True),
        (secret(team="payments"), "all", "pay", True),
        (secret(team="payments"), "all", "team pay", True),
        (secret(), "primary-region", "us", False),
        (secret(), "owning-service", "!rds", True),
    ],
)
def test_a_filter_finds(thing, key, value, found):
    assert finds(thing, key, value) is found


def test_one_of_a_filters_values_is_enough():
    assert finds(secret("prod/app"), "name", "nothing", "prod")


def test_every_filter_must_match():
    filters = [{"Key": "name", "Values": ["prod"]}, {"Key": "description", "Values": ["one"]}]
    assert not matcher_of(filters)(secret("prod/app"))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"Values": ["a"]}, "Invalid filter key"),
        ({"Key": "name"}, "Invalid filter values for key: name"),
        ({"Key": "name", "Values": []}, "Invalid filter values for key: name"),
    ],
)
def test_a_filter_without_key_or_values_is_refused(entry, message):
    with pytest.raises(ServiceError) as refused:
        matcher_of([entry])
    assert (refused.value.code, refused.value.message) == ("InvalidParameterException", message)
