"""Shared code of the benchmarks: the sides that are measured, rounds and ratios, calls, and tables."""

from __future__ import annotations

import contextlib
import gc
import importlib.metadata
import itertools
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import botocore.awsrequest

from fake_secrets import mock_stages

Body = Callable[[], object]
Round = Callable[[], float]
Active = Callable[[], AbstractContextManager[Any]]

NAME = "prod/db"
OLD, NEW = "0" * 32, "1" * 32
SIDES = ("floor", "ours", "moto")


def mock_aws() -> AbstractContextManager[Any]:
    """Return moto's context manager. moto is imported late, because that takes long."""
    import moto

    return moto.mock_aws()


ACTIVE: Mapping[str, Active] = {"floor": contextlib.nullcontext, "ours": mock_stages, "moto": mock_aws}
NANOSECONDS = {"us": 1_000, "ms": 1_000_000}
# The folder for the tables and plots of `everything.py`.
RESULTS = Path(__file__).parent / "results"
BUDGET_HEADER = ["figure", "budget", "measured", "met"]
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@dataclass(frozen=True)
class Budget:
    """The limit of a figure: the most that it may be, or the least if `at_least`. `form` shows a value of it."""

    limit: float
    form: str
    at_least: bool = False

    def __str__(self) -> str:
        return self.form.format(self.limit)

    def row(self, figure: str, measured: float) -> list[str]:
        """Return the figure's row in the table of budgets."""
        is_met = measured >= self.limit if self.at_least else measured <= self.limit
        return [figure, str(self), self.form.format(measured), "yes" if is_met else "no"]


# How a budget shows a ratio.
OF_FLOOR = "{:.3g} of the floor's"
OF_MOTO = "1/{:.3g} of moto's"


@dataclass(frozen=True)
class Report:
    """A table of figures, and the rows that its figures have in the table of budgets."""

    title: str
    rows: Sequence[Sequence[str]]
    budgets: Sequence[Sequence[str]] = ()

    def print(self) -> None:
        print(f"\n{self.title}")
        print_table(self.rows)
        if self.budgets:
            print()
            print_table([BUDGET_HEADER, *self.budgets])


@dataclass(frozen=True)
class Quartiles:
    """The middle of the ratios of all rounds, and the quartiles beside it."""

    low: float
    middle: float
    high: float

    def __str__(self) -> str:
        return f"{shown(self.middle)} [{shown(self.low)}, {shown(self.high)}]"


def shown(value: float) -> str:
    """Return a value with three digits, or with all before the point if there are more."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def quartiles(over: Sequence[float], under: Sequence[float]) -> Quartiles:
    """Compare two sides round by round."""
    ratios = sorted(a / b for a, b in zip(over, under, strict=True))
    return Quartiles(*(ratios[len(ratios) * quarter // 4] for quarter in (1, 2, 3)))


@dataclass
class Figure:
    """Something that is measured on several sides.

    `rounds` maps a side to a function that runs one round and returns nanoseconds. Only every
    `every`-th round measures this figure.
    """

    name: str
    unit: str
    rounds: Mapping[str, Round]
    every: int = 1
    samples: dict[str, list[float]] = field(default_factory=dict)

    def measure(self, number: int) -> None:
        for side in in_order(tuple(self.rounds), number // self.every):
            self.samples.setdefault(side, []).append(self.rounds[side]())

    def median(self, side: str) -> float:
        return statistics.median(self.samples[side]) / NANOSECONDS[self.unit]

    def ratio(self, over: str, under: str) -> Quartiles:
        return quartiles(self.samples[over], self.samples[under])


def in_order(sides: tuple[str, ...], number: int) -> tuple[str, ...]:
    """Return the sides in the order of a round: another one comes first in each, and their direction changes."""
    first, is_backwards = number % len(sides), number // len(sides) % 2
    turned = sides[first:] + sides[:first]
    return turned[::-1] if is_backwards else turned


def timed(active: Active, prepare: Callable[[], Body], times: int) -> float:
    """Return the nanoseconds per run of the function that `prepare` returns, after one warm-up run."""
    with active():
        body = prepare()
        body()
        gc.collect()
        start = time.perf_counter_ns()
        for _ in range(times):
            body()
        return (time.perf_counter_ns() - start) / times


def timed_in_child(cache: str, setup: str, statement: str) -> float:
    """Return the nanoseconds that a statement takes in a new interpreter, without its set-up."""
    code = (
        f"import time; {setup}\nstart = time.perf_counter_ns()\n{statement}\nprint(time.perf_counter_ns() - start)"
    )
    return float(output_of_child([], code, PYTHONPYCACHEPREFIX=cache, PYTHONDONTWRITEBYTECODE=""))


def output_of_child(tool: Sequence[str], code: str, **variables: str) -> str:
    """Run code in a new interpreter, under a tool if one is given, and return its output."""
    command, environment = [*tool, sys.executable, "-c", code], {**os.environ, **variables}
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def client_of(side: str) -> Any:
    if side == "moto":
        # moto answers only clients that are made after its import.
        mock_aws()
    client = boto3.session.Session().client("secretsmanager")
    return answer_at_once(client) if side == "floor" else client


def answer_at_once(client: Any) -> Any:
    """Register the floor's no-op, which gives the same answer to every operation."""
    parsed = {
        "ARN": f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{NAME}-a1b2c3",
        "Name": NAME,
        "VersionId": NEW,
        "SecretString": "value",
        "VersionStages": ["AWSCURRENT"],
        "VersionIdsToStages": {OLD: ["AWSCURRENT"]},
        "RandomPassword": "password",
        "ResponseMetadata": {"HTTPStatusCode": 200, "RequestId": NEW, "RetryAttempts": 0},
    }
    answer = (botocore.awsrequest.AWSResponse(None, 200, {}, None), parsed)
    client.meta.events.register("before-call.secrets-manager", lambda **_: answer)
    return client


