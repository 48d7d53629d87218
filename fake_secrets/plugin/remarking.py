"""Tells the remarks of active worlds at the end of each test, so that a filter for warnings can fail the test."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from fake_secrets.plugin.choosing import active_worlds

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Remarking"]


class Remarking:
    """The hook that tells the remarks. The worlds that a test leaves tell theirs when they are left."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        """Tell what the active worlds have to say about the test."""
        try:
            result = yield
        except BaseException as error:
            _tell(error)
            raise
        _tell()
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Iterator[None]:
        """Show what a world has to say when a fixture leaves it, without the traceback of our own code."""
        remarks = sys.modules.get("fake_secrets.observe.remarks")
        try:
            return (yield)
        except UserWarning as warning:
            if remarks is None or not isinstance(warning, remarks.FakeSecretsWarning):
                raise
            failure = remarks.in_full(warning)
        pytest.fail(failure, pytrace=False)


def _tell(error: BaseException | None = None) -> None:
    remarks = [remark for world in active_worlds() for remark in world.remarks.take()]
    if remarks:
        from fake_secrets.errors import FakeSecretsWarning
        from fake_secrets.observe.remarks import in_full, tell

        try:
            tell(remarks, error)
        except FakeSecretsWarning as warning:
            failure = in_full(warning)
        else:
            return
        # Not the warning itself, whose traceback would show only our own code.
        pytest.fail(failure, pytrace=False)
