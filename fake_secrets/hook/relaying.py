"""Sends the calls of a forked child to the parent, which serves the world that the child has a copy of."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fake_secrets.arns import PRINCIPAL_ARN
from fake_secrets.environment import FAKE_ACCESS_KEY_ID
from fake_secrets.errors import NoActiveWorldError
from fake_secrets.hook.requests import UNNAMED
from fake_secrets.iam.principals import acting_here, credentials_of
from fake_secrets.service.transport import read_timeout

if TYPE_CHECKING:
    from fake_secrets.hook.answers import Target, Unsent
    from fake_secrets.hook.requests import Sent

__all__ = ["relay"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Those of the connection to AWS that isn't opened, and the signature of the client, which isn't for the parent.
_LEFT_OUT = frozenset(
    {"authorization", "connection", "content-length", "expect", "host", "transfer-encoding", "x-amz-date"}
)


def relay(target: Target, sent: Sent, url: str) -> Unsent:
    """Have a request answered by the parent.

    The child is the one that knows who calls, for example from moto's keys, so it tells the parent.

    Args:
        target: the destination of the call, and who makes it.
        sent: the request.
        url: the URL of the parent's server.

    Raises:
        NoActiveWorldError: if the server doesn't run any more.
    """
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=read_timeout.get())
    try:
        connection.request("POST", "/", _bytes_of(sent.body), _headers(target, sent))
        received = connection.getresponse()
        headers = {name.lower(): value for name, value in received.getheaders()}
        answer: Unsent = target.response_type(sent.url, received.status, headers, received.read())
    except ConnectionRefusedError:
        raise _gone(sent, url) from None
    except TimeoutError:
        answer = target.response_type(sent.url, 0, {}, b"")
        answer.loss = "read time-out"
    except (http.client.HTTPException, ConnectionError):
        # The parent closes the connection for an answer that gets lost.
        answer = target.response_type(sent.url, 0, {}, b"")
        answer.loss = "connection reset"
    finally:
        connection.close()
    return answer


def _headers(target: Target, sent: Sent) -> Mapping[str, str]:
    headers = {_text(name): _text(value) for name, value in sent.headers.items()}
    headers = {name: value for name, value in headers.items() if name.lower() not in _LEFT_OUT}
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{_key_of(target.identity or acting_here())}/{moment[:8]}/{target.region}/secretsmanager/aws4_request"
    signature = f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
    authorization = f"AWS4-HMAC-SHA256 Credential={scope}, {signature}"
    return {**headers, "X-Amz-Date": moment, "Authorization": authorization}


def _key_of(identity: str | None) -> str:
    """Return an access key id that shows an account id or a principal's ARN."""
    if identity is None:
        return FAKE_ACCESS_KEY_ID
    return credentials_of(identity)["aws_access_key_id"] if PRINCIPAL_ARN.fullmatch(identity) else identity


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _bytes_of(body: Any) -> bytes:
    content = body.read() if hasattr(body, "read") else body
    return content.encode() if isinstance(content, str) else bytes(content or b"")


def _gone(sent: Sent, url: str) -> NoActiveWorldError:
    return NoActiveWorldError(
        f"{sent.operation or UNNAMED} of a forked process found nobody at {url}, where its parent has served the "
        "world.\nLet the child end before `with fake_secrets.server():` does: put the `with` statement of its "
        "pool inside that block."
    )
