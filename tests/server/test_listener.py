"""A listener: how it starts and stops, where it listens, and what a fork does to it."""

import gc
import os
import socket
import subprocess
import sys
import threading
import time
import warnings

import freezegun
import pytest
import time_machine
from server.wire import (
    PATIENCE,
    answers_of,
    connect,
    echo,
    exchange,
    listening,
    our_threads,
    request,
    until,
    until_closed,
)

from fake_secrets.server.limits import Limits
from fake_secrets.server.listener import Listener
from fake_secrets.server.messages import HttpAnswer

CLOSE = "Connection: close"


def is_answered(listener):
    return exchange(listener, request(CLOSE)).startswith(b"HTTP/1.1 200 OK\r\n")


class Holding:
    """An application that answers when it is let go."""

    def __init__(self):
        self.has_begun = threading.Event()
        self.may_end = threading.Event()

    def __call__(self, _):
        self.has_begun.set()
        assert self.may_end.wait(PATIENCE)
        return HttpAnswer(200, note="held")


def test_a_stop_ends_kept_connections_at_once():
    with listening() as listener:
        connections = [connect(listener) for _ in range(20)]
        for connection in connections:
            connection.sendall(request())
            answers_of(connection)
        began = time.perf_counter()
        listener.stop()
        took = time.perf_counter() - began

    assert took < 1
    for connection in connections:
        assert until_closed(connection) == b""
        connection.close()
    assert our_threads() == []


def test_a_stop_waits_for_the_answers_to_requests_in_flight():
    application = Holding()
    with listening(application) as listener, connect(listener) as connection:
        connection.sendall(request())
        assert application.has_begun.wait(PATIENCE)
        stopping = threading.Thread(target=listener.stop)
        stopping.start()
        until(lambda: listener.is_stopping)
        application.may_end.set()
        answer = until_closed(connection)
        stopping.join(PATIENCE)

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize("frozen", [freezegun.freeze_time, time_machine.travel], ids=["freezegun", "time-machine"])
def test_a_stop_leaves_a_request_that_doesnt_end(frozen):
    application = Holding()
    listener = Listener(application, limits=Limits(stop=0.2))
    listener.start()
    with connect(listener) as connection:
        connection.sendall(request())
        assert application.has_begun.wait(PATIENCE)
        with frozen("2030-01-01"):
            listener.stop()
        assert len(our_threads()) == 1
        application.may_end.set()
        until(lambda: our_threads() == [])


def test_a_stop_can_be_asked_for_by_a_request():
    listener = Listener(lambda _: listener.stop() or HttpAnswer(200))
    listener.start()

    exchange(listener, request())
    until(lambda: our_threads() == [])


def test_a_listener_can_be_stopped_twice_and_without_a_start():
    listener = Listener(echo)
    listener.stop()
    listener.stop()


@pytest.mark.slow
def test_no_socket_is_left_open(recwarn):
    warnings.simplefilter("always")
    with listening(host="localhost") as listener:
        is_answered(listener)
        with connect(listener) as connection:
            connection.sendall(request()[:-3])
    del listener
    gc.collect()

    assert [str(warning.message) for warning in recwarn] == []


def test_the_port_can_be_taken_again_after_a_stop():
    with listening() as listener, connect(listener) as connection:
        connection.sendall(request())
        answers_of(connection)
        listener.stop()
        with listening(port=listener.port) as again:
            assert is_answered(again)


@pytest.mark.slow
def test_a_port_that_is_taken_is_refused_and_leaves_no_socket():
    with listening() as listener, pytest.raises(OSError, match="in use"):
        Listener(echo, port=listener.port)
    gc.collect()


@pytest.mark.parametrize("frozen", [freezegun.freeze_time, time_machine.travel], ids=["freezegun", "time-machine"])
def test_a_server_goes_on_if_the_clock_is_frozen_while_it_runs(frozen):
    with listening() as listener, connect(listener) as kept:
        for _ in range(2):
            with frozen("2030-01-01"):
                kept.sendall(request())
                ((status, _, _),) = answers_of(kept)
                assert status == 200
                assert is_answered(listener)
            assert is_answered(listener)


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")


