"""Watching changes little, restores that whatever happens, and never disturbs the user's code."""

import contextlib
import copy
import io
import logging
import os
import pickle
import subprocess
import sys
import textwrap
import threading
import types
import warnings
from unittest import mock

import pytest
from interrupts import Interrupt, points

from fake_secrets import mock_stages
from fake_secrets.activation.opening import settle
from fake_secrets.locks import free_shared
from fake_secrets.observe.leaks import watching
from fake_secrets.world import stack

PASSWORD = "pass-word-of-prod"
logger = logging.getLogger("the_app")


def seams():
    """Return what watching changes."""
    return (
        vars(logging.Logger)["callHandlers"],
        warnings.warn,
        warnings.warn_explicit,
        warnings._showwarnmsg,
        type(sys),
        vars(sys.stdout).get("write"),
        vars(sys.stderr).get("write"),
        watching._lock._is_owned(),
        watching._watchers,
    )


@pytest.fixture
def world():
    with mock_stages() as world:
        world.add("prod/db", {"username": "application", "password": PASSWORD})
        yield world


# An interrupt may come just before the block is entered.
@pytest.mark.filterwarnings("ignore:leaks.watching was never entered")
@pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError])
def test_an_interrupt_at_any_line_leaves_nothing_changed(world, kind):
    before, kept = seams(), stack.active()

    def scene(interrupt):
        with interrupt, world.leaks.watching(), contextlib.redirect_stdout(io.StringIO()):
            print(PASSWORD)
            logger.warning(PASSWORD)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                warnings.warn(PASSWORD, stacklevel=1)

    for at in points(scene, 60):
        interrupt = Interrupt(at, kind)
        with contextlib.suppress(kind):
            scene(interrupt)
        # As the plugin does it for a world that is over.
        free_shared()
        watching.settle([])
        world.leaks._blocks = ()
        assert seams() == before, interrupt.place
        assert stack.active() == kept
    with world.leaks.watching() as found:
        print(PASSWORD)
    assert len(found) == 1


def test_the_end_of_a_world_ends_its_blocks_when_the_plugin_settles():
    before = seams()
    with mock_stages() as world:
        world.leaks.watching().__enter__()
        with mock_stages(region="eu-west-3") as other:
            other.leaks.watching().__enter__()
            settle([stack.entry_of(world._world), stack.entry_of(other._world)])
            assert len(watching._watchers) == 2
        settle([stack.entry_of(world._world)])
        assert len(watching._watchers) == 1
    settle([])
    assert seams() == before


