"""Virtual time: waits in a delivery take no time, on every clock that a function can read."""

import asyncio
import concurrent.futures
import contextlib
import datetime
import sys
import threading
import time
import types
from zoneinfo import ZoneInfo

import freezegun
import pytest
from interrupts import Interrupt, points

from fake_secrets import clock, mock_stages
from fake_secrets.contract.virtual_time import VirtualTime
from fake_secrets.observe.entry import RunningStep

time_machine = pytest.importorskip("time_machine")

UTC = datetime.UTC
MOMENT = datetime.datetime(2026, 3, 4, 12, 30, 15, 250_001, tzinfo=UTC)
REAL = {
    name: getattr(time, name)
    for name in ("sleep", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
}
REAL_WAIT = threading.Event.wait


def without(monkeypatch, *packages):
    for package in packages:
        monkeypatch.setitem(sys.modules, package, None)


@contextlib.contextmanager
def no_library(monkeypatch):
    without(monkeypatch, "time_machine", "freezegun")
    yield


@contextlib.contextmanager
def our_freezegun(monkeypatch):
    without(monkeypatch, "time_machine")
    yield


@contextlib.contextmanager
def our_time_machine(monkeypatch):
    yield


@contextlib.contextmanager
def users_freezegun(monkeypatch):
    with freezegun.freeze_time(MOMENT, ignore=["hypothesis", "_pytest"]):
        yield


@contextlib.contextmanager
def users_freezegun_elsewhere(monkeypatch):
    with freezegun.freeze_time(MOMENT, tz_offset=-5, ignore=["hypothesis", "_pytest"]):
        yield


@contextlib.contextmanager
def users_ticking_freezegun(monkeypatch):
    with freezegun.freeze_time(MOMENT, tick=True, ignore=["hypothesis", "_pytest"]):
        yield


@contextlib.contextmanager
def users_time_machine(monkeypatch):
    with time_machine.travel(MOMENT, tick=False):
        yield


FROZEN = (our_freezegun, our_time_machine, users_freezegun, users_freezegun_elsewhere, users_time_machine)
CONTROLLED = (*FROZEN, users_ticking_freezegun)


@pytest.fixture
def library(monkeypatch, request):
    with request.param(monkeypatch):
        yield request.param


anywhere = pytest.mark.parametrize("library", [no_library, *CONTROLLED], indirect=True)
# Some time-machines of version 2 stop monotonic clocks, too.
STOPS_ALL = hasattr(time_machine.escape_hatch.time, "monotonic")
realistic = pytest.mark.parametrize(
    "library",
    [entry for entry in (no_library, *CONTROLLED) if not (STOPS_ALL and entry is users_time_machine)],
    indirect=True,
)
controlled = pytest.mark.parametrize("library", CONTROLLED, indirect=True)


def module_of(source, name="rotation_function"):
    module = types.ModuleType(name)
    exec(source, vars(module))  # noqa: S102 -- a module as a user writes it
    return module


def local_now():
    return datetime.datetime.now()  # noqa: DTZ005 -- as functions read it


def delivery():
    return RunningStep("setSecret")


@contextlib.contextmanager
def scenario(*modules):
    """Give a world and the virtual time of a check that has begun a scenario in it."""
    with VirtualTime(modules) as virtual, mock_stages(rotation="manual") as fake:
        virtual.begin(fake._world.pass_time)
        yield virtual


def clocks():
    """Return every clock's time, as seconds."""
    return {
        "time": time.time(),
        "time_ns": time.time_ns() / 1e9,
        "monotonic": time.monotonic(),
        "monotonic_ns": time.monotonic_ns() / 1e9,
        "perf_counter": time.perf_counter(),
        "perf_counter_ns": time.perf_counter_ns() / 1e9,
        "clock.now": clock.now(),
    }


def in_a_thread(function):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(function()))
    thread.start()
    thread.join(20)
    return answers[0]


