"""Make a million calls in one world, and measure the memory along the way."""

from __future__ import annotations

import argparse
import itertools
import time

import boto3
from growth import memory
from measuring import Report, describe_machine, prepare_environment

from fake_secrets import mock_stages

LOOKS = 10
MEBIBYTE = 1_048_576


def report(calls: int) -> Report:
    """Return the table: calls made, resident memory and time per call."""
    rows = [["calls", "memory", "per call"]]
    with mock_stages() as fake_secrets:
        client = boto3.client("secretsmanager")
        client.create_secret(Name="db", SecretString="0")
        # The tokens repeat, because old versions are only removed after a day, and no day passes here.
        tokens = itertools.cycle(f"{number:032}" for number in range(50))
        first, second = (
            client.put_secret_value(SecretId="db", SecretString=text)["VersionId"] for text in ("first", "second")
        )
        moves = itertools.cycle([(second, first), (first, second)])
        for look in range(1, LOOKS + 1):
            start = time.perf_counter()
            for _ in range(calls // LOOKS // 4):
                client.get_secret_value(SecretId="db")
                client.describe_secret(SecretId="db")
                client.put_secret_value(
                    SecretId="db", SecretString="same", ClientRequestToken=next(tokens), VersionStages=["LIVE"]
                )
                holder, target = next(moves)
                client.update_secret_version_stage(
                    SecretId="db", VersionStage="AWSCURRENT", RemoveFromVersionId=holder, MoveToVersionId=target
                )
            microseconds = (time.perf_counter() - start) / (calls // LOOKS) * 1e6
            rows.append([f"{calls // LOOKS * look:,}", f"{memory() / MEBIBYTE:.0f} MiB", f"{microseconds:.0f} us"])
        rows.append(["kept, dropped", f"{len(fake_secrets.calls):,}", f"{fake_secrets.dropped_calls:,}"])
    return Report(f"A soak of {calls:,} calls", rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make many calls in one world, and measure its memory.")
    parser.add_argument(
        "--calls", type=int, default=1_000_000, help="number of calls, rounded down to a multiple of 40"
    )
    arguments = parser.parse_args()
    prepare_environment()
    print(describe_machine())
    report(max(1, arguments.calls // 40) * 40).print()


if __name__ == "__main__":
    main()
