"""The families: what is tried, in the order in which it is tried, the cheapest and most telling first.

Begin with `plain`. Each family gives its scenarios for a dry run. They follow from the dry run alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.families import disturbed, inputs, limits, meanwhile, modes, passwords, plain, repeats
from fake_secrets.contract.scenario import Scenario

__all__ = ["FAMILIES", "family_of"]

FAMILIES: Mapping[str, Callable[[DryRun], Iterator[Scenario]]] = {
    "plain": plain.scenarios,
    "repeats": repeats.scenarios,
    "errors": disturbed.errors,
    "kills": disturbed.kills,
    "meanwhile": meanwhile.scenarios,
    "inputs": inputs.scenarios,
    "modes": modes.scenarios,
    "passwords": passwords.scenarios,
    "limits": limits.scenarios,
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
    "late": "repeats",
    "input": "inputs",
    "mode": "modes",
    "password": "passwords",
    "limit": "limits",
}


def family_of(scenario: str) -> str | None:
    """Return the family of a scenario by its id; None if no id is like that."""
    group, dot, rest = scenario.partition(".")
    if not dot:
        return None
    return _GROUPS.get(group) or _WORDS.get(rest.partition("-")[0])
