"""What the password database knows of SQL: the statements of PostgreSQL and MySQL about users and passwords."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from fake_secrets.contract.services.questions import Question
from fake_secrets.contract.services.selects import UnknownQuestionError, read_question
from fake_secrets.contract.services.sql_parts import text_of, tokens_of

__all__ = ["Statement", "UnknownStatementError", "parse", "takes_parameters"]

__tracebackhide__ = True  # the parameters may be passwords

_TAKE_PARAMETERS = frozenset({"DELETE", "INSERT", "MERGE", "SELECT", "UPDATE", "VALUES", "WITH"})

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
_ROLE = r"(?:#|CURRENT_USER|SESSION_USER)"
_SCHEMAS = r"(?:#|PUBLIC)(?: , (?:#|PUBLIC))*"
_DEFAULT = rf"ALTER DEFAULT PRIVILEGES(?: FOR (?:ROLE|USER) (?P<owner>#|CURRENT_USER))?(?: IN # {_SCHEMAS})?"
_KINDS = {
    "alter": rf"ALTER (?:USER|ROLE)(?P<unless> IF EXISTS)? {_WHO}{_OPTIONS}",
    "alter_own": rf"SET PASSWORD = (?:PASSWORD \( )?(?P<password>#)(?: \))?(?P<options>{_RETAIN})",
    "alter_for": rf"SET PASSWORD FOR {_WHO} = (?:PASSWORD \( )?(?P<password>#)(?: \))?(?P<options>{_RETAIN})",
    "create_role": rf"CREATE ROLE(?P<unless> IF NOT EXISTS)? {_WHO}(?:{_OPTIONS})?",
    "create": rf"CREATE USER(?P<unless> IF NOT EXISTS)? {_WHO}(?:{_OPTIONS})?",
    "drop": rf"DROP (?:USER|ROLE)(?P<unless> IF EXISTS)? {_WHO}",
    "drop_owned": rf"DROP OWNED BY {_WHO}(?: CASCADE| RESTRICT)?",
    "reassign": rf"REASSIGN OWNED BY (?P<granted>{_ROLE}(?: , {_ROLE})*) TO {_WHO}",
    "grant_default": rf"{_DEFAULT} GRANT {_GRANTED} ON (?P<objects>#) TO {_WHO}(?: WITH GRANT #)?",
    "revoke_default": rf"{_DEFAULT} REVOKE {_GRANTED} ON (?P<objects>#) FROM {_WHO}(?: CASCADE| RESTRICT)?",
    "grant_role": rf"GRANT (?P<granted>#(?: , #)*) TO {_WHO}(?: WITH (?:GRANT|#) #)?",
    "grant": rf"GRANT {_GRANTED}(?: ON .*?)? TO {_WHO}(?: WITH (?:GRANT|#) #)?",
    "revoke_role": rf"REVOKE (?P<granted>#(?: , #)*) FROM {_WHO}(?: CASCADE| RESTRICT)?",
    "revoke": rf"REVOKE {_GRANTED}(?: ON .*?)? FROM {_WHO}(?: CASCADE| RESTRICT)?",
    "grants": rf"SHOW GRANTS(?: FOR {_WHO})?",
    "commit": r"COMMIT",
    "rollback": r"ROLLBACK",
    "rollback_to": r"ROLLBACK TO (?:# )?(?P<user>#)",
    "savepoint": r"SAVEPOINT (?P<user>#)",
    "begin": r"BEGIN|START TRANSACTION",
    "nothing": (
        rf"RELEASE (?:# )?#|FLUSH PRIVILEGES|SET .*|{_DEFAULT} (?:GRANT|REVOKE) .* (?:TO|FROM) PUBLIC"
        r"|REVOKE .* FROM PUBLIC|KILL .*"
    ),
}
_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _KINDS.items()}


class UnknownStatementError(NotImplementedError):
    """The double doesn't know a statement. The report shows the name of this class beside the call."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that the password database knows.

    Args:
        kind: what it does.
        user: the user that it is about; None for the one who is logged in, or for nobody.
        password: the password in it; None if it has none.
        granted: the privileges or the users that are granted, or the users whose objects get another owner.
        is_lenient: whether it says IF EXISTS or IF NOT EXISTS.
        options: the words of its other options, such as "RETAIN" or "NOLOGIN".
        until: until when the password is valid, as text; None if it doesn't say.
        question: what it asks; None if it is no question.
        owner: the user whose default privileges it changes; None for the one who is logged in.
        objects: the kind of objects that these are for, such as "TABLES".
    """

    kind: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    granted: tuple[str, ...] = ()
    is_lenient: bool = False
    options: frozenset[str] = frozenset()
    until: str | None = None
    question: Question | None = None
    owner: str | None = None
    objects: str = ""


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
    tokens = tokens_of(statement, parameters, is_mysql=is_mysql)
    shape, values = " ".join(one.shape for one in tokens), [one.value for one in tokens if one.value is not None]
    if tokens and tokens[0].shape == "SELECT":
        with contextlib.suppress(UnknownQuestionError):
            return Statement("ask", question=read_question(tokens, text_of(statement), is_mysql=is_mysql))
    for kind, pattern in _PATTERNS.items():
        match = pattern.fullmatch(shape)
        if match is not None:
            return _statement(kind, match, values)
    is_about_owners = any(token.word == "OWNER" for token in tokens)
    knows = "It knows users and their privileges, but no objects and their owners. " if is_about_owners else ""
    msg = (
        f"the double PasswordDatabase doesn't know this statement: {shape}\n"
        f"(# stands for a name or a value.) {knows}Override execute() in a subclass to answer it."
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
        owner=value_at("owner"),
        objects=(value_at("objects") or "").upper(),
    )


def takes_parameters(statement: object) -> bool:
    """Return whether PostgreSQL itself takes parameters in a statement, as psycopg hands them over.

    It takes none in statements about users. Drivers such as psycopg2 put them into the text before.
    """
    first = text_of(statement).split(maxsplit=1)
    return not first or first[0].upper() in _TAKE_PARAMETERS
