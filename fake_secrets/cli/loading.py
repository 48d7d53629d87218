"""Imports what is named on the command line, such as a rotation function."""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import linecache
import os
import pkgutil
import re
import sys
import types
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from fake_secrets.cli.command_error import CommandError
from fake_secrets.environment import Overlay
from fake_secrets.observe.leaks.searching import text_of
from fake_secrets.suggestions import nearest

__all__ = ["importing_from_here", "loaded", "masked", "place_of"]

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
# Anything else may be a part of a secret value whose quotes are missing.
_HARMLESS = re.compile(r"[\w.:/\\-]+")
_PACKAGE = str(Path(__file__).parent.parent)
_SHOWN = 8


@contextlib.contextmanager
def importing_from_here() -> Iterator[None]:
    """Let modules of the current folder be imported in the block, before all others."""
    path = sys.path[:]
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 -- as a str, which sys.path has
    try:
        yield
    finally:
        sys.path[:] = path


def loaded(
    what: str,
    name: str,
    environment: Mapping[str, str],
    *,
    hidden: Collection[str] = (),
    is_loud: bool = False,
) -> Any:
    """Import a function or a class by its name, ``module:attribute``.

    Args:
        what: what it is, such as "the handler".
        name: the name.
        environment: environment variables that are set during the import.
        hidden: texts that no message may show.
        is_loud: whether what the module prints is shown. It may hold secret values.

    Raises:
        CommandError: if there is no such module or attribute, if the import fails, or if what is found can't be
            called.
    """
    if _NAME.fullmatch(name) is None:
        raise CommandError(_misnamed(what, name))
    module_name, _, attributes = name.partition(":")
    with Overlay(environment), contextlib.nullcontext() if is_loud else _silence():
        module: Any = _imported(what, module_name, [text for text in hidden if text not in name])
    found = module
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            raise CommandError(_without(what, found, module_name, attributes, attribute))
        found = getattr(found, attribute)
    if not callable(found):
        msg = f"{what}, {name!r}, can't be called: its type is {type(found).__name__}"
        raise CommandError(msg)
    return found


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


_FORMS = {"the handler": "my_module:lambda_handler", "the service": "my_module:FakeDatabase"}


def _misnamed(what: str, name: str) -> str:
    form = _FORMS.get(what, "my_module:function")
    if _HARMLESS.fullmatch(name) is None:
        return f"{what} isn't written as {form}"
    path, colon, attributes = name.partition(":")
    if not colon and "/" not in path and "." in path and not path.endswith(".py"):
        # Lambda's own way of writing it.
        path, _, attributes = name.rpartition(".")
    meant = re.sub(r"[/\\]+", ".", path.removesuffix(".py").removeprefix("./")).strip(".")
    defined = [] if attributes else _names_in(Path(f"{meant.replace('.', os.sep)}.py"))
    if defined and "lambda_handler" not in defined:
        close = [f"{meant}:{one}" for one in defined[:_SHOWN]]
        return f"{what} is written as {form}, not as {name!r}{_meant(close)}"
    if not attributes and what != "the handler":
        return f"{what} is written as {form}, not as {name!r}"
    meant = f"{meant}:{attributes or form.partition(':')[2]}"
    hint = f"; did you mean {meant!r}?" if _NAME.fullmatch(meant) else ""
    return f"{what} is written as {form}, not as {name!r}{hint}"


