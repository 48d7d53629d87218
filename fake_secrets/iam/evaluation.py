"""Whether policies allow a request: a pure function of policies, caller, action, resource and condition keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from fake_secrets.iam.policy import Policy, Statement

__all__ = ["Caller", "Check", "Decision", "Effect", "Layer", "Layers", "evaluate"]

Effect = Literal["allowed", "explicit_deny", "implicit_deny"]
# What decides. "root" is the root user of the secret's account, who needs no grant.
Layer = Literal["identity", "resource", "boundary", "session", "root"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a call.

    Args:
        arn: the ARN of a user, a role's session, a federated user's session or an account's root. A role's own ARN
            stands for any of its sessions.
        account_id: the account that it belongs to, twelve digits.
        role: of a role's session, the ARN of the role, with its path.
        parent: of a federated user's session, the ARN of the user that made it, if that is known.
    """

    arn: str
    account_id: str
    role: str | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Layers:
    """The policies that take part in a decision.

    Args:
        identity: the caller's identity policies; None if nothing is known of them, so that they are assumed to
            allow everything.
        resource: the policies that are attached to the resource.
        boundary: the caller's permissions boundary, if there is one.
        session: the session policies that the session was made with; None if there are none.
    """

    identity: Sequence[Policy] | None = None
    resource: Sequence[Policy] = ()
    boundary: Policy | None = None
    session: Sequence[Policy] | None = None

    def all(self) -> Iterator[Policy]:
        """Yield all of these policies."""
        boundary = () if self.boundary is None else (self.boundary,)
        yield from (*(self.identity or ()), *self.resource, *boundary, *(self.session or ()))


@dataclass(frozen=True, slots=True)
class Check:
    """One question, whether the caller may do something.

    Args:
        action: the action, such as ``secretsmanager:GetSecretValue``.
        resource: the ARN that is checked, or ``*`` for an action without a resource.
        context: condition key, in lower case, to its value or values. A key that isn't there is absent.
    """

    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a check.

    Args:
        effect: the answer.
        layers: if allowed, each layer that grants; if explicitly denied, each layer with a Deny that applies; if
            implicitly denied, each layer whose Allow is missing. They are in the order identity, resource,
            boundary, session.
        policy: the policy whose Deny has decided, or whose Allow has; None if none has.
        statement: the statement of that policy.
    """

    effect: Effect
    layers: tuple[Layer, ...]
    policy: Policy | None = None
    statement: Statement | None = None


def evaluate(check: Check, caller: Caller, layers: Layers) -> Decision:
    """Decide whether policies allow a call."""
    raise NotImplementedError
