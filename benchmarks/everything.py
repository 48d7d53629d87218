"""Run every benchmark, and write tables, a plot and import times to benchmarks/results.

This takes about half an hour. The plot needs matplotlib, and counting instructions needs valgrind. Each is
skipped if its tool isn't installed.
"""

from __future__ import annotations

import argparse
import datetime
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence

import compare
import contract
import growth
import instructions
import policies
import server
import soak
import suite
from measuring import RESULTS, describe_machine, prepare_environment

# The calls in the plot, which shows how they grow with the number of secrets.
PLOTTED = ("get_secret_value", "put_secret_value", "list_secrets, first page", "list_secrets, last page")
ACTIVATION = "from fake_secrets import mock_stages\nwith mock_stages(): pass"


def markdown(title: str, rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    lines = [f"## {title}", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in body), ""])


def sections(rounds: int, largest: int, tests: int, calls: int) -> Iterator[tuple[str, Sequence[Sequence[str]]]]:
    """Run the benchmarks one after the other, and yield the title and rows of each table."""
    yield "Calls, tests and imports", compare.table(rounds)
    if shutil.which("valgrind"):
        yield "Instructions", instructions.table(with_pytest=True)
    yield "A suite of rotation tests", suite.table(tests)
    yield "Checks of rotation functions", contract.table(max(2, rounds // 6))
    yield "Decisions about permissions", policies.table(rounds)
    yield "The server", server.table(max(2, rounds // 6))
    found = growth.results(largest)
    plot(found)
    yield from growth.tables(found)
    yield f"A soak of {calls:,} calls", soak.table(calls)


def plot(found: growth.Results) -> None:
    """Plot how calls grow with the number of secrets, if matplotlib is installed."""
    try:
        from matplotlib import figure
    except ImportError:
        print("matplotlib isn't installed, so there is no plot", file=sys.stderr)
        return
    axes = (drawing := figure.Figure(figsize=(8, 5))).subplots()
    for side, style in (("ours", "-o"), ("moto", "--s")):
        columns = {
            int(key.split(", ")[1].replace(",", "")): of for key, of in found["secrets"].items() if side in key
        }
        for name in PLOTTED:
            points = [(size, figures[name]) for size, figures in columns.items() if name in figures]
            if points:
                axes.plot(*zip(*points, strict=True), style, label=f"{side}: {name}")
    axes.set(xscale="log", yscale="log", xlabel="secrets in the world", ylabel="microseconds a call")
    axes.legend(fontsize="small")
    drawing.savefig(RESULTS / "growth.png", dpi=120, bbox_inches="tight")


def write_import_times() -> None:
    command = [sys.executable, "-X", "importtime", "-c", ACTIVATION]
    ran = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=True)
    (RESULTS / "importtime.txt").write_text(ran.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description="Run every benchmark.")
    parser.add_argument("--rounds", type=int, default=30, help="number of rounds of the comparison")
    parser.add_argument("--largest", type=int, default=growth.SIZES[-1], help="skip larger sizes")
    parser.add_argument("--tests", type=int, default=1_000, help="number of tests in the suite")
    parser.add_argument("--calls", type=int, default=1_000_000, help="number of calls in the soak")
    arguments = parser.parse_args()
    prepare_environment()
    RESULTS.mkdir(exist_ok=True)
    write_import_times()
    with (RESULTS / "results.md").open("w") as results:
        title = f"# Benchmarks of {datetime.datetime.now(datetime.UTC):%Y-%m-%d}\n\n{describe_machine()}\n"
        print(title, file=results, flush=True)
        for section in sections(**vars(arguments)):
            print(markdown(*section), file=results, flush=True)
            print(markdown(*section), flush=True)


if __name__ == "__main__":
    main()
