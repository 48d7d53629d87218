"""Why a condition holds or not, and why a resource isn't covered, in words for the author of a test.

They show the names, tags and ARNs of policies and requests. Conditions never see a secret's value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fake_secrets.arns import ANY_SUFFIX, SUFFIX, SUFFIX_LENGTH
from fake_secrets.iam.conditions import NEGATIONS, Condition
from fake_secrets.iam.coverage import EVERY_RESOURCE
from fake_secrets.iam.identity_grammar import shortened
from fake_secrets.iam.patterns import is_like, joined
from fake_secrets.iam.variables import Context, Variable, filled, has_variable, parts_of

__all__ = ["Reason", "why_it_fails", "why_it_holds", "why_not_covered"]

_SHOWN = 3
# The most characters that IAM takes for an ARN.
_LONGEST_ARN = 2048
# What lacks the tag, if a key with such a beginning is absent.
_TAGGED = {
    "aws:resourcetag/": "the secret has no tag",
    "secretsmanager:resourcetag/": "the secret has no tag",
    "aws:principaltag/": "the caller has no tag",
    "aws:requesttag/": "the request has no tag",
}
_ARN_FIELDS = ("prefix", "partition", "service", "region", "account", "resource")


class Reason(NamedTuple):
    """Why a resource isn't covered. A near one differs so little that it is likely a mistake."""

    text: str
    is_near: bool


def why_it_fails(condition: Condition, context: Context, *, has_variables: bool) -> str:
    """Return why a condition doesn't hold for a request, as part of a sentence."""
    key, name = _key(condition), _operator(condition)
    found = context.get(condition.key, ())
    if condition.operator == "Null":
        return f"{key} is {'present' if found else 'absent'}, and {name} wants {_alternatives(condition.values)}"
    if not found and not isinstance(found, str):
        return f"{_absent(key)}, and {name} wants {_wanted(condition)}"
    if not isinstance(found, str) and not condition.quantifier:
        return f"{key} can have several values, so that {name} without ForAnyValue or ForAllValues never holds"
    detail = _of_variables(condition, context) if has_variables else ""
    if not detail and isinstance(found, str) and condition.operator not in NEGATIONS:
        detail = _near_value(condition, found)
    return f"{key} was {_values(found)}, and {name} wants {_wanted(condition)}{detail}"


def why_it_holds(condition: Condition, context: Context) -> str:
    """Return why a condition holds for a request, as part of a sentence."""
    key, name = _key(condition), _operator(condition)
    found = context.get(condition.key, ())
    is_absent = not found and not isinstance(found, str)
    if condition.operator == "Null":
        return f"{key} is {'absent' if is_absent else 'present'}"
    if is_absent:
        return f"{_absent(key)}, and {name} holds for an absent key"
    return f"{key} was {_values(found)}, and {name} wants {_wanted(condition)}"


def why_not_covered(
    element: str, patterns: Sequence[str], resource: str, context: Context, *, has_variables: bool
) -> Reason:
    """Return why none of a statement's resources covers a resource: the most telling reason, part of a sentence.

    Args:
        element: what the statement calls its resources, Resource or NotResource.
        patterns: its resources.
        resource: the resource of the check.
        context: the request's context.
        has_variables: whether the policy's Version makes ``${...}`` a variable.
    """
    if resource == EVERY_RESOURCE:
        text = f'its {element} is {_alternatives(patterns)}, and the action has no resource: only "*" covers it'
        return Reason(text, is_near=True)
    for pattern in patterns:
        difference = _difference(pattern, resource, context, has_variables)
        if difference is not None:
            return Reason(f"its {element} {shortened(pattern)!r} {difference}", is_near=True)
    if len(patterns) == 1 and has_variables and has_variable(patterns[0]):
        value = shortened(_replaced(patterns[0], context))
        return Reason(f"its {element} {shortened(patterns[0])!r} is {value!r} for this call", is_near=False)
    return Reason(f"its {element} is {_alternatives(patterns)}", is_near=False)


def _difference(pattern: str, resource: str, context: Context, has_variables: bool) -> str | None:
    """Return what is nearly right about a pattern that doesn't match, or None if nothing is."""
    if len(pattern) > _LONGEST_ARN:
        return None
    if has_variables and has_variable(pattern):
        unknown = _without_value(pattern, context)
        if unknown is not None:
            return f"covers nothing: {unknown}"
        pattern = _replaced(pattern, context)
    of_suffix = _difference_of_suffix(pattern, resource)
    if of_suffix is not None:
        return of_suffix
    if is_like(resource.lower(), pattern.lower()):
        return "differs in upper and lower case"
    return _difference_of_fields(pattern.split(":", 5), resource.split(":", 5))


