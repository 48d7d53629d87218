"""`mock_stages` and `current`: how a test opens a world, and finds the active one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, overload

from fake_secrets.activation.call_forms import MockStages
from fake_secrets.errors import NoActiveWorldError
from fake_secrets.options import DEFAULTS, RotationErrors, RotationMode
from fake_secrets.world import stack
from fake_secrets.world.handle import FakeSecrets

__all__ = ["current", "mock_stages"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


Target = TypeVar("Target", bound=Callable[..., Any])


class _NotGiven:
    """Tells an argument that was left out from one that equals its default."""

    def __repr__(self) -> str:
        return "<default>"


_NOT_GIVEN: Any = _NotGiven()


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


def _signature() -> inspect.Signature:
    """Return the signature that `help` and IDEs show: real defaults, no private argument."""
    shown = inspect.signature(mock_stages).parameters.values()
    parameters = [
        parameter.replace(default=DEFAULTS[parameter.name]) for parameter in shown if parameter.name in DEFAULTS
    ]
    return inspect.Signature(parameters)


mock_stages.__signature__ = _signature()  # type: ignore[attr-defined]  # functions take it


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
