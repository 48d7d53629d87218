"""Whose calls a least policy is for: each caller has a policy of its own, and so has each rotation function."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from fake_secrets.arns import LAMBDA_ARN, account_of, role_of_session
from fake_secrets.iam.least_policy import Need
from fake_secrets.iam.principals import user_arn
from fake_secrets.suggestions import check_choice

__all__ = ["NeedsOf", "by_caller", "function_name", "needs_of_caller", "owner_of_policies"]

__tracebackhide__ = True  # a traceback ends at the caller's mistake


def owner_of_policies(principal: str) -> str:
    """Return the ARN of the principal that has a caller's policies.

    Of a role's session, that is the role. The root of an account has no policies: as the caller of a test's own
    clients, it becomes the user that the test gives its policies.
    """
    if principal.endswith(":root"):
        return user_arn(account_of(principal), principal.split(":")[1])
    return role_of_session(principal) or principal


def function_name(function: str) -> str:
    """Return the name of a Lambda function, given its name or its ARN."""
    match = LAMBDA_ARN.fullmatch(function)
    return function if match is None else match[2]


@dataclass(frozen=True, slots=True)
class NeedsOf:
    """What one caller needed.

    Args:
        kind: "principal", or "function" for a rotation function.
        name: the principal's ARN, or the function's name.
        needs: what its calls needed.
    """

    kind: Literal["principal", "function"]
    name: str
    needs: tuple[Need, ...]


def by_caller(needs: Iterable[Need]) -> list[NeedsOf]:
    """Return what each caller needed, the principals first. The calls of a rotation function are its own.

    Args:
        needs: what calls needed, in any order.
    """
    found: dict[tuple[Literal["principal", "function"], str], list[Need]] = {}
    for need in sorted(needs, key=lambda need: need.order):
        if need.function is None:
            found.setdefault(("principal", need.principal), []).append(need)
        else:
            found.setdefault(("function", need.function), []).append(need)
    callers = [NeedsOf(*caller, tuple(of_caller)) for caller, of_caller in found.items()]
    return sorted(callers, key=lambda caller: (caller.kind == "function", caller.name))


def needs_of_caller(
    needs: Sequence[Need], principal: str | None = None, function: str | None = None
) -> Sequence[Need]:
    """Return what one caller needed.

    Args:
        needs: what the calls of all callers needed.
        principal: the caller's ARN. Where a rotation function has a role, its calls are the role's, too.
        function: the name of a rotation function.

    If neither is given, the only caller that is no rotation function is meant, or the only rotation function
    where there is no other caller.

    Raises:
        ValueError: if both are given, if that caller has made no call, or if neither is given and there are
            several.
        TypeError: if one isn't a str.
    """
    _check_text("principal", principal, "the ARN of a user or a role")
    hint = "fake_secrets.lambda_function(handler) returns the ARN of a handler"
    _check_text("function", function, f"the name or the ARN of a rotation function; {hint}")
    if principal is not None and function is not None:
        msg = f"principal={principal!r} and function={function!r} are two callers: give one of them"
        raise ValueError(msg)
    if function is not None:
        return _of_function(needs, function_name(function))
    if principal is not None:
        return _of_principal(needs, principal)
    callers = by_caller(needs)
    likely = [one for one in callers if one.kind == "principal"] or callers
    if len(likely) > 1:
        listed = "".join(f"\n- {one.kind}={one.name!r}" for one in callers)
        msg = (
            f"the calls were made by {len(callers)} callers, and each has a policy of its own. Choose one:{listed}"
        )
        raise ValueError(msg)
    return likely[0].needs if likely else ()


def _of_function(needs: Sequence[Need], name: str) -> Sequence[Need]:
    _check("function", name, {need.function for need in needs if need.function is not None})
    return [need for need in needs if need.function == name]


def _of_principal(needs: Sequence[Need], arn: str) -> Sequence[Need]:
    # A function without a role calls as the root of its account, which has no policies.
    acting = [need for need in needs if need.function is None or not need.principal.endswith(":root")]
    known = {need.principal for need in acting}
    names = {arn, owner_of_policies(arn)}
    if known.isdisjoint(names):
        _check("principal", arn, known)
    return [need for need in acting if need.principal in names]


def _check_text(argument: str, value: object, wanted: str) -> None:
    if value is not None and not isinstance(value, str):
        msg = f"{argument}={value!r} is a {type(value).__name__}, not a str. Give {wanted}."
        raise TypeError(msg)


def _check(kind: str, name: str, known: Collection[str]) -> None:
    if not known:
        msg = f"{kind}={name!r} has made no call, and neither has any other {kind}"
        raise ValueError(msg)
    check_choice(kind, name, sorted(known))
