"""Measure what a check of a rotation function costs.

Each function is checked by `check_rotation`, with all families and a consumer, and is rotated once in a world of
its own. The ratio tells how many such rotations a check takes. A second table has the families of the largest one.
"""

from __future__ import annotations

import argparse
import functools
import gc
import json
import secrets
import statistics
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import boto3
from measuring import NAME, Budget, Report, describe_machine, prepare_environment, quartiles

from fake_secrets import ContractReport, check_rotation, mock_stages
from fake_secrets.contract.families import FAMILIES

Handler = Callable[[Any, Any], object]

SECRET = {"username": "app", "password": "old-password"}
# More calls of each step, by the number of calls of a rotation.
MORE: dict[int, dict[str, int]] = {
    8: {},
    25: {"createSecret": 5, "setSecret": 4, "testSecret": 4, "finishSecret": 4},
}
FAMILY_HEADER = ["family", "scenarios", "milliseconds a scenario"]
HEADER = ["calls", "client", "scenarios", "check", "check/rotation [quartiles]"]
# The function whose check has a budget.
SMALL = 8
BUDGET = Budget(2, "{:.3g} s")
SECONDS = 1_000_000_000
MILLISECONDS = 1_000_000


class Database:
    """The service double: a database with one user."""

    latest: ClassVar[Database]

    def __init__(self) -> None:
        self.password = SECRET["password"]
        Database.latest = self

    def set_password(self, password: str) -> None:
        self.password = password

    def log_in(self, password: str) -> None:
        if password != self.password:
            message = "password authentication failed"
            raise PermissionError(message)

    def accepts(self, value: dict[str, str]) -> bool:
        return value["password"] == self.password

    def accepted(self) -> list[str]:
        return [self.password]


def function_of(calls: int, make_client: Callable[[], Any]) -> Handler:
    """Return a rotation function of so many calls a rotation, those of its service among them."""
    more = MORE[calls]

    def handler(event: dict[str, str], context: object) -> None:
        del context
        client, step = make_client(), event["Step"]
        for _ in range(more.get(step, 0)):
            client.describe_secret(SecretId=event["SecretId"])
        STEPS[step](client, event["SecretId"], event["ClientRequestToken"])

    return handler


def create(client: Any, arn: str, token: str) -> None:
    try:
        client.get_secret_value(SecretId=arn, VersionId=token)
    except client.exceptions.ResourceNotFoundException:
        value = json.dumps({**SECRET, "password": secrets.token_urlsafe(16)})
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
        )


def change(client: Any, arn: str, token: str) -> None:
    new = json.loads(client.get_secret_value(SecretId=arn, VersionId=token)["SecretString"])
    Database.latest.set_password(new["password"])


def test(client: Any, arn: str, token: str) -> None:
    new = json.loads(client.get_secret_value(SecretId=arn, VersionId=token)["SecretString"])
    Database.latest.log_in(new["password"])


def finish(client: Any, arn: str, token: str) -> None:
    stages = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
    if current != token:
        if "AWSPENDING" not in stages[token]:
            message = f"version {token} isn't pending"
            raise ValueError(message)
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )


STEPS = {"createSecret": create, "setSecret": change, "testSecret": test, "finishSecret": finish}


def read() -> dict[str, str]:
    """Read the secret, and again if the service doesn't take the password: the consumer."""
    client = boto3.client("secretsmanager")
    for stage in ("AWSCURRENT", "AWSPENDING"):
        value: dict[str, str] = json.loads(
            client.get_secret_value(SecretId="prod/rotated", VersionStage=stage)["SecretString"]
        )
        if value["password"] == Database.latest.password:
            return value
    message = "no password works"
    raise PermissionError(message)


def check(handler: Handler, only: str | None = None) -> ContractReport:
    return check_rotation(handler, secret=SECRET, service=Database, consumers=[read], only=only)


def rotate(handler: Handler) -> None:
    Database()
    with mock_stages({NAME: SECRET}) as world:
        world.rotate(NAME, handler)


def timed(body: Callable[[], object], times: int = 1) -> float:
    """Return the nanoseconds per run of a function."""
    gc.collect()
    start = time.perf_counter_ns()
    for _ in range(times):
        body()
    return (time.perf_counter_ns() - start) / times


@dataclass(frozen=True)
class Checked:
    """What checks of one function took.

    Args:
        calls: the function's calls a rotation.
        client: which clients it uses.
        scenarios: the scenarios of a check.
        checks: nanoseconds of each check.
        rotations: nanoseconds of a rotation, measured beside each check.
    """

    calls: int
    client: str
    scenarios: int
    checks: Sequence[float]
    rotations: Sequence[float]

    def seconds(self) -> float:
        return statistics.median(self.checks) / SECONDS

    def row(self) -> list[str]:
        ratio = quartiles(self.checks, self.rotations)
        return [str(self.calls), self.client, str(self.scenarios), f"{self.seconds():.2f} s", str(ratio)]


def checked(calls: int, name: str, make_client: Callable[[], Any], rounds: int) -> Checked:
    """Check one function in each round, and rotate it."""
    handler = function_of(calls, make_client)
    report = check(handler)
    rotate(handler)
    checks, rotations = [], []
    for _ in range(rounds):
        rotations.append(timed(functools.partial(rotate, handler), 20))
        checks.append(timed(functools.partial(check, handler)))
    return Checked(calls, name, len(report.scenarios), checks, rotations)


def report(rounds: int, functions: Collection[int] = tuple(MORE)) -> Report:
    """Measure the functions of so many calls, and return the table."""
    with mock_stages():
        kept = boto3.client("secretsmanager")
    clients: dict[str, Callable[[], Any]] = {
        "one": lambda: kept,
        "one an invocation": functools.partial(boto3.client, "secretsmanager"),
    }
    found = [checked(calls, name, make, rounds) for calls in functions for name, make in clients.items()]
    budgets = [
        BUDGET.row(f"check of {one.calls} calls, client: {one.client}", one.seconds())
        for one in found
        if one.calls == SMALL
    ]
    return Report("Checks of rotation functions", [HEADER, *(one.row() for one in found)], budgets)


def families() -> Report:
    """Measure each family with the largest function, and return the table."""
    with mock_stages():
        kept = boto3.client("secretsmanager")
    handler = function_of(max(MORE), lambda: kept)
    rows = []
    for family in FAMILIES:
        count = len(check(handler, family).scenarios)
        # A check of `plain` is the dry run, which every check begins with.
        took = timed(functools.partial(check, handler, family)) - timed(functools.partial(check, handler, "plain"))
        rows.append(
            [family, str(count), f"{took / max(count, 1) / MILLISECONDS:.1f}" if family != "plain" else ""]
        )
    return Report("Families of scenarios", [FAMILY_HEADER, *rows])


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what a check of a rotation function costs.")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds, at least 2 (default: 5)")
    arguments = parser.parse_args()
    prepare_environment()
    print(describe_machine())
    report(arguments.rounds).print()
    families().print()


if __name__ == "__main__":
    main()
