"""Conditions: what the vectors leave out."""

import pytest

from fake_secrets.iam.comparisons import is_readable
from fake_secrets.iam.comparisons import test_of as compiled
from fake_secrets.iam.conditions import read_conditions


def holds(block, *, has_variables=True, **context):
    (condition,) = read_conditions(block)
    return compiled(condition, has_variables=has_variables)(context)


@pytest.mark.parametrize(
    ("operator", "wanted", "found", "expected"),
    [
        ("NumericEquals", "1e1", "10", True),
        ("NumericEquals", "+7", "7", True),
        ("NumericEquals", "7", "nan", False),
        ("NumericEquals", "7", "1_0", False),
        ("NumericLessThan", "-1", "-1.5", True),
        ("NumericNotEquals", "7", "x", False),
        ("NumericNotEquals", ["7", "x"], "8", False),
        ("NumericEquals", ["x", "7"], "7", True),
        ("DateEquals", "2026", "2026-01-01", True),
        ("DateEquals", "2026-05", "2026-05-01T00:00Z", True),
        ("DateEquals", "2026-05-01T02:00:00.25+02:00", "2026-05-01T00:00:00.25Z", True),
        ("DateEquals", "2026-05-01T00:00:00-0130", "2026-05-01T01:30:00Z", True),
        ("DateEquals", "2026-05-01T00:00:00", "2026-05-01T00:00:00Z", True),
        ("DateLessThan", "2026-13-01", "2026-01-01", False),
        ("DateNotEquals", "2026-02-30", "2026-01-01", False),
        ("DateNotEquals", "2026-01-01T25:00Z", "2026-01-01", False),
        ("DateEquals", "1767225600", "2026-01-01", True),
        ("IpAddress", "10.0.0.1/8", "10.9.9.9", True),
        ("NotIpAddress", "10.0.0.0/8", "no address", False),
        ("Bool", "TRUE", "true", True),
        ("ArnLike", "arn:aws:iam::*:role/app", "no ARN", False),
        ("ArnNotLike", "arn:aws:iam::*:role/app", "no ARN", True),
        ("ArnLike", "*", "arn:aws:iam::123456789012:role/app", False),
        ("StringLike", [], "x", False),
        ("StringNotLike", [], "x", True),
        ("StringEqualsIgnoreCase", "ÄB", "äb", True),
    ],
)
def test_values_are_compared(operator, wanted, found, expected):
    assert holds({operator: {"k": wanted}}, k=found) is expected


@pytest.mark.parametrize("operator", ["StringEquals", "StringNotEquals", "StringEqualsIfExists"])
def test_a_plain_operator_fails_on_a_key_of_several_values(operator):
    for found in (["a"], ["b"], ["a", "b"], ("a",)):
        assert not holds({operator: {"k": "a"}}, k=found)


def test_an_empty_list_is_an_absent_key():
    for found in ([], ()):
        assert holds({"StringNotEquals": {"k": "a"}}, k=found)
        assert holds({"Null": {"k": "true"}}, k=found)
        assert not holds({"StringEquals": {"k": "a"}}, k=found)


def test_an_empty_text_is_a_value_except_for_all_values():
    assert holds({"Null": {"k": "false"}}, k="")
    assert not holds({"StringEquals": {"k": "a"}}, k="")
    assert holds({"ForAllValues:StringEquals": {"k": "a"}}, k="")
    assert holds({"ForAllValues:StringEquals": {"k": "a"}}, k=["", ""])
    assert not holds({"ForAllValues:StringEquals": {"k": "a"}}, k=["", "b"])
    assert not holds({"ForAnyValue:StringEquals": {"k": "a"}}, k=[""])


def test_set_operators_compare_each_value():
    assert holds({"ForAnyValue:NumericLessThan": {"k": "5"}}, k=["9", "4"])
    assert not holds({"ForAllValues:NumericLessThan": {"k": "5"}}, k=["9", "4"])
    assert holds({"ForAnyValue:StringNotEquals": {"k": "a"}}, k="b")
    assert not holds({"ForAnyValue:StringNotEqualsIfExists": {"k": "a"}}, k="a")


def test_variables_are_replaced_in_texts_and_arns():
    context = {"aws:username": "a*", "k": "a*", "arn": "arn:aws:iam::123456789012:user/a*"}
    for operator in ("StringEquals", "StringLike", "StringEqualsIgnoreCase"):
        assert holds({operator: {"k": "${aws:username}"}}, **context)
        assert not holds({operator: {"k": "${aws:username}"}}, **{**context, "k": "ab"})
    assert holds(
        {"ArnLike": {"arn": "arn:aws:iam::${aws:account, '123456789012'}:user/${aws:username}"}}, **context
    )
    assert holds({"ArnEquals": {"arn": "${arn}"}}, **context)
    assert not holds({"ArnEquals": {"arn": "${arn}b"}}, **context)
    assert not holds({"ArnEquals": {"arn": "${aws:username}"}}, **context)
    assert not holds({"ArnLike": {"arn": "arn:aws:iam::*:user/${aws:absent}"}}, **context)
    assert holds({"ArnNotLike": {"arn": "arn:aws:iam::*:user/${aws:absent}"}}, **context)


def test_a_value_whose_variable_is_absent_does_not_spoil_the_others():
    values = ["${aws:absent}", "b"]
    assert holds({"StringEquals": {"k": values}}, k="b")
    assert not holds({"StringNotEquals": {"k": values}}, k="b")
    assert holds({"StringNotEquals": {"k": values}}, k="c")


def test_without_variables_their_text_is_itself():
    assert holds({"StringEquals": {"k": "${aws:username}"}}, has_variables=False, k="${aws:username}")
    assert not holds({"Bool": {"k": "${aws:username}"}}, has_variables=False, k="true", **{"aws:username": "true"})


def test_binary_values_have_no_variables():
    assert not holds({"BinaryEquals": {"k": "${b}"}}, k="QUJD", b="QUJD")


@pytest.mark.parametrize(
    ("base", "value", "expected"),
    [
        ("NumericEquals", "7", True),
        ("NumericEquals", "seven", False),
        ("DateLessThan", "2026-01", True),
        ("DateLessThan", "soon", False),
        ("IpAddress", "::/0", True),
        ("IpAddress", "host", False),
        ("Bool", "False", True),
        ("Bool", "${aws:username}", True),
        ("Bool", "1", False),
        ("Null", "${aws:username}", False),
        ("StringEquals", "anything", True),
    ],
)
def test_what_an_operator_can_read(base, value, expected):
    assert is_readable(base, value, has_variables=True) is expected
