"""The condition by which AWS's own policies name the rotation function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fake_secrets.arns import LAMBDA_ARN, account_of
from fake_secrets.iam.grants import Grant

if TYPE_CHECKING:
    from fake_secrets.iam.policy import Policy

__all__ = ["function_named_in", "functions_named_in"]

_KEY = "secretsmanager:resource/allowrotationlambdaarn"


def function_named_in(grant: Grant, account_id: str) -> str | None:
    """Return the ARN of the function of an account that a condition demands; None if there is no such condition.

    The policies of AWS's hosted functions and of SAM cover the secrets that are rotated by one function, whatever
    their names are.

    Source: rotation-facts 4.3 [B].
    """
    named = functions_named_in(grant.identity or ())
    return next((arn for arn in named if LAMBDA_ARN.fullmatch(arn) and account_of(arn) == account_id), None)


def functions_named_in(policies: Iterable[Policy]) -> Iterator[str]:
    """Yield what conditions demand as the rotation function of a secret."""
    for policy in policies:
        for statement in policy.statements:
            for condition in statement.conditions:
                if condition.key == _KEY:
                    yield from condition.values
