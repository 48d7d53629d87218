"""`mock_stages` and its call forms."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar, overload

from fake_secrets import stack
from fake_secrets.activation import Activation, OwnWorld
from fake_secrets.errors import NoActiveWorldError
from fake_secrets.handle import FakeSecrets
from fake_secrets.options import RotationErrors, RotationMode

__all__ = ["MockStages", "current", "mock_stages"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


Target = TypeVar("Target", bound=Callable[..., Any])


class _NotGiven:
    """Tells an argument that was left out from one that equals its default."""

    def __repr__(self) -> str:
        return "<default>"


_NOT_GIVEN: Any = _NotGiven()


class MockStages:
    """A configured `mock_stages`: a decorator and a context manager, synchronous and asynchronous.

    Args:
        options: the arguments that were given, by name; none makes it bare.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = dict(options)
        self._own_world = OwnWorld()
        self._entered: list[tuple[int, Activation]] = []

    def __enter__(self) -> FakeSecrets:
        """Activate a world, and return its handle.

        Raises:
            SeedError, TypeError, ValueError: an argument is wrong; nothing was changed then.
        """
        activation = self.active()
        handle = activation.__enter__()
        self._entered.append((threading.get_ident(), activation))
        return handle

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the world; what was changed is then as it was."""
        thread = threading.get_ident()
        mine = [position for position, (entered_by, _) in enumerate(self._entered) if entered_by == thread]
        _, activation = self._entered.pop(mine[-1] if mine else -1)
        activation.__exit__(kind, error, traceback)

    async def __aenter__(self) -> FakeSecrets:
        """Activate a world, as a plain `with` does."""
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the world, as a plain `with` does."""
        self.__exit__(kind, error, traceback)

    def start(self) -> FakeSecrets:
        """Activate a world until `stop`, and return its handle; `with` does the same.

        Raises:
            SeedError, TypeError, ValueError: an argument is wrong; nothing was changed then.
        """
        return self.__enter__()

    def stop(self) -> None:
        """Leave the world that `start` has activated.

        Raises:
            NoActiveWorldError: there is no world of this object to leave.
        """
        if not self._entered:
            msg = "stop() of a mock_stages that isn't active: call start() first, on the same object"
            raise NoActiveWorldError(msg)
        self.__exit__(None, None, None)

    def __call__(self, target: Target) -> Target:
        """Decorate a function of any kind, which then runs in a world, or a class of tests.

        Raises:
            TypeError: for a fixture, or what can't be called.
        """
        # It imports wrapt, which takes as long as all the rest of us.
        from fake_secrets.decoration import decorate  # noqa: PLC0415

        return decorate(target, self)

    def active(self, options: Mapping[str, Any] | None = None) -> Activation:
        """Return what activates a world for the length of a `with` block.

        Args:
            options: instead of this object's own; the pytest plugin merges markers into them.
        """
        return Activation(self._own_world, self.options if options is None else options)


@overload
def mock_stages(target: Target, /) -> Target: ...
@overload
def mock_stages(
    secrets: Mapping[str, Any] | None = ...,
    *,
    region: str | None = ...,
    account_id: str = ...,
    rotation: RotationMode = ...,
    rotation_errors: RotationErrors = ...,
    random_seed: int | None = ...,
) -> MockStages: ...
def mock_stages(
    secrets: Any = _NOT_GIVEN,
    *,
    region: Any = _NOT_GIVEN,
    account_id: Any = _NOT_GIVEN,
    rotation: Any = _NOT_GIVEN,
    rotation_errors: Any = _NOT_GIVEN,
    random_seed: Any = _NOT_GIVEN,
    _lane: Any = _NOT_GIVEN,
) -> Any:
    """Serve every AWS Secrets Manager call of this process from a fake.

    As a decorator, bare or called, for functions, coroutine functions, generators and classes;
    as a context manager (`with` or `async with mock_stages() as fake_secrets`); by `start()` and
    `stop()`. Without any argument it joins the innermost active
    world or opens one; any argument opens a world that shadows the outer one, except that an
    object whose own world is open joins that. Worlds are process-wide: threads that a test
    starts are served too.

    Args:
        secrets: what the world starts with, secret name to value. A dict with a key among
            AWSCURRENT, AWSPENDING and AWSPREVIOUS maps labels to values, any other dict is a
            JSON SecretString; a str is a SecretString, bytes are a SecretBinary, None is a
            secret without a value.
        region: the region of seeds, and of clients that name none; by default
            AWS_DEFAULT_REGION or AWS_REGION where set, else us-east-1.
        account_id: the account, twelve digits, by default 123456789012.
        rotation: "inline" (the default): RotateSecret returns when the rotation function has run.
            "manual": it only begins; the test runs it with `Rotation.step`.
        rotation_errors: "raise" (the default): what a rotation function raises comes out of
            the call that asked for the rotation. "record": it is kept in `rotations`, as on AWS.
        random_seed: a whole number that makes ids, ARN suffixes, automatic tokens and passwords
            the same each time; by default they can't be foretold.

    Returns:
        The decorated function or class, or a decorator and context manager.

    Raises:
        TypeError: it decorates what it can't. Other arguments are checked on entry: SeedError,
            TypeError or ValueError then, and nothing is changed.
    """
    given = {
        "secrets": secrets,
        "region": region,
        "account_id": account_id,
        "rotation": rotation,
        "rotation_errors": rotation_errors,
        "random_seed": random_seed,
        "_lane": _lane,
    }
    options = {name: value for name, value in given.items() if value is not _NOT_GIVEN}
    is_decorated = set(options) == {"secrets"} and not _is_seed(secrets)
    return MockStages({})(secrets) if is_decorated else MockStages(options)


def current() -> FakeSecrets:
    """Return the handle of the innermost active world.

    Raises:
        NoActiveWorldError: none is active.
    """
    entry = stack.innermost_entry()
    if entry is None:
        msg = (
            "no world of fake_secrets is active. Open one: decorate the test with @mock_stages, use "
            "`with mock_stages():`, or ask for the fixture `fake_secrets`."
        )
        raise NoActiveWorldError(msg)
    return entry.opened.handle


def _is_seed(value: object) -> bool:
    return value is None or isinstance(value, Mapping)
