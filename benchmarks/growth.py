"""Measure how calls and memory grow with the number of secrets, versions and schedules.

Each size is measured in its own interpreter: ours up to a million secrets, moto up to ten thousand. A
figure is the median of its repetitions.
"""

from __future__ import annotations

import argparse
import functools
import gc
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
from measuring import ACTIVE, Body, Budget, Report, describe_machine, output_of_child, prepare_environment, shown

from fake_secrets import mock_stages

# Keys: what grows, then side and size, then the figure's name.
Results = dict[str, dict[str, dict[str, float]]]

SIZES = (1, 1_000, 100_000, 1_000_000)
SIZES_OF_MOTO = (1, 1_000, 10_000)
VERSIONS = (1, 100, 10_000)
SCHEDULED = (0, 100_000)
SORTS = ("created-date", "name", "last-changed-date", "last-accessed-date")
PAGE = 100
MICROSECONDS = 1_000
REPEATED = 50
ROUNDS = 11
# The ratios of a large world to a small one, and how many secrets the small one has.
SMALL = {"get_secret_value": 1, "list_secrets, first page": 1_000}
BUDGETS = {"get_secret_value": Budget(1.2, "{:.3g}"), "list_secrets, first page": Budget(2, "{:.3g}")}
BUDGET_OF_MEMORY = Budget(1_200, "{:,.0f} bytes")


def name_of(number: int) -> str:
    return f"service-{number % 100:02}/secret-{number:07}"


def timed_calls(call: Body, repeated: int = REPEATED) -> float:
    """Return the median microseconds of a call. The first call isn't counted."""
    call()
    samples = []
    for _ in range(repeated):
        start = time.perf_counter_ns()
        call()
        samples.append(time.perf_counter_ns() - start)
    return statistics.median(samples) / MICROSECONDS


