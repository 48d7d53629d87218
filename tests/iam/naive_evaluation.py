"""A second evaluator, written from the documentation alone, to compare the package's own with.

It is naive on purpose. It reads policy documents as they are, parses nothing ahead, keeps nothing, and matches
wildcards by recursion. It expects documents that IAM would store. Comments name the fact that a line follows, as
numbered in the notes on IAM: E is for the decision, P for principals, S for statements, W for variables, C for
conditions and Q for questions that no source answers.
"""

import ipaddress
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

SERVICE_CALLER = "service"


@dataclass(frozen=True)
class Question:
    """A caller, its policies and what it asks for. Policies are documents as JSON has them."""

    arn: str
    account: str
    action: str
    resource: str
    context: dict
    role: str | None = None
    parent: str | None = None
    # None: nothing is known of the identity policies, and they are taken to allow everything.
    identity: list | None = None
    resource_policies: tuple = ()
    boundary: dict | None = None
    session: list | None = None


def decide(question):
    """Return the effect, and the layers that decide, as the vectors have them in ``decided_by``."""
    resource_policies = question.resource_policies if question.resource != "*" else ()  # E12
    layers = {
        "identity": question.identity or [],
        "resource": resource_policies,
        "boundary": [] if question.boundary is None else [question.boundary],
        "session": question.session or [],
    }
    denying = [layer for layer, policies in layers.items() if ways_covered(policies, "Deny", question)]
    if denying:
        return "explicit_deny", denying  # E1
    if kind_of(question.arn) == "root" and is_same_account(question):
        return "allowed", ["root"]  # E2
    granting, missing = grants_of(question, resource_policies)
    return ("allowed", granting) if granting else ("implicit_deny", missing)


def grants_of(question, resource_policies):
    """Return the layers that grant, if they suffice, and the layers whose Allow is missing, if they don't."""
    kind = kind_of(question.arn)
    ways = ways_covered(resource_policies, "Allow", question)
    if kind in {SERVICE_CALLER, "root"}:
        return (["resource"], []) if ways else ([], ["resource"])  # E8, E9
    identity = question.identity is None or bool(ways_covered(question.identity, "Allow", question))
    by_others = bool(ways & {"role", "parent"})
    caps = missing_caps(question)
    if kind == "federated-user" and question.session is None:
        identity = False  # E10
        by_others = False  # Q30: what the parent is granted is limited in the same way
    if not is_same_account(question):  # E7
        missing = ([] if identity else ["identity"]) + ([] if ways else ["resource"]) + caps
        return ([], missing) if missing else (["identity", "resource"], [])
    granting = ["identity"] if identity and not caps else []  # E6
    if ways & {"everybody", "self"} or (by_others and not caps):  # E3, E11; E4, Q30
        granting.append("resource")  # "account" alone is no grant: E5
    return granting, ([] if identity or by_others else ["identity"]) + caps


def missing_caps(question):
    """Return those of boundary and session policy that are set and don't allow."""
    missing = []
    if question.boundary is not None and not ways_covered([question.boundary], "Allow", question):
        missing.append("boundary")
    if question.session is not None and not ways_covered(question.session, "Allow", question):
        missing.append("session")
    return missing


def is_same_account(question):
    return question.resource == "*" or question.resource.split(":")[4] == question.account


def kind_of(arn):
    """Return user, role, assumed-role, federated-user, root or service."""
    return arn.split(":")[5].split("/")[0] if arn.startswith("arn:") else SERVICE_CALLER


# --- Statements


def ways_covered(policies, effect, question):
    """Return every way in which a statement of this effect that covers the request means the caller."""
    return {
        way
        for policy in policies
        for statement in listed(policy["Statement"])
        if statement["Effect"] == effect and covers(policy, statement, question)  # S8
        for way in ways_of_meaning(statement, question)
    }


def covers(policy, statement, question):
    return (
        covers_action(statement, question.action)
        and covers_resource(policy, statement, question)
        and all_conditions_hold(policy, statement, question.context)
    )


def listed(value):
    return value if isinstance(value, list) else [value]


def covers_action(statement, action):
    if "NotAction" in statement:
        return not any(action_matches(value, action) for value in listed(statement["NotAction"]))  # S7
    return any(action_matches(value, action) for value in listed(statement["Action"]))


