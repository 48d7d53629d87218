"""Every call form of `mock_stages`: what is decorated keeps its type. It's type-checked, and never run."""

import contextlib
import functools
import unittest
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from typing import Any, Generic, TypeVar, assert_type

from fake_secrets import FakeSecrets, current, mock_stages

Item = TypeVar("Item")

# Values of several types make an unannotated constant a dict[str, object].
SECRETS = {"text": "x", "bytes": b"x", "json": {"user": "app"}, "empty": None}


# Functions, bare and called.


@mock_stages
def bare(number: int, *, text: str = "") -> str:
    return text * number


@mock_stages()
def called(number: int, *, text: str = "") -> str:
    return text * number


@mock_stages(SECRETS)
def seeded(number: int, *, text: str = "") -> str:
    return text * number


@mock_stages(
    secrets=SECRETS,
    region="eu-west-3",
    account_id="210987654321",
    rotation="inline",
    rotation_errors="record",
    identity_policy="policies/app.json",
    random_seed=7,
)
def with_every_option(number: int, *, text: str = "") -> str:
    return text * number


@mock_stages(None, region=None, identity_policy=None, random_seed=None)
def with_none(number: int, *, text: str = "") -> str:
    return text * number


@mock_stages
def generic(items: list[Item]) -> Item:
    return items[0]


@mock_stages
def without_result() -> None: ...


def functions() -> None:
    assert_type(bare(1, text="x"), str)
    assert_type(called(number=1), str)
    assert_type(seeded(1), str)
    assert_type(with_every_option(1), str)
    assert_type(with_none(1), str)
    assert_type(generic([1]), int)
    assert_type(functools.partial(bare, 1)(), str)
    as_a_callback: Callable[[int], str] = seeded
    as_a_callback(1)
    without_result()


# Coroutine functions, generators and asynchronous generators.


@mock_stages
async def coroutine(number: int) -> str:
    return str(number)


@mock_stages({"a": "x"})
async def seeded_coroutine(number: int) -> str:
    return str(number)


@mock_stages
def iterator(number: int) -> Iterator[int]:
    yield number


@mock_stages({"a": "x"})
def generator(number: int) -> Generator[int, str, bytes]:
    yield number
    return b""


@mock_stages
async def async_iterator(number: int) -> AsyncIterator[int]:
    yield number


@mock_stages({"a": "x"})
async def async_generator(number: int) -> AsyncGenerator[int, str]:
    yield number


@contextlib.contextmanager
@mock_stages({"a": "x"})
def context(number: int) -> Generator[FakeSecrets]:
    yield current()


@contextlib.asynccontextmanager
@mock_stages({"a": "x"})
async def async_context(number: int) -> AsyncGenerator[FakeSecrets]:
    yield current()


async def kinds() -> None:
    assert_type(await coroutine(1), str)
    assert_type(await seeded_coroutine(number=1), str)
    assert_type(iterator(1), Iterator[int])
    assert_type(generator(1), Generator[int, str, bytes])
    assert_type(async_iterator(1), AsyncIterator[int])
    assert_type(async_generator(1), AsyncGenerator[int, str])
    with context(1) as fake:
        assert_type(fake, FakeSecrets)
    async with async_context(1) as fake:
        assert_type(fake, FakeSecrets)


# Methods.


class Helper:
    @mock_stages
    def method(self, number: int) -> str:
        return str(number)

    @mock_stages({"a": "x"})
    async def coroutine_method(self, number: int) -> str:
        return str(number)

    @staticmethod
    @mock_stages
    def static_below(number: int) -> str:
        return str(number)

    @mock_stages
    @staticmethod
    def static_above(number: int) -> str:
        return str(number)

    @mock_stages({"a": "x"})
    @staticmethod
    def static_above_called(number: int) -> str:
        return str(number)

    @classmethod
    @mock_stages
    def class_below(cls, number: int) -> str:
        return str(number)

    @mock_stages
    @classmethod
    def class_above(cls, number: int) -> str:
        return str(number)

    @mock_stages({"a": "x"})
    @classmethod
    def class_above_called(cls, number: int) -> str:
        return str(number)

    @property
    @mock_stages
    def attribute(self) -> str:
        return ""


