"""Every order in which worlds and mocks of moto can be entered and left: who answers, and what stays behind."""

import contextlib
import os
import warnings
from unittest import mock

import boto3
import pytest

pytest.importorskip("moto")

import moto
from moto.core.config import default_user_config
from moto.core.models import botocore_stubber

from fake_secrets import FakeSecretsWarning, mock_stages

KEY = "AWS_ACCESS_KEY_ID"
VARIABLES = (
    KEY,
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
    "AWS_EC2_METADATA_DISABLED",
    "SECRETS_MANAGER_ENDPOINT",
)
# M and N are mocks of moto, V and W worlds, and J joins a world or opens one. Capitals enter, small letters leave.
KINDS = ["MW", "MJ", "MWV", "MWJ", "MNW"]


def orders_of(names, begun="", order=()):
    """Yield all orders in which some mocks can be entered and left."""
    if len(order) == 2 * len(names):
        yield "".join(order)
    for name in names:
        if name not in begun:
            yield from orders_of(names, begun + name, (*order, name))
        elif name.lower() not in order:
            yield from orders_of(names, begun, (*order, name.lower()))


def is_nested(order):
    active = []
    for step in order:
        if step.isupper():
            active.append(step)
        elif active.pop() != step.upper():
            return False
    return True


def motos_own(order):
    return "".join(step for step in order if step in "MmNn")


# What moto's mocks do to each other's variables without any world, nobody here can mend or tell.
ORDERS = {kind: [order for order in orders_of(kind) if is_nested(motos_own(order))] for kind in KINDS}
NO_KEYS = {}
OWN_KEYS = {KEY: "AKIAOWN", "AWS_SECRET_ACCESS_KEY": "own"}
keys = pytest.mark.parametrize("keys", [NO_KEYS, OWN_KEYS], ids=["no credentials", "credentials"])


@contextlib.contextmanager
def a_machine(keys):
    """Set the variables that a machine has, record warnings, and yield both."""
    with (
        mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": "us-east-1", **keys}),
        mock.patch("boto3.DEFAULT_SESSION", None),
        warnings.catch_warnings(record=True) as recorded,
    ):
        warnings.simplefilter("always")
        boto3.setup_default_session()
        yield variables(), recorded


def variables():
    return {name: os.environ.get(name) for name in VARIABLES}


@pytest.fixture(scope="module")
def client():
    return boto3.Session(aws_access_key_id="x", aws_secret_access_key="x").client("secretsmanager", "us-east-1")


def walk(order, look):
    """Enter and leave the mocks, and look after each step at those that are active."""
    mocks, active = {}, []
    try:
        for step in order:
            name = step.upper()
            if step.isupper():
                mocks[name] = _made(name)
                mocks[name].start()
                active.append(name)
            else:
                active.remove(name)
                mocks[name].stop()
            look(list(active))
    finally:
        for name in active:
            mocks[name].stop()


def _made(name):
    if name in "MN":
        return moto.mock_aws()
    return mock_stages() if name == "J" else mock_stages({name: "x"})


def told(recorded):
    return [str(one.message) for one in recorded if issubclass(one.category, FakeSecretsWarning)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_in_every_order_the_innermost_world_answers_or_else_moto(kind, client):
    # Also if mocks of moto aren't nested in each other.
    def look(active):
        worlds = [name for name in active if name in "VWJ"]
        if active and worlds[-1:] != ["J"]:
            names = [secret["Name"] for secret in client.list_secrets()["SecretList"]]
            assert names == worlds[-1:], active

    for order in orders_of(kind):
        with a_machine(NO_KEYS):
            walk(order, look)


@pytest.mark.slow
@keys
@pytest.mark.parametrize("kind", KINDS)
def test_in_every_order_all_is_put_back_or_a_warning_tells(kind, keys):
    silent = []
    for order in ORDERS[kind]:
        with a_machine(keys) as (before, recorded):
            session = boto3.DEFAULT_SESSION
            walk(order, lambda _: None)
            assert boto3.DEFAULT_SESSION is session, order
            assert not botocore_stubber.enabled, order
            is_as_before = variables() == before
            assert all(text.startswith("Mocks left out of order: ") for text in told(recorded)), order
            if is_nested(order):
                assert (is_as_before, told(recorded)) == (True, []), order
            if not is_as_before and not told(recorded):
                silent.append(order)
    assert silent == []


@pytest.mark.slow
def test_mocks_of_moto_that_are_not_nested_leave_fake_values_with_a_world_or_without():
    # moto counts its mocks and doesn't tell which one was stopped, so no warning can.
    left = {}
    for order in ("MNmn", "MNmWwn", "MWNmwn"):
        with a_machine(OWN_KEYS) as (_, recorded):
            walk(order, lambda _: None)
            left[order] = os.environ[KEY]
            assert told(recorded) == []
    assert left == {"MNmn": "FOOBARKEY", "MNmWwn": "FOOBARKEY", "MWNmwn": "FAKESECRETSACCESSKEY"}


@keys
@pytest.mark.parametrize(
    "order",
    ["MWmVwv", "MWVmvw", "WMVwvm", "WMJwjm"],
    ids=[
        "a world hides the end",
        "an inner world is left first",
        "moto between worlds",
        "moto between joined worlds",
    ],
)
def test_a_second_world_does_not_hide_that_mocks_are_left_out_of_order(order, keys):
    with a_machine(keys) as (_, recorded):
        walk(order, lambda _: None)
        assert any(text.startswith("Mocks left out of order: ") for text in told(recorded))


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("MNWnwm", ["was started before it and has been stopped"]),
        ("MNWwnm", []),
        ("WVMvmw", ["was started after it and is still active"]),
        ("WVMwmv", []),
    ],
)
def test_a_warning_says_what_has_become_of_motos_mock(order, said):
    with a_machine(NO_KEYS) as (_, recorded):
        walk(order, lambda _: None)
        assert [text.partition("moto's mock ")[2].partition(".")[0] for text in told(recorded)] == said


@pytest.mark.parametrize("order", ["MWmw", "WMwm", "MWVmvw"])
def test_no_order_is_told_of_if_moto_leaves_the_variables_alone(order, monkeypatch):
    monkeypatch.setitem(default_user_config["core"], "mock_credentials", value=False)
    with a_machine(OWN_KEYS) as (before, recorded):
        walk(order, lambda _: None)
        assert (variables(), told(recorded)) == (before, [])
