"""A process that makes random changes to a kept world until it is killed.

It prints the digest of each state before it is written, and after each call that it is answered.

Arguments: the state file, and the seed of the random calls.
"""

import hashlib
import os
import sys

import boto3
from random_changes import REGIONS, RandomChanges
from rotators import Rotator
from stored_states import state_of

from fake_secrets import mock_stages
from fake_secrets.keeping import record_file
from fake_secrets.keeping.state_file import open_state


def digest_of(states):
    return hashlib.sha256(repr(sorted(states.items())).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def say(word, digest):
    os.write(1, f"{word} {digest}\n".encode())


class TellingFile(record_file.RecordFile):
    """Says what state it is going to write."""

    store = None

    def append(self, given):
        say("writing", digest_of(state_of(self.store())))
        super().append(given)

    def rewrite(self, given):
        say("writing", digest_of(state_of(self.store())))
        super().rewrite(given)


def main():
    path, seed = sys.argv[1], int(sys.argv[2])
    # So that the file is written anew often.
    record_file._LEAST_LENGTH = 4_000
    from fake_secrets.keeping import state_file

    state_file.RecordFile = TellingFile
    state = open_state(path)
    with mock_stages({"app/db": "seeded"}, rotation_errors="record") as fake_secrets:
        world = fake_secrets._world
        state._file.store = lambda: world.store
        state.attach(world)
        say("answered", digest_of(state_of(world.store)))
        arns = [
            fake_secrets.lambda_function(Rotator(), "rotates"),
            fake_secrets.lambda_function(Rotator(fails_in="setSecret"), "fails"),
        ]
        clients = [boto3.client("secretsmanager", region_name=region) for region in ("us-east-1", *REGIONS)]
        changes = RandomChanges(seed, clients, arns, world.pass_time)
        while True:
            changes.make()
            say("answered", digest_of(state_of(world.store)))


if __name__ == "__main__":
    main()
