"""Staging labels under thousands of random calls, compared with an independent model.

As in AWS's documentation, the model keeps the set of labels of each version.
"""

import functools

import boto3
import botocore.exceptions
import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

from fake_secrets import mock_stages

LABELS = ["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS", "LIVE", "CANARY"]
labels = st.sampled_from(LABELS)
label_lists = st.none() | st.lists(labels, min_size=1, max_size=3, unique=True)


class Model:
    """Versions in the order of their creation, each a set of labels, and the versions' values."""

    def __init__(self):
        self.versions = {}
        self.values = {}

    def holder(self, label):
        holders = [version for version, held in self.versions.items() if label in held]
        assert len(holders) <= 1
        return holders[0] if holders else None

    def give(self, label, version):
        for held in self.versions.values():
            held.discard(label)
        self.versions[version].add(label)

    def make_current(self, version):
        old = self.holder("AWSCURRENT")
        self.give("AWSCURRENT", version)
        if old not in (None, version):
            self.give("AWSPREVIOUS", old)

    def put(self, version, value, requested):
        if self.values.get(version) is not None:
            return None if self.values[version] == value else "ResourceExistsException"
        is_first = not self.versions
        self.versions.setdefault(version, set())
        self.values[version] = value
        wanted = set(requested or ["AWSCURRENT"])
        if is_first:
            wanted.add("AWSCURRENT")
        if "AWSCURRENT" in wanted:
            for other, held in self.versions.items():
                if other != version:
                    held.discard("AWSPENDING")
        for label in wanted - {"AWSCURRENT"}:
            self.give(label, version)
        if "AWSCURRENT" in wanted:
            self.make_current(version)
        return None

    def rotate(self, version):
        pending = self.holder("AWSPENDING")
        if pending is not None and pending != self.holder("AWSCURRENT"):
            return "InvalidRequestException"
        self.versions[version] = set()
        self.values[version] = None
        self.give("AWSPENDING", version)
        return None

    def stage(self, label, remove, to):
        holder = self.holder(label)
        if remove is None and to is None:
            return "InvalidParameterException"
        if any(version is not None and version not in self.versions for version in (remove, to)):
            return "ResourceNotFoundException"
        if remove is not None and remove != holder:
            return "InvalidParameterException"
        if to is None:
            if label == "AWSCURRENT":
                return "InvalidParameterException"
            self.versions[holder].remove(label)
        elif to != holder:
            if holder is not None and remove is None:
                return "InvalidParameterException"
            if label == "AWSCURRENT":
                if holder is not None:
                    self.versions[holder].discard("AWSPENDING")
                self.make_current(to)
            else:
                self.give(label, to)
        return None


class StagingLabels(RuleBasedStateMachine):
    versions = Bundle("versions")

    def __init__(self):
        super().__init__()
        self.model = Model()
        self.world = mock_stages({})
        self.function = self.world.__enter__().lambda_function(lambda event, context: None, "does-nothing")
        self.client = shared_client()
        self.counter = 0
        self.is_created = False

    def teardown(self):
        self.world.__exit__(None, None, None)

    @initialize(target=versions, has_value=st.booleans())
    def create(self, has_value):
        self.is_created = True
        if not has_value:
            self.client.create_secret(Name="app/db")
            return multiple()
        version = self.fresh()
        self.client.create_secret(Name="app/db", SecretString="0", ClientRequestToken=version)
        self.model.put(version, "0", None)
        return version

    def fresh(self):
        self.counter += 1
        return f"{self.counter:032}"

    def outcome(self, call, **request):
        try:
            call(SecretId="app/db", **request)
        except botocore.exceptions.ClientError as refused:
            return refused.response["Error"]["Code"]
        return None

    @rule(target=versions, requested=label_lists, value=st.sampled_from("ab"))
    def put_new(self, requested, value):
        version = self.fresh()
        stages = {} if requested is None else {"VersionStages": requested}
        outcome = self.outcome(
            self.client.put_secret_value, ClientRequestToken=version, SecretString=value, **stages
        )
        assert outcome == self.model.put(version, value, requested)
        return version

    @rule(version=versions, requested=label_lists, value=st.sampled_from("ab"))
    def put_again(self, version, requested, value):
        stages = {} if requested is None else {"VersionStages": requested}
        outcome = self.outcome(
            self.client.put_secret_value, ClientRequestToken=version, SecretString=value, **stages
        )
        assert outcome == self.model.put(version, value, requested)

    @rule(target=versions, value=st.sampled_from("ab"))
    def update_to_new(self, value):
        version = self.fresh()
        outcome = self.outcome(self.client.update_secret, ClientRequestToken=version, SecretString=value)
        assert outcome == self.model.put(version, value, None)
        return version

    @rule(target=versions)
    def open_a_rotation(self):
        version = self.fresh()
        outcome = self.outcome(
            self.client.rotate_secret, ClientRequestToken=version, RotationLambdaARN=self.function
        )
        assert outcome == self.model.rotate(version)
        return multiple() if outcome else version

    @rule(
        label=labels,
        remove=st.none() | versions | st.just("9" * 32),
        to=st.none() | versions | st.just("9" * 32),
    )
    def stage(self, label, remove, to):
        self.check_stage(label, remove, to)

    @rule(label=labels, to=st.none() | versions)
    def stage_from_holder(self, label, to):
        self.check_stage(label, self.model.holder(label), to)

    def check_stage(self, label, remove, to):
        request = {"RemoveFromVersionId": remove, "MoveToVersionId": to}
        given = {name: version for name, version in request.items() if version is not None}
        outcome = self.outcome(self.client.update_secret_version_stage, VersionStage=label, **given)
        assert outcome == self.model.stage(label, remove, to)

    @precondition(lambda self: self.is_created)
    @invariant()
    def every_view_shows_the_model(self):
        held = {version: sorted(labels) for version, labels in self.model.versions.items() if labels}
        described = self.client.describe_secret(SecretId="app/db").get("VersionIdsToStages", {})
        assert {version: sorted(labels) for version, labels in described.items()} == held
        listed = self.client.list_secret_version_ids(SecretId="app/db", IncludeDeprecated=True)["Versions"]
        assert {v["VersionId"]: sorted(v.get("VersionStages", [])) for v in listed} == {
            version: sorted(labels)
            for version, labels in self.model.versions.items()
            if self.model.values[version] is not None
        }

    @rule(version=versions)
    def a_version_is_read_by_its_id(self, version):
        outcome = self.outcome(self.client.get_secret_value, VersionId=version)
        assert outcome == (None if self.model.values[version] is not None else "ResourceNotFoundException")

    @rule(label=labels)
    def a_label_reads_its_holder(self, label):
        holder = self.model.holder(label)
        try:
            read = self.client.get_secret_value(SecretId="app/db", VersionStage=label)
        except self.client.exceptions.ResourceNotFoundException:
            assert holder is None or self.model.values[holder] is None
        else:
            assert (read["VersionId"], read["SecretString"]) == (holder, self.model.values[holder])


@functools.cache
def shared_client():
    return boto3.client("secretsmanager", region_name="us-east-1")


StagingLabels.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestStagingLabels = StagingLabels.TestCase
