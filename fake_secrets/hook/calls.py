"""A call from start to end: the world that answers it, its lane, and the work that follows it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from fake_secrets.hook.advice import advise, advise_on_parts
from fake_secrets.hook.answers import NOTHING_AUTOMATIC, OK, Response, Target, Unsent, answer_parsed
from fake_secrets.hook.credentials import identity_of, is_static, note_caller
from fake_secrets.hook.facts import SERVICE_NAME, facts_in, may_be_retried
from fake_secrets.hook.holding import hold, release
from fake_secrets.hook.parts import is_usual
from fake_secrets.hook.requests import REQUEST_ARGUMENTS
from fake_secrets.hook.seams import is_of_our_copy
from fake_secrets.hook.unanswered import call_another_service
from fake_secrets.hook.watchers import Watchers
from fake_secrets.locks import shared_lock
from fake_secrets.world import stack

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel

    from fake_secrets.hook.facts import ModelFacts
    from fake_secrets.world.world import World

__all__ = [
    "Carried",
    "Equipment",
    "OngoingCall",
    "around_call",
    "around_foreign",
    "begin",
    "calling",
    "forget_call",
    "is_ours",
    "ongoing",
    "proceed",
    "world_of_this_call",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


# In place of a key. No credentials have it, so they are looked at in each call.
_UNSETTLED = object()


class _Equipped:
    """What we know about a client that carries our handlers."""

    __slots__ = (
        "credentials",
        "facts",
        "identity",
        "key",
        "key_name",
        "of_signer",
        "partition",
        "region",
        "stored",
        "watchers",
    )

    def __init__(self, client: BaseClient) -> None:
        meta = client.meta
        self.region: str = meta.region_name
        self.partition: str = meta.partition
        self.facts = facts_in(meta.service_model)
        self.identify(client)
        # The fast lane can't imitate clients that parse for themselves, or another copy of botocore.
        self.watchers = Watchers(client) if is_of_our_copy(client) and is_usual(client) else None

    def identify(self, client: BaseClient) -> str | None:
        """Return the account id or the ARN that the client's credentials show, or None.

        It holds as long as `of_signer` has the same `credentials`, and `stored` the same `key` under `key_name`.
        """
        signer = getattr(client, "_request_signer", None)
        of_signer: dict[str, Any] = getattr(signer, "__dict__", {})
        credentials = of_signer.get("_credentials")
        stored: dict[str, Any] = getattr(credentials, "__dict__", {})
        key_name = "access_key" if "access_key" in stored else "_access_key"
        key = stored.get(key_name)
        identity = identity_of(client)
        # The key last: until then, another thread's call either finds it changed, or is the earlier caller's.
        self.of_signer, self.credentials, self.identity = of_signer, credentials, identity
        self.stored, self.key_name = stored, key_name
        # Refreshable credentials may become known without another key, for example by their account.
        self.key = key if identity is not None or is_static(client) else _UNSETTLED
        return identity


class Carried(BaseException):
    """Carries an error of ours through botocore, which would take it for one of the connection and retry.

    Args:
        error: the error.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.error = error


class OngoingCall(Target):
    """A call in progress, while botocore makes it in `proceed`.

    Args:
        world: the world that answers it.
        region: the region that is called.
        partition: the region's partition.
        identity: the account id or the ARN that the client's credentials show, or None.
        facts: the facts of the client's service model.

    `client` is None if it is unknown. `watchers` is None if the call has to take the wire lane. `kept` is an
    answer of the fast lane that has to be given in the wire lane. `failure` is an error of ours that the call has
    met: whoever makes the call raises it at the end. `is_fast` is true once the fast lane has answered. Tasks that
    the call has started may outlive it; then `is_over` is true.
    """

    facts: ModelFacts
    # Of the class, because most calls have no others: so each call sets less.
    automatic = NOTHING_AUTOMATIC
    response_type: type[Any] = Response
    attempts = 0
    user_agent: str | None = None
    client: BaseClient | None = None
    watchers: Watchers | None = None
    is_fast = is_over = False
    kept: Unsent | None = None
    failure: Exception | None = None

    def __init__(
        self,
        world: World,
        region: str,
        partition: str,
        identity: str | None,
        facts: ModelFacts,
    ) -> None:
        self.world = world
        self.region = region
        self.partition = partition
        self.identity = identity
        self.rotations = []
        self.facts = facts

    @property
    def endpoint(self) -> Any:
        """The endpoint of the client, or None if it is unknown."""
        return getattr(self.client, "_endpoint", None)

    def has_caused(self, error: BaseException) -> bool:
        """Return whether an error is what has become of `failure` on its way through botocore."""
        if isinstance(error, Carried):
            self.failure = error.error
        return self.failure is not None and isinstance(error, Exception | Carried)


calling: ContextVar[OngoingCall | None] = ContextVar("fake_secrets_call", default=None)
# Wrappers for the calls of other services' clients, the innermost last. Empty unless a check watches them.
around_foreign: list[Callable[..., Any]] = []

_lock = shared_lock()
_equipped: weakref.WeakKeyDictionary[BaseClient, _Equipped] = weakref.WeakKeyDictionary()
# Without the dictionary's own method, which is written in Python.
_find_equipped = _equipped.data.get  # type: ignore[attr-defined]  # unknown to the stubs


def ongoing() -> OngoingCall | None:
    """Return the call that is in progress here, or None."""
    call = calling.get()
    return None if call is None or call.is_over else call


