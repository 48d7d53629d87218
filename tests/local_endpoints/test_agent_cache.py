"""The agent's cache [B code: local-endpoints-facts 1.5], by the clock of the test."""

import json

import freezegun
import pytest
from asking import GET, ask, operations, read

from fake_secrets import mock_stages


@pytest.fixture
def clock(freezer_at_noon):
    return freezer_at_noon


@pytest.fixture
def agent(fake_secrets):
    with fake_secrets.local_endpoints() as url:
        yield url


@pytest.fixture
def db(fake_secrets, clock):
    return fake_secrets.add("db", "old")


@pytest.fixture
def put(secretsmanager):
    return lambda value: secretsmanager.put_secret_value(SecretId="db", SecretString=value)


class TestFresh:
    def test_a_value_is_read_once_in_five_minutes(self, fake_secrets, clock, agent, db):
        for _ in range(5):
            assert read(agent, "db").secret == "old"
            clock.tick(59)
        assert operations(fake_secrets) == ["GetSecretValue"]

    def test_it_is_fresh_until_just_before_the_ttl_is_over(self, fake_secrets, clock, agent, db):
        read(agent, "db")
        clock.tick(299.999)
        read(agent, "db")
        assert operations(fake_secrets) == ["GetSecretValue"]
        clock.tick(0.001)
        read(agent, "db")
        assert operations(fake_secrets) == ["GetSecretValue", "DescribeSecret"]

    def test_a_rotation_does_not_invalidate_it(self, clock, agent, db, put):
        read(agent, "db")
        put("new")
        clock.tick(299)
        assert read(agent, "db").secret == "old"

    def test_another_ttl_can_be_configured(self, fake_secrets, clock, db, put):
        with fake_secrets.local_endpoints(ttl=3600) as url:
            read(url, "db")
            put("new")
            clock.tick(3599)
            assert read(url, "db").secret == "old"
            clock.tick(1)
            assert read(url, "db").secret == "new"

    def test_with_a_ttl_of_0_every_request_asks_whether_the_value_is_current(self, fake_secrets, db, put):
        with fake_secrets.local_endpoints(ttl=0) as url:
            assert read(url, "db").secret == "old"
            assert read(url, "db").secret == "old"
            put("new")
            assert read(url, "db").secret == "new"
        asked = [call.operation for call in fake_secrets.calls if call.via]
        assert asked == ["GetSecretValue", "DescribeSecret", "DescribeSecret", "GetSecretValue"]

    def test_a_clock_that_goes_back_leaves_it_fresh(self, fake_secrets, clock, agent, db):
        read(agent, "db")
        clock.move_to("2026-03-03")
        assert read(agent, "db").secret == "old"
        assert operations(fake_secrets) == ["GetSecretValue"]


class TestClock:
    def test_the_ttl_passes_by_freezegun(self, fake_secrets, put, secretsmanager):
        with freezegun.freeze_time("2026-03-04 12:00:00") as frozen, fake_secrets.local_endpoints() as url:
            fake_secrets.add("db", "old")
            read(url, "db")
            put("new")
            frozen.tick(301)
            assert read(url, "db").secret == "new"

    def test_the_ttl_passes_by_a_delay_that_the_test_has_planned(self, fake_secrets, agent, put):
        fake_secrets.add("db", "old")
        read(agent, "db")
        put("new")
        fake_secrets.faults.delay("GetSecretValue", 301, secret_id="other")
        read(agent, "other")
        assert read(agent, "db").secret == "new"

    def test_the_endpoint_of_an_outer_world_goes_by_the_clock_of_that_world(self, fake_secrets, agent, put):
        fake_secrets.add("db", "old")
        read(agent, "db")
        put("new")
        with mock_stages({"inner": "x"}) as inner:
            inner.faults.delay("ListSecrets", 301, optional=True)
            assert read(agent, "db").secret == "old"

    def test_a_rotation_that_the_clock_makes_due_is_done_before_a_call(
        self, fake_secrets, clock, agent, secretsmanager
    ):
        fake_secrets.add("rds!db", {"password": "old"}, owning_service="rds")
        fake_secrets.managed_rotation("rds!db", lambda current: {"password": "new"})
        secretsmanager.rotate_secret(
            SecretId="rds!db", RotationRules={"AutomaticallyAfterDays": 1}, RotateImmediately=False
        )
        assert read(agent, "rds!db").secret == '{"password": "old"}'
        clock.tick(2 * 86_400)
        assert read(agent, "rds!db").secret == '{"password": "new"}'


