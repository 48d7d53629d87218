"""The ledger: the calls that a world answered, in order, without secret values."""

from __future__ import annotations

import itertools
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fake_secrets import clock
from fake_secrets.observe.entry import Entry, rotation_step
from fake_secrets.service.rules.constraints import redact
from fake_secrets.service.state.events import KEPT, ServiceEvent
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store

__all__ = ["SEEDED", "SUCCEEDED", "Ledger"]

SEEDED = "seeded"
SUCCEEDED = "succeeded"

# How many entries are looked at for every secret that isn't found.
_RECENT = 1000
# A report shows fewer notes.
_KEPT_NOTES = 50

# Those of what is no call. Nobody changes the members of an entry.
_NO_MEMBERS: dict[str, Any] = {}


class Ledger:
    """The latest calls of one world. It keeps more of them than a test makes.

    Args:
        store: the world's store, which has the events that come of calls.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._user_agent: str | None = None
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        # How many of the oldest entries are no longer kept.
        self.dropped = 0
        # The latest notes on refused calls, each after the request's id.
        self.notes: tuple[tuple[str, str], ...] = ()

    def add_note(self, request_id: str, note: str) -> None:
        """Keep what the author of the test is told about a refused call."""
        self.notes = (*self.notes[-_KEPT_NOTES + 1 :], (request_id, note))

    def record(
        self, request: Request, secret: StoredSecret | None, outcome: str, message: str | None = None
    ) -> None:
        """Record a call that was answered. The store has begun it.

        Args:
            request: the call.
            secret: the secret that the call was about; None if it names no existing secret.
            outcome: ``succeeded``, an error code, or the name of an exception of ours.
            message: AWS's message, if it refused the request.
        """
        shape, store = request.shape, self._store
        # It knows the world, which would live as long as anybody keeps this call.
        request.authority = None
        if shape is not None and not (request.is_plain or shape.is_plainly_right(request.members)):
            request = replace(request, members=redact(shape, request.members))
        if request.user_agent == self._user_agent:
            # Each request has its own copy of this long text.
            request.user_agent = self._user_agent
        else:
            self._user_agent = request.user_agent
        if secret is None or rotation_step.get() is not None:
            entry = self._enter(request, outcome, secret, store.events_before)
            entry.message, entry.response, entry.copying = message, store.told, store.copying
            return
        # What most calls are, in fewer steps.
        entries = self._entries
        if len(entries) == KEPT:
            self.dropped += 1
        entries.append(
            Entry(
                request,
                outcome,
                None,
                None,
                secret,
                secret.labels,
                secret.version_count,
                store.events_before,
                message,
                store.told,
                len(secret.versions),
                secret.empty,
                None,
                store.copying,
            )
        )

    def record_change(self, secret: StoredSecret, what: str) -> None:
        """Record a change of a secret without a call, such as ``seed`` or ``scheduled rotation``."""
        # A world may have a million seeds, so they share this string.
        self._note(sys.intern(f"({what})"), secret, SEEDED if what == "seed" else SUCCEEDED)

    def record_attempt(self, secret: StoredSecret, number: int) -> None:
        """Record that another attempt of a rotation begins."""
        self._note(f"\N{EM DASH} attempt {number} \N{EM DASH}", secret)

    def record_delivery(self, secret: StoredSecret, step: str) -> None:
        """Record that a test delivers a step of a rotation by hand."""
        self._note(f"\N{EM DASH} {step} by hand \N{EM DASH}", secret)

    def record_unanswered(self, request: Request, secret: StoredSecret) -> None:
        """Record an attempt that never got to the service."""
        unanswered = Request(
            f"({request.operation})", {}, secret.region, "", secret.account_id, request.principal, clock.now()
        )
        unanswered.attempt, unanswered.fault = request.attempt, request.fault
        self._enter(unanswered, SUCCEEDED, secret, self._store.events.count)

    def has_recorded(self, request: Request) -> bool:
        """Return whether a request is among the latest thousand entries."""
        recent = itertools.islice(reversed(self._entries), _RECENT)
        return any(entry.request.id == request.id for entry in recent)

    def record_step(self, secret: StoredSecret, failure: BaseException | None) -> None:
        """Record the end of the running step, if its calls don't show it.

        Args:
            secret: the secret that is rotated.
            failure: the exception that failed the step; None if it passed.
        """
        running = rotation_step.get()
        if failure is not None:
            self._note("(failed)", secret, type(failure).__name__)
        elif running is not None and not any(entry.is_call for entry in running.entries):
            self._note("(no call)", secret)

    @property
    def count(self) -> int:
        """How many entries there have ever been."""
        return self.dropped + len(self._entries)

    def entries(self, since: int = 0) -> list[Entry]:
        """Return the entries that are still kept, in order, from a `count` on."""
        return list(self._entries)[max(0, since - self.dropped) :]

    def numbered_calls(self) -> list[tuple[int, Entry]]:
        """Return the calls that are still kept, in order, with their numbers among all entries."""
        return [(number, entry) for number, entry in enumerate(list(self._entries), self.dropped) if entry.is_call]

    def latest(self, secret_id: str) -> StoredSecret | None:
        """Return the latest secret with this name or full ARN, even if it is deleted; None if there is none."""
        secrets = (entry.secret for entry in reversed(list(self._entries)) if entry.secret is not None)
        return next((secret for secret in secrets if secret_id in {secret.name, secret.arn}), None)

    def recent(self, secret_id: str, there: tuple[str, str]) -> StoredSecret | None:
        """Return the latest secret with this name or full ARN among the latest thousand entries, or None.

        The caller holds the world's lock.

        Args:
            secret_id: the name or full ARN.
            there: the secret's account and region.
        """
        for entry in itertools.islice(reversed(self._entries), _RECENT):
            secret = entry.secret
            if (
                secret is not None
                and secret_id in {secret.name, secret.arn}
                and there == (secret.account_id, secret.region)
            ):
                return secret
        return None

    def about(self, secret: StoredSecret) -> list[Entry]:
        """Return the entries about a secret, in order."""
        return [entry for entry in list(self._entries) if entry.secret is secret]

    def events_about(self, secret: StoredSecret) -> list[tuple[int, ServiceEvent]]:
        """Return the service events about a secret, in order, with their numbers."""
        return [(number, event) for number, event in self._store.events.numbered() if event.secret is secret]

    def _note(self, what: str, secret: StoredSecret, outcome: str = SUCCEEDED) -> None:
        """Enter a change without a call."""
        request = Request(what, _NO_MEMBERS, secret.region, "", secret.account_id, "", clock.now())
        self._enter(request, outcome, secret, self._store.events.count)

    def _enter(self, request: Request, outcome: str, secret: StoredSecret | None, event_count: int) -> Entry:
        labels: Mapping[str, str] = {} if secret is None else secret.labels
        count = 0 if secret is None else secret.version_count
        running = rotation_step.get()
        if running is None or running.is_over:
            entry = Entry(request, outcome, None, None, secret, labels, count, event_count)
        else:
            entry = Entry(request, outcome, running.name, running.rotation, secret, labels, count, event_count)
            entry.function = running.function
            running.entries.append(entry)
        if secret is not None:
            entry.living, entry.empty = len(secret.versions), secret.empty
        if len(self._entries) == KEPT:
            self.dropped += 1
        self._entries.append(entry)
        return entry
