"""The dates of rotations: the next window of a secret's RotationRules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fake_secrets import clock

if TYPE_CHECKING:
    from fake_secrets.service.rules.schedule import Window

__all__ = ["next_window"]


def next_window(rules: Mapping[str, Any] | None, since: float, after: float | None = None) -> Window | None:
    """Return the next rotation window of a secret, or None without rules.

    It is None too if the window would end later than the latest date that a client can show.

    Args:
        rules: RotationRules that `check_rules` has accepted.
        since: the event that the windows are counted from, epoch seconds: a rotation, a value that
            was put by hand, or a new configuration.
        after: skip windows that don't start after this, epoch seconds. By default none is skipped.

    Source: rotation-facts 2.2 [A-]. A rotation is due as soon as its window starts [D].
    """
    if not rules:
        return None
    # Imported late: few tests need schedules, and they are slow to import.
    from fake_secrets.service.rules.schedule import schedule_of  # noqa: PLC0415

    schedule = schedule_of(rules)
    window = None if schedule is None else next(schedule.windows(since, after), None)
    return None if window is None or window.end - 1 > clock.LATEST else window
