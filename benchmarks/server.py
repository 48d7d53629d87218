"""Measure the server beside that of moto, in one run: start, memory, latency and throughput.

Each server has a process of its own, and the clients have others. They are clients of http.client, because boto3
takes longer for a request than a server does. README.md explains the figures.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing
import multiprocessing.synchronize
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from measuring import NAME, OF_MOTO, Budget, Report, describe_machine, prepare_environment, quartiles

SCOPE = "AKIAIOSFODNN7EXAMPLE/20260304/us-east-1/secretsmanager/aws4_request"
HEADERS = {
    "Accept-Encoding": "identity",
    "Content-Type": "application/x-amz-json-1.1",
    "User-Agent": "Boto3/1.44.8 md/Botocore#1.44.8 ua/2.1 os/linux md/arch#x86_64 lang/python#3.11.7",
    "X-Amz-Date": "20260304T120000Z",
    "Authorization": f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}",
    "amz-sdk-invocation-id": "5d4b2c6a-8f50-4a0b-9c0f-3a3c1a9f3e8e",
    "amz-sdk-request": "attempt=1",
}
PATIENCE = 60.0
# How a server is started on a port.
COMMANDS = {
    "ours": ("-m", "fake_secrets", "serve", "--port"),
    "moto": ("-m", "moto.server", "-p"),
}
HEADER = ["figure", *COMMANDS, "moto/ours [quartiles]"]
CLIENTS = (1, 8, 32)
BUDGETS = {
    "start until the first answer": Budget(300, "{:.0f} ms"),
    "memory after the start": Budget(60, "{:.3g} MB"),
    "get_secret_value, kept connection": Budget(3, OF_MOTO, at_least=True),
    "get_secret_value, new connection": Budget(3, OF_MOTO, at_least=True),
    "throughput, 8 clients": Budget(2_000, "{:,.0f} a second", at_least=True),
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Client:
    """A client that signs its requests, and keeps its connection unless it is told otherwise."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def call(self, operation: str, **members: str) -> None:
        headers = {**HEADERS, "X-Amz-Target": f"secretsmanager.{operation}"}
        self._connection.request("POST", "/", json.dumps(members), headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            msg = f"{operation} was answered with {answer.status} {content!r}"
            raise RuntimeError(msg)

    def get(self) -> None:
        self.call("GetSecretValue", SecretId=NAME)

    def close(self) -> None:
        self._connection.close()


class Server:
    """A server in a process of its own. `ready` has the milliseconds until it answered its first request."""

    def __init__(self, side: str, cache: str) -> None:
        self.port = free_port()
        # As after an installation, its modules needn't be compiled.
        compiled = {"PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
        start = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, *COMMANDS[side], str(self.port)],
            env={**os.environ, **compiled},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while True:
            client = Client(self.port)
            with contextlib.suppress(OSError), contextlib.closing(client):
                client.call("CreateSecret", Name=NAME, SecretString="value", ClientRequestToken="0" * 32)
                break
            if self._process.poll() is not None or time.perf_counter() - start > PATIENCE:
                msg = f"the server of {side} hasn't started"
                raise RuntimeError(msg)
            time.sleep(0.001)
        self.ready = (time.perf_counter() - start) * 1e3

    def megabytes(self) -> float:
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * 4096 / 1e6

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


@contextlib.contextmanager
def running(side: str, cache: str) -> Iterator[Server]:
    server = Server(side, cache)
    try:
        yield server
    finally:
        server.stop()


def kept_connection(port: int, times: int) -> float:
    """Return the microseconds of a request on a kept connection."""
    client = Client(port)
    with contextlib.closing(client):
        client.get()
        return _timed(client.get, times)


def new_connection(port: int, times: int) -> float:
    """Return the microseconds of a request on a connection of its own."""

    def ask() -> None:
        client = Client(port)
        with contextlib.closing(client):
            client.get()

    return _timed(ask, times)


def _timed(ask: Callable[[], None], times: int) -> float:
    samples = []
    for _ in range(times):
        start = time.perf_counter()
        ask()
        samples.append(time.perf_counter() - start)
    return statistics.median(samples) * 1e6


def requests_a_second(port: int, clients: int, times: int) -> float:
    """Return the throughput of clients in processes of their own, from the first request to the last answer."""
    ready, begin = multiprocessing.Semaphore(0), multiprocessing.Event()
    workers = [
        multiprocessing.Process(target=_ask_often, args=(port, times // clients, ready, begin))
        for _ in range(clients)
    ]
    for worker in workers:
        worker.start()
    for _ in workers:
        ready.acquire()
    start = time.perf_counter()
    begin.set()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        msg = "a client got no answer"
        raise RuntimeError(msg)
    return times // clients * clients / (time.perf_counter() - start)


def _ask_often(
    port: int, times: int, ready: multiprocessing.synchronize.Semaphore, begin: multiprocessing.synchronize.Event
) -> None:
    client = Client(port)
    client.get()
    ready.release()
    begin.wait()
    for _ in range(times):
        client.get()
    client.close()


def measure(rounds: int, requests: int, cache: str) -> dict[str, dict[str, list[float]]]:
    """Return the samples of each figure, by side. Each round measures both sides, in changing order."""
    samples: dict[str, dict[str, list[float]]] = {}

    def note(figure: str, side: str, value: float) -> None:
        samples.setdefault(figure, {}).setdefault(side, []).append(value)

    for side in COMMANDS:
        with running(side, cache):
            pass
    for number in range(rounds):
        for side in list(COMMANDS)[:: -1 if number % 2 else 1]:
            with running(side, cache) as server:
                note("start until the first answer", side, server.ready)
                note("memory after the start", side, server.megabytes())
                note("get_secret_value, kept connection", side, kept_connection(server.port, requests // 4))
                note("get_secret_value, new connection", side, new_connection(server.port, requests // 4))
                for clients in CLIENTS:
                    plural = "client" if clients == 1 else "clients"
                    note(
                        f"throughput, {clients} {plural}", side, requests_a_second(server.port, clients, requests)
                    )
                note("memory at the end", side, server.megabytes())
    return samples


def report(rounds: int, requests: int = 4_000) -> Report:
    """Measure, and return the table."""
    with tempfile.TemporaryDirectory() as cache:
        samples = measure(rounds, requests, cache)
    rows, budgets = [HEADER], []
    for figure, sides in samples.items():
        unit, form = _unit_of(figure)
        medians = {side: statistics.median(values) for side, values in sides.items()}
        ratio = quartiles(sides["moto"], sides["ours"])
        rows.append([figure, *(f"{medians[side]:{form}} {unit}" for side in COMMANDS), str(ratio)])
        if figure in BUDGETS:
            measured = ratio.middle if BUDGETS[figure].form == OF_MOTO else medians["ours"]
            budgets.append(BUDGETS[figure].row(f"server: {figure}", measured))
    return Report("The server", rows, budgets)


def _unit_of(figure: str) -> tuple[str, str]:
    if figure.startswith("throughput"):
        return "/s", ",.0f"
    if figure.startswith("memory"):
        return "MB", ".1f"
    return ("ms", ".0f") if figure.startswith("start") else ("us", ".0f")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure the server beside that of moto.")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds")
    parser.add_argument("--requests", type=int, default=4_000, help="requests of each measurement of throughput")
    given = parser.parse_args(arguments)
    prepare_environment()
    print(describe_machine())
    report(given.rounds, given.requests).print()


if __name__ == "__main__":
    main()
