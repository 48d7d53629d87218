"""What becomes of a response: the values that botocore's parser returns, and the body that it would parse."""

from __future__ import annotations

import base64
import datetime
import time
from collections.abc import Callable
from typing import Any

import botocore.utils

from fake_secrets.hook.encoding import encode, quoted

__all__ = ["Read", "reader_of"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Parse = Callable[[Any], Any]
# What botocore's parser returns, the body or the members that it is encoded of, and the length of the body.
Read = tuple[dict[str, Any], "bytes | dict[str, Any]", int]

# More dates than a test meets.
_KEPT_TIMESTAMPS = 4096
# Members whose texts have no character that JSON escapes.
_PLAIN = frozenset({"ARN", "Name"})
# The types of members that are read in few steps.
_VALUES = frozenset({"blob", "string", "timestamp"})


def reader_of(shape: Any) -> Callable[[dict[str, Any]], Read]:
    """Return a function that reads responses of JSON values.

    It returns the values that botocore's parser returns, and the body: either encoded, or the members that it is
    made of, which nobody else changes. Few callers look at a body.

    Args:
        shape: botocore's model of the response; None if it has no members.
    """
    members: dict[str, Any] = {} if shape is None else dict(shape.members)
    parse = _parser(shape) or (lambda response: response)

    def read(content: dict[str, Any]) -> Read:
        # First, because the members are parsed in place.
        body = encode(content)
        return parse(content), body, len(body)

    kinds = {member.type_name for member in members.values()}
    items = {member.member.type_name for member in members.values() if member.type_name == "list"}
    return _reader_of_values(members, read) if kinds <= {"list", *_VALUES} and items <= {"string"} else read


def _reader_of_values(
    members: dict[str, Any], read_any: Callable[[dict[str, Any]], Read]
) -> Callable[[dict[str, Any]], Read]:
    """Return a function that reads responses whose members are texts, blobs, dates, and lists of texts.

    GetSecretValue comes here, so that one loop copies and parses the members and adds up the length of the body,
    which isn't encoded for the sake of that.

    Args:
        members: botocore's models of the members.
        read_any: reads a response that has other members, which only newer models know.
    """
    # How long each is without its value: two quotes, a colon, and a comma or the last brace.
    kinds = {
        name: ("plain" if name in _PLAIN else member.type_name, len(name) + 4) for name, member in members.items()
    }

    def read(content: dict[str, Any]) -> Read:
        parsed, length = content.copy(), 1 if content else 0
        for name, value in content.items():
            if name not in kinds:
                return read_any(content)
            kind, around = kinds[name]
            length += around
            if kind == "plain":
                length += len(value) + 2
            elif kind == "string":
                length += len(quoted(value))
            elif kind == "timestamp":
                parsed[name], digits = _date(value)
                length += digits
            elif kind == "list":
                parsed[name] = value[:]
                # Two brackets, and a comma less than texts.
                length += (len(value) or 1) + 1
                for item in value:
                    length += len(quoted(item))
            else:
                parsed[name] = base64.b64decode(value)
                length += len(value) + 2
        return parsed, content, length

    return read


def _parser(shape: Any) -> Parse | None:
    """Return a function that converts JSON values to parsed values, or None if they are the same."""
    kind = None if shape is None else shape.type_name
    if kind == "timestamp":
        return _parse_timestamp
    if kind == "blob":
        return base64.b64decode
    if kind == "list":
        return _in_each(_parser(shape.member))
    if kind == "structure":
        return _in_members({name: _parser(member) for name, member in shape.members.items()})
    return None


def _in_each(parse: Parse | None) -> Parse | None:
    return None if parse is None else lambda values: [parse(value) for value in values]


def _in_members(members: dict[str, Parse | None]) -> Parse:
    known = frozenset(members)
    parsers = tuple((name, parse) for name, parse in members.items() if parse is not None)

    def run(values: dict[str, Any]) -> dict[str, Any]:
        if not known.issuperset(values):
            # The parser of an older model drops the members that only newer models have.
            for name in values.keys() - known:
                del values[name]
        for name, parse in parsers:
            if name in values:
                values[name] = parse(values[name])
        return values

    return run


# What botocore has made of numbers and how many digits they have, with the class and the time zone it made it for.
_timestamps: dict[float, tuple[type, tuple[str, str], tuple[Any, int]]] = {}


def _parse_timestamp(value: float) -> Any:
    return _date(value)[0]


def _date(value: float) -> tuple[Any, int]:
    """Return what botocore's parser makes of a date, and how long the date is in JSON."""
    known = _timestamps.get(value)
    # Parsing depends on both.
    if known is not None and known[0] is datetime.datetime and known[1] is time.tzname:
        return known[2]
    if len(_timestamps) >= _KEPT_TIMESTAMPS:
        _timestamps.clear()
    parsed = botocore.utils.parse_timestamp(value)  # type: ignore[arg-type]  # takes numbers too
    read = parsed, len(repr(value))
    _timestamps[value] = datetime.datetime, time.tzname, read
    return read
