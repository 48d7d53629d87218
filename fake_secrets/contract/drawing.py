"""Draws a scenario as text: the function's calls, the staging labels, and what the service accepts."""

from __future__ import annotations

from fake_secrets.contract.moments import Boundary, State
from fake_secrets.contract.trial import Trial
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING

__all__ = ["draw"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_HEAD = ("call", "outcome", AWSCURRENT, AWSPENDING, "accepted by the service")
# The calls at the end matter most.
_LONGEST = 40


def draw(trial: Trial, calls: int) -> tuple[str, ...]:
    """Return the lines of a table with a row for each call.

    Args:
        trial: the trial, which is over.
        calls: how many calls are shown, from the first.
    """
    rows: list[tuple[str, ...]] = []
    left = calls
    for delivery in trial.deliveries:
        if rows and left <= 0:
            break
        again = f", attempt {delivery.number}" if delivery.number > 1 else ""
        why = f", {delivery.why}" if delivery.why else ""
        rows.append((f"{delivery.step}{again}{why}",))
        rows += [_row(trial, boundary) for boundary in delivery.boundaries[:left]]
        left -= len(delivery.boundaries)
        if delivery.error is not None and left >= 0:
            end = "killed" if delivery.death is not None else f"raises {type(delivery.error).__name__}"
            rows.append((f"  {end}",))
    shown = rows if len(rows) <= _LONGEST else [("(earlier calls aren't shown)",), *rows[-_LONGEST:]]
    has_service = any(len(row) == len(_HEAD) and row[-1] for row in shown)
    width = len(_HEAD) if has_service else len(_HEAD) - 1
    table = [_HEAD[:width], *(row[:width] for row in shown)]
    widths = [max(len(row[column]) for row in table if len(row) > 1) for column in range(width)]
    return tuple(_line(row, widths) for row in table)


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    if len(row) == 1:
        return row[0]
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(trial: Trial, boundary: Boundary) -> tuple[str, ...]:
    state = boundary.after
    outcome = boundary.outcome if boundary.mark is None else f"{boundary.outcome} ({boundary.mark})"
    name = f"  {boundary.number} {boundary.name}"
    if state is None:
        return name, outcome, "", "", ""
    return name, outcome, _role(trial, state, AWSCURRENT), _role(trial, state, AWSPENDING), _accepted(trial, state)


def _role(trial: Trial, state: State, label: str) -> str:
    version_id = state.labels.get(label)
    if version_id is None:
        return "-"
    return trial.role(version_id) + ("" if version_id in state.values else " (empty)")


def _accepted(trial: Trial, state: State) -> str:
    roles = [trial.role(version_id) for version_id, accepted in state.accepts.items() if accepted]
    if state.strangers:
        roles.append(f"{state.strangers} in no version")
    if not roles:
        return "nothing" if state.accepts or state.count is not None else ""
    return ", ".join(roles)
