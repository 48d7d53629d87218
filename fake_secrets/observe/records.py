"""CloudTrail's records: of API calls, and of service events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fake_secrets import clock
from fake_secrets.ids import numbered_uuid
from fake_secrets.observe.entry import Entry
from fake_secrets.observe.ledger import SUCCEEDED
from fake_secrets.service.rules.constraints import REDACTED, Shape
from fake_secrets.service.rules.operation_kinds import READS
from fake_secrets.service.state.events import ServiceEvent
from fake_secrets.service.state.request_model import Request

__all__ = ["record_of_event", "records_of_call"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_SERVICE = "secretsmanager.amazonaws.com"
# The versions of the records that were published [A: rotation-facts 3.1, 3.3].
_CALL_VERSION, _EVENT_VERSION = "1.11", "1.08"
# These keep the ids of records apart from each other, and from the ids of requests and envelopes. The last one is
# that of the first secret of a batch.
_EVENT_IDS, _CALL_IDS, _READ_IDS = 2, 4, 16

# A call never leaves this machine.
_HERE = "127.0.0.1"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def record_of_event(number: int, event: ServiceEvent) -> dict[str, Any]:
    """Return CloudTrail's record of a service event.

    Args:
        number: the number of the event.
        event: the event.

    Source: rotation-facts 3.3: the shape of RotationFailed [A]; that the others have the same shape, and
        that events of a version have its id beside the secret's [D].
    """
    secret = event.secret
    data = {"SecretId": secret.arn}
    is_of_version = event.name.endswith("SecretVersionDelete")
    if is_of_version:
        data["SecretVersionId"] = event.version_id
    event_id = numbered_uuid(_EVENT_IDS, number + 1)
    return {
        "eventVersion": _EVENT_VERSION,
        "userIdentity": {"accountId": secret.account_id, "invokedBy": _SERVICE},
        "eventTime": clock.iso(event.time),
        "eventSource": _SERVICE,
        "eventName": event.name,
        "awsRegion": secret.region,
        "sourceIPAddress": _SERVICE,
        "userAgent": _SERVICE,
        **({} if event.detail is None else {"errorMessage": event.detail}),
        "requestParameters": None,
        "responseElements": None,
        "additionalEventData": data,
        "requestID": event_id if is_of_version else f"Rotation-{secret.arn}-{event.version_id}",
        "eventID": event_id,
        "readOnly": False,
        "eventType": "AwsServiceEvent",
        "managementEvent": True,
        "eventCategory": "Management",
        "recipientAccountId": secret.account_id,
    }


def records_of_call(number: int, entry: Entry) -> Iterator[dict[str, Any]]:
    """Yield CloudTrail's record of a call. A batch has one more for each of its secrets [B: rotation-facts 3.2].

    Args:
        number: the number of the entry.
        entry: the ledger's entry.
    """
    request = entry.request
    error = None if entry.outcome == SUCCEEDED else (entry.outcome, entry.message)
    parameters = _parameters(request.members, request.shape)
    event_id = numbered_uuid(_CALL_IDS, number + 1)
    yield _record(request, event_id, request.operation, parameters, error=error, elements=_elements(entry))
    for position, (secret_id, failure) in enumerate(_reads(entry)):
        event_id = numbered_uuid(_READ_IDS + position, number + 1)
        yield _record(request, event_id, "GetSecretValue", {"secretId": secret_id}, error=failure)


_Error = tuple[str, str | None]


def _record(
    request: Request,
    event_id: str,
    name: str,
    parameters: dict[str, Any],
    *,
    error: _Error | None,
    elements: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the record of one call.

    The members that a test can't know are left out: ``principalId`` (but for a root), ``accessKeyId`` and
    ``tlsDetails``.

    Source: rotation-facts 3.1 [A]. A request without members has null as its ``requestParameters`` [D].
    """
    return {
        "eventVersion": _CALL_VERSION,
        "userIdentity": _identity(request.principal, request.account_id),
        "eventTime": clock.iso(request.now),
        "eventSource": _SERVICE,
        "eventName": name,
        "awsRegion": request.region,
        "sourceIPAddress": _HERE,
        **({} if request.user_agent is None else {"userAgent": request.user_agent}),
        **({} if error is None else _described(*error)),
        "requestParameters": parameters or None,
        "responseElements": elements,
        "requestID": request.id,
        "eventID": event_id,
        "readOnly": name.startswith(READS),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": request.account_id,
        "eventCategory": "Management",
    }


