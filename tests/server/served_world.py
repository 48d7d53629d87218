"""A served world of a test, signed requests to it, and what is written where nobody should write."""

import contextlib
import json
import threading

from server.wire import answers_of, connect, request

from fake_secrets.activation.serving import ServedWorld
from fake_secrets.server.front_end import FrontEnd
from fake_secrets.server.listener import Listener
from fake_secrets.server.router import Router

SCOPE = "AKIAIOSFODNN7EXAMPLE/20260304/us-east-1/secretsmanager/aws4_request"
HEADERS = (
    "Content-Type: application/x-amz-json-1.1",
    "X-Amz-Date: 20260304T120000Z",
    f"Authorization: AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host;x-amz-date, Signature=0123abcd",
)


@contextlib.contextmanager
def served(fake_secrets, **options):
    listener = Listener(Router(FrontEnd(ServedWorld(fake_secrets._world))), **options)
    listener.start()
    try:
        yield listener
    finally:
        listener.stop()


def signed(operation, members, *more):
    """Return a request that is signed, as bytes. The members may be JSON already."""
    body = members if isinstance(members, bytes) else json.dumps(members).encode()
    return request(f"X-Amz-Target: secretsmanager.{operation}", *HEADERS, *more, body=body)


def call(connection, operation, members):
    """Call an operation on a kept connection, and return the status and the members of the answer."""
    connection.sendall(signed(operation, members))
    ((status, _, body),) = answers_of(connection)
    return status, json.loads(body) if body else {}


def calls(listener, *asked):
    with connect(listener) as connection:
        return [call(connection, operation, members) for operation, members in asked]


@contextlib.contextmanager
def no_stray_exception(capfd):
    """Watch that no thread ends with an exception, and nothing is written to stdout or stderr."""
    stray = []
    hook, threading.excepthook = threading.excepthook, stray.append
    try:
        yield
    finally:
        threading.excepthook = hook
    assert stray == []
    assert capfd.readouterr() == ("", "")
