"""Decides about single checks by the policies of the caller, and remembers what was denied."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fake_secrets.arns import account_of, root_arn
from fake_secrets.errors import UnsupportedOperationError
from fake_secrets.iam.denials import Denial
from fake_secrets.iam.evaluation import Caller, Check, Decision, Layers, evaluate
from fake_secrets.iam.grants import Grant, Grants
from fake_secrets.iam.messages import denial
from fake_secrets.iam.policy import Policy
from fake_secrets.iam.unknown_keys import Undecided, decide_without
from fake_secrets.service.rules.checks import action_of
from fake_secrets.service.rules.known_keys import about_unknown, is_known
from fake_secrets.service.state.checked import completed
from fake_secrets.service.state.request_model import Request

__all__ = ["Asking", "Decide", "Decisions"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# More than a test looks at.
_KEPT_DENIALS = 1_000
_DELETE_POLICY = action_of("DeleteResourcePolicy")

Decide = Callable[[Check, Caller, Layers], Decision]


@dataclass(frozen=True, slots=True)
class Asking:
    """A request, and who makes it with what policies."""

    request: Request
    caller: Caller
    grant: Grant

    def layers(self, resource: Sequence[Policy]) -> Layers:
        """Return the caller's policies, beside those of a resource."""
        grant = self.grant
        return Layers(grant.identity, resource, grant.boundary, grant.session)


class Decisions:
    """Decides about the checks that the calls of one world need.

    Args:
        grants: what the callers were given.

    `denials` has what was denied, in order: the latest 1,000.
    """

    def __init__(self, grants: Grants) -> None:
        self._grants = grants
        self.denials: deque[Denial] = deque(maxlen=_KEPT_DENIALS)

    def asking(self, request: Request, *, is_counted: bool = True) -> Asking:
        """Return who makes a request, with what policies.

        Args:
            request: the request.
            is_counted: whether what the caller was given counts as used.
        """
        role = self._grants.role_of(request.principal)
        caller = Caller(request.principal, request.account_id, role)
        look = self._grants.consult if is_counted else self._grants.of
        return Asking(request, caller, look(request.principal, role))

    def denial_of(
        self,
        asking: Asking,
        check: Check,
        layers: Layers,
        shown: str | None,
        *,
        decide: Decide | None = None,
        hint: str = "",
        cause: Callable[[], str] = str,
    ) -> Denial | None:
        """Return the denial of a check, or None if the policies allow it.

        Args:
            asking: who asks.
            check: what is asked, with the keys of the request and of the resource.
            layers: the policies that take part.
            shown: the resource as AWS shows it; None if there is none.
            decide: decides by the policies; by default as for a secret.
            hint: what the author of the test should know if they deny it.
            cause: returns what explains a denial better than the policies do; see `explain`.
        """
        decision, asked = self.of(asking, check, layers, decide)
        caller = asking.caller
        if decision.effect == "allowed" or _is_rescue(asked, caller, decision):
            return None
        message = denial(caller, check.action, None if check.resource == "*" else shown, decision)
        denied = Denial(message, asking.request.id, asked, caller, layers, decision, hint, cause())
        self.denials.append(denied)
        return denied

    def of(
        self, asking: Asking, check: Check, layers: Layers, decide: Decide | None = None
    ) -> tuple[Decision, Check]:
        """Return the decision about a check, and the check with all its condition keys.

        Raises:
            UnsupportedOperationError: a condition that matters has a key whose value isn't known.
        """
        given = asking.grant.context or {}
        asked = completed(check, asking.caller, asking.request, asking.grant)
        decision = decide_without(
            asked, asking.caller, layers, lambda key: is_known(key) or key in given, decide or evaluate
        )
        if isinstance(decision, Undecided):
            raise UnsupportedOperationError(about_unknown(decision.policy, decision.keys))
        return decision, asked

    def why_denied(self, request_id: str) -> str | None:
        """Tell the author of the test why policies denied a request; None if they didn't.

        Args:
            request_id: the id of the request.
        """
        found = next((denied for denied in reversed(self.denials) if denied.request_id == request_id), None)
        return None if found is None else found.explanation


def _is_rescue(check: Check, caller: Caller, decision: Decision) -> bool:
    """Return whether the account's root takes away the policy that has locked it out [D]."""
    return (
        check.action == _DELETE_POLICY
        and decision.layers == ("resource",)
        and caller.arn == root_arn(account_of(check.resource), caller.arn.split(":")[1])
    )
