"""The fixtures."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from fake_secrets.plugin.items import decorator_of, misuse_of, options_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.client import BaseClient

    from fake_secrets.observe.remarks import Line
    from fake_secrets.world.handle import FakeSecrets

__all__ = ["_fake_secrets_clients", "fake_secrets", "fake_secrets_server", "secretsmanager"]


@pytest.fixture
def fake_secrets(request: pytest.FixtureRequest) -> Iterator[FakeSecrets]:
    """The handle of a fake AWS Secrets Manager that answers every call made during the test.

    The fixture opens the world before the test's other function-scoped fixtures run, so they can use
    it too. The arguments of `@pytest.mark.fake_secrets(...)` or of `@mock_stages(...)` configure the
    world. Without either, the fixture joins the active world, or opens one if none is active.
    """
    from fake_secrets.activation.call_forms import MockStages

    misuse = misuse_of(request.node)
    if misuse is not None:
        pytest.fail(misuse, pytrace=False)
    decorator, handle = decorator_of(request.node) or MockStages({}), None
    try:
        with decorator._activation(options_of(request.node), _line_of(request)) as handle:
            yield handle
    except (TypeError, ValueError) as error:
        if handle is not None or not _is_refused_by_us(error):
            raise
        msg = f"{request.node.nodeid}: {error}"
        raise pytest.fail.Exception(msg, pytrace=False) from None


@pytest.fixture
def secretsmanager(fake_secrets: FakeSecrets, _fake_secrets_clients: Callable[[str], BaseClient]) -> BaseClient:
    """A Secrets Manager client for the fake, in the region of the test's world.

    It is a boto3 client, or a botocore client if boto3 isn't installed. Tests share one client per
    region, because building a client takes longer than the rest of a typical test. A test that changes
    the client, for example with a Stubber or a handler, keeps it for itself: the next test gets a new one.
    """
    return _fake_secrets_clients(fake_secrets.region)


@pytest.fixture
def fake_secrets_server(fake_secrets: FakeSecrets) -> Iterator[str]:
    """The URL of an HTTP server of the test's world, for processes that the test starts.

    The server runs until the test's end, as inside `with fake_secrets.server():`. The clients of child processes
    find it by their environment.
    """
    with fake_secrets.server() as url:
        yield url


@pytest.fixture(scope="session")
def _fake_secrets_clients() -> Callable[[str], BaseClient]:
    from fake_secrets.hook.clients import SharedClient

    clients: dict[str, tuple[str | None, SharedClient]] = {}

    def client(region: str) -> BaseClient:
        # A server of a world has set it for the time of a test.
        endpoint = os.environ.get("AWS_ENDPOINT_URL_SECRETS_MANAGER")
        known = clients.get(region)
        if known is None or known[0] != endpoint or not known[1].is_as_new():
            known = clients[region] = endpoint, SharedClient(_build_client(region))
        shared: BaseClient = known[1].client
        return shared

    return client


def _line_of(request: pytest.FixtureRequest) -> Line:
    """Return the line of a test, where its markers are."""
    from fake_secrets.observe.remarks import Line

    _, number, _ = request.node.location
    return Line(
        str(request.path),
        (number or 0) + 1,
        getattr(getattr(request.node, "module", None), "__name__", "<unknown>"),
    )


def _is_refused_by_us(error: Exception) -> bool:
    """Return whether one of our checks has raised an error, and not code of the user's, such as a mapping's."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    raised_in = "" if traceback is None else traceback.tb_frame.f_globals.get("__name__", "")
    return str(raised_in).startswith("fake_secrets.")


def _build_client(region: str) -> BaseClient:
    try:
        from boto3.session import Session
    except ImportError:
        from botocore.session import Session as BotocoreSession

        return BotocoreSession().create_client("secretsmanager", region_name=region)
    client: BaseClient = Session().client("secretsmanager", region_name=region)
    return client
