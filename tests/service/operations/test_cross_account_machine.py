"""Replication to another account under random calls of both, compared with an independent model.

The codes of refusals are choices of this project: AWS's aren't documented.
"""

import functools
from dataclasses import dataclass

import botocore.exceptions
import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from service_model import botocore_knows, needs_2026
from two_accounts import PRIMARY_ACCOUNT, REPLICA_ACCOUNT, REPLICA_KEY, check_link, client_of

from fake_secrets import mock_stages

PRIMARIES = ("a", "b")
INVALID = "InvalidRequestException"


@dataclass
class Copy:
    """A secret that was created as a replica: of which primary, and what it shows; None once it is standalone."""

    arn: str
    primary: str
    status: str | None = "Pending"
    value: str | None = None
    is_linked: bool = False


@dataclass
class Primary:
    """A primary: its value, its replica if there is an entry, and what the entry shows."""

    value: str
    copy: str | None = None
    status: str | None = None


class Accounts:
    """What the documentation says of both accounts. Each method returns the code of an error, or None."""

    def __init__(self):
        self.primaries = {name: Primary("0") for name in PRIMARIES}
        self.copies = {}
        self.key_works = True

    def associate(self, name, copy_name):
        primary, copy = self.primaries[name], self.copies[copy_name]
        if copy.primary != name or copy.status is None:
            return INVALID
        if primary.copy not in {None, copy_name}:
            return "LimitExceededException"
        if not self.key_works:
            return INVALID
        primary.copy, copy.is_linked = copy_name, True
        self.replicate(name)
        return None

    def disassociate(self, name, copy_name):
        primary = self.primaries[name]
        if primary.copy != copy_name:
            return "ResourceNotFoundException"
        copy = self.copies.get(copy_name)
        if primary.status != "Detached" and copy is not None:
            copy.status, copy.is_linked = "Detached", False
        primary.copy = primary.status = None
        return None

    def stop(self, copy_name):
        copy = self.copies[copy_name]
        if copy.status is None:
            return INVALID
        if copy.is_linked:
            self.primaries[copy.primary].status = "Detached"
        copy.status, copy.is_linked = None, False
        return None

    def put(self, name, value):
        self.primaries[name].value = value
        self.replicate(name)

    def replicate(self, name):
        primary = self.primaries[name]
        copy = self.copies.get(primary.copy)
        if copy is None or not copy.is_linked:
            return
        if self.key_works:
            copy.value = primary.value
        primary.status = copy.status = "InSync" if self.key_works else "Failed"

    def put_copy(self, copy_name, value):
        copy = self.copies[copy_name]
        if copy.status is not None:
            return INVALID
        if not self.key_works:
            return "EncryptionFailure"
        copy.value = value
        return None

    def delete_copy(self, copy_name):
        if self.copies[copy_name].status is not None:
            return INVALID
        del self.copies[copy_name]
        return None


