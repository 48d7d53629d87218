"""Run a generated suite of rotation tests, one written for us and one for moto, with one and two processes.

Without a container, moto doesn't invoke rotation functions. Its suite calls the function step by step, as users
of moto do.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from measuring import Report, describe_machine, prepare_environment

ROTATION = """
import json
import boto3
{imports}

KEPT = boto3.client("secretsmanager") if {is_kept} else None
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def handler(event, context):
    client = KEPT or boto3.client("secretsmanager")
    arn, token = event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        current = json.loads(client.get_secret_value(SecretId=arn)["SecretString"])
        password = client.get_random_password()["RandomPassword"]
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=json.dumps({{**current, "password": password}}),
            VersionStages=["AWSPENDING"],
        )
    elif event["Step"] == "finishSecret":
        stages = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
        (current,) = [version for version, labels in stages.items() if "AWSCURRENT" in labels]
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )
"""
TEST = {
    "ours": """

def test_rotation_{number}(fake_secrets, secretsmanager):
    db = fake_secrets.add("prod/db", {{"username": "app", "password": "old"}})
    assert fake_secrets.rotate("prod/db", handler).succeeded
    secret = json.loads(secretsmanager.get_secret_value(SecretId="prod/db")["SecretString"])
    assert secret["password"] != "old"
""",
    "moto": """

@mock_aws
def test_rotation_{number}():
    client = KEPT or boto3.client("secretsmanager")
    old = json.dumps({{"username": "app", "password": "old"}})
    arn = client.create_secret(Name="prod/db", SecretString=old)["ARN"]
    for step in STEPS:
        handler({{"SecretId": arn, "ClientRequestToken": TOKEN, "Step": step}}, None)
    secret = json.loads(client.get_secret_value(SecretId="prod/db", VersionStage="AWSCURRENT")["SecretString"])
    assert secret["password"] != "old"
""",
}
IMPORTS = {"ours": "", "moto": 'from moto import mock_aws\nTOKEN = "1" * 32'}
# Title to: whether the module keeps one client, and the options for pytest.
WAYS: Mapping[str, tuple[bool, Sequence[str]]] = {
    "a client for each step, as in AWS's templates": (False, ()),
    "the same, two workers": (False, ("-n", "2")),
    "a client for the module": (True, ()),
}
# Tests of one module.
MODULE = 50
# Plugins that the suites don't use.
PLUGINS = ("no:cacheprovider", "no:randomly", "no:asyncio", "no:hypothesispytest")
COMMAND = (sys.executable, "-m", "pytest", "-q", *(option for name in PLUGINS for option in ("-p", name)))
KIBIBYTES_PER_MEBIBYTE = 1_024


def write_suite(folder: Path, side: str, count: int, *, is_kept: bool) -> None:
    head = ROTATION.format(imports=IMPORTS[side], is_kept=is_kept)
    # pytest's rewriting of one long module would take more memory than all the tests together.
    for first in range(0, count, MODULE):
        numbers = range(first, min(first + MODULE, count))
        tests = "".join(TEST[side].format(number=number) for number in numbers)
        (folder / f"test_rotations_{first}.py").write_text(head + tests)


def run(folder: Path, options: Sequence[str]) -> tuple[float, float]:
    """Run a suite. Return its seconds, and the peak memory of its first process in MiB."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([*COMMAND, *options], cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        if status:
            output.seek(0)
            sys.exit(f"the suite failed:\n{output.read()}")
    return time.perf_counter() - start, usage.ru_maxrss / KIBIBYTES_PER_MEBIBYTE


def report(count: int) -> Report:
    """Run both suites in every way, and return the table."""
    rows = [[f"{count:,} tests", "ours", "moto", "moto/ours"]]
    for way, (is_kept, options) in WAYS.items():
        found = {}
        for side in TEST:
            with tempfile.TemporaryDirectory() as folder:
                write_suite(Path(folder), side, count, is_kept=is_kept)
                found[side] = run(Path(folder), options)
        (ours, our_memory), (motos, motos_memory) = found["ours"], found["moto"]
        rows.append([way, f"{ours:.1f} s", f"{motos:.1f} s", f"{motos / ours:.1f}"])
        if not options:
            ratio = f"{motos_memory / our_memory:.1f}"
            rows.append(["its peak memory", f"{our_memory:.0f} MiB", f"{motos_memory:.0f} MiB", ratio])
    return Report("A suite of rotation tests", rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare suites of rotation tests.")
    parser.add_argument("--tests", type=int, default=1_000)
    arguments = parser.parse_args()
    prepare_environment()
    print(describe_machine())
    report(arguments.tests).print()


if __name__ == "__main__":
    main()
