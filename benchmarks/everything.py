"""Run every benchmark, and write tables, plots and import times to benchmarks/results.

The long form takes about three quarters of an hour, and the short one two minutes. --publish writes the figures
and plots of docs/explanation/performance.md, too. The plots need matplotlib, and counting instructions needs
valgrind.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import presenting
from measuring import RESULTS, Report, describe_machine, prepare_environment

Found = TypeVar("Found")

ACTIVATION = "from fake_secrets import mock_stages\nwith mock_stages(): pass"


@dataclass(frozen=True)
class Length:
    """How much is measured.

    Args:
        rounds: rounds of calls.
        slow_rounds: rounds of what takes seconds.
        functions: the calls of the rotation functions that are checked.
        secrets: the most secrets in a world.
        files: the numbers of secrets in a state file.
        tests: tests of the suite.
        requests: requests to the servers in each measurement of throughput.
        calls: calls of the soak.
        counts: whether instructions are counted.
    """

    rounds: int
    slow_rounds: int
    functions: tuple[int, ...]
    secrets: int
    files: tuple[int, ...]
    tests: int
    requests: int
    calls: int
    counts: bool


LONG = Length(
    rounds=30,
    slow_rounds=5,
    functions=(8, 25),
    secrets=1_000_000,
    files=(1_000, 10_000, 100_000),
    tests=1_000,
    requests=4_000,
    calls=1_000_000,
    counts=True,
)
SHORT = Length(
    rounds=1,
    slow_rounds=1,
    functions=(8,),
    secrets=1_000,
    files=(1_000,),
    tests=10,
    requests=400,
    calls=4_000,
    counts=False,
)


def measured(length: Length) -> Iterator[dict[str, Any]]:
    """Run the benchmarks one after the other. Yield what each has found, as members of the results."""
    # At the top of this module, the process of each benchmark would import the others, too.
    import compare
    import contract
    import features
    import growth
    import instructions
    import policies
    import server
    import soak
    import state
    import suite

    yield {"reports": [alone(compare.report, length.rounds)]}
    if length.counts and shutil.which("valgrind"):
        yield {"reports": [instructions.report(with_pytest=True)]}
    report, ratios = alone(features.results, length.rounds)
    yield {"reports": [report], "features": ratios}
    yield {"reports": [alone(contract.report, length.slow_rounds, length.functions)]}
    yield {"reports": [alone(policies.report, length.rounds)]}
    yield {"reports": [alone(server.report, length.slow_rounds, length.requests)]}
    yield {"reports": [alone(suite.report, length.tests)]}
    yield {"reports": [alone(state.report, length.files)]}
    sizes = growth.results(length.secrets)
    yield {"reports": list(growth.reports(sizes)), "growth": sizes}
    yield {"reports": [alone(soak.report, length.calls)]}


def alone(benchmark: Callable[..., Found], *args: Any) -> Found:
    """Run a benchmark in a process of its own, which the memory and the modules of others don't slow down."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(benchmark, *args).result()


def write_import_times() -> None:
    command = [sys.executable, "-X", "importtime", "-c", ACTIVATION]
    ran = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=True)
    (RESULTS / "importtime.txt").write_text(ran.stderr)


def run(length: Length, *, is_trial: bool) -> None:
    """Run everything, and keep the results after each benchmark, so that none is lost if a later one fails."""
    reports: list[Report] = []
    results: dict[str, Any] = {
        "date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
        "machine": describe_machine(),
        "is_trial": is_trial,
        "reports": reports,
    }
    for found in measured(length):
        for report in found["reports"]:
            report.print()
        reports += found.pop("reports")
        results |= found
        presenting.RAW.write_text(json.dumps(results, default=dataclasses.asdict, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description="Run every benchmark.")
    parser.add_argument("--short", action="store_true", help="only try everything, in about two minutes")
    parser.add_argument("--publish", action="store_true", help="write the figures of the documentation, too")
    arguments = parser.parse_args()
    prepare_environment()
    RESULTS.mkdir(exist_ok=True)
    print(describe_machine(), flush=True)
    write_import_times()
    run(SHORT if arguments.short else LONG, is_trial=arguments.short)
    presenting.present(publish=arguments.publish)


if __name__ == "__main__":
    main()
