"""The conditions of a policy, compiled: each becomes a function that says whether it holds for a request.

The rules come from IAM's policy language [B]; what it leaves open is marked [D]. A number, date or address that
can't be read makes its condition fail, even a negated one [D].
"""

from __future__ import annotations

import functools
import ipaddress
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from fake_secrets.iam.conditions import NEGATIONS, Condition
from fake_secrets.iam.patterns import Matcher, Piece, joined, matcher_of, matcher_of_pieces, pieces_between_colons
from fake_secrets.iam.variable_patterns import VariablePattern
from fake_secrets.iam.variables import Context, has_variable, parts_of

__all__ = ["ARN_FIELDS", "Test", "is_readable", "test_of"]

Test = Callable[[Context], bool]
# The arguments are a value of the request and its context. None if the values can't be compared.
_Comparison = Callable[[str, Context], bool | None]

ARN_FIELDS = 6
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
# W3C's forms of ISO 8601. Groups: year, month, day, hour, minute, second, fraction, zone.
_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:?\d\d)?)?)?)?", re.ASCII
)
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}


def test_of(condition: Condition, *, has_variables: bool) -> Test:
    """Return the function that tells whether a condition holds for a request's context.

    Args:
        condition: the condition.
        has_variables: whether the policy's Version makes ``${...}`` a variable.

    Source: iam-facts C1 to C16, W1 to W7. A plain operator fails on a key of several values, also if it is
        negated [D]. An operator that is ForAnyValue and IfExists holds for an absent key [D].
    """
    if condition.operator == "Null":
        return _null(condition)
    base = NEGATIONS.get(condition.operator, condition.operator)
    compare = _any_of([_comparison(base, value, has_variables) for value in condition.values])
    return _quantified(condition, compare, wanted=base == condition.operator)


def is_readable(base: str, value: str, *, has_variables: bool) -> bool:
    """Return whether an operator can compare anything with a policy's value.

    Args:
        base: the operator, not negated.
        value: the value: a number, a date, an address, or true or false.
        has_variables: whether the policy's Version makes ``${...}`` a variable, which Bool takes.
    """
    if base in ("Bool", "Null"):
        is_variable = base == "Bool" and has_variables and has_variable(value)
        return value.lower() in ("true", "false") or is_variable
    read = _reader(base)
    return read is None or read(value) is not None


def _null(condition: Condition) -> Test:
    if condition.quantifier:
        holds = condition.quantifier == "ForAllValues"
        return lambda _context: holds
    key, wanted = condition.key, frozenset(map(str.lower, condition.values))
    # An empty list is no value. An empty text is one.
    return lambda context: ("true" if context.get(key, ()) in ((), []) else "false") in wanted


def _quantified(condition: Condition, compare: _Comparison, *, wanted: bool) -> Test:
    """Return the test of a condition. A value of the request passes if its comparison is `wanted`."""
    key, quantifier = condition.key, condition.quantifier
    is_negated = not wanted and not quantifier
    if_absent = condition.is_optional or quantifier == "ForAllValues" or is_negated

    def holds(context: Context) -> bool:
        found = context.get(key, ())
        if isinstance(found, str):
            # An empty text is no value for ForAllValues [B].
            return compare(found, context) is wanted or (quantifier == "ForAllValues" and not found)
        if not found:
            return if_absent
        if quantifier == "ForAnyValue":
            return any(compare(one, context) is wanted for one in found)
        if quantifier == "ForAllValues":
            return not any(found) or all(compare(one, context) is wanted for one in found)
        return False

    return holds


def _any_of(comparisons: Sequence[_Comparison]) -> _Comparison:
    if len(comparisons) == 1:
        return comparisons[0]

    def compare(found: str, context: Context) -> bool | None:
        results = [one(found, context) for one in comparisons]
        return True if True in results else None if None in results else False

    return compare


