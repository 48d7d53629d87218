"""The users of a cache: a double in which a change takes a while, and that answers clients of ElastiCache."""

import functools
import sys
import time
import types

import boto3
import pytest
from rotation_steps import names, rotation_function

from fake_secrets import check_rotation, mock_stages
from fake_secrets.contract.services import CacheUsers, LoginRefusedError, StatementRefusedError

SECRET = {"username": "app", "password": "old-password-of-the-cache"}
service = functools.partial(CacheUsers, {"app": SECRET["password"]}, replaces="redis_client.cache")


@pytest.fixture
def redis_client(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis_client", module := types.ModuleType("redis_client"))
    module.cache = None
    return module


def cache_function(redis_client, *, waits=True, keeps_old=True):
    def set_value(current, pending):
        client = boto3.client("elasticache")
        passwords = [current["password"], pending["password"]] if keeps_old else [pending["password"]]
        wait_for(client, pending["username"])
        client.modify_user(UserId=pending["username"], Passwords=passwords)
        if waits:
            wait_for(client, pending["username"])

    def wait_for(client, user):
        deadline = time.monotonic() + 120
        while client.describe_users(UserId=user)["Users"][0]["Status"] != "active":
            if time.monotonic() > deadline:
                msg = f"user {user} doesn't become active"
                raise TimeoutError(msg)
            time.sleep(5)

    def test_value(pending):
        redis_client.cache.auth(pending["username"], pending["password"])

    return rotation_function(set_value, test_value)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["plain", "kills", pytest.param("errors", marks=pytest.mark.long)])
def test_a_function_that_waits_keeps_the_contract(redis_client, family):
    report = check_rotation(cache_function(redis_client), secret=SECRET, service=service, only=family)
    assert report.passed, str(report)
    assert "needs-a-retry" not in names(report.notes)


@pytest.mark.slow
def test_a_function_that_does_not_wait_needs_a_retry(redis_client):
    report = check_rotation(
        cache_function(redis_client, waits=False), secret=SECRET, service=service, only="plain"
    )
    assert "needs-a-retry" in names(report.notes), str(report)


class TestTheCache:
    def test_a_new_password_takes_effect_later(self, monkeypatch):
        now = 1000.0
        monkeypatch.setattr(time, "time", lambda: now)
        cache = CacheUsers({"app": "old"}, delay=20)
        cache.modify_user("app", ["old", "new"])
        assert (cache.accepts("new"), cache.is_settled) == (False, False)
        with pytest.raises(LoginRefusedError, match="WRONGPASS"):
            cache.auth("app", "new")
        now += 20
        assert (cache.accepts("new"), cache.is_settled) == (True, True)
        assert cache.accepted() == ["old", "new"]
        cache.auth("app", "new")

    def test_settling_completes_a_change(self):
        cache = CacheUsers({"app": ["old", "older"]})
        cache.modify_user("app", ["new"])
        cache.settle()
        assert cache.accepted() == ["new"]
        cache.drop({"username": "app", "password": "new"})
        assert cache.live == 0

    def test_clients_see_the_status(self):
        with mock_stages(), CacheUsers({"app": "old"}):
            client = boto3.client("elasticache")
            assert client.modify_user(UserId="app", Passwords=["new"])["Status"] == "modifying"
            with pytest.raises(client.exceptions.InvalidUserStateFault):
                client.modify_user(UserId="app", Passwords=["newer"])
            with pytest.raises(client.exceptions.UserNotFoundFault):
                client.describe_users(UserId="nobody")
            (user,) = client.describe_users()["Users"]
            assert (user["UserId"], user["Status"]) == ("app", "modifying")

    def test_a_user_has_one_password_or_two(self):
        with pytest.raises(StatementRefusedError, match="InvalidParameterValue"):
            CacheUsers({"app": "old"}).modify_user("app", [])
