"""Explains failures of Secrets Manager calls that were made outside of every world, by notes on their exceptions.

Nothing watches the calls: the explanation is read off the traceback of a test that has failed. Copies of botocore
have exceptions of their own, so that classes are known by their names.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from fake_secrets.environment import (
    ENDPOINT_VARIABLE,
    FAKE_ACCESS_KEY_ID,
    default_region,
    endpoint_of,
    has_stray_fakes,
)
from fake_secrets.errors import OPEN_A_WORLD, annotate, refusal_in
from fake_secrets.plugin.items import MARKER, misspelt_markers
from fake_secrets.plugin.regions import REGION
from fake_secrets.plugin.returning import returned_fixtures

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType, TracebackType

__all__ = ["Explaining", "explain"]

_SERVICE = "secretsmanager"

# What a call fails with on its way to AWS, by the names of botocore's exceptions and of their base classes.
_ON_THE_WAY = frozenset(
    {
        "CredentialRetrievalError",
        "HTTPClientError",
        "LoginError",
        "NoAuthTokenError",
        "NoCredentialsError",
        "PartialCredentialsError",
        "SSOError",
        "TokenRetrievalError",
    }
)

# What AWS answers to credentials that aren't valid there.
_REFUSED_KEYS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    }
)

# What fake_secrets itself raises because no world is active.
_OURS = frozenset({"NoActiveWorldError", "OutsideWorldError"})

# The modules that wrap a call outside of worlds, too.
_OF_THE_GUARD = frozenset({"fake_secrets.hook.guard", "fake_secrets.hook.seams"})

# The functions of boto3, botocore and aiobotocore that make clients.
_MAKERS = frozenset({"_create_client", "client", "create_client"})


class Explaining:
    """The hooks that explain failures. They cost a passing test nothing but their call."""

    @pytest.hookimpl
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Explain the failure of a test, or of its set-up or tear-down."""
        if call.excinfo is not None:
            explain(call.excinfo.value, returned_fixtures(item))
            for name in misspelt_markers(item):
                annotate(
                    call.excinfo.value,
                    f"fake_secrets: nobody reads the marker {name!r}. Did you mean @pytest.mark.{MARKER}?",
                )

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Iterator[None]:
        """Explain the failure of an import."""
        report: Any = yield
        # pytest has made its text of the exception already. Only a call keeps the exception.
        excinfo = getattr(getattr(report, "call", None), "excinfo", None)
        if report.failed and excinfo is not None and explain(excinfo.value):
            report.longrepr = collector.repr_failure(excinfo)
        return report  # type: ignore[no-any-return]


def explain(error: BaseException, returned: Sequence[str] = ()) -> bool:
    """Add a note to each exception of a chain or group that a call outside of every world has raised.

    Args:
        error: the exception that a test has failed with.
        returned: the names of the test's decorated fixtures that have returned, so that their worlds are over.

    Returns:
        Whether a note was added.
    """
    is_explained = False
    for one in _with_its_causes(error):
        note = _explanation(one, returned)
        if note is not None:
            annotate(one, f"fake_secrets: {note}")
            is_explained = True
    return is_explained


def _with_its_causes(error: BaseException) -> Iterator[BaseException]:
    waiting, seen = [error], set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [cause for cause in (one.__cause__, one.__context__) if cause is not None]
        waiting += getattr(one, "exceptions", ()) if isinstance(one, BaseExceptionGroup) else ()


def _explanation(error: BaseException, returned: Sequence[str]) -> str | None:
    """Return what to say about one exception, or None."""
    if isinstance(error, KeyError) and error.args == (ENDPOINT_VARIABLE,) and _is_of_os(error.__traceback__):
        return _no_endpoint()
    names = {base.__name__ for base in type(error).__mro__}
    client, operation = _call(error.__traceback__)
    if "OutsideWorldError" in names and _has_fake_key(client):
        return _of_a_closed_world(operation)
    if names & _OURS:
        return _of_returned_fixtures(returned) if returned else None
    if _has_reached_a_world(error.__traceback__):
        return None
    if client is not None and _is_for_want_of_a_world(error, names):
        return (
            _of_a_closed_world(operation) if _has_fake_key(client) else _of_a_forgotten_world(operation, returned)
        )
    return _of_a_client(error, names) if _is_made(error.__traceback__) else None


def _is_for_want_of_a_world(error: BaseException, names: set[str]) -> bool:
    """Return whether a call has failed with what would not happen in a world."""
    return bool(names & _ON_THE_WAY) or _is_network_error(error, names) or _is_refusal_of_keys(error, names)


def _of_a_client(error: BaseException, names: set[str]) -> str | None:
    """Return what to say about an exception of the making of a client, or None."""
    if "NoRegionError" in names:
        return _no_region()
    if "ProfileNotFound" in names:
        return _no_profile(error)
    return f"no world was active when this client was made. {OPEN_A_WORLD}" if names & _ON_THE_WAY else None


def _of_a_forgotten_world(operation: str, returned: Sequence[str]) -> str:
    advice = _of_returned_fixtures(returned) if returned else OPEN_A_WORLD
    return f"no world was active when {operation} was called, so the fake didn't answer it. {advice}"


