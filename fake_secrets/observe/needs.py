"""What the calls of a world needed to be allowed, as a policy can say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fake_secrets.arns import ANY_SUFFIX, SUFFIX_LENGTH, account_of
from fake_secrets.iam.callers import function_name, owner_of_policies
from fake_secrets.iam.least_policy import Home, Need
from fake_secrets.observe.asked import Asked, asked_in
from fake_secrets.observe.recording import Recording

__all__ = ["asked_needs", "needs_of"]

# Condition keys that are worth asking for if every call has them.
_SUPPLIED = (
    "iam:PassedToService",
    "secretsmanager:BlockPublicPolicy",
    "secretsmanager:RecoveryWindowInDays",
    "secretsmanager:VersionStage",
)
_TAG = "aws:requesttag/"
# Where the account, the kind and the name begin in an ARN.
_TAIL = 4


def needs_of(recording: Recording) -> list[Need]:
    """Return what the calls of a world needed, each need once, sorted.

    A secret whose suffix is random stands for all secrets of its name, and a KMS key that is only known by its
    alias for whatever key has the alias.

    Args:
        recording: what the world has recorded.
    """
    return sorted({need for _, need in asked_needs(recording)}, key=lambda need: need.order)


def asked_needs(recording: Recording) -> Iterator[tuple[Asked, Need]]:
    """Yield what the calls of a world asked, in order, each with the need that it is."""
    secrets = _Secrets(recording)
    return ((asked, _need(asked, recording, secrets)) for asked in asked_in(recording))


class _Secrets:
    """The secrets of a world, and how a policy names them.

    Args:
        recording: what the world has recorded.
    """

    def __init__(self, recording: Recording) -> None:
        entries = recording.ledger.entries()
        # A replica has the account, the name and the suffix of its primary.
        self._known = {_tail(entry.secret.arn) for entry in entries if entry.secret is not None}
        self._pinned = {_tail(arn) for arn, one in recording.planted.items() if one.is_pinned}

    def general(self, arn: str) -> str:
        """Return an ARN without a suffix that is another one in each run."""
        # The suffix of a secret that doesn't exist here comes from the code under test.
        tail = _tail(arn)
        if tail not in self._known or tail in self._pinned:
            return arn
        return arn[:-SUFFIX_LENGTH] + ANY_SUFFIX


def _tail(arn: str) -> str:
    return arn.split(":", _TAIL)[-1]


def _need(asked: Asked, recording: Recording, secrets: _Secrets) -> Need:
    entry, check, caller = asked.entry, asked.check, asked.caller
    resource, supplied = secrets.general(check.resource), tuple(_supplied(asked))
    if asked.alias is not None:
        resource = f"{resource.rpartition('/')[0]}/*"
        supplied = (*supplied, ("kms:ResourceAliases", asked.alias))
    home, principal, function = Home(recording.account_id, recording.region), caller.role or caller.arn, None
    if entry.function is not None:
        function = recording.function_name or function_name(entry.function)
    elif account_of(principal) == home.account_id:
        principal = owner_of_policies(principal)
    return Need(principal, function, check.action, resource, home, supplied)


def _supplied(asked: Asked) -> Iterator[tuple[str, str]]:
    """Yield the condition keys that are worth asking for, with their values."""
    context = asked.check.context
    for key in _SUPPLIED:
        value = context.get(key.lower())
        # Text with a dollar sign would be a policy variable.
        if isinstance(value, str) and "$" not in value:
            yield key, value
    sent = _tag_keys(asked)
    yield from ((f"aws:RequestTag/{sent[key]}", "") for key in sorted(sent) if _TAG + key in context)


def _tag_keys(asked: Asked) -> Mapping[str, str]:
    """Return the keys of the tags that a call sends, by the lower-case form in which conditions find them."""
    tags = asked.entry.members.get("Tags") or ()
    return {tag["Key"].lower(): tag["Key"] for tag in tags if "$" not in tag["Key"]}
