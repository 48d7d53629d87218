"""What the handle of a world takes and gives. It's type-checked, and never run."""

import contextlib
import datetime
from pathlib import Path
from typing import Any, Literal, TypedDict, assert_type

import botocore.client
import botocore.session

from fake_secrets import (
    Call,
    Event,
    FakeSecrets,
    FakeSecretsError,
    Fault,
    FunctionClashError,
    Leak,
    NoActiveWorldError,
    OutsideWorldError,
    RequestRefusedError,
    Rotation,
    RotationNotOpenError,
    Secret,
    SecretExistsError,
    SeedError,
    Timeline,
    UnknownSecretError,
    UnsupportedOperationError,
    Version,
    __version__,
    policies,
)
from fake_secrets.observe.calls import Calls


class Login(TypedDict):
    username: str
    password: str


def lambda_handler(event: dict[str, Any], context: Any) -> None: ...


def precise_handler(event: dict[str, str], context: object) -> dict[str, str]:
    return event


class Handler:
    def __call__(self, event: Any, context: Any) -> None: ...


def properties(fake: FakeSecrets) -> None:
    assert_type(fake.region, str)
    assert_type(fake.account_id, str)
    assert_type(fake.calls, Calls)
    as_before: list[Call] = fake.calls
    assert_type(as_before[0], Call)
    assert_type(fake.calls[1:].of("PutSecretValue").about("a").in_step("createSecret").by("123456789012"), Calls)
    assert_type(fake.calls[0].time, datetime.datetime)
    assert_type(fake.calls[0].attempt, int)
    assert_type(fake.calls[0].rotation, str | None)
    for call in fake.calls:
        assert_type(call.operation, str)
        assert_type(call.secret_id, str | None)
        assert_type(call.outcome, str)
        assert_type(call.step, str | None)
        assert_type(call.request["SecretId"], Any)


def faults(fake: FakeSecrets, secret: Secret) -> None:
    fault = fake.faults.fail("GetSecretValue", "ThrottlingException", times=2, secret_id=secret, retry_after=0.5)
    assert_type(fault, Fault)
    assert_type(fault.hits, int)
    assert_type(fault.cancel(), None)
    with fake.faults.fail("*", 503, calls=1, optional=True, message="Busy", after_effect=True) as same:
        assert_type(same, Fault)
    assert_type(fake.faults.time_out("RotateSecret", after_effect=True, step=None), Fault)
    assert_type(fake.faults.time_out(connecting=True, times=None), Fault)
    assert_type(fake.faults.reset_connection("PutSecretValue", principal="123456789012"), Fault)
    assert_type(fake.faults.fail_dns("*", after=1), Fault)
    assert_type(fake.faults.malformed_body("ListSecrets", b"<html>"), Fault)
    assert_type(fake.faults.crash_after("PutSecretValue", when=lambda call: call.attempt > 1), Fault)
    assert_type(fake.faults.crash_before("PutSecretValue", step="createSecret"), Fault)
    assert_type(fake.faults.clear(), None)


def leaks(fake: FakeSecrets) -> None:
    assert_type(fake.leaks[0], Leak)
    assert_type(fake.leaks[:2], list[Leak])
    assert_type(len(fake.leaks), int)
    assert_type(fake.leaks == [], bool)
    with fake.leaks.watching(shortest=4) as found:
        assert_type(found[0], Leak)
    for leak in found:
        place: Literal["log", "stdout", "stderr", "warning", "exception", "result"] = leak.place
        assert_type(leak.where, str)
        assert_type(leak.field, str | None)
        assert_type(leak.secret, str | None)
        assert_type(leak.version, str | None)
        assert_type([leak.where, place], list[str])
        assert_type(leak.step, str | None)


def without_a_handler(fake: FakeSecrets) -> None:
    assert_type(fake.lambda_function(None, arn="arn:aws:lambda:us-east-1:123456789012:function:rotate"), str)


def add(fake: FakeSecrets, login: Login) -> None:
    fake.add("text", "x")
    fake.add("bytes", b"x")
    fake.add("json", {"username": "app", "ports": [5432]})
    fake.add("typed", login)
    fake.add("empty")
    fake.add("labels", labels={"AWSCURRENT": "new", "AWSPREVIOUS": b"old", "AWSPENDING": None})
    secret = fake.add(
        "everything",
        None,
        labels={"AWSCURRENT": {"password": "new"}},
        version_ids={"AWSCURRENT": "11111111-1111-4111-8111-111111111111"},
        arn_suffix="a1b2c3",
        region="eu-west-3",
        description="text",
        kms_key_id="alias/app",
        tags={"team": "payments"},
        owning_service="rds",
        resource_policy={"Version": "2012-10-17", "Statement": []},
    )
    assert_type(secret.arn, str)


