"""The pytest plugin: fixtures, marker, and the decorator being the marker too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_secrets.options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from botocore.client import BaseClient

    from fake_secrets.handle import FakeSecrets
    from fake_secrets.mock import MockStages

__all__ = ["fake_secrets", "secretsmanager"]

FIXTURE = "fake_secrets"
MARKER = "fake_secrets"

_options = pytest.StashKey[dict[str, Any]]()
_decorator = pytest.StashKey["MockStages | None"]()


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "fake_secrets(secrets=None, *, region=None, account_id='123456789012', rotation='inline', "
        "rotation_errors='raise', random_seed=None): run the test in a world of "
        "fake_secrets.mock_stages with these arguments; of several markers the closest wins, argument by "
        "argument.",
    )


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Give every test that is marked, or decorated with mock_stages, the fixture; let it come first."""
    for item in items:
        if isinstance(item, pytest.Function):
            decorator = _decorator_of(item.obj)
            markers = list(item.iter_markers(MARKER))
            if decorator is not None or markers:
                item.stash[_options] = _merge(decorator, markers, item)
                item.stash[_decorator] = decorator
            if decorator is not None or markers or FIXTURE in item.fixturenames:
                _insert_fixture(item)


@pytest.fixture
def fake_secrets(request: pytest.FixtureRequest) -> Iterator[FakeSecrets]:
    """The handle of a world of fake secrets, active for this test.

    The marker `fake_secrets(...)`, or the decorator `mock_stages(...)` on the test, gives the
    world's arguments; without either it joins the world that is active, or opens one.
    """
    from fake_secrets.mock import MockStages

    stash = request.node.stash
    decorator = stash.get(_decorator, None) or MockStages({})
    with decorator.active(stash.get(_options, {})) as handle:
        yield handle


@pytest.fixture
def secretsmanager(fake_secrets: FakeSecrets, _fake_secrets_clients: Callable[[str], BaseClient]) -> BaseClient:
    """A Secrets Manager client in the world's region: boto3's where boto3 is installed.

    It is kept from test to test, since building one is the dearest part of a test.
    """
    return _fake_secrets_clients(fake_secrets.region)


@pytest.fixture(scope="session")
def _fake_secrets_clients() -> Callable[[str], BaseClient]:
    clients: dict[str, BaseClient] = {}

    def client(region: str) -> BaseClient:
        if region not in clients:
            clients[region] = _build_client(region)
        return clients[region]

    return client


def _build_client(region: str) -> BaseClient:
    try:
        from boto3.session import Session
    except ImportError:
        from botocore.session import Session as BotocoreSession

        return BotocoreSession().create_client("secretsmanager", region_name=region)
    client: BaseClient = Session().client("secretsmanager", region_name=region)
    return client


def _decorator_of(function: object) -> MockStages | None:
    """Return the decorator on a test function, also from below other decorators."""
    while function is not None:
        decorator = getattr(function, "_self_fake_secrets", None)
        if decorator is not None:
            return decorator  # type: ignore[no-any-return]
        # A bound method knows its function, and another decorator what it wraps.
        function = getattr(function, "_self_parent", None) or getattr(function, "__wrapped__", None)
    return None


def _merge(decorator: MockStages | None, markers: Sequence[pytest.Mark], item: pytest.Item) -> dict[str, Any]:
    """Merge the options: decorator, then markers, the closest winning member by member."""
    merged: dict[str, Any] = {}
    for marker in reversed(markers):
        merged.update(_marker_options(marker, item))
    return {**merged, **(decorator.options if decorator is not None else {})}


def _marker_options(marker: pytest.Mark, item: pytest.Item) -> dict[str, Any]:
    options = {**dict(zip(OPTIONS[:1], marker.args, strict=False)), **marker.kwargs}
    unknown = [repr(name) for name in marker.kwargs if name not in OPTIONS]
    if len(marker.args) > 1:
        unknown.append("more than one positional argument")
    if marker.args and OPTIONS[0] in marker.kwargs:
        unknown.append(f"{OPTIONS[0]!r} twice")
    if unknown:
        valid = "".join(f"\n- {name}" for name in OPTIONS)
        msg = f"{item.nodeid}: @pytest.mark.fake_secrets doesn't take {', '.join(unknown)}. It takes:{valid}"
        raise pytest.UsageError(msg)
    return options


def _insert_fixture(item: pytest.Function) -> None:
    """Insert the fixture before the first function-scoped one, so that all of them see the world.

    Before one of wider scope it would run inside that one's set-up, for the first test only. And
    after monkeypatch, that would put back our environment when the world has gone.
    """
    # The list is shared by all items of one function, marked or not.
    names = item.fixturenames = list(item.fixturenames)
    if FIXTURE in names:
        names.remove(FIXTURE)
    definitions = item._fixtureinfo.name2fixturedefs
    is_function_scoped = (name in definitions and definitions[name][-1].scope == "function" for name in names)
    position = next((at for at, is_function in enumerate(is_function_scoped) if is_function), len(names))
    names.insert(position, FIXTURE)