def action_matches(value, action):
    return like(with_wildcards(value.lower()), action.lower())  # S1


def covers_resource(policy, statement, question):
    negated = "NotResource" in statement
    is_named = False
    for value in listed(statement["NotResource"] if negated else statement["Resource"]):
        pattern = resource_pattern(policy, value, question.context)
        if pattern is None and negated:
            return False  # Q7, Q8: the statement covers nothing
        if value == "*":
            is_named = True
        elif pattern is not None and value.startswith("arn:"):  # W4; S4, Q10, Q11
            is_named = is_named or like(pattern, question.resource)  # S2; S6, as no ARN pattern matches "*"
    return is_named is not negated  # S7


def resource_pattern(policy, value, context):
    """Return the pattern with its variables replaced, or None if one of them has no value."""
    fields = value.split(":", 5)
    if len(fields) < 6:
        return with_wildcards(value)
    last = replaced(policy, fields[5], context)  # W2: after the fifth colon only
    return None if last is None else with_wildcards(":".join(fields[:5]) + ":") + last


# --- Principals


def ways_of_meaning(statement, question):
    """Return how a statement means the caller: everybody, self, role, parent, account. Empty if it doesn't."""
    if "NotPrincipal" in statement:
        return set() if ways_named(statement["NotPrincipal"], question) else {"everybody"}
    if "Principal" in statement:
        return ways_named(statement["Principal"], question)
    return {"self"}  # a policy of the caller itself


def ways_named(principal, question):
    if principal == "*":
        return {"everybody"}
    services = {"self" for name in listed(principal.get("Service", [])) if name == question.arn}
    return services | {way for entry in listed(principal.get("AWS", [])) for way in ways_of_entry(entry, question)}


def ways_of_entry(entry, question):
    if entry == "*":
        return {"everybody"}
    if kind_of(question.arn) == SERVICE_CALLER:
        return set()  # E9: it belongs to no account
    if entry == question.account or entry.split(":")[4:] == [question.account, "root"]:
        return {"account"}
    if is_role_of(entry, question):
        return {"role"}
    if entry == question.arn:
        return {"self"}
    return {"parent"} if entry == question.parent else set()


def is_role_of(entry, question):
    """Return whether this is the ARN of the caller's role. The path counts for nothing: a session has none."""
    name = {"assumed-role": question.arn.split("/")[1:2], "role": question.arn.split("/")[-1:]}
    is_role = ":role/" in entry and entry.split(":")[4] == question.account
    return is_role and entry.split("/")[-1:] == name.get(kind_of(question.arn))


# --- Wildcards and variables. A pattern is a list of characters, each with whether it may be a wildcard.


def with_wildcards(text):
    return [(character, True) for character in text]


def literally(text):
    return [(character, False) for character in text]


def like(pattern, text):
    """Return whether the whole text matches. Only ``*`` and ``?`` are special."""
    if not pattern:
        return not text
    if pattern[0] == ("*", True):
        return like(pattern[1:], text) or (text != "" and like(pattern, text[1:]))
    if not text:
        return False
    return (pattern[0] == ("?", True) or pattern[0][0] == text[0]) and like(pattern[1:], text[1:])


def replaced(policy, text, context):
    """Return text as a pattern with its variables replaced, or None if one of them has no value."""
    if policy.get("Version") != "2012-10-17" or "${" not in text:  # W1
        return with_wildcards(text)
    before, _, rest = text.partition("${")
    inner, _, after = rest.partition("}")
    value = inner if inner in ("*", "?", "$") else value_of_variable(inner, context)  # W6
    end = replaced(policy, after, context)
    if value is None or end is None:
        return None  # W4
    return with_wildcards(before) + literally(value) + end  # W7


def value_of_variable(inner, context):
    name, _, default = inner.partition(", '")
    present = looked_up(name.strip(), context)  # W3
    if present is None:
        return default.removesuffix("'") if default.endswith("'") else None  # W5, Q13
    return present if isinstance(present, str) else None  # W3: single-valued keys only


def looked_up(key, context):
    return next((value for name, value in context.items() if name.lower() == key.lower()), None)  # C2


