"""`check_rotation` checks a rotation function against the contract."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fake_secrets.contract.causes import Causes
from fake_secrets.contract.debugging import undebugged
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.families import FAMILIES, family_of
from fake_secrets.contract.function_state import loaded
from fake_secrets.contract.kept_reports import keep
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.report import ContractReport
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.subject import Subject
from fake_secrets.contract.undisturbed import dry_run
from fake_secrets.environment import default_region
from fake_secrets.suggestions import nearest

__all__ = ["check_only", "check_rotation", "check_subject", "subject_of"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def check_rotation(
    handler: Callable[[Any, Any], object] | str,
    *,
    secret: Mapping[str, Any] | str | bytes | None,
    previous: Mapping[str, Any] | str | bytes | None = None,
    other_secrets: Mapping[str, Any] | None = None,
    service: Callable[[], object] | None = None,
    environment: Mapping[str, str] | None = None,
    name: str = "prod/rotated",
    region: str | None = None,
    account_id: str = "123456789012",
    tags: Mapping[str, str] | None = None,
    schedule: int | str | None = None,
    allow: Mapping[str, str] | None = None,
    only: str | None = None,
) -> ContractReport:
    """Check a rotation function: try what can go wrong in a rotation, and report what the function does then.

    Each scenario runs in a fresh world with a fresh service double. The function's own global state, its clients
    and the environment are put back before each of them. Time passes virtually while the function runs, so that
    its sleeps cost nothing.

    Args:
        handler: the rotation function, called with event and context. A str such as ``"my_module:lambda_handler"``
            is imported, with `environment` set.
        secret: the value of AWSCURRENT, as `mock_stages` takes it; None for a secret without a value.
        previous: the value of AWSPREVIOUS; by default there is none.
        other_secrets: other secrets that the function reads, name to value.
        service: a class or function that makes a service double: the protected service, such as a fake database.
            What it offers of ``accepts``, ``accepted``, ``drop`` and ``settle`` is used.
        environment: the function's environment variables.
        name: the secret's name.
        region: the secret's region; by default that of `mock_stages`.
        account_id: the secret's account.
        tags: the secret's tags.
        schedule: the days between rotations, or a schedule expression; by default there is no schedule.
        allow: deviations that are expected: stable name to reason.
        only: the id of a scenario, or the name of a family, that is run alone. The output of the function is
            shown if it is a scenario.

    Returns:
        The report. Assert on `passed`, and print it.

    Raises:
        TypeError: if `handler` can't be called or is a coroutine function, or if another argument has a wrong
            type.
        ValueError: if `allow` names an unknown deviation or gives no reason, or if there is no scenario `only`.
            The scenarios follow from three undisturbed rotations.
    """
    subject = subject_of(
        handler,
        secret=secret,
        previous=previous,
        other_secrets=other_secrets,
        service=service,
        environment=environment,
        name=name,
        region=region,
        account_id=account_id,
        tags=tags,
        schedule=schedule,
        allow=allow,
    )
    check_only(only)
    report = check_subject(subject, None if only is None else [only])
    keep(report)
    return report


def subject_of(
    handler: Callable[[Any, Any], object] | str,
    *,
    other_secrets: Mapping[str, Any] | None,
    environment: Mapping[str, str] | None,
    allow: Mapping[str, str] | None,
    **others: Any,
) -> Subject:
    """Return the subject of a check by the arguments of `check_rotation`."""
    mappings: dict[str, object] = {"other_secrets": other_secrets, "environment": environment, "allow": allow}
    for name, value in mappings.items():
        if not isinstance(value, Mapping | None):
            msg = f"{name}= takes a dict, not {type(value).__name__}"
            raise TypeError(msg)
    variables = dict(environment or {})
    if isinstance(handler, str):
        # Lambda sets one, and clients that are made on import need it.
        home = others["region"] or default_region()
        handler = loaded(handler, {"AWS_REGION": home, "AWS_DEFAULT_REGION": home, **variables})
    return Subject(
        handler,
        other_secrets=dict(other_secrets or {}),
        environment=variables,
        allow=dict(allow or {}),
        **others,
    )


def check_only(only: object) -> None:
    """Check the argument `only`.

    Raises:
        TypeError: if it is no str.
    """
    if not isinstance(only, str | None):
        msg = f"only= takes the id of a scenario or the name of a family, not {type(only).__name__}"
        raise TypeError(msg)


def check_subject(
    subject: Subject, only: Sequence[str] | None = None, *, without: Sequence[str] = ()
) -> ContractReport:
    """Check a subject.

    Args:
        subject: the subject.
        only: the ids of scenarios and the names of families that are run; None for all.
        without: the ids of scenarios that aren't run.
    """
    is_single = only is not None and not FAMILIES.keys() >= set(only)
    with Check(subject) as check:
        causes = Causes(subject)
        with undebugged() if is_single else contextlib.nullcontext():
            trial, dry = dry_run(check)
        if is_single:
            check.show_output()
        chosen = [one for one in _chosen(dry, only) if one.id not in without]
        for scenario in chosen:
            is_dry = scenario.id == trial.scenario and not is_single
            causes.add(scenario, trial if is_dry else scenario.run(check, scenario.id))
        if check.time.reads_real_dates and "plain.three-times" in [one.id for one in chosen]:
            causes.note_clock(chosen[0])
        left_out = _left_out(dry) if dry.obstacles and only != ["plain"] else ()
        return causes.report(left_out, is_whole=only is None and not left_out)


def _chosen(dry: DryRun, only: Sequence[str] | None) -> Iterator[Scenario]:
    """Yield the scenarios that are run.

    Raises:
        ValueError: if there is no scenario that was asked for.
    """
    every = [(family, one) for family, make in FAMILIES.items() for one in _of_family(dry, family, make)]
    if only is None:
        yield from (one for _, one in every)
        return
    for wanted in only:
        found = [one for family, one in every if wanted in {family, one.id}]
        if not found and wanted not in FAMILIES:
            raise ValueError(_unknown(wanted, [one.id for _, one in every], dry))
        yield from found


def _of_family(dry: DryRun, family: str, make: Callable[[DryRun], Iterator[Scenario]]) -> Iterator[Scenario]:
    return iter(()) if dry.obstacles and family != "plain" else make(dry)


def _unknown(wanted: str, known: list[str], dry: DryRun) -> str:
    if dry.obstacles:
        return f"there is no scenario {wanted!r}, because the undisturbed rotation shows {dry.obstacles[0]}"
    family = family_of(wanted)
    similar = nearest(wanted, [one for one in known if family in {None, family_of(one)}])
    shown = "".join(f"\n- {one}" for one in similar or FAMILIES)
    return f"there is no scenario {wanted!r}. There {'are' if len(similar or FAMILIES) > 1 else 'is'}:{shown}"


def _left_out(dry: DryRun) -> tuple[str, ...]:
    return (
        (
            f"The function wasn't disturbed, because an undisturbed rotation shows {dry.obstacles[0]} already. "
            "Mend that first."
        ),
    )
