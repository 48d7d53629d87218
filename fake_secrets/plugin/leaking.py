"""Watches every world of a test for leaks of secret values, if the ini option `fake_secrets_leaks` asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_secrets.errors import FakeSecretsWarning
from fake_secrets.plugin.choosing import active_worlds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fake_secrets.observe.leaks.found import Leak
    from fake_secrets.observe.leaks.watching import Knowing
    from fake_secrets.observe.remarks import Line

__all__ = ["LEAKS", "STATES", "Leaking"]

LEAKS = "fake_secrets_leaks"
STATES = ("off", "warn", "error")


class Leaking:
    """The hooks that are registered only if leaks are watched.

    Args:
        is_error: whether a leak fails its test. Otherwise it is given as a warning at the end of the test.
    """

    def __init__(self, *, is_error: bool) -> None:
        from fake_secrets.observe.leaks.found import Found

        self._is_error = is_error
        self._found = Found()
        self._has_failed = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        """Watch the set-up of a test."""
        self._found._clear()
        self._has_failed = False
        return (yield from self._phase(item, "setup"))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Watch the test, and fail it if it or its set-up has leaked something."""
        return (yield from self._phase(item, "call"))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Iterator[None]:
        """Watch the tear-down of a test, and fail it if it has leaked something."""
        return (yield from self._phase(item, "teardown"))

    def _phase(self, item: pytest.Item, phase: str) -> Iterator[None]:
        from fake_secrets.observe.leaks import watching

        everywhere = watching.Everywhere(_worlds, self._tell)
        try:
            watching.begin(everywhere)
            result = yield
        except BaseException as error:
            watching.saw_error(error)
            self._has_failed = True
            if self._found:
                item.add_report_section(phase, "secret leaks", str(self._found))
                self._found._clear()
            raise
        finally:
            watching.end(everywhere)
        if phase != "setup" and self._is_error and self._found:
            text, has_failed = _failure(item, list(self._found)), self._has_failed
            self._found._clear()
            self._has_failed = True
            if not has_failed:
                pytest.fail(text, pytrace=False)
        return result

    def _tell(self, world: Knowing, leak: Leak, line: Line) -> None:
        if self._found._add(leak) and not self._is_error:
            remarks = next((other.remarks for other in active_worlds() if other.leaks is world), None)
            if remarks is not None:
                remarks.add(FakeSecretsWarning, f"Secret leaked: {leak}", line)


def _worlds() -> list[Knowing]:
    return [world.leaks for world in active_worlds()]


def _failure(item: pytest.Item, leaks: list[Leak]) -> str:
    listed = "".join(f"\n- {leak}" for leak in leaks)
    count = "a secret value" if len(leaks) == 1 else f"{len(leaks)} secret values"
    return (
        f"{item.nodeid} has leaked {count}:{listed}\n"
        f"`{LEAKS} = error` fails the test for that. Leave the value out of what is written. If the test leaks it "
        "on purpose, wrap that in `with fake_secrets.leaks.watching() as found:` and assert on `found`."
    )
