"""Policy variables."""

import pytest

from fake_secrets.iam.variables import (
    Variable,
    filled,
    has_variable,
    is_well_formed,
    parts_of,
    split_at_colons,
)

CONTEXT = {"aws:username": "dev", "aws:principaltag/team": "ops", "aws:tagkeys": ["a"], "aws:principaltag/no": ""}


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("plain *", (("plain *", True),)),
        ("", ()),
        ("${aws:username}", (("dev", False),)),
        ("a-${ AWS:UserName }/*", (("a-", True), ("dev", False), ("/*", True))),
        ("${aws:username}${aws:PrincipalTag/team}", (("dev", False), ("ops", False))),
        ("${*}${?}${$}", (("*", False), ("?", False), ("$", False))),
        ("${aws:Absent, 'x y'}", (("x y", False),)),
        ("${aws:Absent, ''}", (("", False),)),
        ("${aws:username, 'x'}", (("dev", False),)),
        ("${aws:PrincipalTag/no, 'x'}", (("", False),)),
        ("${unclosed", (("${unclosed", True),)),
        ("$aws:username", (("$aws:username", True),)),
        ("${${aws:username}}", (("${", True), ("dev", False), ("}", True))),
    ],
)
def test_variables_are_replaced(text, pieces):
    assert filled(parts_of(text), CONTEXT) == pieces


@pytest.mark.parametrize(
    "text",
    [
        "a${aws:Absent}",
        "${aws:TagKeys}",
        "${aws:TagKeys, 'x'}",
        "${}",
        "${aws:Absent,'x'}",
        "${aws:Absent, x}",
        "${'x'}",
    ],
)
def test_a_variable_without_a_value_spoils_the_text(text):
    assert filled(parts_of(text), CONTEXT) is None


def test_a_variable_keeps_how_it_was_written():
    assert parts_of("${aws:PrincipalTag/Team, 'x'}") == (
        Variable("aws:principaltag/team", "x", "aws:PrincipalTag/Team, 'x'"),
    )


@pytest.mark.parametrize(("text", "expected"), [("a${b}", True), ("${*}", True), ("${b", False), ("$b", False)])
def test_variables_are_recognized(text, expected):
    assert has_variable(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("${aws:a, 'b'}", True), ("${*}", True), ("${aws:a,'b'}", False), ("${aws:a, b}", False), ("${}", False)],
)
def test_variables_that_never_have_a_value_are_recognized(text, expected):
    assert is_well_formed(text) is expected


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("a:b:c:d", ["a", "b", "c:d"]),
        ("a:${b:c}:d:e", ["a", "${b:c}", "d:e"]),
        ("a:${b:c", ["a", "${b", "c"]),
        ("a", ["a"]),
        ("", [""]),
    ],
)
def test_colons_within_variables_do_not_split(text, fields):
    assert split_at_colons(text, 2) == fields
