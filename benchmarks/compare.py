"""Measure fake_secrets against a no-op in botocore (the floor) and against moto, in one run.

Rounds of floor, ours and moto are interleaved, in each order in turn. Ratios are taken round by
round, so that a slow spell of the machine hits both sides; shown are medians. Nothing is asserted.
README.md says what the figures mean.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gc
import importlib.metadata
import itertools
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import botocore.awsrequest
from moto import mock_aws

from fake_secrets import mock_stages

Body = Callable[[], object]
Round = Callable[[], float]
Active = Callable[[], AbstractContextManager[Any]]

NAME = "prod/db"
OLD, NEW = "0" * 32, "1" * 32
SIDES = ("floor", "ours", "moto")
ACTIVE: Mapping[str, Active] = {"floor": contextlib.nullcontext, "ours": mock_stages, "moto": mock_aws}
CALLS = {"floor": 200, "ours": 200, "moto": 50}
NANOSECONDS = {"us": 1_000, "ms": 1_000_000}
HEADER = ["figure", *SIDES, "ours/floor [quartiles]", "moto/ours [quartiles]", "budget"]
# Clients of all sides find the same credentials, at once, and nothing of the user's.
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@dataclass
class Figure:
    """One line of the table. A round of a side gives nanoseconds; `every` so many, each has one."""

    name: str
    unit: str
    budget: str
    rounds: Mapping[str, Round]
    every: int = 1
    samples: dict[str, list[float]] = field(default_factory=dict)

    def measure(self, number: int) -> None:
        orders = list(itertools.permutations(self.rounds))
        for side in orders[number // self.every % len(orders)]:
            self.samples.setdefault(side, []).append(self.rounds[side]())

    def cells(self) -> list[str]:
        medians = [self._median(side) for side in SIDES]
        return [self.name, *medians, self._ratio("ours", "floor"), self._ratio("moto", "ours"), self.budget]

    def _median(self, side: str) -> str:
        if side not in self.samples:
            return "-"
        return f"{statistics.median(self.samples[side]) / NANOSECONDS[self.unit]:.3g} {self.unit}"

    def _ratio(self, over: str, under: str) -> str:
        if not {over, under} <= self.samples.keys():
            return "-"
        ratios = sorted(a / b for a, b in zip(self.samples[over], self.samples[under], strict=True))
        low, middle, high = (ratios[len(ratios) * quarter // 4] for quarter in (1, 2, 3))
        return f"{middle:.3g} [{low:.3g}, {high:.3g}]"


def timed(active: Active, prepare: Callable[[], Body], times: int) -> float:
    """Return the nanoseconds of one run of what `prepare` gives, once it is warm."""
    with active():
        body = prepare()
        body()
        gc.collect()
        start = time.perf_counter_ns()
        for _ in range(times):
            body()
        return (time.perf_counter_ns() - start) / times


def timed_in_child(cache: str, setup: str, statement: str) -> float:
    """Return the nanoseconds that a statement takes in a new interpreter, beyond its set-up."""
    code = (
        f"import time; {setup}\nstart = time.perf_counter_ns()\n{statement}\nprint(time.perf_counter_ns() - start)"
    )
    return float(output_of_child([], code, PYTHONPYCACHEPREFIX=cache, PYTHONDONTWRITEBYTECODE=""))


def output_of_child(tool: Sequence[str], code: str, **variables: str) -> str:
    """Run code in a new interpreter, under a tool if one is given."""
    command, environment = [*tool, sys.executable, "-c", code], {**os.environ, **variables}
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def client_of(side: str) -> Any:
    client = boto3.session.Session().client("secretsmanager")
    return answer_at_once(client) if side == "floor" else client


def answer_at_once(client: Any) -> Any:
    """Register the floor's no-op, which has one answer ready for every operation."""
    parsed = {
        "ARN": f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{NAME}-a1b2c3",
        "Name": NAME,
        "VersionId": NEW,
        "SecretString": "value",
        "VersionStages": ["AWSCURRENT"],
        "ResponseMetadata": {"HTTPStatusCode": 200, "RequestId": NEW, "RetryAttempts": 0},
    }
    answer = (botocore.awsrequest.AWSResponse(None, 200, {}, None), parsed)
    client.meta.events.register("before-call.secrets-manager", lambda **_: answer)
    return client


def get_value(client: Any) -> Body:
    client.create_secret(Name=NAME, SecretString="value")
    return lambda: client.get_secret_value(SecretId=NAME)


def move_current(client: Any) -> Body:
    """Return a call that moves AWSCURRENT from one version to the other, there and back."""
    client.create_secret(Name=NAME, SecretString="old", ClientRequestToken=OLD)
    client.put_secret_value(SecretId=NAME, SecretString="new", ClientRequestToken=NEW)
    moves = itertools.cycle([(NEW, OLD), (OLD, NEW)])

    def move() -> None:
        holder, target = next(moves)
        client.update_secret_version_stage(
            SecretId=NAME, VersionStage="AWSCURRENT", RemoveFromVersionId=holder, MoveToVersionId=target
        )

    return move


def whole_test(equip: Callable[[Any], Any] = lambda client: client) -> None:
    create_and_get(equip(boto3.client("secretsmanager")))


