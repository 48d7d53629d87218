"""A primary and its replica in another account over restarts: each change is written on both sides."""

import pytest
from service_model import botocore_knows, needs_2026
from two_accounts import Pair, check_link

from fake_secrets import mock_stages
from fake_secrets.keeping.state_file import open_state

pytestmark = pytest.mark.skipif(not botocore_knows("CreateSecret", "CrossAccountPrimaryARN"), reason=needs_2026)


@pytest.fixture
def restart(tmp_path):
    """Opens a world, changes it, and returns what is there after a restart that has written nothing more."""

    def restart(change):
        state = open_state(tmp_path / "world.state")
        with mock_stages() as fake_secrets:
            state.attach(fake_secrets._world)
            pair = Pair()
            pair.associate()
            change(pair, fake_secrets)
            content = (tmp_path / "world.state").read_bytes()
            state.close()
        (tmp_path / "world.state").write_bytes(content)
        again = open_state(tmp_path / "world.state")
        with mock_stages() as fake_secrets:
            again.attach(fake_secrets._world)
            for secret in fake_secrets._world.store:
                check_link(secret)
            found = pair.statuses(), pair.copied()
            again.close()
        return found

    return restart


def hold_back(pair, fake_secrets):
    fake_secrets.faults.replication("InProgress", optional=True)
    pair.put("two")


def hold_back_and_let_go(pair, fake_secrets):
    with fake_secrets.faults.replication("InProgress"):
        pair.put("two")


def fail(pair, fake_secrets):
    with fake_secrets.faults.replication("Failed"):
        pair.put("two")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda pair, _: pair.put("two"), (("InSync", "InSync"), "two")),
        (lambda pair, _: pair.disassociate(), ((None, "Detached"), "one")),
        (lambda pair, _: pair.stop(), (("Detached", None), "one")),
        (fail, (("Failed", "Failed"), "one")),
        (hold_back_and_let_go, (("InSync", "InSync"), "two")),
        # The fault is gone after the restart.
        (hold_back, (("InSync", "InSync"), "two")),
    ],
    ids=["put", "disassociate", "stop", "fail", "hold back and let go", "hold back"],
)
def test_after_a_restart_both_sides_are_as_they_were(restart, change, found):
    assert restart(change) == found
