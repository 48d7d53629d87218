"""Live views of a world can't leave it; what only records it can be copied and pickled."""

import copy
import dataclasses
import pickle
import weakref

import pytest
from rotators import Rotator

TRIPS = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda record: pickle.loads(pickle.dumps(record)),  # noqa: S301 -- our own
}


@pytest.fixture
def rotated(fake_secrets):
    fake_secrets.add("db", {"user": "app", "password": "s3cret"})
    fake_secrets.rotate("db", Rotator())
    return fake_secrets


LIVE = {
    "FakeSecrets": lambda handle: handle,
    "Secret": lambda handle: handle["db"],
    "Rotation": lambda handle: handle.rotations[0],
    "Trail": lambda handle: handle.trail,
}
RECORDS = {
    "Version": lambda handle: handle["db"].versions[0],
    "Timeline": lambda handle: handle.timeline("db"),
    "Call": lambda handle: handle.calls[-1],
    "Event": lambda handle: handle.trail.events[-1],
    "record": lambda handle: handle.trail.service_events[-1],
    "quotas": lambda handle: handle.quotas,
    "retries": lambda handle: handle.retries,
}


@pytest.mark.parametrize("name", LIVE)
def test_a_copy_of_a_live_view_is_the_view(rotated, name):
    view = LIVE[name](rotated)
    assert copy.copy(view) is copy.deepcopy(view) is view


@pytest.mark.parametrize("name", LIVE)
def test_a_live_view_can_be_referred_to_weakly(rotated, name):
    view = LIVE[name](rotated)
    assert weakref.ref(view)() is view


@pytest.mark.parametrize("name", LIVE)
def test_a_live_view_says_why_it_can_not_be_pickled(rotated, name):
    with pytest.raises(TypeError) as refused:
        pickle.dumps(LIVE[name](rotated))
    assert str(refused.value).startswith(
        f"a {name} shows a world of this process, so it can't be pickled; pickle "
    )


@pytest.mark.parametrize("trip", TRIPS.values(), ids=TRIPS)
@pytest.mark.parametrize("name", RECORDS)
def test_a_copy_of_a_record_equals_it(rotated, name, trip):
    record = RECORDS[name](rotated)
    assert trip(record) == record


def test_a_changed_copy_of_quotas_leaves_the_worlds_own(fake_secrets):
    copied = copy.copy(fake_secrets.quotas)
    copied.secrets = 1
    assert dataclasses.asdict(fake_secrets.quotas)["secrets"] > 1
