"""A control API over a world, without a socket."""

import json

from fake_secrets import clock
from fake_secrets.server.control.actions import Controlled
from fake_secrets.server.control.api import TOKEN_HEADER, ControlApi
from fake_secrets.server.messages import HttpRequest

TOKEN = "the-token"


class Clock:
    """The clock of a world that only moves."""

    def __init__(self, world):
        self.world = world

    def now(self):
        return clock.now()

    def advance(self, seconds):
        clock.pass_time(seconds, self.world)

    def move_to(self, moment):
        if moment < self.now():
            msg = "the clock is past that time"
            raise ValueError(msg)
        self.advance(moment - self.now())


class Control:
    """Sends requests to a control API, and returns the status and the JSON of its answers."""

    def __init__(self, fake_secrets):
        def seed(secrets):
            for name, value in secrets.items():
                fake_secrets.add(name, value)
            return list(secrets)

        self.fake_secrets = fake_secrets
        self.api = ControlApi(Controlled(fake_secrets, Clock(fake_secrets._world), seed), TOKEN)

    def ask(self, method, path, body=None, *, peer="127.0.0.1", **headers):
        path, _, query = path.partition("?")
        content = b"" if body is None else json.dumps(body).encode()
        given = {TOKEN_HEADER: TOKEN, **headers}
        return self.api(HttpRequest(method, f"/_fake_secrets/{path}", query, given, content, peer=peer))

    def get(self, path):
        return self.answer("GET", path)

    def post(self, path, body=None):
        return self.answer("POST", path, body)

    def answer(self, method, path, body=None, **headers):
        answer = self.ask(method, path, body, **headers)
        return answer.status, json.loads(answer.body)
