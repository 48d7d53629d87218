"""What becomes of a call: which world it belongs to, which lane it takes, what follows it."""

from __future__ import annotations

import contextlib
import inspect
import threading
import weakref
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import botocore
import botocore.client
import botocore.endpoint
import botocore.exceptions

from fake_secrets import stack
from fake_secrets.errors import UnsupportedOperationError
from fake_secrets.hook.answers import Target, answer_parsed, answer_raw
from fake_secrets.hook.facts import SERVICE_NAME
from fake_secrets.hook.requests import asked, operation_asked, operation_sent, region_and_key
from fake_secrets.hook.seams import DefaultSession, Seam, access_key_of, parses_for_itself
from fake_secrets.principals import is_telling
from fake_secrets.world import rotating_world

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel

    from fake_secrets.rotation.runner import Rotation
    from fake_secrets.world import World

__all__ = ["held", "hold", "release", "world_of_this_call"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_REQUEST_ARGUMENTS = 2


class _Equipped:
    """What is known of a client that carries our handlers."""

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


class _Call(Target):
    """A call in progress, and the rotations that it has started: more than one, if it is repeated."""

    __slots__ = ("is_fast", "model_of", "rotations")

    def __init__(self, world: World, client: _Equipped) -> None:
        self.world = world
        self.region = client.region
        self.partition = client.partition
        self.access_key = client.access_key
        self.automatic = ()
        self.model_of = client.model_of
        self.is_fast = client.is_fast and world.lane == "fast"
        self.rotations: list[Rotation] = []

    def remember(self, rotation: Rotation | None) -> None:
        """Have a rotation run once the answer is out, if the call has started one."""
        if rotation is not None:
            self.rotations.append(rotation)


_calling: ContextVar[_Call | None] = ContextVar("fake_secrets_call", default=None)

_lock = threading.RLock()
_holders = 0
_equipped: weakref.WeakKeyDictionary[BaseClient, _Equipped] = weakref.WeakKeyDictionary()


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Keep the hooks up for the length of a `with` block."""
    hold()
    try:
        yield
    finally:
        release()


def hold() -> None:
    """Keep the hooks up: for each active world, each call in flight, each running rotation.

    The first to come puts them up; what it raises leaves none up.
    """
    global _holders  # noqa: PLW0603 -- counts the users of the seams, which are global
    with _lock:
        if _holders == 0:
            try:
                for seam in _SEAMS:
                    seam.put_up()
            except BaseException:
                _take_down()
                raise
        _holders += 1


def release() -> None:
    """Hold the hooks no longer; the last to go takes them down."""
    global _holders  # noqa: PLW0603 -- as above
    with _lock:
        _holders -= 1
        if _holders == 0:
            _take_down()


def _take_down() -> None:
    for client, known in list(_equipped.items()):
        for event, handler in (_FAST_HANDLER, *(_WIRE_HANDLERS if known.has_wire else ())):
            client.meta.events.unregister(event, handler)
    _equipped.clear()
    for seam in _SEAMS:
        seam.take_down()


def world_of_this_call() -> World | None:
    """Return the world that a call from here belongs to, or None."""
    return rotating_world() or stack.innermost()


def _around_call(wrapped: Callable[..., Any], client: BaseClient, args: Any, kwargs: Any) -> Any:
    """Wrap `BaseClient._make_api_call`: any client's call belongs to the world it began in."""
    known = _equipped.get(client)
    if known is None and client.meta.service_model.service_name != SERVICE_NAME:
        return wrapped(*args, **kwargs)
    world = world_of_this_call()
    if world is None:
        return wrapped(*args, **kwargs)
    hold()
    try:
        # Looked up again, since the last world may have taken the handlers down meanwhile.
        known = _equipped.get(client) or _equip(client)
        call = _Call(world, known)
        if world.ids.is_seeded and len(args) == _REQUEST_ARGUMENTS:
            operation, members = args
            call.automatic = [name for name in call.model_of(operation).idempotent_members if name not in members]
        if not call.is_fast and not known.has_wire:
            _equip_for_wire(client, known)
        reset = _calling.set(call)
        try:
            response = wrapped(*args, **kwargs)
        except botocore.exceptions.ClientError as error:
            _tell_other_region(error, call, args)
            raise
        finally:
            _calling.reset(reset)
        for rotation in call.rotations:
            world.run(rotation)
        return response
    finally:
        release()


def _tell_other_region(error: botocore.exceptions.ClientError, call: _Call, args: Any) -> None:
    """Note on an error that finds no secret in which other region there is one."""
    is_lost = error.response.get("Error", {}).get("Code") == "ResourceNotFoundException"
    secret_id = args[1].get("SecretId") if is_lost and len(args) == _REQUEST_ARGUMENTS else None
    regions = call.world.regions_of(secret_id) if isinstance(secret_id, str) else []
    if regions and call.region not in regions:
        places = " and ".join(sorted(regions))
        error.add_note(f"fake_secrets: {secret_id!r} is in {places}; this client asks {call.region}")


def _equip(client: BaseClient) -> _Equipped:
    """Make sure that a client carries our handlers."""
    with _lock:
        if client not in _equipped:
            client.meta.events.register_last(*_FAST_HANDLER)
            _equipped[client] = _Equipped(client)
        return _equipped[client]


def _equip_for_wire(client: BaseClient, known: _Equipped) -> None:
    """Give a client the handlers of the wire lane, too: registering one is dear."""
    with _lock:
        if not known.has_wire:
            for event, handler in _WIRE_HANDLERS:
                client.meta.events.register_last(event, handler)
            known.has_wire = True


def _before_call(model: OperationModel, params: dict[str, Any], **_: Any) -> Any:
    call = _calling.get()
    if call is None or not call.is_fast:
        return None
    answer, rotation = answer_parsed(call, model, params)
    call.remember(rotation)
    return answer


def _choose_signer(**_: Any) -> Any:
    return None if _calling.get() is None else botocore.UNSIGNED


def _before_send(request: Any, **_: Any) -> Any:
    call = _calling.get()
    if call is None:
        return None
    operation = operation_sent(request)
    if operation is None:
        return None
    model = call.model_of(operation)
    response, rotation = answer_raw(call, operation, request.body, request.url, model)
    call.remember(rotation)
    return response


def _around_request(wrapped: Callable[..., Any], endpoint: Any, args: Any, kwargs: Any) -> Any:
    """Wrap `Endpoint.make_request`: a call that came past our wrapper is answered here.

    That is where a patch calls the `_make_api_call` that it has kept from before the world.

    Raises:
        UnsupportedOperationError: the call is aiobotocore's.
    """
    world = None if _calling.get() else world_of_this_call()
    if world is None or operation_asked(args, kwargs) is None:
        return wrapped(*args, **kwargs)
    model, params = asked(args, kwargs)
    if inspect.iscoroutinefunction(endpoint._send_request):
        # aiobotocore's endpoints inherit this method, and their clients come past our wrapper.
        msg = f"fake_secrets doesn't serve aiobotocore yet; its {model.name} would have gone to AWS. Use boto3."
        raise UnsupportedOperationError(msg)
    region = params["context"]["client_region"]
    answer, rotation = answer_parsed(Target(world, region), model, params)
    if rotation is not None:
        world.run(rotation)
    return answer


def _around_send(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
    """Wrap `Endpoint._send`: whatever became of our handlers, nothing of ours is sent."""
    request = args[0] if args else kwargs["request"]
    operation = operation_sent(request)
    call = _calling.get()
    world = call.world if call else world_of_this_call()
    if operation is None or world is None:
        return wrapped(*args, **kwargs)
    target = call or _target_of(world, request)
    response, rotation = answer_raw(target, operation, request.body, request.url, None)
    if call is not None:
        call.remember(rotation)
    elif rotation is not None:
        world.run(rotation)
    return response


def _target_of(world: World, request: Any) -> Target:
    region, access_key = region_and_key(request)
    return Target(world, region or world.region, access_key)


_SEAMS: list[Seam | DefaultSession] = [
    Seam(botocore.client.BaseClient, "_make_api_call", _around_call),
    Seam(botocore.endpoint.Endpoint, "make_request", _around_request),
    Seam(botocore.endpoint.Endpoint, "_send", _around_send),
    DefaultSession(),
]
# Registered last, at the service: handlers of Stubber, which are more specific, and of users come
# first; but not one of a user's for every service's calls, since botocore goes from the specific
# to the general.
_FAST_HANDLER = ("before-call.secrets-manager", _before_call)
_WIRE_HANDLERS = (
    ("choose-signer.secrets-manager", _choose_signer),
    ("before-send.secrets-manager", _before_send),
)
