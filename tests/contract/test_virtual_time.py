"""Virtual time: waits in a delivery take no time, on every clock that a function can read."""

import asyncio
import contextlib
import datetime
import sys
import threading
import time
import types
from zoneinfo import ZoneInfo

import freezegun
import pytest
import time_machine

from fake_secrets import clock, mock_stages
from fake_secrets.contract.virtual_time import VirtualTime
from fake_secrets.observe.ledger import RunningStep

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
def users_time_machine(monkeypatch):
    with time_machine.travel(MOMENT, tick=False):
        yield


CONTROLLED = (our_freezegun, our_time_machine, users_freezegun, users_time_machine)


@pytest.fixture
def library(monkeypatch, request):
    with request.param(monkeypatch):
        yield request.param


anywhere = pytest.mark.parametrize("library", (no_library, *CONTROLLED), indirect=True)
controlled = pytest.mark.parametrize("library", CONTROLLED, indirect=True)


def module_of(source, name="rotation_function"):
    module = types.ModuleType(name)
    exec(source, vars(module))
    return module


def delivery():
    return RunningStep("setSecret")


@contextlib.contextmanager
def scenario(*modules):
    """Give a world and the virtual time of a check that has begun a scenario in it."""
    with VirtualTime(modules) as virtual, mock_stages(rotation="manual") as fake:
        virtual.begin(fake._world._pass_time)
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
    with pytest.raises(Exception) as really:  # noqa: B017, PT011 -- whatever Python raises
        REAL["sleep"](seconds)
    with scenario(), delivery(), pytest.raises(really.type) as refused:
        time.sleep(seconds)
    assert str(refused.value) == str(really.value)


@controlled
def test_the_date_follows(library):
    with scenario(), delivery():
        before = datetime.datetime.now(UTC), datetime.datetime.now(), time.time()
        time.sleep(86_400)
        after = datetime.datetime.now(UTC), datetime.datetime.now(), time.time()
    assert (after[0] - before[0]).total_seconds() == pytest.approx(86_400, abs=0.01)
    assert (after[1] - before[1]).total_seconds() == pytest.approx(86_400, abs=0.01)
    assert after[0].timestamp() == pytest.approx(after[2], abs=0.01)


@controlled
def test_a_clock_that_the_service_moves_is_seen(library):
    with scenario(), delivery():
        before = time.time()
        clock.move_to(before + 50)
        assert time.time() == pytest.approx(before + 50, abs=0.01)


class TestScenarios:
    @controlled
    def test_every_scenario_begins_at_the_same_moment(self, library):
        moments = []
        with VirtualTime([]) as virtual:
            for _ in range(3):
                with mock_stages() as fake, delivery():
                    virtual.begin(fake._world._pass_time)
                    moments.append((time.time(), datetime.datetime.now(UTC), clock.now()))
                    time.sleep(123.4)
        assert len(set(moments)) == 1

    def test_the_function_reads_the_same_times_without_a_library(self, monkeypatch):
        with no_library(monkeypatch), VirtualTime([]) as virtual:
            moments = []
            for _ in range(3):
                with mock_stages() as fake, delivery():
                    virtual.begin(fake._world._pass_time)
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
                    virtual.begin(fake._world._pass_time)
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

        with scenario(), mock_stages({"db": "x"}, rotation="manual", rotation_errors="record") as fake:
            arn = fake.lambda_function(rotate, timeout=30)
            rotation = fake.rotate("db", arn)
            with VirtualTime([]) as virtual:
                virtual.begin(fake._world._pass_time)
                rotation.step()
        assert "timed out after 30.00 seconds" in str(rotation.attempts[-1].error)
        assert isinstance(ended[0], BaseException)
