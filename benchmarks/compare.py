"""Measure fake_secrets against a no-op in botocore (the floor) and against moto, in one run.

Rounds of floor, ours and moto are interleaved, and their order alternates. Ratios are computed round by
round, so a slow spell of the machine affects both sides. The table shows medians. Nothing is asserted.
README.md explains the figures.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import boto3
from measuring import (
    ACTIVE,
    HEADER,
    NAME,
    ROTATION_CALLS,
    SIDES,
    Active,
    Body,
    Figure,
    Round,
    answer_at_once,
    client_of,
    describe_machine,
    measure,
    mock_aws,
    output_of_child,
    prepare_environment,
    print_table,
    timed,
    timed_in_child,
)

from fake_secrets import mock_stages

# Low enough that no secret gets more versions than AWS allows.
CALLS = {"floor": 90, "ours": 90, "moto": 50}
BUDGETS = {
    "get_secret_value": "1.25 floor (1.35 for now)",
    "update_secret_version_stage": "1.30 floor",
}


def whole_test(equip: Callable[[Any], Any] = lambda client: client) -> None:
    create_and_get(equip(boto3.client("secretsmanager")))


def create_and_get(client: Any) -> None:
    client.create_secret(Name=NAME, SecretString="value")
    client.get_secret_value(SecretId=NAME)


def test_with_kept_client(client: Any) -> None:
    """Do the same as a test with the fixture `secretsmanager` whose client is built already."""
    with mock_stages():
        create_and_get(client)


def enter_and_exit(active: Active) -> None:
    with active():
        pass


def call_rounds(prepare: Callable[[Any], Body]) -> dict[str, Round]:
    """Return the rounds of a call. Each side has its own client, which is created once."""
    return {
        side: functools.partial(timed, ACTIVE[side], functools.partial(prepare, client_of(side)), CALLS[side])
        for side in SIDES
    }


def body_round(times: int, function: Callable[..., object], *args: Any) -> Round:
    return functools.partial(timed, contextlib.nullcontext, lambda: functools.partial(function, *args), times)


def figures_in_process() -> list[Figure]:
    """Return the figures of calls, tests and activations."""
    floor_test, our_test = body_round(5, whole_test, answer_at_once), body_round(5, mock_stages(whole_test))
    moto_test = body_round(1, mock_aws()(whole_test))
    tests = {"floor": floor_test, "ours": our_test, "moto": moto_test}
    kept_tests = {"ours": body_round(50, test_with_kept_client, client_of("ours")), "moto": moto_test}
    entries = {
        "ours": body_round(200, enter_and_exit, functools.partial(mock_stages, {})),
        "moto": body_round(5, enter_and_exit, mock_aws),
    }
    return [
        *(Figure(name, "us", BUDGETS.get(name, "-"), call_rounds(call)) for name, call in ROTATION_CALLS.items()),
        Figure("one test, new client", "ms", "1.15 floor, 1/15 moto", tests),
        Figure("one test, kept client", "ms", "1/60 moto", kept_tests),
        Figure("enter and exit", "ms", "1/50 moto", entries),
    ]


def figures_of_imports(cache: str) -> list[Figure]:
    """Return the figures of imports. Each import runs in a new interpreter with cached bytecode."""
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


def describe_plugin() -> str:
    code = "import sys, pytest, fake_secrets.plugin; print(*({'botocore', 'wrapt'} & sys.modules.keys()))"
    return output_of_child([], code).strip() or "neither botocore nor wrapt"


def table(rounds: int) -> Sequence[Sequence[str]]:
    """Measure everything, and return the rows of the table."""
    with tempfile.TemporaryDirectory() as cache:
        figures = [*figures_in_process(), *figures_of_imports(cache)]
        measure(figures, rounds)
    return [HEADER, *(figure.cells() for figure in figures)]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure fake_secrets against its floor and moto.")
    parser.add_argument(
        "--rounds", type=int, default=30, help="number of rounds; every third measures imports (default: 30)"
    )
    arguments = parser.parse_args()
    prepare_environment()
    print(describe_machine())
    print_table(table(arguments.rounds))
    print(f"(a) measured after importing pytest; the plugin imports {describe_plugin()}")
    print("(b) import, enter and exit, measured after importing botocore.session")


if __name__ == "__main__":
    main()
