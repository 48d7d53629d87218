"""Registers pytest's own plugin for testing plugins, and adds options: slow and long tests, strict warnings."""

from __future__ import annotations

import gc
from collections import Counter

import pytest

pytest_plugins = ["pytester"]

# It needs psycopg and a server, and has a configuration of its own: `nox -s postgres`.
collect_ignore = ["examples/postgres"]

# The kinds of tests that a plain run leaves out. Each is a marker and an option. A test of both kinds is long.
KINDS = ("long", "slow")
LEFT_OUT = pytest.StashKey[Counter[str]]()

# In place of the first filter of pyproject.toml. That something is going to change in a later release is shown.
STRICT = ["error", "default::DeprecationWarning", "default::PendingDeprecationWarning", "default::FutureWarning"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    for kind in KINDS:
        parser.addoption(f"--{kind}", action="store_true", help=f"run the tests that are marked {kind}, too")
    parser.addoption("--strict-warnings", action="store_true", help="make all other warnings errors, too")


def pytest_configure(config: pytest.Config) -> None:
    """Count what is left out from zero, and make the filters of warnings strict if asked."""
    config.stash[LEFT_OUT] = Counter()
    if config.getoption("strict_warnings"):
        # The list itself, as `addinivalue_line` changes it. Filters of the command line would win over all.
        config.getini("filterwarnings")[:1] = STRICT


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out slow and long tests, unless they are asked for."""
    kept, left_out = [], []
    for item in items:
        kind = next((kind for kind in KINDS if item.get_closest_marker(kind) is not None), None)
        if kind is None or config.getoption(kind):
            kept.append(item)
        else:
            left_out.append(item)
            config.stash[LEFT_OUT][kind] += 1
    if left_out:
        items[:] = kept
        config.hook.pytest_deselected(items=left_out)
    # pytest-xdist's workers collect all the same tests, and its main process collects none.
    if hasattr(config, "workeroutput"):
        config.workeroutput["left_out"] = dict(config.stash[LEFT_OUT])


def pytest_collection_finish() -> None:
    """Spare the garbage collector the modules and items: it looked at all of them in each test that calls it."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Take over what a worker of pytest-xdist has left out."""
    output = getattr(node, "workeroutput", {})
    node.config.stash[LEFT_OUT] |= Counter(output.get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how many tests were left out, and the options that run them."""
    counts = [f"{number} {kind} (--{kind})" for kind, number in sorted(config.stash[LEFT_OUT].items())]
    if counts:
        terminalreporter.write_line(f"tests left out: {', '.join(counts)}")
