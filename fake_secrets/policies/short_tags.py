"""Parses YAML with CloudFormation's short tags, such as `!Ref`, into what the JSON of the template would give.

It builds its objects from PyYAML's events, which takes no recursion, so a deeply nested text does no harm. Of
YAML's types it reads booleans, null and decimal whole numbers. Everything else stays text: a Version of 2012-10-17
is no date, and an account with a leading zero no octal number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fake_secrets.errors import PolicyError
from fake_secrets.iam.identity_grammar import shortened
from fake_secrets.policies.refusals import refusal

__all__ = ["parse_yaml"]

_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}
_NULLS = {"", "~", "null"}
_WHOLE_NUMBER = re.compile(r"[-+]?(0|[1-9]\d*)", re.ASCII)
# Python refuses to convert the digits of very long ones.
_LONGEST_NUMBER = 100
_MOST_MERGED = 500_000
_NEEDS_PYYAML = 'YAML is read by PyYAML, which isn\'t installed. Run: pip install "fake_secrets[templates]"'


def parse_yaml(text: str, source: str) -> Any:
    """Return what a YAML text gives.

    Args:
        text: the text.
        source: the file that it comes from, for messages.

    Raises:
        PolicyError: the text is no YAML, a mapping has a key twice, or PyYAML isn't installed.
    """
    try:
        import yaml  # noqa: PLC0415 -- an extra
    except ModuleNotFoundError:
        msg = f"{source}: {_NEEDS_PYYAML}"
        raise PolicyError(msg) from None
    builder = _Builder(source)
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            builder.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it can't be parsed"
        raise refusal(source, where, f"it is no YAML: {problem}") from None
    return builder.document


class _MergeKey(str):
    """The key `<<` without quotes, whose mapping is merged into the one around it."""

    __slots__ = ()


@dataclass(slots=True)
class _Open:
    """A list or a mapping whose end hasn't come yet."""

    container: list[Any] | dict[str, Any]
    tag: str | None
    anchor: str | None
    line: int
    keys: list[str] = field(default_factory=list)
    merged: list[Any] = field(default_factory=list)


class _Builder:
    """Builds objects from events."""

    def __init__(self, source: str) -> None:
        self.document: Any = None
        self._source = source
        self._has_document = False
        self._open: list[_Open] = []
        self._anchors: dict[str, Any] = {}
        self._merged = 0
        self._takers: dict[str, Callable[[Any], None]] = {
            "AliasEvent": self._alias,
            "DocumentStartEvent": self._begin_document,
            "MappingStartEvent": lambda event: self._begin({}, event),
            "ScalarEvent": self._scalar,
            "SequenceStartEvent": lambda event: self._begin([], event),
            "MappingEndEvent": self._end,
            "SequenceEndEvent": self._end,
        }

    def take(self, event: Any) -> None:
        """Take the next event."""
        taker = self._takers.get(type(event).__name__)
        if taker is not None:
            taker(event)

    def _begin_document(self, event: Any) -> None:
        if self._has_document:
            line = event.start_mark.line + 1
            raise refusal(self._source, f"line {line}", "another document begins there, and a template is one")
        self._has_document = True

    def _begin(self, container: list[Any] | dict[str, Any], event: Any) -> None:
        self._open.append(_Open(container, event.tag, event.anchor, event.start_mark.line + 1))

    def _end(self, _event: Any) -> None:
        ended = self._open.pop()
        if isinstance(ended.container, dict):
            for mapping in ended.merged:
                self._merged += len(mapping)
                if self._merged > _MOST_MERGED:
                    raise refusal(self._source, f"line {ended.line}", "it merges too many keys")
                for key, value in mapping.items():
                    ended.container.setdefault(key, value)
        self._put(self._tagged(ended.tag, ended.container), ended.anchor, ended.line)

    def _scalar(self, event: Any) -> None:
        is_plain = event.implicit[0]
        value = _scalar_of(event.value) if is_plain else event.value
        is_key = bool(self._open) and isinstance(self._open[-1].container, dict) and not self._open[-1].keys
        if is_key:
            value = _MergeKey(event.value) if is_plain and event.value == "<<" else event.value
        else:
            value = self._tagged(event.tag, value)
        self._put(value, event.anchor, event.start_mark.line + 1)

    def _alias(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if event.anchor not in self._anchors:
            raise refusal(
                self._source, f"line {line}", f"there is no anchor {shortened(repr(event.anchor))} before it"
            )
        self._put(self._anchors[event.anchor], None, line)

    def _put(self, value: Any, anchor: str | None, line: int) -> None:
        """Put a finished value into the list or mapping that it belongs to."""
        if anchor is not None:
            self._anchors[anchor] = value
        if not self._open:
            self.document = value
            return
        outer = self._open[-1]
        if isinstance(outer.container, list):
            outer.container.append(value)
        elif not outer.keys:
            outer.keys.append(self._key(value, outer.container, line))
        else:
            self._set(outer, outer.keys.pop(), value, line)

    def _key(self, key: Any, mapping: dict[str, Any], line: int) -> str:
        if not isinstance(key, str):
            raise refusal(self._source, f"line {line}", "a key isn't a text")
        if key in mapping:
            raise refusal(self._source, f"line {line}", f"the mapping has the key {shortened(repr(key))} twice")
        return key

    def _set(self, outer: _Open, key: str, value: Any, line: int) -> None:
        assert isinstance(outer.container, dict)  # noqa: S101 -- for type checkers
        if not isinstance(key, _MergeKey):
            outer.container[key] = value
            return
        merged = value if isinstance(value, list) else [value]
        self._merged += len(merged)
        if not all(isinstance(one, dict) for one in merged):
            raise refusal(self._source, f"line {line}", "only mappings can be merged")
        outer.merged += merged

    def _tagged(self, tag: str | None, value: Any) -> Any:
        """Return the function that a short tag stands for, in the long form."""
        if tag is None or not tag.startswith("!") or tag == "!":
            return value
        name = tag[1:]
        return {name if name in {"Ref", "Condition"} else f"Fn::{name}": value}


def _scalar_of(text: str) -> Any:
    """Return the value of a scalar without quotes."""
    lower = text.lower()
    if lower in _NULLS:
        return None
    if lower in _BOOLEANS:
        return _BOOLEANS[lower]
    return int(text) if _WHOLE_NUMBER.fullmatch(text) and len(text) < _LONGEST_NUMBER else text
