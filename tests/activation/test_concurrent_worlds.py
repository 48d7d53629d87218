"""A world belongs to the process: of worlds that are open at the same time, the latest answers everybody."""

import asyncio
import threading

from fake_secrets import current, mock_stages


def test_the_world_that_was_opened_last_answers_all_tasks():
    async def look(name, before, after):
        await before.wait()
        async with mock_stages({name: "x"}):
            after.set()
            await asyncio.sleep(0.01)
            return [secret.name for secret in current()]

    async def both():
        first, second, last = asyncio.Event(), asyncio.Event(), asyncio.Event()
        first.set()
        return await asyncio.gather(look("a", first, second), look("b", second, last))

    assert asyncio.run(both()) == [["b"], ["b"]]


def test_worlds_of_two_threads_may_be_left_in_the_order_of_entering():
    entered, left = threading.Event(), threading.Event()

    def other_thread():
        with mock_stages({"b": "x"}):
            entered.set()
            assert left.wait(10)

    thread = threading.Thread(target=other_thread)
    with mock_stages({"a": "x"}):
        thread.start()
        assert entered.wait(10)
        assert "b" in current()
    assert "b" in current()
    left.set()
    thread.join(10)
