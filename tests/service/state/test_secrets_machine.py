"""Whole secrets under thousands of random calls, compared with an independent model.

The short form plays 80 lives of 30 calls. With FAKE_SECRETS_LONG=1 there are more lives, of more calls.
"""

import datetime
import functools
import os
import re

import boto3
import botocore.exceptions
import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from secret_model import DEFAULT_KEY, Either, Refused, RegionModel, entry_of

from fake_secrets import mock_stages

IS_LONG = bool(os.environ.get("FAKE_SECRETS_LONG"))

START = datetime.datetime(2026, 3, 4, 21, 30, tzinfo=datetime.UTC)
ACCOUNT = "123456789012"
UNKNOWN_VERSION = "9" * 32

REGIONS = ["us-east-1", "eu-west-1"]
# The partial ARN of the second name looks like a full ARN.
NAMES = ["app/db", "app/db-a1b2c3", "Other"]

regions = st.sampled_from(REGIONS)
names = st.sampled_from(NAMES)
# Picks one of the existing secrets, in the order of their creation. The last number picks one that may
# not exist.
picks = st.integers(0, 8)
# How a request names its secret. The ARN of a deleted secret, or of one in the other region, finds none.
forms = st.sampled_from(["name"] * 4 + ["earlier", "elsewhere", "partial", "partial", "arn", "arn"])
# A token is used again, or is new.
tokens = st.integers(0, 1) | st.none()
contents = st.sampled_from(["a", "a", b"a", "b"])
labels = st.sampled_from(["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS", "LIVE"])
label_lists = st.none() | st.lists(labels, min_size=1, max_size=3, unique=True)
descriptions = st.sampled_from(["", "words", "other words"])
keys = st.sampled_from(["", "alias/mine", DEFAULT_KEY])
tag_lists = st.lists(
    st.fixed_dictionaries({"Key": st.sampled_from("abc"), "Value": st.sampled_from(["", "1", "2"])}),
    min_size=1,
    max_size=3,
    unique_by=lambda tag: tag["Key"],
)
# Picks one of a secret's versions, in the order of their creation. The last number picks none of them.
version_numbers = st.none() | st.integers(0, 6)


