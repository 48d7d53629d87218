"""The token that a helper asks for in a header, so that a request forged by a web page gets nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from fake_secrets.server.heads import Headers
from fake_secrets.server.messages import HttpRequest

__all__ = ["TOKEN_HEADER", "token_from", "token_in"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

TOKEN_HEADER = "X-Aws-Parameters-Secrets-Token"  # noqa: S105 -- not a secret

_FILE = "file://"


def token_in(request: HttpRequest, header: str) -> str | None:
    """Return the token in a header of a request. Of several such headers, the first counts."""
    headers = request.headers
    return headers.first(header) if isinstance(headers, Headers) else headers.get(header)


def token_from(environment: Mapping[str, str], variables: Sequence[str]) -> str:
    """Return the token that the environment has when a helper starts.

    Args:
        environment: the variables.
        variables: those that may have the token. The first one that is set counts, even if it is empty. A value
            ``file://PATH`` stands for what the file contains, without spaces around it.

    Raises:
        ValueError: if none is set, or if the file can't be read. The agent doesn't start then, either.
    """
    found = next((name for name in variables if name in environment), None)
    if found is None:
        listed = "".join(f"\n- {name}" for name in variables)
        msg = f"the helper has no token, because none of these variables is set:{listed}"
        raise ValueError(msg)
    value = environment[found]
    if not value.startswith(_FILE):
        return value
    try:
        return Path(value.removeprefix(_FILE)).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        msg = (
            f"the helper has no token: {found} is {value!r}, and that file can't be read "
            f"({getattr(error, 'strerror', None) or type(error).__name__}). Write the token into the file before "
            f"the block, or set {found} to the token itself."
        )
        raise ValueError(msg) from None