@needs_ipv6
def test_ipv6_has_a_url_in_brackets():
    with listening(host="::1") as listener, connect(listener, "::1") as connection:
        connection.sendall(request(CLOSE, host=f"[::1]:{listener.port}"))

        assert until_closed(connection).startswith(b"HTTP/1.1 200 OK\r\n")
        assert listener.url == f"http://[::1]:{listener.port}"


@needs_ipv6
def test_localhost_is_reached_at_both_of_its_addresses():
    with listening(host="localhost") as listener:
        for host in ("127.0.0.1", "::1"):
            with connect(listener, host) as connection:
                connection.sendall(request(CLOSE))
                assert until_closed(connection).startswith(b"HTTP/1.1 200 OK\r\n")
        assert listener.url == f"http://127.0.0.1:{listener.port}"


def test_the_loopback_address_isnt_reached_by_others():
    with listening() as listener:
        assert {each.getsockname()[0] for each in listener._listening} == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1"),  # noqa: S104 -- for the length of a test
        pytest.param("::", "http://[::1]", marks=needs_ipv6),
    ],
)
def test_the_url_of_all_interfaces_is_one_that_clients_can_use(host, url):
    with listening(host=host) as listener:
        assert listener.url == f"{url}:{listener.port}"
        assert is_answered(listener)


def test_a_machine_without_threads_closes_the_connection_and_goes_on(monkeypatch):
    with listening() as listener:

        def refuse(_):
            msg = "can't start new thread"
            raise RuntimeError(msg)

        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            assert exchange(listener) == b""
        assert is_answered(listener)


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")


def in_child(function):
    """Run a function in a forked child, and return the child's exit status."""
    with warnings.catch_warnings():
        # Python 3.12 warns of forks of a process with threads.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        status = 1
        try:
            status = function() or 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@needs_fork
def test_a_child_neither_answers_nor_keeps_the_port_open():
    with listening() as listener, connect(listener) as kept:
        kept.sendall(request())
        answers_of(kept)
        ready, done = os.pipe(), os.pipe()

        def wait():
            os.write(ready[1], b"!")
            os.read(done[0], 1)

        thread = threading.Thread(target=in_child, args=(wait,))
        thread.start()
        os.read(ready[0], 1)
        listener.stop()
        # The child lives on, and holds neither the port nor the connection.
        ended = until_closed(kept)
        with pytest.raises(ConnectionRefusedError):
            connect(listener)
        os.write(done[1], b"!")
        thread.join(PATIENCE)
        for end in (*ready, *done):
            os.close(end)

    assert ended == b""


@needs_fork
def test_the_server_of_the_parent_goes_on_while_a_child_stops_its_own_copy():
    with listening() as listener, connect(listener) as kept:
        kept.sendall(request())
        answers_of(kept)

        assert in_child(listener.stop) == 0

        kept.sendall(request())
        assert answers_of(kept)[0][0] == 200
        assert is_answered(listener)


@needs_fork
def test_a_child_reaches_the_server_of_its_parent():
    with listening() as listener:
        assert in_child(lambda: 0 if is_answered(listener) else 3) == 0


@needs_fork
def test_a_child_that_was_forked_while_it_answers_leaves_the_answer_to_the_parent():
    def fork(_):
        return HttpAnswer(200, body=b"child" if os.getpid() != parent else str(in_child(lambda: 7)).encode())

    parent = os.getpid()
    with listening(fork) as listener:
        answer = exchange(listener, request(CLOSE))

    assert answer.endswith(b"\r\n\r\n7")


@needs_fork
def test_a_child_can_have_a_server_of_its_own():
    def serve():
        with listening() as own:
            return 0 if is_answered(own) else 3

    with listening() as listener:
        assert in_child(serve) == 0
        assert is_answered(listener)


def test_nothing_is_written_to_stderr_at_the_end_of_the_process(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from fake_secrets.server.listener import Listener\n"
        "import socket\n"
        "listener = Listener(lambda request: None)\n"
        "listener.start()\n"
        "connection = socket.create_connection(('127.0.0.1', listener.port))\n"
        "connection.sendall(b'GET')\n"
    )
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=True)

    assert (ran.stdout, ran.stderr) == ("", "")
