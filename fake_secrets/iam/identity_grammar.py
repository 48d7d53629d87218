"""Identity policies, boundaries and session policies: pure functions that parse them, with IAM's messages.

The messages are IAM's [C]; a sentence of ours may follow, which says what to do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from fake_secrets.errors import PolicyError, ServiceError
from fake_secrets.iam.conditions import OPERATORS, Condition, is_operator, read_conditions
from fake_secrets.iam.elements import EVERYBODY, Element, Statement
from fake_secrets.iam.mistaken import FROM_TEMPLATES, of_action, of_document, of_leftovers, of_resource
from fake_secrets.iam.policy import Policy
from fake_secrets.iam.strict_json import loaded
from fake_secrets.suggestions import nearest

__all__ = ["SYNTAX_ERROR", "Kind", "parse", "shortened", "titled"]

# How a policy is attached. A permissions boundary is a managed policy.
Kind = Literal["inline", "managed"]

SYNTAX_ERROR = "Syntax errors in policy."
_LATEST = "2012-10-17"
_VERSIONS = (_LATEST, "2008-10-17")
_POLICY_ELEMENTS = ("Version", "Id", "Statement")
_STATEMENT_ELEMENTS = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
_PRINCIPALS = ("Principal", "NotPrincipal")
_EFFECTS = ("Allow", "Deny")
_SID = re.compile(r"[0-9A-Za-z]*", re.ASCII)
_VENDOR = re.compile(r"[A-Za-z0-9-]+", re.ASCII)
# Wildcards are taken anywhere in it [D].
_PARTITION = re.compile(r"aws[a-z-]*|(?=[^*]*\*)[a-z*?-]+", re.ASCII)
_ARN_FIELDS_NEEDED = 3
# The length at which messages cut a policy's text.
_SHOWN = 200
# The longest document that IAM's API takes [B: policyDocumentType]. The quotas for a customer's own policies are
# lower, but a test may give AWS's: ReadOnlyAccess has 95,000 characters.
_LONGEST = 131_072


def parse(text: str, name: str, kind: Kind = "inline") -> Policy:
    """Parse an identity policy. The names of elements and operators are case-sensitive [D].

    Args:
        text: the policy, as JSON.
        name: what messages call it.
        kind: how it is attached. A managed policy needs the newer Version.

    Raises:
        PolicyError: if IAM refuses it. The message has the policy's name, the statement and IAM's message.

    Source: the policy language's grammar [B]. IAM takes an Id, and ``*:*`` as an action [D].
    """
    _check_length(text, name)
    try:
        document = loaded(text)
    except ValueError as error:
        raise PolicyError(f"{name}: {SYNTAX_ERROR} {error}") from None
    version = _version(document, name)
    if kind == "managed" and version != _LATEST:
        raise PolicyError(
            f"{name}: Policy document must be version {_LATEST} or greater. A managed policy, such as a "
            f'permissions boundary, needs "Version": "{_LATEST}".'
        )
    stated = document["Statement"]
    each = stated if isinstance(stated, list) else [stated]
    statements = tuple(_statement(one, number, name) for number, one in enumerate(each, 1))
    _check_sids(statements, name)
    return Policy(statements, name=name, has_variables=version == _LATEST)


def titled(name: str, number: int, sid: object) -> str:
    """Return what messages call a statement, such as ``app.json, statement 2 (Sid 'Read')``."""
    return f"{name}, statement {number}" + (f" (Sid {shortened(sid)!r})" if isinstance(sid, str) and sid else "")


def shortened(text: str) -> str:
    """Return a policy's text, cut if it is too long for a message."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _shown(value: Any) -> str:
    if isinstance(value, (str, int, float)):
        return shortened(repr(value))
    return "null" if value is None else f"a {type(value).__name__}"


def _check_length(text: str, name: str) -> None:
    """Refuse a text that is too long for IAM. This also bounds the time of decisions."""
    if len(text) <= _LONGEST:
        return
    length = sum(map(len, text.split()))
    if length > _LONGEST:
        raise PolicyError(
            f"{name}: Value at 'policyDocument' failed to satisfy constraint: Member must have length less than "
            f"or equal to {_LONGEST}. It has {length:,} characters besides whitespace. Give several policies, or "
            f"only the statements that your test needs. {FROM_TEMPLATES}"
        )


def _version(document: Any, name: str) -> str | None:
    """Check the elements around the statements, and return the Version."""
    mistaken = of_document(document)
    if mistaken is not None or not isinstance(document, dict):
        raise PolicyError(f"{name}: {SYNTAX_ERROR} {mistaken or 'A policy is a JSON object.'}")
    version = document.get("Version")
    unknown = next((element for element in document if element not in _POLICY_ELEMENTS), None)
    if unknown is not None:
        hint = _of_unknown(unknown, _POLICY_ELEMENTS, "A policy")
    elif version not in (*_VERSIONS, None) or ("Version" in document and version is None):
        hint = f"Version is {_shown(version)}, and may be {' or '.join(map(repr, _VERSIONS))}."
    elif not isinstance(document.get("Id", ""), str):
        hint = "Id isn't a string."
    elif document.get("Statement") in (None, []):
        hint = "It has no statement."
    else:
        return version
    raise PolicyError(f"{name}: {SYNTAX_ERROR} {hint}")


def _refused(message: str) -> ServiceError:
    """Return IAM's error about a statement. Its message may end in a hint of ours."""
    return ServiceError("MalformedPolicyDocument", message)


