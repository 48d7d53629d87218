"""Interception: the only room that touches botocore.

Begin with `calls`, which sees a call through; `net` answers what came past it, `aio` does both for aiobotocore;
`answers` gives the world's answer botocore's form, `requests` and `facts` read botocore's requests
and its service model. `seams` wraps botocore's methods, `holding` knows how long. `guard` stops what
would go to AWS for want of a world.

A call takes the fast lane (`before-call`), which spares signing and HTTP; or the wire lane
(`before-send`), where botocore parses raw bytes; or, where it came past our handlers, the net
below both. The same world answers in all three.
"""

import botocore.client
import botocore.endpoint

from fake_secrets.hook.calls import Equipment, around_call
from fake_secrets.hook.facts import is_region
from fake_secrets.hook.holding import held, hold, install, release
from fake_secrets.hook.net import AioSeams, around_request, around_send
from fake_secrets.hook.seams import DefaultSession, Seam

__all__ = ["held", "hold", "is_region", "release"]

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
