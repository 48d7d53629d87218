"""The agent's answers [B code: local-endpoints-facts 1.3, 1.4], and the calls that it makes for them."""

import base64
import json
import threading
import time

import freezegun
import pytest
from asking import GET, ask, operations, read

from fake_secrets import FaultError, UnsupportedOperationError

ROLE = "arn:aws:iam::123456789012:role/app/reader"
ALLOWED = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"},
}
NOTHING = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"},
}


@pytest.fixture
def agent(fake_secrets):
    with fake_secrets.local_endpoints() as url:
        yield url


def assuming(*roles):
    return {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles},
    }


class TestSuccess:
    def test_the_members_come_in_the_order_of_the_agent(self, fake_secrets, agent):
        with freezegun.freeze_time("2019-09-27 07:13:09.046", ignore=["_pytest"]):
            secret = fake_secrets.add("db", 'a"\\\n\u00e9<', arn_suffix="AbCdEf")
        assert read(agent, "db").body == (
            f'{{"ARN":"{secret.arn}","Name":"db","VersionId":"{secret.versions[0].id}",'
            r'"SecretString":"a\"\\\n'
            '\u00e9<","VersionStages":["AWSCURRENT"],"CreatedDate":"1569568389.046"}'
        )

    @pytest.mark.parametrize(
        ("moment", "text"),
        [("2026-01-01 00:00:00.5", "1767225600.5"), ("2026-01-01 00:00:00.010", "1767225600.01")],
    )
    def test_the_date_is_text_without_zeros_at_the_end(self, fake_secrets, agent, moment, text):
        with freezegun.freeze_time(moment, ignore=["_pytest"]):
            fake_secrets.add("db", "x")
        assert json.loads(read(agent, "db").body)["CreatedDate"] == text

    @pytest.mark.slow
    def test_our_choice_whole_seconds_have_no_fraction(self, fake_secrets, agent):
        with freezegun.freeze_time("2026-01-01", ignore=["_pytest"]):
            fake_secrets.add("db", "x")
        assert json.loads(read(agent, "db").body)["CreatedDate"] == "1767225600"

    def test_a_binary_secret_has_base64_and_no_string(self, fake_secrets, agent):
        fake_secrets.add("key", b"\x00\xff")
        members = json.loads(read(agent, "key").body)
        assert base64.b64decode(members["SecretBinary"]) == b"\x00\xff"
        assert list(members) == ["ARN", "Name", "VersionId", "SecretBinary", "VersionStages", "CreatedDate"]

    def test_a_version_without_labels_has_no_stages(self, fake_secrets, secretsmanager, agent):
        fake_secrets.add("db", "first")
        first = fake_secrets["db"].versions[0].id
        for value in ("second", "third"):
            secretsmanager.put_secret_value(SecretId="db", SecretString=value)
        members = json.loads(read(agent, "db", versionId=first).body)
        assert members["SecretString"] == "first"
        assert "VersionStages" not in members


