"""An interrupt at any line of entering, calling and leaving leaves nothing behind once the plugin has settled."""

import contextlib
import os
import sys

import boto3
import botocore.client
import botocore.endpoint
import botocore.hooks
import pytest
from interrupts import Interrupt, points

from fake_secrets import current, environment, mock_stages
from fake_secrets.activation.opening import settle
from fake_secrets.hook import calls, holding
from fake_secrets.world import stack
from fake_secrets.world.world import rotating_world

# An interrupt may come just before the object is entered.
pytestmark = pytest.mark.filterwarnings("ignore:mock_stages was never entered")

REGION = "us-east-1"
METHODS = [
    (botocore.client.BaseClient, "_make_api_call"),
    (botocore.endpoint.Endpoint, "make_request"),
    (botocore.endpoint.Endpoint, "_send"),
]
LOCKING = [stack, holding, calls, environment]


@pytest.fixture(autouse=True)
def default_session():
    """A default session with cached credentials, which a world replaces while it is active."""
    # The first world puts a finder of modules into `sys.meta_path`, which stays.
    with mock_stages():
        pass
    boto3.setup_default_session(aws_access_key_id="own", aws_secret_access_key="own", region_name=REGION)
    yield
    boto3.DEFAULT_SESSION = None


@pytest.fixture
def client():
    return boto3.client("secretsmanager", region_name=REGION)


def state(client):
    """Return everything that a world changes."""
    return {
        "worlds": len(stack.active()),
        "environment": dict(os.environ),
        "methods": [owner.__dict__[name] for owner, name in METHODS],
        "holders": len(holding._holders),
        "credentials": boto3.DEFAULT_SESSION._session._credentials,
        "calling": calls.calling.get(),
        "rotating": rotating_world(),
        "finders": list(sys.meta_path),
        "handlers": handlers(client.meta.events),
        "locked": [module.__name__ for module in LOCKING if module._lock._is_owned()],
    }


def handlers(events):
    """Return our handlers on a client."""
    trie = events._emitter._handlers
    found = [
        handler
        for event in ("before-call", "choose-signer", "before-send")
        for handler in trie.prefix_search(f"{event}.secrets-manager")
    ]
    return [handler for handler in found if getattr(handler, "__module__", "").startswith("fake_secrets")]


def check_fresh_world(client):
    """Check that a world opened now is new, works, and is left without a trace."""
    before = state(client)
    with mock_stages() as fresh:
        assert list(fresh) == []
        client.create_secret(Name="fresh", SecretString="x")
        assert client.get_secret_value(SecretId="fresh")["SecretString"] == "x"
        assert [call.operation for call in fresh.calls] == ["CreateSecret", "GetSecretValue"]
    assert state(client) == before


def entering(interrupt):
    with interrupt:
        mock_stages({"old": "x"}).__enter__()


def entering_twice(interrupt):
    with mock_stages({"old": "x"}), interrupt:
        mock_stages().__enter__()


def leaving(interrupt):
    world = mock_stages({"old": "x"})
    world.__enter__()
    with interrupt:
        world.__exit__(None, None, None)


def a_with_block(interrupt):
    with interrupt, mock_stages({"old": "x"}):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("scene", [entering, entering_twice, leaving, a_with_block])
def test_nothing_is_left_of_a_world_whose_entrance_or_exit_is_interrupted(client, scene, kind):
    def run(interrupt):
        scene(interrupt)
        settle([])

    before = state(client)
    for at in points(run, 30):
        interrupt = Interrupt(at, kind)
        run(interrupt)
        assert state(client) == before, interrupt.place
        check_fresh_world(client)


@pytest.mark.slow
@pytest.mark.parametrize("scene", [entering, entering_twice])
def test_an_interrupted_entrance_undoes_itself(client, scene):
    def run(interrupt):
        with contextlib.suppress(KeyboardInterrupt):
            scene(interrupt)
        if interrupt.place is None:
            settle([])

    before = state(client)
    for at in points(run, 30):
        interrupt = Interrupt(at)
        run(interrupt)
        # Only a tracing function can raise between the last line of a `with` block and the end of the lock.
        assert {**state(client), "locked": []} == before, interrupt.place
        settle([])


@pytest.mark.parametrize("lane", ["fast", "wire"])
def test_nothing_is_left_of_a_call_that_is_interrupted(client, lane):
    def run(interrupt):
        with mock_stages({"old": "x"}, _lane=lane), interrupt:
            client.get_secret_value(SecretId="old")
        settle([])

    before = state(client)
    for at in points(run, 30):
        interrupt = Interrupt(at)
        run(interrupt)
        assert state(client) == before, interrupt.place
        check_fresh_world(client)


@pytest.mark.slow
@pytest.mark.parametrize("lane", ["fast", "wire"])
def test_a_world_goes_on_after_a_call_that_is_interrupted(client, lane):
    with mock_stages({"old": "x"}, _lane=lane) as world:

        def run(interrupt):
            with interrupt:
                client.get_secret_value(SecretId="old")

        for at in points(run, 30):
            interrupt = Interrupt(at)
            run(interrupt)
            assert client.get_secret_value(SecretId="old")["SecretString"] == "x", interrupt.place
            assert current() is world
    settle([])