def _names_in(file: Path) -> list[str]:
    """Return the public names that the source of a module defines, without importing it."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    named = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and not target.id.isupper()
    ]
    defined = [node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    return [one for one in (*defined, *named) if not one.startswith("_")]


def _imported(what: str, name: str, hidden: Collection[str]) -> types.ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if name.endswith(".py"):
            msg = f"{what} can't be imported: a module is named without .py, as in {name.removesuffix('.py')!r}"
            raise CommandError(msg) from None
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise CommandError(_failed(what, name, error, hidden)) from None
        parent, _, missing = error.name.rpartition(".")
        folders = getattr(sys.modules.get(parent), "__path__", None) if parent else [os.getcwd()]  # noqa: PTH109
        known = [module.name for module in pkgutil.iter_modules(folders)] if folders is not None else []
        where = f"in the package {parent!r}" if parent else "in the current folder or among the installed packages"
        similar = [f"{parent}.{one}".strip(".") + name[len(error.name) :] for one in nearest(missing, known)]
        msg = f"{what} can't be imported: there is no module {error.name!r} {where}{_meant(similar)}"
        if not parent and any(Path("src", file).exists() for file in (missing, f"{missing}.py")):
            msg += ". It is in the folder src: set PYTHONPATH=src"
        raise CommandError(msg) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 -- the user's module may raise anything
        raise CommandError(_failed(what, name, error, hidden)) from None


def _failed(what: str, name: str, error: BaseException, hidden: Collection[str]) -> str:
    place = place_of(error)
    text = masked(" ".join(text_of(error.msg if isinstance(error, SyntaxError) else error).split()), hidden)
    where = f" at {place}" if place else ""
    msg = f"{what} can't be imported: the import of {name!r} raises {type(error).__name__}{where}"
    msg += f": {text}" if text else ""
    if isinstance(error, KeyError) and "environ" in _source_at(place):
        msg += f". Set the variable with --env {text.strip(chr(39))}=VALUE"
    if isinstance(error, ModuleNotFoundError) and error.name:
        msg += f". Install it, or let a module {error.name}.py in the current folder stand in for it"
    return msg


def _without(what: str, found: Any, module: str, attributes: str, attribute: str) -> str:
    """Return what to say if something has no such attribute."""
    is_module = isinstance(found, types.ModuleType)
    known = [name for name in dir(found) if not name.startswith("_")]
    own = [name for name in known if callable(getattr(found, name, None)) and _is_defined_in(found, name)]
    begin = attributes[: attributes.index(attribute)]
    similar = nearest(attribute, own) or nearest(attribute, known)
    owner = f"module {module!r}" if is_module else f"{module}:{begin.rstrip('.')}"
    msg = f"{what} can't be imported: {owner} has no {attribute!r}"
    if similar or not own:
        return msg + _meant([f"{module}:{begin}{one}" for one in similar])
    return f"{msg}. It defines {', '.join(own[:_SHOWN])}{', ...' * (len(own) > _SHOWN)}"


def _is_defined_in(module: Any, name: str) -> bool:
    found = getattr(module, name)
    # Other objects, such as a `partial`, don't know where they were made.
    is_named = isinstance(found, type | types.FunctionType | types.BuiltinFunctionType)
    return not is_named or found.__module__ == getattr(module, "__name__", None)


def _meant(names: list[str]) -> str:
    return f"; did you mean {' or '.join(map(repr, names))}?" if names else ""


def masked(text: str, hidden: Collection[str]) -> str:
    """Return a text without some others in it."""
    for other in sorted(hidden, key=len, reverse=True):
        text = re.sub(
            rf"(?<!\w){re.escape(other)}(?!\w)" if len(other) < _SHORT else re.escape(other), "***", text
        )
    return text


# A shorter text may be a part of any word.
_SHORT = 5


def place_of(error: BaseException) -> str:
    """Return the line of the user's code that has raised an error, as ``file:line``; empty if there is none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_relative(error.filename)}:{error.lineno}"
    places = []
    traceback = error.__traceback__
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if not file.startswith(("<", _PACKAGE)) and f"{os.sep}importlib{os.sep}" not in file:
            places.append(f"{_relative(file)}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    # Own code comes before that of libraries, which is deeper.
    own = [place for place in places if not Path(place).is_absolute()]
    return (own or places or [""])[-1]


def _relative(file: str) -> str:
    path, here = Path(file), Path.cwd()
    is_own = path.is_relative_to(here) and "site-packages" not in path.parts
    return str(path.relative_to(here)) if is_own else file


def _source_at(place: str) -> str:
    file, _, number = place.rpartition(":")
    return linecache.getline(file, int(number)) if number.isdecimal() else ""
