"""The format of a state file: a heading, then a line for each record, with a digest of everything before it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["FORMAT", "HEADING", "Contents", "DamageError", "Record", "lines_of", "read"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Record = dict[str, Any]

FORMAT = 1
HEADING = f"# fake_secrets state file, format {FORMAT}. It holds secret values in clear text.\n".encode()
_ANY_HEADING = re.compile(rb"# fake_secrets state file, format ([0-9]{1,9})\. ")

_DIGEST_SIZE = 8
# A line begins with the digest, in hexadecimal, and a space.
_BEGINNING = 2 * _DIGEST_SIZE + 1
# The member of a record that belongs to one change with the next record.
_MORE = "more"


class DamageError(Exception):
    """The content of a file isn't that of a state file. Its text is the rest of a sentence about the file."""


@dataclass(slots=True)
class Contents:
    """What is in a state file.

    Args:
        changes: the changes whose records are all there, in order.
        end: where the last of them ends. What follows was cut off while it was written.
        digest: the digest of everything before that.
    """

    changes: list[list[Record]] = field(default_factory=list, repr=False)
    end: int = 0
    digest: bytes = b""


def lines_of(records: Sequence[Record], before: bytes | None = None) -> tuple[bytes, bytes]:
    """Return a change as lines, and the digest of everything up to their end.

    Args:
        records: the records of the change.
        before: the digest of everything before; by default that of the heading.
    """
    lines = []
    digest = _digest_of(b"", HEADING) if before is None else before
    for number, record in enumerate(records, 1):
        marked = record if number == len(records) else {**record, _MORE: True}
        text = json.dumps(marked, separators=(",", ":")).encode("ascii") + b"\n"
        digest = _digest_of(digest, text)
        lines.append(digest.hex().encode("ascii") + b" " + text)
    return b"".join(lines), digest


def read(content: bytes) -> Contents:
    """Read the content of a state file.

    A last line that has no end is no part of it: it was cut off while it was written. No other line can be.

    Raises:
        DamageError: if it isn't the content of a state file, or isn't as it was written.
    """
    if not content.startswith(HEADING):
        raise DamageError(_why_unknown(content))
    position = len(HEADING)
    found = Contents([], position, _digest_of(b"", HEADING))
    digest, records = found.digest, list[Record]()
    for number, line in enumerate(content[position:].splitlines(keepends=True), 2):
        position += len(line)
        if position == len(content) and not line.endswith(b"\n"):
            _check_cut_off(line, digest, number)
            break
        text = line[_BEGINNING:]
        digest = _digest_of(digest, text)
        if line[:_BEGINNING] != digest.hex().encode("ascii") + b" ":
            msg = f"is damaged: line {number} isn't as it was written"
            raise DamageError(msg)
        records.append(json.loads(text))
        if not records[-1].pop(_MORE, False):
            found.changes.append(records)
            found.end, found.digest, records = position, digest, []
    if not found.changes:
        msg = "is damaged: it ends before its first state is complete"
        raise DamageError(msg)
    return found


def _check_cut_off(line: bytes, before: bytes, number: int) -> None:
    """Check that a last line lacks its end, and that its end isn't another one than was written.

    Raises:
        DamageError: if it is.
    """
    whole = _digest_of(before, line[_BEGINNING:-1] + b"\n")
    if line[:_BEGINNING] == whole.hex().encode("ascii") + b" ":
        msg = f"is damaged: line {number} isn't as it was written"
        raise DamageError(msg)


def _digest_of(before: bytes, text: bytes) -> bytes:
    return hashlib.blake2b(before + text, digest_size=_DIGEST_SIZE).digest()


def _why_unknown(content: bytes) -> str:
    named = _ANY_HEADING.match(content)
    number = None if named is None else int(named[1])
    if number is not None and number > FORMAT:
        return f"has format {number}, which a newer fake_secrets has written; this one reads format {FORMAT}"
    if number is not None or HEADING.startswith(content):
        return "is damaged: its first line isn't as it was written"
    return "isn't a state file of fake_secrets, or its first line is damaged"
