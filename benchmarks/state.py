"""Measure how long a state file takes to open, to load and to write anew."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from measuring import Report, describe_machine, prepare_environment

from fake_secrets import mock_stages
from fake_secrets.keeping.state_file import open_state

SIZES = (1_000, 10_000, 100_000)
MILLISECONDS = 1_000_000


def report(sizes: Sequence[int]) -> Report:
    """Return the table: what a file of so many secrets takes."""
    rows = [["secrets", "file", "open, load and write anew"]]
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "world.state"
            for seeds in ({f"secret-{number}": "value" * 20 for number in range(size)}, {}):
                start = time.perf_counter_ns()
                state = open_state(path)
                with mock_stages(seeds) as fake_secrets:
                    state.attach(fake_secrets._world)
                    taken = (time.perf_counter_ns() - start) / MILLISECONDS
                    state.close()
            rows.append([f"{size:,}", f"{path.stat().st_size / 1e6:.1f} MB", f"{taken:.0f} ms"])
    return Report("State files", rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="no file of more than 10,000 secrets")
    arguments = parser.parse_args()
    prepare_environment()
    print(describe_machine())
    report(SIZES[:2] if arguments.quick else SIZES).print()


if __name__ == "__main__":
    main()
