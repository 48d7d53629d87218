"""Policies as users give them: documents, JSON text, files, or what was read out of a template."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from fake_secrets.iam.policy import Policy
from fake_secrets.iam.role_policies import RolePolicies

__all__ = ["GivenPolicies", "GivenPolicy", "boundary_of", "load_policies", "load_policy"]

# One policy: a document, its JSON text, or the path of a file with it.
GivenPolicy = Mapping[str, Any] | str | os.PathLike[str]
GivenPolicies = GivenPolicy | RolePolicies | Sequence[GivenPolicy | RolePolicies]


def load_policies(given: GivenPolicies, argument: str) -> tuple[Policy, ...]:
    """Return identity policies.

    Args:
        given: one or several policies.
        argument: what the user gave them as, such as ``identity_policy``, for messages.

    Raises:
        PolicyError: if a policy can't be read, or if IAM would refuse it.
        TypeError: if `given` is no policy.
    """
    raise NotImplementedError


def load_policy(given: GivenPolicy, argument: str) -> Policy:
    """Return the one policy that is given as a boundary; see `load_policies`."""
    raise NotImplementedError


def boundary_of(given: GivenPolicies) -> Policy | None:
    """Return the boundary of a role's policies out of a template, if there is one."""
    raise NotImplementedError