class BothAccounts(RuleBasedStateMachine):
    copies = Bundle("copies")

    def __init__(self):
        super().__init__()
        self.world = mock_stages({})
        self.fake_secrets = self.world.__enter__()
        self.owner, self.other = clients()
        self.arns = {
            name: self.owner.create_secret(Name=name, SecretString="0", KmsKeyId="alias/own")["ARN"]
            for name in PRIMARIES
        }
        self.model = Accounts()
        # ARNs of copies that are gone, too.
        self.known = {}
        self.count = 0

    def teardown(self):
        # A world warns of a key that was declared and never used.
        self.outcome(self.other.create_secret, Name="last", SecretString="x", KmsKeyId=REPLICA_KEY)
        self.world.__exit__(None, None, None)

    def outcome(self, call, **members):
        try:
            call(**members)
        except botocore.exceptions.ClientError as refused:
            return refused.response["Error"]["Code"]
        return None

    @rule(target=copies, primary=st.sampled_from(PRIMARIES))
    def create(self, primary):
        self.count += 1
        name = f"copy-{self.count}"
        created = self.other.create_secret(
            Name=name, KmsKeyId=REPLICA_KEY, CrossAccountPrimaryARN=self.arns[primary]
        )
        self.known[name] = created["ARN"]
        self.model.copies[name] = Copy(created["ARN"], primary)
        return name

    @rule(primary=st.sampled_from(PRIMARIES), copy=copies)
    def associate(self, primary, copy):
        members = {"SecretId": primary, "CrossAccountReplicaARN": self.known[copy]}
        is_there = copy in self.model.copies
        expected = self.model.associate(primary, copy) if is_there else "ResourceNotFoundException"
        assert self.outcome(self.owner.associate_cross_account_replica, **members) == expected

    @rule(copy=copies)
    def associate_with_its_own_primary(self, copy):
        if copy in self.model.copies:
            self.associate(self.model.copies[copy].primary, copy)

    @rule(primary=st.sampled_from(PRIMARIES), copy=copies)
    def disassociate(self, primary, copy):
        members = {"SecretId": primary, "CrossAccountReplicaARN": self.known[copy]}
        expected = self.model.disassociate(primary, copy)
        assert self.outcome(self.owner.disassociate_cross_account_replica, **members) == expected

    @rule(copy=copies)
    def stop(self, copy):
        if copy in self.model.copies:
            outcome = self.outcome(self.other.stop_replication_to_replica, SecretId=copy)
            assert outcome == self.model.stop(copy)

    @rule(primary=st.sampled_from(PRIMARIES), value=st.sampled_from("123"))
    def put(self, primary, value):
        self.owner.put_secret_value(SecretId=primary, SecretString=value)
        self.model.put(primary, value)

    @rule(copy=copies, value=st.sampled_from("789"))
    def put_to_a_copy(self, copy, value):
        if copy in self.model.copies:
            outcome = self.outcome(self.other.put_secret_value, SecretId=copy, SecretString=value)
            assert outcome == self.model.put_copy(copy, value)

    @rule(copy=copies)
    def delete_a_copy(self, copy):
        if copy in self.model.copies:
            members = {"SecretId": copy, "ForceDeleteWithoutRecovery": True}
            assert self.outcome(self.other.delete_secret, **members) == self.model.delete_copy(copy)

    @rule(primary=st.sampled_from(PRIMARIES))
    def a_primary_with_an_entry_cant_be_deleted(self, primary):
        if self.model.primaries[primary].copy is not None:
            members = {"SecretId": primary, "ForceDeleteWithoutRecovery": True}
            assert self.outcome(self.owner.delete_secret, **members) == INVALID

    @rule(works=st.booleans())
    def switch_the_key(self, works):
        self.model.key_works = works
        self.fake_secrets.set_kms_key(REPLICA_KEY, "enabled" if works else "disabled")

    @invariant()
    def both_sides_show_the_model(self):
        for name, primary in self.model.primaries.items():
            described = self.owner.describe_secret(SecretId=name)
            entries = [
                (entry["ReplicaSecretARN"], entry["ReplicationStatus"])
                for entry in described.get("CrossAccountReplicas", ())
            ]
            expected = [] if primary.copy is None else [(self.known[primary.copy], primary.status)]
            assert entries == expected
        for name, copy in self.model.copies.items():
            link = self.other.describe_secret(SecretId=name).get("CrossAccountPrimary")
            shown = None if link is None else (link["PrimarySecretARN"], link["ReplicationStatus"])
            assert shown == (None if copy.status is None else (self.arns[copy.primary], copy.status))
            if self.model.key_works and copy.value is not None:
                assert self.other.get_secret_value(SecretId=name)["SecretString"] == copy.value
        for secret in self.fake_secrets._world.store:
            check_link(secret)


@functools.cache
def clients():
    return client_of(PRIMARY_ACCOUNT), client_of(REPLICA_ACCOUNT)


BothAccounts.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


@pytest.mark.slow
@pytest.mark.skipif(not botocore_knows("CreateSecret", "CrossAccountPrimaryARN"), reason=needs_2026)
class TestBothAccounts(BothAccounts.TestCase):
    """The machine, where the operations can be called."""
