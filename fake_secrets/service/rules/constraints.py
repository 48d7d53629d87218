"""Request validation: checks that are compiled once per operation from its input shape."""

from __future__ import annotations

import base64
import binascii
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any

from fake_secrets.errors import ServiceError
from fake_secrets.slotted import slotted

__all__ = ["REDACTED", "TOKEN_LENGTHS", "Shape", "check", "check_length", "redact"]

# The bounds of ClientRequestTokenType and SecretVersionIdType: a token becomes a version id.
TOKEN_LENGTHS = range(32, 65)

REDACTED = "***"

_NUMBERS = frozenset({"integer", "long"})
_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "blob": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "list": list,
    "structure": dict,
    "map": dict,
}

# Takes a value, its path, and a list. It adds a sentence to the list for each violation.
Check = Callable[[Any, str, list[str]], None]


@slotted
class Shape:
    """The facts of one shape in the service model.

    Args:
        kind: ``string``, ``blob``, ``boolean``, ``integer``, ``long``, ``list`` or ``structure``.
        minimum, maximum: bounds of the length (characters, bytes, elements) or of the number.
        pattern: a regular expression that the whole string must match.
        enum: the allowed strings, in the model's order; empty if every string is allowed.
        is_sensitive: whether the value must never be shown.
        element: the shape of a list's elements.
        members: the shapes of a structure's members, by name.
        required: the names of the members that a structure must have.
    """

    kind: str
    minimum: int | None = None
    maximum: int | None = None
    pattern: str | None = None
    enum: tuple[str, ...] = ()
    is_sensitive: bool = False
    element: Shape | None = None
    members: Mapping[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    _check: Check | None = field(default=None, repr=False)
    _lengths: Mapping[str, tuple[int, int]] | None = field(default=None, repr=False)

    @property
    def check(self) -> Check:
        """The compiled check."""
        if self._check is None:
            self._check = _compile(self)
        return self._check

    def is_plainly_right(self, members: Mapping[str, Any]) -> bool:
        """Return whether the members are valid and not sensitive, at a glance.

        Only plain strings are judged, by name and length, since most requests hold nothing else. The
        result is False if there is any other member, valid or not.
        """
        lengths = self._lengths
        if lengths is None:
            lengths = self._lengths = {
                name: _lengths_of(member)
                for name, member in self.members.items()
                if member.kind == "string" and not (member.is_sensitive or member.pattern or member.enum)
            }
        for name, value in members.items():
            if name not in lengths:
                return False
            low, high = lengths[name]
            if value.__class__ is not str or not low <= len(value) <= high:
                return False
        for name in self.required:  # noqa: SIM110 -- all() takes three times as long
            if name not in members:
                return False
        return True


def check(shape: Shape, members: Mapping[str, Any]) -> None:
    """Check a request's members against the operation's input shape.

    Args:
        shape: the operation's input shape.
        members: the request's members as JSON. Unknown members are ignored [A-: api-facts 1].

    Raises (in the order checked):
        SerializationException (400): a member has the wrong JSON type [D].
        ValidationException (400): a length, range, pattern, enum or required member is violated.
            One message lists all violations.

    Source: the service model's constraints [B]; the grammar of the message, api-facts 1.1.
    """
    violations: list[str] = []
    shape.check(members, "", violations)
    _refuse(violations)


def check_length(path: str, value: str | bytes, maximum: int, *, is_sensitive: bool = False) -> None:
    """Check a length against a bound that the service model doesn't have.

    Args:
        path: the member's path, such as ``secretString``.
        value: the characters or bytes.
        maximum: how many characters or bytes there may be.
        is_sensitive: whether the value must not be shown.

    Raises:
        ValidationException (400): the value is longer, M44, worded as by `check`.
    """
    if len(value) > maximum:
        shown = "" if is_sensitive else f" '{value!s}'"
        _refuse([f"Value{shown} at '{path}' failed to satisfy constraint: {_at_most('length', maximum)}"])


def redact(shape: Shape, members: Any) -> Any:
    """Return the members with every sensitive or unexpected value replaced.

    A value is unexpected if the service ignores its member or refuses its JSON type. It may be a
    secret in the wrong place.
    """
    expected: Any = _PYTHON_TYPES.get(shape.kind, object)
    if shape.is_sensitive or not isinstance(members, expected):
        return REDACTED
    if shape.kind == "structure":
        known = shape.members
        return {name: redact(known[name], value) if name in known else REDACTED for name, value in members.items()}
    if shape.element is not None:
        return [redact(shape.element, element) for element in members]
    return members


def _refuse(violations: list[str]) -> None:
    if violations:
        count = len(violations)
        noun = "error" if count == 1 else "errors"
        raise ServiceError("ValidationException", f"{count} validation {noun} detected: {'; '.join(violations)}")


def _at_most(noun: str, maximum: int) -> str:
    return f"Member must have {noun} less than or equal to {maximum}"


def _compile(shape: Shape) -> Check:
    """Compose the checks of a shape. A wrong JSON type ends the whole check."""
    constraints = list(_constraints(shape))
    expected: Any = _PYTHON_TYPES.get(shape.kind, object)
    refuses_bool = shape.kind in _NUMBERS
    is_blob = shape.kind == "blob"
    inner = _check_members(shape) if shape.kind == "structure" else _check_elements(shape)

    def run(value: Any, path: str, violations: list[str]) -> None:
        if not isinstance(value, expected) or (refuses_bool and isinstance(value, bool)):
            raise _wrong_type(path, shape.kind)
        measured = _decode(value) if is_blob else value
        for is_violated, sentence in constraints:
            if is_violated(measured):
                shown = "" if shape.is_sensitive else f" '{_show(value)}'"
                violations.append(f"Value{shown} at '{path}' failed to satisfy constraint: {sentence}")
        if inner is not None:
            inner(value, path, violations)

    return run


def _lengths_of(shape: Shape) -> tuple[int, int]:
    return shape.minimum or 0, sys.maxsize if shape.maximum is None else shape.maximum


def _constraints(shape: Shape) -> Iterator[tuple[Callable[[Any], bool], str]]:
    """Yield each constraint: a function that returns whether a value violates it, and AWS's words for it."""
    low, high = shape.minimum, shape.maximum
    is_number = shape.kind in _NUMBERS
    noun = "value" if is_number else "length"
    if high is not None:
        too_much = (lambda value: value > high) if is_number else (lambda value: len(value) > high)
        yield too_much, _at_most(noun, high)
    if low is not None:
        too_little = (lambda value: value < low) if is_number else (lambda value: len(value) < low)
        yield too_little, f"Member must have {noun} greater than or equal to {low}"
    if shape.pattern is not None:
        matches = re.compile(shape.pattern, re.ASCII).fullmatch
        yield (
            (lambda value: matches(value) is None),
            f"Member must satisfy regular expression pattern: {shape.pattern}",
        )
    if shape.enum:
        allowed = frozenset(shape.enum)
        yield (
            (lambda value: value not in allowed),
            f"Member must satisfy enum value set: [{', '.join(shape.enum)}]",
        )


def _check_members(shape: Shape) -> Check:
    paths = {name: _lower_camel(name) for name in (*shape.members, *shape.required)}

    def run(value: Any, path: str, violations: list[str]) -> None:
        prefix = f"{path}." if path else ""
        violations.extend(
            f"Value null at '{prefix}{paths[name]}' failed to satisfy constraint: Member must not be null"
            for name in shape.required
            if value.get(name) is None
        )
        for name, member in value.items():
            known = shape.members.get(name)
            if known is not None and member is not None:
                known.check(member, prefix + paths[name], violations)

    return run


def _check_elements(shape: Shape) -> Check | None:
    element = shape.element
    if element is None:
        return None

    def run(value: Any, path: str, violations: list[str]) -> None:
        for number, item in enumerate(value, start=1):
            element.check(item, f"{path}.{number}.member", violations)

    return run


def _decode(blob: str) -> bytes:
    try:
        return base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        raise ServiceError("SerializationException", "Invalid base64 in a blob member.") from None


def _wrong_type(path: str, kind: str) -> ServiceError:
    return ServiceError("SerializationException", f"Expected {kind} at '{path}'.")


def _show(value: Any) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)


def _lower_camel(name: str) -> str:
    return name[:1].lower() + name[1:]
