"""`check_rotation` checks a rotation function against the contract."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fake_secrets.contract.causes import Causes
from fake_secrets.contract.debugging import undebugged
from fake_secrets.contract.defaults import NAME
from fake_secrets.contract.dry_run import DryRun
from fake_secrets.contract.families import FAMILIES, family_of
from fake_secrets.contract.given_subject import subject_of
from fake_secrets.contract.kept_reports import keep
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.progress import Deadline, Progress, Watcher
from fake_secrets.contract.report import ContractReport
from fake_secrets.contract.scenario import Scenario
from fake_secrets.contract.subject import Subject
from fake_secrets.contract.trial import Trial
from fake_secrets.contract.undisturbed import dry_run
from fake_secrets.contract.unjudged import unjudged
from fake_secrets.errors import FakeSecretsWarning, annotate
from fake_secrets.observe.remarks import Remark, tell, users_line
from fake_secrets.suggestions import nearest

if TYPE_CHECKING:
    from fake_secrets.iam.loading import GivenPolicies

__all__ = [
    "UnknownScenarioError",
    "check_rotation",
    "check_subject",
    "is_of_scenario",
    "names_in",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_DRY_RUN = "plain.three-times"
_IN_SCENARIO = "raised in the scenario"


class UnknownScenarioError(ValueError):
    """There is no scenario that was asked for."""


def check_rotation(
    handler: Callable[[Any, Any], object] | str,
    *,
    secret: Mapping[str, Any] | str | bytes | None,
    previous: Mapping[str, Any] | str | bytes | None = None,
    other_secrets: Mapping[str, Any] | None = None,
    service: Callable[[], object] | None = None,
    environment: Mapping[str, str] | None = None,
    name: str = NAME,
    region: str | None = None,
    account_id: str = "123456789012",
    tags: Mapping[str, str] | None = None,
    schedule: int | str | None = None,
    consumers: Sequence[Callable[[], object] | str] = (),
    allow: Mapping[str, str] | None = None,
    timeout: float = 900,
    policy: GivenPolicies | None = None,
    context: Mapping[str, str | Sequence[str]] | None = None,
    kms_key_id: str | None = None,
    only: str | Sequence[str] | None = None,
) -> ContractReport:
    """Check a rotation function: try what can go wrong in a rotation, and report what the function does then.

    Each scenario runs in a fresh world with a fresh service double. The function's own global state, its clients
    and the environment are put back before each of them. Time passes virtually while the function runs, so that
    its sleeps cost nothing.

    Args:
        handler: the rotation function, called with event and context. A str such as ``"my_module:lambda_handler"``
            is imported, with `environment` set.
        secret: the value of AWSCURRENT, as `mock_stages` takes it, but without labels; None for a secret without
            a value.
        previous: the value of AWSPREVIOUS; by default there is none.
        other_secrets: other secrets that the function reads: name or ARN to value.
        service: a class or function that makes a service double: the protected service, such as a fake database.
            What it offers of ``accepts``, ``accepted``, ``drop`` and ``settle`` is used.
        environment: the function's environment variables.
        name: the secret's name.
        region: the secret's region; by default that of `mock_stages`.
        account_id: the secret's account.
        tags: the secret's tags.
        schedule: the days between rotations, or a schedule expression; by default there is no schedule.
        consumers: functions of the code under test that read the secret, called without arguments at each moment
            of a rotation. They return the value that they would log in with, or None after they have logged in.
            A str such as ``"my_module:connect"`` is imported as `handler` is.
        allow: deviations that are expected: stable name to reason.
        timeout: the time-out with which the function is deployed, in seconds; Lambda's longest by default.
        policy: the identity policies of the role that the function is deployed with, in any form that
            `fake_secrets.permissions` takes; by default the permissions that AWS documents for rotation functions.
        context: condition keys of `policy` whose values the check can't know, such as
            ``{"aws:SourceIp": "203.0.113.7"}``.
        kms_key_id: the customer's KMS key that encrypts the secret: a key id, an alias, or the ARN of either. The
            function's role needs it, too. By default it is Secrets Manager's own key, which everybody may use.
        only: the id of a scenario, or the name of a family, that is run alone, or a list of them. The output of
            the function is shown if there is a scenario among them.

    Returns:
        The report. Assert on `passed`, and print it.

    Raises:
        TypeError: if `handler` can't be called or is a coroutine function, or if another argument has a wrong
            type.
        ValueError: if `secret` or `previous` has staging labels for keys, if `other_secrets` has the ARN of
            another region or account, if `allow` names an unknown deviation
            or gives no reason, if `timeout` isn't above 0 and at most 900, if AWS refuses `schedule`, if
            `kms_key_id` can't name a key, if there are `consumers` without `service` or a `context` without
            `policy`, or if `only` is an empty list or names an unknown scenario. The scenarios follow from three
            undisturbed rotations.
        PolicyError: if `policy` can't be read, or if IAM would refuse it.
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
        consumers=consumers,
        allow=allow,
        timeout=timeout,
        policy=policy,
        context=context,
        kms_key_id=kms_key_id,
    )
    wanted = names_in(only)
    tell([Remark(FakeSecretsWarning, doubt, users_line()) for doubt in subject.doubts])
    report = check_subject(subject, wanted)
    keep(report)
    return report


