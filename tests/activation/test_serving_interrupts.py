"""An interrupt at any line of entering and leaving a server leaves nothing behind once the plugin has settled."""

import gc
import multiprocessing.forkserver
import os
import threading
import urllib.error
import urllib.request

import pytest
from interrupts import IS_LONG, Interrupt

from fake_secrets import environment, mock_stages
from fake_secrets.activation import serving
from fake_secrets.activation.opening import settle

pytestmark = [
    # An interrupt may come before the object is entered, or between the opening of a socket and its first name.
    pytest.mark.filterwarnings("ignore:fake_secrets.server.. was never entered"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class InThisThread(Interrupt):
    """An interrupt that spares the threads of the server, as Ctrl-C does."""

    def __enter__(self):
        super().__enter__()
        threading.settrace(None)


def entering(interrupt, world):
    with interrupt:
        world.server().__enter__()


def leaving(interrupt, world):
    server = world.server()
    server.__enter__()
    with interrupt:
        server.__exit__(None, None, None)


def a_with_block(interrupt, world):
    with interrupt, world.server():
        pass


def state():
    return {
        "environment": dict(os.environ),
        "overlays": len(environment._applied),
        "servers": serving.running(),
        "forkserver": multiprocessing.forkserver._forkserver._lock.locked(),
        "listening": [thread.name for thread in threading.enumerate() if thread.name == "fake_secrets server"],
    }


@pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("scene", [entering, leaving, a_with_block])
def test_nothing_is_left_of_a_server_whose_entrance_or_exit_is_interrupted(scene, kind):
    before = state()

    def run(interrupt):
        scene(interrupt, mock_stages({"db": "x"}).start())
        settle([])

    counting = InThisThread()
    run(counting)
    for at in range(0, counting.count, 1 if IS_LONG else max(1, counting.count // 40) | 1):
        interrupt = InThisThread(at, kind)
        run(interrupt)
        assert state() == before, interrupt.place
    gc.collect()


def test_a_server_works_after_an_interrupted_one():
    with mock_stages({"db": "x"}) as world:
        for at in range(0, 120, 17):
            with InThisThread(at), world.server():
                pass
            with world.server() as url, urllib.request.urlopen(f"{url}/_fake_secrets/health") as answer:
                assert answer.status == 200
    settle([])


def test_a_stopped_server_answers_nobody():
    with mock_stages() as world, world.server() as url:
        pass
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url)