def memory() -> int:
    """Return the resident memory in bytes."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def fill(side: str, client: Any, world: Any, count: int) -> None:
    """Store secrets with one small version each: ours through the handle, because calls take longer."""
    for number in range(count):
        if side == "ours":
            world.add(name_of(number), "a small secret value")
        else:
            client.create_secret(Name=name_of(number), SecretString="a small secret value")


def pages(client: Any, **request: Any) -> Iterator[str]:
    """Yield the token of each page except the first."""
    token: str | None = client.list_secrets(**request).get("NextToken")
    while token is not None:
        yield token
        token = client.list_secrets(**request, NextToken=token).get("NextToken")


def of_secrets(side: str, count: int) -> dict[str, float]:
    """Return the figures of a world with `count` secrets."""
    with ACTIVE[side]() as world:
        client = boto3.client("secretsmanager")
        client.create_secret(Name="warm", SecretString="up")
        before = memory()
        fill(side, client, world, count)
        figures = {"bytes per secret": (memory() - before) / count}
        middle = name_of(count // 2)
        arn = client.describe_secret(SecretId=middle)["ARN"]
        numbers = itertools.count()
        calls: dict[str, Body] = {
            "get_secret_value": functools.partial(client.get_secret_value, SecretId=middle),
            "get_secret_value, partial ARN": functools.partial(client.get_secret_value, SecretId=arn[:-7]),
            "describe_secret": functools.partial(client.describe_secret, SecretId=middle),
            "put_secret_value": lambda: client.put_secret_value(
                SecretId=middle, SecretString="new", ClientRequestToken=f"{next(numbers):032}"
            ),
            "update_secret_version_stage": move_label(client, middle),
            "list_secrets, first page": functools.partial(client.list_secrets, MaxResults=PAGE),
            "list_secrets, by name prefix": functools.partial(
                client.list_secrets, Filters=[{"Key": "name", "Values": ["service-07/"]}]
            ),
            "list_secrets, by a rare word": functools.partial(
                client.list_secrets, Filters=[{"Key": "all", "Values": [f"{count - 1:07}"]}]
            ),
        }
        for name, call in calls.items():
            figures[name] = timed_calls(call, 5 if "by" in name else REPEATED)
        if side == "ours":
            figures |= of_pages(client)
            for name, small in SMALL.items():
                # The small world has the secret that the call gets.
                names = map(name_of, range(count // 2, count // 2 + small))
                figures[in_ratio(name)] = ratio_to_small(calls[name], names)
        return figures


def in_ratio(name: str) -> str:
    return f"{name}, ratio to {SMALL[name]:,}"


def ratio_to_small(call: Body, names: Iterable[str]) -> float:
    """Return the ratio of a call in the active world to the same call in a small one, taken in turns."""
    ratios, secrets = [], dict.fromkeys(names, "a small secret value")
    for _ in range(ROUNDS):
        in_large = timed_calls(call, 20)
        with mock_stages(secrets):
            ratios.append(in_large / timed_calls(call, 20))
    return statistics.median(ratios)


def of_pages(client: Any) -> dict[str, float]:
    """Return the figures of later pages and of other sort orders, first after a change and then unchanged."""
    figures = {}
    tokens = list(pages(client, MaxResults=PAGE))
    for name, number in (("middle", len(tokens) // 2), ("last", -1)):
        if tokens:
            request = {"MaxResults": PAGE, "NextToken": tokens[number]}
            figures[f"list_secrets, {name} page"] = timed_calls(functools.partial(client.list_secrets, **request))
    for sort in SORTS[1:]:
        call = functools.partial(client.list_secrets, MaxResults=PAGE, SortBy=sort)
        client.tag_resource(SecretId="warm", Tags=[{"Key": "changed", "Value": sort}])
        start = time.perf_counter_ns()
        call()
        figures[f"list_secrets, {sort}, made"] = (time.perf_counter_ns() - start) / MICROSECONDS
        figures[f"list_secrets, {sort}, kept"] = timed_calls(call)
    return figures


def move_label(client: Any, name: str) -> Body:
    """Return a call that attaches a label to the current version and removes it, in alternation."""
    stages = client.describe_secret(SecretId=name)["VersionIdsToStages"]
    current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
    members = itertools.cycle([{"MoveToVersionId": current}, {"RemoveFromVersionId": current}])
    return lambda: client.update_secret_version_stage(SecretId=name, VersionStage="LIVE", **next(members))


def of_versions(side: str, count: int) -> dict[str, float]:
    """Return the figures of a secret with `count` versions."""
    with ACTIVE[side]() as world:
        if side == "ours":
            world.quotas.versions = 10 * max(VERSIONS)
        client = boto3.client("secretsmanager")
        client.create_secret(Name="many", SecretString="0")
        before = memory()
        for number in range(count - 1):
            client.put_secret_value(SecretId="many", SecretString=f"{number}")
        figures = {"bytes per version": (memory() - before) / count}
        calls: dict[str, Callable[..., object]] = {
            "get_secret_value": client.get_secret_value,
            "describe_secret": client.describe_secret,
            "put_secret_value": functools.partial(client.put_secret_value, SecretString="new"),
            "list_secret_version_ids": functools.partial(client.list_secret_version_ids, MaxResults=PAGE),
            "list_secret_version_ids, deprecated": functools.partial(
                client.list_secret_version_ids, MaxResults=PAGE, IncludeDeprecated=True
            ),
        }
        return figures | {
            name: timed_calls(functools.partial(call, SecretId="many")) for name, call in calls.items()
        }


def of_scheduled(side: str, count: int) -> dict[str, float]:
    """Return the figures of a world in which `count` secrets have a schedule.

    They are managed secrets, which AWS rotates every seven days.
    """
    with ACTIVE[side]() as world:
        client = boto3.client("secretsmanager")
        client.create_secret(Name="db", SecretString="value")
        for number in range(count):
            world.add(f"rds!{number}", {"username": "app", "password": "x"}, owning_service="rds")
        return {
            "get_secret_value": timed_calls(functools.partial(client.get_secret_value, SecretId="db"), 1_000),
            "put_secret_value": timed_calls(
                functools.partial(client.put_secret_value, SecretId="db", SecretString="new"), 50
            ),
        }


FIGURES: Mapping[str, Callable[[str, int], dict[str, float]]] = {
    "secrets": of_secrets,
    "versions": of_versions,
    "scheduled secrets": of_scheduled,
}


def measured(what: str, side: str, count: int) -> dict[str, float]:
    """Return the figures of one size, measured in a new interpreter."""
    figures_of = f"growth.FIGURES[{what!r}]({side!r}, {count})"
    code = f"import growth, json; growth.prepare_environment(); print(json.dumps({figures_of}))"
    output = output_of_child([], code, PYTHONPATH=str(Path(__file__).parent))
    figures: dict[str, float] = json.loads(output.splitlines()[-1])
    return figures


def sizes_of(largest: int) -> Iterator[tuple[str, str, int]]:
    for what, sides in (
        ("secrets", {"ours": SIZES, "moto": SIZES_OF_MOTO}),
        ("versions", {"ours": VERSIONS, "moto": VERSIONS[:-1]}),
        ("scheduled secrets", {"ours": SCHEDULED}),
    ):
        for side, counts in sides.items():
            yield from ((what, side, count) for count in counts if count <= largest)


def results(largest: int = SIZES[-1]) -> Results:
    """Measure every size up to `largest`, and return the figures."""
    found: Results = {}
    for what, side, count in sizes_of(largest):
        found.setdefault(what, {})[f"{side}, {count:,}"] = measured(what, side, count)
        print(f"measured {count:,} {what} of {side}", file=sys.stderr)
    return found


def reports(found: Results) -> Iterator[Report]:
    """Yield each table. Times are in microseconds."""
    for what, columns in found.items():
        names = dict.fromkeys(name for figures in columns.values() for name in figures)
        rows = [[name, *(cell(figures, name) for figures in columns.values())] for name in names]
        budgets = budgets_of(columns) if what == "secrets" else []
        yield Report(f"Microseconds by number of {what}", [["", *columns], *rows], budgets)


def cell(figures: Mapping[str, float], name: str) -> str:
    return shown(figures[name]) if name in figures else "-"


def budgets_of(columns: Mapping[str, Mapping[str, float]]) -> list[list[str]]:
    """Return the rows of the budgets, which hold for the largest of our worlds."""
    (largest, figures) = [(column, figures) for column, figures in columns.items() if "ours" in column][-1]
    count = largest.removeprefix("ours, ")
    return [
        *(
            budget.row(f"{name}, at {count} secrets over at {SMALL[name]:,}", figures[in_ratio(name)])
            for name, budget in BUDGETS.items()
        ),
        BUDGET_OF_MEMORY.row(f"memory of a stored secret, at {count}", figures["bytes per secret"]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how calls and memory grow.")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="skip larger sizes")
    arguments = parser.parse_args()
    prepare_environment()
    print(describe_machine())
    for report in reports(results(arguments.largest)):
        report.print()


if __name__ == "__main__":
    main()
