"""The pytest plugin: the fixtures, the marker and the guard.

The plugin treats a test that `mock_stages` decorates like a marked test: it opens the world before the
test's fixtures run.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from fake_secrets.activation.leftovers import Leftovers
from fake_secrets.errors import OutsideWorldError
from fake_secrets.options import CLASS_DECORATOR, OPTIONS, decorator_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeGuard

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
    """Add the guard's ini option."""
    parser.addini(
        GUARD,
        "how to handle a Secrets Manager call that is made while no fake_secrets world is active: "
        "'off' lets it go to AWS, 'error' raises an exception and fails the test",
        default="off",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and turn on the guard if the ini option asks for it."""
    state = config.getini(GUARD)
    if state not in _GUARD_STATES:
        msg = f"{GUARD} must be {' or '.join(map(repr, _GUARD_STATES))}, not {state!r}"
        raise pytest.UsageError(msg)
    config.pluginmanager.register(_Leaving(), "fake_secrets_leaving")
    if state == "error":
        config.pluginmanager.register(_Guarding(), "fake_secrets_guard")
    config.addinivalue_line(
        "markers",
        "fake_secrets(secrets=None, *, region=None, account_id='123456789012', rotation='inline', "
        "rotation_errors='raise', random_seed=None): run the test in a fake_secrets world with these arguments "
        "of fake_secrets.mock_stages. If several markers apply, each argument comes from the closest marker that "
        "gives it.",
    )


class _Leaving:
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


def _left_open(item: pytest.Item, worlds: Sequence[str]) -> str:
    listed = "".join(f"\n- {world}" for world in worlds)
    return (
        f"{item.nodeid} has left a fake_secrets world open. It is closed now, so that later tests don't use it:"
        f"{listed}\n"
        "If the test calls start(), call stop() after it: in a finally block, a fixture's tear-down or "
        "addCleanup(...). Better still, use the fixture fake_secrets, @mock_stages or `with mock_stages():`."
    )


class _Guarding:
    """The hooks that are registered only if the guard is on."""

    def __init__(self) -> None:
        from fake_secrets.hook.guard import Guard

        self._guard = Guard(lambda: os.environ.get("PYTEST_CURRENT_TEST", "code outside of the tests"))
        self._guard.put_up()
        # The messages of refusals for which no test was failed.
        self._refused: list[str] = []

    def pytest_unconfigure(self) -> None:
        self._guard.take_down()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        self._guard.origins.begin(item.nodeid)
        return (yield from self._phase())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        return (yield from self._phase())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Iterator[None]:
        try:
            return (yield from self._phase())
        finally:
            self._guard.origins.end()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        """Let the threads that a fixture of wider scope starts belong to no test: several tests use them."""
        if fixturedef.scope == "function":
            return (yield)
        with self._guard.origins.shared():
            return (yield)

    def _phase(self) -> Iterator[None]:
        """At the end of a phase, raise a refusal that code has swallowed since the last phase ended."""
        try:
            result = yield
        except OutsideWorldError:
            self._guard.take_refused()
            raise
        refused = self._guard.take_refused()
        if refused:
            first = refused[0]
            first.add_note("fake_secrets: the code under test caught this exception; the guard raised it again")
            raise first
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Get the refusals of an xdist worker, which can neither fail the run nor show them."""
        self._refused += getattr(node, "workeroutput", {}).get(GUARD, [])

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run if no test was failed for a refusal."""
        self._refused += [str(refusal.error) for refusal in self._guard.refused]
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[GUARD] = self._refused
        elif self._refused and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the refusals for which no test was failed: of code outside of the tests, and of late threads."""
        # Each xdist worker imports the same modules.
        for message in dict.fromkeys(self._refused):
            terminalreporter.section("fake_secrets_guard", red=True)
            terminalreporter.line(message)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> Iterator[None]:
    """Add the fixture to every test that is marked or decorated, before the test's other fixtures.

    Other plugins may add markers in this hook, so this wrapper does its work after them.
    """
    result = yield
    for item in items:
        if _has_fixtures(item):
            sources = _sources(item)
            if sources:
                merged: dict[str, Any] = {}
                for options, _ in reversed(sources):
                    merged.update(options)
                item.stash[_options] = merged
                item.stash[_decorator] = next((decorator for _, decorator in sources if decorator), None)
            if sources or FIXTURE in item.fixturenames:
                _insert_fixture(item, is_bare=not sources)
    return result


@pytest.fixture
def fake_secrets(request: pytest.FixtureRequest) -> Iterator[FakeSecrets]:
    """The handle of a fake AWS Secrets Manager that answers every call made during the test.

    The fixture opens the world before the test's other function-scoped fixtures run, so they can use
    it too. The arguments of `@pytest.mark.fake_secrets(...)` or of `@mock_stages(...)` configure the
    world. Without either, the fixture joins the active world, or opens one if none is active.
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
    """A Secrets Manager client for the fake, in the region of the test's world.

    It is a boto3 client, or a botocore client if boto3 isn't installed. Tests share one client per
    region, because building a client takes longer than the rest of a typical test. A test that changes
    the client, for example with a Stubber or a handler, keeps it for itself: the next test gets a new one.
    """
    return _fake_secrets_clients(fake_secrets.region)


@pytest.fixture(scope="session")
def _fake_secrets_clients() -> Callable[[str], BaseClient]:
    from fake_secrets.hook.clients import SharedClient

    clients: dict[str, SharedClient] = {}

    def client(region: str) -> BaseClient:
        if region not in clients or not clients[region].is_as_new():
            clients[region] = SharedClient(_build_client(region))
        return clients[region].client

    return client


def _build_client(region: str) -> BaseClient:
    try:
        from boto3.session import Session
    except ImportError:
        from botocore.session import Session as BotocoreSession

        return BotocoreSession().create_client("secretsmanager", region_name=region)
    client: BaseClient = Session().client("secretsmanager", region_name=region)
    return client


def _has_fixtures(item: pytest.Item) -> TypeGuard[pytest.Function]:
    """Return whether an item sets up fixtures. Doctests do, and so do the items of some plugins, such as Sybil."""
    return hasattr(item, "fixturenames") and hasattr(item, "_fixtureinfo")


def _sources(item: pytest.Function) -> list[tuple[dict[str, Any], MockStages | None]]:
    """Return the options of all decorators and markers of a test, the closest first.

    Each is paired with its decorator, or with None if it is a marker.

    Raises:
        UsageError: if a marker is misused. An xdist worker can't end the run, so there the test
            fails instead.
    """
    try:
        return list(_closest_first(item))
    except pytest.UsageError as error:
        if not hasattr(item.config, "workerinput"):
            raise
        item.stash[_misuse] = error
        return [({}, None)]


def _closest_first(item: pytest.Function) -> Iterator[tuple[dict[str, Any], MockStages | None]]:
    """Yield the same pairs, but raise UsageError for a misused marker in a worker too."""
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
    # Markers that a conftest.py added to the node come before those in the source.
    yield from _of_marks([mark for mark in node.own_markers if mark not in inherited], item)
    for base in bases:
        decorator = vars(base).get(CLASS_DECORATOR)
        if decorator is not None:
            yield decorator._options, decorator
        yield from _of_marks(marks_of[base], item)


def _of_marks(marks: Iterable[pytest.Mark], item: pytest.Function) -> Iterator[tuple[dict[str, Any], None]]:
    yield from ((_marker_options(mark, item), None) for mark in marks if mark.name == MARKER)


def _marks(stated: Any) -> list[pytest.Mark]:
    """Return a class's `pytestmark` as a list: it is one mark or several, each plain or a decorator."""
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
    """Insert the fixture before the first function-scoped fixture, so that all of those see the world.

    If the world were opened before a fixture of wider scope, that fixture would run inside the first
    test's world only. If it were opened after monkeypatch, monkeypatch would restore the world's
    environment after the world was left.

    A bare world joins the world of a fixture that `mock_stages` decorates, so such fixtures stay first.
    """
    # All items of one function share this list, whether marked or not.
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
