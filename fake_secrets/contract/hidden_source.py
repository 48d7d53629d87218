"""Source lines of the code under test are shown in reports, but not those that hold a secret value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from fake_secrets.contract.own_lines import OwnLine
from fake_secrets.contract.subject import Subject
from fake_secrets.contract.values import form_of, secret_texts
from fake_secrets.observe.leaks.of_world import SHORTEST

__all__ = ["HiddenSource"]

__tracebackhide__ = True  # the arguments in our frames hold secret values


class HiddenSource:
    """Hides the text of lines that hold a secret value.

    Args:
        subject: what is checked. The values that it is given are the only ones that source code can hold.
    """

    def __init__(self, subject: Subject) -> None:
        given = (subject.secret, subject.previous, *subject.other_secrets.values())
        # As a literal of Python or of JSON writes it.
        self._texts = frozenset(
            form
            for value in given
            for text in _secret_texts(value)
            for form in (text, repr(text)[1:-1], json.dumps(text)[1:-1])
        )

    def __repr__(self) -> str:
        """Return a text without the values."""
        return f"{type(self).__name__}()"

    def without(self, line: OwnLine | None) -> OwnLine | None:
        """Return a line, without its text if that holds a secret value."""
        if line is None or not any(text in line.text for text in self._texts):
            return line
        return line._replace(text="")


def _secret_texts(value: object) -> Iterator[str]:
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    form = form_of(value) if isinstance(value, str) else value
    for _, text in secret_texts(dict(form) if isinstance(form, Mapping) else form):
        # A line of source holds one line of the text.
        yield from (part for line in text.splitlines() if len(part := line.strip()) >= SHORTEST)
