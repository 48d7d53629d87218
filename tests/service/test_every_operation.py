"""What every operation has to do, whatever else it does: note its changes, and be in every set that it belongs to.

A test that fails here says what the operation lacks, and in which file.
"""

import contextlib
import datetime
import functools
from itertools import chain

import boto3
import botocore
import botocore.config
import botocore.exceptions
import freezegun
import pytest
from hook import lane_cases
from hook.lane_cases import CASES, CLIENTS, FROM_PAGE_BEFORE, HOME, set_stage
from operation_tables import check_table
from service import minimal_requests
from service_model import CALLABLE, expect, model, needs_2026
from store_pictures import picture_of_secret

from fake_secrets import mock_stages
from fake_secrets.contract.families import modes
from fake_secrets.faults.effects import STALE
from fake_secrets.hook.facts import SENSITIVE
from fake_secrets.service import dispatch
from fake_secrets.service.operations import following
from fake_secrets.service.rules import checks, condition_keys, operation_kinds
from fake_secrets.service.state.earlier import EarlierState
from fake_secrets.service.state.keys import Keys
from fake_secrets.world import authority

# The regions of the cases.
REGIONS = (HOME, "eu-west-1", lane_cases.ABROAD)
# A read changes the date of access. Which labels had their events is no part of a secret.
NOT_COMPARED = {"accessed", "announced"}


@pytest.fixture(scope="module")
def clients():
    config = botocore.config.Config(parameter_validation=False, retries={"mode": "legacy"})
    return {
        role: boto3.client("secretsmanager", config=config, **{"region_name": HOME, **options})
        for role, options in CLIENTS.items()
    }


def is_known(case):
    """Say whether the installed botocore, which may be an old one, knows all calls of a case."""
    return all(
        asked.operation in model().operation_names
        and asked.request.keys() <= model().operation_model(asked.operation).input_shape.members.keys()
        for asked in (*case.after, case.call)
    )


ANSWERED = [case for case in CASES if case.error is None and is_known(case)]


def make(clients, asked, answer):
    members = {
        name: answer["NextToken"] if value is FROM_PAGE_BEFORE else value for name, value in asked.request.items()
    }
    return getattr(clients[asked.by], botocore.xform_name(asked.operation))(**members)


def pictures(secrets):
    """Return what each secret has, by its ARN."""
    found = {}
    for secret in secrets:
        picture = picture_of_secret(secret)
        versions = picture.pop("versions")
        # The date of access is a version's fifth field.
        shown = {name: value for name, value in picture.items() if name not in NOT_COMPARED}
        found[secret.arn] = {**shown, "versions": [(name, [*v[:4], *v[5:]]) for name, v in versions]}
    return found


def changes_between(before, after):
    """Return what has changed, in words."""
    found = []
    for arn in sorted(before.keys() | after.keys()):
        *_, region, _, _, name = arn.split(":")
        name = f"{name} in {region}"
        if arn in before and arn in after:
            found += [f"{field} of {name}" for field in before[arn] if before[arn][field] != after[arn][field]]
        else:
            found.append(f"{name} (added)" if arn in after else f"{name} (removed)")
    return found


class Played:
    """A case that was played: what the call has changed, and what a stale read sees afterwards.

    Args:
        case: the case.
        clients: the clients by their roles.
        clock: the frozen clock.
    """

    def __init__(self, case, clients, clock):
        self.title = str(case)
        with mock_stages({}, random_seed=1) as fake:
            set_stage(fake, clients)
            answer = None
            for earlier in case.after:
                answer = make(clients, earlier, answer)
            clock.tick(datetime.timedelta(hours=1))
            store = fake._world.store
            before, count = pictures(store), len(store.writes)
            make(clients, case.call, answer)
            after, self.writes = pictures(store), list(store.writes)[count:]
            self.changes = changes_between(before, after)
            # A stale read looks at one region.
            stale = [EarlierState(store, self.writes[0], region).store for region in REGIONS if self.writes]
            self.not_undone = changes_between(before, pictures(chain.from_iterable(stale))) if stale else []
            self.concerned = store.concerned
            self.moves_date = self.concerned is None or before.get(self.concerned.arn, {}).get(
                "changed"
            ) != after.get(self.concerned.arn, {}).get("changed")


@pytest.fixture(scope="module")
def played(clients):
    """Return what the answered cases of an operation have done."""

    @functools.cache
    def played(operation):
        with freezegun.freeze_time("2026-03-04T12:00:00Z", ignore=["hypothesis", "_pytest"]) as clock:
            return [Played(case, clients, clock) for case in ANSWERED if case.call.operation == operation]

    return played


