"""The trail: what CloudTrail records and EventBridge delivers of a world, in their shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

from fake_secrets import clock
from fake_secrets.ids import numbered_uuid
from fake_secrets.service.state.events import LABEL_UPDATED, EventLog, ServiceEvent

__all__ = ["Event", "Subscriber", "Trail", "envelope"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# A TypedDict by call, since one of the keys is no Python name.
Event = TypedDict(
    "Event",
    {
        "version": str,
        "id": str,
        "detail-type": str,
        "source": str,
        "account": str,
        "time": str,
        "region": str,
        "resources": list[str],
        "detail": dict[str, Any],
    },
)
Event.__doc__ = "An event as EventBridge delivers it: a dict, whose `detail` depends on its `detail-type`."

Subscriber = Callable[[Event], object] | Callable[[dict[str, Any]], object]

# How many events the repr shows.
_SHOWN = 20

_SERVICE = "secretsmanager.amazonaws.com"
_SOURCE = "aws.secretsmanager"
_BY_CLOUDTRAIL = "AWS Service Event via CloudTrail"
# The version of the record that was published [A: rotation-facts 3.3].
_RECORD_VERSION = "1.08"
# What tells our ids of events and of envelopes from those of requests.
_EVENT_IDS, _ENVELOPE_IDS = 2, 3


class Trail:
    """What happened in a world besides the calls: `fake_secrets.trail`.

    `len()` is the number of events that are kept.

    Args:
        log: returns the world's events.
    """

    __slots__ = ("_log",)

    def __init__(self, log: Callable[[], EventLog]) -> None:
        self._log = log

    @property
    def records(self) -> list[dict[str, Any]]:
        """CloudTrail's records, in order; each time new ones, which the test may change.

        Records of service events: RotationStarted, RotationSucceeded, RotationFailed,
        RotationAbandoned, the same of TestRotation, and StartSecretVersionDelete,
        CancelSecretVersionDelete and EndSecretVersionDelete. Calls aren't among them.
        """
        return [_record(number, event) for number, event in self._numbered() if event.name != LABEL_UPDATED]

    @property
    def events(self) -> list[Event]:
        """EventBridge's events, in order: those records, and ``Secret Label Updated``."""
        return [envelope(number, event) for number, event in self._numbered()]

    @property
    def dropped(self) -> int:
        """How many of the oldest events are kept no longer: a world keeps the latest 100,000."""
        return self._log().dropped

    def __len__(self) -> int:
        log = self._log()
        return log.count - log.dropped

    def __repr__(self) -> str:
        names = [event.name for _, event in self._numbered()]
        more = f" after {len(names) - _SHOWN + self.dropped} others" if len(names) > _SHOWN else ""
        return f"<Trail {names[-_SHOWN:]}{more}>"

    def _numbered(self) -> list[tuple[int, ServiceEvent]]:
        return self._log().numbered()


def _record(number: int, event: ServiceEvent) -> dict[str, Any]:
    """Return CloudTrail's record of a service event.

    Source: rotation-facts 3.3: RotationFailed [A]; that the others have the same shape, and those of
        a version its id beside the secret's [D].
    """
    secret = event.secret
    data = {"SecretId": secret.arn}
    is_of_version = event.name.endswith("SecretVersionDelete")
    if is_of_version:
        data["SecretVersionId"] = event.version_id
    event_id = numbered_uuid(_EVENT_IDS, number + 1)
    return {
        "eventVersion": _RECORD_VERSION,
        "userIdentity": {"accountId": secret.account_id, "invokedBy": _SERVICE},
        "eventTime": _time(event),
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


def envelope(number: int, event: ServiceEvent) -> Event:
    """Return EventBridge's event: of a record [A], or of a staging label [B: rotation-facts 3.3]."""
    secret = event.secret
    is_of_label = event.name == LABEL_UPDATED
    return {
        "version": "0",
        "id": numbered_uuid(_ENVELOPE_IDS, number + 1),
        "detail-type": LABEL_UPDATED if is_of_label else _BY_CLOUDTRAIL,
        "source": _SOURCE,
        "account": secret.account_id,
        "time": _time(event),
        "region": secret.region,
        "resources": [secret.arn] if is_of_label else [],
        "detail": _label_detail(event) if is_of_label else _record(number, event),
    }


def _label_detail(event: ServiceEvent) -> dict[str, Any]:
    return {"name": event.secret.name, "labelUpdated": event.detail, "versionId": event.version_id}


def _time(event: ServiceEvent) -> str:
    """Return when it was, to the second, as both services write it."""
    return f"{clock.utc(event.time):%Y-%m-%dT%H:%M:%SZ}"