def create_and_get(client: Any) -> None:
    client.create_secret(Name=NAME, SecretString="value")
    client.get_secret_value(SecretId=NAME)


def test_with_kept_client(client: Any) -> None:
    """Do what a test with the fixture `secretsmanager` does, once that has built its client."""
    with mock_stages():
        create_and_get(client)


def enter_and_exit(active: Active) -> None:
    with active():
        pass


def call_rounds(prepare: Callable[[Any], Body]) -> dict[str, Round]:
    """Return the rounds of a call: each side has a client of its own, made once."""
    return {
        side: functools.partial(timed, ACTIVE[side], functools.partial(prepare, client_of(side)), CALLS[side])
        for side in SIDES
    }


def body_round(times: int, function: Callable[..., object], *args: Any) -> Round:
    return functools.partial(timed, contextlib.nullcontext, lambda: functools.partial(function, *args), times)


def figures_in_process() -> list[Figure]:
    """Return the figures of calls, tests and activations."""
    floor_test, our_test = body_round(5, whole_test, answer_at_once), body_round(5, mock_stages(whole_test))
    moto_test = body_round(1, mock_aws(whole_test))
    tests = {"floor": floor_test, "ours": our_test, "moto": moto_test}
    kept_tests = {"ours": body_round(50, test_with_kept_client, client_of("ours")), "moto": moto_test}
    entries = {
        "ours": body_round(200, enter_and_exit, functools.partial(mock_stages, {})),
        "moto": body_round(5, enter_and_exit, mock_aws),
    }
    return [
        Figure("get_secret_value", "us", "1.25 floor", call_rounds(get_value)),
        Figure("update_secret_version_stage", "us", "1.30 floor", call_rounds(move_current)),
        Figure("one test, new client", "ms", "1.15 floor, 1/15 moto", tests),
        Figure("one test, kept client", "ms", "1/60 moto", kept_tests),
        Figure("enter and exit", "ms", "1/50 moto", entries),
    ]


def figures_of_imports(cache: str) -> list[Figure]:
    """Return the figures of imports, each side in a new interpreter with warm bytecode."""
    moto = "from moto import mock_aws"
    activation = "from fake_secrets import mock_stages\nwith mock_stages(): pass"
    chosen = [
        ("import fake_secrets", "3 ms", "", "import fake_secrets", moto),
        ("import fake_secrets.plugin (a)", "-", "import pytest", "import fake_secrets.plugin", moto),
        ("first activation (b)", "25 ms", "import botocore.session", activation, f"{moto}\nwith mock_aws(): pass"),
    ]
    run = functools.partial(functools.partial, timed_in_child, cache)
    return [
        Figure(name, "ms", budget, {"ours": run(setup, ours), "moto": run(setup, theirs)}, every=3)
        for name, budget, setup, ours, theirs in chosen
    ]


def repeat_call(side: str, times: int) -> None:
    """Call `get_secret_value` for `instructions`, without the collector: it runs at odd times."""
    gc.disable()
    with ACTIVE[side]():
        call = get_value(client_of(side))
        for _ in range(times):
            call()


def instructions(side: str, times: int = 500) -> float:
    """Return the instructions of one `get_secret_value`: what twice the calls cost beyond once."""
    tool = ["valgrind", "--log-fd=1", "--tool=callgrind", f"--callgrind-out-file={os.devnull}"]
    counts = []
    for calls in (times, 2 * times):
        code = f"import compare; compare.repeat_call({side!r}, {calls})"
        output = output_of_child(tool, code, PYTHONPATH=str(Path(__file__).parent), PYTHONHASHSEED="0")
        counts.append(int(re.findall(r"Collected : (\d+)", output)[-1]))
    return (counts[1] - counts[0]) / times


def describe_machine() -> str:
    packages = ("botocore", "boto3", "moto", "fake-secrets")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    return f"Python {platform.python_version()}, {versions}; {platform.machine()}, {os.cpu_count()} cores"


def describe_plugin() -> str:
    code = "import sys, pytest, fake_secrets.plugin; print(*({'botocore', 'wrapt'} & sys.modules.keys()))"
    return output_of_child([], code).strip() or "neither botocore nor wrapt"


def measure(figures: Sequence[Figure], rounds: int) -> None:
    """Take every figure's samples, after a round that warms caches and doesn't count."""
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


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure fake_secrets against its floor and moto.")
    parser.add_argument("--rounds", type=int, default=30, help="rounds; imports are in every third (default: 30)")
    parser.add_argument("--instructions", action="store_true", help="also count instructions, with valgrind")
    arguments = parser.parse_args()
    os.environ.update(ENVIRONMENT)
    os.environ.pop("AWS_PROFILE", None)
    print(describe_machine())
    with tempfile.TemporaryDirectory() as cache:
        figures = [*figures_in_process(), *figures_of_imports(cache)]
        measure(figures, arguments.rounds)
    print_table([HEADER, *(figure.cells() for figure in figures)])
    print(f"(a) once pytest is imported; it imports {describe_plugin()}")
    print("(b) once botocore.session is imported: import, enter and exit")
    if arguments.instructions:
        floor, ours = instructions("floor"), instructions("ours")
        print(f"instructions of get_secret_value: floor {floor:,.0f}, ours {ours:,.0f}, ratio {ours / floor:.3f}")


if __name__ == "__main__":
    main()
