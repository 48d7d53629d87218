"""An interrupt in the middle of a check, as by ctrl-C, leaves everything as it was."""

import contextlib
import datetime
import json
import logging
import os
import random
import signal
import sys
import threading
import time
import warnings

import boto3
import botocore.client
import botocore.endpoint
import botocore.session
import pytest
from interrupts import Interrupt, points

from fake_secrets import check_rotation
from fake_secrets.activation import visits
from fake_secrets.contract import checking, given_subject, interruption, ongoing_check, silence
from fake_secrets.observe.leaks import watching
from fake_secrets.world import stack

CLASSES = (
    botocore.client.BaseClient,
    botocore.client.ClientCreator,
    botocore.endpoint.Endpoint,
    botocore.session.Session,
    boto3.session.Session,
    threading.Event,
)


class Service:
    def __init__(self):
        self.passwords = ["the-old-password"]

    def change(self, password):
        self.passwords = [password]

    def log_in(self, password):
        if password not in self.passwords:
            raise ConnectionError

    def accepts(self, value):
        return value["password"] in self.passwords

    def accepted(self):
        return [{"password": password} for password in self.passwords]

    def __enter__(self):
        global service  # noqa: PLW0603 -- as a driver is put in place
        service = self
        return self

    def __exit__(self, *exception):
        pass


service = None
interrupted_at = None
seen = 0


def here(name):
    global seen  # noqa: PLW0603 -- what a rotation function counts
    seen += 1
    if name == interrupted_at:
        raise KeyboardInterrupt


def handler(event, context):
    client = boto3.client("secretsmanager")
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    os.environ["ROTATING"] = step
    logging.getLogger().setLevel(logging.DEBUG)
    print(step)
    time.sleep(1)
    here(step)
    if step == "createSecret":
        value = json.dumps({"password": client.get_random_password(ExcludePunctuation=True)["RandomPassword"]})
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
        )
        return
    pending = client.get_secret_value(SecretId=arn, VersionId=token)
    password = json.loads(pending["SecretString"])["password"]
    if step == "setSecret":
        service.change(password)
        here("change")
    if step == "testSecret":
        service.log_in(password)
    if step == "finishSecret":
        versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
        old = next(version for version, labels in versions.items() if "AWSCURRENT" in labels)
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=old
        )


def check(only="plain"):
    return check_rotation(handler, secret={"password": "the-old-password"}, service=Service, only=only)


# The threads of earlier tests, which may end at any moment.
of_earlier_tests = set()


def everything():
    return {
        "worlds": stack.active(),
        "threads": [thread for thread in threading.enumerate() if thread not in of_earlier_tests],
        "environment": {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "time": {name: value for name, value in vars(time).items() if callable(value)},
        "datetime": (datetime.datetime, datetime.date),
        "classes": [dict(vars(one)) for one in CLASSES],
        "logging": (logging.root.handlers[:], logging.root.level, logging.root.manager.disable),
        "streams": (sys.stdout, sys.stderr),
        "warnings": list(warnings.filters),
        "random": random.getstate(),
        "visits": visits._visited,
        "watchers": watching._watchers,
        "globals": (service, seen),
        "interrupts": signal.getsignal(signal.SIGINT),
    }


@pytest.fixture(autouse=True)
def _warm():
    of_earlier_tests.update(threading.enumerate())
    check()
    yield
    of_earlier_tests.clear()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["createSecret", "setSecret", "change", "finishSecret"])
def test_an_interrupt_in_the_function_leaves_everything_as_it_was(monkeypatch, name):
    monkeypatch.setitem(globals(), "interrupted_at", name)
    before = everything()
    with pytest.raises(KeyboardInterrupt):
        check()
    assert everything() == before


@pytest.mark.slow
@pytest.mark.parametrize("method", ["__init__", "__enter__", "__exit__", "change", "accepts", "accepted"])
def test_an_interrupt_in_the_service_leaves_everything_as_it_was(monkeypatch, method):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    before = everything()
    with monkeypatch.context() as patch:
        patch.setattr(Service, method, interrupt)
        with pytest.raises(KeyboardInterrupt):
            check()
    assert everything() == before


def refusing(event, context):
    boto3.client("secretsmanager").describe_secret(SecretId=event["SecretId"])
    raise ValueError


def scene(interrupt):
    with interrupt:
        check_rotation(refusing, secret={"password": "the-old-password"}, service=Service, only="plain")


def changed_by(interrupt):
    before = everything()
    scene(interrupt)
    after = everything()
    return {name for name in before if after[name] != before[name]}


@pytest.mark.slow
def test_an_interrupt_anywhere_in_a_check_leaves_everything_as_it_was():
    for at in points(scene, 25):
        interrupt = Interrupt(at)
        assert changed_by(interrupt) == set(), interrupt.place


@pytest.mark.slow
def test_an_interrupt_at_any_line_that_begins_or_ends_a_check_leaves_everything_as_it_was():
    modules = (checking, given_subject, interruption, ongoing_check)
    counting = Interrupt(modules=modules)
    scene(counting)
    for at in range(counting.count):
        interrupt = Interrupt(at, modules=modules)
        assert changed_by(interrupt) == set(), interrupt.place


@pytest.mark.slow
def test_an_interrupt_that_the_function_swallows_ends_the_check():
    def swallowing(event, context):
        with contextlib.suppress(BaseException):
            signal.raise_signal(signal.SIGINT)
        with contextlib.suppress(BaseException):
            return handler(event, context)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        check_rotation(swallowing, secret={"password": "the-old-password"}, service=Service)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_handler_of_interrupts_that_is_not_pythons_is_left_alone():
    came = []
    before = signal.signal(signal.SIGINT, lambda *arguments: came.append(signal.SIGINT))

    def interrupted(event, context):
        signal.raise_signal(signal.SIGINT)
        return handler(event, context)

    try:
        check_rotation(interrupted, secret={"password": "the-old-password"}, service=Service, only="plain")
    finally:
        signal.signal(signal.SIGINT, before)
    assert came


@pytest.mark.slow
def test_an_interrupt_at_any_line_that_keeps_the_output_leaves_everything_as_it_was():
    counting = Interrupt(modules=[silence])
    scene(counting)
    # Those of the first trials, and of the last.
    for at in (*range(60), *range(counting.count - 30, counting.count)):
        interrupt = Interrupt(at, modules=[silence])
        assert changed_by(interrupt) == set(), interrupt.place