class WholeSecrets(RuleBasedStateMachine):
    def __init__(self, clock):
        super().__init__()
        self.clock = clock
        self.clock.move_to(START)
        self.world = mock_stages({})
        self.world.__enter__()
        self.models = {region: RegionModel(region, ACCOUNT) for region in ("us-east-1", "eu-west-1")}
        self.earlier_arns = {}
        self.counter = 0
        for region, name, value in (
            ("us-east-1", NAMES[0], "a"),
            ("us-east-1", NAMES[1], None),
            ("eu-west-1", NAMES[0], b"a"),
        ):
            self.create(region, name, None, value, None, None, None)

    def teardown(self):
        for region, model in self.models.items():
            for name in model.secrets:
                self.check_versions(region, name, with_deprecated=True)
        self.world.__exit__(None, None, None)

    @property
    def now(self):
        return self.clock().replace(tzinfo=datetime.UTC)

    def token(self, number):
        if number is not None:
            return f"token-{number}".ljust(32, "-")
        self.counter += 1
        return f"{self.counter:036}"

    def pick(self, number):
        """Return the region and name of a secret."""
        there = [(region, name) for region, model in self.models.items() for name in model.secrets]
        return there[number % len(there)] if there and number < 8 else (REGIONS[0], NAMES[2])

    def id_of(self, region, name, form):
        """Return a SecretId in this form, or the name if the secret has none in this form."""
        other = next(other for other in self.models if other != region)
        secret = self.models[other if form == "elsewhere" else region].secrets.get(name)
        if form == "earlier":
            return self.earlier_arns.get((region, name), name)
        if secret is None or form == "name":
            return name
        return secret.arn[:-7] if form == "partial" else secret.arn

    def version_of(self, region, name, number):
        secret = self.models[region].secrets.get(name)
        if number is None:
            return None
        versions = list(secret.versions) if secret else []
        return versions[number % len(versions)] if versions and number < 6 else UNKNOWN_VERSION

    def play(self, region, operation, expected, **request):
        """Let the model and the client do the same.

        Returns:
            The model's answer and the client's response, or None and None if both refused.
        """
        # Each call has its own date, and secrets created at the same instant would have no known order.
        self.advance(datetime.timedelta(seconds=1))
        call = getattr(client_of(region), operation)
        given = {name: value for name, value in request.items() if value is not None}
        try:
            answer = expected()
        except Refused as refusal:
            with pytest.raises(botocore.exceptions.ClientError) as refused:
                call(**given)
            assert refused.value.response["Error"]["Code"] == refusal.args[0]
            return None, None
        response = call(**given)
        del response["ResponseMetadata"]
        return answer, response

    @rule(
        region=regions,
        name=names,
        number=tokens,
        value=st.none() | contents,
        description=st.none() | descriptions,
        key=st.none() | keys,
        tags=st.none() | tag_lists,
    )
    def create(self, region, name, number, value, description, key, tags):
        token = self.token(number)
        metadata = {"description": description or "", "key": key or "", "tags": tags}
        answer, response = self.play(
            region,
            "create_secret",
            lambda: self.models[region].create(name, token, value, self.now, **metadata),
            Name=name,
            ClientRequestToken=token,
            Description=description,
            KmsKeyId=key,
            Tags=tags,
            **in_members(value),
        )
        if answer is not None:
            assert re.fullmatch(re.escape(self.models[region].prefix + name) + "-[A-Za-z0-9]{6}", response["ARN"])
            answer.arn = answer.arn or response["ARN"]
            assert response["ARN"] not in self.earlier_arns.values()
            version = {} if value is None else {"VersionId": token}
            assert response == {"ARN": answer.arn, "Name": name, **version}

    @rule(
        pick=picks,
        form=forms,
        number=tokens,
        value=st.none() | contents,
        description=st.none() | descriptions,
        key=st.none() | keys,
    )
    def update(self, pick, form, number, value, description, key):
        region, name = self.pick(pick)
        secret_id, token = self.id_of(region, name, form), self.token(number)
        answer, response = self.play(
            region,
            "update_secret",
            lambda: self.models[region].update(secret_id, token, value, description, key, self.now),
            SecretId=secret_id,
            ClientRequestToken=token,
            Description=description,
            KmsKeyId=key,
            **in_members(value),
        )
        if answer is not None:
            version = {} if value is None else {"VersionId": token}
            assert response == {"ARN": answer.arn, "Name": answer.name, **version}

    @rule(pick=picks, form=forms, number=tokens, value=contents, stages=label_lists)
    def put(self, pick, form, number, value, stages):
        region, name = self.pick(pick)
        secret_id, token = self.id_of(region, name, form), self.token(number)
        answer, response = self.play(
            region,
            "put_secret_value",
            lambda: self.models[region].put(secret_id, token, value, stages, self.now),
            SecretId=secret_id,
            ClientRequestToken=token,
            VersionStages=stages,
            **in_members(value),
        )
        if answer is not None:
            assert as_sets(response) == {
                "ARN": answer.arn,
                "Name": answer.name,
                "VersionId": token,
                "VersionStages": answer.versions[token].labels,
            }

    @rule(pick=picks, form=forms, number=version_numbers, label=st.none() | labels)
    def get(self, pick, form, number, label):
        region, name = self.pick(pick)
        secret_id, version_id = self.id_of(region, name, form), self.version_of(region, name, number)
        answer, response = self.play(
            region,
            "get_secret_value",
            lambda: self.models[region].get(secret_id, version_id, label, self.now),
            SecretId=secret_id,
            VersionId=version_id,
            VersionStage=label,
        )
        if answer is not None:
            secret, read = answer
            version = secret.versions[read]
            assert as_sets(response) == {
                "ARN": secret.arn,
                "Name": secret.name,
                "VersionId": read,
                "CreatedDate": version.created,
                **in_members(version.value),
                **({"VersionStages": version.labels} if version.labels else {}),
            }

    @rule(pick=picks, form=forms, label=labels, remove=version_numbers, to=version_numbers)
    def stage(self, pick, form, label, remove, to):
        region, name = self.pick(pick)
        self.move(region, name, form, label, self.version_of(region, name, remove), to)

    @rule(pick=picks, form=forms, label=labels, to=version_numbers)
    def stage_from_holder(self, pick, form, label, to):
        region, name = self.pick(pick)
        secret = self.models[region].secrets.get(name)
        self.move(region, name, form, label, secret.holder(label) if secret else None, to)

    def move(self, region, name, form, label, remove, to):
        secret_id, version_id = self.id_of(region, name, form), self.version_of(region, name, to)

        def expected():
            secret = self.models[region].find_live(secret_id)
            secret.stage(label, remove, version_id, self.now)
            return secret

        answer, response = self.play(
            region,
            "update_secret_version_stage",
            expected,
            SecretId=secret_id,
            VersionStage=label,
            RemoveFromVersionId=remove,
            MoveToVersionId=version_id,
        )
        assert answer is None or response == {"ARN": answer.arn, "Name": answer.name}

    @rule(pick=picks, form=forms, tags=tag_lists)
    def tag(self, pick, form, tags):
        region, name = self.pick(pick)
        secret_id = self.id_of(region, name, form)
        _, response = self.play(
            region,
            "tag_resource",
            lambda: self.models[region].tag(secret_id, tags, self.now),
            SecretId=secret_id,
            Tags=tags,
        )
        assert not response

    @rule(pick=picks, form=forms, tag_keys=st.lists(st.sampled_from("abc"), min_size=1, max_size=3))
    def untag(self, pick, form, tag_keys):
        region, name = self.pick(pick)
        secret_id = self.id_of(region, name, form)
        _, response = self.play(
            region,
            "untag_resource",
            lambda: self.models[region].untag(secret_id, tag_keys, self.now),
            SecretId=secret_id,
            TagKeys=tag_keys,
        )
        assert not response

    @rule(
        pick=picks,
        form=forms,
        window=st.sampled_from([7, None, 8, 30, 6, 31, 0, None, 7]),
        is_forced=st.sampled_from([None, None, None, False, True]),
    )
    def delete(self, pick, form, window, is_forced):
        region, name = self.pick(pick)
        secret_id = self.id_of(region, name, form)
        answer, response = self.play(
            region,
            "delete_secret",
            lambda: self.models[region].delete(secret_id, window, self.now, is_forced=bool(is_forced)),
            SecretId=secret_id,
            RecoveryWindowInDays=window,
            ForceDeleteWithoutRecovery=is_forced,
        )
        if answer is None:
            return
        secret, deletion_date = answer
        if secret is None:
            assert response.keys() == {"ARN", "Name", "DeletionDate"}
            assert (response["Name"], response["DeletionDate"]) == (secret_id, deletion_date)
            return
        assert response == {"ARN": secret.arn, "Name": secret.name, "DeletionDate": deletion_date}
        self.earlier_arns |= {(region, secret.name): secret.arn} if is_forced else {}

    @rule(pick=picks, form=forms)
    def restore(self, pick, form):
        region, name = self.pick(pick)
        secret_id = self.id_of(region, name, form)
        answer, response = self.play(
            region, "restore_secret", lambda: self.models[region].restore(secret_id, self.now), SecretId=secret_id
        )
        assert answer is None or response == {"ARN": answer.arn, "Name": answer.name}

    @rule(
        days=st.sampled_from([8, 0, 1, 31]),
        time=st.sampled_from([datetime.timedelta(minutes=1), datetime.timedelta(hours=3), datetime.timedelta()]),
    )
    def wait(self, days, time):
        self.advance(datetime.timedelta(days=days) + time)

    def advance(self, time):
        self.clock.tick(time)
        for region, model in self.models.items():
            before = dict(model.secrets)
            model.settle(self.now)
            self.earlier_arns |= {
                (region, name): secret.arn for name, secret in before.items() if name not in model.secrets
            }

    @rule(pick=picks, form=forms)
    def describe(self, pick, form):
        region, name = self.pick(pick)
        secret_id = self.id_of(region, name, form)
        answer, response = self.play(
            region, "describe_secret", lambda: self.models[region].find(secret_id), SecretId=secret_id
        )
        assert answer is None or as_sets(response) == answer.described()

    @rule(pick=picks, with_deprecated=st.booleans(), page=st.sampled_from([2, 1, None]))
    def list_versions(self, pick, with_deprecated, page):
        region, name = self.pick(pick)
        if name in self.models[region].secrets:
            self.check_versions(region, name, with_deprecated=with_deprecated, page=page)

    def check_versions(self, region, name, *, with_deprecated, page=None):
        secret = self.models[region].secrets[name]
        listed = []
        for answer in pages_of(
            client_of(region).list_secret_version_ids, page, SecretId=name, IncludeDeprecated=with_deprecated
        ):
            assert (answer.pop("ARN"), answer.pop("Name")) == (secret.arn, name)
            listed += answer.pop("Versions")
            assert not answer
        expected = secret.listed_versions(with_deprecated=with_deprecated)
        assert len(listed) == len(expected)
        assert {version["VersionId"]: as_sets(version) for version in listed} == expected

    @rule(
        region=regions,
        prefixes=st.lists(st.sampled_from(["app", "app/db-", "O", "o", "!app/db-", "!app"]), max_size=2),
        with_deleted=st.booleans(),
        sort_by=st.sampled_from([None, "created-date", "last-changed-date", "last-accessed-date", "name"]),
        order=st.sampled_from([None, "asc", "desc"]),
        page=st.sampled_from([2, 1, None]),
    )
    def list_secrets(self, region, prefixes, with_deleted, sort_by, order, page):
        request = {"IncludePlannedDeletion": with_deleted}
        if prefixes:
            request["Filters"] = [{"Key": "name", "Values": prefixes}]
        if sort_by is not None and "SortBy" in members_of_list_secrets():
            request["SortBy"] = sort_by
        if order is not None:
            request["SortOrder"] = order
        listed = []
        for answer in pages_of(client_of(region).list_secrets, page, **request):
            listed += answer.pop("SecretList")
            assert not answer
        expected = self.models[region].listed(prefixes, with_deleted=with_deleted)
        assert {entry["Name"]: as_sets(entry) for entry in listed} == {
            secret.name: entry_of(secret.described()) for secret in expected
        }
        check_order(listed, request.get("SortBy", "created-date"), is_descending=order == "desc")
        assert len(listed) == len(expected)

    @invariant()
    def every_view_shows_the_model(self):
        for region, model in self.models.items():
            client = client_of(region)
            for name, secret in model.secrets.items():
                described = client.describe_secret(SecretId=name)
                del described["ResponseMetadata"]
                assert as_sets(described) == secret.described()
                if isinstance(secret.changed, Either):
                    secret.changed = described["LastChangedDate"]
            for with_deleted in (False, True):
                listed = client.list_secrets(IncludePlannedDeletion=with_deleted)["SecretList"]
                assert [as_sets(entry) for entry in listed] == [
                    entry_of(secret.described()) for secret in model.listed([], with_deleted=with_deleted)
                ]