def look(fake: FakeSecrets) -> None:
    secret = fake["prod/db"]
    assert_type(secret, Secret)
    assert_type(fake[secret], Secret)
    assert_type(secret.arn, str)
    assert_type(secret.name, str)
    assert_type(secret.stages, dict[str, str])
    assert_type(secret.value(), Any)
    assert_type(secret.value("AWSPREVIOUS"), Any)
    assert_type(secret.description, str | None)
    assert_type(secret.kms_key_id, str | None)
    assert_type(secret.tags, dict[str, str])
    assert_type(secret.deleted, datetime.datetime | None)
    assert_type(secret.rotation_enabled, bool)
    assert_type(secret.secret_string, str | None)
    assert_type(secret.secret_binary, bytes | None)
    assert_type(secret.version("AWSPENDING"), Version)
    assert_type(secret.versions, list[Version])
    for version in secret.versions:
        assert_type(version.value(), Any)
        assert_type(version.secret_string, str | None)
        assert_type(version.secret_binary, bytes | None)
        assert_type(version.id, str)
        assert_type(version.stages, tuple[str, ...])
        assert_type(version.created, datetime.datetime)
    if "prod/db" in fake and secret in fake:
        fake.reset()
    assert_type(len(fake), int)
    assert_type(list(fake), list[Secret])


def rotate(fake: FakeSecrets) -> None:
    assert_type(fake.lambda_function(lambda_handler), str)
    fake.lambda_function(precise_handler, "rotate", timeout=1.5, environment={"LEVEL": "DEBUG"})
    fake.lambda_function(Handler(), arn="arn:aws:lambda:us-east-1:123456789012:function:rotate")
    rotation = fake.rotate("prod/db", lambda_handler, token="1" * 32, errors="record")
    assert_type(rotation.outcome, Literal["succeeded", "failed", "abandoned", "unfinished"])
    assert_type(rotation.findings, list[str])
    assert_type(rotation.started_at, datetime.datetime)
    assert_type(rotation.ended_at, datetime.datetime | None)
    assert_type(rotation.deliver("createSecret"), object)
    assert_type(rotation.retry(errors="raise").step(errors="record"), Rotation)
    assert_type(fake.invoke(lambda_handler, {"Step": "createSecret"}), object)
    assert_type(fake.invoke("arn:aws:lambda:us-east-1:123456789012:function:rotate", {}), object)
    assert_type(fake.rotate("prod/db", "arn:aws:lambda:us-east-1:123456789012:function:rotate"), Rotation)
    assert_type(rotation.succeeded, bool)
    assert_type(rotation.token, str)
    assert_type(rotation.steps, list[str])
    assert_type(rotation.failed_step, str | None)
    assert_type(rotation.error, BaseException | None)
    assert_type(rotation.attempts, int)
    assert_type(rotation.retry().succeeded, bool)
    assert_type(fake.rotate("prod/db").succeeded, bool)
    assert_type(fake.rotate(fake["prod/db"]), Rotation)
    assert_type([rotation.succeeded for rotation in fake.rotations], list[bool])
    assert_type(rotation.step().next_step, str | None)
    assert_type(rotation.is_test, bool)


def due(fake: FakeSecrets) -> None:
    assert_type(fake.next_due(), datetime.datetime | None)
    assert_type(fake.run_due()[0].succeeded, bool)
    fake.run_due(until=datetime.datetime.now(datetime.UTC), errors="record")
    fake.retries.max_attempts = 3
    assert_type(fake.retries.delay, int)


def managed(fake: FakeSecrets) -> None:
    fake.managed_rotation("rds!db", lambda current: {**current, "password": "new"})
    fake.managed_rotation(fake["text"], lambda current: "new")
    fake.managed_rotation("bytes", lambda current: b"new")


def events(fake: FakeSecrets) -> None:
    assert_type(fake.trail.service_events, list[dict[str, Any]])
    assert_type(fake.trail.events, list[Event])
    assert_type(len(fake.trail), int)
    assert_type(fake.trail.dropped, int)
    assert_type(fake.dropped_calls, int)

    @fake.on_event
    def subscriber(event: dict[str, Any]) -> None:
        assert event["source"] == "aws.secretsmanager"

    subscriber({})

    @fake.on_event
    def precise_subscriber(event: Event) -> None:
        assert_type(event["detail-type"], str)
        assert_type(event["detail"], dict[str, Any])

    assert_type(fake.trail.events[0]["resources"], list[str])
    precise_subscriber(fake.trail.events[0])