def _difference_of_suffix(pattern: str, resource: str) -> str | None:
    if not pattern.endswith(("*", "?")) and is_like(resource, f"{pattern}{ANY_SUFFIX}"):
        return f"lacks the suffix {ANY_SUFFIX!r} that stands for the end of a secret's ARN"
    if not pattern.endswith(ANY_SUFFIX) or not is_like(f"{resource}-000000", pattern):
        return None
    if SUFFIX.fullmatch(resource[-SUFFIX_LENGTH:]):
        return f"has {ANY_SUFFIX!r} after the end of the secret's ARN, which it stands for"
    return f"covers the secret only once it exists, since {ANY_SUFFIX!r} stands for the end of its ARN"


def _difference_of_fields(wanted: list[str], fields: list[str]) -> str | None:
    if len(wanted) != len(_ARN_FIELDS) or len(fields) != len(_ARN_FIELDS):
        return None
    for name, pattern in zip(("region", "account"), wanted[3:5], strict=True):
        if _is_placeholder(name, pattern):
            return f"has {pattern!r} for the {name}, a placeholder that was never replaced"
    wrong = [index for index in range(len(_ARN_FIELDS)) if not _is_field_like(wanted[index], fields[index])]
    if len(wrong) != 1:
        return None
    name, found, asked = _ARN_FIELDS[wrong[0]], wanted[wrong[0]], fields[wrong[0]]
    if name in ("partition", "region", "account"):
        return f"is for the {name} {found!r}, not {asked!r}"
    if name == "resource" and _is_field_like(f"secret:{found}", asked):
        return "lacks 'secret:' before the name"
    return None


def _is_placeholder(name: str, pattern: str) -> bool:
    """Return whether a region or an account of a pattern stands for no region or account at all."""
    if not pattern or "*" in pattern or "?" in pattern:
        return False
    # Regions are in lower case, with a number at the end.
    return not (pattern.isdigit() if name == "account" else pattern.islower() and pattern[-1].isdigit())


def _is_field_like(pattern: str, text: str) -> bool:
    return is_like(text, pattern) or is_like(text, f"{pattern}{ANY_SUFFIX}")


def _of_variables(condition: Condition, context: Context) -> str:
    """Return what a condition's variables are for a request, or an empty text if it has none."""
    values = [value for value in condition.values if has_variable(value)]
    unknown = next(filter(None, (_without_value(value, context) for value in values)), None)
    if unknown is not None:
        return f", but {unknown}"
    return f", which is {shortened(_replaced(values[0], context))!r}" if values else ""


def _near_value(condition: Condition, found: str) -> str:
    """Return what is nearly right about the values of a condition, or an empty text if nothing is."""
    if condition.operator == "StringEquals" and any(is_like(found, value) for value in condition.values):
        return f"; {condition.operator} has no wildcards, and StringLike has"
    if condition.key == "secretsmanager:secretid" and not any(map(_is_arn, condition.values)):
        return "; the key is an ARN, even if the request has a name"
    if condition.operator.startswith(("String", "Arn")) and found.lower() in map(str.lower, condition.values):
        return "; upper and lower case count"
    return ""


def _is_arn(value: str) -> bool:
    return value.startswith(("arn:", "*"))


def _replaced(text: str, context: Context) -> str:
    return joined(filled(parts_of(text), context) or ())


def _without_value(text: str, context: Context) -> str | None:
    """Return which variable of a text has no value, or None if all have."""
    for part in parts_of(text):
        if isinstance(part, Variable) and filled((part,), context) is None:
            return f"${{{part.written}}} has no value ({_absence(part.written)})"
    return None


def _absent(key: str) -> str:
    """Return that a key is absent, and what that means."""
    if key.lower() == "secretsmanager:versionstage":
        return f"{key} wasn't sent (AWSCURRENT is not a default for policies)"
    lacks = _absence(key)
    return lacks if lacks.startswith(key) else f"{key} is absent ({lacks})"


def _absence(key: str) -> str:
    lower = key.lower()
    for beginning, text in _TAGGED.items():
        if lower.startswith(beginning):
            return f"{text} {key[len(beginning) :]!r}"
    is_sent = lower.startswith("secretsmanager:") and "/" not in lower
    return f"{key} wasn't sent" if is_sent else f"{key} is absent"


def _key(condition: Condition) -> str:
    return shortened(condition.written_key or condition.key)


def _operator(condition: Condition) -> str:
    quantifier = f"{condition.quantifier}:" if condition.quantifier else ""
    return f"{quantifier}{condition.operator}{'IfExists' if condition.is_optional else ''}"


def _wanted(condition: Condition) -> str:
    values = _alternatives(condition.values)
    return f"anything but {values}" if condition.operator in NEGATIONS else values


def _values(found: str | Sequence[str]) -> str:
    return repr(shortened(found)) if isinstance(found, str) else f"[{_listed(found)}]"


def _alternatives(values: Sequence[str]) -> str:
    return _listed(values, " or ")


def _listed(values: Sequence[str], last: str = ", ") -> str:
    shown = [repr(shortened(value)) for value in values[:_SHOWN]]
    if len(values) > _SHOWN:
        shown.append(f"{len(values) - _SHOWN} more")
    return ", ".join(shown[:-1]) + (last if len(shown) > 1 else "") + "".join(shown[-1:])
