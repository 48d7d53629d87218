"""Measure calls and a rotation in worlds that use a feature, each as a ratio to a plain world, in one run.

The ratios show what a feature costs while it is used, and that it costs nothing before and afterwards. The floor
and moto stand beside them. README.md explains the rows.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import itertools
import json
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from measuring import (
    NAME,
    Active,
    Body,
    Figure,
    Quartiles,
    Report,
    client_of,
    describe_machine,
    get_value,
    measure,
    mock_aws,
    move_current,
    prepare_environment,
    put_value,
    timed,
)

from fake_secrets import FakeSecrets, mock_stages
from fake_secrets.keeping.state_file import open_state

# Keys: the row, then the call.
Ratios = Mapping[str, Mapping[str, Quartiles]]

ROTATION = "a rotation"
# Calls of a round. They are so few that no secret gets more versions than AWS allows.
TIMES = {"get_secret_value": 60, "put_secret_value": 60, "update_secret_version_stage": 60, ROTATION: 15}
CALLS: Mapping[str, Callable[[Any], Body]] = {
    "get_secret_value": get_value,
    "put_secret_value": put_value,
    "update_secret_version_stage": move_current,
}
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:rotation"
SECRET = f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{NAME}-??????"
PLAIN, OVER_HTTP = "a plain world", "over HTTP"


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


def timed_call(way: Way, client: Any, name: str) -> float:
    """Return the nanoseconds of a call, answered in one way."""

    def prepare() -> Body:
        body = (CALLS | {ROTATION: way.rotation})[name](client)
        way.arrange(client)
        return body

    return timed(way.active, prepare, TIMES[name])


def timed_over_http(child: Executor, name: str) -> float:
    """Return the nanoseconds of a call that a client in another process makes to a served world."""
    with world() as opened, opened.server() as url:
        return child.submit(timed_in_client, url, name).result()


def timed_in_client(url: str, name: str) -> float:
    """Do the part of the other process: no world is active there, so its client sends requests."""
    client = boto3.client("secretsmanager", endpoint_url=url)
    return timed_call(Way(contextlib.nullcontext), client, name)


def figures(child: Executor) -> list[Figure]:
    clients = {side: client_of(side) for side in ("floor", "ours", "moto")}
    return [
        Figure(
            name,
            "us",
            {
                **{row: functools.partial(timed_call, way, clients[way.side], name) for row, way in WAYS.items()},
                OVER_HTTP: functools.partial(timed_over_http, child, name),
            },
        )
        for name in TIMES
    ]


def measured(rounds: int) -> list[Figure]:
    """Return the figures with their samples."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as child:
        # The other process starts now, while no world is active.
        child.submit(os.getpid).result()
        found = figures(child)
        measure(found, rounds)
    return found


def ratios(found: list[Figure]) -> Ratios:
    """Return the ratios to a plain world."""
    rows = found[0].rounds
    return {row: {figure.name: figure.ratio(row, PLAIN) for figure in found} for row in rows if row != PLAIN}


def report(found: list[Figure]) -> Report:
    plain = [PLAIN, *(f"{figure.median(PLAIN):.0f} us" for figure in found)]
    rows = [[row, *map(str, compared.values())] for row, compared in ratios(found).items()]
    header = ["ratio to a plain world [quartiles]", *(figure.name for figure in found)]
    return Report("Features", [header, plain, *rows])


def results(rounds: int) -> tuple[Report, Ratios]:
    """Measure, and return the table and its ratios."""
    found = measured(rounds)
    return report(found), ratios(found)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what features add to calls and to a rotation.")
    parser.add_argument("--rounds", type=int, default=30, help="number of rounds (default: 30)")
    arguments = parser.parse_args()
    prepare_environment()
    print(describe_machine())
    results(arguments.rounds)[0].print()


if __name__ == "__main__":
    main()
