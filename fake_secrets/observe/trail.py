"""The trail: the calls and events of a world, as CloudTrail records and EventBridge delivers them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

from fake_secrets import clock
from fake_secrets.errors import UnsupportedOperationError
from fake_secrets.ids import numbered_uuid
from fake_secrets.observe.ledger import Ledger
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

# What AWS has never answered, it has no record of.
_UNSUPPORTED = UnsupportedOperationError.__name__
_SOURCE = "aws.secretsmanager"
_BY_CLOUDTRAIL = "AWS Service Event via CloudTrail"
# This keeps the ids of envelopes apart from those of requests and records.
_ENVELOPE_IDS = 3


class Trail(LiveView):
    """What CloudTrail and EventBridge have of a world: `fake_secrets.trail`.

    `records` are CloudTrail's, of calls and of service events. `events` are EventBridge's, and `len()` returns
    their number. A world keeps the latest 100,000 calls and the latest 100,000 events.

    Args:
        log: returns the world's event log.
        ledger: returns the world's ledger.
    """

    __slots__ = ("_ledger", "_log")
    _INSTEAD = "its records or events"

    def __init__(self, log: Callable[[], EventLog], ledger: Callable[[], Ledger]) -> None:
        self._log = log
        self._ledger = ledger

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records of calls and service events, in order, as CloudTrail writes them.

        A call's record precedes those of the events that come of the call. Secret values aren't in them.
        BatchGetSecretValue has a record of its own, and then one of GetSecretValue for each secret, as on AWS. A
        call that the fake doesn't support has none. Each access returns new dicts, which the test may change and
        which ``json.dumps`` takes.

        ``sourceIPAddress`` is that of this machine. What a test can't know is left out: ``accessKeyId``,
        ``tlsDetails``, ``principalId`` except of an account's root, and ``userAgent`` of the calls that the
        handle makes itself, as `fake_secrets.rotate` does.
        """
        from fake_secrets.observe.records import record_of_event, records_of_call  # noqa: PLC0415 -- few tests look at records

        events = deque(self._service_events())
        records: list[dict[str, Any]] = []
        for number, entry in self._ledger().numbered_calls():
            while events and events[0][0] < entry.event_count:
                records.append(record_of_event(*events.popleft()))
            if entry.outcome != _UNSUPPORTED:
                records += records_of_call(number, entry)
        return [*records, *(record_of_event(*event) for event in events)]

    @property
    def service_events(self) -> list[dict[str, Any]]:
        """The `records` of service events alone.

        The ``eventName`` of a record is RotationStarted, RotationSucceeded, RotationFailed or
        RotationAbandoned; TestRotationStarted, TestRotationSucceeded or TestRotationFailed; or
        StartSecretVersionDelete, CancelSecretVersionDelete or EndSecretVersionDelete.
        """
        from fake_secrets.observe.records import record_of_event  # noqa: PLC0415 -- few tests look at records

        return [record_of_event(*event) for event in self._service_events()]

    @property
    def events(self) -> list[Event]:
        """The events, in order, as EventBridge delivers them.

        Each of the `service_events` is the `detail` of one event. In addition, a ``Secret Label Updated`` reports
        that AWSCURRENT or a label of your own moved; AWSPENDING and AWSPREVIOUS cause none. Calls aren't among
        them: EventBridge delivers an ``AWS API Call via CloudTrail`` only to an account that has set up a trail.
        Each access returns new dicts, which the test may change.
        """
        return [envelope(number, event) for number, event in self._numbered()]

    @property
    def dropped(self) -> int:
        """How many of the oldest events are no longer kept. A world keeps the latest 100,000.

        `fake_secrets.dropped_calls` says so of calls.
        """
        return self._log().dropped

    def write(self, path: str | os.PathLike[str]) -> list[Path]:
        """Write the `records` to log files, as CloudTrail delivers them to a bucket.

        There is a gzipped JSON file for each account, region and five minutes, named
        ``AWSLogs/123456789012/CloudTrail/us-east-1/2026/03/04/..._CloudTrail_..._20260304T1205Z_....json.gz``.
        The time is the end of the five minutes. The same records give the same files, and a file that is there
        already is replaced.

        Args:
            path: the folder that stands for the bucket. It is made if it isn't there.

        Returns:
            The paths of the files that were written, in order. Without records there are none.

        Raises:
            NotADirectoryError: if `path` is a file.
        """
        from fake_secrets.observe.logfiles import write_logs  # noqa: PLC0415 -- few tests look at records

        return write_logs(self.records, Path(path))

    def __len__(self) -> int:
        log = self._log()
        return log.count - log.dropped

    def __repr__(self) -> str:
        names = [event.name for _, event in self._numbered()]
        more = f" after {len(names) - _SHOWN + self.dropped} others" if len(names) > _SHOWN else ""
        return f"<Trail {names[-_SHOWN:]}{more}>"

    def _numbered(self) -> list[tuple[int, ServiceEvent]]:
        return self._log().numbered()

    def _service_events(self) -> list[tuple[int, ServiceEvent]]:
        return [(number, event) for number, event in self._numbered() if event.name != LABEL_UPDATED]


def envelope(number: int, event: ServiceEvent) -> Event:
    """Return EventBridge's event, for a CloudTrail record [A] or a staging label [B: rotation-facts 3.3]."""
    from fake_secrets.observe.records import record_of_event  # noqa: PLC0415 -- few tests look at records

    secret = event.secret
    is_of_label = event.name == LABEL_UPDATED
    return {
        "version": "0",
        "id": numbered_uuid(_ENVELOPE_IDS, number + 1),
        "detail-type": LABEL_UPDATED if is_of_label else _BY_CLOUDTRAIL,
        "source": _SOURCE,
        "account": secret.account_id,
        "time": clock.iso(event.time),
        "region": secret.region,
        "resources": [secret.arn] if is_of_label else [],
        "detail": _label_detail(event) if is_of_label else record_of_event(number, event),
    }


def _label_detail(event: ServiceEvent) -> dict[str, Any]:
    return {"name": event.secret.name, "labelUpdated": event.detail, "versionId": event.version_id}