# --- Conditions


def all_conditions_hold(policy, statement, context):
    return all(
        holds(policy, operator, looked_up(key, context), listed(values), context)
        for operator, block in statement.get("Condition", {}).items()
        for key, values in block.items()
    )  # C1


def holds(policy, operator, present, values, context):
    quantifier, _, name = operator.rpartition(":")
    base = name.removesuffix("IfExists")
    texts = [as_text(value) for value in values]
    if base == "Null":
        is_absent = "true" if is_null(present) else "false"
        return {"ForAllValues": True, "ForAnyValue": False}.get(quantifier, is_absent in texts)  # C14, Q20-Q24
    if is_null(present, quantifier):
        if name.endswith("IfExists"):
            return True  # C3, C4, Q6
        return {"ForAllValues": True, "ForAnyValue": False}.get(quantifier, "Not" in base)  # C10, C3
    if quantifier:
        results = [value_passes(policy, base, value, texts, context) for value in listed(present)]
        return all(results) if quantifier == "ForAllValues" else any(results)  # C10, C11, C13
    if isinstance(present, list):
        return False  # C12, Q1-Q4
    return value_passes(policy, base, present, texts, context)


def is_null(present, quantifier=""):
    """Return whether a key is absent. For ForAllValues, a set of empty texts is, too (Q5)."""
    return present is None or present == [] or (quantifier == "ForAllValues" and set(listed(present)) == {""})


def as_text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def value_passes(policy, base, present, texts, context):
    """Return whether one value of a key passes an operator. Of a negated one, no value of the policy may match."""
    results = [matches(policy, base, present, text, context) for text in texts]
    if "unreadable" in results:
        return False  # C15, Q17-Q19
    return ("Not" in base) is not any(results)  # C1


def matches(policy, base, present, text, context):
    kind = base.replace("Not", "")
    if kind.startswith("Numeric"):
        return compared(kind.removeprefix("Numeric"), as_number(present), as_number(text))  # C7
    if kind.startswith("Date"):
        return compared(kind.removeprefix("Date"), as_seconds(present), as_seconds(text))  # C8
    if kind == "IpAddress":
        return is_in_network(present, text)
    pattern = literally(text) if kind == "BinaryEquals" else replaced(policy, text, context)  # W2, Q14, Q15
    if pattern is None:
        return False  # W4: nothing matches, so that a negated operator holds
    plain = "".join(character for character, _ in pattern)
    return {
        "StringEquals": present == plain,  # C6
        "StringEqualsIgnoreCase": present.lower() == plain.lower(),
        "StringLike": like(pattern, present),
        "ArnEquals": arn_like(pattern, present),  # C5
        "ArnLike": arn_like(pattern, present),
        "Bool": present.lower() == plain.lower(),  # C7
        "BinaryEquals": present == plain,
    }[kind]


def arn_like(pattern, present):
    """Return whether six fields match, each for itself. Colons beyond the fifth belong to the last."""
    fields = [[]]
    for piece in pattern:
        if piece[0] == ":" and len(fields) < 6:
            fields.append([])
        else:
            fields[-1].append(piece)
    found = present.split(":", 5)
    return len(found) == len(fields) == 6 and all(map(like, fields, found))


def compared(relation, left, right):
    if left is None or right is None:
        return "unreadable"
    return {
        "Equals": left == right,
        "LessThan": left < right,
        "LessThanEquals": left <= right,
        "GreaterThan": left > right,
        "GreaterThanEquals": left >= right,
    }[relation]


def as_number(text):
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def as_seconds(text):
    """Return a date as seconds since 1970. Four digits are a year (Q12), other numbers are seconds already."""
    if as_number(text) is not None and not re.fullmatch(r"\d{4}", text):
        return as_number(text)
    whole = text + {4: "-01-01", 7: "-01"}.get(len(text), "")
    try:
        moment = datetime.fromisoformat(whole)
    except ValueError:
        return None
    if "T" in whole and moment.tzinfo is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def is_in_network(present, text):
    try:
        network = ipaddress.ip_network(text)
        return ipaddress.ip_address(present) in network  # C9
    except ValueError:
        return "unreadable"
