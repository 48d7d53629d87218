"""Reads the SELECT statements whose answer the password database knows to be right."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from fake_secrets.contract.services.composables import quoted_name
from fake_secrets.contract.services.lock_keys import LOCK_FUNCTION, Key, key_in
from fake_secrets.contract.services.questions import LISTS, Item, Question
from fake_secrets.contract.services.sql_parts import Token

__all__ = ["UnknownQuestionError", "read_question"]

__tracebackhide__ = True  # the values may be passwords

# What each server answers of itself, and not of the user's tables.
_OF_THE_SERVER = re.compile(r"PG_.*|(?:PG_CATALOG|INFORMATION_SCHEMA|MYSQL|PERFORMANCE_SCHEMA|SYS)\..*")
_FUNCTIONS = {
    "CURRENT_USER": "user", "SESSION_USER": "session", "USER": "session", "NOW": "now",
    "CURRENT_TIMESTAMP": "now", "VERSION": "version",
}  # fmt: skip
_CALLED = frozenset({"NOW", "VERSION"})
_CONSTANTS: Mapping[str, object] = {"TRUE": True, "FALSE": False, "NULL": None}
# Words that are no alias.
_CLAUSES = frozenset(
    {
        "AND", "BETWEEN", "CROSS", "EXCEPT", "FETCH", "FOR", "FROM", "FULL", "GROUP", "HAVING", "ILIKE", "IN",
        "INNER", "INTERSECT", "INTO", "IS", "JOIN", "LEFT", "LIKE", "LIMIT", "NATURAL", "NOT", "OFFSET", "ON",
        "OR", "ORDER", "RIGHT", "SELECT", "UNION", "USING", "WHERE", "WINDOW",
    }
)  # fmt: skip
# The kind, the name, the value and the question of an item.
_Expression = tuple[str, str, object, Question | None]


class UnknownQuestionError(Exception):
    """It isn't known what a server answers."""


def read_question(tokens: Sequence[Token], source: str, *, is_mysql: bool) -> Question:
    """Read a SELECT statement.

    Args:
        tokens: its parts.
        source: its text.
        is_mysql: whether it is for MySQL, which names columns as they are written.

    Raises:
        UnknownQuestionError: if the answer to it isn't known.
    """
    reader = _Reader(tokens, source, is_mysql=is_mysql)
    question = reader.question()
    reader.end()
    return question


