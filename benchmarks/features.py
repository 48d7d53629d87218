"""Measure calls and a rotation in worlds that use a feature, each as a ratio to a plain world, in one run.

The ratios show what a feature costs while it is used, and that it costs nothing before and afterwards. The floor
and moto stand beside them. README.md explains the rows.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import multiprocessing
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import Any

import boto3
from measuring import (
    SIDES,
    Body,
    Figure,
    Quartiles,
    Report,
    client_of,
    describe_machine,
    get_value,
    measure,
    move_current,
    prepare_environment,
    put_value,
    timed,
)
from ways import PLAIN, WAYS, Way, world

# Keys: the row, then the call.
Ratios = Mapping[str, Mapping[str, Quartiles]]

ROTATION = "a rotation"
# Calls of a round. They are so few that no secret gets more versions than AWS allows.
TIMES = {"get_secret_value": 60, "put_secret_value": 60, "update_secret_version_stage": 60, ROTATION: 15}
CALLS: Mapping[str, Callable[[Any], Body]] = {
    "get_secret_value": get_value,
    "put_secret_value": put_value,
    "update_secret_version_stage": move_current,
}
OVER_HTTP = "over HTTP"


def timed_call(way: Way, client: Any, name: str) -> float:
    """Return the nanoseconds of a call, answered in one way."""

    def prepare() -> Body:
        body = (CALLS | {ROTATION: way.rotation})[name](client)
        way.arrange(client)
        return body

    return timed(way.active, prepare, TIMES[name])


def timed_over_http(child: Executor, name: str) -> float:
    """Return the nanoseconds of a call that a client in another process makes to a served world."""
    with world() as opened, opened.server() as url:
        return child.submit(timed_in_client, url, name).result()


def timed_in_client(url: str, name: str) -> float:
    """Do the part of the other process: no world is active there, so its client sends requests."""
    client = boto3.client("secretsmanager", endpoint_url=url)
    return timed_call(Way(contextlib.nullcontext), client, name)


def figures(child: Executor) -> list[Figure]:
    clients = {side: client_of(side) for side in SIDES}
    return [
        Figure(
            name,
            "us",
            {
                **{row: functools.partial(timed_call, way, clients[way.side], name) for row, way in WAYS.items()},
                OVER_HTTP: functools.partial(timed_over_http, child, name),
            },
        )
        for name in TIMES
    ]


def measured(rounds: int) -> list[Figure]:
    """Return the figures with their samples."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as child:
        # The other process starts now, while no world is active.
        child.submit(os.getpid).result()
        found = figures(child)
        measure(found, rounds)
    return found


def ratios(found: list[Figure]) -> Ratios:
    """Return the ratios to a plain world."""
    rows = found[0].rounds
    return {row: {figure.name: figure.ratio(row, PLAIN) for figure in found} for row in rows if row != PLAIN}


def report(found: list[Figure]) -> Report:
    plain = [PLAIN, *(f"{figure.median(PLAIN):.0f} us" for figure in found)]
    rows = [[row, *map(str, compared.values())] for row, compared in ratios(found).items()]
    header = ["ratio to a plain world [quartiles]", *(figure.name for figure in found)]
    return Report("Features", [header, plain, *rows])


def results(rounds: int) -> tuple[Report, Ratios]:
    """Measure, and return the table and its ratios."""
    found = measured(rounds)
    return report(found), ratios(found)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what features add to calls and to a rotation.")
    parser.add_argument("--rounds", type=int, default=30, help="number of rounds (default: 30)")
    arguments = parser.parse_args()
    prepare_environment()
    print(describe_machine())
    results(arguments.rounds)[0].print()


if __name__ == "__main__":
    main()