@pytest.mark.parametrize("operation", CALLABLE)
class TestTheChangesOfEveryOperation:
    def test_are_noted_before_they_are_made(self, played, operation):
        for one in played(operation):
            changes = ", ".join(one.changes)
            assert one.writes or not one.changes, (
                f"{one.title}: it changes {changes}, and a stale read doesn't know. Call "
                "store.begin_write(request.now, secret) before the first change."
            )
            assert not one.not_undone, (
                f"{one.title}: a stale read sees {', '.join(one.not_undone)} otherwise than before the call. Call "
                "store.begin_write(request.now, secret) before the first change, and give it the versions that "
                "change and other secrets that do."
            )

    def test_are_not_noted_if_there_are_none(self, played, operation):
        for one in played(operation):
            assert one.changes or not one.writes, (
                f"{one.title}: it calls store.begin_write and changes nothing. Call it only if something changes."
            )

    def test_move_last_changed_date(self, played, operation):
        for one in played(operation):
            assert one.moves_date or not one.changes, (
                f"{one.title}: it changes {', '.join(one.changes)}, but not LastChangedDate. Set secret.changed = "
                "request.now."
            )

    def test_are_made_only_if_it_is_no_read(self, played, operation):
        changing = [one.title for one in played(operation) if one.changes]
        is_about_a_secret = any(one.concerned is not None for one in played(operation))
        if operation in dispatch._READS:
            assert not changing, (
                f"{changing[0]}: it changes a secret. Remove it from _READS in fake_secrets/service/dispatch.py."
            )
        elif is_about_a_secret:
            assert changing, (
                f"no case of {operation} changes a secret. Add it to _READS in fake_secrets/service/dispatch.py "
                "if it only reads one, else add a case that changes one to CASES_OF in tests/hook/lane_cases.py."
            )

    def test_are_made_only_if_cloudtrail_records_no_read(self, played, operation):
        """`operation_kinds` tells reads by the beginnings of their names, and the contract goes by it, too."""
        if any(one.changes for one in played(operation)):
            assert not operation.startswith(operation_kinds.READS), (
                f"{operation} changes a secret, but CloudTrail records it as a read: see READS in "
                "fake_secrets/service/rules/operation_kinds.py"
            )
        elif played(operation):
            assert operation.startswith(operation_kinds.READS), (
                f"{operation} is a read, but CloudTrail records it as a write: add the beginning of its name to "
                "READS in fake_secrets/service/rules/operation_kinds.py"
            )


def operations_with(*members):
    """Return the operations whose requests have one of these members, in botocore's model."""
    shapes = {operation: model().operation_model(operation).input_shape for operation in CALLABLE}
    return {operation for operation, shape in shapes.items() if shape and shape.members.keys() & set(members)}


# A set that an operation may have to join, its place, and the operations that the service model has for it.
SETS = [
    ("_TAGGING", condition_keys._TAGGING, "service/rules/condition_keys.py", operations_with("Tags", "TagKeys")),
    (
        "_REPLICATING",
        condition_keys._REPLICATING,
        "service/rules/condition_keys.py",
        operations_with("AddReplicaRegions"),
    ),
    (
        "STORING",
        operation_kinds.STORING,
        "service/rules/operation_kinds.py",
        operations_with(*operation_kinds.VALUES) & operations_with("SecretId"),
    ),
    (
        "STORING_ANEW",
        operation_kinds.STORING_ANEW,
        "service/rules/operation_kinds.py",
        operations_with(*operation_kinds.VALUES),
    ),
    (
        "WITHOUT_RESOURCE",
        checks.WITHOUT_RESOURCE,
        "service/rules/checks.py",
        set(CALLABLE) - operations_with("SecretId", "Name"),
    ),
]
# Reads that no stale read concerns: they read no secret, or a policy, which we take to be there at once [D].
NEVER_STALE = {"GetRandomPassword", "GetResourcePolicy", "ListResourcePolicies", "ValidateResourcePolicy"}
# It decides about the keys of the copy before it changes anything.
DECIDES_ITSELF = {"AssociateCrossAccountReplica"}
# The replica follows them, but they store no value themselves, so nothing is decided beforehand.
STORE_NOTHING = {"CancelRotateSecret", "RotateSecret"}
# Members that have a condition key for other operations. None is documented for this one.
WITHOUT_KEY = {("GetResourcePolicy", "PolicyName")}
# Members for which AWS documents no condition key in any operation. That of SecretId is a key of the secret.
WITHOUT_ANY_KEY = {
    "ClientRequestToken",
    "CrossAccountPrimaryARN",
    "CrossAccountReplicaARN",
    "ExcludeCharacters",
    "ExcludeLowercase",
    "ExcludeNumbers",
    "ExcludePunctuation",
    "ExcludeUppercase",
    "ExternalSecretRotationMetadata",
    "Filters",
    "IncludeDeprecated",
    "IncludePlannedDeletion",
    "IncludeSpace",
    "MaxResults",
    "MoveToVersionId",
    "NextToken",
    "PasswordLength",
    "RemoveFromVersionId",
    "RemoveReplicaRegions",
    "ReplicaRestriction",
    "ReplicationRoleARN",
    "RequireEachIncludedType",
    "ResourcePolicy",
    "RotationToken",
    "SecretBinary",
    "SecretId",
    "SecretIdList",
    "SecretString",
    "SortBy",
    "SortOrder",
    "VersionStages",
}


