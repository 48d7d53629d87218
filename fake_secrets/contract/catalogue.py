"""The catalogue: every deviation that the contract can find, by its stable name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = [
    "ANSWER_IGNORED",
    "CATALOGUE",
    "DOUBLE_NOT_CALLED",
    "KEPT_VALUE",
    "NOT_TAKEN_OVER",
    "PASSWORD_CHANGED_EARLY",
    "UNLIKE_THE_DOUBLE",
    "WRONG_CREDENTIAL",
    "Advice",
    "Kind",
    "Severity",
    "other_secret_kept",
    "violator_of",
]

Severity = Literal["violation", "note"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of deviation.

    Args:
        name: its stable name.
        severity: "violation": a credential is lost, dead, wrong, leaked or guessable, or the rotation is stuck
            until a person acts. "note": it fails safely, heals by itself, or AWS's own templates do it, too.
        sentence: what is wrong.
        cause: what usually causes it.
        mend: what mends it.
    """

    name: str
    severity: Severity
    sentence: str
    cause: str
    mend: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What a report says of a cause if it knows more than the usual one.

    Args:
        cause: what causes it.
        mend: what mends it.
    """

    cause: str
    mend: str


def _kinds(severity: Severity, texts: Mapping[str, tuple[str, str, str]]) -> dict[str, Kind]:
    return {name: Kind(name, severity, *text) for name, text in texts.items()}


_VIOLATIONS = {
    "never-succeeds": (
        "The rotation fails although nothing disturbs it.",
        (
            "The function expects another event, passes the wrong arguments to a call, or needs a variable of the "
            "environment that isn't set."
        ),
        (
            "Read the exception above. If the function needs a service, variables or other secrets, pass "
            "service=, environment= or other_secrets=."
        ),
    ),
    "times-out": (
        "A step takes longer than the time-out of the function, although nothing disturbs it.",
        "It waits for the service longer than the function may run, or without an end.",
        ("Give the function a longer time-out, or end the wait with an error in time, so that AWS retries it."),
    ),
    "current-not-moved": (
        "All four steps pass, but AWSCURRENT stays on the old version, so the rotation stays open.",
        (
            "The function compares Step with other names than createSecret, setSecret, testSecret and "
            "finishSecret, or finishSecret doesn't call UpdateSecretVersionStage."
        ),
        (
            "In finishSecret, move AWSCURRENT to the version of ClientRequestToken. Raise an error for an unknown "
            "step."
        ),
    ),
    "second-rotation-fails": (
        "The first rotation succeeds, but a later one fails.",
        (
            "The function changes something that the next rotation needs as it was, such as the user name, or "
            "meets a quota because it never cleans up."
        ),
        "Make the state after a rotation a valid start of the next one.",
    ),
    "create-not-repeatable": (
        "createSecret fails when it is repeated, so that no retry can succeed.",
        "createSecret makes a new value each time, and AWS refuses to replace the value of a version.",
        (
            "First read the version with VersionId=token and VersionStage='AWSPENDING'. Make a new value only if "
            "that fails with ResourceNotFoundException."
        ),
    ),
    "value-under-another-token": (
        "The function stores a value in a version that isn't the version of this rotation.",
        (
            "PutSecretValue or UpdateSecret is called without ClientRequestToken, so that the SDK makes up a new "
            "one."
        ),
        "Pass ClientRequestToken=event['ClientRequestToken'].",
    ),
    "pending-replaced": (
        "The pending value is replaced after it was stored.",
        (
            "A retry makes a new value and stores it under a new token, although the service may already have the "
            "first."
        ),
        "Make one value for each token. If the version of the token has a value, use that.",
    ),
    "current-moved-early": (
        "AWSCURRENT moves before finishSecret, so that consumers read a value that nobody has tested.",
        (
            "PutSecretValue is called without VersionStages, or UpdateSecret is used: both make the new value "
            "current. Or a step before finishSecret calls UpdateSecretVersionStage."
        ),
        "Store the new value with VersionStages=['AWSPENDING'], and move AWSCURRENT in finishSecret only.",
    ),
    "empty-current": (
        "AWSCURRENT is on a version without a value, so GetSecretValue fails for every consumer.",
        "The new value was never stored in the version of the token, or finishSecret doesn't look.",
        "Store the new value with ClientRequestToken=event['ClientRequestToken'].",
    ),
    "manual-value-replaced": (
        "A value that somebody puts by hand during the rotation is replaced by the rotation's own.",
        "finishSecret moves AWSCURRENT without a look at whether its version is still AWSPENDING.",
        "In every step, raise an error if the version of the token has neither AWSPENDING nor AWSCURRENT.",
    ),
    "current-instead-of-pending": (
        "The step works with the current value instead of the pending one.",
        (
            "GetSecretValue is called without VersionStage, which means AWSCURRENT, or the step takes the wrong "
            "one of two values that it has read."
        ),
        "Read the value with VersionId=token and VersionStage='AWSPENDING'.",
    ),
    "untested-value": (
        "testSecret passes although the service doesn't accept the pending value.",
        "testSecret is empty, swallows the refusal, or tests something else.",
        "Log in with the pending value in testSecret, and let the error out.",
    ),
    "swallowed-error": (
        "A call fails during the whole step, yet the step passes without having done its work.",
        "An except clause logs the error or returns it. AWS ignores what a rotation function returns.",
        "Let the exception out of the function, or raise another one.",
    ),
    "needs-warm-start": (
        "The rotation fails if its steps run in different execution environments.",
        "A step keeps something in a global, a cache or the environment that a later step needs.",
        "Keep nothing between the steps: read the pending value with VersionId=token in each of them.",
    ),
    "stale-value-used": (
        "The function works with what it has kept from an earlier rotation, although the secret has changed.",
        (
            "A global or a cache has what AWSCURRENT was once. Since then, somebody has changed the value by "
            "hand, or another execution environment has rotated the secret."
        ),
        (
            "Read AWSCURRENT in each step, or keep values by VersionId, and ask DescribeSecret which version has "
            "AWSCURRENT now."
        ),
    ),
    "mixes-up-secrets": (
        "The rotation goes wrong if the same execution environment has served another secret.",
        "A global or a cache has a value of the other secret, because it isn't kept by ARN and token.",
        "Read the secret of the event in each step, or keep values by its ARN and ClientRequestToken.",
    ),
    "gives-up-silently": (
        "A step passes without having done its work, because the function's time is nearly over.",
        "It looks at get_remaining_time_in_millis() and returns, as if AWS would call it again for the rest.",
        "Raise an error if there isn't enough time left, so that AWS retries the rotation.",
    ),
    "credentials-pile-up": (
        "With each rotation there is one more credential that works at the service.",
        "Nothing revokes what was replaced. Old credentials work until the service's quota is met.",
        "In finishSecret, revoke what is older than AWSPREVIOUS.",
    ),
    "set-not-repeatable": (
        "setSecret fails when it is repeated after the service has got the new value.",
        "setSecret logs in with the current value only, which the service no longer accepts.",
        "First try the pending value. If the service accepts it, there is nothing left to do.",
    ),
    "half-changed-service": (
        "An error in the middle of setSecret leaves the service in a state that no retry mends.",
        "setSecret changes several things, and its retry takes the first of them for all.",
        "Make each change repeatable by itself, or check each of them before it is skipped.",
    ),
    "stuck-after-failure": (
        "After one failure no retry succeeds: the rotation is stuck until a person acts.",
        "The first attempt leaves something behind that the next one can't handle.",
        "Make every step repeatable, whatever the last attempt got done.",
    ),
    "retry-refused": (
        "The function itself refuses a retry, although nothing was stored yet.",
        "It counts attempts or remembers when it ran, and takes the retry for another rotation.",
        "Decide by ClientRequestToken: a retry has the token of the first attempt.",
    ),
    "dead-current": (
        "The service doesn't accept the value that has AWSCURRENT after a rotation that succeeded.",
        (
            "The function sets something else than it stores, or the service needs more than the value, such as "
            "grants."
        ),
        "Set exactly what the pending version holds, and test it in testSecret.",
    ),
    "tampered-value-used": (
        "setSecret works with a pending value that names another user or host than the current value.",
        (
            "The pending value is trusted. Whoever can write it can make the function change somebody else's "
            "credential."
        ),
        (
            "Compare host and user of the pending value with those of the current one, and raise an error if they "
            "aren't as createSecret makes them: the same, or the other one of two alternating users."
        ),
    ),
    "leaked-value": (
        "A secret value is logged, printed, raised or returned.",
        "A log line, an error message or a return value contains the secret or a part of it.",
        "Log ids and ARNs only.",
    ),
    "late-duplicate-acts": (
        "A step that is delivered again after the rotation has succeeded changes something.",
        "The function doesn't look whether the version of the token is current already.",
        "In every step, return at once if the version of the token has AWSCURRENT.",
    ),
    "orphaned-credential": (
        "A credential that works at the service is in no version of the secret, and nobody revokes it.",
        "The credential is made at the service first and stored afterwards. A failure in between loses it.",
        (
            "Store what is needed to find the credential before it is made, or look for left-over credentials and "
            "revoke them when createSecret is repeated."
        ),
    ),
    "old-destroyed-early": (
        "The old credential is destroyed before the new one is stored and current.",
        (
            "The old credential is revoked in an early step, or before the call that can still fail. Or its "
            "password is changed before the new one is stored."
        ),
        (
            "Revoke the old credential in finishSecret, after AWSCURRENT has moved. A password can't be revoked: "
            "store the new one in createSecret, and change it in setSecret."
        ),
    ),
    "current-destroyed": (
        "The credential that is current already is destroyed.",
        (
            "A step that is repeated, or that overlaps with another delivery of it, reads AWSCURRENT and takes "
            "the new credential for the old one."
        ),
        (
            "Read the old credential by the VersionId that UpdateSecretVersionStage gets as RemoveFromVersionId, "
            "and never revoke that of the token's version."
        ),
    ),
    "clean-up-lost": (
        "The clean-up after the move of AWSCURRENT doesn't happen if the function dies before it.",
        "The retry returns at once, because the version of the token is current already.",
        "Do the clean-up before that return, too, or at the beginning of the next rotation.",
    ),
    "set-changes-nothing": (
        "setSecret passes, but the service accepts the old value and not the new one.",
        "setSecret is empty, or it finds nothing to change and says nothing.",
        "Set the pending value at the service, and raise an error if nothing was changed.",
    ),
    "wrong-derived-value": (
        "A part of the value that is derived from another part doesn't fit the new value.",
        "A URL, connection string or copy is taken over from the old value, or is built from it.",
        "Build derived parts from the new value.",
    ),
    "unusable-password": (
        "A password that GetRandomPassword may return doesn't work.",
        (
            "The function asks for characters that the service refuses, or puts the password into a URL, a "
            "connection string, JSON or a statement as it is. ExcludeCharacters is missing, or was quoted wrongly "
            "in the environment."
        ),
        "Quote the password wherever it becomes part of another text, or exclude the characters that are named.",
    ),
    "predictable-value": (
        "The new value can be guessed: anybody who knows how it is made can make it again.",
        "The value is made with the module `random`, or of the time, ids in the event, or something constant.",
        "Use GetRandomPassword, or the module `secrets`.",
    ),
    "consumer-locked-out": (
        "A consumer of the secret gets no value that the service accepts.",
        (
            "It reads the value once and keeps it, or gives up at the first refusal. Between setSecret and "
            "finishSecret, the service may accept the pending value only."
        ),
        (
            "If the service refuses a value, read the secret again, try the value of AWSPENDING, or wait a little "
            "before the next attempt."
        ),
    ),
    "permission-missing": (
        "The given policy lacks a permission that the function needs, so that a rotation fails.",
        (
            "The policy names another action or another secret, or the secret without the hyphen and the six "
            "characters that end its ARN, or has a condition that doesn't hold."
        ),
        (
            "Add the permission to the policy of the function's role. If the policy is right, and is for another "
            "secret than the contract's, pass that secret's name, region and account to the contract."
        ),
    ),
    "pending-destroyed": (
        "A repeated step destroys the credential that the pending value refers to.",
        (
            "A clean-up of left-over credentials takes that of the open rotation for one of them. Or createSecret "
            "changes a password at the service before it has stored it."
        ),
        (
            "Spare the credential of the version that has AWSPENDING, and any that is younger than the function's "
            "time-out: another delivery may be about to store it. Store a password in createSecret, and change it "
            "in setSecret."
        ),
    ),
}

_READ_OTHER_AGAIN = (
    "Read the other secret in each step that needs it, or read it again if the service refuses its value."
)

# The advice where a deviation has shown that it isn't of the usual cause.
PASSWORD_CHANGED_EARLY = Advice(
    "The password is changed at the service before it is stored in the secret.",
    (
        "Store the new password in createSecret, and change it at the service in setSecret. Then every retry and "
        "every other delivery finds the same password."
    ),
)

# The advice where the function reads the secret of its own rotation for that of another.
NAMED_IN_CODE = Advice(
    "The function names the secret that it reads itself, instead of taking it from the event.",
    "Use the event's SecretId in every call: one function may rotate several secrets.",
)


def other_secret_kept(secret: str) -> Advice:
    """Return the advice where the function keeps the value of another secret.

    Args:
        secret: that secret, in words.
    """
    return Advice(
        f"A global or a cache has the value that {secret} had once. Since then, that secret has changed.",
        _READ_OTHER_AGAIN,
    )


# The advice where setSecret makes calls with the new value, and the service doesn't accept it.
ANSWER_IGNORED = Advice(
    (
        "setSecret and testSecret only ask the service about the new value, and take the answer for a yes: the "
        "function doesn't look at it, such as at the status of an HTTP response."
    ),
    "Look at each answer, for example with raise_for_status(), and let the error out of testSecret.",
)
NOT_TAKEN_OVER = Advice(
    (
        "The calls of setSecret succeed, but the service doesn't take over the change: a commit is missing, or "
        "the function doesn't look at an answer that refuses the change."
    ),
    "Commit the change, or make the connection with autocommit, and look at each answer.",
)

# The advice where setSecret replaces the credential that is current.
WRONG_CREDENTIAL = Advice(
    "setSecret changes the current credential, but not to the pending value: the user or the password is wrong.",
    "Change the credential of the user in the pending value, to exactly what that value holds.",
)

# The advice where a later rotation fails only because of what the function has kept.
KEPT_VALUE = Advice(
    (
        "A global or a cache keeps what it had in an earlier rotation: in a new execution environment, the "
        "rotation succeeds."
    ),
    (
        "Read the secret in each step, or keep values by VersionId, and ask DescribeSecret which version has "
        "which label now."
    ),
)


# The advice where the secret isn't what the service double begins with.
UNLIKE_THE_DOUBLE = Advice(
    "The service double doesn't accept the value of secret= when the check begins.",
    "Let the double begin with the credential that is in secret=.",
)

# The advice where a function fails that has never called the service double.
DOUBLE_NOT_CALLED = Advice(
    "The service double was never called: the function reaches the service by a name that isn't replaced.",
    (
        'Let the double replace that name, too, as replaces="my_function.connect" does for a function that has '
        "connect by `from psycopg import connect`. If the function fails before it needs the service, read the "
        "exception above."
    ),
)

_NOTES = {
    "pending-label-left": (
        "AWSPENDING stays on the new version after the rotation.",
        "finishSecret moves AWSCURRENT only, as AWS's templates do.",
        (
            "Nothing has to be done: the next rotation moves the label. Remove it in finishSecret if a monitor "
            "minds."
        ),
    ),
    "unknown-step-passes": (
        "An unknown step passes quietly.",
        "The last branch of the function has no else.",
        "Raise ValueError for an unknown step.",
    ),
    "unknown-token-accepted": (
        "The function accepts a token that isn't that of the open rotation.",
        "It doesn't look the token up in VersionIdsToStages.",
        "Raise an error unless the version of the token has AWSPENDING.",
    ),
    "stale-read-fails": (
        "A read that doesn't see the last write yet makes a step fail. The retry heals that.",
        "Secrets Manager is eventually consistent, and the function reads only once.",
        "Nothing has to be done: AWS retries the rotation. A short retry in the function saves that.",
    ),
    "finish-not-repeatable": (
        "If finishSecret is interrupted after it has moved AWSCURRENT, every retry fails.",
        "A step takes a version that has AWSCURRENT already for a mistake.",
        (
            "If the version of the token has AWSCURRENT, do what clean-up is left, and return. The secret is "
            "fine, but the rotation counts as failed, and AWS tries it in vain until the next one."
        ),
    ),
    "read-error-ignored": (
        "createSecret makes a new value although it couldn't read whether there is one.",
        "An except Exception, or except ClientError, is around the read of the pending version.",
        "Catch only client.exceptions.ResourceNotFoundException, so that every other error ends the step.",
    ),
    "version-not-named": (
        "The pending value is read by its label only.",
        "GetSecretValue is called with VersionStage='AWSPENDING' and without VersionId.",
        "Pass VersionId=token, too, so that AWS refuses the read if the label is somewhere else.",
    ),
    "needs-a-retry": (
        "The first attempt fails although nothing disturbs it, and a retry succeeds.",
        "The service takes a while to accept the new value, and testSecret doesn't wait.",
        "Wait in setSecret or testSecret until the service accepts the value.",
    ),
    "needs-more-permissions": (
        "The function asks for more than its role may do.",
        (
            "It makes other calls than AWS's documented rotation function, and no policy= tells what its role may "
            "do. Or it is denied something that it can do without."
        ),
        "Allow the action in the policy of the function's role, and pass that policy as policy=.",
    ),
    "unused-permission": (
        "The given policy allows more than the undisturbed rotations need.",
        "It was written for another function, or has wildcards.",
        "Remove what the function doesn't need in a retry, either.",
    ),
    "input-not-checked": (
        "A secret value that isn't as expected ends in an error that doesn't say so.",
        "The value is used without a look at its form.",
        (
            "Check that there is a SecretString, and that it is JSON with the keys that are needed. Name what is "
            "missing in the error."
        ),
    ),
    "goes-on-after-cancel": (
        "The function goes on after the rotation was cancelled or the secret was marked for deletion.",
        "It doesn't look at RotationEnabled.",
        "Raise an error if DescribeSecret says that RotationEnabled is false.",
    ),
    "promotes-empty-version": (
        "finishSecret makes a version without a value current if it comes first.",
        "It doesn't look whether the version has a value. AWS's templates don't, either.",
        "Read the pending value before AWSCURRENT is moved.",
    ),
    "other-secret-kept": (
        "The function doesn't read another secret again, although it has changed since the last rotation.",
        "A global or a cache has its value, such as that of an administrator's secret.",
        (
            f"{_READ_OTHER_AGAIN} If the function does the latter, nothing has to be done: a service double with "
            "drop shows that."
        ),
    ),
    "keys-lost": (
        "The new value lacks keys that the old one has.",
        "The value is made anew instead of being changed.",
        "Change a copy of the current value.",
    ),
    "orphan-expires": (
        "A credential in no version of the secret works at the service until it expires.",
        "The credential is made at the service first and stored afterwards.",
        "Revoke left-over credentials when createSecret is repeated.",
    ),
    "rotation-token-logged": (
        "The RotationToken of the event is logged, printed, raised or returned.",
        "The whole event is logged.",
        "Log the step and the ARN only.",
    ),
    "empty-test": (
        "testSecret doesn't read the pending value.",
        "It is empty.",
        "Log in with the pending value, if there is a service that takes it.",
    ),
    "test-mode-fails": (
        "The test that AWS makes for RotateImmediately=False fails or changes something.",
        "testSecret expects a new value, but the version that is tested has a copy of the current one.",
        "Let testSecret only log in with the pending value.",
    ),
    "clock-not-virtual": (
        "The function reads the date from datetime, which follows the machine's clock during the check.",
        "Neither time-machine nor freezegun is installed.",
        "Install one of them, so that delays cost no time and every check sees the same dates.",
    ),
}

CATALOGUE: Mapping[str, Kind] = MappingProxyType({**_kinds("violation", _VIOLATIONS), **_kinds("note", _NOTES)})

# Violations that aren't the function's, with what they are of.
_OF_OTHERS = {
    "consumer-locked-out": "a consumer of the secret",
    "permission-missing": "the policy of the function's role",
}


def violator_of(names: Iterable[str]) -> str:
    """Return what violates the contract, by the names of all violations: the function, if one of them is its."""
    first, *others = {*names}
    return "the rotation function" if others else _OF_OTHERS.get(first, "the rotation function")