@pytest.mark.slow
def test_a_world_that_nobody_watches_imports_nothing_for_it():
    source = """
        import sys
        from fake_secrets import mock_stages

        with mock_stages({"db": "x"}) as world:
            world.reset()
        assert "fake_secrets.observe.leaks.watching" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(source)], timeout=60, check=True)


def test_threads_watch_at_once(world):
    before = seams()
    errors = []

    def watch():
        try:
            for _ in range(50):
                with world.leaks.watching() as found:
                    logger.warning(PASSWORD)
                assert found
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=watch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert seams() == before


def test_threads_enter_one_block_at_once(world):
    before, block = seams(), world.leaks.watching()
    errors = []

    def watch():
        try:
            for _ in range(50):
                with block as found:
                    logger.warning(PASSWORD)
                    assert found
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=watch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert world.leaks._blocks == ()
    assert seams() == before


@pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError])
def test_an_interrupt_while_a_block_is_entered_again_leaves_the_outer_one(world, kind):
    before, block = seams(), world.leaks.watching()

    def scene(interrupt):
        is_entered = False
        with interrupt:
            block.__enter__()
            is_entered = True
        if is_entered:
            block.__exit__(None, None, None)

    with block as found:
        for at in points(scene, 60):
            interrupt = Interrupt(at, kind)
            with contextlib.suppress(kind):
                scene(interrupt)
            free_shared()
            assert len(watching._watchers) == 1, interrupt.place
            assert len(world.leaks._blocks) == 1, interrupt.place
        print(PASSWORD)
    assert len(found) == 1
    assert seams() == before


def test_others_may_patch_while_somebody_watches(world, monkeypatch):
    original = logging.Logger.callHandlers
    block = world.leaks.watching()
    block.__enter__()
    ours = logging.Logger.callHandlers
    seen = []

    def patched(self, record):
        seen.append(record)
        ours(self, record)

    monkeypatch.setattr(logging.Logger, "callHandlers", patched)
    block.__exit__(None, None, None)
    logger.warning("hello")
    with world.leaks.watching() as found:
        logger.warning(PASSWORD)
    monkeypatch.undo()
    assert logging.Logger.callHandlers is ours
    assert len(seen) == 2
    assert len(found) == 1
    with world.leaks.watching() as found:
        logger.warning(PASSWORD)
    assert len(found) == 1
    settle(stack.active())
    assert logging.Logger.callHandlers is original


def test_a_handler_that_raises_raises(world, monkeypatch):
    class Frozen(Exception):  # noqa: N818
        def __setattr__(self, name, value):
            raise AttributeError(name)

    class Handler(logging.Handler):
        def emit(self, record):
            raise Frozen

    monkeypatch.setattr(logger, "handlers", [Handler()])
    with world.leaks.watching(), pytest.raises(Frozen):
        logger.warning("hello")


def test_a_handler_that_logs_is_no_endless_loop(world, monkeypatch):
    class Handler(logging.Handler):
        def emit(self, record):
            if "again" not in record.getMessage():
                logger.warning("again %s", PASSWORD)

    monkeypatch.setattr(logger, "handlers", [Handler()])
    with world.leaks.watching() as found:
        logger.warning("hello")
        logger.warning("hello %s", PASSWORD)
    assert [leak.place for leak in found] == ["log", "log"]


def test_whatever_goes_wrong_in_a_look_stays_there(world, monkeypatch):
    with world.leaks.watching() as found:
        monkeypatch.setattr(world.leaks, "_index", object())
        print(PASSWORD)
        logger.warning(PASSWORD)
        warnings.catch_warnings()
        assert found == []


def test_a_subclass_of_str_is_printed_as_ever(world):
    class Text(str):
        __slots__ = ()

    stream = io.StringIO()
    with world.leaks.watching() as found, contextlib.redirect_stdout(stream):
        print(Text(PASSWORD))
    assert stream.getvalue() == f"{PASSWORD}\n"
    assert len(found) == 1


def test_a_stream_with_a_write_of_its_own_gets_it_back(world):
    stream = io.StringIO()

    def shout(text):
        return io.StringIO.write(stream, text.upper())

    stream.write = shout
    with contextlib.redirect_stdout(stream), world.leaks.watching() as found:
        print("hello", PASSWORD)
    assert stream.write is shout
    assert stream.getvalue() == f"HELLO {PASSWORD.upper()}\n"
    assert len(found) == 1


def test_the_module_sys_stays_itself(world):
    with world.leaks.watching():
        assert isinstance(sys, types.ModuleType)
        assert pickle.loads(pickle.dumps(sys)) is sys  # noqa: S301 -- our own
        assert copy.copy(sys) is sys
        with mock.patch("sys.stdout", new_callable=io.StringIO) as stream:
            print("hello")
        assert stream.getvalue() == "hello\n"
    assert type(sys) is types.ModuleType


def test_a_leak_can_be_pickled(world):
    with world.leaks.watching() as found:
        print(PASSWORD)
    assert pickle.loads(pickle.dumps(found[0])) == found[0]  # noqa: S301 -- our own


@pytest.mark.slow
def test_a_thousand_secrets_cost_a_log_record_little(world):
    for number in range(1000):
        world.add(f"key-{number}", {"username": "a", "password": f"password-{number}-of-many"})
    with world.leaks.watching() as found:
        for number in range(1000):
            logger.warning("nothing of interest in record number %s, as is usual for records", number)
        logger.warning("password-%s-of-many", 777)
    assert [leak.secret for leak in found] == ["key-777"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_forked_child_watches_too_while_a_thread_prints():
    source = """
        import os, sys, threading
        from fake_secrets import mock_stages

        with mock_stages({"db": "the-value-of-db"}) as world, world.leaks.watching() as found:
            assert len(world) == 1
            stop = threading.Event()

            def chatter():
                while not stop.is_set():
                    print("nothing")

            thread = threading.Thread(target=chatter)
            thread.start()
            codes = []
            for _ in range(20):
                child = os.fork()
                if not child:
                    sys.stdout = open(os.devnull, "w")
                    print("the-value-of-db")
                    os._exit(len(found))
                codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            stop.set()
            thread.join(5)
            assert codes == [1] * 20, codes
            assert not found
    """
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(source)],
        timeout=60,
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()
