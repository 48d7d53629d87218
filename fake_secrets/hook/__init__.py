"""Interception: how calls of botocore reach a world.

Begin with `calls`, which handles a call from start to end. `net` answers the calls that bypass it, and
`aio` does both for aiobotocore. `answers` converts the world's answers to botocore's forms. `requests`
and `facts` read botocore's requests and its service model. `seams` wraps botocore's methods, and
`holding` decides for how long. `guard` stops calls that would go to AWS because no world is active.

The same world answers a call in one of three places. The fast lane (`before-call`) skips signing and
HTTP. In the wire lane (`before-send`), botocore signs the request and parses raw bytes. The net, below
both, catches the calls that bypass our handlers.
"""

import botocore.client
import botocore.endpoint

from fake_secrets.hook.calls import Equipment, around_call, forget_call
from fake_secrets.hook.facts import is_region
from fake_secrets.hook.holding import held, hold, install, release, settle
from fake_secrets.hook.net import AioSeams, around_request, around_send
from fake_secrets.hook.seams import DefaultSession, Seam

__all__ = ["forget_call", "held", "hold", "is_region", "release", "settle"]

install(
    [
        Equipment(),
        Seam(botocore.client.BaseClient, "_make_api_call", around_call),
        Seam(botocore.endpoint.Endpoint, "make_request", around_request),
        Seam(botocore.endpoint.Endpoint, "_send", around_send),
        AioSeams(),
        DefaultSession(),
    ]
)
