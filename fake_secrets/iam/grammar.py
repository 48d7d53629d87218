"""Resource policies: pure functions that parse them and find out whether they are public.

The rules come from IAM's policy language [B]. Where it leaves a question open, our answer is marked
[D].
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

from fake_secrets.arns import PRINCIPAL_ARN
from fake_secrets.iam.conditions import expect, malformed, narrows, read_conditions
from fake_secrets.iam.policy import Element, Policy, Statement
from fake_secrets.iam.strict_json import loaded

__all__ = ["Element", "Policy", "Statement", "is_public", "parse"]

_VERSIONS = ("2012-10-17", "2008-10-17")
_POLICY_ELEMENTS = frozenset({"Version", "Id", "Statement"})
_CHOICES = ("Principal", "Action", "Resource")
_STATEMENT_ELEMENTS = frozenset(
    {"Sid", "Effect", "Condition", *_CHOICES, *(f"Not{element}" for element in _CHOICES)}
)
# A service and an action, or the wildcard for every action.
_ACTION = re.compile(r"\*|[A-Za-z0-9*?-]+:.+")
_SID = re.compile(r"[A-Za-z0-9]*", re.ASCII)

_UNSUPPORTED_PRINCIPAL = "This resource policy contains an unsupported principal."
_UNSUPPORTED_SERVICE = "This resource policy contains an unsupported service principal."

# The form of each kind of principal, and AWS's message for a principal of another form.
_PRINCIPALS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "AWS": (
        re.compile(rf"\*|\d{{12}}|A(?:ID|RO)A[A-Z0-9]+|{PRINCIPAL_ARN.pattern}", re.ASCII),
        _UNSUPPORTED_PRINCIPAL,
    ),
    "Service": (re.compile(r"(?:[a-z0-9-]+\.)+amazonaws\.com(?:\.cn)?", re.ASCII), _UNSUPPORTED_SERVICE),
    "Federated": (re.compile(r"[^*?\s]+"), _UNSUPPORTED_PRINCIPAL),
    "CanonicalUser": (re.compile(r"[0-9a-f]{64}", re.ASCII), _UNSUPPORTED_PRINCIPAL),
}


@functools.lru_cache(maxsize=64)
def parse(text: str) -> Policy:
    """Parse a resource policy. The names of elements and operators are case-sensitive [D].

    Args:
        text: the ResourcePolicy of the request.

    Raises (in the order checked, statement by statement [D]):
        MalformedPolicyDocumentException (400): M38: a syntax error [B], which includes a duplicate
            element in any object [D]; then an unsupported principal [B, C] or an unsupported
            service principal [C]. Principals aren't checked for existence.

    Source: api-facts 9. A Sid is alphanumeric [B], and unique unless it is empty [D].
    """
    document = _load(text)
    expect(isinstance(document, dict) and document.keys() <= _POLICY_ELEMENTS)
    expect(document.get("Version", _VERSIONS[0]) in _VERSIONS and isinstance(document.get("Id", ""), str))
    stated = document.get("Statement")
    each = stated if isinstance(stated, list) else [stated]
    statements = tuple(_statement(one, number) for number, one in enumerate(each, 1))
    sids = [statement.sid for statement in statements if statement.sid]
    expect(bool(statements) and len(set(sids)) == len(sids))
    return Policy(statements, has_variables=document.get("Version") == _VERSIONS[0])


def is_public(policy: Policy) -> bool:
    """Return whether a policy allows broad access.

    A policy is public if it has an Allow for every principal, or for every principal except some,
    and no condition narrows that Allow. A condition narrows it if it compares aws:SourceArn,
    SourceVpc, SourceVpce or SourceAccount [B], or a key that identifies the principal [D], with
    fixed values. An operator that holds for an absent key doesn't narrow it.

    Source: api-facts 9. A value is fixed if it has no policy variable and isn't made of wildcards
        only. In an ARN, this applies to the account, or to the resource if there is no account [D].
    """
    return any(
        statement.effect == "Allow"
        and statement.principals.covers(lambda named: named == "*")
        and not any(map(narrows, statement.conditions))
        for statement in policy.statements
    )


def _load(text: str) -> Any:
    try:
        return loaded(text)
    except ValueError:
        raise malformed() from None


def _statement(stated: Any, number: int) -> Statement:
    expect(isinstance(stated, dict) and stated.keys() <= _STATEMENT_ELEMENTS)
    sid, effect = stated.get("Sid", ""), stated.get("Effect")
    expect(isinstance(sid, str) and _SID.fullmatch(sid) is not None and effect in ("Allow", "Deny"))
    actions = _element(stated, "Action", _strings)
    expect(all(map(_ACTION.fullmatch, actions.values)))
    resources = _element(stated, "Resource", _strings)
    conditions = read_conditions(stated.get("Condition", {}))
    principals = _element(stated, "Principal", _principals)
    return Statement(sid, effect, principals, actions, resources, conditions, number)


def _element(stated: Mapping[str, Any], name: str, values_of: Callable[[Any], tuple[str, ...]]) -> Element:
    expect((name in stated) is not (f"Not{name}" in stated))
    is_negated = name not in stated
    return Element(values_of(stated[f"Not{name}" if is_negated else name]), is_negated)


def _strings(stated: Any) -> tuple[str, ...]:
    values = stated if isinstance(stated, list) else [stated]
    expect(bool(values) and all(isinstance(value, str) for value in values))
    return tuple(values)


def _principals(stated: Any) -> tuple[str, ...]:
    if stated == "*":
        return ("*",)
    expect(isinstance(stated, dict) and bool(stated))
    by_kind = {kind: _strings(named) for kind, named in stated.items()}
    for kind, named in by_kind.items():
        if kind not in _PRINCIPALS:
            raise malformed(_UNSUPPORTED_PRINCIPAL)
        pattern, message = _PRINCIPALS[kind]
        if not all(map(pattern.fullmatch, named)):
            raise malformed(message)
    return (*by_kind.get("AWS", ()), *by_kind.get("Service", ()))
