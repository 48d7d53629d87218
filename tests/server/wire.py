"""Requests byte by byte, and a server to send them to."""

import contextlib
import json
import socket
import threading
import time

from fake_secrets.server.listener import Listener
from fake_secrets.server.messages import HttpAnswer

# A test that waits longer has failed.
PATIENCE = 20


def echo(request):
    """Answer with what was asked."""
    content = {"method": request.method, "path": request.path, "query": request.query, "size": len(request.body)}
    return HttpAnswer(200, {"Content-Type": "application/json"}, json.dumps(content).encode(), note="echo")


@contextlib.contextmanager
def listening(application=echo, **options):
    listener = Listener(application, **options)
    listener.start()
    try:
        yield listener
    finally:
        listener.stop()


def connect(listener, host="127.0.0.1"):
    connection = socket.create_connection((host, listener.port), timeout=PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def exchange(listener, *pieces):
    """Send pieces on one connection, and return all that comes until the server closes it."""
    with connect(listener) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return until_closed(connection)


def until_closed(connection):
    received = b""
    while piece := connection.recv(65_536):
        received += piece
    return received


def answers_of(connection, number=1):
    """Read a number of answers from a kept connection, and return their statuses, headers and bodies."""
    with connection.makefile("rb") as received:
        return [one_answer(received) for _ in range(number)]


def one_answer(received):
    status = received.readline()
    if not status:
        return None
    headers = {}
    while (line := received.readline()) not in {b"\r\n", b""}:
        name, _, value = line.decode().partition(":")
        headers[name.strip().lower()] = value.strip()
    body = received.read(int(headers.get("content-length", 0)))
    return int(status.split()[1]), headers, body


def request(*lines, body=b"", method="POST", path="/", host="localhost"):
    """Return a request of HTTP/1.1 that has a length."""
    head = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode() + body


def until(condition):
    """Wait for something that happens in another thread."""
    end = time.perf_counter() + PATIENCE
    while not condition():
        assert time.perf_counter() < end, "it didn't happen"
        time.sleep(0.005)


def our_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("fake_secrets ")]
