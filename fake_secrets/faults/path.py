"""What faults may ask of the world: which secret an attempt is about, and to record what they did."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fake_secrets import clock
from fake_secrets.arns import SECRET_ARN, SUFFIX, SUFFIX_LENGTH
from fake_secrets.errors import ServiceError
from fake_secrets.observe.ledger import SUCCEEDED, Ledger
from fake_secrets.service import dispatch
from fake_secrets.service.operations.following import resume_across_accounts
from fake_secrets.service.state.copying import Hold
from fake_secrets.service.state.earlier import EarlierState, last_write
from fake_secrets.service.state.journal import LabelMove, Write
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store
from fake_secrets.service.transport import Answer

__all__ = ["NAMING_NO_SECRET", "Attempt", "Path"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

HoldsBack = Callable[[StoredSecret], Hold | None]

# The operations whose requests name no secret.
NAMING_NO_SECRET = frozenset({"GetRandomPassword", "ListSecrets"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a call.

    Args:
        request: the request.
        call: the call. All attempts of one call have the same.
        path: the way that the attempt takes through its world.
    """

    request: Request
    call: object
    path: Path


class Path:
    """The part of a world that faults act on.

    Args:
        lock: guards store and ledger.
        store: returns the store, with the seeds in it. The caller holds the lock.
        ledger: returns the ledger.
        request: makes a request of the world's own account and region.
        pass_time: lets seconds pass in the world. It raises what ends a rotation function that times out here.
        keep: has what has changed kept beyond the process, if the world is.
    """

    __slots__ = ("_keep", "_ledger", "_request", "_store", "lock", "pass_time")

    def __init__(
        self,
        lock: threading.RLock,
        store: Callable[[], Store],
        ledger: Callable[[], Ledger],
        request: Callable[[str, dict[str, Any]], Request],
        pass_time: Callable[[float], None],
        *,
        keep: Callable[[], object],
    ) -> None:
        self.lock = lock
        self._store = store
        self._ledger = ledger
        self._request = request
        self.pass_time = pass_time
        self._keep = keep

    def is_about(self, request: Request, secret_id: str) -> bool:
        """Return whether a request names a secret. The secret need not exist.

        Args:
            request: the request.
            secret_id: the secret's name, ARN or partial ARN, as the handle takes it.
        """
        own = self._request(request.operation, {"SecretId": secret_id})
        with self.lock:
            wanted = self._find(own, secret_id)
            for named in _named(request):
                found = self._find(request, named)
                if found is not None or wanted is not None:
                    if found is wanted:
                        return True
                elif _place(request, named) == _place(own, secret_id):
                    return True
        return False

    def is_side(self, secret_id: str, primary: StoredSecret) -> bool:
        """Return whether the handle would take a secret ID for a primary or its replica in another account."""
        own, store = self._request("DescribeSecret", {"SecretId": secret_id}), self._store()
        # Not by `find`: a call may be under way, which is about another secret.
        if secret_id.startswith("arn:"):
            named = store.by_arn(own, secret_id)
        else:
            named = store.named(own.account_id, own.region, secret_id)
        entry = primary.cross_account_replica
        return named is not None and (named is primary or (entry is not None and named is entry.secret))

    def hold_back(self, holds_back: HoldsBack | None) -> None:
        """Hold replicas in other accounts back from now on; those that are held back no more get what they missed.

        Args:
            holds_back: returns what holds the replica of a primary back, or None; None to hold no replica back.
        """
        with self.lock:
            store = self._store()
            store.holds_back = holds_back
            resume_across_accounts(store)
        self._keep()

    def refuse(self, request: Request, error: ServiceError) -> Answer:
        """Refuse a request in the service's place, and record that."""
        with self.lock:
            self._store().begin_call()
            named = next(_named(request), None)
            secret = None if named is None else self._find(request, named)
            self._ledger().record(request, secret, error.code, error.message)
        return Answer({}, error)

    def note_unanswered(self, request: Request) -> None:
        """Record an attempt that a fault kept from the service, unless it was answered.

        It is no call, but it is in the timeline of its secret.
        """
        with self.lock:
            ledger = self._ledger()
            named = next(_named(request), None)
            secret = None if named is None else self._find(request, named)
            if secret is not None and not ledger.has_recorded(request):
                ledger.record_unanswered(request, secret)

    def was_written(self, request: Request, secret_id: str | None, since: float | None) -> bool:
        """Return whether there was a write that a read can miss.

        Args:
            request: the read.
            secret_id: the secret that was written, if the read doesn't name one secret; None if any was.
            since: writes before that time don't count; epoch seconds. None if all count.
        """
        with self.lock:
            return self._last_write(request, secret_id, since) is not None

    def read_stale(self, request: Request, secret_id: str | None) -> Answer:
        """Answer a read from the state before the last write, and record it.

        A read of one secret misses the last write to that secret, any other read the last write in its region.

        Args:
            request: the read.
            secret_id: as for `was_written`.
        """
        with self.lock:
            store = self._store()
            store.begin_call()
            request.now = clock.now()
            write = self._last_write(request, secret_id)
            earlier = None if write is None else EarlierState(store, write, request.region)
            asked = store if earlier is None else earlier.store
            outcome, message = SUCCEEDED, None
            try:
                answer = Answer(dispatch.answer(asked, request))
            except ServiceError as error:
                answer, outcome, message = Answer({}, error), error.code, error.message
            concerned = asked.concerned
            if earlier is not None:
                earlier.keep_access(store)
                concerned, store.told = earlier.original(concerned), asked.told
            if concerned is None and (named := next(_named(request), None)) is not None:
                # A secret that wasn't there yet has a timeline by now.
                concerned = self._find(request, named)
            self._ledger().record(request, concerned, outcome, message)
        return answer

    def _last_write(
        self, request: Request, secret_id: str | None, since: float | None = None
    ) -> Write | LabelMove | None:
        store = self._store()
        store.settle(request.now)
        named = request.members.get("SecretId", secret_id)
        if not isinstance(named, str):
            return last_write(store, lambda secret: secret.region == request.region, since)
        return last_write(store, lambda secret: _is_named(request, named, secret), since)

    def _find(self, request: Request, secret_id: str) -> StoredSecret | None:
        try:
            return self._store().find(request, secret_id)
        except ServiceError:
            return None


def _named(request: Request) -> Iterator[str]:
    """Yield the secret IDs that a request names."""
    members = request.members
    for member in ("SecretId", "Name"):
        if isinstance(members.get(member), str):
            yield members[member]
    several = members.get("SecretIdList")
    if isinstance(several, list):
        yield from (one for one in several if isinstance(one, str))


def _is_named(request: Request, secret_id: str, secret: StoredSecret) -> bool:
    """Return whether a request means a secret by a SecretId, which later secrets may have, too."""
    if secret_id.startswith("arn:"):
        return secret.region == request.region and secret_id in {secret.arn, secret.arn[:-SUFFIX_LENGTH]}
    return (secret.account_id, secret.region, secret.name) == (request.account_id, request.region, secret_id)


def _place(request: Request, secret_id: str) -> tuple[str, str, str]:
    """Return the account, region and name that a secret ID stands for, if there is no such secret yet."""
    match = SECRET_ARN.fullmatch(secret_id)
    if match is None:
        return request.account_id, request.region, secret_id
    region, account_id, tail = match.groups()
    is_whole = SUFFIX.fullmatch(tail[-SUFFIX_LENGTH:]) is not None
    return account_id, region, tail[:-SUFFIX_LENGTH] if is_whole else tail
