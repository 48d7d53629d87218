"""The calls of a process that was started inside a world of another process, which doesn't reach it.

Such a process inherits the environment of the world, so that it would send the fake credentials to AWS. A fork is
no such process: it has a copy of the world.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fake_secrets.environment import FAKE_ACCESS_KEY_ID, is_inherited
from fake_secrets.errors import NoActiveWorldError
from fake_secrets.hook.calls import ongoing, world_of_this_call
from fake_secrets.hook.copies import Copies
from fake_secrets.hook.requests import is_of_aws, key_sent, operation_sent

__all__ = ["refuse_calls_to_aws"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def refuse_calls_to_aws() -> None:
    """Refuse calls that would send the fake credentials to AWS, if this process was started inside a world.

    AWS would refuse them, too, but without saying why. Calls to other endpoints pass, and those with other
    credentials.
    """
    if is_inherited():
        _ENDPOINTS.put_up()


def _around_send(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
    request = args[0] if args else kwargs["request"]
    operation = operation_sent(request)
    is_answered = ongoing() is not None or world_of_this_call() is not None
    if operation is None or is_answered or not _takes_fakes_to_aws(request):
        return wrapped(*args, **kwargs)
    msg = (
        f"{operation} would send the fake credentials of a fake_secrets world to AWS. This process was started "
        "inside that world and inherited them, but the world doesn't reach it.\n"
        "Serve the world while the process runs: put `with fake_secrets.server():` around what starts it, or use "
        "the fixture `fake_secrets_server`. Or open a world here, too: `with mock_stages(...):`."
    )
    raise NoActiveWorldError(msg)


def _takes_fakes_to_aws(request: Any) -> bool:
    return key_sent(request) == FAKE_ACCESS_KEY_ID and is_of_aws(request.url)


# Its finder hears of aiobotocore, and of copies of botocore, that are imported later.
_ENDPOINTS = Copies(
    {
        "botocore.endpoint": ("Endpoint", {"_send": lambda: _around_send}),
        "aiobotocore.endpoint": ("AioEndpoint", {"_send": lambda: _around_send}),
    }
)
