"""`mock_stages` opens a world for a test; `current` returns the handle of the active one."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar, get_overloads, overload

from fake_secrets.activation.call_forms import MockStages
from fake_secrets.environment import is_inherited
from fake_secrets.errors import NoActiveWorldError
from fake_secrets.observe.reminders import Reminder
from fake_secrets.options import CLASS_DECORATOR, DEFAULTS, OPTIONS, RotationErrors, RotationMode
from fake_secrets.suggestions import unknown_argument
from fake_secrets.world import stack
from fake_secrets.world.handle import FakeSecrets

if TYPE_CHECKING:
    from fake_secrets.iam.loading import GivenPolicies

__all__ = ["current", "mock_stages"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


Target = TypeVar("Target", bound=Callable[..., Any])


class _NotGiven:
    """Marks an argument that was left out, as opposed to one that equals its default."""

    def __repr__(self) -> str:
        return "<default>"


_NOT_GIVEN: Any = _NotGiven()

_NEVER_ENTERED = (
    "mock_stages was never entered, so it opened no world. Use it in a `with` statement, as a decorator, or call "
    "start() on it."
)


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
    identity_policy: GivenPolicies | None = ...,
    random_seed: int | None = ...,
) -> MockStages: ...
def mock_stages(
    secrets: Any = _NOT_GIVEN,
    *,
    region: Any = _NOT_GIVEN,
    account_id: Any = _NOT_GIVEN,
    rotation: Any = _NOT_GIVEN,
    rotation_errors: Any = _NOT_GIVEN,
    identity_policy: Any = _NOT_GIVEN,
    random_seed: Any = _NOT_GIVEN,
    _lane: Any = _NOT_GIVEN,
    **unknown: Any,
) -> Any:
    """Answer every AWS Secrets Manager call of this process from a fake.

    `mock_stages` opens a world: a fake Secrets Manager with its own secrets, rotations and record of
    calls. A world is active from the moment it is entered until it is left. While a world is active,
    it answers the Secrets Manager calls of every client in every thread of the process.

    There are three ways to open a world:

    - as a decorator, with or without arguments, on a function, coroutine function, generator
      function, asynchronous generator function or class;
    - as a context manager: ``with mock_stages() as fake_secrets`` or ``async with``;
    - with the methods `start` and `stop`.

    Under pytest, a decorated test's world opens before the test's fixtures run. On a
    `unittest.TestCase`, the decorator opens a world for each test, under any runner; the world covers
    setUp, tearDown and cleanups. On any other class, the decorator works under pytest only.

    Worlds can be nested, and the innermost one answers. Without arguments, `mock_stages` joins the
    innermost active world, or opens one if none is active. With any argument it opens a new world,
    which hides the outer one until it is left. If the same `mock_stages` object is entered again
    while its own world is active, it joins that world.

    Args:
        secrets: the secrets that the world starts with, as a mapping from secret name to value. A
            str becomes a SecretString, bytes become a SecretBinary, and a dict becomes a JSON
            SecretString. A dict with the key AWSCURRENT, AWSPENDING or AWSPREVIOUS maps staging
            labels to values instead. None makes a secret without a value.
        region: the region of these secrets, and the default region of clients. By default the region
            that `boto3.setup_default_session` was called with before, else AWS_DEFAULT_REGION or
            AWS_REGION from the environment, else us-east-1.
        account_id: the account that owns the secrets, a str of twelve digits. By default
            123456789012.
        rotation: "inline" (the default) runs a rotation before RotateSecret returns. With "manual",
            RotateSecret only begins the rotation, and the test runs each step with `Rotation.step`.
        rotation_errors: with "raise" (the default), the call that started a rotation raises the
            exception of the rotation function. With "record", the exception is only recorded in
            `FakeSecrets.rotations`, and the call succeeds as on AWS.
        identity_policy: what the callers of clients without credentials of their own may do: an IAM policy as a
            dict, JSON text or the path of a JSON file, what was read out of a template, or a list of these. Their
            caller is then the user ``fake-secrets`` of the world's account, and no longer its root. By default
            they may do everything that no resource policy denies.
        random_seed: an int that makes ids, ARN suffixes, automatic tokens and passwords the same in
            every run. By default they are unpredictable.

    Returns:
        The decorated function or class, if `mock_stages` is used as a decorator without parentheses.
        Otherwise an object that is both a decorator and a context manager. Entering it returns the
        world's handle, a `FakeSecrets`. If it is dropped without being used, a `FakeSecretsWarning`
        tells so.

    Raises:
        TypeError: if the decorated object is a pytest fixture or can't be called. The arguments are
            checked when the world is entered. If one is wrong, entering raises `SeedError`, `PolicyError`,
            TypeError or ValueError, and leaves the process as it was.
    """
    if unknown:
        raise TypeError(unknown_argument("mock_stages", next(iter(unknown)), OPTIONS))
    given = {
        "secrets": secrets,
        "region": region,
        "account_id": account_id,
        "rotation": rotation,
        "rotation_errors": rotation_errors,
        "identity_policy": identity_policy,
        "random_seed": random_seed,
        "_lane": _lane,
    }
    options = {name: value for name, value in given.items() if value is not _NOT_GIVEN}
    is_decorated = set(options) == {"secrets"} and not _is_seed(secrets)
    mocked = MockStages({} if is_decorated else options, Reminder(_NEVER_ENTERED))
    return mocked(secrets) if is_decorated else mocked


def _signature() -> inspect.Signature:
    """Return the signature for `help` and IDEs: the types of the overload, with the real defaults."""
    *_, configuring = get_overloads(mock_stages)
    parameters = inspect.signature(configuring).parameters
    return inspect.Signature([parameters[name].replace(default=default) for name, default in DEFAULTS.items()])


mock_stages.__signature__ = _signature()  # type: ignore[attr-defined]  # inspect reads it


def current() -> FakeSecrets:
    """Return the handle of the innermost active world.

    Use it in code that can't be given the handle as an argument, such as a rotation function.

    Raises:
        NoActiveWorldError: if no world is active.
    """
    entry = stack.innermost_entry()
    if entry is None:
        msg = (
            "no fake_secrets world is active. Decorate the test with @mock_stages, use `with mock_stages():`, "
            "or use the fixture `fake_secrets`."
        )
        name = _decorated_class(sys._getframe(1))
        if name is not None:
            msg += (
                f"\n{name} is decorated, but outside of pytest only a unittest.TestCase opens a world for each of "
                "its tests."
            )
        if is_inherited():
            msg += "\nThis process was started inside a world of another process, which doesn't reach it."
        raise NoActiveWorldError(msg)
    return entry.opened.handle


def _decorated_class(frame: FrameType | None) -> str | None:
    """Return the name of the decorated plain class whose method is running, or None."""
    import unittest  # noqa: PLC0415 -- takes longer than our own modules that a test without a TestCase needs

    while frame is not None:
        first = frame.f_code.co_varnames[:1]
        of_self = type(frame.f_locals.get(first[0])) if first else object
        if hasattr(of_self, CLASS_DECORATOR) and not issubclass(of_self, unittest.TestCase):
            return of_self.__qualname__
        frame = frame.f_back
    return None


def _is_seed(value: object) -> bool:
    return value is None or isinstance(value, Mapping)
