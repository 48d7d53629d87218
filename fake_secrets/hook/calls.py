"""A call from start to end: the world that answers it, its lane, and the work that follows it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import botocore
import botocore.exceptions

from fake_secrets.hook.answers import Response, Target, answer_parsed, answer_raw
from fake_secrets.hook.facts import SERVICE_NAME
from fake_secrets.hook.holding import hold, release
from fake_secrets.hook.requests import operation_sent
from fake_secrets.hook.seams import access_key_of, parses_for_itself
from fake_secrets.iam.principals import is_telling
from fake_secrets.locks import shared_lock
from fake_secrets.world import stack
from fake_secrets.world.world import rotating_world

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel

    from fake_secrets.rotation.rotation import Rotation
    from fake_secrets.world.world import World

__all__ = [
    "Equipment",
    "advise",
    "around_call",
    "begin",
    "calling",
    "forget_call",
    "is_ours",
    "world_of_this_call",
]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_REQUEST_ARGUMENTS = 2
_ANSWERED_URL = "https://answered.invalid/"


class _Equipped:
    """What we know about a client that carries our handlers."""

    __slots__ = ("access_key", "has_wire", "is_fast", "model_of", "partition", "region")

    def __init__(self, client: BaseClient) -> None:
        meta = client.meta
        self.region: str = meta.region_name
        self.partition: str = meta.partition
        self.model_of: Callable[[str], OperationModel] = meta.service_model.operation_model
        access_key = access_key_of(client)
        self.access_key = access_key if access_key and is_telling(access_key) else None
        self.is_fast = not parses_for_itself(client)
        self.has_wire = False


class OngoingCall(Target):
    """A call in progress."""

    __slots__ = ("is_fast", "model_of")

    def __init__(self, world: World, client: _Equipped) -> None:
        self.world = world
        self.region = client.region
        self.partition = client.partition
        self.access_key = client.access_key
        self.automatic = {}
        self.response_type = Response
        self.model_of = client.model_of
        self.is_fast = client.is_fast and world.lane == "fast"
        self.rotations: list[Rotation] = []


calling: ContextVar[OngoingCall | None] = ContextVar("fake_secrets_call", default=None)

_lock = shared_lock()
_equipped: weakref.WeakKeyDictionary[BaseClient, _Equipped] = weakref.WeakKeyDictionary()


class Equipment:
    """Our handlers on clients. Each client gets them at its first call."""

    def put_up(self) -> None:
        """Do nothing: `begin` adds the handlers."""

    def take_down(self) -> None:
        """Remove our handlers from every client."""
        for client, known in list(_equipped.items()):
            for event, handler in (_FAST_HANDLER, *(_WIRE_HANDLERS if known.has_wire else ())):
                client.meta.events.unregister(event, handler)
        _equipped.clear()


def world_of_this_call() -> World | None:
    """Return the world that answers a call made here, or None.

    It is the world of the running rotation function, or else the innermost one.
    """
    return rotating_world() or stack.innermost()


def around_call(wrapped: Callable[..., Any], client: BaseClient, args: Any, kwargs: Any) -> Any:
    """Wrap `BaseClient._make_api_call`, so that the world in which a call begins answers it."""
    world = world_of_this_call() if is_ours(client) else None
    if world is None:
        return wrapped(*args, **kwargs)
    holder, outer, call = object(), calling.get(), None
    try:
        hold(holder)
        if world.due_work.is_due():
            world.do_due_work()
        call = begin(world, client, args)
        try:
            response = _proceed(wrapped, args, kwargs, call)
        except Exception as error:
            # The call raises its own error, even if a rotation fails too.
            if call.rotations or world.has_news():
                world.follow_up(call.rotations, error)
            raise
        if call.rotations or world.has_news():
            world.follow_up(call.rotations)
        release(holder)
        return response  # noqa: TRY300 -- an interrupt may come up to the last line
    except BaseException as error:
        # An interrupt can come at any moment, so what it may have kept from being done is done here once more.
        release(holder)
        calling.set(outer)
        if not isinstance(error, botocore.exceptions.ClientError):
            world.recover([] if call is None else call.rotations)
        raise


def _proceed(wrapped: Callable[..., Any], args: Any, kwargs: Any, call: OngoingCall) -> Any:
    outer = calling.get()
    try:
        calling.set(call)
        return wrapped(*args, **kwargs)
    except botocore.exceptions.ClientError as error:
        advise(error, call, args)
        raise
    finally:
        calling.set(outer)


def forget_call() -> None:
    """Forget a call that was interrupted here."""
    calling.set(None)


def is_ours(client: BaseClient) -> bool:
    """Return whether a client is a Secrets Manager client."""
    return client in _equipped or client.meta.service_model.service_name == SERVICE_NAME


def begin(world: World, client: BaseClient, args: Any) -> OngoingCall:
    """Begin a call, and add our handlers to the client if it lacks them.

    The caller has to hold the hooks.

    Args:
        world: the world that answers the call.
        client: the client.
        args: the arguments of its `_make_api_call`.
    """
    known = _equipped.get(client)
    if known is None:
        known = _equip(client)
    call = OngoingCall(world, known)
    if world.ids.is_seeded and len(args) == _REQUEST_ARGUMENTS:
        operation, members = args
        names = call.model_of(operation).idempotent_members
        call.automatic = {name: world.ids.uuid() for name in names if name not in members}
    if not call.is_fast and not known.has_wire:
        _equip_for_wire(client, known)
    return call


def advise(error: botocore.exceptions.ClientError, call: OngoingCall, args: Any) -> None:
    """Add a note to a refusal that tells the author of the test where the secret or function is."""
    operation, members = args if len(args) == _REQUEST_ARGUMENTS else ("", {})
    code = error.response.get("Error", {}).get("Code")
    note = None
    if code == "ResourceNotFoundException":
        note = _other_place(members.get("SecretId"), call)
    elif code == "AccessDeniedException" and operation == "RotateSecret":
        note = call.world.functions.why_unknown(members.get("RotationLambdaARN"))
    if note:
        error.add_note(f"fake_secrets: {note}")


def _other_place(secret_id: object, call: OngoingCall) -> str | None:
    places = call.world.contents.places_of(secret_id) if isinstance(secret_id, str) else []
    asked = (call.world.principals.caller(call.access_key, call.partition).account_id, call.region)
    if not places or asked in places:
        return None
    listed = " and ".join(
        region if account_id == asked[0] else f"{region} of account {account_id} (use its ARN)"
        for account_id, region in sorted(places)
    )
    return f"{secret_id!r} is in {listed}; this client calls {call.region}"


def _equip(client: BaseClient) -> _Equipped:
    """Add our handlers to a client if it lacks them."""
    with _lock:
        if client not in _equipped:
            known = _Equipped(client)
            try:
                client.meta.events.register_last(*_FAST_HANDLER)
                _equipped[client] = known
            except BaseException:
                client.meta.events.unregister(*_FAST_HANDLER)
                raise
        return _equipped[client]


def _equip_for_wire(client: BaseClient, known: _Equipped) -> None:
    """Add the handlers of the wire lane to a client. They are separate because adding one is slow."""
    with _lock:
        if not known.has_wire:
            # First, so that an interrupt leaves no handler that nobody removes.
            known.has_wire = True
            for event, handler in _WIRE_HANDLERS:
                client.meta.events.register_last(event, handler)


def _before_call(model: OperationModel, params: dict[str, Any], **_: Any) -> Any:
    call = calling.get()
    if call is None or not call.is_fast:
        return None
    return answer_parsed(call, model, params)


def _choose_signer(**_: Any) -> Any:
    return None if calling.get() is None else botocore.UNSIGNED


def _before_send(request: Any, **_: Any) -> Any:
    call = calling.get()
    if call is None:
        return None
    operation = operation_sent(request)
    if operation is None:
        return None
    model = call.model_of(operation)
    response = answer_raw(call, operation, request.body, request.url, model)
    # botocore calls every handler, and moto's recognises requests by their URL: it would answer too.
    request.url = _ANSWERED_URL
    return response


# Registered last and for the service. botocore goes from specific to general events, so these run after
# Stubber's handlers, which are more specific, and after users' handlers for the service. They run before
# users' handlers for all services.
_FAST_HANDLER = ("before-call.secrets-manager", _before_call)
_WIRE_HANDLERS = (
    ("choose-signer.secrets-manager", _choose_signer),
    ("before-send.secrets-manager", _before_send),
)