def in_members(value):
    """Return the request member that sends a value."""
    if value is None:
        return {}
    return {"SecretBinary" if isinstance(value, bytes) else "SecretString": value}


def as_sets(answer):
    """Return a response with its labels as sets, because AWS's order of labels is unknown."""
    shown = dict(answer)
    if "VersionStages" in shown:
        shown["VersionStages"] = distinct(shown["VersionStages"])
    for name in {"VersionIdsToStages", "SecretVersionsToStages"} & shown.keys():
        shown[name] = {version_id: distinct(labels) for version_id, labels in shown[name].items()}
    return shown


def distinct(labels):
    assert len(set(labels)) == len(labels)
    return set(labels)


def check_order(listed, sort_by, *, is_descending):
    """Check the order of entries. The place of an entry without the sorted member is unknown."""
    member = {
        "created-date": "CreatedDate",
        "last-changed-date": "LastChangedDate",
        "last-accessed-date": "LastAccessedDate",
        "name": "Name",
    }[sort_by]
    sorted_by = [entry[member] for entry in listed if member in entry]
    assert sorted_by == sorted(sorted_by, reverse=is_descending)


def pages_of(call, page, **request):
    """Yield every page of a list, without metadata and tokens."""
    if page is not None:
        request["MaxResults"] = page
    while True:
        answer = call(**request)
        del answer["ResponseMetadata"]
        token = answer.pop("NextToken", None)
        yield answer
        if token is None:
            return
        request["NextToken"] = token


@functools.cache
def client_of(region):
    return boto3.client("secretsmanager", region_name=region)


@functools.cache
def members_of_list_secrets():
    return client_of("us-east-1").meta.service_model.operation_model("ListSecrets").input_shape.members


@pytest.mark.slow
def test_whole_secrets_behave_as_the_model_does(freezer_at_noon):
    run_state_machine_as_test(
        lambda: WholeSecrets(freezer_at_noon),
        settings=settings(
            max_examples=1_000 if IS_LONG else 80,
            stateful_step_count=60 if IS_LONG else 30,
            deadline=None,
            derandomize=not IS_LONG,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
