"""Leaves the worlds that a test or a set-up of several tests has left open, and fails the test for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_secrets.activation.leftovers import Leftovers
from fake_secrets.plugin.left_open import left_open_by_a_test, left_open_by_fixture, opener

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Leaving"]


class Leaving:
    """The hooks that leave the worlds that a test, or a set-up of several tests, has entered and not left."""

    def __init__(self) -> None:
        self._leftovers = Leftovers()
        self._has_failed = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Iterator[None]:
        """Keep the worlds of fixtures of wider scope, which set-up functions of classes and modules are, too."""
        if fixturedef.scope == "function":
            opening = self._leftovers.of_test()
        else:
            opening = self._leftovers.shared(fixturedef, request.node)
        with opening:
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        """Note whether the test fails, and which worlds it enters."""
        self._has_failed = True
        with self._leftovers.of_test():
            result = yield
        self._has_failed = False
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
        """Leave the worlds of the test after its tear-down, and fail the test for them unless it has failed.

        If the test is the last of its class, module, package or session, leave what was entered for these, too.
        """
        lasting = nextitem.listchain() if nextitem is not None else []
        try:
            result = yield
        except BaseException:
            self._leftovers.leave(lasting)
            raise
        of_test, of_scopes = self._leftovers.leave(lasting)
        messages = [left_open_by_a_test(item, of_test)] if of_test and not self._has_failed else []
        self._has_failed = False
        messages += [left_open_by_fixture(opener(*key), left) for key, left in of_scopes.items()]
        if messages:
            pytest.fail("\n\n".join(messages), pytrace=False)
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Iterator[None]:
        """Leave the worlds of a test that was interrupted: its tear-down is part of the end of the session."""
        try:
            return (yield)
        finally:
            self._leftovers.leave()
