"""What a decision came from, for the author of a test: layer, statement, condition, and what would change it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from fake_secrets.arns import ANY_SUFFIX
from fake_secrets.iam.changes import Change, can_extend, smallest_change
from fake_secrets.iam.coverage import EVERY_RESOURCE
from fake_secrets.iam.evaluation import (
    Caller,
    Check,
    Decision,
    Layer,
    Layers,
    is_federated,
    is_of_own_account,
    is_root,
)
from fake_secrets.iam.identity_grammar import shortened
from fake_secrets.iam.naming import naming_of
from fake_secrets.iam.near_misses import NearMiss, near_misses
from fake_secrets.iam.patterns import is_like
from fake_secrets.iam.policy import Policy, Statement
from fake_secrets.iam.reasons import why_it_holds, why_not_covered

__all__ = ["explain"]

_LINES = 5
_NAMES_SHOWN = 3
_CONDITIONS_SHOWN = 3
# The colons of an ARN before its resource.
_COLONS = 5
_NOTHING_ALLOWS = "An action without a resource has no resource policy, so nothing can allow it to a service."
# A policy that was given as a document has the name of its argument.
_OF_IDENTITY = ("policy", "identity_policy")
# One of several.
_OF_SESSION = "session_policy["
_ARGUMENTS = ("", "boundary", "session_policy")


def explain(check: Check, caller: Caller, layers: Layers, decision: Decision, cause: str = "") -> str:
    """Explain why a call isn't allowed, in two to five lines.

    The lines name the layers and statements that decided, the conditions and the values that the request came
    with, statements that nearly allow the call, and the smallest change that would allow it.

    Args:
        check: what was asked.
        caller: who asked.
        layers: the policies that took part.
        decision: what they decided.
        cause: what explains the denial better than the policies do. It comes first, and no change of policies is
            suggested.

    Returns:
        the lines, or an empty text if the call is allowed.
    """
    if decision.effect == "allowed":
        return ""
    if decision.effect == "explicit_deny":
        lines = list(_of_deny(check, caller, decision))
    else:
        changes = () if cause else smallest_change(check, caller, layers, decision)
        lines = _of_missing(check, caller, layers, decision, changes)
        if not changes and not cause:
            lines.append(_NOTHING_ALLOWS)
    return "\n".join([cause, *lines] if cause else lines)


def _of_deny(check: Check, caller: Caller, decision: Decision) -> Iterator[str]:
    policy, statement = decision.policy, decision.statement
    if policy is None or statement is None:
        return
    first, *others = decision.layers
    also = "".join(f", and so does {_layer_name(layer, check)}" for layer in others)
    title, whom = _title(policy, statement, first, check), _to_whom(statement, caller, first)
    yield f"{title} denies {_asked(check)}{whom}{also}."
    if statement.conditions:
        shown = statement.conditions[:_CONDITIONS_SHOWN]
        yield f"Its Condition holds: {'; '.join(why_it_holds(one, check.context) for one in shown)}."
    unexpected = _unexpected(policy, statement, check)
    if unexpected is not None:
        yield unexpected
    yield f"A Deny outweighs every Allow. To allow the call, narrow its {_elements(statement, first)}."
    if is_root(caller) and is_of_own_account(check, caller) and _is_secret(check):
        yield "The root user of the secret's account can still call DeleteResourcePolicy."


def _of_missing(
    check: Check, caller: Caller, layers: Layers, decision: Decision, changes: Sequence[Change]
) -> list[str]:
    first, *others = decision.layers
    lines = [f"{_nothing_allows(first, layers, check, caller)} {_asked(check)} for {caller.arn}."]
    if others:
        names = " and ".join(_layer_name(layer, check) for layer in others)
        lines.append(f"The call needs an Allow of {names} too, and there is none.")
    account = _grant_to_account(check, caller, layers, decision)
    if account is not None:
        lines.append(account)
    left = max(_LINES - len(lines) - len(changes), 0)
    misses = [
        (layer, miss) for layer in decision.layers for miss in near_misses(check, caller, _policies(layer, layers))
    ]
    nearest = sorted(misses, key=lambda found: found[1].distance)[:left]
    lines += [f"{_title(miss.policy, miss.statement, layer, check)} {miss.reason}." for layer, miss in nearest]
    told = [
        _told(change, layers, [miss for layer, miss in nearest if layer == change.layer], check)
        for change in changes
    ]
    while len(told) > max(_LINES - len(lines), 1):
        told[-2:] = [f"{told[-2]}; and {told[-1]}"]
    return [*lines, *(f"{'Also' if number else 'To allow it,'} {text}" for number, text in enumerate(told))]


def _asked(check: Check) -> str:
    return check.action if check.resource == EVERY_RESOURCE else f"{check.action} on {check.resource}"


def _layer_name(layer: Layer, check: Check) -> str:
    if layer == "resource":
        return "the secret's policy" if _is_secret(check) else "the resource's policy"
    names: Mapping[str, str] = {"boundary": "the permissions boundary", "session": "the session policy"}
    return names.get(layer, "an identity policy")


def _is_secret(check: Check) -> bool:
    return ":secretsmanager:" in check.resource


def _policy_name(policy: Policy, layer: Layer, check: Check) -> str:
    if layer in ("identity", "resource") and policy.name:
        return f"{policy.name}=" if policy.name in _OF_IDENTITY else policy.name
    if policy.name.startswith(_OF_SESSION):
        return policy.name
    name = "" if policy.name in _ARGUMENTS else f" {policy.name}"
    return f"{_layer_name(layer, check)}{name}"


def _title(policy: Policy, statement: Statement, layer: Layer, check: Check) -> str:
    sid = f" (Sid {shortened(statement.sid)!r})" if statement.sid else ""
    return f"Statement {statement.number}{sid} of {_policy_name(policy, layer, check)}"


def _policies(layer: Layer, layers: Layers) -> Sequence[Policy]:
    if layer == "boundary":
        return (layers.boundary,) if layers.boundary is not None else ()
    if layer == "resource":
        return layers.resource
    return (layers.identity if layer == "identity" else layers.session) or ()


def _nothing_allows(layer: Layer, layers: Layers, check: Check, caller: Caller) -> str:
    """Return the beginning of a sentence that says which layer's Allow is missing."""
    if layer == "identity" and is_federated(caller) and layers.session is None:
        return "A federated user's session without a session policy has no permissions, so nothing allows"
    policies = _policies(layer, layers)
    if not policies:
        missing = {
            "identity": "The caller has no identity policy",
            "resource": f"The {'secret' if _is_secret(check) else 'resource'} has no policy",
        }
        return f"{missing.get(layer, 'The session has no policy')}, so nothing allows"
    names = [_policy_name(policy, layer, check) for policy in policies]
    shown = ", ".join(dict.fromkeys(names[:_NAMES_SHOWN]))
    if len(names) > _NAMES_SHOWN:
        shown = f"{shown} and {len(names) - _NAMES_SHOWN} more"
    return f"No statement of {shown} allows"


