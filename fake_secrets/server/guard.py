"""Keeps out what web pages send: a page that is open in a browser must neither read the secrets nor change them.

A page may give its own name the address 127.0.0.1 (DNS rebinding), so the name in Host must be one of ours.
A browser tells who sends a request in Origin or Sec-Fetch-Site; other clients send neither.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from fake_secrets.server.messages import Application, HttpAnswer, HttpRequest

__all__ = ["Guard"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_FORBIDDEN = 403
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ALL_INTERFACES = frozenset({"0.0.0.0", "::"})  # noqa: S104 -- nothing is bound here
# A name or an IPv4 address, or an IPv6 address in brackets; and a port.
_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+?)\.?)(?::([0-9]{1,5}))?")
# `none` is what a person typed in.
_OWN_SITES = frozenset({"", "none", "same-origin"})


class Guard:
    """Refuses what a web page may have sent, and passes on everything else.

    Args:
        application: answers the rest.
        names: the hosts that the user has named, with the address of all interfaces if the server listens there.
        port: the server's port.
    """

    def __init__(self, application: Application, names: Iterable[str], port: int) -> None:
        self._application = application
        given = {name.lower().strip("[]").rstrip(".") for name in names}
        self._names = frozenset([*_LOOPBACK, *given])
        # Pages have names: none can be at a bare address that isn't this machine's.
        self._takes_addresses = not _ALL_INTERFACES.isdisjoint(given)
        # A container's port may have another number outside.
        self._ports = {"", str(port)} if self._names == frozenset(_LOOPBACK) else None

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request."""
        headers = request.headers
        host = headers.get("Host", "")
        if not self._is_own(host) or (request.authority and not self._is_own(request.authority)):
            return self._refuse_host()
        origin = headers.get("Origin")
        if origin is not None and origin.lower() != f"http://{host.lower()}":
            return _refuse_page("Origin")
        if headers.get("Sec-Fetch-Site", "") not in _OWN_SITES:
            return _refuse_page("Sec-Fetch-Site")
        return self._application(request)

    def _is_own(self, authority: str) -> bool:
        found = _AUTHORITY.fullmatch(authority)
        if found is None or (self._ports is not None and (found[3] or "") not in self._ports):
            return False
        name = (found[1] or found[2]).lower()
        return name in self._names or (self._takes_addresses and _is_address(name))

    def _refuse_host(self) -> HttpAnswer:
        names = "".join(f"\n- {name}" for name in sorted(self._names))
        msg = (
            "this server doesn't answer for the Host that the request names, so that no web page can reach it "
            f"under a name of its own. It answers for:{names}\n"
            "Name another one with `fake-secrets serve --name NAME`."
        )
        return _forbidden(msg, "refused 403 another Host")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _refuse_page(header: str) -> HttpAnswer:
    msg = f"this server answers no web pages of other sites, and {header} shows that the request comes from one."
    return _forbidden(msg, f"refused 403 another {header}")


def _forbidden(message: str, note: str) -> HttpAnswer:
    headers = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
    return HttpAnswer(_FORBIDDEN, headers, f"{message}\n".encode(), note=note)
