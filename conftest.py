"""Registers pytest's own plugin for testing plugins, and the option that runs slow tests, too."""

import pytest

pytest_plugins = ["pytester"]

# It needs psycopg and a server, and has a configuration of its own: `nox -s postgres`.
collect_ignore = ["examples/postgres"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--slow", action="store_true", help="run the tests that are marked slow, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out slow tests, unless they are asked for."""
    if config.getoption("--slow"):
        return
    slow = [item for item in items if item.get_closest_marker("slow") is not None]
    if slow:
        items[:] = [item for item in items if item.get_closest_marker("slow") is None]
        config.hook.pytest_deselected(items=slow)
