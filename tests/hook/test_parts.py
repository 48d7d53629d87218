"""The parts of a client: what is read of them before every call is what is judged."""

from unittest import mock

import boto3
import botocore.signers
import pytest

from fake_secrets.hook.parts import Parts, is_usual


@pytest.fixture(scope="module")
def client():
    return boto3.client("secretsmanager", region_name="us-east-1")


def test_the_methods_that_are_read_are_those_that_are_judged(client):
    methods, kind = Parts(client)._methods, type(client)
    assert list(methods.read(kind)) == [
        getattr(owner, name) for owner, names in methods.of(kind) for name in names
    ]


def test_a_new_client_is_usual_and_not_altered(client):
    assert is_usual(client)
    assert not Parts(client).are_altered(client, vars(client))


def test_a_patch_alters_a_client_until_it_is_undone(client):
    parts = Parts(client)
    with mock.patch.object(botocore.signers.RequestSigner, "sign"):
        assert parts.are_altered(client, vars(client))
        assert parts.are_altered(client, vars(client))
    assert not parts.are_altered(client, vars(client))


def test_an_attribute_that_is_no_method_of_botocore_alters_nothing(client):
    parts = Parts(client)
    assert not parts.are_altered(client, vars(client))
    with mock.patch.object(client, "of_the_users_own", 1, create=True):
        assert not parts.are_altered(client, vars(client))