class TestStale:
    def test_a_value_that_is_still_current_is_confirmed_without_reading_it(self, fake_secrets, clock, agent, db):
        for _ in range(3):
            read(agent, "db")
            clock.tick(301)
        assert operations(fake_secrets) == ["GetSecretValue", "DescribeSecret", "DescribeSecret"]
        assert fake_secrets.calls[-1].request == {"SecretId": db.arn}

    def test_a_confirmed_value_is_fresh_again(self, fake_secrets, clock, agent, db):
        read(agent, "db")
        clock.tick(301)
        read(agent, "db")
        clock.tick(299)
        read(agent, "db")
        assert operations(fake_secrets) == ["GetSecretValue", "DescribeSecret"]

    def test_after_a_rotation_it_is_read_anew(self, fake_secrets, clock, agent, db, put):
        read(agent, "db")
        put("new")
        clock.tick(301)
        assert read(agent, "db").secret == "new"
        asked = [call.operation for call in fake_secrets.calls if call.via]
        assert asked == ["GetSecretValue", "DescribeSecret", "GetSecretValue"]

    def test_another_label_is_asked_about(self, fake_secrets, clock, agent, db, put):
        put("new")
        assert read(agent, "db", versionStage="AWSPREVIOUS").secret == "old"
        clock.tick(301)
        assert read(agent, "db", versionStage="AWSPREVIOUS").secret == "old"
        put("newer")
        clock.tick(301)
        assert read(agent, "db", versionStage="AWSPREVIOUS").secret == "new"
        asked = [call.operation for call in fake_secrets.calls if call.via]
        assert asked == ["GetSecretValue", "DescribeSecret", "DescribeSecret", "GetSecretValue"]

    def test_a_version_asked_for_by_its_id_is_current_whatever_its_labels(
        self, fake_secrets, clock, agent, db, put
    ):
        old = db.versions[0].id
        read(agent, "db", versionId=old)
        put("new")
        clock.tick(301)
        assert json.loads(read(agent, "db", versionId=old).body)["VersionStages"] == ["AWSCURRENT"]
        asked = [call.operation for call in fake_secrets.calls if call.via]
        assert asked == ["GetSecretValue", "DescribeSecret"]

    def test_a_version_asked_for_by_id_and_label_is_current_while_it_has_the_label(
        self, fake_secrets, clock, agent, db, put
    ):
        old = db.versions[0].id
        read(agent, "db", versionId=old, versionStage="AWSCURRENT")
        put("new")
        clock.tick(301)
        reply = read(agent, "db", versionId=old, versionStage="AWSCURRENT")
        assert (reply.status, json.loads(reply.body)["__type"]) == (400, "InvalidRequestException")

    def test_the_role_of_the_function_needs_describe_secret_too(self, fake_secrets, clock, agent, db):
        policy = {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"},
        }
        with fake_secrets.permissions(policy):
            assert read(agent, "db").secret == "old"
            clock.tick(301)
            reply = read(agent, "db")
        assert (reply.status, json.loads(reply.body)["__type"]) == (400, "AccessDeniedException")


class TestTransientErrors:
    @pytest.mark.parametrize("operation", ["DescribeSecret", "GetSecretValue"])
    @pytest.mark.parametrize(
        "plan",
        [
            lambda faults, operation: faults.time_out(operation, calls=1),
            lambda faults, operation: faults.reset_connection(operation, calls=1),
            lambda faults, operation: faults.malformed_body(operation, calls=1),
            lambda faults, operation: faults.fail(operation, "InternalServiceError", calls=1),
            lambda faults, operation: faults.fail(operation, 503, calls=1),
        ],
    )
    def test_the_stale_value_is_answered_and_stays_stale(
        self, fake_secrets, clock, agent, db, put, plan, operation
    ):
        read(agent, "db")
        put("new")
        clock.tick(301)
        plan(fake_secrets.faults, operation)
        assert read(agent, "db").secret == "old"
        assert read(agent, "db").secret == "new"

    def test_without_a_cached_value_the_error_is_answered(self, fake_secrets, agent, db):
        fake_secrets.faults.time_out("GetSecretValue", calls=1)
        assert read(agent, "db").status == 504

    @pytest.mark.parametrize("code", ["ThrottlingException", "DecryptionFailure"])
    def test_another_error_is_answered_and_the_value_stays_stale(self, fake_secrets, clock, agent, db, code):
        read(agent, "db")
        clock.tick(301)
        fake_secrets.faults.fail("DescribeSecret", code, calls=1)
        assert read(agent, "db").status == 400
        assert read(agent, "db").secret == "old"
        assert operations(fake_secrets)[-1] == "DescribeSecret"

    def test_a_deleted_secret_is_answered_from_the_cache_until_the_ttl_is_over(
        self, clock, agent, db, secretsmanager
    ):
        read(agent, "db")
        secretsmanager.delete_secret(SecretId="db", ForceDeleteWithoutRecovery=True)
        clock.tick(299)
        assert read(agent, "db").secret == "old"
        clock.tick(1)
        assert json.loads(read(agent, "db").body.replace("'", ""))["__type"] == "ResourceNotFoundException"