def get_value(client: Any) -> Body:
    client.create_secret(Name=NAME, SecretString="value")
    return lambda: client.get_secret_value(SecretId=NAME)


def describe(client: Any) -> Body:
    client.create_secret(Name=NAME, SecretString="value")
    return lambda: client.describe_secret(SecretId=NAME)


def make_password(client: Any) -> Body:
    return client.get_random_password  # type: ignore[no-any-return]


def put_value(client: Any) -> Body:
    """Return a call that stores a new version each time."""
    client.create_secret(Name=NAME, SecretString="value")
    numbers = itertools.count()
    return lambda: client.put_secret_value(
        SecretId=NAME, ClientRequestToken=f"{next(numbers):032}", SecretString="value"
    )


def move_current(client: Any) -> Body:
    """Return a call that moves AWSCURRENT back and forth between two versions."""
    client.create_secret(Name=NAME, SecretString="old", ClientRequestToken=OLD)
    client.put_secret_value(SecretId=NAME, SecretString="new", ClientRequestToken=NEW)
    moves = itertools.cycle([(NEW, OLD), (OLD, NEW)])

    def move() -> None:
        holder, target = next(moves)
        client.update_secret_version_stage(
            SecretId=NAME, VersionStage="AWSCURRENT", RemoveFromVersionId=holder, MoveToVersionId=target
        )

    return move


# The operations that a rotation function uses, in order.
ROTATION_CALLS: Mapping[str, Callable[[Any], Body]] = {
    "describe_secret": describe,
    "get_secret_value": get_value,
    "get_random_password": make_password,
    "put_secret_value": put_value,
    "update_secret_version_stage": move_current,
}


def describe_machine() -> str:
    packages = ("botocore", "boto3", "wrapt", "moto", "fake-secrets")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    return f"Python {platform.python_version()}, {versions}; {platform.machine()}, {os.cpu_count()} cores"


def measure(figures: Sequence[Figure], rounds: int) -> None:
    """Take every figure's samples, after a warm-up round that isn't counted."""
    for figure in figures:
        for warm in figure.rounds.values():
            warm()
    for number in range(rounds):
        for figure in figures:
            if number % figure.every == 0:
                figure.measure(number)


def print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(map(str.ljust, row, widths)).rstrip())


def prepare_environment() -> None:
    """Set the environment: clients of all sides find the same credentials and no user configuration."""
    os.environ.update(ENVIRONMENT)
    os.environ.pop("AWS_PROFILE", None)
