"""What the plugin says of the worlds and servers that a test, or the set-up of several tests, has left open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

__all__ = ["left_open_by_a_test", "left_open_by_fixture", "opener"]

_ADVICE_FOR_TESTS = (
    "If the test calls start(), call stop() as often: in a finally block, a fixture's tear-down or "
    "addCleanup(...). Better still, use the fixture fake_secrets, @mock_stages or `with mock_stages():`."
)
_ADVICE_FOR_FIXTURES = (
    "Leave it in the fixture's tear-down: `with mock_stages(...): yield`, @mock_stages below @pytest.fixture on a "
    "function that yields, or request.addfinalizer(mock.stop) right after start()."
)
# pytest makes fixtures of these functions.
_ADVICE_FOR_FUNCTIONS = {
    "setUpClass": (
        "Enter it by `cls.enterClassContext(mock_stages(...))`, or call `cls.addClassCleanup(mock.stop)` right "
        "after start()."
    ),
    "setup_class": "If it calls start(), call stop() as often in teardown_class.",
    "setUpModule": (
        "If it calls start(), call stop() as often in tearDownModule. pytest doesn't run cleanups of modules, "
        "such as those of enterModuleContext and addModuleCleanup."
    ),
    "setup_module": "If it calls start(), call stop() as often in teardown_module.",
}


def left_open_by_a_test(item: pytest.Item, left: Sequence[str]) -> str:
    """Return the message about what a test has left open.

    Args:
        item: the test.
        left: descriptions of the worlds and servers.
    """
    return _left_open(item.nodeid, left, _ADVICE_FOR_TESTS)


def left_open_by_fixture(opened_by: str, left: Sequence[str]) -> str:
    """Return the message about what a fixture or set-up of several tests has left open.

    Args:
        opened_by: what `opener` calls it.
        left: descriptions of the worlds and servers.
    """
    advice = _ADVICE_FOR_FUNCTIONS.get(opened_by.partition(" ")[0], _ADVICE_FOR_FIXTURES)
    return _left_open(opened_by, left, advice)


def opener(fixturedef: pytest.FixtureDef[Any], node: Any) -> str:
    """Return what a user calls a fixture, or the set-up function of which pytest has made one.

    Args:
        fixturedef: the fixture.
        node: the class, module, package or session that it is set up for, or a test outside of classes.
    """
    where = node.nodeid or "the session"
    if not fixturedef.argname.startswith(("_xunit_", "_unittest_")):
        return f"The fixture {fixturedef.argname!r}, of {where},"
    of_unittest, of_pytest = (
        ("setUpModule", "setup_module") if fixturedef.scope == "module" else ("setUpClass", "setup_class")
    )
    return f"{of_unittest if hasattr(node.obj, of_unittest) else of_pytest} of {where}"


def _left_open(who: str, left: Sequence[str], advice: str) -> str:
    listed = "".join(f"\n- {one}" for one in left)
    are_servers, are_local = ([one.startswith(kind) for one in left] for kind in ("<server", "<local endpoints"))
    if all(are_servers):
        return (
            f"{who} has left a server of fake_secrets running. It is stopped now, so that later tests "
            f"don't meet its environment:{listed}\n"
            "Use `with fake_secrets.server():` or the fixture fake_secrets_server."
        )
    if all(are_local):
        return (
            f"{who} has left local endpoints of fake_secrets running. They are stopped now, so that later "
            f"tests don't meet their environment:{listed}\n"
            "Use `with fake_secrets.local_endpoints():`."
        )
    if sum(are_servers) + sum(are_local) == len(left):
        return (
            f"{who} has left servers of fake_secrets running. They are stopped now, so that later tests "
            f"don't meet their environment:{listed}\n"
            "Use `with fake_secrets.server():` and `with fake_secrets.local_endpoints():`."
        )
    return (
        f"{who} has left a fake_secrets world open. It is closed now, so that later tests don't use it:{listed}\n"
        f"{advice}"
    )