@anywhere
class TestSleep:
    def test_it_takes_no_time(self, library):
        began = REAL["perf_counter"]()
        with scenario(), delivery():
            time.sleep(3_000)
        assert REAL["perf_counter"]() - began < 5

    def test_it_moves_every_clock_exactly_once(self, library):
        with scenario(), delivery():
            before = clocks()
            time.sleep(300)
            after = clocks()
        assert {name: after[name] - before[name] for name in before} == dict.fromkeys(
            before, pytest.approx(300, abs=0.5)
        )

    def test_the_clocks_of_the_world_and_of_the_function_agree(self, library):
        with scenario(), delivery():
            time.sleep(300)
            assert time.time() == pytest.approx(clock.now(), abs=0.5)

    def test_advancing_moves_every_clock_too(self, library):
        with scenario() as virtual, delivery():
            before = clocks()
            virtual.advance(300)
            after = clocks()
        assert {name: after[name] - before[name] for name in before} == dict.fromkeys(
            before, pytest.approx(300, abs=0.5)
        )

    def test_a_poll_with_a_deadline_ends(self, library):
        with scenario(), delivery():
            deadline, polls = time.time() + 90, 0
            while time.time() < deadline:
                time.sleep(3)
                polls += 1
        assert polls == 30


@pytest.mark.parametrize("reading", [name for name in REAL if name != "sleep"])
def test_a_busy_poll_ends_by_each_clock(reading):
    units = 1e9 if reading.endswith("_ns") else 1
    with scenario(), delivery():
        read = getattr(time, reading)
        deadline = read() + 2 * units
        while read() < deadline:
            pass
        assert read() == pytest.approx(deadline, abs=0.01 * units)


@pytest.mark.parametrize("seconds", [-1, float("nan"), "3", None, 1e300])
def test_a_sleep_that_python_refuses_is_refused(seconds):
    with pytest.raises(Exception) as really:  # noqa: PT011 -- whatever Python raises
        REAL["sleep"](seconds)
    with scenario(), delivery(), pytest.raises(really.type) as refused:
        time.sleep(seconds)
    assert str(refused.value) == str(really.value)


@controlled
def test_the_date_follows(library):
    with scenario(), delivery():
        before = datetime.datetime.now(UTC), local_now()
        time.sleep(86_400)
        after = datetime.datetime.now(UTC), local_now()
        # Naive, because freezegun's aware now() ignores its tz_offset.
        assert time.time() == pytest.approx(after[1].timestamp(), abs=0.01)
    assert (after[0] - before[0]).total_seconds() == pytest.approx(86_400, abs=0.01)
    assert (after[1] - before[1]).total_seconds() == pytest.approx(86_400, abs=0.01)


@controlled
def test_a_clock_that_the_service_moves_is_seen(library):
    with scenario(), delivery():
        before = time.time()
        clock.move_to(before + 50)
        assert time.time() == pytest.approx(before + 50, abs=0.01)


class TestScenarios:
    @pytest.mark.parametrize("library", FROZEN, indirect=True)
    def test_every_scenario_begins_at_the_same_moment(self, library):
        moments = []
        with VirtualTime([]) as virtual:
            for _ in range(3):
                with mock_stages() as fake, delivery():
                    virtual.begin(fake._world.pass_time)
                    moments.append((time.time(), datetime.datetime.now(UTC), clock.now()))
                    time.sleep(123.4)
        assert len(set(moments)) == 1

    def test_the_function_reads_the_same_times_without_a_library(self, monkeypatch):
        with no_library(monkeypatch), VirtualTime([]) as virtual:
            moments = []
            for _ in range(3):
                with mock_stages() as fake, delivery():
                    virtual.begin(fake._world.pass_time)
                    moments.append((time.time(), time.time_ns()))
                    assert clock.now() == pytest.approx(moments[0][0], abs=0.5)
                    time.sleep(123.4)
        assert len(set(moments)) == 1

    @anywhere
    def test_monotonic_clocks_never_go_back(self, library):
        readings = []
        with VirtualTime([]) as virtual:
            for _ in range(3):
                with mock_stages() as fake, delivery():
                    virtual.begin(fake._world.pass_time)
                    readings.append((time.monotonic(), time.perf_counter()))
                    time.sleep(10)
                    readings.append((time.monotonic(), time.perf_counter()))
        for values in zip(*readings, strict=True):
            assert list(values) == sorted(values)

    def test_what_the_service_has_undone_is_replaced_again(self):
        with VirtualTime([]) as virtual:
            ours = time.time
            time.time = REAL["time"]
            virtual.begin(lambda seconds: None)
            assert time.time is ours
        assert time.time is REAL["time"]

    @anywhere
    def test_a_function_that_times_out_while_it_sleeps_is_ended(self, library):
        ended = []

        def rotate(event, context):
            try:
                time.sleep(20)
                time.sleep(20)
            finally:
                ended.append(sys.exception())

        with (
            mock_stages({"db": "x"}, rotation="manual", rotation_errors="record") as fake,
            VirtualTime([]) as virtual,
        ):
            virtual.begin(fake._world.pass_time)
            rotation = fake.rotate("db", fake.lambda_function(rotate, timeout=30))
            rotation.step()
        assert str(rotation.error) == "Task timed out after 30.00 seconds"
        assert isinstance(ended[0], BaseException)