def _statement(stated: Any, number: int, name: str) -> Statement:
    sid = stated.get("Sid", "") if isinstance(stated, dict) else ""
    try:
        return _parsed(stated, sid, number)
    except ServiceError as error:
        raise PolicyError(f"{titled(name, number, sid)}: {error.message}") from None


def _parsed(stated: Any, sid: Any, number: int) -> Statement:
    """Parse a statement, or raise what IAM says of it."""
    if not isinstance(stated, dict):
        raise _refused(f"{SYNTAX_ERROR} A statement is a JSON object.")
    unknown = next((element for element in stated if element not in _STATEMENT_ELEMENTS), None)
    if unknown is not None:
        raise _refused(f"{SYNTAX_ERROR} {_of_unknown(unknown, _STATEMENT_ELEMENTS, 'A statement')}")
    if not isinstance(sid, str):
        raise _refused(f"{SYNTAX_ERROR} Sid isn't a string.")
    if not _SID.fullmatch(sid):
        raise _refused(
            "Statement IDs (SID) must be alpha-numeric. "
            "Check that your input satisfies the regular expression [0-9A-Za-z]*"
        )
    effect = _effect(stated.get("Effect"))
    actions = _element(stated, "Action", "actions")
    for action in actions.values:
        _check_action(action)
    resources = _element(stated, "Resource", "resources")
    for resource in resources.values:
        _check_resource(resource, actions.values)
    return Statement(sid, effect, EVERYBODY, actions, resources, _conditions(stated), number)


def _effect(effect: Any) -> str:
    if effect in _EFFECTS:
        return str(effect)
    if isinstance(effect, str) and effect.capitalize() in _EFFECTS:
        raise _refused(f"The policy failed legacy parsing. Effect is written {effect.capitalize()!r}.")
    found = "It has no Effect" if effect is None else f"Effect is {_shown(effect)}"
    raise _refused(f"{SYNTAX_ERROR} {found}, which must be 'Allow' or 'Deny'.")


def _element(stated: Mapping[str, Any], name: str, contents: str) -> Element:
    given = [form for form in (name, f"Not{name}") if form in stated]
    if len(given) > 1:
        raise _refused(f"{SYNTAX_ERROR} It has both {name} and Not{name}.")
    values = stated[given[0]] if given else []
    each = values if isinstance(values, list) else [values]
    if not each:
        raise _refused(f"Policy statement must contain {contents}.")
    if not all(isinstance(value, str) for value in each):
        raise _refused(f"{SYNTAX_ERROR} {given[0]} is a string or a list of strings.")
    return Element(tuple(each), given[0] != name)


def _check_action(action: str) -> None:
    vendor, colon, called = action.partition(":")
    if action in ("*", "*:*"):
        return
    if not colon:
        hint = f"{shortened(action)!r} could be {of_action(shortened(action))!r}."
        raise _refused(f"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. {hint}")
    if ":" in called:
        raise _refused("Actions/Condition can contain only one colon.")
    if not _VENDOR.fullmatch(vendor):
        raise _refused(f"Vendor {shortened(vendor)} is not valid")


def _check_resource(resource: str, actions: Sequence[str]) -> None:
    prefix, *fields = resource.split(":")
    shown = shortened(resource)
    if resource == "*":
        return
    if prefix != "arn" or not fields:
        hint = of_leftovers(shown) or (of_resource(shown, actions) if resource and not fields else "")
        raise _refused(f'Resource {shown} must be in ARN format or "*". {hint}'.rstrip())
    if not _PARTITION.fullmatch(fields[0]):
        message = f'Partition "{shortened(fields[0])}" is not valid for resource "{shown}".'
        raise _refused(f"{message} {of_leftovers(shown) or ''}".rstrip())
    if len(fields) < _ARN_FIELDS_NEEDED - 1 or not fields[1]:
        raise _refused("Resource vendor must be fully qualified and cannot contain regexes.")


def _conditions(stated: Mapping[str, Any]) -> tuple[Condition, ...]:
    block = stated.get("Condition", {})
    try:
        return read_conditions(block)
    except ServiceError:
        raise _refused(f"{SYNTAX_ERROR} {_fault_of_condition(block)}") from None


def _fault_of_condition(block: Any) -> str:
    if not isinstance(block, dict):
        return "Condition is a JSON object."
    for name, keys in block.items():
        if not is_operator(name):
            return _of_unknown(name, OPERATORS, "Condition", "operator")
        if not isinstance(keys, dict):
            return f"{name} is a JSON object of condition keys."
    return "The value of a condition key is a string, a number, true or false, or a list of them."


def _check_sids(statements: tuple[Statement, ...], name: str) -> None:
    seen: set[str] = set()
    for statement in statements:
        if statement.sid and statement.sid in seen:
            title = titled(name, statement.number, statement.sid)
            raise PolicyError(f"{title}: Statement IDs (SID) in a single policy must be unique.")
        seen.add(statement.sid)


def _of_unknown(name: str, known: tuple[str, ...], whole: str, part: str = "element") -> str:
    if name in _PRINCIPALS:
        return f"An identity policy applies to whoever has it, so it has no {name}."
    meant = nearest(name, known)[:1] if len(name) <= _SHOWN else []
    question = f"; did you mean {meant[0]!r}?" if meant else "."
    return f"{whole} has no {part} {shortened(name)!r}{question}"
