"""Findings: what AWS lets a rotation function do, although it breaks production.

A finding is a plain sentence. It begins with words that don't change, its kind, and names the step, the call and
the secret. It never contains a secret value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fake_secrets.observe.entry import Entry, RunningStep
from fake_secrets.observe.ledger import SUCCEEDED
from fake_secrets.rotation.rotation import Rotation
from fake_secrets.service.rules.operation_kinds import STORING, VALUES
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPENDING
from fake_secrets.service.state.model import StoredSecret

__all__ = ["Before", "kind_of", "of_attempt", "of_step"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_MOVED_EARLY = "AWSCURRENT moved before finishSecret"
_EMPTY_CURRENT = "Current version without a value"
_OTHER_TOKEN = "Value under another token"  # noqa: S105 -- not a secret
_MORE_VERSIONS = "More than one new version"
_ERROR_RETURNED = "Error returned and not raised"
_NO_CALL = "No call about the secret"
_NOT_MOVED = "AWSCURRENT not moved"

_LAST_STEP = "finishSecret"
_CLIENT_ERROR = 400
_STATUS_KEYS = ("statuscode", "status", "result", "outcome")
_SUCCESS_KEYS = ("success", "succeeded", "ok")
_ERROR_KEYS = frozenset({"error", "errors", "errormessage", "errortype", "exception", "stacktrace"})
_ERROR_WORDS = ("error", "fail", "exception")


@dataclass(frozen=True, slots=True)
class Before:
    """A secret before a step: its label map, and how many versions it has had."""

    labels: Mapping[str, str]
    version_count: int


@dataclass(frozen=True, slots=True)
class _Done:
    """A call of the function about its secret that succeeded.

    Args:
        entry: the ledger's entry.
        step: the step.
        current: the version with AWSCURRENT before the call, or None.
        stored: the id of the version in which the call stored a value, or None.
    """

    entry: Entry
    step: str
    current: str | None
    stored: str | None

    @property
    def what(self) -> str:
        return f"in {self.step}, {self.entry.operation}"

    @property
    def moved_to(self) -> str | None:
        """The version that the call made current; None if AWSCURRENT stayed where it was."""
        current = self.entry.labels.get(AWSCURRENT)
        if current == self.current:
            return None
        # Another thread may have moved the label in between.
        members = self.entry.members
        asked = members.get("VersionStages") or (AWSCURRENT,)
        has_put = self.stored == current and AWSCURRENT in asked
        has_moved = members.get("MoveToVersionId") == current and members.get("VersionStage") == AWSCURRENT
        return current if has_put or has_moved else None


def of_step(
    rotation: Rotation, secret: StoredSecret, before: Before, running: RunningStep, result: object
) -> Iterator[str]:
    """Yield the findings of a step, after it has ended. The caller holds the lock.

    Args:
        rotation: the rotation.
        secret: its secret.
        before: the secret as it was before the step.
        running: the step, with the ledger's entries about it.
        result: what the rotation function returned.

    Source: design: cheap invariants of any rotation. AWS refuses none of these [B: rotation-facts 1.3, 5].
    """
    done = list(_done(running, secret, before))
    for call in done:
        is_of_rotation = call.moved_to == rotation.token
        rotation._was_current |= is_of_rotation
        # A test may put one value by hand meanwhile, in code that counts as the function's.
        is_by_hand = call.moved_to is not None and call.moved_to == call.stored and not is_of_rotation
        rotation._by_hand += is_by_hand
        if call.stored not in {None, *rotation._stored} and (not is_by_hand or rotation._by_hand > 1):
            rotation._stored.append(str(call.stored))
            if len(rotation._stored) > 1 or rotation._by_hand > 1:
                yield _more_versions(rotation, call)
        if call.moved_to is None:
            continue
        if running.name != _LAST_STEP and (is_of_rotation or call.stored is None):
            yield _moved_early(rotation, call)
        if is_of_rotation and _is_empty(secret, rotation.token):
            yield _empty_current(rotation, call)
    strays = [call for call in done if call.stored not in {None, rotation.token}]
    if strays and _is_empty(secret, rotation.token) and (rotation.error is None or not rotation.was_abandoned):
        yield _other_token(rotation, strays[0])
    failed = _unexpected(running)
    if rotation.error is None and failed is not None and _is_error_shaped(result):
        yield _error_returned(str(running.name), failed, result)


def of_attempt(rotation: Rotation, secret: StoredSecret, *, is_untouched: bool) -> Iterator[str]:
    """Yield the findings of an attempt whose steps have all passed, and that isn't complete nevertheless.

    Args:
        rotation: the rotation.
        secret: its secret.
        is_untouched: whether nobody has made a call about the secret during the attempt.

    Source: the steps pass silently and AWSCURRENT doesn't move: the rotation stays open
        [C: rotation-facts 1.3].
    """
    if rotation.outcome != "unfinished" or rotation.error is not None or rotation.is_test:
        return
    if is_untouched:
        yield (
            f"{_NO_CALL}: all steps passed, but from createSecret to finishSecret the rotation function made no "
            f"call about secret {rotation.secret_name!r}. The rotation isn't complete: finishSecret has to move "
            f"AWSCURRENT to version {rotation.token}."
        )
    elif secret.labels.get(AWSCURRENT) != rotation.token and not rotation._was_current:
        yield (
            f"{_NOT_MOVED}: all steps passed, but no call of finishSecret moved AWSCURRENT of secret "
            f"{rotation.secret_name!r} to version {rotation.token}. The rotation isn't complete: finishSecret has "
            "to call UpdateSecretVersionStage."
        )


def kind_of(finding: str) -> str:
    """Return the words that every finding of the same kind begins with."""
    return finding.partition(":")[0]


def _unexpected(running: RunningStep) -> Entry | None:
    """Return the first call of a step that failed unexpectedly, or None.

    A function looks for the pending value, doesn't find it, and stores one: that failure was expected.
    """
    calls = [entry for entry in running.entries if entry.is_call]
    has_stored = any(call.operation == "PutSecretValue" and call.outcome == SUCCEEDED for call in calls)
    for call in calls:
        is_look = (call.operation, call.outcome) == ("GetSecretValue", "ResourceNotFoundException")
        if call.outcome != SUCCEEDED and not (is_look and has_stored):
            return call
    return None


def _done(running: RunningStep, secret: StoredSecret, before: Before) -> Iterator[_Done]:
    labels, count = before.labels, before.version_count
    for entry in running.entries:
        if entry.secret is not secret or not entry.is_call:
            continue
        if entry.outcome == SUCCEEDED:
            is_new = entry.version_count > count
            yield _Done(entry, str(running.name), labels.get(AWSCURRENT), _stored_by(entry, labels, is_new=is_new))
        labels, count = entry.labels, entry.version_count


def _stored_by(entry: Entry, labels: Mapping[str, str], *, is_new: bool) -> str | None:
    """Return the id of the version in which a call stored a value; None if it stored none."""
    if entry.operation not in STORING or VALUES.isdisjoint(entry.members):
        return None
    token: str | None = entry.members.get("ClientRequestToken")
    # A repeated call changes nothing, unless it fills the empty version of the rotation.
    return token if is_new or token == labels.get(AWSPENDING) else None


def _is_empty(secret: StoredSecret, version_id: str) -> bool:
    version = secret.versions.get(version_id)
    return version is None or version.value is None


def _moved_early(rotation: Rotation, call: _Done) -> str:
    return (
        f"{_MOVED_EARLY}: {call.what} made version {call.moved_to} of secret {rotation.secret_name!r} current, so "
        "consumers read its value before the rotation has tested it. Store the new value with "
        'VersionStages=["AWSPENDING"], and move AWSCURRENT in finishSecret only.'
    )


def _empty_current(rotation: Rotation, call: _Done) -> str:
    return (
        f"{_EMPTY_CURRENT}: {call.what} moved AWSCURRENT of secret {rotation.secret_name!r} to version "
        f"{call.moved_to}, which has no value, so GetSecretValue fails for every consumer. Store the new value in "
        'createSecret with ClientRequestToken=event["ClientRequestToken"].'
    )


def _other_token(rotation: Rotation, call: _Done) -> str:
    return (
        f"{_OTHER_TOKEN}: {call.what} stored a value of secret {rotation.secret_name!r} in version {call.stored}, "
        f"and the rotation's own version {rotation.token} has none. Pass "
        'ClientRequestToken=event["ClientRequestToken"].'
    )


def _more_versions(rotation: Rotation, call: _Done) -> str:
    return (
        f"{_MORE_VERSIONS}: {call.what} made version {call.stored} of secret {rotation.secret_name!r}, although "
        "this rotation had stored a value in another version before. A rotation makes one version: that of its "
        f"token, {rotation.token}."
    )


def _error_returned(step: str, failed: Entry, result: object) -> str:
    return (
        f"{_ERROR_RETURNED}: {step} returned a {type(result).__name__} that describes an error, after "
        f"{failed.operation} had failed with {failed.outcome}. AWS ignores what a rotation function returns, so "
        "the rotation goes on. Raise an exception instead."
    )


def _is_error_shaped(result: object) -> bool:
    """Return whether a value looks like the report of an error."""
    if isinstance(result, Mapping):
        return _is_error_mapping(result)
    if isinstance(result, str):
        text = result.strip().lower()
        return text.startswith(_ERROR_WORDS) or "error occurred" in text
    if isinstance(result, tuple | list):
        return any(_is_error_shaped(item) for item in result)
    return result is False or isinstance(result, BaseException)


def _is_error_mapping(result: Mapping[Any, Any]) -> bool:
    members = {str(key).lower().replace("_", ""): value for key, value in result.items()}
    return (
        any(_is_error_status(members[key]) for key in _STATUS_KEYS if key in members)
        or any(members.get(key) is False for key in _SUCCESS_KEYS)
        or any(members.get(key) for key in _ERROR_KEYS)
    )


def _is_error_status(status: object) -> bool:
    text = str(status).lower()
    return int(text) >= _CLIENT_ERROR if text.isdecimal() else text.startswith(_ERROR_WORDS)