IMPORTS = """
import time as t
from time import monotonic, perf_counter as counter, sleep, time as now

def poll(pause=sleep, *, clock=monotonic):
    deadline, polls = clock() + 90, 0
    while clock() < deadline:
        pause(3)
        polls += 1
    return polls

class Poller:
    def poll(self, pause=sleep):
        deadline, polls = now() + 90, 0
        while now() < deadline:
            pause(3)
            polls += 1
        return polls

def times():
    before = t.time(), now(), monotonic(), counter()
    sleep(100)
    t.sleep(100)
    return [after - begun for after, begun in zip((t.time(), now(), monotonic(), counter()), before)]
"""


class TestAWholeRotation:
    @anywhere
    def test_polls_in_every_step_take_no_time(self, library):
        function = module_of(IMPORTS + POLLING)
        world = mock_stages({"db": "old"}, rotation="manual")
        began = REAL["perf_counter"]()
        with VirtualTime([function]) as virtual, world as fake:
            virtual.begin(fake._world.pass_time)
            rotation = fake.rotate("db", fake.lambda_function(function.handler, timeout=900))
            while rotation.next_step:
                rotation.step()
            assert rotation.succeeded
            assert fake["db"].value() == "new"
        assert function.polls == [30] * 4
        assert REAL["perf_counter"]() - began < 20


POLLING = """
import boto3

polls = []

def handler(event, context):
    client = boto3.client("secretsmanager", "us-east-1")
    secret, token = event["SecretId"], event["ClientRequestToken"]
    polls.append(poll())
    assert context.get_remaining_time_in_millis() < 811_000
    if event["Step"] == "createSecret":
        client.put_secret_value(
            SecretId=secret, ClientRequestToken=token, SecretString="new", VersionStages=["AWSPENDING"]
        )
    if event["Step"] == "finishSecret":
        versions = client.describe_secret(SecretId=secret)["VersionIdsToStages"]
        current = next(version for version, stages in versions.items() if "AWSCURRENT" in stages)
        client.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )
"""


class TestNamesThatTheFunctionHasImported:
    @anywhere
    def test_they_are_virtual_in_a_delivery(self, library):
        function = module_of(IMPORTS)
        with scenario(function), delivery():
            assert function.times() == pytest.approx([200] * 4, abs=0.5)

    @anywhere
    def test_they_are_virtual_as_defaults_of_arguments(self, library):
        function = module_of(IMPORTS)
        with scenario(function), delivery():
            assert (function.poll(), function.Poller().poll()) == (30, 30)

    @anywhere
    def test_they_are_restored(self, library):
        function = module_of(IMPORTS)
        before, defaults = dict(vars(function)), (function.poll.__defaults__, function.poll.__kwdefaults__)
        with scenario(function):
            assert function.sleep is not before["sleep"]
        assert vars(function) == before
        assert (function.poll.__defaults__, function.poll.__kwdefaults__) == defaults

    def test_a_name_that_the_test_has_patched_is_left_alone(self):
        function = module_of(IMPORTS)
        function.sleep = pauses = [].append
        with scenario(function), delivery():
            assert function.sleep is pauses

    @anywhere
    def test_a_module_that_is_imported_during_the_check_keeps_nothing_of_it(self, library, monkeypatch):
        before = {name: getattr(time, name) for name in REAL}
        with scenario(), delivery():
            late = module_of(IMPORTS, "a_late_sibling")
            monkeypatch.setitem(sys.modules, "a_late_sibling", late)
            assert late.poll() == 30
        names = {"sleep": "sleep", "now": "time", "monotonic": "monotonic", "counter": "perf_counter"}
        assert {name: getattr(late, name) for name in names} == {
            name: before[real] for name, real in names.items()
        }
        assert late.poll.__defaults__ == (before["sleep"],)

    def test_what_somebody_else_keeps_is_real_after_the_check(self):
        with scenario():
            kept, wait = time.time, threading.Event.wait
        with delivery():
            assert kept() == pytest.approx(REAL["time"](), abs=5)
            assert kept() == pytest.approx(REAL["time"](), abs=5)
            assert wait(threading.Event(), 0.001) is False

    def test_a_function_that_the_test_has_patched_is_put_back(self, monkeypatch):
        pauses = []
        monkeypatch.setattr(time, "sleep", pauses.append)
        with scenario():
            with delivery():
                time.sleep(5)
            time.sleep(7)
        time.sleep(9)
        assert pauses == [7, 9]

    def test_a_class_that_keeps_a_clock_does_not_make_a_method_of_it(self):
        with scenario(), delivery():
            kept = type("Kept", (), {"clock": time.monotonic, "pause": time.sleep})()
            began = kept.clock()
            kept.pause(5)
            assert kept.clock() - began == pytest.approx(5, abs=0.1)


