"""Reads the form of a request's signature. Its value isn't checked, and neither is its date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Scope", "lacks_of", "scope_of"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_ALGORITHM = "AWS4-HMAC-SHA256"
_PARAMETERS = ("Credential", "Signature", "SignedHeaders")
_SCOPE = re.compile(r"[^/\s,=]+/[0-9]{8}/([A-Za-z0-9-]+)/([A-Za-z0-9._-]+)/aws4_request")
_SIGNED = re.compile(r"Credential=([^\s,]+)")


@dataclass(frozen=True, slots=True)
class Scope:
    """The scope of a credential.

    Args:
        region: the region.
        service: the service, such as ``secretsmanager``.
    """

    region: str
    service: str


def scope_of(headers: Mapping[str, str]) -> Scope | None:
    """Return the scope in a request's Authorization, or None if there is none in it."""
    signed = _SIGNED.search(headers.get("Authorization", ""))
    found = signed and _SCOPE.fullmatch(signed[1])
    return Scope(found[1], found[2]) if found else None


def lacks_of(authorization: str, headers: Mapping[str, str]) -> str:
    """Return what an Authorization lacks, as AWS lists it; empty if its form is right.

    Source: wire-facts 3.2, of a kindred service [C]. That of the credential's parts is generic [D].
    """
    parts = (part.partition("=") for part in re.split(r"[,\s]+", authorization))
    given = {name: value for name, _, value in parts}
    lacks = [f"Authorization header requires '{name}' parameter." for name in _PARAMETERS if not given.get(name)]
    if not headers.get("X-Amz-Date") and not headers.get("Date"):
        lacks.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if not lacks and not authorization.startswith(f"{_ALGORITHM} "):
        # AWS's words for another algorithm aren't known [D].
        lacks.append(f"Authorization header requires the algorithm {_ALGORITHM}.")
    if not lacks and scope_of(headers) is None:
        lacks.append(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{given['Credential']}'"
        )
        return lacks[0]
    return " ".join([*lacks, f"Authorization={authorization}"]) if lacks else ""
