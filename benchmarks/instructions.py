"""Count the instructions of a call, and of starting pytest with the plugin: steadier than times. Needs valgrind.

With --gate it fails if a call takes more instructions beyond the floor than its limit allows.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measuring import (
    ACTIVE,
    ROTATION_CALLS,
    Budget,
    Report,
    client_of,
    describe_machine,
    output_of_child,
    prepare_environment,
)

# The instructions that a call of ours takes beyond the floor's. The gate looks at this difference, not at the
# ratio: the floor is botocore's and changes with its releases. botocore 1.44.8 halved it for get_secret_value,
# from 764,000 to 380,000, and the difference stayed. The limits are at most 5 % above the counts seen with
# botocore 1.44.8 and wrapt 2.5.2 on Python 3.11: 120,100 and 137,300. Runs in one environment differ by less than
# 1 %, but those in another folder by up to 2 %. Lower the limits when the code gets faster.
LIMITS = {"get_secret_value": 126_000, "update_secret_version_stage": 144_000}
# What the calls may add by design. The gate has limits of its own as long as these aren't met.
BUDGETS = {
    "get_secret_value": Budget(95_000, "{:,.0f} beyond the floor"),
    "update_secret_version_stage": Budget(110_000, "{:,.0f} beyond the floor"),
}
# Each version of Python has its own counts, so the limits hold for one version only.
PYTHON_OF_LIMITS = (3, 11)
CALLGRIND = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}"]


def repeat_call(side: str, name: str, times: int) -> None:
    """Make a call some times, without the collector: it runs at odd times."""
    gc.disable()
    with ACTIVE[side]():
        call = ROTATION_CALLS[name](client_of(side))
        for _ in range(times):
            call()


def of_call(side: str, name: str, few: int = 100, many: int = 1_100) -> float:
    """Return the instructions of one call: what many calls cost beyond few.

    Starting Python takes a number of instructions that varies. The more calls share the difference, the steadier.
    """
    variables = {
        "PYTHONPATH": str(Path(__file__).parent),
        "PYTHONHASHSEED": "0",
        # Otherwise the first run in a fresh clone compiles this module, and the next one doesn't: a difference of
        # 6.7 million instructions, or 6,700 a call.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    counts = []
    for calls in (few, many):
        code = f"import instructions; instructions.repeat_call({side!r}, {name!r}, {calls})"
        counts.append(counted(output_of_child([*CALLGRIND, "--log-fd=1"], code, **variables)))
    return (counts[1] - counts[0]) / (many - few)


def of_pytest(*options: str) -> float:
    """Return the instructions of a run of pytest that finds no test."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*CALLGRIND, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        ran = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    return counted(ran.stdout)


def counted(output: str) -> int:
    return int(re.findall(r"Collected : (\d+)", output)[-1])


def row_of_call(name: str) -> list[str]:
    floor, ours = of_call("floor", name), of_call("ours", name)
    return [name, f"{floor:,.0f}", f"{ours:,.0f}", f"{ours - floor:,.0f}", f"{LIMITS[name]:,}"]


def row_of_pytest() -> list[str]:
    """Compare pytest's start with the plugin, installed and unused, to that without."""
    of_pytest()
    without, with_it = of_pytest("-p", "no:fake_secrets"), of_pytest()
    return ["pytest, no tests", f"{without:,.0f}", f"{with_it:,.0f}", f"{with_it - without:,.0f}", "-"]


def report(*, with_pytest: bool) -> Report:
    """Count, and return the table."""
    header = ["instructions", "floor, or without", "ours, or with", "added", "limit"]
    # A count doesn't depend on what else the machine does.
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = list(pool.map(row_of_call, LIMITS))
    budgets = [BUDGETS[name].row(f"instructions of {name}", number_in(added)) for name, _, _, added, _ in rows]
    return Report("Instructions", [header, *rows, *([row_of_pytest()] if with_pytest else [])], budgets)


def number_in(count: str) -> int:
    return int(count.replace(",", ""))


def above_limit(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a sentence for each call that adds more than its limit."""
    return [
        f"{name} adds {added} instructions to the floor; its limit is {limit}"
        for name, _, _, added, limit in rows
        if name in LIMITS and number_in(added) > LIMITS[name]
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Count instructions, with valgrind.")
    parser.add_argument("--gate", action="store_true", help="fail if a call adds more instructions than its limit")
    arguments = parser.parse_args()
    if shutil.which("valgrind") is None:
        sys.exit("valgrind isn't installed, so nothing can be counted")
    if arguments.gate and sys.version_info[:2] != PYTHON_OF_LIMITS:
        sys.exit(f"the limits are those of Python {'.'.join(map(str, PYTHON_OF_LIMITS))}: run the gate with it")
    prepare_environment()
    print(describe_machine())
    counted_calls = report(with_pytest=not arguments.gate)
    counted_calls.print()
    if arguments.gate and (above := above_limit(counted_calls.rows)):
        sys.exit("\n".join(above))


if __name__ == "__main__":
    main()