def _grant_to_account(check: Check, caller: Caller, layers: Layers, decision: Decision) -> str | None:
    """Return what to know of a resource policy that names the account, which grants nothing by itself (E5)."""
    if "identity" not in decision.layers or not is_of_own_account(check, caller):
        return None
    for policy in layers.resource:
        for rule in policy.rules:
            applies = not rule.is_deny and rule.applies(check.action.lower(), check.resource, check.context)
            if applies and naming_of(rule.statement.principals, caller) == "account":
                title = _title(policy, rule.statement, "resource", check)
                return f"{title} names the account, which leaves the grant to identity policies."
    return None


def _to_whom(statement: Statement, caller: Caller, layer: Layer) -> str:
    if layer != "resource":
        return ""
    if statement.principals.is_negated:
        return f" to {caller.arn}, whom its NotPrincipal doesn't name"
    namings = {
        "everybody": "everybody",
        "role": "the caller's role",
        "account": "everybody of the caller's account",
    }
    return f" to {namings.get(naming_of(statement.principals, caller) or '', caller.arn)}"


def _unexpected(policy: Policy, statement: Statement, check: Check) -> str | None:
    """Return why a Deny may cover more than its author wanted, or None if nothing shows that."""
    values = statement.resources.values
    if statement.resources.is_negated:
        reason = why_not_covered(
            "NotResource", values, check.resource, check.context, has_variables=policy.has_variables
        )
        return f"It covers this resource, since {reason.text}." if reason.is_near else None
    wide = next((value for value in values if _covers_longer_names(value, check.resource)), None)
    if wide is None:
        return None
    return f"Its Resource {shortened(wide)!r} covers longer names too; '-??????' after the name doesn't."


def _covers_longer_names(pattern: str, resource: str) -> bool:
    """Return whether a pattern such as ``name*`` or ``name-*`` covers a resource only by a longer name."""
    name = pattern.removesuffix("*").removesuffix("-")
    is_for_names = pattern.endswith("*") and name[-1:].isalnum() and name.count(":") > _COLONS
    return is_for_names and is_like(resource, pattern) and not is_like(resource, name + ANY_SUFFIX)


def _elements(statement: Statement, layer: Layer) -> str:
    elements = [("Action", statement.actions), ("Resource", statement.resources)]
    if layer == "resource":
        elements.append(("Principal", statement.principals))
    names = [f"Not{name}" if element.is_negated else name for name, element in elements]
    return f"{', '.join(names)} or Condition"


def _told(change: Change, layers: Layers, misses: Sequence[NearMiss], check: Check) -> str:
    """Return a clause that tells a change, after a smaller one to a statement that nearly allows the call."""
    policies = _policies(change.layer, layers)
    if len(policies) == 1 or misses:
        policy = misses[0].policy if misses else policies[0]
        where = _policy_name(policy, change.layer, check)
    else:
        where = "a session policy" if change.layer == "session" else _layer_name(change.layer, check)
    text = f"add to {where}: {json.dumps(change.statement)}"
    for miss in misses:
        if miss.element == "Condition":
            return f"let that Condition hold, or {text}"
        element, is_extensible = miss.element, change.statement.get(miss.element, EVERY_RESOURCE) != EVERY_RESOURCE
        if element != "Principal" and is_extensible and can_extend(miss.statement, element, change, check):
            value = json.dumps(change.statement[element])
            title = _title(miss.policy, miss.statement, change.layer, check)
            return f"add {value} to the {element} of {title.replace('S', 's', 1)}, or {text}"
    return text