def sample(shape):
    """Return a value that a member of a request may have."""
    if shape.type_name == "structure":
        return {name: sample(member) for name, member in shape.members.items()}
    if shape.type_name == "list":
        return [sample(shape.member)]
    return True if shape.type_name == "boolean" else "x"


class TestTablesOfRequests:
    def test_each_operation_has_a_smallest_request(self):
        known = [*minimal_requests.ABOUT_A_SECRET, *minimal_requests.OTHERS]
        check_table(known, dispatch.OPERATIONS, minimal_requests.WHERE, "its smallest request, without a SecretId")

    def test_the_operations_on_a_secret_are_those_with_a_secret_id(self):
        about = minimal_requests.ABOUT_A_SECRET.keys() & set(CALLABLE)
        where = "ABOUT_A_SECRET in tests/service/minimal_requests.py"
        check_table(about, operations_with("SecretId"), where, "its smallest request, without the SecretId")

    def test_each_operation_has_cases_for_both_lanes(self):
        where = "CASES_OF in tests/hook/lane_cases.py"
        check_table(
            lane_cases.CASES_OF, dispatch.OPERATIONS, where, "a call that succeeds, and one for each error"
        )


class TestSetsOfOperations:
    @pytest.mark.parametrize(("name", "members", "file", "expected"), SETS, ids=[name for name, *_ in SETS])
    def test_a_set_has_the_operations_that_the_model_has_for_it(self, name, members, file, expected):
        lacking, odd = expected - members, members & set(CALLABLE) - expected
        assert not lacking | odd, (
            f"{name} in fake_secrets/{file} lacks {sorted(lacking)}, and has {sorted(odd)} that the service model "
            "has no reason for"
        )

    def test_the_members_that_hold_a_value_are_those_that_nobody_may_see(self):
        assert SENSITIVE - {"RotationToken"} == operation_kinds.VALUES, (
            "VALUES in fake_secrets/service/rules/operation_kinds.py has the members of requests that hold a "
            "value. SENSITIVE in fake_secrets/hook/facts.py has these and RotationToken."
        )

    def test_a_read_may_be_stale_or_is_known_never_to_be(self):
        reads = {operation for operation in dispatch.OPERATIONS if operation.startswith(operation_kinds.READS)}
        undecided = sorted(reads - STALE - NEVER_STALE)
        assert not undecided, (
            f"nobody has decided whether a stale read may concern {', '.join(undecided)}. Add it to STALE in "
            "fake_secrets/faults/effects.py, or to NEVER_STALE here."
        )
        odd = sorted((STALE | NEVER_STALE) - reads | STALE & NEVER_STALE)
        assert not odd, f"remove {', '.join(odd)} from STALE in fake_secrets/faults/effects.py or NEVER_STALE here"

    def test_the_contract_tries_the_stale_reads_of_one_secret(self):
        assert minimal_requests.ABOUT_A_SECRET.keys() & STALE == modes._STALE, (
            "_STALE in fake_secrets/contract/families/modes.py has the operations of STALE in "
            "fake_secrets/faults/effects.py that are about one secret"
        )

    @pytest.mark.parametrize("operation", CALLABLE)
    def test_a_member_with_a_condition_key_has_it_in_every_operation(self, operation):
        known = set(condition_keys.MEMBERS.get(operation, ()))
        everywhere = {member for members in condition_keys.MEMBERS.values() for member in members}
        for member in sorted(everywhere - known):
            assert operation not in operations_with(member) or (operation, member) in WITHOUT_KEY, (
                f"other operations have a condition key for {member}. Add it to MEMBERS[{operation!r}] in "
                "fake_secrets/service/rules/condition_keys.py, or to WITHOUT_KEY here if AWS's Service "
                "Authorization Reference has none."
            )

    @pytest.mark.parametrize("operation", CALLABLE)
    def test_each_member_has_a_condition_key_or_is_known_to_have_none(self, operation):
        shape = model().operation_model(operation).input_shape
        undecided = []
        for name, member in (shape.members if shape else {}).items():
            is_decided = name in WITHOUT_ANY_KEY or (operation, name) in WITHOUT_KEY
            if not is_decided and not condition_keys.keys_of_members(operation, {name: sample(member)}):
                undecided.append(name)
        expect(
            not undecided,
            f"nobody has decided whether {', '.join(undecided)} of {operation} has a condition key. Look it up in "
            "AWS's Service Authorization Reference, among the condition keys of Secrets Manager. If it has one, "
            "add it to MEMBERS or to keys_of_members in fake_secrets/service/rules/condition_keys.py, else to "
            "WITHOUT_ANY_KEY here.",
        )

    def test_no_member_is_known_to_have_no_condition_key_and_has_one(self):
        members = {member for members in condition_keys.MEMBERS.values() for member in members}
        odd = sorted(members & WITHOUT_ANY_KEY)
        assert not odd, f"MEMBERS in fake_secrets/service/rules/condition_keys.py has {odd}: remove it from here"

    @pytest.mark.skipif("AssociateCrossAccountReplica" not in CALLABLE, reason=needs_2026)
    @pytest.mark.parametrize("operation", sorted(lane_cases.NEEDED.keys() & set(CALLABLE)))
    def test_a_replica_in_another_account_follows_whatever_changes_values_or_labels(
        self, clients, freezer_at_noon, operation
    ):
        with mock_stages({}, random_seed=1) as fake:
            set_stage(fake, clients)
            for earlier in (lane_cases.CREATE_COPY, lane_cases.ASSOCIATE):
                make(clients, earlier, None)
            primary = fake._world.store.named(lane_cases.OWNER, HOME, "whole")
            entry = primary.cross_account_replica
            assert following._picture(primary) == following._picture(entry.secret)
            with contextlib.suppress(botocore.exceptions.ClientError):
                make(clients, lane_cases.call(operation, SecretId="whole", **lane_cases.NEEDED[operation]), None)
            assert following._picture(primary) == following._picture(entry.secret), (
                f"{operation} changes values or labels, and the replica in another account doesn't follow. Add it "
                "to _COPYING in fake_secrets/service/operations/following.py."
            )

    def test_what_a_replica_in_another_account_follows_is_decided_beforehand_or_known_not_to_be(self):
        undecided = sorted(following._COPYING - authority._REPLICATED - DECIDES_ITSELF - STORE_NOTHING)
        assert not undecided, (
            f"_COPYING in fake_secrets/service/operations/following.py has {', '.join(undecided)}. Add it to "
            "_REPLICATED in fake_secrets/world/authority.py if it copies a value, else to STORE_NOTHING here."
        )

    @pytest.mark.skipif("AssociateCrossAccountReplica" not in CALLABLE, reason=needs_2026)
    @pytest.mark.parametrize("operation", sorted(lane_cases.NEEDED.keys() & set(CALLABLE)))
    def test_the_keys_of_a_copy_are_decided_beforehand(self, clients, freezer_at_noon, monkeypatch, operation):
        encrypting = []
        check = Keys.check_copying

        def check_copying(self, request, replica, key_id):
            encrypting.append(request.operation)
            check(self, request, replica, key_id)

        with mock_stages({}, random_seed=1) as fake:
            set_stage(fake, clients)
            for earlier in (lane_cases.CREATE_COPY, lane_cases.ASSOCIATE):
                make(clients, earlier, None)
            monkeypatch.setattr(Keys, "check_copying", check_copying)
            with contextlib.suppress(botocore.exceptions.ClientError):
                make(clients, lane_cases.call(operation, SecretId="whole", **lane_cases.NEEDED[operation]), None)
        assert set(encrypting) <= authority._REPLICATED | DECIDES_ITSELF, (
            f"{operation} encrypts a copy for another account, and nobody decides beforehand about the keys. "
            "Add it to _REPLICATED in fake_secrets/world/authority.py."
        )
