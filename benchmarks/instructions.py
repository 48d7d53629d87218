"""Count the instructions of a call, and of starting pytest with the plugin: steadier than times. Needs valgrind.

With --gate it fails where a ratio has grown beyond its limit.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import ACTIVE, ROTATION_CALLS, client_of, output_of_child, prepare_environment, print_table

# Ours over the floor's. A few hundredths above what was measured last.
LIMITS = {"get_secret_value": 1.22, "update_secret_version_stage": 1.22}
CALLGRIND = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}"]


def repeat_call(side: str, name: str, times: int) -> None:
    """Make a call some times, without the collector: it runs at odd times."""
    gc.disable()
    with ACTIVE[side]():
        call = ROTATION_CALLS[name](client_of(side))
        for _ in range(times):
            call()


def of_call(side: str, name: str, times: int = 300) -> float:
    """Return the instructions of one call: what twice the calls cost beyond once."""
    counts = []
    for calls in (times, 2 * times):
        code = f"import instructions; instructions.repeat_call({side!r}, {name!r}, {calls})"
        output = output_of_child(
            [*CALLGRIND, "--log-fd=1"], code, PYTHONPATH=str(Path(__file__).parent), PYTHONHASHSEED="0"
        )
        counts.append(counted(output))
    return (counts[1] - counts[0]) / times


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


def rows_of_calls() -> list[list[str]]:
    rows = []
    for name, limit in LIMITS.items():
        floor, ours = of_call("floor", name), of_call("ours", name)
        rows.append([name, f"{floor:,.0f}", f"{ours:,.0f}", f"{ours / floor:.3f}", f"{limit}"])
    return rows


def row_of_pytest() -> list[str]:
    """Compare pytest's start with the plugin, installed and unused, to that without."""
    of_pytest()
    without, with_it = of_pytest("-p", "no:fake_secrets"), of_pytest()
    return ["pytest, no tests", f"{without:,.0f}", f"{with_it:,.0f}", f"{with_it / without:.3f}", "-"]


def table(*, with_pytest: bool) -> list[list[str]]:
    """Count, and return the rows of the table."""
    header = ["instructions", "floor, or without", "ours, or with", "ratio", "limit"]
    return [header, *rows_of_calls(), *([row_of_pytest()] if with_pytest else [])]


def main() -> None:
    parser = argparse.ArgumentParser(description="Count instructions, with valgrind.")
    parser.add_argument("--gate", action="store_true", help="fail where a call's ratio is above its limit")
    arguments = parser.parse_args()
    if shutil.which("valgrind") is None:
        sys.exit("no valgrind here: nothing is counted")
    prepare_environment()
    rows = table(with_pytest=not arguments.gate)
    print_table(rows)
    above = [row[0] for row in rows[1:] if row[0] in LIMITS and float(row[3]) > LIMITS[row[0]]]
    if arguments.gate and above:
        sys.exit(f"above the limit: {', '.join(above)}")


if __name__ == "__main__":
    main()
