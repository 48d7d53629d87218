"""What was probably given instead of a policy, or meant by a part of one: sentences that say what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

__all__ = ["FROM_TEMPLATES", "of_action", "of_document", "of_leftovers", "of_resource"]

FROM_TEMPLATES = "fake_secrets.policies reads policies out of templates."
_AROUND = 'wrap it: {"Version": "2012-10-17", "Statement": ...}.'
# Members by which a document of another kind is known.
_OF_TEMPLATES = ("AWSTemplateFormatVersion", "Resources", "planned_values", "resource_changes", "values")
_OF_RECORDS = ("format", "policies", "needs")
_ENVELOPES = ("PolicyDocument", "PolicyVersion", "AssumeRolePolicyDocument", "Document")
_VARIABLE = re.compile(r"\$\{([^{},]*)")
# The most characters of a variable in a message.
_SHOWN = 60
_CHARACTERS = ("*", "?", "$")
_TERRAFORM = re.compile(r"\s*[a-z_]+[0-9a-z_-]*[.\[]", re.ASCII)


def of_document(document: object) -> str | None:
    """Return what a document is if it isn't a policy, and what to do; None if it could be one."""
    if isinstance(document, list) and document and isinstance(document[0], Mapping):
        return f"It is a list of statements; {_AROUND}"
    if not isinstance(document, Mapping) or "Statement" in document:
        return None
    if any(member in document for member in _OF_TEMPLATES):
        return f"It looks like a template. {FROM_TEMPLATES}"
    if all(member in document for member in _OF_RECORDS):
        return (
            "It is a record of --fake-secrets-least-policy. The command `fake-secrets policy FILE` makes a policy "
            "of it."
        )
    envelope = next((member for member in _ENVELOPES if member in document), None)
    if envelope is not None:
        inner = ".Document" if envelope == "PolicyVersion" else ""
        return f"It looks like an answer of AWS that has a policy in it; give its {envelope}{inner}."
    return f"It looks like a statement; {_AROUND}" if "Effect" in document else None


def of_action(action: str) -> str:
    """Return what an action without a colon could be."""
    service, slip, name = re.match(r"([^/.]*)([/.]?)(.*)", action, re.DOTALL).groups()  # type: ignore[union-attr]
    return f"{service}:{name}" if slip else f"secretsmanager:{action}"


def of_resource(resource: str, actions: Sequence[str]) -> str:
    """Return the form of the ARN of a resource that isn't an ARN.

    Args:
        resource: the resource, perhaps shortened.
        actions: the actions of its statement.
    """
    kind, slash, _ = resource.partition("/")
    if (slash and kind == "alias") or all(action.lower().startswith("kms:") for action in actions):
        return (
            "The ARN of a KMS key is arn:aws:kms:<region>:<account>:key/<key id>; an alias of it covers nothing."
        )
    return f"The ARN of a secret is arn:aws:secretsmanager:<region>:<account>:secret:{resource}-??????."


def of_leftovers(text: str) -> str | None:
    """Return what to do about a ``${...}`` that is none of IAM's, because all of IAM's keys have one colon."""
    for match in _VARIABLE.finditer(text):
        inside = match[1].strip()
        if inside in _CHARACTERS or (":" in inside and "::" not in inside):
            continue
        source = "Terraform" if _TERRAFORM.match(inside) else "CloudFormation"
        shown = inside if len(inside) <= _SHOWN else f"{inside[:_SHOWN]}…"
        return f"'${{{shown}}}' isn't a policy variable of IAM. It is left over from {source}: {FROM_TEMPLATES}"
    return None