def _identity(arn: str, account_id: str) -> dict[str, Any]:
    """Return who called.

    Source: rotation-facts 3.1 [A]. That the role of a session has no path, and that a role without a session is
        of type Role [D].
    """
    _, partition, *_, resource = arn.split(":", 5)
    kind, _, name = resource.partition("/")
    known = {"principalId": account_id} if kind == "root" else {}
    identity: dict[str, Any] = {"type": _KINDS[kind], **known, "arn": arn, "accountId": account_id}
    if kind == "user":
        identity["userName"] = name.rpartition("/")[2]
    elif kind == "assumed-role":
        role = name.partition("/")[0]
        issuer = f"arn:{partition}:iam::{account_id}:role/{role}"
        identity["sessionContext"] = {
            "sessionIssuer": {"type": "Role", "arn": issuer, "accountId": account_id, "userName": role}
        }
    return identity


_KINDS = {
    "root": "Root",
    "user": "IAMUser",
    "role": "Role",
    "assumed-role": "AssumedRole",
    "federated-user": "FederatedUser",
}


def _described(code: str, message: str | None) -> dict[str, str]:
    """Return the error of a call. CloudTrail has another code if IAM denies a call [A: rotation-facts 3.2]."""
    is_denied = code == "AccessDeniedException" and "is not authorized to perform" in (message or "")
    described = {"errorCode": "AccessDenied" if is_denied else code}
    return described if message is None else {**described, "errorMessage": message}


def _parameters(members: Any, shape: Shape | None) -> Any:
    """Return what a record shows of a request: no sensitive members, and names that begin in lower case.

    Source: rotation-facts 3.2 [A].
    """
    if isinstance(members, dict):
        known = None if shape is None or shape.kind != "structure" else shape.members
        return {
            name[:1].lower() + name[1:]: _parameters(member, None if known is None else known[name])
            for name, member in members.items()
            if known is None or _is_shown(member, known.get(name))
        }
    if isinstance(members, list):
        return [_parameters(member, None if shape is None else shape.element) for member in members]
    return members


def _is_shown(member: Any, shape: Shape | None) -> bool:
    """Return whether a record shows a member: one that isn't sensitive, and whose type isn't wrong."""
    return shape is not None and not shape.is_sensitive and (member != REDACTED or shape.kind == "string")


def _elements(entry: Entry) -> dict[str, Any] | None:
    """Return what a record shows of the response.

    Source: rotation-facts 3.2: null for reads and refusals [A], the ARN of CreateSecret and PutSecretValue [A],
        that of other operations [B], and the date of DeleteSecret [C].
    """
    operation, response = entry.operation, entry.response or {}
    if entry.outcome != SUCCEEDED or operation.startswith(READS):
        return None
    arn = response.get("ARN") or (entry.secret and entry.secret.arn)
    if not arn:
        return None
    if "DeletionDate" in response:
        return {"arn": arn, "deletionDate": _spelt(response["DeletionDate"])}
    return {"arn": arn}


def _reads(entry: Entry) -> Iterator[tuple[str, _Error | None]]:
    """Yield each secret that a batch has asked for, and why it couldn't be read.

    A secret is named as the request names it. One that a filter has found is named by its ARN [D].
    """
    response = entry.response or {}
    if "Read" not in response:
        return
    errors = {error["SecretId"]: (error["ErrorCode"], error["Message"]) for error in response["Errors"]}
    asked = entry.members.get("SecretIdList") or [*response["Read"], *errors]
    for secret_id in asked:
        yield secret_id, errors.get(secret_id)


def _spelt(timestamp: float) -> str:
    """Return a date as responseElements have it, such as ``May 3, 2018 5:51:02 PM`` [B: rotation-facts 3.2]."""
    date = clock.utc(timestamp)
    hour = date.hour % 12 or 12
    half = "AM" if date.hour < 12 else "PM"  # noqa: PLR2004 -- noon
    return f"{_MONTHS[date.month - 1]} {date.day}, {date.year} {hour}:{date:%M:%S} {half}"
