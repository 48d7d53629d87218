"""Interception: how calls of botocore reach a world.

Begin with `calls`, which handles a call from start to end and chooses its lane. `watchers` says which, and
`parts` looks for patches of a client's parts. `wire` answers where botocore's HTTP session would open a
connection. `net` takes up the calls that bypass `calls`, and `aio` does all of this for aiobotocore.

`answers` converts the world's answers to botocore's forms. `requests` and `facts` read botocore's requests and
its service model, and `advice` adds notes to refusals. `losses` makes what an HTTP library raises if an answer
gets lost. `pausing` skips botocore's back-off, and `lessons` lets a client forget what failures have taught it.
`threads` tells which rotation function has started a thread. `references` remarks on parameters of moto that refer
to secrets. `seams` wraps botocore's methods, `copies` does so in every copy of botocore, and `holding` decides for
how long.

`foreign` takes up the calls of other services that a check lets fail. `guard` stops calls that would go to AWS
because no world is active, and `origins` tells which test made them. `spawned` stops them in a process that was
started inside a world. `clients` tells whether a client that tests share is as new. `client_pool` gives out the
clients that a rotation function has dropped again, with the state of `client_state`.

The same world answers a call in one of two lanes. The fast lane (`before-call`) skips signing, HTTP and
parsing, and serves whoever watches none of it. In the wire lane, everything in botocore happens but the
connection itself.
"""

from __future__ import annotations

from typing import Any

from fake_secrets.hook import net, wire
from fake_secrets.hook.calls import Equipment, around_call, forget_call
from fake_secrets.hook.copies import Copies
from fake_secrets.hook.facts import is_region
from fake_secrets.hook.holding import held, hold, install, release, settle
from fake_secrets.hook.pausing import Pausing
from fake_secrets.hook.seams import DefaultSession, region_of_default_session
from fake_secrets.hook.spawned import refuse_calls_to_aws
from fake_secrets.hook.threads import FunctionThreads

__all__ = ["forget_call", "held", "hold", "is_region", "region_of_default_session", "release", "settle"]


def _aio(name: str) -> Any:
    """Return a function that returns one of aiobotocore's wrappers: their module imports aiobotocore."""

    def around() -> Any:
        from fake_secrets.hook import aio  # noqa: PLC0415 -- as above

        return getattr(aio, name)

    return around


install(
    [
        Equipment(),
        Pausing(),
        Copies(
            {
                "botocore.client": ("BaseClient", {"_make_api_call": lambda: around_call}),
                "botocore.endpoint": ("Endpoint", {"make_request": lambda: net.around_request}),
                "botocore.signers": ("RequestSigner", {"_choose_signer": lambda: wire.around_choose_signer}),
                "botocore.httpsession": (
                    "URLLib3Session",
                    {"_get_connection_manager": lambda: wire.around_connection_manager},
                ),
                "moto.core.botocore_stubber": ("BotocoreStubber", {"__call__": lambda: wire.around_stubber}),
                "aiobotocore.client": ("AioBaseClient", {"_make_api_call": _aio("around_call")}),
                "aiobotocore.signers": ("AioRequestSigner", {"_choose_signer": _aio("around_choose_signer")}),
                "aiobotocore.httpsession": ("AIOHTTPSession", {"_get_session": _aio("around_aiohttp")}),
                "aiobotocore.httpxsession": ("HttpxSession", {"_get_session": _aio("around_httpx")}),
            }
        ),
        DefaultSession(),
        FunctionThreads(),
    ]
)

refuse_calls_to_aws()
