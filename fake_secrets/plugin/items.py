"""The tests that are marked or decorated: the options of their worlds, and the place of the fixture among others.

A test that `mock_stages` decorates is treated like a marked test: its world is opened before its fixtures run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_secrets.options import CLASS_DECORATOR, OPTIONS, decorator_on
from fake_secrets.suggestions import similar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TypeGuard

    from fake_secrets.activation.call_forms import MockStages

__all__ = [
    "MARKER",
    "decorator_of",
    "misspelt_markers",
    "misuse_of",
    "options_of",
    "pytest_collection_modifyitems",
]

FIXTURE = "fake_secrets"
MARKER = "fake_secrets"
# How similar another marker's name is if it is a misspelling.
_SIMILAR = 0.9

_options = pytest.StashKey[dict[str, Any]]()
_misuse = pytest.StashKey[str]()
_decorator = pytest.StashKey["MockStages | None"]()


class _MisuseError(Exception):
    """A marker's arguments aren't those of `mock_stages`."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> Iterator[None]:
    """Add the fixture to every test that is marked or decorated, before the test's other fixtures.

    Other plugins may add markers in this hook, so this wrapper does its work after them.
    """
    result = yield
    for item in items:
        if _has_fixtures(item):
            sources = _sources(item)
            if sources:
                merged: dict[str, Any] = {}
                for options, _ in reversed(sources):
                    merged.update(options)
                item.stash[_options] = merged
                item.stash[_decorator] = next((decorator for _, decorator in sources if decorator), None)
            if sources or FIXTURE in item.fixturenames:
                _insert_fixture(item, is_bare=not sources)
    return result


def options_of(item: pytest.Item) -> dict[str, Any]:
    """Return the options of a test's decorators and markers, merged."""
    return item.stash.get(_options, {})


def decorator_of(item: pytest.Item) -> MockStages | None:
    """Return the closest decorator of a test, or None."""
    return item.stash.get(_decorator, None)


def misuse_of(item: pytest.Item) -> str | None:
    """Return what is wrong with a test's marker, or None."""
    return item.stash.get(_misuse, None)


def misspelt_markers(item: pytest.Item) -> list[str]:
    """Return the names of a test's markers that were probably meant to be ours.

    A name with one letter missing, doubled or out of place is one, or the decorator's name.
    """
    names = dict.fromkeys(mark.name for mark in item.iter_markers() if mark.name != MARKER)
    near = (name for name in names if similar(name, (MARKER,), cutoff=_SIMILAR))
    return [*near, *(name for name in names if name == "mock_stages")]


def _has_fixtures(item: pytest.Item) -> TypeGuard[pytest.Function]:
    """Return whether an item sets up fixtures. Doctests do, and so do the items of some plugins, such as Sybil."""
    return hasattr(item, "fixturenames") and hasattr(item, "_fixtureinfo")


def _sources(item: pytest.Function) -> list[tuple[dict[str, Any], MockStages | None]]:
    """Return the options of all decorators and markers of a test, the closest first.

    Each is paired with its decorator, or with None if it is a marker. If a marker is misused, only its test
    fails: the fixture tells what is wrong.
    """
    try:
        return list(_closest_first(item))
    except _MisuseError as error:
        item.stash[_misuse] = str(error)
        return [({}, None)]


def _closest_first(item: pytest.Function) -> Iterator[tuple[dict[str, Any], MockStages | None]]:
    """Yield the same pairs.

    Raises:
        _MisuseError: if a marker is misused.
    """
    for node in item.iter_parents():
        if isinstance(node, pytest.Class):
            yield from _of_class(node, item)
        else:
            decorator = decorator_on(node.obj) if isinstance(node, pytest.Function) else None
            if decorator is not None:
                yield decorator._options, decorator
            yield from _of_marks(node.own_markers, item)


def _of_class(node: pytest.Class, item: pytest.Function) -> Iterator[tuple[dict[str, Any], MockStages | None]]:
    bases = node.obj.__mro__
    marks_of = {base: _marks(vars(base).get("pytestmark", ())) for base in bases}
    inherited = [mark for marks in marks_of.values() for mark in marks]
    # Markers that a conftest.py added to the node come before those in the source.
    yield from _of_marks([mark for mark in node.own_markers if mark not in inherited], item)
    for base in bases:
        decorator = vars(base).get(CLASS_DECORATOR)
        if decorator is not None:
            yield decorator._options, decorator
        yield from _of_marks(marks_of[base], item)


def _of_marks(marks: Iterable[pytest.Mark], item: pytest.Function) -> Iterator[tuple[dict[str, Any], None]]:
    yield from ((_marker_options(mark, item), None) for mark in marks if mark.name == MARKER)


def _marks(stated: Any) -> list[pytest.Mark]:
    """Return a class's `pytestmark` as a list: it is one mark or several, each plain or a decorator."""
    several = stated if isinstance(stated, list | tuple) else [stated]
    return [mark.mark if isinstance(mark, pytest.MarkDecorator) else mark for mark in several]


def _marker_options(marker: pytest.Mark, item: pytest.Item) -> dict[str, Any]:
    options = {**dict(zip(OPTIONS[:1], marker.args, strict=False)), **marker.kwargs}
    unknown = [repr(name) for name in marker.kwargs if name not in OPTIONS]
    if len(marker.args) > 1:
        unknown.append("more than one positional argument")
    if marker.args and OPTIONS[0] in marker.kwargs:
        unknown.append(f"{OPTIONS[0]!r} twice")
    if unknown:
        valid = "".join(f"\n- {name}" for name in OPTIONS)
        msg = f"{item.nodeid}: @pytest.mark.fake_secrets doesn't take {', '.join(unknown)}. It takes:{valid}"
        raise _MisuseError(msg)
    return options


def _insert_fixture(item: pytest.Function, *, is_bare: bool) -> None:
    """Insert the fixture before the first function-scoped fixture, so that all of those see the world.

    If the world were opened before a fixture of wider scope, that fixture would run inside the first
    test's world only. If it were opened after monkeypatch, monkeypatch would restore the world's
    environment after the world was left.

    A bare world joins the world of a fixture that `mock_stages` decorates, so such fixtures stay first.
    """
    # All items of one function share this list, whether marked or not.
    names = item.fixturenames = list(item.fixturenames)
    if FIXTURE in names:
        names.remove(FIXTURE)
    definitions = item._fixtureinfo.name2fixturedefs
    is_function_scoped = (name in definitions and definitions[name][-1].scope == "function" for name in names)
    position = next((at for at, is_function in enumerate(is_function_scoped) if is_function), len(names))
    openers = [name for name in names[position:] if is_bare and _opens_a_world(definitions.get(name))]
    names[position:] = [*openers, FIXTURE, *(name for name in names[position:] if name not in openers)]


def _opens_a_world(definitions: Sequence[Any] | None) -> bool:
    return definitions is not None and decorator_on(definitions[-1].func) is not None
