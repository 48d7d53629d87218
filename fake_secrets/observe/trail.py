"""The trail: the events of a world, as CloudTrail records and EventBridge delivers them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

from fake_secrets import clock
from fake_secrets.ids import numbered_uuid
from fake_secrets.observe.live import LiveView
from fake_secrets.service.state.events import LABEL_UPDATED, EventLog, ServiceEvent

__all__ = ["Event", "Subscriber", "Trail", "envelope"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Made by a call, since "detail-type" isn't a Python name.
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
Event.__doc__ = """An event as EventBridge delivers it: a dict.

The `detail` of an ``AWS Service Event via CloudTrail`` is the record of CloudTrail, whose ``eventName`` is
RotationSucceeded, for example. The `detail` of a ``Secret Label Updated`` has the members ``name``,
``labelUpdated`` and ``versionId``; the secret's ARN is in `resources`.
"""

Subscriber = Callable[[Event], object] | Callable[[dict[str, Any]], object]

# How many events the repr shows.
_SHOWN = 20

_SERVICE = "secretsmanager.amazonaws.com"
_SOURCE = "aws.secretsmanager"
_BY_CLOUDTRAIL = "AWS Service Event via CloudTrail"
# The version of the record that was published [A: rotation-facts 3.3].
_RECORD_VERSION = "1.08"
# These keep the ids of events and envelopes apart from the ids of requests.
_EVENT_IDS, _ENVELOPE_IDS = 2, 3


class Trail(LiveView):
    """The events of rotations, deletions and label moves in a world: `fake_secrets.trail`.

    `len()` returns the number of events. A world keeps the latest 100,000.

    Args:
        log: returns the world's event log.
    """

    __slots__ = ("_log",)
    _INSTEAD = "its records or events"

    def __init__(self, log: Callable[[], EventLog]) -> None:
        self._log = log

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records of service events, in order, as CloudTrail writes them.

        The ``eventName`` of a record is RotationStarted, RotationSucceeded, RotationFailed or
        RotationAbandoned; TestRotationStarted, TestRotationSucceeded or TestRotationFailed; or
        StartSecretVersionDelete, CancelSecretVersionDelete or EndSecretVersionDelete. API calls have no
        record here; see `fake_secrets.calls`. Each access returns new dicts, which the test may change.
        """
        return [_record(number, event) for number, event in self._numbered() if event.name != LABEL_UPDATED]

    @property
    def events(self) -> list[Event]:
        """The events, in order, as EventBridge delivers them.

        Each of the `records` is the `detail` of one event. In addition, a ``Secret Label Updated`` reports
        that AWSCURRENT or a label of your own moved; AWSPENDING and AWSPREVIOUS cause none. Each access
        returns new dicts, which the test may change.
        """
        return [envelope(number, event) for number, event in self._numbered()]

    @property
    def dropped(self) -> int:
        """How many of the oldest events are no longer kept. A world keeps the latest 100,000."""
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
    """Return EventBridge's event, for a CloudTrail record [A] or a staging label [B: rotation-facts 3.3]."""
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
    """Return the time of an event, to the second, as both services write it."""
    return clock.iso(event.time)
