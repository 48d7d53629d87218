"""Behaviour of a world that no single operation shows."""

import threading

import boto3
import pytest

from fake_secrets import mock_stages


def test_calls_from_many_threads_lose_nothing(fake_secrets):
    fake_secrets.add("a", "0")
    fake_secrets.quotas.versions = 401
    client = boto3.client("secretsmanager")
    barrier = threading.Barrier(8)

    def work(number):
        barrier.wait(10)
        for turn in range(50):
            client.put_secret_value(SecretId="a", SecretString=f"{number}.{turn}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    secret = fake_secrets["a"]
    assert len(secret.versions) == 401
    assert secret.stages == {
        "AWSCURRENT": secret.versions[-1].id,
        "AWSPREVIOUS": secret.versions[-2].id,
    }
    assert len(fake_secrets.calls) == 400


def test_the_lock_is_not_held_while_a_rotation_function_runs(fake_secrets, secretsmanager):
    fake_secrets.add("a", "x")
    served = []

    def handler(event, context):
        thread = threading.Thread(target=lambda: served.append(secretsmanager.get_secret_value(SecretId="a")))
        thread.start()
        thread.join(10)

    fake_secrets.rotate("a", handler)
    assert len(served) == 4


def test_request_ids_are_numbered_in_the_order_of_calls(fake_secrets, secretsmanager):
    ids = [secretsmanager.get_random_password()["ResponseMetadata"]["RequestId"] for _ in range(2)]
    assert ids == ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"]


def test_seeds_are_planted_at_the_first_call(freezer_at_noon):
    with mock_stages({"a": "x"}):
        freezer_at_noon.tick(10)
        client = boto3.client("secretsmanager")
        assert client.describe_secret(SecretId="a")["CreatedDate"].second == 10


@pytest.mark.parametrize("name", ["FakeSecrets", "mock_stages", "current", "SeedError", "__version__"])
def test_public_names_are_importable_from_the_package(name):
    import fake_secrets

    assert getattr(fake_secrets, name) is not None
    assert name in dir(fake_secrets)


def test_an_unknown_name_is_an_attribute_error():
    import fake_secrets

    with pytest.raises(AttributeError, match="has no attribute 'mock_stage'"):
        fake_secrets.mock_stage  # noqa: B018
