"""Interception: the only package that touches botocore.

`seams` puts our wrappers up and takes them down, `calls` sees a call through, `answers` gives
the world's answer botocore's form, `facts` turns botocore's model into plain facts, `requests` reads
botocore's requests, `guard` stops what would go to AWS for want of a world.

A call takes the fast lane (`before-call`), which spares signing and HTTP; or the wire lane
(`before-send`), where botocore parses raw bytes; or, where it came past our handlers, the net
below both (`Endpoint._send`). The same world answers in all three.
"""

from fake_secrets.hook.calls import held, hold, release
from fake_secrets.hook.facts import is_region

__all__ = ["held", "hold", "is_region", "release"]
