"""What the policies of a role say of the secret that they are for, if that isn't the contract's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from fake_secrets.arns import ANY_SUFFIX, LAMBDA_ARN, SECRET_ARN, SUFFIX, SUFFIX_LENGTH, account_of
from fake_secrets.contract.role_condition import functions_named_in
from fake_secrets.iam.patterns import is_like
from fake_secrets.iam.policy import Policy

__all__ = ["mismatch_of"]

_SUFFIXES = (ANY_SUFFIX, "-*", "*")


def mismatch_of(policies: Iterable[Policy], name: str, arn: str, others: Collection[str] = ()) -> str | None:
    """Return in a sentence that policies are for another secret; None if one of them may be for this one.

    Args:
        policies: the policies.
        name: the name of the contract's secret.
        arn: its ARN.
        others: the names of other secrets that the contract knows.
    """
    policies = list(policies)
    region, account, _ = SECRET_ARN.fullmatch(arn).groups()  # type: ignore[union-attr]
    accounts = {account_of(one) for one in functions_named_in(policies) if LAMBDA_ARN.fullmatch(one)}
    named = [found.groups() for found in map(SECRET_ARN.fullmatch, _resources(policies)) if found]
    own = [(where, owner, secret) for where, owner, secret in named if _name_of(secret, others) not in others]
    kinds = (
        ("region", "region", region, {where for where, _, _ in own}),
        ("account", "account_id", account, {owner for _, owner, _ in own} | accounts),
    )
    wrong = [
        (f"{kind} {min(found)}", f"{argument}={min(found)!r}", given)
        for kind, argument, given, found in kinds
        if found and not any(is_like(given, one) for one in found)
    ]
    if wrong:
        meant, arguments, own_place = map(" and ".join, zip(*wrong, strict=True))
        return f"The policy is for {meant}, but the contract's secret is in {own_place}: give {arguments}."
    names = [secret for _, _, secret in own]
    if not names or any(_may_be(name, one) for one in names):
        return None
    other = _name_of(names[0], others)
    return f"The policy names {other}, but the contract's secret is {name}: give name={other!r}."


def _resources(policies: Iterable[Policy]) -> Iterator[str]:
    for policy in policies:
        for statement in policy.statements:
            if statement.effect != "Allow":
                continue
            if statement.resources.is_negated:
                # It may allow anything.
                yield "arn:*:secretsmanager:*:*:secret:*"
            else:
                yield from statement.resources.values


def _may_be(name: str, pattern: str) -> bool:
    """Return whether the end of an ARN in a policy may mean a secret, with a suffix, without one or with any."""
    return pattern == name or _name_of(pattern, ()) == name or is_like(f"{name}-AbCdEf", pattern)


def _name_of(pattern: str, known: Collection[str]) -> str:
    """Return the name of the secret that the end of an ARN in a policy means."""
    if pattern in known:
        return pattern
    for suffix in _SUFFIXES:
        if pattern.endswith(suffix):
            return pattern.removesuffix(suffix)
    return pattern[:-SUFFIX_LENGTH] if SUFFIX.fullmatch(pattern[-SUFFIX_LENGTH:]) else pattern
