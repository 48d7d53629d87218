"""Words: any text made fit to be shown, in lines and widths."""

from __future__ import annotations

import unicodedata

__all__ = ["cut", "printable", "width_of", "wrap"]


def printable(text: str) -> str:
    """Return a text with escapes in place of characters that can't be printed, such as line breaks."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def width_of(text: str) -> int:
    """Return how many columns a terminal needs for a text that can be printed."""
    return len(text) if text.isascii() else sum(map(_width_of_char, text))


def cut(text: str, width: int) -> str:
    """Return a text, shortened to a number of columns with an ellipsis if it is wider."""
    text = printable(text)
    return text if width_of(text) <= width else f"{text[: _fitting(text, width - 1)]}\N{HORIZONTAL ELLIPSIS}"


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Return a text as lines that aren't wider than a number of columns, broken at spaces where there are any.

    Args:
        text: the text. Characters that can't be printed become escapes.
        width: the number of columns.
        indent: what the lines after the first one begin with.
    """
    lines: list[str] = []
    line, is_empty = "", True
    for word in printable(text).split(" "):
        if not is_empty and width_of(line) + 1 + width_of(word) > width:
            lines.append(line)
            line, is_empty = indent, True
        line += word if is_empty else f" {word}"
        is_empty = False
        while width_of(line) > width:
            end = _fitting(line, width)
            lines.append(line[:end])
            line = indent + line[end:]
    return [*lines, line]


def _fitting(text: str, width: int) -> int:
    """Return how many characters of a text fit into a width; at least one."""
    taken = 0
    for at, char in enumerate(text):
        taken += _width_of_char(char)
        if taken > width:
            return max(1, at)
    return len(text)


def _width_of_char(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
