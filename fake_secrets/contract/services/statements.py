"""What the password database knows of SQL: the statements of PostgreSQL and MySQL about users and passwords."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fake_secrets.contract.services.composables import is_composable, rendered

__all__ = ["BrokenStatementError", "Statement", "UnknownStatementError", "parse", "takes_parameters"]

__tracebackhide__ = True  # the parameters may be passwords

_TAKE_PARAMETERS = frozenset({"DELETE", "INSERT", "MERGE", "SELECT", "UPDATE", "VALUES", "WITH"})

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

# The words that the patterns below name, but for those that may well be a user's name. All others are identifiers,
# and so values.
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

_WHO = r"(?P<user>#|CURRENT_USER(?: \( \))?|USER \( \))(?: @ #)?"
_RETAIN = r"(?: RETAIN # PASSWORD)?"
_OPTION = (
    r"(?:ENCRYPTED )?(?:PASSWORD|IDENTIFIED(?: WITH #)? BY) (?P<password>#|NULL)(?: REPLACE #)?"
    r"|VALID UNTIL (?P<until>#)|(?:NO)?LOGIN|# (?:UN)?LOCK"
    r"|RETAIN # PASSWORD|DISCARD # PASSWORD|IN (?:ROLE|GROUP) (?P<granted>#)"
    r"|(?:NO)?(?:SUPERUSER|CREATEDB|CREATEROLE|INHERIT)|CONNECTION LIMIT -? ?#"
)
_OPTIONS = rf"(?: WITH)?(?P<options>(?: (?:{_OPTION}))+)"
_GRANTED = r"(?P<granted>(?:ALL|ALL PRIVILEGES|(?:SELECT|CREATE|DROP|ALTER|#|,| )+))"
_LIST = r"(?:PG_CATALOG\.)?(?:PG_ROLES|PG_USER|MYSQL\.USER)"
_KINDS = {
    "alter": rf"ALTER (?:USER|ROLE)(?P<unless> IF EXISTS)? {_WHO}{_OPTIONS}",
    "alter_own": rf"SET PASSWORD = (?:PASSWORD \( )?(?P<password>#)(?: \))?(?P<options>{_RETAIN})",
    "alter_for": rf"SET PASSWORD FOR {_WHO} = (?:PASSWORD \( )?(?P<password>#)(?: \))?(?P<options>{_RETAIN})",
    "create_role": rf"CREATE ROLE(?P<unless> IF NOT EXISTS)? {_WHO}(?:{_OPTIONS})?",
    "create": rf"CREATE USER(?P<unless> IF NOT EXISTS)? {_WHO}(?:{_OPTIONS})?",
    "drop": rf"DROP (?:USER|ROLE)(?P<unless> IF EXISTS)? {_WHO}",
    "drop_owned": rf"DROP OWNED BY {_WHO}(?: CASCADE| RESTRICT)?",
    "grant": rf"GRANT {_GRANTED}(?: ON .*?)? TO {_WHO}(?: WITH (?:GRANT|#) #)?",
    "revoke": rf"REVOKE {_GRANTED}(?: ON .*?)? FROM {_WHO}(?: CASCADE| RESTRICT)?",
    "grants": rf"SHOW GRANTS(?: FOR {_WHO})?",
    "exists": rf"SELECT .* FROM {_LIST} WHERE (?:#|USER) = (?P<user>#).*",  # noqa: S608 -- a pattern
    "quote": r"SELECT QUOTE_IDENT \( (?P<user>#) \)",
    "version": r"SELECT (?:VERSION \( \)|@ @ VERSION)",
    "who": r"SELECT (?:CURRENT_USER|SESSION_USER|USER)(?: \( \))?",
    "now": r"SELECT (?:NOW|CURRENT_TIMESTAMP)(?: \( \))?",
    # Without a table, or of one that everybody may read.
    "compute": r"SELECT (?!.*\bFROM\b).*|SELECT .* FROM (?:DUAL|(?:PG_CATALOG\.)?(?:PG_ROLES|PG_USER))\b.*",
    "read": r"SELECT .*",
    "commit": r"COMMIT",
    "rollback": r"ROLLBACK",
    "nothing": (
        r"BEGIN|START TRANSACTION|FLUSH PRIVILEGES|SET .*|ALTER DEFAULT PRIVILEGES .*|REASSIGN OWNED .*"
        r"|REVOKE .* FROM PUBLIC|KILL .*"
    ),
}
_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _KINDS.items()}


class UnknownStatementError(NotImplementedError):
    """The double doesn't know a statement. The report shows the name of this class beside the call."""


