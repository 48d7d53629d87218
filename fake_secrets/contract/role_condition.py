"""The condition by which AWS's own policies name the rotation function."""

from __future__ import annotations

from fake_secrets.arns import LAMBDA_ARN
from fake_secrets.iam.grants import Grant

__all__ = ["function_named_in"]

_KEY = "secretsmanager:resource/allowrotationlambdaarn"


def function_named_in(grant: Grant) -> str | None:
    """Return the ARN of the function that a condition demands; None if there is no such condition.

    The policies of AWS's hosted functions and of SAM cover the secrets that are rotated by one function, whatever
    their names are.

    Source: rotation-facts 4.3 [B].
    """
    conditions = (
        condition
        for policy in grant.identity or ()
        for statement in policy.statements
        for condition in statement.conditions
    )
    values = (value for condition in conditions if condition.key == _KEY for value in condition.values)
    return next((value for value in values if LAMBDA_ARN.fullmatch(value)), None)
