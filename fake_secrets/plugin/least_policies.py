"""Writes what the calls of a whole run needed to be allowed, with the least policy for each caller.

Nothing is recorded while the tests run: each world has its ledger, which is read when the test is over. Workers of
xdist leave what they have found to the controller, which writes the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_secrets.plugin.choosing import active_worlds
from fake_secrets.plugin.folders import add_path_option, output_file, relative, tell_outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fake_secrets.iam.least_policy import Need
    from fake_secrets.observe.recording import Recording

__all__ = ["add_options", "least_policies"]

_FILE = "fake_secrets_least_policy"
_WHAT = (
    "a file, into which the least IAM policy for the calls of the whole run is written, as JSON, for each caller"
)

_FINISHED = frozenset({pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED})


class LeastPolicies:
    """The hooks that collect needs and write the file.

    Args:
        path: the file.
        config: that of the run.
    """

    def __init__(self, path: Path, config: pytest.Config) -> None:
        self._path = path
        self._config = config
        self._needs: set[Need] = set()
        self._recordings: list[Recording] = []
        # Runs of pytest may be nested.
        self._before = _keep(self._recordings)
        self._forgotten = 0
        self._has_lost_worker = False
        self._deselected = 0
        self._outcome = ""

    def pytest_unconfigure(self) -> None:
        """Keep ledgers as before this run of pytest."""
        _keep(self._before)

    def pytest_runtest_logfinish(self) -> None:
        """Read the ledgers of the worlds that the test has left."""
        self._read()

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Count the tests that don't run."""
        self._deselected += len(items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of xdist has found; a worker that has crashed doesn't tell."""
        found = getattr(node, "workeroutput", {}).get(_FILE)
        if found is None:
            self._has_lost_worker = True
            return
        from fake_secrets.iam.recorded_needs import needs_in

        self._needs.update(needs_in(found["record"]))
        self._forgotten += found["forgotten"]
        # Each worker deselects the same tests.
        self._deselected = max(self._deselected, found["deselected"])

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
        """Write the file, or as a worker of xdist leave that to the controller."""
        for world in active_worlds():
            world.note_end()
        self._read()
        from fake_secrets.iam.recorded_needs import record_of

        text = record_of(self._needs)
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_FILE] = {"record": text, "forgotten": self._forgotten, "deselected": self._deselected}
        elif exitstatus not in _FINISHED or session.shouldfail or session.shouldstop:
            self._outcome = "ERROR: the least policies weren't written, because the run wasn't finished"
        elif not self._config.option.collectonly:
            self._write(text, session)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell where the file is, and what may be missing in it."""
        tell_outcome(terminalreporter, self._outcome)

    def _read(self) -> None:
        if not self._recordings:
            return
        from fake_secrets.observe.needs import needs_of

        # A world can be left twice, if an interrupt has kept it from being left at first.
        recordings = {id(one.ledger): one for one in self._recordings}
        self._recordings.clear()
        for recording in recordings.values():
            self._needs.update(needs_of(recording))
            self._forgotten += recording.ledger.dropped

    def _write(self, text: str, session: pytest.Session) -> None:
        try:
            self._path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            self._outcome = f"ERROR: the least policies weren't written: {error}"
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
            return
        self._outcome = f"least policies: {relative(self._path, self._config)}"
        if self._forgotten:
            self._outcome += f", without the {self._forgotten} oldest calls of worlds with more than 100,000"
        if self._has_lost_worker:
            self._outcome += ", without the calls of a worker that crashed"
        if self._deselected:
            self._outcome += f", without the calls of {_tests(self._deselected, 'deselected')}"
        if session.testsfailed:
            self._outcome += f", maybe without some calls of {_tests(session.testsfailed, 'failed')}"


def _tests(count: int, what: str) -> str:
    return f"{count} {what} test{'s' * (count > 1)}"


def _keep(recordings: list[Recording] | None) -> list[Recording] | None:
    from fake_secrets.observe import endings

    return endings.keep(recordings)


def add_options(parser: pytest.Parser) -> None:
    """Add the options of the file."""
    add_path_option(parser, _FILE, "FILE", _WHAT)


def least_policies(config: pytest.Config) -> LeastPolicies | None:
    """Return the hooks that the options ask for, or None.

    Raises:
        UsageError: if nothing can be written into the file, or if it has something else than a record.
    """
    path = output_file(config, _FILE)
    if path is None:
        return None
    _check_replaceable(path, config)
    return LeastPolicies(path, config)


def _check_replaceable(path: Path, config: pytest.Config) -> None:
    """Check that a file can be overwritten. If FILE is forgotten, the option takes the file of a test for it.

    Raises:
        UsageError: if it isn't a record of an earlier run.
    """
    # Reading a pipe or a device could block.
    if not path.is_file() or not path.stat().st_size:
        return
    from fake_secrets.iam.recorded_needs import is_record

    try:
        may_be_lost = is_record(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        may_be_lost = False
    if not may_be_lost:
        option = f"--{_FILE.replace('_', '-')}"
        msg = (
            f"{option}: {relative(path, config)!r} isn't the record of an earlier run, so it isn't overwritten. "
            f"Name another file, {option}=FILE, or delete this one"
        )
        raise pytest.UsageError(msg)