class TestErrorsOfTheService:
    def test_a_secret_that_does_not_exist_is_400_in_the_spelling_of_the_agent(self, agent):
        assert read(agent, "nowhere")[:2] == (
            400,
            (
                '{"__type":"ResourceNotFoundException", '
                '"message":"Secrets Manager can\'t find the specified secret."}'
            ),
        )

    def test_an_empty_version_id_is_sent_and_refused_by_the_service(self, fake_secrets, agent):
        fake_secrets.add("db", "x")
        reply = ask(agent, f"{GET}?secretId=db&versionId=")
        assert (reply.status, json.loads(reply.body)["__type"]) == (400, "ValidationException")

    def test_the_text_is_not_escaped(self, fake_secrets, agent):
        fake_secrets.faults.fail("GetSecretValue", "InvalidRequestException", message='no "x"\\')
        assert read(agent, "db").body == '{"__type":"InvalidRequestException", "message":"no "x"\\"}'

    def test_an_error_without_a_text_is_an_internal_failure_with_its_own_status(self, fake_secrets, agent):
        fake_secrets.faults.fail("GetSecretValue", "InvalidRequestException", message="")
        assert read(agent, "db")[:2] == (400, '{"__type":"InternalFailure"}')

    def test_the_page_of_a_load_balancer_is_an_internal_failure_with_its_own_status(self, fake_secrets, agent):
        fake_secrets.faults.fail("GetSecretValue", 503, calls=1)
        assert read(agent, "db")[:2] == (503, '{"__type":"InternalFailure"}')

    @pytest.mark.parametrize(
        ("plan", "expected"),
        [
            (
                lambda faults: faults.time_out("GetSecretValue", calls=1),
                (504, '{"__type":"TimeoutError", "message":"Timeout"}'),
            ),
            (
                lambda faults: faults.time_out("GetSecretValue", connecting=True, calls=1),
                (504, '{"__type":"TimeoutError", "message":"Timeout"}'),
            ),
            (
                lambda faults: faults.reset_connection("GetSecretValue", calls=1),
                (502, '{"__type":"ConnectionError", "message":"Read Error"}'),
            ),
            (
                lambda faults: faults.fail_dns("GetSecretValue", calls=1),
                (502, '{"__type":"ConnectionError", "message":"Read Error"}'),
            ),
            (
                lambda faults: faults.malformed_body("GetSecretValue", calls=1),
                (502, '{"__type":"ConnectionError", "message":"Response Error"}'),
            ),
            (
                lambda faults: faults.malformed_body("GetSecretValue", b"[]", calls=1),
                (502, '{"__type":"ConnectionError", "message":"Response Error"}'),
            ),
            (
                lambda faults: faults.fail("GetSecretValue", "InternalServiceError", message="down", calls=1),
                (500, '{"__type":"InternalServiceError", "message":"down"}'),
            ),
        ],
    )
    def test_a_call_that_fails_for_good_has_the_status_and_the_body_of_the_agent(
        self, fake_secrets, agent, plan, expected
    ):
        fake_secrets.add("db", "x")
        plan(fake_secrets.faults)
        assert read(agent, "db")[:2] == expected
        assert read(agent, "db").secret == "x"


class TestRetries:
    """The SDK in the agent repeats a call, as the standard retry mode of all SDKs says."""

    @pytest.mark.parametrize(
        "plan",
        [
            lambda faults: faults.time_out("GetSecretValue", times=2),
            lambda faults: faults.malformed_body("GetSecretValue", times=2),
            lambda faults: faults.fail("GetSecretValue", 502, times=2),
            lambda faults: faults.fail("GetSecretValue", "ThrottlingException", times=2),
        ],
    )
    def test_the_third_attempt_may_succeed(self, fake_secrets, agent, plan):
        fake_secrets.add("db", "x")
        plan(fake_secrets.faults)
        assert read(agent, "db").secret == "x"
        assert fake_secrets.calls[-1].attempt == 3

    def test_there_is_no_fourth_attempt(self, fake_secrets, agent):
        fake_secrets.add("db", "x")
        fake_secrets.faults.fail("GetSecretValue", "ThrottlingException", times=3)
        reply = read(agent, "db")
        assert (reply.status, json.loads(reply.body)["__type"]) == (400, "ThrottlingException")
        assert [call.attempt for call in fake_secrets.calls] == [1, 2, 3]

    def test_a_refusal_that_would_come_again_is_not_retried(self, fake_secrets, agent):
        read(agent, "nowhere")
        assert operations(fake_secrets) == ["GetSecretValue"]

    def test_the_attempts_cost_no_time(self, fake_secrets, agent):
        fake_secrets.faults.time_out("GetSecretValue", calls=1)
        start = time.monotonic()
        read(agent, "db")
        assert time.monotonic() - start < 5


