"""Reads a policy that a template has as JSON text, as strictly as IAM does."""

from __future__ import annotations

from typing import Any

from fake_secrets.iam.strict_json import loaded
from fake_secrets.policies.refusals import refusal
from fake_secrets.policies.template_files import check_values

__all__ = ["parsed_policy"]


def parsed_policy(text: str, source: str, place: str) -> dict[str, Any]:
    """Return the document that a JSON text stands for.

    Args:
        text: the text.
        source: the template's file, for messages.
        place: where the text stands, for messages.

    Raises:
        PolicyError: it isn't JSON, or no object, or has a member twice, or is larger or deeper than any policy.
    """
    try:
        document = loaded(text)
    except ValueError as error:
        problem = f"its policy isn't JSON as IAM reads it: {str(error).removesuffix('.')}"
        raise refusal(source, place, problem) from None
    if not isinstance(document, dict):
        raise refusal(source, place, "its policy isn't a JSON object")
    check_values(document, source, place)
    return document
