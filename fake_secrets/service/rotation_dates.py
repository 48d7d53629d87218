"""The dates of a secret's rotation: when the next is due, by its schedule and what it counts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fake_secrets.service.model import RotationState

if TYPE_CHECKING:
    from fake_secrets.service.schedule import Schedule

__all__ = ["count_from", "skip_missed"]


def count_from(rotation: RotationState, since: float) -> None:
    """Count a secret's next rotation from an event: a rotation, a manual value, a new configuration.

    Args:
        rotation: its `window` becomes the start of the next window, and its `next_rotation` that
            window's last second; both None without rules.
        since: the event, epoch seconds.

    Source: rotation-facts 2.2 [A-]; that a rotation is due as soon as its window starts [D].
    """
    rotation.counted_from = since
    schedule = _schedule_of(rotation)
    window = None if schedule is None else next(schedule.windows(since))
    rotation.window = None if window is None else window.start
    rotation.next_rotation = None if window is None else window.end - 1


def skip_missed(rotation: RotationState | None, now: float) -> None:
    """Have nothing be due any more by now, epoch seconds, but with the first window that starts later.

    The windows are still counted from the same event, and NextRotationDate stays as it is.
    """
    if rotation is not None and rotation.enabled:
        schedule = _schedule_of(rotation)
        rotation.window = None if schedule is None else next(schedule.windows(rotation.counted_from, now)).start
        if rotation.retry_at is not None and rotation.retry_at <= now:
            rotation.retry_at = None


def _schedule_of(rotation: RotationState) -> Schedule | None:
    if not rotation.rules:
        return None
    # Few tests need it, and it is slow to import.
    from fake_secrets.service.schedule import schedule_of  # noqa: PLC0415

    return schedule_of(rotation.rules)
