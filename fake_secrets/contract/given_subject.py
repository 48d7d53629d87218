"""The subject of a check, made of the arguments of `check_rotation`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fake_secrets.contract.function_state import loaded
from fake_secrets.contract.importing import to_be_imported, with_missing_secret, without_values, world_of
from fake_secrets.contract.other_secrets import by_name
from fake_secrets.contract.subject import Subject
from fake_secrets.environment import default_region
from fake_secrets.options import with_article

if TYPE_CHECKING:
    from fake_secrets.iam.grants import Grant
    from fake_secrets.iam.loading import GivenPolicies

__all__ = ["import_environment", "subject_of"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def subject_of(
    handler: Callable[[Any, Any], object] | str,
    *,
    other_secrets: Mapping[str, Any] | None,
    environment: Mapping[str, str] | None,
    consumers: Sequence[Callable[[], object] | str] = (),
    allow: Mapping[str, str] | None,
    policy: GivenPolicies | None = None,
    context: Mapping[str, str | Sequence[str]] | None = None,
    **others: Any,
) -> Subject:
    """Return the subject of a check by the arguments of `check_rotation`."""
    mappings: dict[str, object] = {"other_secrets": other_secrets, "environment": environment, "allow": allow}
    for name, value in mappings.items():
        if not isinstance(value, Mapping | None):
            msg = f"{name}= takes a dict, not {type(value).__name__}"
            raise TypeError(msg)
    listed: object = consumers
    if callable(listed) or isinstance(listed, str) or not isinstance(listed, Iterable):
        msg = f"consumers= takes a list of functions, not {with_article(type(listed).__name__)}"
        raise TypeError(msg)
    variables = dict(environment or {})
    others_by_name, arns = by_name(other_secrets or {})
    subject = Subject(
        to_be_imported if isinstance(handler, str) else handler,
        other_secrets=others_by_name,
        arns=arns,
        environment=variables,
        allow=dict(allow or {}),
        consumers=tuple(one for one in consumers if not isinstance(one, str)),
        grant=_grant_of(policy, context),
        **others,
    )
    if not any(isinstance(one, str) for one in (handler, *consumers)):
        return subject
    with world_of(subject) as world:
        try:
            at_import = import_environment(subject.region, variables)
            given: list[Any] = [handler, *consumers]
            imported = [loaded(one, at_import) if isinstance(one, str) else one for one in given]
        except ImportError as error:
            error.msg = without_values(world, error)
            error.msg = with_missing_secret(world, error, error.msg, "in other_secrets=") or error.msg
            raise
    return dataclasses.replace(subject, handler=imported[0], consumers=tuple(imported[1:]))


def _grant_of(policy: GivenPolicies | None, context: Mapping[str, str | Sequence[str]] | None) -> Grant | None:
    if policy is None:
        if context is not None:
            msg = "context= needs policy=: it gives the values of condition keys, and there is no condition"
            raise ValueError(msg)
        return None
    # Imported late: few tests give policies, and they are slow to import.
    from fake_secrets.world.permissions import grant_of  # noqa: PLC0415

    return grant_of(policy, context=context)


def import_environment(region: str | None, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are set while a rotation function is imported.

    Args:
        region: the region; None for the default.
        environment: the function's environment variables.
    """
    # Lambda sets one, and clients that are made on import need it.
    home = region or default_region()
    return {"AWS_REGION": home, "AWS_DEFAULT_REGION": home, **environment}