class TestCalls:
    def test_they_are_in_the_ledger_marked_as_made_by_the_agent(self, fake_secrets, secretsmanager, agent):
        fake_secrets.add("db", "x")
        read(agent, "db")
        secretsmanager.get_secret_value(SecretId="db")
        assert [(call.operation, call.via) for call in fake_secrets.calls] == [
            ("GetSecretValue", "agent"),
            ("GetSecretValue", None),
        ]
        assert "via the agent" in str(fake_secrets.calls)

    def test_the_trail_shows_the_product_of_the_agent(self, fake_secrets, agent):
        fake_secrets.add("db", "x")
        read(agent, "db")
        assert "aws-secrets-manager-agent" in fake_secrets.trail.records[-1]["userAgent"]

    def test_they_are_made_by_the_acting_principal(self, fake_secrets, agent):
        fake_secrets.add("db", "x")
        with fake_secrets.as_principal(ROLE):
            read(agent, "db")
        assert fake_secrets.calls[-1].principal == ROLE

    def test_they_need_the_permissions_of_the_default_caller(self, fake_secrets, agent):
        fake_secrets.add("db", "x")
        with fake_secrets.permissions(NOTHING):
            reply = read(agent, "db")
        assert reply.status == 400
        assert reply.body.startswith('{"__type":"AccessDeniedException", "message":"User: arn:aws:iam::')
        assert len(fake_secrets.permissions.denials) == 1


class TestRoles:
    def test_a_call_with_a_role_is_one_of_a_session_of_that_role(self, fake_secrets, agent):
        fake_secrets.add("db", "x")
        assert read(agent, "db", roleArn=ROLE).secret == "x"
        assert fake_secrets.calls[-1].principal.startswith("arn:aws:sts::123456789012:assumed-role/reader/")

    def test_a_role_of_another_account_reads_the_secrets_of_that_account(self, fake_secrets, agent):
        fake_secrets.add("db", "x")
        assert read(agent, "db", roleArn=ROLE.replace("123456789012", "210987654321")).status == 400
        assert fake_secrets.calls[-1].account_id == "210987654321"

    def test_the_policies_of_the_role_decide(self, fake_secrets, agent):
        fake_secrets.add("db", "x")
        with fake_secrets.permissions(NOTHING, principal=ROLE):
            assert json.loads(read(agent, "db", roleArn=ROLE).body)["__type"] == "AccessDeniedException"
        assert read(agent, "db", roleArn=ROLE).secret == "x"

    def test_each_role_has_a_cache_of_its_own(self, fake_secrets, agent):
        fake_secrets.add("db", "x")
        for role in (None, ROLE, f"{ROLE}2"):
            for _ in range(2):
                read(agent, "db", **({"roleArn": role} if role else {}))
        assert operations(fake_secrets) == ["GetSecretValue"] * 3

    def test_the_twenty_first_role_is_one_too_many(self, fake_secrets, agent):
        fake_secrets.add("db", "x")
        for number in range(20):
            assert read(agent, "db", roleArn=f"{ROLE}{number}").secret == "x"
        refused = f"{ROLE}20"
        assert read(agent, "db", roleArn=refused)[:2] == (
            400,
            (
                '{"__type":"MaxRolesExceeded", "message":"The maximum number of assumed roles (20) has been '
                f'reached. Unable to assume the following role to create a client: {refused}"}}'
            ),
        )
        assert read(agent, "db", roleArn=f"{ROLE}0").secret == "x"
        assert read(agent, "db").secret == "x"

    def test_fewer_roles_can_be_configured(self, fake_secrets):
        fake_secrets.add("db", "x")
        with fake_secrets.local_endpoints(max_roles=1) as url:
            assert read(url, "db", roleArn=ROLE).secret == "x"
            assert "assumed roles (1)" in read(url, "db", roleArn=f"{ROLE}2").body

    def test_a_role_that_the_policies_of_the_caller_do_not_let_it_assume_is_refused(self, fake_secrets, agent):
        fake_secrets.add("db", "x")
        refusal = (
            403,
            f'{{"__type":"AccessDeniedException", "message":"Failed to create caching client from role: {ROLE}"}}',
        )
        with fake_secrets.permissions(ALLOWED):
            assert read(agent, "db", roleArn=ROLE)[:2] == refusal
        assert operations(fake_secrets) == []
        assert [denial.action for denial in fake_secrets.permissions.denials] == ["sts:AssumeRole"]
        with fake_secrets.permissions(assuming(ROLE)):
            assert read(agent, "db", roleArn=ROLE).secret == "x"

    def test_a_role_that_could_not_be_assumed_is_not_counted(self, fake_secrets):
        fake_secrets.add("db", "x")
        with fake_secrets.local_endpoints(max_roles=1) as url:
            with fake_secrets.permissions(ALLOWED):
                assert read(url, "db", roleArn=f"{ROLE}2").status == 403
            assert read(url, "db", roleArn=ROLE).secret == "x"

    def test_a_role_in_no_partition_of_aws_can_not_be_assumed(self, fake_secrets, agent):
        fake_secrets.add("db", "x")
        assert read(agent, "db", roleArn=ROLE.replace("arn:aws", "arn:mine")).status == 403