class BrokenStatementError(Exception):
    """A statement has a syntax error: the quotes in it aren't balanced. Its text has no value."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that the password database knows.

    Args:
        kind: what it does.
        user: the user that it is about; None for the one who is logged in, or for nobody.
        password: the password in it; None if it has none.
        granted: the privileges or the user that are granted.
        is_lenient: whether it says IF EXISTS or IF NOT EXISTS.
        options: the words of its other options, such as "RETAIN" or "NOLOGIN".
        until: until when the password is valid, as text; None if it doesn't say.
    """

    kind: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    granted: tuple[str, ...] = ()
    is_lenient: bool = False
    options: frozenset[str] = frozenset()
    until: str | None = None


def parse(statement: object, parameters: object = None, *, is_mysql: bool = False) -> Statement:
    """Return what a statement says.

    Args:
        statement: a str, bytes, or an object of psycopg's module ``sql``.
        parameters: its parameters, a sequence or a mapping; None if there are none. pymysql takes a single one,
            too.
        is_mysql: whether texts are quoted as in MySQL, where a backslash escapes the next sign, and double quotes
            are around a text, too.

    Raises:
        BrokenStatementError: if its quotes aren't balanced.
        UnknownStatementError: if it is none of the statements that are known.
        ValueError: if there are fewer parameters than places for them.
    """
    text = _text_of(statement)
    shape, values = _shape_of(text, parameters, _MYSQL if is_mysql else _POSTGRESQL)
    for kind, pattern in _PATTERNS.items():
        match = pattern.fullmatch(shape)
        if match is not None:
            return _statement(kind, match, values)
    msg = (
        f"the double PasswordDatabase doesn't know this statement: {shape}\n"
        "(# stands for a name or a value.) Override execute() in a subclass to answer it."
    )
    raise UnknownStatementError(msg)


def _statement(kind: str, match: re.Match[str], values: Sequence[str]) -> Statement:
    groups = match.groupdict()

    def value_at(group: str) -> str | None:
        if groups.get(group) != "#":
            return None
        return values[match.string[: match.start(group)].count("#")]

    granted: tuple[str, ...] = ()
    if groups.get("granted") is not None:
        start = match.string[: match.start("granted")].count("#")
        rest = iter(values[start:])
        words = (word for word in groups["granted"].split() if word != ",")
        granted = tuple(next(rest) if word == "#" else word for word in words)
    return Statement(
        kind,
        value_at("user"),
        value_at("password"),
        granted,
        bool(groups.get("unless")),
        frozenset((groups.get("options") or "").split()),
        value_at("until"),
    )


def takes_parameters(statement: object) -> bool:
    """Return whether PostgreSQL itself takes parameters in a statement, as psycopg hands them over.

    It takes none in statements about users. Drivers such as psycopg2 put them into the text before.
    """
    first = _text_of(statement).split(maxsplit=1)
    return not first or first[0].upper() in _TAKE_PARAMETERS


def _text_of(statement: object) -> str:
    if is_composable(statement):
        return rendered(statement)
    as_string: Any = getattr(statement, "as_string", None)
    if callable(as_string):
        return str(as_string(None))
    return statement.decode() if isinstance(statement, bytes) else str(statement)


def _shape_of(text: str, parameters: object, tokens: re.Pattern[str]) -> tuple[str, list[str]]:
    """Return a statement with `#` in place of each name and value, and these."""
    named: Mapping[str, Any] = parameters if isinstance(parameters, Mapping) else {}
    unnamed = iter(() if isinstance(parameters, Mapping) else _sequence(parameters))
    shape: list[str] = []
    values: list[str] = []
    for token in _balanced(token for token in tokens.finditer(text) if not token["comment"]):
        word = token["word"].upper() if token["word"] else ""
        if word in _WORDS or token["sign"] or (word and not shape):
            shape.append(word or token["sign"])
            continue
        try:
            value = _value_of(token, named, unnamed)
        except (StopIteration, KeyError):
            msg = "the statement has more places for parameters than there are parameters"
            raise ValueError(msg) from None
        shape.append("#")
        values.append(value)
    return " ".join(shape), values


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