def principals(fake: FakeSecrets, session: botocore.session.Session, arn: str) -> None:
    assert_type(fake.credentials(arn)["aws_access_key_id"], str)
    client = session.create_client("secretsmanager", **fake.credentials(arn))
    assert_type(client, botocore.client.BaseClient)
    session.create_client("secretsmanager", region_name="eu-west-3", use_ssl=True, **fake.credentials(arn))
    session.set_credentials(
        access_key=fake.credentials(arn)["aws_access_key_id"],
        secret_key=fake.credentials(arn)["aws_secret_access_key"],
        token=fake.credentials(arn)["aws_session_token"],
    )


def acting(fake: FakeSecrets, arn: str) -> None:
    with fake.as_principal(arn) as nothing:
        assert_type(nothing, None)
    with contextlib.ExitStack() as stack:
        stack.enter_context(fake.as_principal(arn))


def local_helpers(fake: FakeSecrets) -> None:
    with fake.local_endpoints() as url:
        assert_type(url, str)
    with fake.local_endpoints("extension", port=2773, ttl=60, cache_size=0, not_ready=1) as url:
        assert_type(url, str)
    fake.local_endpoints("agent", max_roles=1, max_conn=1, path_prefix="/secrets/")
    fake.local_endpoints("lambda")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def served(fake: FakeSecrets) -> None:
    with fake.server() as url, fake.server(port=8080):
        assert_type(url, str)


def limits(fake: FakeSecrets) -> None:
    fake.quotas.versions = 3
    quotas = fake.quotas
    quotas.secrets = quotas.labels = quotas.tags = 1
    quotas.value_bytes = quotas.policy_characters = 100
    assert_type(quotas.versions, int)
    fake.set_kms_key("alias/app", "disabled")
    fake.set_kms_key("alias/app", "denied")
    fake.set_kms_key("alias/app", "enabled")


def timeline(fake: FakeSecrets) -> None:
    timeline = fake.timeline("prod/db")
    assert_type(timeline, Timeline)
    assert_type(fake.timeline(fake["prod/db"]), Timeline)
    assert_type(str(timeline), str)
    assert_type(timeline.name, str)
    assert_type(timeline.version_ids, tuple[str, ...])
    for moment in timeline.moments:
        assert_type(moment.operation, str)
        assert_type(moment.step, str | None)
        assert_type(moment.outcome, str)
        assert_type(moment.stages, tuple[tuple[str, ...], ...])


def version() -> str:
    return __version__


def refusal(error: RequestRefusedError) -> None:
    assert_type(error.operation, str)
    assert_type(error.code, str)
    assert_type(error.message, str)


def value_errors() -> list[type[ValueError]]:
    return [FunctionClashError, SecretExistsError, SeedError]


def key_errors() -> list[type[KeyError]]:
    return [UnknownSecretError]


def errors() -> list[type[FakeSecretsError]]:
    return [
        FunctionClashError,
        NoActiveWorldError,
        OutsideWorldError,
        RequestRefusedError,
        RotationNotOpenError,
        SecretExistsError,
        SeedError,
        UnknownSecretError,
        UnsupportedOperationError,
    ]


def permissions(fake: FakeSecrets) -> None:
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    arn = "arn:aws:iam::123456789012:role/app"
    with fake.permissions(policy):
        pass
    with fake.permissions(["policies/app.json", Path("other.json"), policy], principal=arn, boundary=policy):
        pass
    with fake.permissions(
        None, tags={"team": "a"}, context={"aws:SourceIp": "203.0.113.7", "aws:CalledVia": ["x"]}
    ):
        pass
    fake.lambda_function(lambda_handler, role=arn, policy=policy)
    fake.set_kms_key("alias/app", policy=policy, aliases=["alias/other"])
    role = policies.from_cloudformation(
        Path("t.yaml"), role="Role", parameters={"Stage": "a"}, arns={"Db": "arn:..."}
    )
    assert_type(role, policies.RolePolicies)
    roles = [policies.from_sam("t.yaml", role="F"), policies.from_cdk("cdk.out", role="Stack/F")]
    roles.append(
        policies.from_terraform("plan.json", role="x", documents={"y": policy}, managed_policies={"z": policy})
    )
    with fake.permissions([*roles, policy]):
        fake.lambda_function(lambda_handler, role=arn, policy=role)
    assert_type([denial.explanation for denial in fake.permissions.denials], list[str])
    assert_type(fake.permissions.least_policy(), dict[str, Any])
    assert_type(fake.permissions.least_policy("eu-west-1", "111122223333", function="rotate"), dict[str, Any])
    assert_type([one.actions for one in fake.permissions.unused(policy, principal=arn)], list[tuple[str, ...]])
