"""Tells of decorated fixtures that return what needs their world: it is over before the test uses it."""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from fake_secrets.errors import FakeSecretsWarning
from fake_secrets.options import decorator_on

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Returning"]


class Returning:
    """The hook that looks at what a decorated fixture returns.

    What needs no world may be returned, such as settings that were read from a secret.
    """

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        """Warn of a client or a handle that was returned out of the world of the fixture."""
        result: object = yield
        if decorator_on(fixturedef.func) is not None and _is_over(fixturedef.func):
            what = _needs_the_world(result)
            if what is not None:
                _warn(fixturedef, what)
        return result  # type: ignore[return-value]


def _is_over(function: Any) -> bool:
    """Return whether the world that a fixture's decorator opens has been left when the fixture is set up."""
    original = inspect.unwrap(function)
    if inspect.isgeneratorfunction(original) or inspect.isasyncgenfunction(original):
        return False
    from fake_secrets.world import stack

    # A bare decorator joins a world of a wider scope, or of the test.
    return bool(decorator_on(function)._options) or stack.innermost_entry() is None


def _needs_the_world(result: object) -> str | None:
    from fake_secrets.observe.view import Secret
    from fake_secrets.world.handle import FakeSecrets

    if isinstance(result, FakeSecrets | Secret):
        return f"a {type(result).__name__}"
    model = getattr(getattr(result, "meta", None), "service_model", None)
    return "a Secrets Manager client" if getattr(model, "service_name", None) == "secretsmanager" else None


def _warn(fixturedef: pytest.FixtureDef[Any], what: str) -> None:
    code = inspect.unwrap(fixturedef.func).__code__
    text = (
        f"World over before its use: the fixture {fixturedef.argname!r}, which mock_stages decorates, returns "
        f"{what}. The world ends when the fixture returns. Yield it instead, so that the world stays open during "
        "the test."
    )
    warnings.warn_explicit(
        text, FakeSecretsWarning, code.co_filename, code.co_firstlineno, fixturedef.func.__module__
    )
