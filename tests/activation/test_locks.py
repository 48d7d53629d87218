"""Our locks: none is held while user code runs, and a fork takes every one of them.

The locks are found by a walk through the package's modules and everything of ours that a world refers to.
"""

import collections.abc
import datetime
import functools
import gc
import sys
import threading
import types

import boto3
import freezegun
import pytest

from fake_secrets import mock_stages
from fake_secrets.activation import forks
from fake_secrets.world import stack

LOCK_TYPES = (type(threading.Lock()), type(threading.RLock()))
CONTAINERS = (dict, list, tuple, set, frozenset, types.MappingProxyType)


def locks_from(*roots):
    """Return the locks that can be reached from some objects through containers and objects of ours."""
    locks, seen, ahead = {}, set(), list(roots)
    while ahead:
        found = ahead.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, LOCK_TYPES):
            locks[id(found)] = found
        elif isinstance(found, threading.Condition | functools.cached_property):
            # Before Python 3.12, a cached property has a lock.
            ahead += [value for value in vars(found).values() if isinstance(value, LOCK_TYPES)]
        elif isinstance(found, CONTAINERS) or is_ours(found):
            ahead += gc.get_referents(found)
    return list(locks.values())


def is_ours(found):
    if isinstance(found, types.ModuleType):
        return found.__name__.split(".")[0] == "fake_secrets"
    kind = found if isinstance(found, type) else type(found)
    return kind.__module__.split(".")[0] == "fake_secrets"


def our_locks():
    modules = [module for name, module in sys.modules.items() if name.split(".")[0] == "fake_secrets"]
    return locks_from(*modules, *(world for world in stack.worlds() if stack.entry_of(world)))


def in_a_thread(function):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(function()))
    thread.start()
    thread.join(20)
    return answers[0]


def free(locks):
    """Return how many locks another thread can acquire now."""

    def count():
        taken = [lock for lock in locks if lock.acquire(timeout=0.2)]
        for lock in taken:
            lock.release()
        return len(taken)

    return in_a_thread(count)


class Watch:
    """Notes, wherever user code runs, whether every lock is free there."""

    def __init__(self):
        self.places = {}

    def look(self, place):
        locks = our_locks()
        self.places.setdefault(place, []).append(free(locks) == len(locks))

    def function(self, event, context):
        self.look(event["Step"])

    def subscriber(self, event):
        self.look(event["detail-type"])

    def new_value(self, current):
        self.look("managed rotation")
        return {"password": "new"}

    def handler(self, event_name, **_):
        self.look(event_name.split(".")[0])


class WatchedMapping(collections.abc.Mapping):
    """A mapping of a class of the user's, whose methods are user code."""

    def __init__(self, watch, place, content):
        self.watch, self.place, self.content = watch, place, content

    def __getitem__(self, key):
        self.watch.look(self.place)
        return self.content[key]

    def __iter__(self):
        self.watch.look(self.place)
        return iter(self.content)

    def __len__(self):
        return len(self.content)


HANDLED = (
    "provide-client-params",
    "before-parameter-build",
    "before-call",
    "choose-signer",
    "before-send",
    "after-call",
)


def exercise(watch, lane):
    seeds = WatchedMapping(watch, "seeds", {"db": "old", "api": "old"})
    rules = {"AutomaticallyAfterDays": 1}
    frozen = freezegun.freeze_time("2026-01-01T12:00:00Z", ignore=["_pytest"])
    with frozen as clock, mock_stages(seeds, rotation_errors="record", _lane=lane) as fake:
        client = boto3.client("secretsmanager")
        for event in HANDLED:
            client.meta.events.register_first(f"{event}.secrets-manager", watch.handler)
        fake.on_event(watch.subscriber)
        fake.add("tagged", "x", tags=WatchedMapping(watch, "tags", {"team": "a"}))
        fake.add("rds!db", {"password": "old"}, owning_service="rds")
        fake.managed_rotation("rds!db", watch.new_value)
        environment = WatchedMapping(watch, "environment", {"LEVEL": "DEBUG"})
        arn = fake.lambda_function(watch.function, "watched", environment=environment)
        for name in ("db", "api"):
            client.rotate_secret(SecretId=name, RotationLambdaARN=arn, RotationRules=rules)
        clock.move_to("2026-01-02T12:00:00Z")
        client.list_secrets()
        fake.run_due(datetime.datetime(2026, 1, 10, tzinfo=datetime.UTC))
        fake.rotate("rds!db")
        client.put_secret_value(SecretId="tagged", SecretString="new")
        fake.reset()
        client.list_secrets()


@pytest.mark.slow
@pytest.mark.parametrize("lane", ["fast", "wire"])
def test_no_lock_is_held_while_user_code_runs(lane):
    watch = Watch()
    exercise(watch, lane)
    assert {place for place, free in watch.places.items() if not all(free)} == set()
    assert set(watch.places) >= {
        "seeds",
        "tags",
        "environment",
        "createSecret",
        "finishSecret",
        "managed rotation",
        "Secret Label Updated",
        "AWS Service Event via CloudTrail",
        "provide-client-params",
        "before-call",
        "after-call",
    }


@pytest.mark.slow
def test_a_fork_takes_every_lock_of_ours(fake_secrets, secretsmanager):
    """If this fails for a new lock, put it into `forks`."""
    fake_secrets.add("db", "x")
    secretsmanager.get_secret_value(SecretId="db")
    locks = our_locks()
    assert len(locks) == 9
    assert free(locks) == len(locks)
    forks._hold_still()
    try:
        assert free(locks) == 0
    finally:
        forks._go_on()
    assert free(locks) == len(locks)


class TestTheWalk:
    def test_a_lock_of_a_cached_property_is_found(self):
        class Ours:
            @functools.cached_property
            def number(self):
                return 1

        Ours.__module__ = "fake_secrets.made_up"
        assert len(locks_from(Ours())) == (1 if sys.version_info < (3, 12) else 0)

    def test_a_lock_in_a_container_of_ours_is_found(self):
        assert len(locks_from({"a": [(threading.Lock(), threading.Condition(threading.RLock()))]})) == 2

    def test_a_lock_that_is_held_is_noticed(self):
        lock = threading.Lock()
        with lock:
            assert free([lock, threading.Lock()]) == 1
