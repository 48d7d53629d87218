"""When a secret is next rotated, by its RotationRules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_secrets import clock

__all__ = ["next_rotation_date"]


def next_rotation_date(rules: Mapping[str, Any] | None, since: float) -> float | None:
    """Return NextRotationDate, counted from a rotation, a manual value or a new configuration.

    Args:
        rules: RotationRules as stored; None where the secret has none.
        since: the event to count from, epoch seconds.

    Returns:
        The last second of the due day, 23:59:59 UTC, epoch seconds; None without rules.

    Source: rotation-facts 2.2 [A-].
    """
    days = rules.get("AutomaticallyAfterDays") if rules else None
    return None if days is None else clock.end_of_day_after(since, days)