class TestEventWait:
    def test_it_returns_at_once_and_time_has_passed(self):
        event = threading.Event()
        with scenario(), delivery():
            before = time.monotonic()
            assert event.wait(3_000) is False
            assert time.monotonic() - before == pytest.approx(3_000, abs=0.5)

    @pytest.mark.parametrize("timeout", [None, 3_000])
    def test_it_returns_true_and_no_time_passes_if_the_event_is_set(self, timeout):
        event = threading.Event()
        event.set()
        with scenario(), delivery():
            before = time.monotonic()
            assert event.wait(timeout=timeout) is True
            assert time.monotonic() - before < 1

    @pytest.mark.parametrize("timeout", [0, -1])
    def test_without_time_to_wait_it_only_looks(self, timeout):
        with scenario(), delivery():
            assert threading.Event().wait(timeout) is False

    def test_the_poll_of_an_event_with_a_deadline_ends(self):
        event, polls = threading.Event(), 0
        with scenario(), delivery():
            deadline = time.monotonic() + 90
            while time.monotonic() < deadline and not event.wait(3):
                polls += 1
        assert polls == 30


def busy(seconds):
    """Work in this thread for some real time."""
    end = REAL["perf_counter"]() + seconds
    while REAL["perf_counter"]() < end:
        sum(range(100))


@contextlib.contextmanager
def thread_of_the_function(function):
    """Start a thread as a part of the delivery. If the block doesn't wait for it, wait for it at the end."""
    thread = threading.Thread(target=function)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(20)
        assert not thread.is_alive()


