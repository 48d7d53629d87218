"""What has changed is found and written, whatever has changed it."""

import boto3
import pytest
from random_changes import REGIONS, RandomChanges
from rotators import Rotator
from stored_states import state_in, state_of

from fake_secrets import mock_stages
from fake_secrets.keeping.state_file import open_state


@pytest.fixture
def path(tmp_path):
    return tmp_path / "world.state"


def clients():
    return [boto3.client("secretsmanager", region_name=region) for region in ("us-east-1", *REGIONS)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_after_each_of_many_random_calls_the_file_is_as_the_world(path, seed):
    def check():
        assert state_in(path.read_bytes()) == state_of(world.store)

    class Checking(Rotator):
        def __call__(self, event, context):
            super().__call__(event, context)
            check()

    state = open_state(path)
    with mock_stages({"app/db": "old"}, rotation_errors="record") as fake_secrets:
        world = fake_secrets._world
        state.attach(world)
        arns = [
            fake_secrets.lambda_function(Checking(), "rotates"),
            fake_secrets.lambda_function(Checking(fails_in="setSecret"), "fails"),
            fake_secrets.lambda_function(Checking(finishes=False), "stops"),
        ]
        changes = RandomChanges(seed, clients(), arns, world.pass_time)
        made = []
        for _ in range(150):
            made.append(changes.make())
            check()
        state.close()
    assert len({name for name, is_accepted in made if is_accepted}) > 10