def names_in(only: object) -> list[str] | None:
    """Return the names that the argument `only` has; None for all scenarios.

    Raises:
        TypeError: if it is neither a str nor a sequence of them.
        ValueError: if it is an empty sequence.
    """
    if only is None:
        return None
    several = list(only) if isinstance(only, Sequence) and not isinstance(only, str | bytes) else None
    names: list[str] = []
    for name in [only] if several is None else several:
        if not isinstance(name, str):
            given = f"{'' if several is None else 'a list with '}{type(name).__name__}"
            msg = f"only= takes the id of a scenario or the name of a family, or a list of them, not {given}"
            raise TypeError(msg)
        names.append(name)
    if not names:
        msg = "only= is an empty list. Leave it out to run every scenario"
        raise ValueError(msg)
    return names


def check_subject(
    subject: Subject,
    only: Sequence[str] | None = None,
    *,
    without: Collection[str] = (),
    watcher: Watcher | None = None,
    seconds: float | None = None,
    is_loud: bool = True,
) -> ContractReport:
    """Check a subject.

    Args:
        subject: the subject.
        only: the ids of scenarios and the names of families that are run; None for all.
        without: the ids of scenarios that aren't run.
        watcher: called before each scenario with the progress of the check.
        seconds: after so many seconds of real time, no further scenario begins. The dry run isn't broken off.
        is_loud: whether the function's output is shown if `only` names a scenario.

    Raises:
        UnknownScenarioError: if there is no scenario that was asked for.
    """
    deadline = Deadline(seconds)
    # The second puts back what the first doesn't, if an interrupt comes right before its end. The block is one
    # call, because Python leaves some instructions of longer blocks unguarded.
    with Check(subject) as check, check.put_back_again():
        return _checked(check, only, without, watcher or _ignore, deadline, is_loud=is_loud)


