"""Asks a local helper over HTTP, as code under test does."""

import http.client
import json
import os
import urllib.parse
from typing import NamedTuple

TOKEN_HEADER = "X-Aws-Parameters-Secrets-Token"
GET = "/secretsmanager/get"


class Reply(NamedTuple):
    status: int
    body: str
    headers: http.client.HTTPMessage

    @property
    def secret(self):
        assert self.status == 200, self
        return json.loads(self.body)["SecretString"]


def ask(url, target, *, method="GET", headers=None, token=None, body=None):
    """Return the reply to a request. Without a token it has that of the environment."""
    sent = {TOKEN_HEADER: os.environ["AWS_SESSION_TOKEN"] if token is None else token}
    return send(url, target, method=method, headers=[*sent.items(), *(headers or {}).items()], body=body)


def send(url, target, *, method="GET", headers=(), body=None):
    """Return the reply to a request that has exactly these headers, besides Host."""
    place = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return Reply(response.status, response.read().decode(), response.headers)
    finally:
        connection.close()


def read(url, secret_id, **parameters):
    """Return the reply to a read of a secret."""
    return ask(url, f"{GET}?{urllib.parse.urlencode({'secretId': secret_id, **parameters})}")


def operations(fake_secrets):
    return [call.operation for call in fake_secrets.calls]
