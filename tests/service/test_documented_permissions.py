"""The permissions that botocore's service model documents are asked for, and are in the least policy."""

import contextlib
import re
import warnings
from collections import defaultdict
from unittest import mock

import boto3
import botocore.config
import botocore.exceptions
import pytest
from hook.lane_cases import ABROAD, ASSOCIATE, ASSOCIATE_BY_ROLE, CLIENTS, CREATE_COPY, HOME, Case, call, set_stage
from service.test_every_operation import ANSWERED, is_known, make
from service_model import CALLABLE, expect, model

from fake_secrets import FakeSecretsWarning, mock_stages
from fake_secrets.observe.asked import asked_in
from fake_secrets.observe.entry import rotation_step
from fake_secrets.service.rules.checks import action_of
from fake_secrets.world.decisions import Decisions

# Policies are looked at only where there are some.
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
}
TAGS = [{"Key": "team", "Value": "a"}]
ABROAD_WITH_KEY = {"Region": ABROAD, "KmsKeyId": "alias/app"}
# More cases, for permissions that no case of tests/hook/lane_cases.py meets: the last call is the one that counts.
MORE = [
    [CREATE_COPY, ASSOCIATE_BY_ROLE],
    [call("BatchGetSecretValue", SecretIdList=["whole"])],
    [call("CreateSecret", Name="new", SecretString="x", Tags=TAGS, KmsKeyId="alias/app")],
    [call("ReplicateSecretToRegions", SecretId="whole", AddReplicaRegions=[ABROAD_WITH_KEY])],
    [CREATE_COPY, ASSOCIATE, call("StopReplicationToReplica", by="stranger", SecretId="copy")],
    [call("UpdateSecret", SecretId="whole", SecretString="x", KmsKeyId="alias/other")],
]


def documented(operation):
    """Return the actions that the documentation of an operation names."""
    text = re.sub(r"<[^>]+>", "", model().operation_model(operation).documentation)
    return set(re.findall(r"\b(?:secretsmanager|iam|kms|lambda|sts):[A-Z]\w+", text))


@pytest.fixture(scope="module")
def asked():
    """Return the actions that the calls of each operation ask for, and those that are worked out afterwards."""
    at_once, afterwards = defaultdict(set), defaultdict(set)
    decide = Decisions.of
    config = botocore.config.Config(parameter_validation=False, retries={"mode": "legacy"})
    clients = {
        role: boto3.client("secretsmanager", config=config, **{"region_name": HOME, **options})
        for role, options in CLIENTS.items()
    }
    more = [Case("more", last, earlier) for *earlier, last in MORE]
    for case in [*ANSWERED, *filter(is_known, more)]:

        def note(self, asking, check, *others, actions=at_once[case.call.operation]):
            # Not what a rotation function asks for in its steps.
            if rotation_step.get() is None:
                actions.add(check.action)
            return decide(self, asking, check, *others)

        with warnings.catch_warnings(), mock_stages({}, random_seed=1, identity_policy=EVERYTHING) as fake:
            # Of rotation functions without an effect, and of a policy whose principal makes no call.
            warnings.simplefilter("ignore", FakeSecretsWarning)
            set_stage(fake, clients)
            answer = None
            # The tests below say more of what is wrong than a refusal, or a KeyError in `_OF_REPLICA`.
            with contextlib.suppress(botocore.exceptions.ClientError, KeyError):
                for earlier in case.after:
                    answer = make(clients, earlier, answer)
                with mock.patch.object(Decisions, "of", note):
                    make(clients, case.call, answer)
                for one in asked_in(fake._world.recording()):
                    afterwards[one.entry.operation].add(one.check.action)
    return at_once, afterwards


@pytest.mark.parametrize("operation", CALLABLE)
class TestThePermissionsOfEveryOperation:
    def test_are_documented(self, operation):
        expect(action_of(operation) in documented(operation), f"{operation} doesn't document its permissions")

    def test_are_asked_for(self, operation, asked):
        lacking = sorted(documented(operation) - asked[0][operation])
        expect(
            not lacking,
            f"AWS documents that {operation} needs {', '.join(lacking)}, and no call asks for it. Add it to "
            "checks_of in fake_secrets/service/rules/checks.py; to _OF_REPLICA there, if it is asked on a replica "
            "in another account; or to key_uses.py there, if it is asked on a KMS key. Ask for it in "
            "fake_secrets/world/authority.py, unless checks_of has it. If only a call that no case makes asks for "
            "it, add that call to MORE here.",
        )

    def test_are_in_the_least_policy(self, operation, asked):
        lacking = sorted(documented(operation) - asked[1][operation])
        expect(
            not lacking,
            f"AWS documents that {operation} needs {', '.join(lacking)}, and the least policy of no call has it. "
            "Add it to _of_call in fake_secrets/observe/asked.py, unless checks_of in "
            "fake_secrets/service/rules/checks.py has it.",
        )

    def test_that_are_asked_for_are_all_in_the_least_policy(self, operation, asked):
        lacking = sorted(asked[0][operation] - asked[1][operation])
        assert not lacking, (
            f"{operation} asks for {', '.join(lacking)}, and the least policy of no call has it. Add it to "
            "_of_call in fake_secrets/observe/asked.py."
        )
