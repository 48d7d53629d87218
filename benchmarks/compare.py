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
from collections.abc import Callable
from typing import Any

import boto3
from measuring import (
    ACTIVE,
    NAME,
    OF_FLOOR,
    OF_MOTO,
    ROTATION_CALLS,
    SIDES,
    Active,
    Body,
    Budget,
    Figure,
    Report,
    Round,
    answer_at_once,
    client_of,
    describe_machine,
    measure,
    mock_aws,
    output_of_child,
    prepare_environment,
    shown,
    timed,
    timed_in_child,
)

from fake_secrets import mock_stages

# Low enough that no secret gets more versions than AWS allows.
CALLS = {"floor": 90, "ours": 90, "moto": 50}
HEADER = ["figure", *SIDES, "ours/floor [quartiles]", "moto/ours [quartiles]"]
BUDGETS = {
    "one test, new client": Budget(1.15, OF_FLOOR),
    "one test, kept client": Budget(60, OF_MOTO, at_least=True),
    "enter and exit": Budget(40, OF_MOTO, at_least=True),
    "import fake_secrets": Budget(3, "{:.3g} ms"),
    "first activation": Budget(25, "{:.3g} ms"),
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
        *(Figure(name, "us", call_rounds(call)) for name, call in ROTATION_CALLS.items()),
        Figure("one test, new client", "ms", tests),
        Figure("one test, kept client", "ms", kept_tests),
        Figure("enter and exit", "ms", entries),
    ]


def figures_of_imports(cache: str) -> list[Figure]:
    """Return the figures of imports. Each import runs in a new interpreter with cached bytecode."""
    moto = "from moto import mock_aws"
    activation = "from fake_secrets import mock_stages\nwith mock_stages(): pass"
    chosen = [
        ("import fake_secrets", "", "import fake_secrets", moto),
        ("import fake_secrets.plugin", "import pytest", "import fake_secrets.plugin", moto),
        ("first activation", "import botocore.session", activation, f"{moto}\nwith mock_aws(): pass"),
    ]
    run = functools.partial(functools.partial, timed_in_child, cache)
    return [
        Figure(name, "ms", {"ours": run(setup, ours), "moto": run(setup, theirs)}, every=3)
        for name, setup, ours, theirs in chosen
    ]


def cells(figure: Figure) -> list[str]:
    """Return the row of a figure, which need not have every side."""
    medians = [f"{shown(figure.median(side))} {figure.unit}" if side in figure.rounds else "-" for side in SIDES]
    compared = [
        str(figure.ratio(over, under)) if {over, under} <= figure.rounds.keys() else "-"
        for over, under in (("ours", "floor"), ("moto", "ours"))
    ]
    return [figure.name, *medians, *compared]


def as_budgeted(figure: Figure) -> float:
    """Return the figure as its budget has it: as a ratio to the floor or to moto, or as it is."""
    form = BUDGETS[figure.name].form
    if form == OF_FLOOR:
        return figure.ratio("ours", "floor").middle
    return figure.ratio("moto", "ours").middle if form == OF_MOTO else figure.median("ours")


def row_of_plugin() -> list[str]:
    """Return the budget's row of what the plugin imports."""
    code = "import sys, pytest, fake_secrets.plugin; print(*({'botocore', 'wrapt'} & sys.modules.keys()))"
    imported = output_of_child([], code).strip()
    neither = "neither botocore nor wrapt"
    return ["the plugin imports", neither, imported or neither, "no" if imported else "yes"]


def report(rounds: int) -> Report:
    """Measure everything, and return the table."""
    with tempfile.TemporaryDirectory() as cache:
        figures = [*figures_in_process(), *figures_of_imports(cache)]
        measure(figures, rounds)
    budgets = [
        BUDGETS[figure.name].row(figure.name, as_budgeted(figure)) for figure in figures if figure.name in BUDGETS
    ]
    rows = [HEADER, *map(cells, figures)]
    return Report("Calls, tests and imports", rows, [*budgets, row_of_plugin()])


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure fake_secrets against its floor and moto.")
    parser.add_argument(
        "--rounds", type=int, default=30, help="number of rounds; every third measures imports (default: 30)"
    )
    arguments = parser.parse_args()
    prepare_environment()
    print(describe_machine())
    report(arguments.rounds).print()


if __name__ == "__main__":
    main()