class Equipment:
    """Our handlers on clients. Each client gets them at its first call."""

    def put_up(self) -> None:
        """Do nothing: `begin` adds the handlers."""

    def take_down(self) -> None:
        """Remove our handlers from every client."""
        # Many worlds see no call, and to go through a dictionary of weak references takes long.
        if _equipped:
            for client in list(_equipped):
                _emitter_of(client).unregister(*_HANDLER)
            _equipped.clear()


world_of_this_call = stack.here


def around_call(wrapped: Callable[..., Any], client: BaseClient, args: Any, kwargs: Any) -> Any:
    """Wrap `BaseClient._make_api_call`, so that the world in which a call begins answers it."""
    known = _find_equipped(weakref.ref(client))
    world = None if known is None and not is_ours(client) else world_of_this_call()
    if world is None:
        if is_ours(client):
            return wrapped(*args, **kwargs)
        around = around_foreign[-1] if around_foreign else call_another_service
        return around(wrapped, client, args, kwargs)
    holder, outer, call = object(), calling.get(), None
    try:
        hold(holder)
        if world.due_work.is_due():
            world.do_due_work()
        call = begin(world, client, args, known)
        try:
            response = proceed(wrapped, args, kwargs, call)
        except Exception as error:
            advise(error, call, args)
            note_caller(error, call, client)
            # The call raises its own error, even if a rotation fails too.
            if call.rotations or world.deliveries.is_due():
                world.follow_up(call.rotations, error)
            raise
        if isinstance(response, dict) and "Errors" in response:
            advise_on_parts(response["Errors"], call)
        if call.rotations or world.deliveries.is_due():
            world.follow_up(call.rotations)
        release(holder)
        return response  # noqa: TRY300 -- an interrupt may come up to the last line
    except BaseException as error:
        # An interrupt can come at any moment, so what it may have kept from being done is done here once more.
        try:
            release(holder)
            calling.set(outer)
            # A ClientError, of whichever copy of botocore, interrupts nothing.
            if "response" not in vars(error):
                world.recover([] if call is None else call.rotations)
        except BaseException:
            # It may even come here.
            world.recover([] if call is None else call.rotations)
            release(holder)
            calling.set(outer)
            raise
        raise


def proceed(wrapped: Callable[..., Any], args: Any, kwargs: Any, call: OngoingCall) -> Any:
    """Let botocore make a call.

    Raises:
        Exception: botocore's error, or that of ours which the call has met.
    """
    response, outer = None, calling.get()
    # Not a context manager, whose two methods would make every call longer.
    try:
        calling.set(call)
        response = wrapped(*args, **kwargs)
    except BaseException as error:
        if not call.has_caused(error):
            raise
    finally:
        call.is_over = True
        calling.set(outer)
    if call.failure is not None:
        raise call.failure
    return response


def forget_call() -> None:
    """Forget a call that was interrupted here."""
    calling.set(None)


def is_ours(client: BaseClient) -> bool:
    """Return whether a client is a Secrets Manager client."""
    return client.meta.service_model.service_name == SERVICE_NAME


def begin(world: World, client: BaseClient, args: Any, known: _Equipped | None = None) -> OngoingCall:
    """Begin a call, and add our handler to the client if it lacks it.

    The caller has to hold the hooks.

    Args:
        world: the world that answers the call.
        client: the client.
        args: the arguments of its `_make_api_call`.
        known: what we know about the client, if the caller has it.
    """
    if known is None:
        known = _equip(client)
    is_same = (
        known.of_signer.get("_credentials") is known.credentials and known.stored.get(known.key_name) is known.key
    )
    identity = known.identity if is_same else known.identify(client)
    call = OngoingCall(world, known.region, known.partition, identity, known.facts)
    if world.ids.is_seeded and len(args) == REQUEST_ARGUMENTS:
        operation, members = args
        names = known.facts.model.operation_model(operation).idempotent_members
        call.automatic = {name: world.ids.uuid() for name in names if name not in members}
    call.client = client
    if world.lane == "fast":
        call.watchers = known.watchers
    return call


def _equip(client: BaseClient) -> _Equipped:
    """Add our handler to a client if it lacks it."""
    with _lock:
        known = _equipped.get(client)
        if known is None:
            known = _Equipped(client)
            try:
                # Not by `register_last`, which would look once a client at what the handler accepts.
                _emitter_of(client)._register_last(*_HANDLER, None, unique_id_uses_count=False)
                _equipped[client] = known
            except BaseException:
                _emitter_of(client).unregister(*_HANDLER)
                raise
        return known


def _emitter_of(client: BaseClient) -> Any:
    """Return what a client's `events` pass on to, under the names that they go by there."""
    # They would look up first whether the name is an alias.
    events: Any = client.meta.events
    return getattr(events, "_emitter", events)


def _before_call(model: OperationModel, params: dict[str, Any], **_: Any) -> Any:
    """Choose the lane of a call, and answer it if it is the fast one."""
    call = calling.get()
    # This late, because handlers of earlier events may bring watchers.
    if call is None or call.is_over or call.watchers is None or call.world.needs_wire:
        return None
    if call.watchers.see(call.client, model.name):
        return None
    facts = call.facts.known.get(model.name) or call.facts.compiled(model)
    answer = answer_parsed(call, model, facts, params)
    if answer[0].status_code != OK and may_be_retried(answer[1]):
        # botocore itself decides about that, so the answer is given in the wire lane.
        call.kept = answer[0]
        return None
    call.is_fast = True
    return answer


# Registered last and for the service. botocore goes from specific to general events, so it runs after
# Stubber's handlers, which are more specific, and after users' handlers for the service.
_HANDLER = ("before-call.secrets-manager", _before_call)
