"""Shows in the report of a test what it did in its worlds: the timelines of its secrets, and its latest calls."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from fake_secrets.activation import visits
from fake_secrets.plugin.choosing import choice
from fake_secrets.plugin.folders import file_name, folder, relative

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from fake_secrets.observe.pictures.report import Part
    from fake_secrets.world.stack import Opened

__all__ = ["add_options", "reporting"]

_REPORT = "fake_secrets_report"
_HTML = "fake_secrets_html"
_MODES = ("never", "failure", "always")
_SECTION = "fake_secrets"

# What a worker of xdist is told: whether other workers run the same tests.
_SAME_TESTS = "fake_secrets_same_tests"


class Visited:
    """The worlds of a test: those that are active when it begins, and those that it enters.

    Args:
        entered: the worlds that it has entered.
    """

    def __init__(self, entered: Collection[Opened]) -> None:
        self._entered = entered
        stack = sys.modules.get("fake_secrets.world.stack")
        active = [] if stack is None else [entry.opened for entry in stack.active()]
        self._before = [(one, one.world.ledger, one.world.ledger.count) for one in active]

    def parts(self, error: BaseException | None) -> list[Part]:
        """Return what the test has done in each world so far.

        Args:
            error: what it has failed with. The report shows its notes anyway.
        """
        told = {note.removeprefix("fake_secrets: ") for one in _chain(error) for note in _notes_of(one)}
        worlds = {id(one): one for one in [*(opened for opened, _, _ in self._before), *self._entered]}
        return [self._part(one, told) for one in worlds.values()]

    def _part(self, opened: Opened, told: Collection[str]) -> Part:
        # Imported here, because most tests have nothing to report.
        from fake_secrets.observe.pictures.report import part_of

        world = opened.world
        ledger = world.ledger
        since = [count for one, before, count in self._before if one is opened and before is ledger]
        count = next(iter(since), 0)
        return part_of(world.account_id, world.region, ledger, count, world.rulings.denials, told=told)


_visited = pytest.StashKey[Visited]()


class Reporting:
    """The hooks that report. They are registered only if there may be a report.

    Args:
        is_always: whether a test that passes has a report, too.
        path: the folder of the pages; None if no page is written.
    """

    def __init__(self, *, is_always: bool, path: Path | None) -> None:
        self._is_always = is_always
        self._folder = path

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Keep the worlds of a test until its last report is made."""
        with visits.kept():
            try:
                return (yield)
            finally:
                if _visited in item.stash:
                    del item.stash[_visited]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin a test, perhaps once more: plugins can run a test again."""
        item.stash[_visited] = Visited(visits.restart())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """Add the section to the report."""
        report: Any = yield
        visited = item.stash.get(_visited, None)
        is_wanted = report.failed or (self._is_always and report.passed and report.when == "call")
        error = None if call.excinfo is None else call.excinfo.value
        parts = visited.parts(error) if is_wanted and visited is not None else []
        if parts:
            report.sections.append((_SECTION, self._shown(item, parts)))
        return report  # type: ignore[no-any-return]

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist whether other workers run the same tests."""
        node.workerinput[_SAME_TESTS] = node.config.getoption("dist") == "each"

    def _shown(self, item: pytest.Item, parts: list[Part]) -> str:
        from fake_secrets.observe.pictures.report import page_of_parts, text_of_parts

        text = text_of_parts(parts)
        if self._folder is None:
            return text
        path = self._folder / _file_name(item)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page_of_parts(item.nodeid, parts), encoding="utf-8", newline="\n")
        except OSError as error:
            return f"{text}\n\npage: not written: {error}"
        return f"{text}\n\npage: {relative(path, item.config)}"


def add_options(parser: pytest.Parser) -> None:
    """Add the options of reports."""
    group = parser.getgroup("fake_secrets")
    group.addoption(
        "--fake-secrets-report",
        dest=_REPORT,
        default=None,
        metavar="{" + ",".join(_MODES) + "}",
        help="which tests show the timelines of their secrets and their latest calls: those that fail by default",
    )
    group.addoption(
        "--fake-secrets-html",
        dest=_HTML,
        default=None,
        metavar="DIR",
        help="write each of these reports as a page of HTML into this folder, too",
    )
    parser.addini(
        _REPORT,
        "which tests show the timelines of their secrets and their latest calls: 'never', 'failure' or 'always'",
        default="failure",
    )
    parser.addini(
        _HTML, "a folder, into which each of these reports is written as a page of HTML, too", default=""
    )


def reporting(config: pytest.Config) -> Reporting | None:
    """Return the hooks that the options ask for, or None.

    Raises:
        UsageError: if an option's value is wrong.
    """
    mode = choice(config, _REPORT, _MODES)
    path = folder(config, _HTML)
    return None if mode == "never" else Reporting(is_always=mode == "always", path=path)


def _file_name(item: pytest.Item) -> str:
    worker = getattr(item.config, "workerinput", {})
    return file_name(item.nodeid, f"-{worker['workerid']}" if worker.get(_SAME_TESTS) else "")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and those that led to it, as pytest shows them."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _notes_of(error: BaseException) -> list[str]:
    return [str(note) for note in getattr(error, "__notes__", ())]