def _checked(
    check: Check,
    only: Sequence[str] | None,
    without: Collection[str],
    watch: Watcher,
    deadline: Deadline,
    *,
    is_loud: bool,
) -> ContractReport:
    """Run the scenarios of a check that has begun, and return its report; see `check_subject`."""
    subject = check.subject
    is_single = only is not None and not FAMILIES.keys() >= set(only)
    causes = Causes(subject, check.line_calling)
    watch(Progress("plain", _DRY_RUN))
    with undebugged() if is_single else contextlib.nullcontext():
        trial, dry = dry_run(check)
    check.interruption.raise_again()
    if is_single and is_loud:
        check.show_output()
    chosen = [(family, one) for family, one in _chosen(check, dry, only) if one.id not in without]
    runs = _runs(check, chosen, None if is_single else trial, watch, deadline)
    untried = [one.id for _, one in chosen]
    try:
        for scenario, run in runs:
            causes.add(scenario, run)
            untried.remove(scenario.id)
    except Exception as error:
        annotate(error, _broken_off(untried[0], causes))
        raise
    if check.time.reads_real_dates and _DRY_RUN in [one.id for _, one in chosen]:
        causes.note_clock(chosen[0][1])
    wanted = FAMILIES if only is None else only
    obstacle = dry.obstacles[0] if dry.obstacles else None
    return causes.report(
        obstacle,
        (*(unjudged(subject, dry) if "plain" in wanted else ()), *check.left_out.values()),
        untried=untried,
        is_whole=only is None,
    )


def _runs(
    check: Check,
    chosen: Sequence[tuple[str, Scenario]],
    dry: Trial | None,
    watch: Watcher,
    deadline: Deadline,
) -> Iterator[tuple[Scenario, Trial]]:
    """Run scenarios until the deadline, and yield them with their trials.

    Args:
        check: the check.
        chosen: the scenarios, each after the name of its family.
        dry: the trial of the dry run, if it counts as that of its scenario.
        watch: called before each scenario.
        deadline: when the time is up.
    """
    sizes = Counter(family for family, _ in chosen)
    for done, (family, scenario) in enumerate(chosen):
        is_dry = dry is not None and scenario.id == dry.scenario
        if not is_dry and deadline.is_over:
            return
        watch(Progress(family, scenario.id, done, len(chosen), sizes[family]))
        trial = dry if is_dry and dry is not None else scenario.run(check, scenario.id)
        check.interruption.raise_again()
        yield scenario, trial


def _broken_off(scenario: str, causes: Causes) -> str:
    """Return where an error breaks a check off, and what was found before."""
    found = ", ".join(causes.names) or "nothing"
    return f"{_IN_SCENARIO} {scenario}. Found before: {found}"


def is_of_scenario(error: Exception) -> bool:
    """Return whether an error has broken off a check in a scenario, and not before the first one."""
    return any(note.startswith(_IN_SCENARIO) for note in getattr(error, "__notes__", ()))


def _ignore(_: Progress) -> None:
    """Watch nothing."""


def _chosen(check: Check, dry: DryRun, only: Sequence[str] | None) -> Iterator[tuple[str, Scenario]]:
    """Yield the scenarios that are run, each once, after the name of its family.

    Raises:
        UnknownScenarioError: if there is no scenario that was asked for.
    """
    found: dict[str, tuple[str, Scenario]] = {}
    check.wanted = None if only is None or not FAMILIES.keys().isdisjoint(only) else frozenset(only)
    for wanted in FAMILIES if only is None else only:
        family = family_of(wanted)
        families = FAMILIES if family is None and wanted not in FAMILIES else [family or wanted]
        every = {one.id: (name, one) for name in families for one in _of_family(check, dry, name)}
        these = every if wanted in FAMILIES else {one: every[one] for one in [wanted] if one in every}
        if not these and wanted not in FAMILIES:
            check.wanted = None
            known = [one.id for name in families for one in _of_family(check, dry, name)]
            raise UnknownScenarioError(_unknown(wanted, known, dry))
        found |= these
    yield from found.values()


def _of_family(check: Check, dry: DryRun, family: str) -> Iterator[Scenario]:
    return iter(()) if dry.obstacles and family != "plain" else FAMILIES[family](dry, check)


def _unknown(wanted: str, known: list[str], dry: DryRun) -> str:
    if dry.obstacles:
        return f"there is no scenario {wanted!r}, because the undisturbed rotation shows {dry.obstacles[0]}"
    similar = nearest(wanted, known)
    shown = "".join(f"\n- {one}" for one in similar or FAMILIES)
    return f"there is no scenario {wanted!r}. {'Did you mean' if similar else 'The families are'}:{shown}"
