"""The ledger keeps the latest calls, and counts the older ones."""

import boto3
import pytest
from rotators import Rotator

from fake_secrets import RotationNotOpenError, mock_stages
from fake_secrets.service.state import model


@pytest.fixture
def client():
    return boto3.client("secretsmanager", region_name="us-east-1")


@pytest.fixture
def short_memory(monkeypatch):
    """A world that keeps ten of everything."""
    for module in ("observe.ledger", "service.state.events", "rotation.registry"):
        monkeypatch.setattr(f"fake_secrets.{module}.KEPT", 10)
    monkeypatch.setattr(model, "_KEPT_REMOVED", 2)
    with mock_stages({"db": "0"}) as fake_secrets:
        yield fake_secrets


class TestBeyondWhatIsKept:
    def test_the_latest_calls_are_kept_and_older_ones_are_counted(self, short_memory, client):
        for _ in range(24):
            client.list_secrets()
        client.describe_secret(SecretId="db")
        assert [call.operation for call in short_memory.calls] == ["ListSecrets"] * 9 + ["DescribeSecret"]
        # The seed is one of the dropped entries.
        assert short_memory.dropped_calls == 16

    def test_the_timeline_says_that_it_is_not_whole(self, short_memory, client):
        for number in range(12):
            client.put_secret_value(SecretId="db", SecretString=f"{number}")
        timeline = short_memory.timeline("db")
        assert not timeline.is_whole
        assert str(timeline).startswith(
            "staging labels of db (the oldest calls are no longer kept, 2 versions without a\nlabel left out)\n"
        )

    def test_the_timeline_shows_the_latest_versions(self, short_memory, client):
        for number in range(12):
            client.put_secret_value(SecretId="db", SecretString=f"{number}")
        timeline = short_memory.timeline("db")
        current = client.describe_secret(SecretId="db")["VersionIdsToStages"]
        assert {"AWSPREVIOUS", "AWSCURRENT"} == {
            label
            for version, labels in zip(timeline.version_ids, timeline.moments[-1].stages, strict=True)
            for label in labels
            if version in current
        }

    def test_the_latest_events_are_kept_and_older_ones_are_counted(self, short_memory, client):
        for number in range(25):
            client.put_secret_value(SecretId="db", SecretString=f"{number}")
        trail = short_memory.trail
        assert (len(trail), trail.dropped, len(trail.events)) == (10, 15, 10)
        assert len({event["id"] for event in trail.events}) == 10

    def test_subscribers_get_every_event(self, short_memory, client):
        versions = []
        short_memory.on_event(lambda event: versions.append(event["detail"]["versionId"]))
        put = [client.put_secret_value(SecretId="db", SecretString=f"{number}") for number in range(25)]
        assert versions == [answer["VersionId"] for answer in put]

    def test_the_latest_rotations_are_kept(self, short_memory, client):
        first = short_memory.rotate("db", Rotator(client))
        for _ in range(10):
            short_memory.rotate("db")
        assert len(short_memory.rotations) == 10
        with pytest.raises(RotationNotOpenError, match="has started very many rotations since"):
            first.retry()


def test_a_few_calls_are_all_kept(fake_secrets, secretsmanager):
    fake_secrets.add("db", "x")
    secretsmanager.put_secret_value(SecretId="db", SecretString="y")
    assert (fake_secrets.dropped_calls, fake_secrets.trail.dropped) == (0, 0)
    assert fake_secrets.timeline("db").is_whole
