"""The agent's cache against a naive model of it, over random histories of a secret."""

import json
import os

import freezegun
import pytest
from asking import GET, TOKEN_HEADER
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_secrets import mock_stages
from fake_secrets.activation.local_listening import _World
from fake_secrets.local_endpoints.agent import Agent
from fake_secrets.local_endpoints.sdk import Sdk
from fake_secrets.local_endpoints.settings import AgentSettings
from fake_secrets.observe.helpers import product_of
from fake_secrets.server.messages import HttpRequest

TTL = 300
LABELS = ("AWSCURRENT", "AWSPREVIOUS", "MINE")
IDS = tuple(f"version-{number}-{'x' * 32}" for number in range(4))


class Model:
    """The agent, written as plainly as its documentation: a list of versions and a list of cached answers."""

    def __init__(self, size):
        self.size = size
        self.values = {}
        self.labels = {}
        self.cached = []

    def stored(self, version_id, label):
        """Return the version that GetSecretValue would give; None for an error."""
        if version_id is None:
            return self.labels.get(label or "AWSCURRENT")
        found = version_id if version_id in self.values else None
        return found if label is None or self.labels.get(label) == found else None

    def fits(self, cached, version_id, label):
        if version_id is not None and label is None:
            # DescribeSecret lists no version without labels.
            return version_id in self.labels.values()
        return self.labels.get(label or "AWSCURRENT") == (version_id or cached)

    def write(self, key, version_id, now):
        self.cached = [entry for entry in self.cached if entry[0] != key]
        self.cached = [*self.cached, (key, version_id, now)][-self.size :]

    def read(self, name, version_id, label, refreshes, now):
        """Return the version that is answered, or None, and the operations that are called for it."""
        key = name, version_id, label
        entry = next((entry for entry in self.cached if entry[0] == key), None)
        asked = []
        if entry is not None and not refreshes:
            _, cached, since = entry
            if now - since < TTL:
                return cached, []
            asked = ["DescribeSecret"]
            if self.fits(cached, version_id, label):
                self.write(key, cached, now)
                return cached, asked
        found = self.stored(version_id, label)
        if found is not None:
            self.write(key, found, now)
        return found, [*asked, "GetSecretValue"]


OPTIONAL_ID = st.none() | st.sampled_from(IDS)
OPTIONAL_LABEL = st.none() | st.sampled_from(LABELS)
# A history reads few keys, so that it often finds in the cache what it has read.
KEYS = st.lists(
    st.tuples(st.sampled_from(["name", "arn"]), OPTIONAL_ID, OPTIONAL_LABEL), min_size=1, max_size=3, unique=True
)
READ = st.tuples(st.just("read"), st.integers(0, 2), st.sampled_from([False, False, False, True]))
STEPS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(IDS)),
    st.tuples(st.just("move"), st.sampled_from(LABELS), st.sampled_from(IDS)),
    st.tuples(st.just("wait"), st.sampled_from([150, 300])),
    READ,
    READ,
)


class History:
    def __init__(self, fake_secrets, clock, size):
        self.fake, self.clock, self.model = fake_secrets, clock, Model(size)
        self.secret = fake_secrets.add("db", "first", version_ids={"AWSCURRENT": IDS[0]})
        self.model.values[IDS[0]] = "first"
        self.model.labels["AWSCURRENT"] = IDS[0]
        behind = _World(fake_secrets._world, product_of("agent"), failed=lambda error: None)
        settings = AgentSettings(ttl=TTL, cache_size=size)
        self.agent = Agent(Sdk(behind), os.environ["AWS_SESSION_TOKEN"], settings, lambda: 1)

    def now(self):
        return self.clock().timestamp()

    def put(self, client, version_id):
        if version_id in self.model.values:
            return
        value = f"value {len(self.model.values)}"
        client.put_secret_value(SecretId="db", ClientRequestToken=version_id, SecretString=value)
        self.model.values[version_id] = value
        self.follow()

    def move(self, client, label, version_id):
        if version_id not in self.model.values or self.model.labels.get(label) == version_id:
            return
        given = {"RemoveFromVersionId": self.model.labels[label]} if label in self.model.labels else {}
        client.update_secret_version_stage(SecretId="db", VersionStage=label, MoveToVersionId=version_id, **given)
        self.follow()

    def follow(self):
        """Take the labels over from the service, whose rules are tested elsewhere."""
        self.model.labels = {label: one.id for one in self.secret.versions for label in one.stages}

    def read(self, name, version_id, label, refreshes):
        secret_id = self.secret.arn if name == "arn" else "db"
        parameters = {"secretId": secret_id, "versionId": version_id, "versionStage": label}
        query = "&".join(f"{key}={value}" for key, value in parameters.items() if value is not None)
        headers = {TOKEN_HEADER: os.environ["AWS_SESSION_TOKEN"]}
        before = len(self.fake.calls)
        answer = self.agent(HttpRequest("GET", GET, f"{query}&refreshNow={int(refreshes)}", headers, b""))
        asked = [call.operation for call in self.fake.calls[before:]]
        value = json.loads(answer.body)["SecretString"] if answer.status == 200 else None
        found, expected = self.model.read(name, version_id, label, refreshes, self.now())
        assert (value, asked) == (self.model.values.get(found), expected)


@pytest.mark.slow
@given(keys=KEYS, steps=st.lists(STEPS, min_size=10, max_size=40), size=st.sampled_from([1, 2, 1000]))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_read_gives_what_a_naive_model_of_the_agent_gives(secretsmanager, keys, steps, size):
    frozen = freezegun.freeze_time("2026-01-01", ignore=["hypothesis", "_pytest"])
    with frozen as clock, mock_stages({}) as fake_secrets:
        history = History(fake_secrets, clock, size)
        for name, *arguments in steps:
            if name == "wait":
                clock.tick(*arguments)
            elif name == "read":
                index, refreshes = arguments
                history.read(*keys[index % len(keys)], refreshes)
            else:
                getattr(history, name)(secretsmanager, *arguments)
