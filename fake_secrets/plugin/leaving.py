"""Leaves the worlds that a test has entered and not left, and fails the test for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_secrets.activation.leftovers import Leftovers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Leaving"]


class Leaving:
    """The hooks that leave the worlds that a test has entered and not left."""

    def __init__(self) -> None:
        self._leftovers = Leftovers()
        self._has_failed = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        """Keep the worlds of fixtures of wider scope, which set-up functions of classes and modules are, too."""
        is_of_test = fixturedef.scope == "function"
        with self._leftovers.of_test() if is_of_test else self._leftovers.shared():
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
    def pytest_runtest_teardown(self, item: pytest.Item) -> Iterator[None]:
        """Leave the worlds of the test after its tear-down, and fail the test for them unless it has failed."""
        try:
            result = yield
        except BaseException:
            self._leftovers.leave()
            raise
        left, has_failed = self._leftovers.leave(), self._has_failed
        self._has_failed = False
        if left and not has_failed:
            pytest.fail(_left_open(item, left), pytrace=False)
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Iterator[None]:
        """Leave the worlds of a test that was interrupted: its tear-down is part of the end of the session."""
        try:
            return (yield)
        finally:
            self._leftovers.leave()


def _left_open(item: pytest.Item, left: Sequence[str]) -> str:
    listed = "".join(f"\n- {one}" for one in left)
    are_servers, are_local = ([one.startswith(kind) for one in left] for kind in ("<server", "<local endpoints"))
    if all(are_servers):
        return (
            f"{item.nodeid} has left a server of fake_secrets running. It is stopped now, so that later tests "
            f"don't meet its environment:{listed}\n"
            "Use `with fake_secrets.server():` or the fixture fake_secrets_server."
        )
    if all(are_local):
        return (
            f"{item.nodeid} has left local endpoints of fake_secrets running. They are stopped now, so that later "
            f"tests don't meet their environment:{listed}\n"
            "Use `with fake_secrets.local_endpoints():`."
        )
    if sum(are_servers) + sum(are_local) == len(left):
        return (
            f"{item.nodeid} has left servers of fake_secrets running. They are stopped now, so that later tests "
            f"don't meet their environment:{listed}\n"
            "Use `with fake_secrets.server():` and `with fake_secrets.local_endpoints():`."
        )
    return (
        f"{item.nodeid} has left a fake_secrets world open. It is closed now, so that later tests don't use it:"
        f"{listed}\n"
        "If the test calls start(), call stop() as often: in a finally block, a fixture's tear-down or "
        "addCleanup(...). Better still, use the fixture fake_secrets, @mock_stages or `with mock_stages():`."
    )