async def methods() -> None:
    helper = Helper()
    assert_type(helper.method(1), str)
    assert_type(await helper.coroutine_method(number=1), str)
    assert_type(Helper.static_below(1), str)
    assert_type(helper.static_below(1), str)
    assert_type(Helper.static_above(1), str)
    assert_type(Helper.static_above_called(1), str)
    assert_type(Helper.class_below(1), str)
    assert_type(helper.class_below(1), str)
    assert_type(Helper.class_above(1), str)
    assert_type(helper.class_above(1), str)
    assert_type(Helper.class_above_called(number=1), str)
    assert_type(helper.attribute, str)


# Classes.


@mock_stages
class BareSuite:
    def __init__(self, number: int) -> None:
        self.number = number

    def test(self) -> str:
        return ""


@mock_stages(SECRETS, region="eu-west-3")
class SeededSuite(BareSuite):
    pass


@mock_stages
class GenericSuite(Generic[Item]):
    def __init__(self, item: Item) -> None:
        self.item = item


@mock_stages({"a": "x"})
class TestCaseSuite(unittest.TestCase):
    attribute = 1

    def setUp(self) -> None:
        assert_type(self.enterContext(mock_stages()), FakeSecrets)

    @classmethod
    def setUpClass(cls) -> None:
        assert_type(cls.enterClassContext(mock_stages({"a": "x"})), FakeSecrets)
        unittest.enterModuleContext(mock_stages())

    @mock_stages
    def test(self) -> None: ...


@mock_stages
class AsyncTestCaseSuite(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        assert_type(await self.enterAsyncContext(mock_stages()), FakeSecrets)

    async def test(self) -> None: ...


def classes(given: BareSuite) -> None:
    assert_type(given.test(), str)
    assert_type(BareSuite(1), BareSuite)
    assert_type(SeededSuite(number=1).number, int)
    assert_type(GenericSuite("x").item, str)
    assert_type(TestCaseSuite("test").attribute, int)
    assert_type(TestCaseSuite("test").test(), None)
    assert_type(AsyncTestCaseSuite("test"), AsyncTestCaseSuite)
    as_a_class: type[BareSuite] = SeededSuite
    as_a_class(1)


# Context managers.


def with_block() -> str:
    with mock_stages(SECRETS, rotation_errors="raise") as fake, mock_stages() as inner:
        assert_type(fake, FakeSecrets)
        assert_type(inner, FakeSecrets)
        # A checker that took it for one that swallows exceptions would miss a `return` below.
        return fake.region


async def async_with_block() -> str:
    async with mock_stages(SECRETS) as fake:
        assert_type(fake, FakeSecrets)
        return fake.region


async def stacks() -> None:
    with contextlib.ExitStack() as stack:
        assert_type(stack.enter_context(mock_stages(SECRETS)), FakeSecrets)
    async with contextlib.AsyncExitStack() as async_stack:
        assert_type(async_stack.enter_context(mock_stages()), FakeSecrets)
        assert_type(await async_stack.enter_async_context(mock_stages()), FakeSecrets)


def start_and_stop() -> None:
    world = mock_stages(SECRETS)
    assert_type(world.start(), FakeSecrets)
    world.stop()
    with world as fake:
        assert_type(fake, FakeSecrets)

    @world
    def decorated(number: int) -> str:
        return str(number)

    assert_type(decorated(1), str)


def as_any_context_manager() -> contextlib.AbstractContextManager[FakeSecrets, None]:
    return mock_stages(SECRETS)


def as_any_async_context_manager() -> contextlib.AbstractAsyncContextManager[FakeSecrets, None]:
    return mock_stages()


def as_any_decorator() -> Callable[[Callable[[int], str]], Callable[[int], str]]:
    return mock_stages(SECRETS)


def of_options(secrets: dict[str, str] | None, options: dict[str, Any]) -> None:
    assert_type(mock_stages(secrets).start(), FakeSecrets)
    assert_type(mock_stages(**options).start(), FakeSecrets)
    assert_type(current(), FakeSecrets)
