"""`fake-secrets serve` in a process of its own, and requests to it."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import urllib.request
from urllib.error import HTTPError

DEADLINE = 20
SCOPE = "Credential={key}/20261127/{region}/secretsmanager/aws4_request"


class Served:
    """A running server.

    Args:
        process: the process.
    """

    def __init__(self, process):
        self.process = process
        self.log = []
        self._output = queue.SimpleQueue()
        self._news = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read_output, daemon=True),
            threading.Thread(target=self._read_log, daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        self.url = self._output.get(timeout=DEADLINE)

    def _read_output(self):
        for line in self.process.stdout:
            self._output.put(line.rstrip("\n"))
        self._output.put(None)

    def _read_log(self):
        for line in self.process.stderr:
            with self._news:
                self.log.append(line.rstrip("\n"))
                self._news.notify_all()

    def lines_until(self, beginning):
        """Return the lines of the output, up to one that begins in some way."""
        lines = []
        while not (lines and lines[-1].startswith(beginning)):
            lines.append(self._output.get(timeout=DEADLINE))
        return lines

    def lines_to_the_end(self):
        """Return the lines of the output, which the server closes after the last."""
        return list(iter(lambda: self._output.get(timeout=DEADLINE), None))

    def logged(self, text, times=1):
        """Return the first line of the log that has a text, and wait until so many have it if need be."""
        with self._news:
            assert self._news.wait_for(lambda: sum(text in line for line in self.log) >= times, DEADLINE), self.log
            return next(line for line in self.log if text in line)

    def variables(self):
        """Return what the lines to export say."""
        lines = self.lines_until("unset ")
        exports = (line.removeprefix("export ").partition("=") for line in lines if line.startswith("export "))
        return {name: value for name, _, value in exports}

    def ask(self, operation, members, *, key="FAKESECRETSACCESSKEY", region="us-east-1"):
        """Make a call, and return the status and the answer."""
        signed = f"AWS4-HMAC-SHA256 {SCOPE.format(key=key, region=region)}, SignedHeaders=host, Signature=0"
        headers = {
            "X-Amz-Target": f"secretsmanager.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": signed,
            "X-Amz-Date": "20261127T000000Z",
        }
        return answer_of(urllib.request.Request(f"{self.url}/", json.dumps(members).encode(), headers))

    def control(self, path, body=None, *, token):
        """Make a request to the control API, and return the status and the answer."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"X-Fake-Secrets-Token": token}
        return answer_of(urllib.request.Request(f"{self.url}/_fake_secrets/{path}", content, headers))

    def stop(self, number=signal.SIGTERM):
        """Send a signal, and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE)


def answer_of(request):
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def environment():
    return {**os.environ, "PYTHONIOENCODING": "utf-8", "AWS_DEFAULT_REGION": "us-east-1"}


@contextlib.contextmanager
def serving(folder, *arguments, command=(sys.executable, "-m", "fake_secrets", "serve")):
    """Run `fake-secrets serve` in a folder."""
    with subprocess.Popen(
        [*command, *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        served = None
        try:
            served = Served(process)
            yield served
        finally:
            process.kill()
            process.wait()
            for reader in () if served is None else served._readers:
                reader.join(DEADLINE)


def run(folder, *arguments):
    """Run `fake-secrets serve` until it ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "fake_secrets", "serve", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
