"""The ways in which features.py has calls answered: by worlds that use a feature, by the floor, and by moto."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring import NAME, Active, Body, client_of, mock_aws

from fake_secrets import FakeSecrets, mock_stages
from fake_secrets.keeping.state_file import open_state

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:rotation"
SECRET = f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{NAME}-??????"
PLAIN = "a plain world"


def allowing(*statements: tuple[str, str]) -> str:
    """Return a policy that allows actions on resources."""
    allowed = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


ON_THE_SECRET = ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
OF_FUNCTION = [
    *((f"secretsmanager:{action}", SECRET) for action in ON_THE_SECRET),
    ("secretsmanager:GetRandomPassword", "*"),
]
OF_CALLER = [
    *OF_FUNCTION,
    *((f"secretsmanager:{action}", SECRET) for action in ("CreateSecret", "RotateSecret", "PutResourcePolicy")),
    ("lambda:InvokeFunction", FUNCTION),
]
RESOURCE_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "secretsmanager:DeleteSecret",
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "123456789012"}},
            }
        ],
    }
)


def function_of(client: Any) -> Callable[[Mapping[str, str], object], None]:
    """Return a rotation function of five calls."""

    def rotate_value(event: Mapping[str, str], context: object) -> None:
        secret_id, token = event["SecretId"], event["ClientRequestToken"]
        if event["Step"] == "createSecret":
            client.get_secret_value(SecretId=secret_id)
            password = client.get_random_password()["RandomPassword"]
            client.put_secret_value(
                SecretId=secret_id,
                ClientRequestToken=token,
                SecretString=password,
                VersionStages=["AWSPENDING"],
            )
        elif event["Step"] == "finishSecret":
            stages = client.describe_secret(SecretId=secret_id)["VersionIdsToStages"]
            current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
            client.update_secret_version_stage(
                SecretId=secret_id, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
            )

    return rotate_value


@functools.cache
def client_of_function() -> Any:
    return client_of("ours")


def rotate(client: Any) -> Body:
    """Return a rotation by RotateSecret, which runs the function of the world."""
    client.create_secret(Name=NAME, SecretString="value")
    return functools.partial(client.rotate_secret, SecretId=NAME, RotationLambdaARN=FUNCTION)


def step_by_step(client: Any, begin: Callable[[], object] = lambda: None) -> Body:
    """Return a rotation that calls the function for each step, as users of moto do."""
    client.create_secret(Name=NAME, SecretString="value")
    function, numbers = function_of(client), itertools.count()

    def run() -> None:
        begin()
        token = f"{next(numbers):032}"
        for step in STEPS:
            function({"SecretId": NAME, "ClientRequestToken": token, "Step": step}, None)

    return run


def answered_at_once(client: Any) -> Body:
    """Return the calls of a rotation, RotateSecret among them, for the floor."""
    return step_by_step(client, functools.partial(client.rotate_secret, SecretId=NAME, RotationLambdaARN=FUNCTION))


@contextlib.contextmanager
def world(
    secrets: Mapping[str, Any] | None = None, policy: str | None = None, **options: Any
) -> Iterator[FakeSecrets]:
    """Open a world that has the rotation function, and a policy for the function's role if one is given."""
    with mock_stages(secrets or {}, **options) as opened:
        opened.lambda_function(function_of(client_of_function()), arn=FUNCTION, policy=policy)
        yield opened


@contextlib.contextmanager
def with_fault() -> Iterator[None]:
    """Plan a fault that hits another call, so that it stays planned."""
    with world() as opened:
        opened.faults.fail("DeleteSecret", "InternalServiceError", optional=True)
        yield


@contextlib.contextmanager
def after_fault() -> Iterator[None]:
    with world() as opened:
        opened.faults.fail("DeleteSecret", "InternalServiceError").cancel()
        yield


@contextlib.contextmanager
def watched() -> Iterator[None]:
    with world() as opened, opened.leaks.watching():
        yield


@contextlib.contextmanager
def after_watching() -> Iterator[None]:
    with world() as opened:
        with opened.leaks.watching():
            pass
        yield


@contextlib.contextmanager
def with_subscriber() -> Iterator[None]:
    with world() as opened:
        opened.on_event(lambda event: None)
        yield


def with_seeds() -> AbstractContextManager[FakeSecrets]:
    return world({f"service/{number}": {"username": "app", "password": "s3cret"} for number in range(1_000)})


@contextlib.contextmanager
def kept() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        state = open_state(Path(folder) / "world.state")
        with world() as opened:
            state.attach(opened._world)
            yield
            state.close()


@dataclass(frozen=True)
class Way:
    """A row of the table: how the calls are answered.

    Args:
        active: makes a world, or whatever answers, active.
        rotation: returns a rotation, as the functions of `CALLS` return a call.
        arrange: changes the secret before its calls are timed.
        side: whose client it is.
    """

    active: Active
    rotation: Callable[[Any], Body] = rotate
    arrange: Callable[[Any], object] = lambda client: None
    side: str = "ours"


def attach_policy(client: Any) -> None:
    client.put_resource_policy(SecretId=NAME, ResourcePolicy=RESOURCE_POLICY)


WAYS: Mapping[str, Way] = {
    "floor": Way(contextlib.nullcontext, answered_at_once, side="floor"),
    PLAIN: Way(world),
    "another plain world": Way(world),
    "permissions: policies of callers and of the secret": Way(
        functools.partial(world, identity_policy=allowing(*OF_CALLER), policy=allowing(*OF_FUNCTION)),
        arrange=attach_policy,
    ),
    "a fault is planned for another call": Way(with_fault),
    "a fault is over": Way(after_fault),
    "leaks are watched": Way(watched),
    "leaks were watched before": Way(after_watching),
    "events have a subscriber": Way(with_subscriber),
    "1,000 secrets given as seeds": Way(with_seeds),
    "kept in a state file": Way(kept),
    "wire lane": Way(functools.partial(world, _lane="wire")),
    "moto": Way(mock_aws, step_by_step, side="moto"),
}