def _comparison(base: str, value: str, has_variables: bool) -> _Comparison:
    read = _reader(base)
    if read is not None:
        return _ordered(_ORDERS.get(base.removeprefix("Numeric").removeprefix("Date"), _is_within), read, value)
    if base.startswith("Arn"):
        return _arn(value, has_variables)
    if has_variables and base != "BinaryEquals" and has_variable(value):
        return _with_variables(base, value)
    if base == "StringLike":
        is_like = matcher_of(value)
        return lambda found, _context: is_like(found)
    if base in ("StringEqualsIgnoreCase", "Bool"):
        lower = value.lower()
        return lambda found, _context: found.lower() == lower
    return lambda found, _context: found == value


def _with_variables(base: str, value: str) -> _Comparison:
    def compiled(pieces: tuple[Piece, ...]) -> Matcher:
        if base == "StringLike":
            return matcher_of_pieces(pieces)
        text = joined(pieces)
        return text.__eq__ if base == "StringEquals" else _is_same_in_any_case(text)

    return _with_pattern(VariablePattern(parts_of(value), compiled))


def _with_pattern(pattern: VariablePattern[Matcher]) -> _Comparison:
    def compare(found: str, context: Context) -> bool:
        is_match = pattern.of(context)
        return is_match is not None and is_match(found)

    return compare


def _is_same_in_any_case(text: str) -> Matcher:
    lower = text.lower()
    return lambda found: found.lower() == lower


def _arn(value: str, has_variables: bool) -> _Comparison:
    """Return the comparison of two ARNs field by field. A ``*`` doesn't reach over a colon, except in the last."""
    if has_variables and has_variable(value):
        # A variable may be a whole ARN, so its colons count.
        return _with_pattern(VariablePattern(parts_of(value), _is_arn_of_pieces))
    is_match = _is_arn([matcher_of(field) for field in value.split(":", ARN_FIELDS - 1)])
    return lambda found, _context: is_match(found)


def _is_arn_of_pieces(pieces: tuple[Piece, ...]) -> Matcher:
    return _is_arn([matcher_of_pieces(field) for field in pieces_between_colons(pieces, ARN_FIELDS)])


def _is_arn(fields: Sequence[Matcher]) -> Matcher:
    """Return the matcher of an ARN, given those of its fields. It matches nothing if they aren't six."""

    def is_match(text: str) -> bool:
        parts = text.split(":", ARN_FIELDS - 1)
        return len(parts) == len(fields) == ARN_FIELDS and all(
            is_like(part) for is_like, part in zip(fields, parts, strict=True)
        )

    return is_match


def _ordered(order: Callable[[Any, Any], bool], read: Callable[[str], Any], value: str) -> _Comparison:
    wanted = read(value)
    # What the policy gives is a network, and what the request gives is an address.
    read_found = _address if read is _network else read

    def compare(found: str, _context: Context) -> bool | None:
        one = read_found(found)
        return None if one is None or wanted is None else order(one, wanted)

    return compare


def _reader(base: str) -> Callable[[str], Any] | None:
    if base.startswith("Numeric"):
        return _number
    if base.startswith("Date"):
        return _moment
    return _network if base == "IpAddress" else None


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


@functools.lru_cache(maxsize=256)
def _moment(text: str) -> float | None:
    """Return the seconds since 1970. Four digits are a year; other numbers are such seconds themselves [D]."""
    if _NUMBER.fullmatch(text) and not _YEAR.fullmatch(text):
        return float(text)
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (
        int(number or default) for number, default in zip(match.groups()[:6], (0, 1, 1, 0, 0, 0), strict=True)
    )
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=_zone(match[8]))
    except ValueError:
        return None
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() + float(f"0.{match[7] or 0}")


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    shift = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-shift if text[0] == "-" else shift)


@functools.lru_cache(maxsize=256)
def _address(text: str) -> Any:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _network(text: str) -> Any:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _is_within(address: Any, network: Any) -> bool:
    return address in network
