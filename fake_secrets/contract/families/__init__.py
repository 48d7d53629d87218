"""The families: what is tried, in the order in which it is tried, the cheapest and most telling first.

Begin with `plain`. Each family gives its scenarios for a dry run. They follow from the dry run alone, except for
overlaps, which try how many calls a second delivery makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.families import (
    consumers,
    disturbed,
    inputs,
    limits,
    meanwhile,
    modes,
    overlaps,
    passwords,
    permissions,
    plain,
    repeats,
)
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.scenario import Scenario

__all__ = ["FAMILIES", "Family", "family_of"]

Family = Callable[[DryRun, Check], Iterator[Scenario]]


def _by_dry_run(scenarios: Callable[[DryRun], Iterator[Scenario]]) -> Family:
    return lambda dry, _: scenarios(dry)


FAMILIES: Mapping[str, Family] = {
    "plain": _by_dry_run(plain.scenarios),
    "repeats": _by_dry_run(repeats.scenarios),
    "errors": _by_dry_run(disturbed.errors),
    "kills": _by_dry_run(disturbed.kills),
    "permissions": permissions.scenarios,
    "meanwhile": _by_dry_run(meanwhile.scenarios),
    "inputs": _by_dry_run(inputs.scenarios),
    "modes": modes.scenarios,
    "passwords": _by_dry_run(passwords.scenarios),
    "limits": _by_dry_run(limits.scenarios),
    "consumers": consumers.scenarios,
    "overlaps": overlaps.scenarios,
}

# The first word of the scenario after the step, or the whole of it.
_WORDS = {
    "twice": "repeats",
    "again": "repeats",
    "error": "errors",
    "lost": "errors",
    "throttled": "errors",
    "denied": "errors",
    "kill": "kills",
    "overlap": "overlaps",
    "put": "meanwhile",
    "cancel": "meanwhile",
    "delete": "meanwhile",
    "tampered": "meanwhile",
    "dropped": "meanwhile",
    "stale": "modes",
    "time": "limits",
}
_GROUPS = {
    "plain": "plain",
    "permissions": "permissions",
    "late": "repeats",
    "input": "inputs",
    "mode": "modes",
    "password": "passwords",
    "limit": "limits",
    "consumer": "consumers",
}


def family_of(scenario: str) -> str | None:
    """Return the family of a scenario by its id; None if no id is like that."""
    group, dot, rest = scenario.partition(".")
    if not dot:
        return None
    return _GROUPS.get(group) or _WORDS.get(rest.partition("-")[0])
