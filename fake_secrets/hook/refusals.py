"""Notes on refusals that are new to people who come from moto: what AWS does, what moto lets pass, what to do.

`docs/how-to/coming-from-moto.md` has them all. What they say of moto holds for moto 5.2.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from fake_secrets import clock
from fake_secrets.hook.policy_mistakes import mistake_in_policy
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING
from fake_secrets.slotted import slotted
from fake_secrets.suggestions import nearest
from fake_secrets.world.earlier import why_there_already

if TYPE_CHECKING:
    from fake_secrets.service.state.model import StoredSecret
    from fake_secrets.world.world import World

__all__ = ["Refused", "note_on"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


@slotted
class Refused:
    """A refused request.

    Args:
        world: the world that has refused it.
        place: the account that called, and the region that it called.
        operation: the API operation.
        members: the request, as the client was given it.
        code: AWS's error code.
        message: AWS's message.
    """

    world: World
    place: tuple[str, str]
    operation: str
    members: Mapping[str, Any] = field(repr=False)
    code: str
    message: str

    @property
    def secret(self) -> StoredSecret | None:
        """The secret that the request is about, if it exists."""
        return self.world.contents.secret_at(self.place, self.members.get("SecretId", self.members.get("Name")))


def note_on(refused: Refused) -> str | None:
    """Return the note on a refusal, or None if its message says enough."""
    for start, explain in _NOTES.get(refused.code, ()):
        if refused.message.startswith(start):
            return explain if isinstance(explain, str) else explain(refused)
    return None


def _schedule(refused: Refused) -> str | None:
    # Imported late: few tests need schedules, and they are slow to import.
    from fake_secrets.service.rules.schedule import mistake_in  # noqa: PLC0415

    return mistake_in(refused.members.get("RotationRules") or {})


def _token_in_use(refused: Refused) -> str | None:
    secret = refused.secret
    # The token may be one that botocore, or a seeded world, has filled in.
    named = re.match(r"You can't use ClientRequestToken (\S+) because", refused.message)
    if secret is None or named is None:
        return None
    token = named[1]
    if secret.labels.get(AWSPENDING) == token:
        return (
            f"version {token} has a value under AWSPENDING already. AWS never changes the value of a version; "
            "moto replaces it as long as the version has AWSPENDING. Call get_secret_value with this VersionId "
            "and VersionStage='AWSPENDING' first, and put a value only if there is none."
        )
    return (
        f"version {token} has another value already, and AWS never changes the value of a version. Use a new "
        "ClientRequestToken for a new value, or leave it out."
    )


def _rotation_open(refused: Refused) -> str | None:
    secret = refused.secret
    pending = None if secret is None else secret.labels.get(AWSPENDING)
    if pending is None:
        return None
    return (
        f"AWSPENDING is on version {pending}, which isn't current, so AWS starts no other rotation; moto does. "
        "Move AWSCURRENT to that version, or call update_secret_version_stage with VersionStage='AWSPENDING' and "
        f"RemoveFromVersionId={pending!r}."
    )


def _label_held(refused: Refused) -> str | None:
    label, secret = refused.members.get("VersionStage"), refused.secret
    if label == AWSCURRENT or secret is None:
        # The message says it all, and moto refuses the call as well.
        return None
    return (
        f"on AWS only one version has the label {label!r}; moto puts it on both. "
        f"Pass RemoveFromVersionId={secret.labels.get(str(label))!r} as well."
    )


def _label_elsewhere(refused: Refused) -> str | None:
    label, secret = str(refused.members.get("VersionStage")), refused.secret
    if secret is None:
        return None
    holder = secret.labels.get(label)
    if holder is None:
        return f"no version has the label {label!r}. Leave RemoveFromVersionId out."
    return f"{label!r} is on version {holder}. Pass RemoveFromVersionId={holder!r}."


def _unknown_version(refused: Refused) -> str | None:
    secret = refused.secret
    if secret is None:
        return None
    return (
        f"moto answers InvalidParameterException here. {secret.name!r} has {_listed(secret)}. "
        "MoveToVersionId and RemoveFromVersionId must each be one of these."
    )


def _label_not_on_version(refused: Refused) -> str | None:
    secret, version_id, label = (
        refused.secret,
        refused.members.get("VersionId"),
        refused.members.get("VersionStage"),
    )
    if secret is None:
        return None
    held = [name for name, holder in secret.labels.items() if holder == version_id]
    has = f"has {' and '.join(map(repr, sorted(held)))}" if held else "has no label"
    holder = secret.labels.get(str(label))
    where = f"no version has {label!r}" if holder is None else f"{label!r} is on version {holder}"
    return f"version {version_id} {has}; {where}."


def _version_removed(refused: Refused) -> str | None:
    secret, version_id = refused.secret, refused.members.get("VersionId")
    rotation = None if secret is None else refused.world.runner.of(secret.arn, str(version_id))
    if rotation is None or not rotation.is_test:
        return None
    return (
        f"version {version_id} was made by RotateSecret with RotateImmediately=False. It only tries the function, "
        "and AWS removes it afterwards; moto keeps it. Read the secret without VersionId: its value is the same."
    )


def _label_unknown(refused: Refused) -> str | None:
    secret, label = refused.secret, refused.members.get("VersionStage")
    if secret is not None and isinstance(label, str) and label in secret.labels:
        return f"version {secret.labels[label]} has {label}, but no value yet: a rotation is open."
    meant = [] if secret is None or not isinstance(label, str) else nearest(label, secret.labels)
    return f"did you mean {' or '.join(map(repr, meant))}?" if meant else None


# The operations that moto carries out on a secret that is marked for deletion.
_PASSED_BY_MOTO = frozenset(
    {
        "DeleteResourcePolicy",
        "GetResourcePolicy",
        "PutResourcePolicy",
        "PutSecretValue",
        "RemoveRegionsFromReplication",
        "ReplicateSecretToRegions",
        "TagResource",
        "UntagResource",
        "UpdateSecretVersionStage",
    }
)


def _marked_for_deletion(refused: Refused) -> str | None:
    secret = refused.secret
    if secret is None:
        return None
    moto = f" moto lets {refused.operation} pass." if refused.operation in _PASSED_BY_MOTO else ""
    return (
        f"{secret.name!r} was deleted at {_deletion(secret)}.{moto} "
        f"Until {_end(secret)}, restore_secret makes it usable again."
    )


def _name_taken(refused: Refused) -> str | None:
    secret = refused.secret
    if secret is None:
        return None
    return (
        f"{secret.name!r} was deleted at {_deletion(secret)}, and keeps its name until {_end(secret)}. moto "
        "answers ResourceExistsException here. Call restore_secret, or delete it with "
        "ForceDeleteWithoutRecovery=True."
    )


def _created_before(refused: Refused) -> str | None:
    return why_there_already(refused.world, refused.world.contents, refused.secret)


def _bad_name(refused: Refused) -> str | None:
    member = "Name" if "Name" in refused.members else "SecretId"
    name = refused.members.get(member)
    # Of an ARN, the name is only a part.
    bad = sorted(set(re.findall(r"[^A-Za-z0-9/_+=.@!-]", name))) if isinstance(name, str) else []
    if not bad or str(name).startswith("arn:"):
        return None
    return f"{member} {name!r} contains {' and '.join(map(repr, bad))}. moto takes any name."


def _policy_syntax(refused: Refused) -> str:
    text = refused.members.get("ResourcePolicy")
    return f"moto takes any text. {mistake_in_policy(text if isinstance(text, str) else '')}"


def _no_room(refused: Refused) -> str | None:
    secret = refused.secret
    if secret is None:
        return None
    return (
        f"{secret.name!r} has {len(secret.versions)} versions. AWS keeps about 100, and removes only those that "
        f"have no label and are older than 24 hours; the limit here is {refused.world.store.quotas.versions}. "
        "moto keeps any number. Let the test's clock pass a day, or raise fake_secrets.quotas.versions."
    )


def _deletion(secret: StoredSecret) -> str:
    return clock.iso(secret.deleted or 0)


def _end(secret: StoredSecret) -> str:
    return clock.iso(secret.deletion_date or 0)


def _listed(secret: StoredSecret) -> str:
    versions: Iterable[str] = list(secret.versions)[-_SHOWN:]
    earlier = "earlier versions and " if len(secret.versions) > _SHOWN else ""
    return f"{earlier}{', '.join(versions)}" if secret.versions else "no version"


# The number of versions that a note shows.
_SHOWN = 5

_NO_FUNCTION = (
    "AWS can't rotate without a function; moto moves AWSCURRENT to a new version without one. Register the "
    "rotation function and pass its ARN, RotationLambdaARN=fake_secrets.lambda_function(handler), or call "
    "fake_secrets.rotate(secret_id, handler)."
)
_BOTH_SCHEDULES = (
    "AWS takes AutomaticallyAfterDays or ScheduleExpression; moto takes both and ignores the expression. Leave "
    "one out of RotationRules."
)
_CURRENT_REMOVED = (
    "moto removes AWSCURRENT, and leaves the secret without a current value. Pass MoveToVersionId as well."
)
_PRINCIPAL = (
    "moto takes any text. A principal is {'AWS': ...} with twelve digits, or the ARN of an account's root, a "
    "role, a user or a session; ARNs with wildcards aren't supported. '*' stands for everybody."
)
_SERVICE = "moto takes any text. A service principal is {'Service': 'name.amazonaws.com'}."

_Explain = str | Callable[[Refused], str | None]

# The notes by code, with how the message starts.
_NOTES: Mapping[str, tuple[tuple[str, _Explain], ...]] = {
    "InvalidRequestException": (
        ("You can't perform this operation on the secret because it was marked", _marked_for_deletion),
        ("You can't perform this operation on secret version", _version_removed),
        ("No Lambda rotation function ARN", _NO_FUNCTION),
        ("A previous rotation isn't complete.", _rotation_open),
        ("You can't create this secret because a secret with this name", _name_taken),
        ("You provided a VersionStage that is not associated", _label_not_on_version),
    ),
    "InvalidParameterException": (
        ("You cannot specify both rotation frequency and schedule expression", _BOTH_SCHEDULES),
        ("Invalid schedule expression", _schedule),
        ("Rate in ", _schedule),
        ("Duration ", _schedule),
        ("Starting hour and duration", _schedule),
        ("The parameter RemoveFromVersionId can't be empty", _label_held),
        ("You can only move staging label AWSCURRENT", _CURRENT_REMOVED),
        ("When you move staging label", _label_elsewhere),
    ),
    "LimitExceededException": (("You exceeded the maximum number of versions", _no_room),),
    "MalformedPolicyDocumentException": (
        ("This resource policy contains a syntax error", _policy_syntax),
        ("This resource policy contains an unsupported principal", _PRINCIPAL),
        ("This resource policy contains an unsupported service", _SERVICE),
    ),
    "ResourceExistsException": (
        ("You can't use ClientRequestToken", _token_in_use),
        ("The operation failed because the secret ", _created_before),
    ),
    "ResourceNotFoundException": (
        ("Secrets Manager can't find the specified secret version", _unknown_version),
        ("Secrets Manager can't find the specified secret value for VersionId", _version_removed),
        ("Secrets Manager can't find the specified secret value for staging label", _label_unknown),
    ),
    "ValidationException": (("Invalid name.", _bad_name),),
}
