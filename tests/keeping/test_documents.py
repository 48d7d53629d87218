"""Secrets as documents: nothing of a secret is lost."""

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored_states import plain

from fake_secrets.ids import Ids
from fake_secrets.keeping import documents
from fake_secrets.keeping.documents import SavedSecret, document_of, linked, version_document
from fake_secrets.service.state.model import (
    CrossAccountPrimary,
    CrossAccountReplica,
    Replica,
    RotationState,
    StoredSecret,
    StoredVersion,
)
from fake_secrets.service.state.store import Store

# Lone surrogates too: AWS's clients can't send them, but a seed may have them.
texts = st.text(st.characters(categories=None), max_size=20)
maybe_text = st.none() | texts
dates = st.floats(0, 4e11)
maybe_date = st.none() | dates
labels = st.dictionaries(st.sampled_from(["AWSCURRENT", "AWSPREVIOUS", "LIVE"]), texts)
tags = st.lists(st.fixed_dictionaries({"Key": texts, "Value": texts}), max_size=3)
ids = st.frozensets(texts, max_size=3)


def versions(serial):
    return st.builds(
        StoredVersion,
        id=texts,
        value=st.none() | texts | st.binary(max_size=20),
        created=dates,
        serial=st.just(serial),
        accessed=maybe_date,
        kms_key_id=maybe_text,
        stranger=maybe_text,
    )


rotations = st.builds(
    RotationState,
    lambda_arn=maybe_text,
    enabled=st.booleans(),
    rules=st.none() | st.dictionaries(texts, texts | st.integers()),
    last_rotated=maybe_date,
    next_rotation=maybe_date,
    counted_from=dates,
    window=maybe_date,
    retry_at=maybe_date,
    open_token=maybe_text,
    rotation_token=maybe_text,
    running_token=maybe_text,
    is_test=st.booleans(),
    abandoned=ids,
    was_tried=st.booleans(),
    failures=st.integers(0, 9),
    external_metadata=st.none() | st.lists(st.dictionaries(texts, texts), max_size=2),
    external_role_arn=maybe_text,
)


@st.composite
def secrets(draw, serial):
    present = draw(st.lists(st.sampled_from(range(10)), unique=True, max_size=4))
    removed = draw(st.lists(st.sampled_from(range(10, 20)), unique=True, max_size=4))
    made = {version.id: version for version in (draw(versions(number)) for number in sorted(present))}
    return StoredSecret(
        arn=draw(texts),
        name=draw(texts),
        region=draw(texts),
        account_id=draw(texts),
        created=draw(dates),
        changed=draw(dates),
        serial=serial,
        description=draw(maybe_text),
        kms_key_id=draw(maybe_text),
        tags=draw(st.none() | tags),
        versions=made,
        removed={number: draw(versions(number)) for number in removed},
        empty=draw(ids),
        version_count=draw(st.integers(0, 99)),
        labels=draw(labels),
        announced=draw(labels),
        accessed=draw(maybe_date),
        deleted=draw(maybe_date),
        deletion_date=draw(maybe_date),
        rotation=draw(st.none() | rotations),
        type=draw(maybe_text),
        owning_service=draw(maybe_text),
        policy=draw(maybe_text),
    )


@st.composite
def several_secrets(draw):
    made = [draw(secrets(serial)) for serial in range(draw(st.integers(1, 4)))]
    first, *others = made
    for other in others:
        if draw(st.booleans()):
            other.primary = first
        secret = draw(st.sampled_from([other, None]))
        replica = Replica(draw(texts), draw(maybe_text), draw(texts), draw(maybe_text), secret)
        first.replicas = {**first.replicas, replica.region: replica}
        if draw(st.booleans()):
            first.across_accounts = CrossAccountReplica(
                draw(texts), draw(maybe_text), draw(texts), draw(maybe_text), draw(st.sampled_from([other, None]))
            )
            other.across_accounts = CrossAccountPrimary(
                draw(texts), draw(texts), draw(maybe_text), draw(st.sampled_from([first, None]))
            )
    return made


def saved(secret):
    every = [*secret.versions.values(), *secret.removed.values()]
    written = {one.serial: version_document(one, is_removed=one.serial in secret.removed) for one in every}
    return SavedSecret(document_of(secret), written)


def as_json(saved_secret):
    document, written = json.loads(json.dumps([saved_secret.document, saved_secret.versions]))
    return SavedSecret(document, {int(serial): version for serial, version in written.items()})


@pytest.mark.slow
@given(several_secrets())
@settings(max_examples=300, deadline=None)
def test_secrets_are_read_as_they_were_written(made):
    read = linked({secret.serial: as_json(saved(secret)) for secret in made})
    assert [plain(secret) for secret in read] == [plain(secret) for secret in made]


def test_labels_that_were_announced_are_not_announced_again():
    secret = StoredSecret("arn", "name", "us-east-1", "123456789012", 1.0, 1.0, labels={"AWSCURRENT": "v"})
    secret.announced = secret.labels
    (read,) = linked({0: as_json(saved(secret))})
    assert read.announced is read.labels


def test_the_value_of_a_removed_version_is_not_kept():
    secret = StoredSecret("arn", "name", "us-east-1", "123456789012", 1.0, 1.0)
    secret.removed = {0: StoredVersion("v", "hunter2", 1.0, 0)}
    assert "hunter2" not in repr(saved(secret).versions) + json.dumps(saved(secret).versions)


HANDLED = {
    StoredSecret: {
        *documents._OF_SECRET, "serial", "versions", "removed", "empty", "rotation", "replicas", "primary",
        "across_accounts",
    },
    CrossAccountReplica: {*documents._OF_ENTRY, "secret"},
    CrossAccountPrimary: {*documents._OF_SIDE, "secret"},
    StoredVersion: {*documents._OF_VERSION, "value"},
    # Whoever delivers a step by hand is gone after a restart.
    RotationState: {*documents._OF_ROTATION, "abandoned", "delivered"},
    Replica: {*documents._OF_REPLICA, "secret"},
}  # fmt: skip


@pytest.mark.parametrize("kind", HANDLED, ids=lambda kind: kind.__name__)
def test_every_field_is_written(kind):
    fields = {field.name for field in dataclasses.fields(kind)}
    assert fields == HANDLED[kind], "decide whether a state file keeps the new field, and raise its format if so"


def new_store():
    return Store(Ids(), lambda _: True, lambda *_: True, str)


def test_settings_are_read_as_they_were_written():
    store = new_store()
    store.quotas.versions, store.retries.delay, store.next_serial = 3, 60, 7
    store.keys.declare("mrk-1", "disabled", policy="{}", aliases=["alias/app"])
    written = json.loads(json.dumps(documents.settings_of(store, 1.5)))
    other = new_store()
    documents.fill(other, written, [])
    assert documents.settings_of(other, 1.5) == written
