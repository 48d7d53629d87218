"""The API with keys: a double for functions that have a client of a vendor's API."""

import functools
import io
import json
import sys
import time
import types

import boto3
import pytest
from rotation_steps import names, read, rotation_function

from fake_secrets import check_rotation
from fake_secrets.contract.services import ApiKeys, LoginRefusedError, StatementRefusedError

SECRET = {"id": "key-1", "key": "old-key-of-the-api"}


@pytest.fixture
def vendor(monkeypatch):
    """The module of the vendor's client, as a function imports it."""
    monkeypatch.setitem(sys.modules, "vendor", module := types.ModuleType("vendor"))
    module.api = None
    return module


def service():
    return ApiKeys(SECRET["key"], replaces="vendor.api")


def key_function(vendor, *, looks_first=True, spares=60):
    def new_value(client, current, token):
        for key_id, created in vendor.api.created(current["key"]).items() if looks_first else ():
            if key_id != current["id"] and time.time() - created >= spares:
                vendor.api.revoke(current["key"], key_id)
        return {**current, **vendor.api.create(current["key"])}

    def set_value(current, pending):
        """The key works since it was made."""

    def test_value(pending):
        vendor.api.authenticate(pending["key"])

    def revoke_old(old, new):
        vendor.api.revoke(new["key"], old["id"])

    return rotation_function(set_value, test_value, new_value, None if looks_first else revoke_old)


LONG = [pytest.param(family, marks=pytest.mark.long) for family in ("errors", "overlaps")]


@pytest.mark.slow
@pytest.mark.parametrize("family", ["plain", "kills", *LONG])
def test_a_function_that_finds_left_over_keys_keeps_the_contract(vendor, family):
    report = check_rotation(key_function(vendor), secret=SECRET, service=service, only=family, timeout=60)
    assert report.passed, str(report)


@pytest.mark.long
def test_a_function_that_revokes_a_key_that_is_just_being_stored_is_found(vendor):
    handler = key_function(vendor, spares=0)
    report = check_rotation(handler, secret=SECRET, service=service, only="overlaps", timeout=60)
    assert "pending-destroyed" in names(report.violations), str(report)


@pytest.mark.slow
def test_a_key_that_is_made_but_not_stored_is_found(vendor):
    report = check_rotation(key_function(vendor, looks_first=False), secret=SECRET, service=service, only="kills")
    assert "orphaned-credential" in names(report.violations), str(report)


@pytest.mark.slow
def test_a_clean_up_that_was_done_is_not_told_as_lost(vendor):
    """finishSecret fails in each retry, because the old key is gone, and the next rotation succeeds."""

    def revoke_old(client, arn, token, old):
        vendor.api.revoke(read(client, arn, VersionId=token)["key"], read(client, arn, VersionId=old)["id"])

    rotate = key_function(vendor)

    def handler(event, context):
        client, arn, token = boto3.client("secretsmanager"), event["SecretId"], event["ClientRequestToken"]
        if event["Step"] == "finishSecret":
            rotate(event, context)
            versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
            old = next(version for version, labels in versions.items() if "AWSPREVIOUS" in labels)
            revoke_old(client, arn, token, old)
        else:
            rotate(event, context)

    report = check_rotation(handler, secret=SECRET, service=service, only="errors", timeout=60)
    assert "clean-up-lost" not in names(report.violations), str(report)


class Answering(ApiKeys):
    """Answers with a stream, which the function closes."""

    def put_in_place(self):
        super().put_in_place()
        self.patch("vendor.call", self.call)

    def call(self, action, key):
        found = getattr(self, action)(key)
        # The service knows where the key is used.
        found = {**found, "url": f"https://{found['key']}@api"} if action == "create" else found
        return io.BytesIO(json.dumps(found).encode())


@pytest.mark.parametrize(("family", "found"), [("plain", []), ("kills", ["orphaned-credential", "clean-up-lost"])])
def test_a_stream_that_the_function_closes_is_read_when_the_double_returns_it(vendor, family, found):
    vendor.call = None

    def call(*arguments):
        with vendor.call(*arguments) as stream:
            return json.load(stream)

    handler = rotation_function(
        lambda current, pending: None,
        lambda pending: call("authenticate", pending["key"]),
        lambda client, current, token: {**current, **call("create", current["key"])},
        lambda old, new: vendor.api.revoke(new["key"], old["id"]),
    )
    secret = {**SECRET, "url": f"https://{SECRET['key']}@api"}
    report = check_rotation(
        handler, secret=secret, service=lambda: Answering(SECRET["key"], replaces="vendor.api"), only=family
    )
    assert names(report.violations) == found, str(report)


class TestTheKeys:
    @pytest.fixture
    def api(self):
        return ApiKeys("old")

    def test_a_key_is_made_listed_and_revoked(self, api):
        made = api.create("old")
        assert api.ids(made["key"]) == ["key-1", made["id"]] == ["key-1", "key-2"]
        assert api.accepts({"anything": made["key"]})
        api.revoke(made["key"], "key-1")
        assert api.accepted() == [made["key"]]
        with pytest.raises(LoginRefusedError, match="401 Unauthorized"):
            api.ids("old")

    def test_there_are_two_at_most(self, api):
        api.create("old")
        with pytest.raises(StatementRefusedError, match="409 Conflict: there are 2 keys already"):
            api.create("old")
        assert api.live == 2

    def test_the_limit_can_be_another_or_none(self):
        assert functools.partial(ApiKeys, "old", limit=None)().create("old")["id"] == "key-2"

    def test_a_request_that_is_repeated_gets_the_same_key(self, api):
        assert api.create("old", idempotency_key="t") == api.create("old", idempotency_key="t")

    def test_a_key_that_does_not_exist_is_not_revoked(self, api):
        with pytest.raises(StatementRefusedError, match="404 Not Found: there is no key 'other'"):
            api.revoke("old", "other")

    def test_the_keys_have_the_time_at_which_they_were_made(self):
        api = ApiKeys("old")
        before = time.time()
        made = api.create("old")["id"]
        created = api.created("old")
        assert created["key-1"] <= before <= created[made] <= time.time()

    def test_a_dropped_key_works_no_more(self, api):
        api.drop("old")
        assert not api.accepts("old")