class TestThreadsOfTheFunction:
    def test_their_sleep_is_virtual_too(self):
        began = REAL["perf_counter"]()
        with scenario(), delivery(), thread_of_the_function(lambda: time.sleep(3_000)):
            pass
        assert REAL["perf_counter"]() - began < 5

    @pytest.mark.slow
    def test_what_a_working_thread_sets_is_waited_for(self):
        done = threading.Event()

        def work():
            busy(0.2)
            time.sleep(2)
            done.set()

        with scenario(), delivery(), thread_of_the_function(work):
            assert done.wait(30) is True

    @pytest.mark.slow
    def test_a_poll_for_a_working_thread_does_not_time_out(self):
        answers = []

        def work():
            busy(0.2)
            answers.append("done")

        with scenario(), delivery(), thread_of_the_function(work):
            deadline = time.monotonic() + 30
            while not answers and time.monotonic() < deadline:
                time.sleep(0.1)
            assert answers

    def test_a_thread_that_never_sets_the_event_does_not_hold_the_wait_up(self):
        never, begins = threading.Event(), REAL["perf_counter"]()
        release = threading.Lock()
        release.acquire()
        with scenario(), delivery(), thread_of_the_function(lambda: release.acquire(timeout=15)):
            assert never.wait(30) is False
            assert [never.wait(30) for _ in range(20)] == [False] * 20
            assert REAL["perf_counter"]() - begins < 5
            release.release()

    def test_a_watchdog_does_not_bark_while_the_function_works(self):
        barks = []
        with scenario(), delivery():
            watchdog = threading.Timer(25, barks.append, ["timed out"])
            watchdog.start()
            busy(0.2)
            watchdog.cancel()
            watchdog.join(20)
        assert barks == []

    def test_a_watchdog_barks_once_the_function_sleeps_for_too_long(self):
        barks = []
        with scenario(), delivery():
            watchdog = threading.Timer(25, barks.append, ["timed out"])
            watchdog.start()
            time.sleep(40)
            watchdog.join(20)
        assert barks == ["timed out"]

    def test_a_watchdog_that_a_dead_function_leaves_ends_with_its_scenario(self):
        barks, watchdogs = [], []

        def begin():
            watchdogs.append(threading.Timer(600, barks.append, ["timed out"]))
            watchdogs[-1].start()
            busy(0.05)

        with scenario() as virtual:
            with delivery():
                begin()
            virtual.begin(lambda seconds: None)
            watchdogs[0].join(20)
            assert not watchdogs[0].is_alive()
            with delivery():
                begin()
        watchdogs[1].join(20)
        assert not watchdogs[1].is_alive()
        assert barks == []

    @pytest.mark.slow
    def test_the_tasks_of_a_pool_are_waited_for(self):
        with scenario(), delivery(), concurrent.futures.ThreadPoolExecutor(2) as pool:
            tasks = [pool.submit(busy, 0.1) for _ in range(2)]
            assert concurrent.futures.wait(tasks, timeout=5).not_done == set()
            assert list(concurrent.futures.as_completed([pool.submit(busy, 0.1)], timeout=5))

    def test_an_idle_pool_does_not_hold_a_poll_up(self):
        with scenario(), delivery(), concurrent.futures.ThreadPoolExecutor(2) as pool:
            pool.submit(busy, 0).result(20)
            began = REAL["perf_counter"]()
            for _ in range(30):
                time.sleep(3)
            assert REAL["perf_counter"]() - began < 5

    def test_the_shorter_of_two_waits_ends_first(self):
        order = []

        def work():
            time.sleep(10)
            order.append("worker")

        with scenario(), delivery(), thread_of_the_function(work):
            time.sleep(30)
            order.append("function")
        assert order == ["worker", "function"]

    def test_a_heartbeat_beats_as_often_as_time_passes(self):
        stop, beats = threading.Event(), []

        def beat():
            while not stop.wait(10):
                beats.append(time.monotonic())

        with scenario(), delivery(), thread_of_the_function(beat):
            time.sleep(35)
            stop.set()
        assert len(beats) == 3

    def test_time_that_threads_let_pass_at_once_is_not_lost(self):
        with scenario() as virtual, delivery():
            before = time.monotonic_ns()

            def advance():
                for _ in range(500):
                    virtual.advance(1)

            threads = [threading.Thread(target=advance) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)
            assert time.monotonic_ns() - before == 2_000 * 10**9 + 10**6