def fail_in_create_secret(event, context):
    if event["Step"] == "createSecret":
        raise OSError


def fail(event):
    raise LookupError


class TestErrorsOfTheTest:
    def test_an_error_of_ours_is_answered_with_500_and_raised_at_the_end_of_the_block(self, fake_secrets):
        fake_secrets.faults.crash_before("GetSecretValue")
        with pytest.raises(FaultError, match="no rotation function makes"), fake_secrets.local_endpoints() as url:
            assert read(url, "db")[:2] == (500, '{"__type":"InternalFailure"}')

    def test_an_error_of_a_selector_is_raised_at_the_end_of_the_block(self, fake_secrets):
        fake_secrets.faults.time_out("GetSecretValue", when=lambda call: call.nothing, optional=True)
        with pytest.raises(AttributeError, match="nothing"), fake_secrets.local_endpoints() as url:
            assert read(url, "db").status == 500

    def test_if_the_block_raises_itself_a_note_tells_of_the_error(self, fake_secrets):
        fake_secrets.faults.crash_before("GetSecretValue")
        with pytest.raises(AssertionError) as raised, fake_secrets.local_endpoints() as url:
            assert read(url, "db").status == 200
        assert (
            "Before that, in the local endpoints of fake_secrets: FaultError: crash_before met a call"
            in raised.value.__notes__[0]
        )

    def test_an_unknown_condition_key_is_told(self, fake_secrets):
        fake_secrets.add("db", "x")
        conditional = assuming(ROLE)
        conditional["Statement"]["Condition"] = {"StringEquals": {"sts:ExternalId": "x"}}
        refused = pytest.raises(UnsupportedOperationError, match="sts:externalid")
        with fake_secrets.permissions(conditional), refused, fake_secrets.local_endpoints() as url:
            read(url, "db", roleArn=ROLE)

    def test_a_rotation_that_was_due_and_fails_does_not_change_the_answer(self, fake_secrets, secretsmanager):
        fake_secrets.add("db", "x")
        with freezegun.freeze_time("2026-01-01", ignore=["_pytest"]) as frozen:
            secretsmanager.rotate_secret(
                SecretId="db",
                RotationLambdaARN=fake_secrets.lambda_function(fail_in_create_secret),
                RotationRules={"AutomaticallyAfterDays": 1},
                RotateImmediately=False,
            )
            frozen.tick(2 * 86_400)
            with fake_secrets.local_endpoints() as url:
                assert read(url, "db").secret == "x"
        assert "OSError" in str(fake_secrets.timeline("db"))

    def test_a_subscriber_that_raises_does_not_change_the_answer(self, fake_secrets, secretsmanager):
        with freezegun.freeze_time("2026-01-01", ignore=["_pytest"]) as frozen:
            fake_secrets.add("db", "x")
            fake_secrets.add("other", "y")
            secretsmanager.delete_secret(SecretId="other", RecoveryWindowInDays=7)
            fake_secrets.on_event(fail)
            frozen.tick(8 * 86_400)
            with pytest.raises(LookupError), fake_secrets.local_endpoints() as url:
                assert read(url, "db").secret == "x"


def test_requests_are_answered_at_the_same_time(fake_secrets):
    for number in range(8):
        fake_secrets.add(f"db{number}", str(number))
    together = threading.Barrier(8, timeout=20)
    values = {}
    fake_secrets.faults.delay("GetSecretValue", 0.001, times=None, when=lambda call: together.wait() or True)

    def ask_for(number):
        values[number] = read(url, f"db{number}").secret

    with fake_secrets.local_endpoints() as url:
        threads = [threading.Thread(target=ask_for, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert values == {number: str(number) for number in range(8)}
