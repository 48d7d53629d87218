"""Which condition keys are known, and what to say about a policy that has another one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from fake_secrets.errors import UnsupportedOperationError
from fake_secrets.iam.coverage import Rule
from fake_secrets.iam.policy import Policy
from fake_secrets.service.rules.condition_keys import ENCRYPTION_CONTEXT, MEMBERS, PREFIX, Value
from fake_secrets.suggestions import nearest

__all__ = ["about_unknown", "check_conditions", "is_known"]

# Keys whose values are known: of a request, its caller or its secret.
_KNOWN = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:resourceaccount",
        "aws:securetransport",
        "aws:tagkeys",
        "aws:tokenissuetime",
        "aws:username",
        "aws:viaawsservice",
        "iam:passedtoservice",
        "kms:calleraccount",
        "kms:encryptioncontextkeys",
        "kms:resourcealiases",
        "kms:viaservice",
        *(PREFIX + member.lower() for members in MEMBERS.values() for member in members),
        "secretsmanager:addreplicaregions",
        "secretsmanager:kmskeyarn",
        "secretsmanager:modifyrotationrules",
        "secretsmanager:resource/allowrotationlambdaarn",
        "secretsmanager:resource/type",
        "secretsmanager:secretid",
        "secretsmanager:secretprimaryregion",
    }
)
# Keys that AWS knows, and that no request from a test has.
_ABSENT = frozenset(
    {
        "aws:calledvia",
        "aws:calledviafirst",
        "aws:calledvialast",
        "aws:multifactorauthage",
        "aws:multifactorauthpresent",
        "aws:principalservicename",
        "aws:principalservicenameslist",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourcevpc",
        "aws:sourcevpcarn",
        "aws:sourcevpce",
        "aws:vpcsourceip",
        "ec2:sourceinstancearn",
    }
)
# Keys that AWS knows, and whose values a test has to give.
_OF_THE_REAL_WORLD = frozenset(
    {
        "aws:federatedprovider",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:referer",
        "aws:resourceorgid",
        "aws:resourceorgpaths",
        "aws:sourceidentity",
        "aws:sourceip",
        "aws:useragent",
        "aws:userid",
    }
)
# After each of these prefixes comes a tag's key.
_TAG_KEYS = ("aws:resourcetag/", "secretsmanager:resourcetag/", "aws:requesttag/", "aws:principaltag/")
_KNOWN_PREFIXES = (*_TAG_KEYS, ENCRYPTION_CONTEXT)


def check_conditions(policies: Iterable[Policy], action: str, given: Mapping[str, Value]) -> None:
    """Refuse policies with a condition key whose value isn't known, if a statement about an action has it.

    Args:
        policies: the policies.
        action: the action.
        given: the condition keys whose values the test has given, in lower case.

    Raises:
        UnsupportedOperationError: if a condition has an unknown key, such as aws:SourceIp.
    """
    for policy in policies:
        unknown = sorted(key for key in policy.condition_keys if not (is_known(key) or key in given))
        if unknown and any(_depends(rule, action, unknown) for rule in policy.rules):
            raise UnsupportedOperationError(about_unknown(policy, unknown))


def is_known(key: str) -> bool:
    """Return whether a condition key, in lower case, is known: its value, or that no request of a test has it."""
    return key in _KNOWN or key in _ABSENT or key.startswith(_KNOWN_PREFIXES)


def about_unknown(policy: Policy, keys: Sequence[str]) -> str:
    """Return the message about condition keys of a policy whose values aren't known."""
    name = policy.name or "the resource policy"
    said = f"{name} has a condition on {', '.join(keys)}, which fake_secrets doesn't know."
    if keys[0] in {prefix.rstrip("/:") for prefix in _KNOWN_PREFIXES}:
        return f"{said} Such a key ends in a name: {keys[0]}/team."
    meant = nearest(keys[0], sorted(_KNOWN | _ABSENT))
    if meant and keys[0] not in _OF_THE_REAL_WORLD:
        return f"{said} Did you mean {meant[0]}?"
    return (
        f"{said} Its value isn't in a request of a test, so give it: "
        f"`with fake_secrets.permissions(None, principal=..., context={{{keys[0]!r}: ...}}):` keeps what was said "
        "of the caller's policies. Leave principal= out for the caller of the test's own clients."
    )


def _depends(rule: Rule, action: str, keys: Collection[str]) -> bool:
    is_meant = any(condition.key in keys for condition in rule.statement.conditions)
    return is_meant and rule.covers_action(action.lower())
