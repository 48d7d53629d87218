"""The pytest plugin: fixtures, marker, and the decorator being the marker too."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from fake_secrets.errors import OutsideWorldError
from fake_secrets.options import CLASS_DECORATOR, OPTIONS, decorator_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from botocore.client import BaseClient

    from fake_secrets.activation.call_forms import MockStages
    from fake_secrets.world.handle import FakeSecrets

__all__ = ["fake_secrets", "secretsmanager"]

FIXTURE = "fake_secrets"
MARKER = "fake_secrets"
GUARD = "fake_secrets_guard"

_GUARD_STATES = ("off", "error")

_options = pytest.StashKey[dict[str, Any]]()
_misuse = pytest.StashKey[pytest.UsageError]()
_decorator = pytest.StashKey["MockStages | None"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option of the guard."""
    parser.addini(
        GUARD,
        "what becomes of a Secrets Manager call while no world of fake_secrets is active: "
        "'off' lets it go to AWS, 'error' fails it at once",
        default="off",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and put up the guard where it is asked for."""
    state = config.getini(GUARD)
    if state not in _GUARD_STATES:
        msg = f"{GUARD} = {state!r} is none of {', '.join(map(repr, _GUARD_STATES))}"
        raise pytest.UsageError(msg)
    if state == "error":
        config.pluginmanager.register(_Guarding(), "fake_secrets_guard")
    config.addinivalue_line(
        "markers",
        "fake_secrets(secrets=None, *, region=None, account_id='123456789012', rotation='inline', "
        "rotation_errors='raise', random_seed=None): run the test in a world of "
        "fake_secrets.mock_stages with these arguments; of several markers the closest wins, argument by "
        "argument.",
    )


class _Guarding:
    """The hooks that are there only where the guard is up."""

    def __init__(self) -> None:
        from fake_secrets.hook.guard import Guard

        self._guard = Guard(lambda: os.environ.get("PYTEST_CURRENT_TEST", "what pytest imports, before any test"))
        self._guard.put_up()

    def pytest_unconfigure(self) -> None:
        self._guard.take_down()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Iterator[None]:
        return (yield from self._phase())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        return (yield from self._phase())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Iterator[None]:
        return (yield from self._phase())

    def _phase(self) -> Iterator[None]:
        """Raise at the end of a phase what code has swallowed since the last one ended."""
        refused = self._guard.refused
        try:
            result = yield
        except OutsideWorldError:
            refused.clear()
            raise
        if refused:
            first = refused[0]
            refused.clear()
            first.add_note("fake_secrets: something has caught this, which doesn't undo the call")
            raise first
        return result

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run in which a call was swallowed outside of every test."""
        if self._guard.refused and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell what was swallowed outside of every test."""
        for error in self._guard.refused:
            terminalreporter.section("fake_secrets_guard", red=True)
            terminalreporter.line(str(error))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> Iterator[None]:
    """Give every test that is marked, or decorated with mock_stages, the fixture; let it come first.

    Others may mark tests in this hook, too, so that they all have their turn before.
    """
    result = yield
    for item in items:
        if isinstance(item, pytest.Function):
            told = _told(item)
            if told:
                merged: dict[str, Any] = {}
                for options, _ in reversed(told):
                    merged.update(options)
                item.stash[_options] = merged
                item.stash[_decorator] = next((decorator for _, decorator in told if decorator), None)
            if told or FIXTURE in item.fixturenames:
                _insert_fixture(item, is_bare=not told)
    return result


@pytest.fixture
def fake_secrets(request: pytest.FixtureRequest) -> Iterator[FakeSecrets]:
    """The handle of a world of fake secrets, active for this test.

    The marker `fake_secrets(...)`, or the decorator `mock_stages(...)` on the test, gives the
    world's arguments; without either it joins the world that is active, or opens one.
    """
    from fake_secrets.activation.call_forms import MockStages

    stash = request.node.stash
    if _misuse in stash:
        pytest.fail(str(stash[_misuse]), pytrace=False)
    decorator = stash.get(_decorator, None) or MockStages({})
    with decorator._activation(stash.get(_options, {})) as handle:
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


def _told(item: pytest.Function) -> list[tuple[dict[str, Any], MockStages | None]]:
    """Return what decorators and markers tell of a test's world, the closest first.

    Raises:
        UsageError: a marker is misused. A worker of xdist can't end the run: there it is an error
            of the test.
    """
    try:
        return list(_closest_first(item))
    except pytest.UsageError as error:
        if not hasattr(item.config, "workerinput"):
            raise
        item.stash[_misuse] = error
        return [({}, None)]


def _closest_first(item: pytest.Function) -> Iterator[tuple[dict[str, Any], MockStages | None]]:
    """Yield the options of all decorators and markers of a test, with the decorator if it is one."""
    for node in item.iter_parents():
        if isinstance(node, pytest.Class):
            yield from _of_class(node, item)
        else:
            decorator = decorator_on(node.obj) if isinstance(node, pytest.Function) else None
            if decorator is not None:
                yield decorator._options, decorator
            yield from _of_marks(node.own_markers, item)


def _of_class(node: pytest.Class, item: pytest.Function) -> Iterator[tuple[dict[str, Any], MockStages | None]]:
    bases = node.obj.__mro__
    marks_of = {base: _marks(vars(base).get("pytestmark", ())) for base in bases}
    inherited = [mark for marks in marks_of.values() for mark in marks]
    # What a conftest.py has added to the node comes before what the source says.
    yield from _of_marks([mark for mark in node.own_markers if mark not in inherited], item)
    for base in bases:
        decorator = vars(base).get(CLASS_DECORATOR)
        if decorator is not None:
            yield decorator._options, decorator
        yield from _of_marks(marks_of[base], item)


def _of_marks(marks: Iterable[pytest.Mark], item: pytest.Function) -> Iterator[tuple[dict[str, Any], None]]:
    yield from ((_marker_options(mark, item), None) for mark in marks if mark.name == MARKER)


def _marks(stated: Any) -> list[pytest.Mark]:
    """Return a class's `pytestmark` as marks: it is one or several, each plain or a decorator."""
    several = stated if isinstance(stated, list | tuple) else [stated]
    return [mark.mark if isinstance(mark, pytest.MarkDecorator) else mark for mark in several]


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


def _insert_fixture(item: pytest.Function, *, is_bare: bool) -> None:
    """Insert the fixture before the first function-scoped one, so that all of them see the world.

    Before one of wider scope it would run inside that one's set-up, for the first test only. And
    after monkeypatch, that would put back our environment when the world has gone. A bare one
    joins the world of a fixture that mock_stages decorates, which so comes first.
    """
    # The list is shared by all items of one function, marked or not.
    names = item.fixturenames = list(item.fixturenames)
    if FIXTURE in names:
        names.remove(FIXTURE)
    definitions = item._fixtureinfo.name2fixturedefs
    is_function_scoped = (name in definitions and definitions[name][-1].scope == "function" for name in names)
    position = next((at for at, is_function in enumerate(is_function_scoped) if is_function), len(names))
    openers = [name for name in names[position:] if is_bare and _opens_a_world(definitions.get(name))]
    names[position:] = [*openers, FIXTURE, *(name for name in names[position:] if name not in openers)]


def _opens_a_world(definitions: Sequence[Any] | None) -> bool:
    return definitions is not None and decorator_on(definitions[-1].func) is not None
