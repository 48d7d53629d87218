"""When a thread that waits for its turn gets it."""

import threading

import pytest

from fake_secrets.contract.turns import FIRST, Turns


def test_a_thread_that_polls_for_what_the_other_one_holds_gives_way():
    lock, got = threading.Lock(), []

    def wait_like_a_driver():
        # It waits in one place, and wakes up now and then to look whether somebody has pressed Ctrl-C.
        got.append(any(lock.acquire(timeout=0.05) for _ in range(60)))

    lock.acquire()
    with Turns(wait_like_a_driver, lambda _: None) as turns:
        turns.hand_over(FIRST)
        lock.release()

    assert got == [True]


@pytest.mark.slow
def test_a_thread_that_computes_in_one_place_keeps_its_turn():
    order = []

    def compute():
        sorted(range(3_000_000, 0, -1), key=str)
        order.append("second")

    with Turns(compute, lambda _: None) as turns:
        turns.hand_over(FIRST)
        order.append("first")

    assert order == ["second", "first"]
