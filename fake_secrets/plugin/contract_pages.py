"""Writes the reports of rotation contracts as pages of HTML, one for each class or test, at the end of a run.

The tests of one class may run on several workers of xdist. So each test hands its report to the controller, which
writes the pages.
"""

from __future__ import annotations

import base64
import itertools
import os
import pickle
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from fake_secrets.plugin.contract_tests import _is_contract
from fake_secrets.plugin.folders import add_path_option, file_name, folder, relative, tell_outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fake_secrets.contract.page_index import Entry
    from fake_secrets.contract.report import ContractReport

__all__ = ["add_options", "contract_pages"]

_HTML = "fake_secrets_contract_html"
_WHAT = "a folder, into which the report of each rotation contract is written as a page of HTML"

# The attribute of a test's report that carries what its contract has found. It is a text, since other plugins may
# write it down.
_CARRIED = "_fake_secrets_contract"

_INDEX = "index.html"


class _Found(NamedTuple):
    """What a test has found out about a rotation function.

    Args:
        title: the heading of the page that shows it.
        report: the report.
        is_family: whether it is one of the families of a class, which share a page.
    """

    title: str
    report: ContractReport
    is_family: bool = False


class ContractPages:
    """The hooks that collect reports and write the pages.

    Args:
        path: the folder of the pages.
        config: that of the run.
    """

    def __init__(self, path: Path, config: pytest.Config) -> None:
        self._folder = path
        self._config = config
        # By the id of the test, and its phase.
        self._found: dict[str, dict[str, list[_Found]]] = {}
        self._outcome = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Begin to keep the reports of a test."""
        from fake_secrets.contract import kept_reports

        kept_reports.begin()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        """Let the report of a test carry what its contract has found."""
        from fake_secrets.contract import kept_reports

        report: Any = yield
        found = [_Found(item.nodeid, one) for one in kept_reports.take()]
        if report.when != "teardown":
            kept_reports.begin()
        own = getattr(getattr(item, "instance", None), "_report", None)
        if report.when == "call" and _is_contract(getattr(item, "cls", None)) and own is not None:
            found.append(_Found(_title_of_class(item), own, is_family=True))
        if found:
            setattr(report, _CARRIED, base64.b64encode(pickle.dumps(found)).decode())
        return report  # type: ignore[no-any-return]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take up what a test has found; a worker of xdist leaves that to the controller."""
        if report.when == "setup":
            # A plugin can run a test again.
            self._found.pop(report.nodeid, None)
        carried = getattr(report, _CARRIED, None)
        if carried is not None and not hasattr(self._config, "workerinput"):
            # It comes from our own worker.
            found = pickle.loads(base64.b64decode(carried))  # noqa: S301
            self._found.setdefault(report.nodeid, {})[str(report.when)] = found

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the pages."""
        if not self._found:
            return
        try:
            self._write()
            self._outcome = f"pages of rotation contracts: {relative(self._folder / _INDEX, self._config)}"
        except OSError as error:
            self._outcome = f"ERROR: the pages of rotation contracts weren't written: {error}"
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell where the pages are."""
        tell_outcome(terminalreporter, self._outcome)

    def _write(self) -> None:
        from fake_secrets.contract.page import contract_page
        from fake_secrets.contract.page_index import index_page

        entries = self._entries()
        pages = {entry.file: contract_page(entry.report, entry.title) for entry in entries}
        pages[_INDEX] = index_page(entries)
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (self._folder / name).write_text(text, encoding="utf-8", newline="\n")

    def _entries(self) -> list[Entry]:
        """Return the pages in the order of their headings: workers end in any order."""
        from fake_secrets.contract.merging import merged
        from fake_secrets.contract.page_index import Entry

        families: dict[str, list[ContractReport]] = {}
        single: dict[str, list[ContractReport]] = {}
        phases = itertools.chain.from_iterable(phases.values() for phases in self._found.values())
        for found in itertools.chain.from_iterable(phases):
            (families if found.is_family else single).setdefault(found.title, []).append(found.report)
        entries = [Entry(title, file_name(title), merged(reports)) for title, reports in families.items()]
        for title, reports in single.items():
            for number, report in enumerate(reports, 1):
                also, suffix = (f" ({number})", f"-{number}") if number > 1 else ("", "")
                entries.append(Entry(f"{title}{also}", file_name(title, suffix), report))
        return sorted(entries, key=lambda entry: entry.title)


def add_options(parser: pytest.Parser) -> None:
    """Add the options of the pages."""
    add_path_option(parser, _HTML, "DIR", _WHAT)


def contract_pages(config: pytest.Config) -> ContractPages | None:
    """Return the hooks that the options ask for, or None.

    Raises:
        UsageError: if nothing can be written into the folder.
    """
    path = folder(config, _HTML)
    if path is None:
        return None
    # The folder itself is made if there is something to write.
    there = next((one for one in (path, *path.parents) if one.exists()), path)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        msg = f"{_HTML}: nothing can be written into {relative(path, config)!r}, because of {str(there)!r}"
        raise pytest.UsageError(msg)
    return ContractPages(path, config)


def _title_of_class(item: pytest.Item) -> str:
    """Return the id of a test's class, with the parameters of the test."""
    kind = item.getparent(pytest.Class)
    call = getattr(item, "callspec", None)
    parameters = "" if call is None else f"[{call.id}]"
    return f"{item.nodeid if kind is None else kind.nodeid}{parameters}"
