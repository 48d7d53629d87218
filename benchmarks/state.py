"""Measure what a call costs in a world that is kept in a state file, and how long a file takes to load.

Calls are measured next to the same calls in a world that isn't kept, in rounds that alternate.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
from measuring import Body, describe, describe_machine, get_value, move_current, prepare_environment, print_table

from fake_secrets import FakeSecrets, mock_stages
from fake_secrets.keeping.state_file import open_state

SIZES = (1_000, 10_000, 100_000)
MICROSECONDS, MILLISECONDS = 1_000, 1_000_000
TIMES = 200


def put_value(client: object) -> Body:
    """Return a call that stores a new version each time, and deletes the secret before it has too many."""
    numbers = iter(range(10**9))

    def put() -> None:
        number = next(numbers)
        if number % 90 == 0:
            client.create_secret(Name=f"secret-{number}", SecretString="value" * 20)  # type: ignore[attr-defined]
        client.put_secret_value(  # type: ignore[attr-defined]
            SecretId=f"secret-{number // 90 * 90}", ClientRequestToken=f"{number:032}", SecretString="value" * 20
        )

    return put


CALLS: dict[str, Callable[[object], Body]] = {
    "describe_secret": describe,
    "get_secret_value": get_value,
    "put_secret_value": put_value,
    "update_secret_version_stage": move_current,
}


@contextlib.contextmanager
def kept_world() -> Iterator[FakeSecrets]:
    with tempfile.TemporaryDirectory() as folder:
        state = open_state(Path(folder) / "world.state")
        with mock_stages() as fake_secrets:
            state.attach(fake_secrets._world)
            yield fake_secrets
            state.close()


def microseconds(
    world: contextlib.AbstractContextManager[FakeSecrets], prepare: Callable[[object], Body]
) -> float:
    with world:
        call = prepare(boto3.client("secretsmanager"))
        call()
        start = time.perf_counter_ns()
        for _ in range(TIMES):
            call()
        return (time.perf_counter_ns() - start) / TIMES / MICROSECONDS


def of_calls(rounds: int) -> list[list[str]]:
    rows = []
    for name, prepare in CALLS.items():
        samples = [
            (microseconds(mock_stages(), prepare), microseconds(kept_world(), prepare)) for _ in range(rounds)
        ]
        plain, kept = (statistics.median(column) for column in zip(*samples, strict=True))
        rows.append([name, f"{plain:.0f} us", f"{kept:.0f} us", f"{kept - plain:.0f} us"])
    return rows


def of_files(sizes: tuple[int, ...]) -> list[list[str]]:
    rows = []
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
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="rounds of each call (default: 9)")
    parser.add_argument("--quick", action="store_true", help="no file of more than 10,000 secrets")
    arguments = parser.parse_args()
    prepare_environment()
    print(describe_machine())
    print_table([["call", "not kept", "kept", "added"], *of_calls(arguments.rounds)])
    print()
    sizes = SIZES[:2] if arguments.quick else SIZES
    print_table([["secrets", "file", "open, load and write anew"], *of_files(sizes)])


if __name__ == "__main__":
    main()
