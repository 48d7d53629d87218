"""The world in which a rotation function is imported: a module may read a secret when it is imported."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fake_secrets.activation import visits
from fake_secrets.contract.moments import NOT_FOUND, code_of
from fake_secrets.contract.other_secrets import suffix_in
from fake_secrets.contract.subject import Subject
from fake_secrets.mock import mock_stages
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPREVIOUS

if TYPE_CHECKING:
    from fake_secrets.world.handle import FakeSecrets

__all__ = ["plant", "to_be_imported", "with_missing_secret", "without_values", "world_of"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def to_be_imported(event: object, context: object) -> None:
    """Stand in for a rotation function that isn't imported yet."""


@contextlib.contextmanager
def world_of(subject: Subject) -> Iterator[FakeSecrets]:
    """Answer the calls that modules make while they are imported, from the secrets of a subject.

    No call of Secrets Manager leaves the process meanwhile.
    """
    # Twice, because an interrupt may keep one of the two from putting back what was kept.
    with (
        visits.kept(),
        visits.kept(),
        mock_stages({}, region=subject.region, account_id=subject.account_id, random_seed=0) as handle,
    ):
        plant(handle, subject)
        # Whoever begins the check tells what is doubtful in the secrets.
        handle._world.remarks.take()
        yield handle


def plant(handle: FakeSecrets, subject: Subject) -> frozenset[str]:
    """Make the secrets of a subject in a world. Return the labels that the secret has."""
    labels = {AWSCURRENT: subject.secret, AWSPREVIOUS: subject.previous}
    given = {label: value for label, value in labels.items() if value is not None}
    handle.add(subject.name, labels=given or None, tags=subject.tags, kms_key_id=subject.kms_key_id)
    for name, value in subject.other_secrets.items():
        arn = subject.arns.get(name)
        suffix = None if arn is None else suffix_in(arn, handle.region, subject.account_id)
        handle.add(name, value, arn_suffix=suffix)
    return frozenset(given)


def without_values(handle: FakeSecrets, error: ImportError) -> str:
    """Return what an error says of an import that has failed, without secret values.

    Args:
        handle: the handle of the world in which the module was imported.
        error: the error. Its context is what the module has raised.
    """
    if not handle.leaks._current_index().read(error.msg):
        return error.msg
    raised = type(error.__context__).__name__
    return f"{error.name} can't be imported: it raised {raised}, whose text holds a secret value and isn't shown"


def with_missing_secret(handle: FakeSecrets, error: BaseException, told: str, where: str) -> str | None:
    """Return what is said of an import that has failed, and which secret has to be given.

    Args:
        handle: the handle of the world in which the module was imported.
        error: the error that says so. Its context is what the module has raised.
        told: what the error says.
        where: where to give the secret. Braces in it stand for the SecretId.

    Returns:
        The text; None if no secret is missing.
    """
    missing = _missing_secret(handle, error)
    if missing is None:
        return None
    return f"{told.removesuffix('.')}. No secret {missing!r} was given; give it {where.format(missing)}"


def _missing_secret(handle: FakeSecrets, error: BaseException) -> str | None:
    """Return the SecretId of a secret that isn't there, if that is why an import has failed.

    Args:
        handle: the handle of the world in which the module was imported.
        error: the error that says so. Its context is what the module has raised.

    Returns:
        The SecretId; None if something else is the reason, or if the SecretId is a secret value.
    """
    raised, latest = error.__context__, handle.calls[-1:]
    if raised is None or code_of(raised) != NOT_FOUND or not latest or latest[0].outcome != NOT_FOUND:
        return None
    secret_id = latest[0].secret_id
    return None if secret_id is None or handle.leaks._current_index().read(secret_id) else secret_id