class TestRefreshNow:
    @pytest.mark.parametrize("value", ["true", "TRUE", "True", "1"])
    def test_it_reads_anew(self, agent, db, put, value):
        read(agent, "db")
        put("new")
        assert read(agent, "db", refreshNow=value).secret == "new"
        assert read(agent, "db").secret == "new"

    @pytest.mark.parametrize("value", ["false", "FALSE", "False", "0"])
    def test_false_is_as_none(self, agent, db, put, value):
        read(agent, "db")
        put("new")
        assert read(agent, "db", refreshNow=value).secret == "old"

    def test_given_twice_the_last_counts(self, agent, db, put):
        read(agent, "db")
        put("new")
        assert ask(agent, f"{GET}?secretId=db&refreshNow=true&refreshNow=false").secret == "old"

    def test_it_calls_get_secret_value_alone_and_makes_the_value_fresh(self, fake_secrets, clock, agent, db):
        read(agent, "db")
        clock.tick(299)
        read(agent, "db", refreshNow="true")
        clock.tick(299)
        read(agent, "db")
        assert operations(fake_secrets) == ["GetSecretValue", "GetSecretValue"]

    def test_its_error_is_answered_and_leaves_the_cache_as_it_was(self, fake_secrets, clock, agent, db):
        read(agent, "db")
        fake_secrets.faults.time_out("GetSecretValue", calls=1)
        assert read(agent, "db", refreshNow="true").status == 504
        assert read(agent, "db").secret == "old"
        assert [call.operation for call in fake_secrets.calls] == ["GetSecretValue"]


class TestKeys:
    def test_name_and_arn_of_a_secret_are_two_entries(self, fake_secrets, agent, db, put):
        read(agent, "db")
        put("new")
        assert read(agent, db.arn).secret == "new"
        assert read(agent, "db").secret == "old"

    def test_both_forms_of_a_request_share_an_entry(self, fake_secrets, agent, db):
        read(agent, "db")
        ask(agent, "/v1/db")
        assert operations(fake_secrets) == ["GetSecretValue"]

    def test_a_label_that_is_named_is_another_entry_than_the_default(self, fake_secrets, agent, db):
        read(agent, "db")
        read(agent, "db", versionStage="AWSCURRENT")
        assert operations(fake_secrets) == ["GetSecretValue"] * 2

    def test_an_error_is_not_cached(self, fake_secrets, agent, db):
        read(agent, "nowhere")
        read(agent, "nowhere")
        assert operations(fake_secrets) == ["GetSecretValue"] * 2


class TestSize:
    def test_the_value_that_was_read_the_longest_ago_goes(self, fake_secrets):
        for name in ("a", "b", "c"):
            fake_secrets.add(name, name)
        with fake_secrets.local_endpoints(cache_size=2) as url:
            for name in ("a", "b", "a", "c", "b", "a"):
                assert read(url, name).secret == name
        # Reading `a` again from the cache hasn't kept it there.
        assert [call.secret_id for call in fake_secrets.calls] == ["a", "b", "c", "a"]

    def test_a_confirmed_value_stays_longer(self, fake_secrets, clock):
        for name in ("a", "b", "c"):
            fake_secrets.add(name, name)
        with fake_secrets.local_endpoints(cache_size=2) as url:
            read(url, "a")
            read(url, "b")
            clock.tick(301)
            read(url, "a")
            read(url, "c")
            before = len(fake_secrets.calls)
            read(url, "a")
        assert len(fake_secrets.calls) == before


def test_each_block_begins_with_an_empty_cache(fake_secrets, db, put):
    with fake_secrets.local_endpoints() as url:
        read(url, "db")
    put("new")
    with fake_secrets.local_endpoints() as url:
        assert read(url, "db").secret == "new"


@pytest.mark.fake_secrets({"db": "seed"})
@pytest.mark.parametrize("helper", ["agent", "extension"])
def test_a_reset_of_the_world_empties_the_cache(fake_secrets, secretsmanager, helper):
    with fake_secrets.local_endpoints(helper) as url:
        secretsmanager.put_secret_value(SecretId="db", SecretString="changed")
        assert read(url, "db").secret == "changed"
        fake_secrets.reset()
        assert read(url, "db").secret == "seed"
