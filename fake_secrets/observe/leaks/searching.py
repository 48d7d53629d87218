"""The texts in which a value may leak: those of a log record, an exception, a result."""

from __future__ import annotations

import logging
from collections.abc import Iterator

__all__ = ["exceptions_of", "is_of_botocore", "text_of", "texts_of_error", "texts_of_record"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# What a record has without `extra`. The message and the exception are looked at on their own.
_USUAL = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"})

# At level DEBUG, they log the bodies of requests and responses.
_OF_BOTOCORE = frozenset({"aiobotocore", "boto3", "botocore", "urllib3"})


def is_of_botocore(record: logging.LogRecord) -> bool:
    """Return whether a log record is one of botocore's at level DEBUG, or of the packages below it."""
    return record.levelno <= logging.DEBUG and record.name.split(".")[0] in _OF_BOTOCORE


def texts_of_record(record: logging.LogRecord) -> Iterator[str]:
    """Yield the texts of a log record: its message, its exception, and what `extra` has added.

    The lines of source code in a traceback aren't among them: a test's own may have the value as a literal.
    """
    yield _message_of(record)
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if error is not None:
        for one in exceptions_of(error):
            yield from texts_of_error(one)
    if record.exc_text:
        yield record.exc_text
    for name, extra in list(vars(record).items()):
        if name not in _USUAL:
            yield text_of(extra)


def exceptions_of(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that are shown with it: its causes, its contexts, the members of groups."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        context = None if one.__suppress_context__ else one.__context__
        waiting += [other for other in (one.__cause__, context) if other is not None]
        waiting += one.exceptions if isinstance(one, BaseExceptionGroup) else ()


def texts_of_error(error: BaseException) -> Iterator[str]:
    """Yield the message and the notes of an exception."""
    yield text_of(error)
    yield from (text_of(note) for note in getattr(error, "__notes__", ()))


def text_of(thing: object) -> str:
    """Return an object as text: an exception's message, a string itself, anything else as `repr` shows it."""
    try:
        return str(thing) if isinstance(thing, str | BaseException) else repr(thing)
    except Exception:  # noqa: BLE001 -- the user's own code, which nobody has asked to run
        return ""


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 -- logging tells the user of arguments that don't fit
        return text_of(record.msg)
