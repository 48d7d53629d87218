"""One `mock_stages` object that several threads leave at once."""

import concurrent.futures
import sys
import threading

import pytest

from fake_secrets import mock_stages
from fake_secrets.errors import NoActiveWorldError
from fake_secrets.world import stack

THREADS = 8


@pytest.fixture
def busy_switching():
    """Switch threads as often as possible."""
    found = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(found)


@pytest.mark.slow
@pytest.mark.usefixtures("busy_switching")
def test_each_thread_leaves_one_activation():
    for _ in range(50):
        world = mock_stages({"db": "x"})
        for _ in range(THREADS):
            world.start()
        barrier = threading.Barrier(THREADS)

        def leave(world=world, barrier=barrier):
            barrier.wait(10)
            world.stop()

        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            for left in [pool.submit(leave) for _ in range(THREADS)]:
                left.result(timeout=10)
        assert stack.active() == []


@pytest.mark.usefixtures("busy_switching")
def test_only_as_many_threads_as_have_entered_can_leave():
    for _ in range(50):
        world = mock_stages({"db": "x"})
        world.start()
        barrier = threading.Barrier(2)

        def leave(world=world, barrier=barrier):
            barrier.wait(10)
            try:
                world.stop()
            except NoActiveWorldError:
                return False
            return True

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(lambda _: leave(), range(2), timeout=10)) == [False, True]
        assert stack.active() == []
