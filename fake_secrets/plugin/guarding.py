"""Turns the refusals of the guard into failures, of a test or of the run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from fake_secrets.errors import OutsideWorldError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["GUARD", "Guarding"]

GUARD = "fake_secrets_guard"


class Guarding:
    """The hooks that are registered only if the guard is on."""

    def __init__(self) -> None:
        from fake_secrets.hook.guard import Guard

        self._guard = Guard(lambda: os.environ.get("PYTEST_CURRENT_TEST", "code outside of the tests"))
        self._guard.put_up()
        # The messages of refusals for which no test was failed.
        self._refused: list[str] = []

    def pytest_unconfigure(self) -> None:
        """Let calls pass again."""
        self._guard.take_down()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        """Begin a test, and raise what its set-up has swallowed."""
        self._guard.origins.begin(item.nodeid)
        return (yield from self._phase())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        """Raise what the test has swallowed."""
        return (yield from self._phase())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Iterator[None]:
        """Raise what the tear-down has swallowed, and end the test."""
        try:
            return (yield from self._phase())
        finally:
            self._guard.origins.end()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        """Let the threads that a fixture of wider scope starts belong to no test: several tests use them."""
        if fixturedef.scope == "function":
            return (yield)
        with self._guard.origins.shared():
            return (yield)

    def _phase(self) -> Iterator[None]:
        """At the end of a phase, raise a refusal that code has swallowed since the last phase ended."""
        try:
            result = yield
        except OutsideWorldError:
            self._guard.take_refused()
            raise
        refused = self._guard.take_refused()
        if refused:
            first = refused[0]
            first.add_note("fake_secrets: the code under test caught this exception; the guard raised it again")
            raise first
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Get the refusals of an xdist worker, which can neither fail the run nor show them."""
        self._refused += getattr(node, "workeroutput", {}).get(GUARD, [])

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run if no test was failed for a refusal."""
        self._refused += [str(refusal.error) for refusal in self._guard.refused]
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[GUARD] = self._refused
        elif self._refused and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the refusals for which no test was failed: of code outside of the tests, and of late threads."""
        # Each xdist worker imports the same modules.
        for message in dict.fromkeys(self._refused):
            terminalreporter.section("fake_secrets_guard", red=True)
            terminalreporter.line(message)