def _of_returned_fixtures(names: Sequence[str]) -> str:
    # The first one is enough to show what to change in the others.
    return (
        f"The world of the fixture {names[0]!r} ended when the fixture returned. Use `yield` in the fixture, so "
        "that its world stays open during the test."
    )


def _of_a_closed_world(operation: str) -> str:
    # The test calls with the environment's credentials then, whatever else it has from that world.
    if has_stray_fakes():
        return (
            f"{operation} was called with the fake credentials of a world that is over, which the environment "
            "keeps: what was entered in the world, such as a mock of moto or of os.environ, was left after it and "
            "has put them back. Leave first what was entered last."
        )
    return (
        f"{operation} was called on a client of a world that is over: it has that world's fake credentials. Use "
        "the client while the world is open: inside the `with` block, or in a fixture that yields it instead of "
        "returning it."
    )


def _no_region() -> str:
    if os.environ.get("AWS_REGION"):
        return "botocore doesn't read AWS_REGION for the region of a client. Set AWS_DEFAULT_REGION too."
    return (
        "no world was active when this client was made, so nothing gave it a region. Make it inside a test's "
        f"world. If a module makes it on import, set the ini option {REGION}, for example {REGION} = us-east-1."
    )


def _no_endpoint() -> str:
    return (
        f"only an active world sets {ENDPOINT_VARIABLE}, which AWS's rotation templates read. Call the function "
        "inside a test's world. If a module reads the variable on import, set it in conftest.py: "
        f'os.environ.setdefault("{ENDPOINT_VARIABLE}", "{endpoint_of(default_region())}")'
    )


def _no_profile(error: BaseException) -> str | None:
    """Explain why a profile isn't found. A world hides the environment's; one that code names stays missing."""
    profile = getattr(error, "kwargs", {}).get("profile")
    if profile is None or profile not in (os.environ.get("AWS_PROFILE"), os.environ.get("AWS_DEFAULT_PROFILE")):
        return None
    return f"no world was active when this client was made. A world hides the profile {profile!r}. {OPEN_A_WORLD}"


def _is_network_error(error: BaseException, names: set[str]) -> bool:
    """Return whether no connection could be made, or a plug-in such as pytest-socket has blocked it."""
    is_botocores = any(base.__module__.endswith("botocore.exceptions") for base in type(error).__mro__)
    return (is_botocores and "ConnectionError" in names) or not names.isdisjoint(
        {"SocketBlockedError", "SocketConnectBlockedError"}
    )


def _is_refusal_of_keys(error: BaseException, names: set[str]) -> bool:
    """Return whether AWS itself has refused the credentials. The answers of a Stubber have no request id."""
    if "ClientError" not in names or refusal_in(error).get("Code") not in _REFUSED_KEYS:
        return False
    metadata = vars(error)["response"].get("ResponseMetadata")
    return isinstance(metadata, dict) and bool(metadata.get("RequestId"))


def _call(traceback: TracebackType | None) -> tuple[Any, str]:
    """Return the client and operation of the innermost call to Secrets Manager, or None and an empty string."""
    found: tuple[Any, str] = (None, "")
    for frame in _frames(traceback):
        if frame.f_code.co_name == "_make_api_call" and _is_botocores(_module(frame)):
            client = frame.f_locals.get("self")
            model = getattr(getattr(client, "meta", None), "service_model", None)
            if getattr(model, "service_name", None) == _SERVICE:
                found = client, str(frame.f_locals.get("operation_name"))
    return found


def _has_reached_a_world(traceback: TracebackType | None) -> bool:
    """Return whether a world took part in what failed. Our hook is in the traceback then, apart from the guard."""
    modules = {_module(frame) for frame in _frames(traceback)} - _OF_THE_GUARD
    return any(module.startswith("fake_secrets.hook") for module in modules)


def _is_of_os(traceback: TracebackType | None) -> bool:
    """Return whether the module `os` has raised an exception, as for a variable that isn't set."""
    modules = [_module(frame) for frame in _frames(traceback)]
    return modules[-1:] == ["os"]


def _is_made(traceback: TracebackType | None) -> bool:
    """Return whether a client for Secrets Manager was being made."""
    for frame in _frames(traceback):
        if frame.f_code.co_name in _MAKERS and _is_botocores(_module(frame)):
            arguments = frame.f_locals
            if _SERVICE in (arguments.get("service_name"), *arguments.get("args", ())[:1]):
                return True
    return False


def _frames(traceback: TracebackType | None) -> Iterator[FrameType]:
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _is_botocores(module: str) -> bool:
    return not {"aiobotocore", "boto3", "botocore"}.isdisjoint(module.split("."))


def _has_fake_key(client: Any) -> bool:
    """Return whether a client has the fake credentials of a world."""
    credentials = getattr(getattr(client, "_request_signer", None), "_credentials", None)
    # Reading the attribute would refresh credentials that can be, over the network.
    return getattr(credentials, "__dict__", {}).get("access_key") == FAKE_ACCESS_KEY_ID
