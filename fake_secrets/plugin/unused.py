"""Tells of planned faults that never happened, at the end of each test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_secrets.errors import UnusedFaultError
from fake_secrets.faults.unused import telling
from fake_secrets.plugin.choosing import active_worlds

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["UNUSED_FAULTS", "UnusedFaults"]

UNUSED_FAULTS = "fake_secrets_unused_faults"


class UnusedFaults:
    """The hooks that tell of the faults. The worlds that a test leaves tell of theirs when they are left.

    Args:
        state: "error", "warn" or "ignore".
    """

    def __init__(self, state: str) -> None:
        # Runs of pytest may be nested, as pytest's own plugin for testing plugins does.
        self._before = telling.state
        telling.state = state
        # A subtest fails without an exception that comes out of its test.
        self._has_failed = False

    def pytest_unconfigure(self) -> None:
        """Tell of unused faults as before this run of pytest."""
        telling.state = self._before

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        """Leave the faults that a fixture of wider scope plans to the end of their world: several tests use it."""
        result = yield
        if fixturedef.scope != "function":
            for world in active_worlds():
                world.faults.postpone()
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Iterator[None]:
        """Forget the faults of a test whose set-up fails."""
        self._has_failed = False
        try:
            return (yield)
        except BaseException as error:
            _tell(error)
            raise

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note that a test, or one of its subtests, has failed."""
        self._has_failed = self._has_failed or report.failed

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        """Tell of the faults of the test in the worlds that are still active."""
        try:
            result = yield
        except BaseException as error:
            _tell(error)
            raise
        try:
            _tell(_FAILED if self._has_failed else None)
        except UnusedFaultError as unused:
            failure = f"{type(unused).__name__}: {unused}"
        else:
            return result
        # Not the exception itself, whose traceback would show only our own code.
        pytest.fail(failure, pytrace=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Iterator[None]:
        """Show what a world tells when a fixture leaves it, without the traceback of our own code."""
        try:
            return (yield)
        except UnusedFaultError as unused:
            failure = f"{type(unused).__name__}: {unused}"
        pytest.fail(failure, pytrace=False)


# Stands for the exception of a subtest.
_FAILED = AssertionError("a subtest has failed")


def _tell(error: BaseException | None = None) -> None:
    for world in active_worlds():
        world.faults.tell_unused(error, is_end=False)
