"""The parts of the SQL that the password database is sent: words, signs, and the names and values between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fake_secrets.contract.services.composables import is_composable, rendered

__all__ = ["BrokenStatementError", "Token", "text_of", "tokens_of"]

__tracebackhide__ = True  # the parameters may be passwords

# In PostgreSQL, a backslash is one like any other sign unless an E stands before the text.
_POSTGRESQL_TEXT = r"""[eE]'(?P<escaped>(?:[^'\\]|''|\\.)*)'|'(?:[^']|'')*'"""
_MYSQL_TEXT = r"""'(?P<escaped>(?:[^'\\]|''|\\.)*)'|"(?P<double>(?:[^"\\]|""|\\.)*)\""""


def _tokens(text: str) -> re.Pattern[str]:
    return re.compile(
        rf"""
        (?P<comment>--[^\n]*|/\*.*?\*/)
        | (?P<text>{text})(?P<rest>[\w'"]?)
        | (?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`)
        | (?P<named>%\((?P<key>\w+)\)s)
        | (?P<next>%s|%b|%t|\?)
        | (?P<percent>%%)
        | (?P<word>[\w.$]+)
        | (?P<sign>[^\s;])
        """,
        re.VERBOSE | re.DOTALL,
    )


_POSTGRESQL, _MYSQL = _tokens(_POSTGRESQL_TEXT), _tokens(_MYSQL_TEXT)
_QUOTES = frozenset("'\"`")

# The words that the patterns of `statements` name, but for those that may well be a user's name. All others are
# identifiers, and so values.
_WORDS = frozenset(
    {
        "ALL", "ALTER", "BEGIN", "BY", "CASCADE", "COMMIT", "CONNECTION", "CREATE", "CREATEDB",
        "CREATEROLE", "CURRENT_TIMESTAMP", "CURRENT_USER", "DEFAULT", "DISCARD", "DROP", "DUAL",
        "ENCRYPTED", "EXISTS", "EXPIRE", "FLUSH", "FOR", "FROM", "GRANT", "GRANTS", "GROUP", "IDENTIFIED",
        "IF", "IN", "INHERIT", "KILL", "LIMIT", "LOCK", "LOGIN", "MYSQL.USER", "NOCREATEDB", "NOCREATEROLE",
        "NOINHERIT", "NOLOGIN", "NOSUPERUSER", "NOT", "NOW", "NULL", "ON", "OWNED", "PASSWORD",
        "PG_CATALOG.PG_ROLES", "PG_CATALOG.PG_USER", "PG_ROLES", "PG_USER", "PRIVILEGES", "PUBLIC",
        "QUOTE_IDENT", "REASSIGN", "RENAME", "REPLACE", "RESTRICT", "RETAIN", "REVOKE", "ROLE", "ROLLBACK",
        "SELECT", "SESSION_USER", "SET", "SHOW", "START", "SUPERUSER", "TO", "TRANSACTION", "UNLOCK",
        "UNTIL", "USER", "VALID", "VERSION", "WHERE", "WITH",
    }
)  # fmt: skip


class BrokenStatementError(Exception):
    """A statement has a syntax error: the quotes in it aren't balanced. Its text has no value."""


def text_of(statement: object) -> str:
    """Return the text of a statement: a str, bytes, or an object of psycopg's module ``sql``."""
    if is_composable(statement):
        return rendered(statement)
    as_string: Any = getattr(statement, "as_string", None)
    if callable(as_string):
        return str(as_string(None))
    return statement.decode() if isinstance(statement, bytes) else str(statement)


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a statement: a word, a sign, a text, a name in quotes, or a place for a parameter.

    Args:
        kind: what it is: "word", "sign", "text", "name" or "place".
        source: how it is written.
        shape: the word in capitals or the sign, if the double knows it; ``#`` if it is a name or a value.
        value: the name or the value; None if it is none.
        place: where it begins in the statement.
    """

    kind: str
    source: str = field(repr=False)
    shape: str
    value: str | None = field(repr=False)
    place: int

    @property
    def word(self) -> str:
        """The word in capitals; an empty text if it is none."""
        return self.source.upper() if self.kind == "word" else ""


def tokens_of(statement: object, parameters: object, *, is_mysql: bool) -> list[Token]:
    """Return the parts of a statement, without its comments.

    Raises:
        BrokenStatementError: if its quotes aren't balanced.
        ValueError: if there are fewer parameters than places for them.
    """
    text, pattern = text_of(statement), _MYSQL if is_mysql else _POSTGRESQL
    named: Mapping[str, Any] = parameters if isinstance(parameters, Mapping) else {}
    unnamed = iter(() if isinstance(parameters, Mapping) else _sequence(parameters))
    tokens: list[Token] = []
    for token in _balanced(token for token in pattern.finditer(text) if not token["comment"]):
        word = token["word"].upper() if token["word"] else ""
        if word in _WORDS or token["sign"] or (word and not tokens):
            kind = "word" if word else "sign"
            tokens.append(Token(kind, token[0], word or token["sign"], None, token.start()))
            continue
        try:
            value = _value_of(token, named, unnamed)
        except (StopIteration, KeyError):
            msg = "the statement has more places for parameters than there are parameters"
            raise ValueError(msg) from None
        kind = next((one for one in ("text", "name", "word") if token[one]), "place")
        tokens.append(Token(kind, token[0], "#", value, token.start()))
    return tokens


def _balanced(tokens: Iterable[re.Match[str]]) -> list[re.Match[str]]:
    """Return the tokens of a statement.

    Raises:
        BrokenStatementError: if a text has no end, or ends where something else begins.
    """
    every = list(tokens)
    if any(token["sign"] in _QUOTES for token in every):
        msg = "syntax error: a quoted text has no end"
        raise BrokenStatementError(msg)
    if any(token["rest"] for token in every):
        msg = "syntax error: a quoted text ends in front of another word"
        raise BrokenStatementError(msg)
    return every


def _value_of(token: re.Match[str], named: Mapping[str, Any], unnamed: Any) -> str:
    if token["text"]:
        groups = token.groupdict()
        if groups["escaped"] is None and groups.get("double") is None:
            return token["text"][1:-1].replace("''", "'")
        text = groups["escaped"] if groups["escaped"] is not None else groups["double"]
        return re.sub(r"""(['"])\1|\\(.)""", lambda found: found[1] or found[2], text, flags=re.DOTALL)
    if token["name"]:
        quote = token["name"][0]
        return token["name"][1:-1].replace(quote * 2, quote)
    if token["named"]:
        return str(named[token["key"]])
    return str(next(unnamed)) if token["next"] else token[0]


def _sequence(parameters: object) -> Sequence[object]:
    if parameters is None:
        return ()
    return parameters if isinstance(parameters, list | tuple) else (parameters,)
