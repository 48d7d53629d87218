"""The policies of one role or user, as a template declares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["RolePolicies"]


@dataclass(frozen=True, slots=True)
class RolePolicies:
    """The policies of one role or user, read out of a template. It can be given wherever a policy is asked for.

    Args:
        role: the role's or the user's name in the template.
        documents: the name of each identity policy to its document, in the template's order.
        boundary: the document of the permissions boundary, if there is one.
        source: the file that they come from, for messages.
        managed: the names of those `documents` that are managed policies, of which IAM demands more. The boundary
            is always one.
    """

    role: str
    documents: Mapping[str, Mapping[str, Any]] = field(repr=False)
    boundary: Mapping[str, Any] | None = field(default=None, repr=False)
    source: str = ""
    managed: frozenset[str] = field(default=frozenset(), repr=False)