class _Reader:
    """Reads a SELECT statement from left to right."""

    def __init__(self, tokens: Sequence[Token], source: str, *, is_mysql: bool) -> None:
        self._tokens = tokens
        self._source = source
        self._is_mysql = is_mysql
        self._at = 0
        self._table = ""

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise UnknownQuestionError

    def question(self, *, is_asked_for_rows: bool = False) -> Question:
        """Read a question, which may be within another."""
        self._expect("SELECT")
        outer = self._table
        # The columns depend on the table, which stands behind them.
        self._table = self._table_ahead()
        items: list[Item] = []
        following = self._token()
        if not (is_asked_for_rows and following is not None and following.word == "FROM"):
            items.append(self._item())
            while self._skip(","):
                items.append(self._item())
        names: frozenset[str] | None = None
        logs_in, limit = False, None
        if self._skip("FROM"):
            self._name_of_table()
            if self._table and self._table not in LISTS:
                self._pass_by()
            else:
                if self._skip("WHERE"):
                    names, logs_in = self._conditions()
                limit = self._limit()
        kinds = {item.kind for item in items}
        if "count" in kinds and (kinds & {"column"} or (self._table in LISTS and names is None)):
            # A server has users of its own, too.
            raise UnknownQuestionError
        if "lock" in kinds and (self._table or is_asked_for_rows):
            raise UnknownQuestionError
        table, self._table = self._table, outer
        return Question(tuple(items), table, names, logs_in, limit)

    # Parts of a statement.

    def _item(self) -> Item:
        start = self._at
        kind, name, value, question = self._expression()
        end = self._token()
        written = self._source[self._tokens[start].place : end.place if end is not None else None].strip()
        has_text = any(one.kind in {"text", "place"} for one in self._tokens[start : self._at])
        if self._is_mysql and not has_text and kind != "column":
            name = written
        named = self._skip("AS")
        token = self._token()
        if token is not None and token.kind in {"word", "name"} and token.word not in _CLAUSES:
            name = self._as_name(token)
            self._at += 1
        elif named:
            raise UnknownQuestionError
        return Item(kind, name, value, question)

    def _expression(self) -> _Expression:
        token = self._next()
        word = token.word
        if word in {"COUNT", "EXISTS", "NOT", "QUOTE_IDENT"}:
            return self._call(word)
        function = word.removeprefix("PG_CATALOG.")
        if LOCK_FUNCTION.fullmatch(function) and not self._is_mysql:
            return "lock", function.lower(), (function, self._key(function)), None
        if self._is_column(token):
            column = (token.value or token.word).rpartition(".")[2]
            return "column", column if self._is_mysql else column.lower(), column.upper(), None
        if word in _FUNCTIONS:
            if self._skip("("):
                self._expect(")")
            elif word in _CALLED:
                raise UnknownQuestionError
            return _FUNCTIONS[word], word.lower(), None, None
        if token.source == "@":
            self._expect("@")
            self._expect("VERSION")
            return "version", "@@version", None, None
        return self._constant(token)

    def _call(self, word: str) -> _Expression:
        """Read the rest of a function or operator that takes something in parentheses."""
        if word == "NOT":
            self._expect("EXISTS")
        self._expect("(")
        found: _Expression = ("count", "count", None, None)
        if word == "QUOTE_IDENT":
            found = ("value", "quote_ident", quoted_name(self._value()), None)
        elif word == "COUNT":
            if not self._skip("*") and not self._next().source.isdecimal():
                raise UnknownQuestionError
        else:
            question = self.question(is_asked_for_rows=True)
            found = ("exists", "exists" if word == "EXISTS" else "?column?", word == "EXISTS", question)
        self._expect(")")
        return found

    def _constant(self, token: Token) -> _Expression:
        if token.word in _CONSTANTS:
            value = _CONSTANTS[token.word]
            return "value", "?column?" if value is None else "bool", value, None
        if token.kind == "text":
            return "value", "?column?", token.value, None
        if not token.source.isdecimal():
            raise UnknownQuestionError
        return "value", "?column?", self._sum(int(token.source)), None

    def _sum(self, value: int) -> int:
        while (token := self._token()) is not None and token.source in {"+", "-"}:
            self._at += 1
            number = self._next().source
            if not number.isdecimal():
                raise UnknownQuestionError
            value += int(number) * (1 if token.source == "+" else -1)
        return value

    def _is_column(self, token: Token) -> bool:
        """Return whether a part of a question names a column of its table."""
        following = self._token()
        if not self._table or (following is not None and following.source == "("):
            return False
        if self._table in LISTS:
            word = (token.value or token.word).rpartition(".")[2].upper()
            return token.kind in {"word", "name"} and word in LISTS[self._table]
        return token.source == "*" or token.kind == "name" or (token.shape == "#" and _is_name(token))

    def _table_ahead(self) -> str:
        depth = 0
        for number, token in enumerate(self._tokens[self._at :], self._at):
            depth += {"(": 1, ")": -1}.get(token.source, 0)
            if depth < 0:
                break
            if not depth and token.word == "FROM" and number + 1 < len(self._tokens):
                return self._known_table(self._tokens[number + 1])
        return ""

    def _known_table(self, token: Token) -> str:
        if token.kind not in {"word", "name"}:
            raise UnknownQuestionError
        word = (token.value or token.word).upper()
        name = word.removeprefix("PG_CATALOG.") if word.removeprefix("PG_CATALOG.").startswith("PG_") else word
        if name == "DUAL":
            return ""
        if name not in LISTS and (_OF_THE_SERVER.fullmatch(word) or token.word in _CLAUSES):
            raise UnknownQuestionError
        return name

    def _name_of_table(self) -> None:
        self._next()
        self._skip("AS")
        token = self._token()
        if token is not None and token.kind in {"word", "name"} and token.word not in _CLAUSES:
            self._at += 1

    def _pass_by(self) -> None:
        """Pass by what is asked of a table of the user's own, unless it reads a list of the server's, too."""
        depth = 0
        while (token := self._token()) is not None:
            depth += {"(": 1, ")": -1}.get(token.source, 0)
            if depth < 0:
                return
            if token.word in {"UNION", "EXCEPT", "INTERSECT", "INTO"} or _OF_THE_SERVER.fullmatch(token.word):
                raise UnknownQuestionError
            self._at += 1

    def _conditions(self) -> tuple[frozenset[str] | None, bool]:
        names: frozenset[str] | None = None
        logs_in = False
        if self._table not in LISTS:
            raise UnknownQuestionError
        while True:
            token = self._next()
            if not self._is_column(token):
                raise UnknownQuestionError
            column = (token.value or token.word).rpartition(".")[2].upper()
            if column == "ROLCANLOGIN":
                logs_in = True
            else:
                found = self._values()
                if column == LISTS[self._table][0]:
                    names = found if names is None else names & found
                elif column != "HOST" or found != {"%"}:
                    raise UnknownQuestionError
            if not self._skip("AND"):
                return names, logs_in

    def _values(self) -> frozenset[str]:
        if self._skip("="):
            return frozenset({self._value()})
        self._expect("IN")
        self._expect("(")
        found = [self._value()]
        while self._skip(","):
            found.append(self._value())
        self._expect(")")
        return frozenset(found)

    def _value(self) -> str:
        token = self._next()
        if token.kind not in {"text", "place"}:
            raise UnknownQuestionError
        if self._skip(":"):
            self._expect(":")
            self._next()
        return token.value or ""

    def _limit(self) -> int | None:
        if not self._skip("LIMIT"):
            return None
        number = self._next().source
        if not number.isdecimal():
            raise UnknownQuestionError
        return int(number)

    def _key(self, function: str) -> Key:
        """Read the key of an advisory lock, in parentheses."""
        self._expect("(")
        start, depth = self._at, 1
        while depth:
            depth += {"(": 1, ")": -1}.get(self._next().source, 0)
        key = key_in(function, self._tokens[start : self._at - 1])
        if key is None:
            raise UnknownQuestionError
        return key

    # Single tokens.

    def _token(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> Token:
        token = self._token()
        if token is None:
            raise UnknownQuestionError
        self._at += 1
        return token

    def _skip(self, expected: str) -> bool:
        token = self._token()
        if token is None or expected not in {token.word, token.source if token.kind == "sign" else ""}:
            return False
        self._at += 1
        return True

    def _expect(self, expected: str) -> None:
        if not self._skip(expected):
            raise UnknownQuestionError

    def _as_name(self, token: Token) -> str:
        if token.kind == "name":
            return token.value or ""
        return token.source if self._is_mysql else token.source.lower()


def _is_name(token: Token) -> bool:
    return token.kind == "word" and not token.source[0].isdigit() and token.word not in _CLAUSES | set(_CONSTANTS)
