"""Values: which parts have to do with each other."""

import io
import json
import types

import pytest

from fake_secrets.contract.values import (
    Credentials,
    changed_texts,
    derived_wrongly,
    form_of,
    has_text,
    is_identifier,
    leaves,
    with_new_texts,
)


def raw(**members):
    return json.dumps(members)


class TestForms:
    @pytest.mark.parametrize(
        ("value", "form"),
        [('{"a": "b"}', {"a": "b"}), ('["a"]', '["a"]'), ("no JSON", "no JSON"), (b'{"a": 1}', b'{"a": 1}')],
    )
    def test_only_a_json_object_becomes_a_dict(self, value, form):
        assert form_of(value) == form


class TestTexts:
    def test_texts_are_found_at_any_depth(self):
        answer = {
            "a": [1, ("b", {"c": b"d"})],
            "e": types.SimpleNamespace(f="g"),
            "h": io.BytesIO(b"i"),
            "j": True,
        }
        assert sorted(map(str, leaves(answer))) == ["1", "b", "b'd'", "b'i'", "g"]

    def test_an_object_that_leads_to_itself_is_read_to_an_end(self):
        loop = types.SimpleNamespace(name="loop")
        loop.me = loop
        assert set(leaves(loop)) == {"loop"}

    @pytest.mark.parametrize("stream", [io.BytesIO(b"closed"), io.StringIO("closed")])
    def test_a_closed_stream_has_no_texts(self, stream):
        stream.close()
        assert list(leaves([stream, "open"])) == ["open"]

    def test_an_object_that_cannot_be_read_has_no_texts(self):
        class Lazy:
            @property
            def __dict__(self):
                raise RuntimeError

        class Row(dict):
            def values(self):
                raise RuntimeError

        assert list(leaves([Lazy(), Row(), "text"])) == ["text"]

    def test_a_text_within_another_counts(self):
        assert has_text((["postgres://app:secret@db"], {}), "secret")
        assert not has_text(([], {}), "secret")


class TestChangedTexts:
    def test_public_members_and_the_whole_are_not_among_them(self):
        old = raw(username="app", host="db", password="Old-Password-1")
        new = raw(username="app_clone", host="db", password="New-Password-1")
        assert changed_texts(old, new) == {"password": "New-Password-1"}

    def test_a_text_without_json_changes_as_a_whole(self):
        assert changed_texts("old text", "new text") == {None: "new text"}


class TestDerivedValues:
    @pytest.mark.parametrize(
        "url", ["postgres://app:{}@db:5432/app", "https://db/?password={}", "Password={};User=app"], ids=str
    )
    @pytest.mark.parametrize("password", ["New-Password-1", "Has@Signs/and:more"])
    def test_a_derived_text_that_follows_is_right(self, url, password):
        from urllib.parse import quote

        old = raw(password="Old-Password-1", url=url.format("Old-Password-1"))
        new = raw(password=password, url=url.format(quote(password, safe="")))
        assert derived_wrongly(old, new) == {}

    def test_a_derived_text_that_stays_is_wrong(self):
        old = raw(password="Old-Password-1", url="postgres://app:Old-Password-1@db")
        new = raw(password="New-Password-1", url="postgres://app:Old-Password-1@db")
        assert list(derived_wrongly(old, new)) == ["url"]

    def test_a_copy_that_stays_is_wrong_at_any_depth(self):
        old = raw(password="Old-Password-1", reader={"password": "Old-Password-1"})
        new = raw(password="New-Password-1", reader={"password": "Old-Password-1"})
        assert list(derived_wrongly(old, new)) == ["reader.password"]

    def test_a_url_has_to_follow_the_user_too(self):
        old = raw(username="app", password="Old-Password-1", url="postgres://app_:Old-Password-1@db app@")
        new = raw(username="app_clone", password="New-Password-1", url="postgres://app_clone:New-Password-1@db")
        assert derived_wrongly(old, new) == {}

    def test_a_name_within_a_host_is_no_copy(self):
        old = raw(username="orders", host="orders.example.com", password="Old-Password-1")
        new = raw(username="orders_clone", host="orders.example.com", password="New-Password-1")
        assert derived_wrongly(old, new) == {}


class TestCredentials:
    VALUE = raw(username="app", key_id="AKIA1", secret="Made-Up-Secret")

    @pytest.mark.parametrize(
        "entry",
        [
            {"username": "app", "key_id": "AKIA1", "secret": "Made-Up-Secret"},
            {"key_id": "AKIA1"},
            {"KeyId": "AKIA1", "created": "2026-11-26"},
            "AKIA1",
            "Made-Up-Secret",
            ("app", "Made-Up-Secret"),
        ],
        ids=str,
    )
    def test_any_form_of_a_values_credential_is_recognised(self, entry):
        assert Credentials().strangers([entry], [self.VALUE]) == 0

    @pytest.mark.parametrize("entry", [{"key_id": "AKIA2"}, "AKIA2", ("app", "Another-Secret"), {}, ()], ids=str)
    def test_others_are_strangers(self, entry):
        assert Credentials().strangers([entry], [self.VALUE]) == 1


@pytest.mark.parametrize("place", ["id", "key_id", "AccessKeyId", "user.name", "rotated_at", "kid"])
def test_places_that_name_something_are_identifiers(place):
    assert is_identifier(place)


@pytest.mark.parametrize("place", ["password", "secret", "apiKey", "token", "paid", "url"])
def test_places_of_credentials_are_not(place):
    assert not is_identifier(place)


@pytest.mark.parametrize(
    ("value", "new"),
    [
        (raw(username="app", password="x"), {"username": "app", "password": "by hand"}),
        ("text", "by hand"),
        (b"bytes", b"by hand"),
    ],
    ids=str,
)
def test_a_value_by_hand_has_the_form_of_the_old_one(value, new):
    assert with_new_texts(value, {"password": "x"}, "by hand") == new
