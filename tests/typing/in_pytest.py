"""`mock_stages`, fixtures and marker as tests use them. It's type-checked, and never run."""

from collections.abc import AsyncIterator, Iterator
from typing import assert_type

import botocore.client
import pytest

import fake_secrets.plugin
from fake_secrets import FakeSecrets, current, mock_stages

pytestmark = pytest.mark.fake_secrets({"a": "x"}, region="eu-west-3")


@pytest.fixture
def world() -> Iterator[FakeSecrets]:
    with mock_stages({"a": "x"}) as fake:
        yield fake


@pytest.fixture(scope="module")
@mock_stages({"a": "x"})
def decorated_world() -> Iterator[FakeSecrets]:
    fake = current()
    yield fake
    fake.reset()


@pytest.fixture
@mock_stages
def returning(world: FakeSecrets) -> str:
    return world["a"].arn


@pytest.fixture
@mock_stages({"a": "x"})
async def asynchronous() -> AsyncIterator[FakeSecrets]:
    fake = current()
    yield fake
    fake.reset()


@mock_stages({"a": "x"})
def test_fixtures(fake_secrets: FakeSecrets, secretsmanager: botocore.client.BaseClient) -> None:
    assert_type(fake_secrets["a"].arn, str)
    assert_type(secretsmanager.meta.region_name, str)


@pytest.mark.parametrize(
    "number", [1, pytest.param(2, marks=pytest.mark.fake_secrets({"b": "x"}, rotation_errors="record"))]
)
@mock_stages
def test_parametrised(number: int) -> None: ...


@pytest.mark.parametrize("number", [1])
@mock_stages({"a": "x"})
async def test_coroutine(number: int) -> None: ...


@mock_stages({"a": "x"})
class TestSuite:
    @pytest.mark.fake_secrets({"b": "x"})
    def test(self, fake_secrets: FakeSecrets) -> None: ...


marker: str = fake_secrets.plugin.MARKER
