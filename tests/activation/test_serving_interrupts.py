"""An interrupt of entering or leaving what serves a world leaves nothing behind once the plugin has settled."""

import gc
import multiprocessing.forkserver
import os
import socket
import threading
import urllib.error
import urllib.request

import pytest
from interrupts import IS_LONG, Interrupt

from fake_secrets import environment, mock_stages
from fake_secrets.activation import running
from fake_secrets.activation.opening import settle

pytestmark = [
    # An interrupt may come before the object is entered, or between the opening of a socket and its first name.
    pytest.mark.filterwarnings("ignore:fake_secrets.[a-z_]+.. was never entered"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

METHODS = {"server": "/_fake_secrets/health", "local_endpoints": "/ping"}


class InThisThread(Interrupt):
    """An interrupt that spares the threads of the server, as Ctrl-C does."""

    def __enter__(self):
        super().__enter__()
        threading.settrace(None)


def entering(interrupt, serve):
    with interrupt:
        serve().__enter__()


def leaving(interrupt, serve):
    served = serve()
    served.__enter__()
    with interrupt:
        served.__exit__(None, None, None)


def a_with_block(interrupt, serve):
    with interrupt, serve():
        pass


def state():
    return {
        "environment": dict(os.environ),
        "overlays": len(environment._applied),
        "running": running.everything(),
        "sockets": [vars(socket.socket).get(name) for name in ("connect", "connect_ex")],
        "forkserver": multiprocessing.forkserver._forkserver._lock.locked(),
        "listening": [thread.name for thread in threading.enumerate() if thread.name == "fake_secrets server"],
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("scene", [entering, leaving, a_with_block])
@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_left_of_what_serves_if_its_entrance_or_exit_is_interrupted(method, scene, kind):
    before = state()

    def run(interrupt):
        scene(interrupt, getattr(mock_stages({"db": "x"}).start(), method))
        settle([])

    counting = InThisThread()
    run(counting)
    for at in range(0, counting.count, 1 if IS_LONG else max(1, counting.count // 40) | 1):
        interrupt = InThisThread(at, kind)
        run(interrupt)
        assert state() == before, interrupt.place
    gc.collect()


@pytest.mark.parametrize(("method", "path"), METHODS.items())
def test_another_one_works_after_an_interrupted_one(method, path):
    with mock_stages({"db": "x"}) as world:
        serve = getattr(world, method)
        for at in range(0, 120, 17):
            with InThisThread(at), serve():
                pass
            with serve() as url, urllib.request.urlopen(f"{url}{path}") as answer:
                assert answer.status == 200
    settle([])


@pytest.mark.parametrize("method", METHODS)
def test_a_stopped_one_answers_nobody(method):
    with mock_stages() as world, getattr(world, method)() as url:
        pass
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url)