class TestOutsideOfDeliveries:
    def test_a_time_machine_that_stops_monotonic_clocks_is_not_used(self, monkeypatch):
        monkeypatch.setattr(time_machine.escape_hatch.time, "monotonic", REAL["monotonic"], raising=False)
        without(monkeypatch, "freezegun")
        with scenario():
            assert clock._mover() is None

    @realistic
    def test_monotonic_clocks_are_real(self, library):
        real = time.monotonic(), time.perf_counter()
        with scenario() as virtual:
            virtual.advance(1_000)
            assert (time.monotonic(), time.perf_counter()) == pytest.approx(real, abs=60)

    @anywhere
    def test_time_is_what_it_was(self, library):
        real = time.time()
        with scenario() as virtual:
            assert time.time() == pytest.approx(real, abs=60)
            if library in {no_library, our_freezegun, our_time_machine}:
                virtual.advance(1_000)
                assert time.time() == pytest.approx(real, abs=60)
                assert time.time_ns() == pytest.approx(real * 1e9, abs=60e9)

    @realistic
    def test_other_threads_see_real_clocks_during_a_delivery(self, library):
        real = time.monotonic()
        answers = []
        go, went = threading.Event(), threading.Event()

        def other():
            REAL_WAIT(go, 20)
            began = REAL["perf_counter"]()
            time.sleep(0.02)
            threading.Event().wait(0.02)
            answers.append((REAL["perf_counter"]() - began, time.monotonic()))
            went.set()

        thread = threading.Thread(target=other)
        thread.start()
        with scenario() as virtual, delivery():
            virtual.advance(1_000)
            go.set()
            REAL_WAIT(went, 20)
        thread.join(20)
        assert answers[0][0] >= 0.04
        assert answers[0][1] == pytest.approx(real, abs=60)

    def test_a_thread_that_outlives_its_delivery_sees_real_clocks(self):
        go, answers = threading.Event(), []

        def late():
            REAL_WAIT(go, 20)
            answers.append(time.monotonic())

        with scenario() as virtual:
            with delivery():
                virtual.advance(1_000)
                thread = threading.Thread(target=late)
                thread.start()
            go.set()
            thread.join(20)
        assert answers == [pytest.approx(REAL["monotonic"](), abs=60)]

    def test_a_sleep_is_a_real_one(self):
        with scenario():
            began = REAL["perf_counter"]()
            time.sleep(0.02)
            assert REAL["perf_counter"]() - began >= 0.02


class TestRestoring:
    @anywhere
    def test_everything_is_as_before(self, library):
        before = {name: getattr(time, name) for name in REAL}, datetime.datetime, datetime.date
        moment = time.time()
        with scenario(), delivery():
            assert time.sleep is not REAL["sleep"]
            time.sleep(1_000)
        assert ({name: getattr(time, name) for name in REAL}, datetime.datetime, datetime.date) == before
        assert threading.Event.wait is REAL_WAIT
        assert time.time() == pytest.approx(moment, abs=60)

    @pytest.mark.parametrize("library", [users_freezegun, users_time_machine], indirect=True)
    def test_the_users_clock_is_put_back_to_the_microsecond(self, library):
        with scenario() as virtual, delivery():
            time.sleep(1_000.123_456_7)
            virtual.advance(1 / 3)
            time.time()
        assert datetime.datetime.now(UTC) == MOMENT

    def test_a_frozen_clock_in_another_time_zone_is_put_back(self):
        moment = datetime.datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("America/New_York"))
        with time_machine.travel(moment, tick=False):
            local = local_now()
            with scenario(), delivery():
                time.sleep(7_200)
                assert local_now() - local == pytest.approx(
                    datetime.timedelta(hours=2), abs=datetime.timedelta(seconds=1)
                )
            assert local_now() == local

    def test_nothing_is_left_if_entering_is_interrupted(self, monkeypatch):
        function = module_of(IMPORTS)
        monkeypatch.setattr(VirtualTime, "_event_wait", lambda self, real: 1 / 0)
        with pytest.raises(ZeroDivisionError), VirtualTime([function]):
            pass
        assert {name: getattr(time, name) for name in REAL} == REAL
        assert clock._mover() is None

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "library", [no_library, our_freezegun, our_time_machine, users_freezegun], indirect=True
    )
    def test_nothing_is_left_if_an_interrupt_lands_anywhere(self, library):
        function = module_of(IMPORTS)
        before = {name: getattr(time, name) for name in REAL}, dict(vars(function)), clock._mover() is None

        def scene(interrupt):
            virtual = VirtualTime([function])
            with interrupt:
                try:
                    with virtual:
                        virtual.begin(lambda seconds: None)
                finally:
                    # Whoever makes the check ends it again, in case that the end was interrupted.
                    virtual.__exit__()

        for at in points(scene, 60):
            scene(Interrupt(at))
            after = {name: getattr(time, name) for name in REAL}, dict(vars(function)), clock._mover() is None
            assert (at, *after) == (at, *before)
            assert threading.Event.wait is REAL_WAIT

    def test_leaving_twice_changes_nothing(self):
        virtual = VirtualTime([])
        with virtual:
            pass
        virtual.__exit__()
        assert time.time is REAL["time"]

    def test_a_patch_put_on_top_and_left_there_is_kept(self):
        try:
            with VirtualTime([]):
                time.sleep = print
            assert time.sleep is print
        finally:
            time.sleep = REAL["sleep"]

    def test_checks_can_be_nested(self):
        with scenario(), delivery():
            with scenario(), delivery():
                time.sleep(100)
            before = time.monotonic()
            time.sleep(100)
            assert time.monotonic() - before == pytest.approx(100, abs=0.1)
        assert time.sleep is REAL["sleep"]

    def test_no_thread_is_left(self):
        before = threading.active_count()
        with scenario(), delivery():
            time.sleep(10)
            threading.Event().wait(10)
            assert threading.active_count() == before


