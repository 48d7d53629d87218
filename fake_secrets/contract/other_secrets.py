"""The other secrets of a check: a function may ask for them by name, or by an ARN that stands in its code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_secrets.arns import SECRET_ARN, SUFFIX, SUFFIX_LENGTH, secret_arn

__all__ = ["by_name", "suffix_in"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def by_name(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return other secrets by their names, and the ARNs of those that were given by ARN.

    Args:
        given: name, ARN or ARN without the random suffix, to value.

    Returns:
        From name to value, and from name to what was given instead.

    Raises:
        ValueError: if a text begins like an ARN and is none, or if a secret is given twice.
    """
    values: dict[str, Any] = {}
    arns: dict[str, str] = {}
    for secret_id, value in given.items():
        name = secret_id
        if isinstance(secret_id, str) and secret_id.startswith("arn:"):
            name = _split(secret_id)[0]
            arns[name] = secret_id
        if name in values:
            msg = f"other_secrets= gives the secret {name!r} twice, by name and by ARN, or by two ARNs"
            raise ValueError(msg)
        values[name] = value
    return values, arns


def suffix_in(arn: str, region: str, account_id: str) -> str | None:
    """Return the random suffix in an ARN that the user gives, or None if the ARN has none.

    Args:
        arn: the ARN.
        region: the region of the check.
        account_id: the account of the check.

    Raises:
        ValueError: if the ARN is that of a secret elsewhere, which a client of the function wouldn't find.
    """
    name, suffix = _split(arn)
    expected = secret_arn(region, account_id, name, suffix or "").removesuffix("" if suffix else "-")
    if arn == expected:
        return suffix
    given_region, given_account, _ = SECRET_ARN.fullmatch(arn).groups()  # type: ignore[union-attr]
    wrong = [
        (f"{kind} {given}", f"{argument}={given!r}", own)
        for kind, argument, given, own in (
            ("region", "region", given_region, region),
            ("account", "account_id", given_account, account_id),
        )
        if given != own
    ]
    if not wrong:
        msg = f"other_secrets={{{arn!r}: ...}} has another partition than the region {region}: {expected}"
        raise ValueError(msg)
    theirs, arguments, ours = map(" and ".join, zip(*wrong, strict=True))
    msg = (
        f"other_secrets={{{arn!r}: ...}} is in {theirs}, but the contract's secret is in {ours}: give {arguments}."
    )
    raise ValueError(msg)


def _split(arn: str) -> tuple[str, str | None]:
    """Return the name of a secret and its random suffix, or None in its place.

    Raises:
        ValueError: if the text isn't the ARN of a secret.
    """
    found = SECRET_ARN.fullmatch(arn)
    if found is None:
        msg = (
            f"other_secrets={{{arn!r}: ...}} is neither a secret's name nor an ARN such as "
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf"
        )
        raise ValueError(msg)
    text = found[3]
    if len(text) > SUFFIX_LENGTH and SUFFIX.fullmatch(text[-SUFFIX_LENGTH:]):
        return text[:-SUFFIX_LENGTH], text[1 - SUFFIX_LENGTH :]
    return text, None
