"""The store: what changes in the secrets of a world, what comes of a change, and the dates that fall due."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fake_secrets import clock
from fake_secrets.ids import Ids
from fake_secrets.service.state.agenda import Agenda
from fake_secrets.service.state.copying import Copying, Hold
from fake_secrets.service.state.events import EventLog, label_events, version_events
from fake_secrets.service.state.index import Index
from fake_secrets.service.state.journal import KEPT_WRITES, LabelMove, Write, states_of
from fake_secrets.service.state.keeper import Keeper
from fake_secrets.service.state.keys import Keys
from fake_secrets.service.state.model import RotationState, StartedRotation, StoredSecret, StoredVersion
from fake_secrets.service.state.quotas import Quotas
from fake_secrets.service.state.retries import Retries
from fake_secrets.service.state.savepoint import Change, Savepoint

__all__ = ["Store"]

# More than a test makes before it stores one of them.
KEPT_PASSWORDS = 1_000


class Store(Index):
    """Every secret of a world, by account, region and name.

    Args:
        ids: the source of ids.
        is_invocable: returns whether a Lambda ARN names a function that can be invoked.
        is_region: returns whether a partition has a region of that name.
        principal_of: returns the ARN of the principal that the Lambda function of an ARN calls as.
    """

    def __init__(
        self,
        ids: Ids,
        is_invocable: Callable[[str], bool],
        is_region: Callable[[str, str], bool],
        principal_of: Callable[[str], str],
    ) -> None:
        super().__init__()
        self.ids = ids
        self.principal_of = principal_of
        self.is_invocable = is_invocable
        self.is_region = is_region
        self.keys = Keys()
        self.started_rotation: StartedRotation | None = None
        self._savepoint: Savepoint | None = None
        self.events = EventLog()
        # The latest writes, for stale reads. A call that changes nothing is none, and neither is a seed.
        self.writes: deque[Write | LabelMove] = deque(maxlen=KEPT_WRITES)
        self._write: Write | None = None
        # The latest passwords that were made, whether a secret has them or not. Leaks of them are found, too.
        self.passwords: deque[str] = deque(maxlen=KEPT_PASSWORDS)
        # What CloudTrail tells of the response to the current call, for the ledger: nothing for most operations.
        self.told: Mapping[str, Any] | None = None
        # The number of events before the current call, for the ledger.
        self.events_before = 0
        # Whether any secret or key has, or had, a policy.
        self.has_policies = False
        self.due_rotations = Agenda(self._is_rotation_due)
        # Made by the first deletion that is scheduled. Until then, no call has to look for one that is due.
        self._deletions: Agenda | None = None
        # Made at the first use, and not by `cached_property`: before Python 3.12 it has a lock, which another
        # thread may hold during a fork.
        self._quotas: Quotas | None = None
        self._retries: Retries | None = None
        # Several secrets can be created in the same instant.
        self.next_serial = 0
        # Returns what holds the replica of a primary in another account back, if a test has planned something.
        self.holds_back: Callable[[StoredSecret], Hold | None] | None = None
        # What the current call has tried to copy to another account, for the ledger.
        self.copying: Copying | None = None
        # What keeps the store beyond the process, if anything does.
        self.keeper: Keeper | None = None
        # The rotation functions that secrets have from the start: by account, region and name.
        self.attached: Mapping[tuple[str, str, str], str] = {}

    @property
    def quotas(self) -> Quotas:
        """The quotas of secrets and of their parts."""
        if self._quotas is None:
            self._quotas = Quotas()
        return self._quotas

    @property
    def retries(self) -> Retries:
        """How failed rotations are retried."""
        if self._retries is None:
            self._retries = Retries()
        return self._retries

    def begin_call(self) -> None:
        """Forget the secret and the rotation of the last call."""
        self.concerned = self.started_rotation = self._savepoint = self.told = self.copying = None
        events = self.events
        # Not by its property `count`, which would make every call longer.
        self.events_before = events.dropped + len(events.kept)

    def save(self, *secrets: StoredSecret) -> None:
        """Remember secrets before the current call changes them, for `restore`."""
        self._savepoint = Savepoint(self.events, *secrets)

    def begin_write(
        self,
        now: float,
        secret: StoredSecret | None = None,
        versions: Iterable[StoredVersion] = (),
        *,
        also: Iterable[StoredSecret] = (),
    ) -> None:
        """Note that the current call changes, adds or removes secrets from here on.

        Args:
            now: epoch seconds.
            secret: the secret that it changes; None if it adds one.
            versions: those versions of the secret that it changes or removes.
            also: other secrets that it changes, with all their versions.
        """
        if secret is not None:
            self.note_change(secret)
            if secret.cross_account_replica is not None and self._savepoint is None:
                # An interrupt must not leave two accounts that disagree.
                self.save(secret)
        self._write = Write(now, [] if secret is None else states_of(secret, versions))
        for other in also:
            self.note_change(other)
            self._write.states += states_of(other, other.versions.values())
        self.writes.append(self._write)

    def holding(self, secrets: Iterable[StoredSecret]) -> Store:
        """Return a store that holds other secrets, with the keys of this one. Nothing ever falls due in it.

        Args:
            secrets: the secrets, ascending by serial.
        """
        other = Store(self.ids, self.is_invocable, self.is_region, self.principal_of)
        other.keys = self.keys
        for secret in secrets:
            other._shelf(secret.account_id, secret.region).add(secret)
        return other

    def restore(self) -> None:
        """Undo what the current call did to the secret that was saved: an interrupt has ended the call."""
        self.started_rotation = None
        if self._savepoint is not None:
            self._savepoint.restore()
        if self.concerned is not None:
            self.follow_up(self.concerned, clock.now())

    def all_or_nothing(self, secret: StoredSecret) -> Change:
        """Return a context manager that undoes what its block did to a secret if the block raises."""
        savepoint = Savepoint(self.events, secret)
        return Change(savepoint, after=lambda: self.follow_up(secret, clock.now()))

    def add(self, secret: StoredSecret) -> None:
        """Store a secret under its account, region and name, and give it the next serial number."""
        secret.serial = self.next_serial
        self.next_serial += 1
        if self.attached:
            self.attach(secret)
        self.note_change(secret)
        if self._write is not None:
            self._write.added.append(secret)
        self._shelf(secret.account_id, secret.region).add(secret)
        self.revision += 1
        self.concerned = secret

    def attach(self, secret: StoredSecret) -> None:
        """Give a secret the rotation function that it has from the start, if there is one and it has none yet."""
        arn = self.attached.get((secret.account_id, secret.region, secret.name))
        is_replica = secret.primary is not None or secret.cross_account_primary is not None
        if arn is not None and secret.rotation is None and not is_replica:
            secret.rotation = RotationState(arn, enabled=False)

    def put_back(self, secret: StoredSecret) -> None:
        """Store a secret that was kept, with its serial number, which must be the highest."""
        self._shelf(secret.account_id, secret.region).add(secret)
        self.has_policies |= secret.policy is not None
        if secret.deletion_date is not None:
            self.schedule_deletion(secret, secret.deletion_date)
        self.follow_up(secret, secret.changed)

    def note_change(self, secret: StoredSecret) -> None:
        """Have a secret that has changed, or is about to, kept beyond the process if the store is."""
        if self.keeper is not None:
            self.keeper.note(secret)

    def remove(self, secret: StoredSecret) -> None:
        """Remove a secret permanently."""
        self.note_change(secret)
        if self._write is not None:
            self._write.removed.append(secret)
        self._shelf(secret.account_id, secret.region).remove(secret)
        self.revision += 1

    def schedule_deletion(self, secret: StoredSecret, due: float) -> None:
        """Schedule a secret for removal at `due` (epoch seconds)."""
        secret.deletion_date = due
        if self._deletions is None:
            self._deletions = Agenda(self._is_deletion_due)
        self._deletions.note(secret, due)

    def settle(self, now: float) -> None:
        """Remove the secrets whose deletion is due at `now` (epoch seconds)."""
        if self._deletions is not None:
            self._delete_due(self._deletions, now)
        self._write = None

    def _delete_due(self, deletions: Agenda, now: float) -> None:
        while (first := deletions.first(now)) is not None:
            due, secret = first
            self.begin_write(due)
            self.events.add(version_events("EndSecretVersionDelete", secret, due))
            self.remove(secret)
            deletions.drop(secret)
            # A deletion that was due doesn't come of the call.
            self.events_before = self.events.count

    def follow_up(self, secret: StoredSecret, now: float) -> None:
        """Do what a change to a secret requires: add events for its labels, and note when it is due.

        Args:
            secret: a secret, which may have changed.
            now: epoch seconds.
        """
        self.revision += 1
        if self.keeper is not None:
            self.keeper.note(secret)
        if secret.labels is not secret.announced:
            self.events.add(label_events(secret, now))
        due = None if secret.rotation is None else secret.rotation.due
        if due is not None:
            self.due_rotations.note(secret, due)

    def hold_on(self, primary: StoredSecret) -> Hold | None:
        """Return what holds the replica of a primary in another account back, or None."""
        return None if self.holds_back is None else self.holds_back(primary)

    def _is_rotation_due(self, secret: StoredSecret, due: float) -> bool:
        rotation = secret.rotation
        return rotation is not None and rotation.due == due and secret.deleted is None and self.holds(secret)

    def _is_deletion_due(self, secret: StoredSecret, due: float) -> bool:
        return secret.deletion_date == due and self.holds(secret)