def test_a_coroutine_sleeps_for_real():
    async def pause():
        await asyncio.sleep(0.02)

    with scenario(), delivery():
        began = REAL["perf_counter"]()
        asyncio.run(pause())
        assert 0.02 <= REAL["perf_counter"]() - began < 5


READERS = {
    "datetime.now": "import datetime\ndef handler(event, context):\n    return datetime.datetime.now()",
    "from-import": "from datetime import datetime\ndef handler(event, context):\n    return datetime.utcnow()",
    "renamed": "from datetime import date as d\ndef handler(event, context):\n    return d.today()",
    "imported inside": "def handler(event, context):\n    import datetime as dt\n    return dt.datetime.now()",
    "nested": "import datetime\ndef handler(event, context):\n    return [datetime.datetime.now() for _ in 'a']",
    "method": "import datetime\nclass A:\n    @property\n    def a(self):\n        return datetime.date.today()",
    "static": "import datetime\nclass A:\n    @staticmethod\n    def a():\n        return datetime.date.today()",
    "class in itself": (
        "import datetime\nclass A:\n    def a(self): return datetime.datetime.now()\nA.itself = A\n"
    ),
    "decorated": (
        "import datetime, functools\n"
        "def twice(function):\n"
        "    @functools.wraps(function)\n"
        "    def inner(): return function(), function()\n"
        "    return inner\n"
        "@twice\ndef a(): return datetime.date.today()"
    ),
}
OTHERS = {
    "no date": "import time\ndef handler(event, context):\n    return time.time()",
    "only constructed": "import datetime\ndef handler(event, context):\n    return datetime.timedelta(days=1)",
    "other now": "import datetime, clocks\nDAY = datetime.timedelta(1)\ndef handler(*_):\n    return clocks.now()",
}


class TestReadsRealDates:
    @pytest.mark.parametrize("source", READERS.values(), ids=READERS)
    def test_a_function_that_reads_the_date_is_noticed(self, source, monkeypatch):
        with no_library(monkeypatch), VirtualTime([module_of(source)]) as virtual:
            assert virtual.reads_real_dates is True

    @pytest.mark.parametrize("name", OTHERS)
    def test_a_function_that_does_not_is_not(self, name, monkeypatch):
        monkeypatch.setitem(sys.modules, "clocks", types.ModuleType("clocks"))
        with no_library(monkeypatch), VirtualTime([module_of(OTHERS[name])]) as virtual:
            assert virtual.reads_real_dates is False

    def test_an_object_that_refuses_to_be_looked_at_is_left_alone(self, monkeypatch):
        class Proxy:
            @property
            def __class__(self):
                raise RuntimeError

            def __getattr__(self, name):
                raise RuntimeError

        module = module_of(READERS["datetime.now"])
        module.request = Proxy()
        with no_library(monkeypatch), VirtualTime([module]) as virtual:
            assert virtual.reads_real_dates is True

    @controlled
    def test_a_date_that_is_controlled_is_not_real(self, library):
        with VirtualTime([module_of(READERS["datetime.now"])]) as virtual:
            assert virtual.reads_real_dates is False


def test_entering_and_the_scenarios_are_cheap():
    """Generous bounds, because other work may run on this machine: 10 ms to enter, microseconds to advance."""
    began = REAL["perf_counter"]()
    with VirtualTime([sys.modules[__name__]]) as virtual:
        entered = REAL["perf_counter"]()
        for _ in range(1_000):
            virtual.begin(lambda seconds: None)
            virtual.advance(0.001)
        done = REAL["perf_counter"]()
    assert entered - began < 0.2
    assert done - entered < 1
