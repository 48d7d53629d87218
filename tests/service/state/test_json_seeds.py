"""Seeds as JSON have the form of `mock_stages`, with a form for binary values."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_secrets import SeedError, mock_stages
from fake_secrets.service.state.json_seeds import secrets_of_text

SECRET = "s3cr3t-value-0815"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        ({"username": "app"}, {"username": "app"}),
        ({"AWSCURRENT": "new", "AWSPREVIOUS": {"a": 1}}, {"AWSCURRENT": "new", "AWSPREVIOUS": {"a": 1}}),
        ({"SecretBinary": "AAE="}, b"\x00\x01"),
        ({"AWSCURRENT": {"SecretBinary": "AAE="}}, {"AWSCURRENT": b"\x00\x01"}),
        ({"SecretBinary": "AAE=", "other": 1}, {"SecretBinary": "AAE=", "other": 1}),
        (None, None),
        ({"AWSCURRENT": "a", "AWSPENDING": None}, {"AWSCURRENT": "a", "AWSPENDING": None}),
    ],
    ids=str,
)
def test_each_form_of_a_value_is_read(value, expected):
    assert secrets_of_text(json.dumps({"a": value})) == {"a": expected}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "isn't JSON: Expecting value at line 1, column 1"),
        (f'{{"a": "{SECRET}"', "isn't JSON: Expecting ',' delimiter at line 1, column 26"),
        (b"\xff", "isn't JSON: it isn't UTF-8"),
        ("[" * 200_000, "is nested too deeply"),
        (f'["{SECRET}"]', "isn't a JSON object from secret name to value"),
        (f'{{"a": ["{SECRET}"]}}', "secret 'a' has a list for its value. Write a text, or an object"),
        ('{"a": true}', "secret 'a' has true or false for its value. Write a text, or an object"),
        ('{"a": {"AWSCURRENT": 1.5}}', "secret 'a', label 'AWSCURRENT' has a number for its value. "),
        (f'{{"a": {{"SecretBinary": "{SECRET}"}}}}', "secret 'a' has a SecretBinary that isn't base64"),
        (f'{{"a": "{SECRET}", "a": "{SECRET}"}}', "has 'a' twice in one object"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_another_form_is_refused_without_showing_a_value(text, message):
    with pytest.raises(SeedError) as raised:
        secrets_of_text(text)

    assert str(raised.value).startswith(message)
    assert SECRET not in str(raised.value)


@pytest.mark.slow
@given(
    st.dictionaries(st.from_regex(r"[a-z/]{1,20}", fullmatch=True), st.text(min_size=1, max_size=50), max_size=5)
)
def test_a_seed_of_texts_gives_the_same_world_as_in_python(secrets):
    with mock_stages(secrets_of_text(json.dumps(secrets))) as fake_secrets:
        assert {secret.name: secret.secret_string for secret in fake_secrets} == secrets
