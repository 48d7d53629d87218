"""How the Principal of a resource policy names a caller: pure functions.

Source: iam-facts, section 2.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fake_secrets.arns import ROLE_ARN, role_of_session, root_arn
from fake_secrets.iam.elements import Element

__all__ = ["NAMINGS", "Caller", "Naming", "naming_of"]

# How a caller is named: as one of everybody, itself, by its role or the user that made its session, or by its
# account.
Naming = Literal["everybody", "direct", "role", "account"]
# The one that grants most comes first.
NAMINGS: tuple[Naming, ...] = ("everybody", "direct", "role", "account")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a call.

    Args:
        arn: the ARN of a user, a role's session, a federated user's session or an account's root, or the name of a
            service. A role's own ARN stands for any of its sessions.
        account_id: the account that it belongs to, twelve digits.
        role: of a role's session, the ARN of the role, with its path.
        parent: of a federated user's session, the ARN of the user that made it, if that is known.
    """

    arn: str
    account_id: str
    role: str | None = None
    parent: str | None = None


def naming_of(principals: Element, caller: Caller) -> Naming | None:
    """Return how a statement names a caller: the way that grants most, or None if it doesn't.

    NotPrincipal names everybody whom none of its entries names.

    Source: a role is named by its name without its path, because its sessions have no path [D].
    """
    known = _namings(caller)
    found = {known.get(named) or known.get(_without_path(named)) for named in principals.values}
    if principals.is_negated:
        return "everybody" if found <= {None} else None
    return next(filter(found.__contains__, NAMINGS), None)


@functools.lru_cache(maxsize=256)
def _namings(caller: Caller) -> Mapping[str, Naming]:
    """Return what a policy can name a caller by."""
    if not caller.arn.startswith("arn:"):
        return {"*": "everybody", caller.arn: "direct"}
    _, partition, _, _, account, _ = caller.arn.split(":", 5)
    namings: dict[str, Naming] = {"*": "everybody", caller.arn: "direct"}
    role = role_of_session(caller.arn)
    if role is not None:
        namings[role] = "role"
    elif ROLE_ARN.fullmatch(caller.arn):
        namings[caller.arn] = namings[_without_path(caller.arn)] = "role"
    if caller.parent is not None:
        namings[caller.parent] = "role"
    return {**namings, account: "account", root_arn(account, partition): "account"}


@functools.lru_cache(maxsize=1024)
def _without_path(named: str) -> str:
    return ROLE_ARN.sub(r"arn:\1:iam::\2:role/\3", named)
