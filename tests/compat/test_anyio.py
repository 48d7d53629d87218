"""anyio's pytest plugin runs decorated and marked coroutine functions in their world."""

import pytest

pytest.importorskip("anyio")

TESTS = """
import boto3
import pytest
from fake_secrets import current, mock_stages

pytestmark = pytest.mark.anyio
SEED = {"a": "x"}

@pytest.fixture
async def around():
    before = current()["a"].value()
    yield before
    assert current()["a"].value() == before

def value():
    client = boto3.client("secretsmanager", region_name="us-east-1")
    return client.get_secret_value(SecretId="a")["SecretString"]

@mock_stages(SEED)
async def test_decorated(around):
    assert value() == around == "x"

@pytest.mark.fake_secrets(SEED)
async def test_marked(around, fake_secrets):
    assert value() == fake_secrets["a"].value() == "x"

@mock_stages(SEED)
class TestClass:
    async def test_method(self, around):
        assert value() == around == "x"

async def test_inside():
    async with mock_stages(SEED):
        assert value() == "x"
"""


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_coroutine_functions_run_in_their_world(pytester, backend):
    pytest.importorskip(backend)
    pytester.makepyfile(TESTS)
    pytester.makeconftest(f"import pytest\n@pytest.fixture\ndef anyio_backend():\n    return {backend!r}\n")
    ran = pytester.runpytest_subprocess("-p", "no:asyncio", "-p", "no:randomly", "-W", "error")
    ran.assert_outcomes(passed=4)
