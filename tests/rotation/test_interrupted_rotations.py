"""An interrupt at any line of a rotation leaves the open world sound: the secret can be rotated again."""

import concurrent.futures
import contextlib
import os

import boto3
import freezegun
import pytest
from botocore.exceptions import ClientError, HTTPClientError
from interrupts import Interrupt, points
from rotators import Rotator

from fake_secrets import mock_stages
from fake_secrets.activation import opening
from fake_secrets.hook import calls, holding
from fake_secrets.world import stack
from fake_secrets.world.world import rotating_world

START = "2026-03-04T12:00:00Z"
DAILY = {"AutomaticallyAfterDays": 1}


@pytest.fixture(scope="module")
def client():
    return boto3.client("secretsmanager", region_name="us-east-1")


class Scene:
    """An open world with a secret that is rotated every day, a subscriber, and an interrupt during a rotation."""

    def __init__(self, client, world, clock):
        self.client, self.world, self.clock = client, world, clock
        self.events = []
        world.on_event(lambda event: self.events.append(event["detail"].get("eventName")))
        self.rotator = Rotator(client)
        self.arn = world.lambda_function(self.rotator)
        client.rotate_secret(SecretId="db", RotationLambdaARN=self.arn, RotationRules=DAILY)
        self.finish()
        self.environment = dict(os.environ)

    def check(self):
        """Check that the interrupt has left nothing but perhaps an open rotation, and rotate the secret again."""
        self.check_process()
        self.check_secret()
        self.get_there()
        self.check_events()
        self.check_schedule()

    def check_process(self):
        assert not self.world._world._lock._is_owned()
        assert not holding._lock._is_owned()
        assert dict(os.environ) == self.environment
        assert (rotating_world(), calls.calling.get()) == (None, None)
        assert repr(self.world.rotations)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            assert pool.submit(self.client.get_secret_value, SecretId="db").result(timeout=5)
        assert self.world.calls[-1].step is None
        assert self.world.dropped_calls == 0

    def check_secret(self):
        described = self.client.describe_secret(SecretId="db")
        labels = [label for labels in described["VersionIdsToStages"].values() for label in labels]
        assert labels.count("AWSCURRENT") == 1
        assert len(set(labels)) == len(labels)
        versions = {version.id for version in self.world["db"].versions}
        assert versions >= set(described["VersionIdsToStages"])
        assert [secret["Name"] for secret in self.client.list_secrets()["SecretList"]] == ["db"]

    def get_there(self):
        """Rotate the secret: what is open is attempted again, as often as AWS would."""
        before = len(self.world.rotations)
        for _ in range(2):
            try:
                self.client.rotate_secret(SecretId="db")
                break
            except ClientError as error:
                assert "previous rotation isn't complete" in str(error)
        rotation = self.finish()
        assert len(self.world.rotations) <= before + 1
        described = self.client.describe_secret(SecretId="db")["VersionIdsToStages"]
        assert "AWSCURRENT" in described[rotation.token]

    def finish(self):
        """Finish the latest rotation, step by step if the world is manual, and return it."""
        rotation = self.world.rotations[-1]
        for _ in range(4):
            if not rotation.succeeded:
                rotation.step()
        assert rotation.succeeded
        return rotation

    def check_events(self):
        assert "RotationSucceeded" in self.events[-4:]
        names = [record["eventName"] for record in self.world.trail.service_events]
        assert names[-1:] == [name for name in self.events if name][-1:]
        assert names.count("RotationSucceeded") == sum(one.succeeded for one in self.world.rotations)

    def check_schedule(self):
        due = self.world.next_due()
        assert due is not None
        self.clock.move_to(due)
        self.client.get_secret_value(SecretId="db")
        self.finish()
        assert self.client.describe_secret(SecretId="db")["LastRotatedDate"] >= due


@contextlib.contextmanager
def scene_of(client, **options):
    with (
        freezegun.freeze_time(START, ignore=["hypothesis", "_pytest"]) as clock,
        mock_stages({"db": {"password": "old"}}, region="us-east-1", **options) as world,
    ):
        yield Scene(client, world, clock)


def rotating(scene):
    scene.client.rotate_secret(SecretId="db")


def rotating_by_handle(scene):
    scene.world.rotate("db")


def falling_due(scene):
    scene.client.get_secret_value(SecretId="db")


def running_due(scene):
    scene.world.run_due()


def retrying(scene):
    scene.world.rotations[-1].retry()


def stepping(scene):
    scene.client.rotate_secret(SecretId="db")
    for _ in range(4):
        scene.world.rotations[-1].step()


def wait(scene):
    scene.clock.move_to(scene.world.next_due())


def fail_once(scene):
    scene.rotator.fails_in = "testSecret"
    scene.world.rotate("db", errors="record")
    scene.rotator.fails_in = None


def nothing(_):
    pass


SCENES = [
    (rotating, nothing, {}),
    (rotating, nothing, {"_lane": "wire"}),
    (rotating_by_handle, nothing, {}),
    (falling_due, wait, {}),
    (running_due, wait, {}),
    (retrying, fail_once, {}),
    (rotating, fail_once, {"rotation_errors": "record"}),
    (stepping, nothing, {"rotation": "manual"}),
]


@pytest.mark.slow
@pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize(("act", "prepare", "options"), SCENES)
def test_a_world_is_sound_after_a_rotation_that_is_interrupted(client, act, prepare, options, kind):
    def run(interrupt):
        with scene_of(client, **options) as scene:
            prepare(scene)
            # botocore makes an HTTPClientError of an exception that is raised while it sends.
            with interrupt, contextlib.suppress(ClientError, HTTPClientError):
                act(scene)
            if interrupt.place is not None:
                scene.check()

    for at in points(run, 8):
        interrupt = Interrupt(at, kind)
        try:
            run(interrupt)
        except Exception as error:
            raise AssertionError(interrupt.place) from error


def test_a_claim_that_is_lost_in_an_open_world_is_given_up_after_the_test(client):
    with scene_of(client) as scene:
        world = scene.world._world
        request = world.request("RotateSecret", {"SecretId": "db", "ClientRequestToken": "0" * 32})
        # The caller is gone without running what it has claimed.
        world.answer(request, [])
        world._lock.acquire()
        opening.settle(stack.active())
        assert scene.world.rotations[-1].retry().succeeded
        scene.check()
