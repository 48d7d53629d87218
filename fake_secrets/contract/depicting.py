"""Makes the picture of a scenario from what its trial has recorded."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from fake_secrets.contract.meant_versions import MeantVersions
from fake_secrets.contract.moments import Boundary, Delivery, State
from fake_secrets.contract.own_lines import where_of
from fake_secrets.contract.picture_parts import STRANGERS, Cell, Column, Fate, Picture, Row, Run
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.values import Raw
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING, AWSPREVIOUS

__all__ = ["picture_of"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# A function that polls makes very many calls. Those at the end matter most.
_LONGEST = 60

_LABELS = (AWSCURRENT, AWSPENDING, AWSPREVIOUS)


class _Moment(NamedTuple):
    """A call of a delivery; a delivery without calls has one moment without a call."""

    delivery: Delivery
    boundary: Boundary | None


def picture_of(trial: Trial, calls: int) -> Picture:
    """Return the picture of a scenario.

    Args:
        trial: the trial, which is over.
        calls: how many calls are shown, from the first.
    """
    moments = _first(_in_order(trial.deliveries), calls)
    left_out = max(0, sum(one.boundary is not None for one in moments) - _LONGEST)
    states = [one.boundary.after for one in moments if one.boundary is not None]
    start = trial.deliveries[0].before if trial.deliveries else None
    meant = _meant(trial, [start, *states])
    runs = _cut(list(_runs(trial.deliveries, moments, meant)), left_out)
    labels, versions, accepts = _rows(trial, [None if left_out else start, *states[left_out:]])
    return Picture(tuple(runs), labels, versions, accepts, left_out)


def _in_order(deliveries: Sequence[Delivery]) -> list[_Moment]:
    """Return the moments in the order in which they happened: the calls of two deliveries can alternate."""
    moments: list[tuple[int, _Moment]] = []
    latest = 0
    for delivery in deliveries:
        for boundary in delivery.boundaries:
            latest = boundary.order
            moments.append((latest, _Moment(delivery, boundary)))
        if not delivery.boundaries:
            moments.append((latest, _Moment(delivery, None)))
    return [one for _, one in sorted(moments, key=lambda pair: pair[0])]


def _first(moments: Sequence[_Moment], calls: int) -> list[_Moment]:
    """Return the first moments, up to a number of calls."""
    shown: list[_Moment] = []
    for one in moments:
        if shown and calls <= 0:
            break
        shown.append(one)
        calls -= one.boundary is not None
    return shown


def _meant(trial: Trial, states: Sequence[State | None]) -> MeantVersions:
    """Return what knows the versions that calls are about.

    Args:
        trial: the trial.
        states: the state at the start, and that after each call; None if it isn't known.
    """
    values: dict[str, Raw] = {}
    for state in states:
        values |= {} if state is None else state.values
    roles = _roles(trial, values)
    versions = {role: values[version_id] for version_id, role in roles.items()}
    others: dict[str, list[Raw]] = {}
    for name, of_secret in trial.values_of_others.items():
        # Its name may be a part of a value, too.
        others.setdefault(trial.shown(name) or "another secret", []).extend(of_secret)
    return MeantVersions(versions, others, trial.check.changing_places)


def _runs(deliveries: Sequence[Delivery], moments: Sequence[_Moment], meant: MeantVersions) -> Iterator[Run]:
    numbers = {id(delivery): number for number, delivery in enumerate(deliveries, 1)}
    told = dict.fromkeys(numbers, 0)
    begun = set[int]()
    for key, same in itertools.groupby(moments, key=lambda one: id(one.delivery)):
        span = list(same)
        delivery = span[0].delivery
        boundaries = [one.boundary for one in span if one.boundary is not None]
        told[key] += len(boundaries)
        yield Run(
            delivery.step,
            numbers[key],
            delivery.number,
            delivery.why,
            key in begun,
            tuple(_column(one, meant) for one in boundaries),
            _end(delivery) if told[key] == len(delivery.boundaries) else None,
        )
        begun.add(key)


def _cut(runs: Sequence[Run], left_out: int) -> Iterator[Run]:
    """Yield the runs without the first calls."""
    for run in runs:
        count = len(run.columns)
        if left_out < count or not left_out:
            is_continued = run.is_continued or left_out > 0
            yield replace(run, columns=run.columns[left_out:], is_continued=is_continued)
        left_out = max(0, left_out - count)


def _column(boundary: Boundary, meant: MeantVersions) -> Column:
    line = boundary.line
    return Column(
        boundary.number,
        boundary.name,
        boundary.place,
        boundary.outcome,
        where_of(line),
        "" if line is None else line.text,
        boundary.mark,
        meant.of(boundary),
    )


def _end(delivery: Delivery) -> str | None:
    if delivery.error is None:
        return "returns" if delivery.is_over else None
    return "killed" if delivery.death is not None else f"raises {type(delivery.error).__name__}"


def _rows(trial: Trial, states: Sequence[State | None]) -> tuple[tuple[Row, ...], ...]:
    """Return the rows of the labels, of the versions, and of what the service accepts.

    Args:
        trial: the trial.
        states: the state at the start, and that after each call; None if it isn't known.
    """
    known = [state for state in states if state is not None]
    roles = _roles(trial, {one for state in known for one in (*state.labels.values(), *state.values)})
    labels = dict.fromkeys((*_LABELS, *sorted(label for state in known for label in state.labels)))
    is_told = any(state.accepts or state.count is not None for state in known)

    def row(name: str, cell_of: Callable[[State], Cell]) -> Row:
        start, *cells = (None if state is None else cell_of(state) for state in states)
        return Row(name, start, tuple(cells))

    return (
        tuple(row(label, partial(_holder, label, roles)) for label in labels),
        tuple(row(role, partial(_fate, one)) for one, role in roles.items()),
        (*(row(role, partial(_accepted, one)) for one, role in roles.items()), row(STRANGERS, _strangers))
        if is_told
        else (),
    )


def _roles(trial: Trial, seen: Collection[str]) -> dict[str, str]:
    """Return the roles of versions by their ids, in the order of creation. Each has a role of its own."""
    roles: dict[str, str] = {}
    counts = Counter[str]()
    for version_id in trial.version_ids:
        if version_id in seen:
            role = trial.role(version_id)
            counts[role] += 1
            roles[version_id] = role if counts[role] == 1 else f"{role} {counts[role]}"
    return roles


def _holder(label: str, roles: Mapping[str, str], state: State) -> Cell:
    return roles.get(state.labels.get(label, ""), "")


def _fate(version_id: str, state: State) -> Fate:
    if version_id in state.removed:
        return "removed"
    is_labelled = version_id in state.labels.values()
    if version_id in state.values:
        return "stored" if is_labelled else "unlabelled"
    return "empty" if is_labelled else "absent"


def _accepted(version_id: str, state: State) -> Cell:
    accepted = state.accepts.get(version_id, state.unlabelled.get(version_id))
    return "" if accepted is None else "yes" if accepted else "no"


def _strangers(state: State) -> Cell:
    return "" if state.strangers is None else str(state.strangers)
