"""What a world keeps of a check that policies have denied."""

from __future__ import annotations

from dataclasses import dataclass, field

from fake_secrets.iam.evaluation import Caller, Check, Decision, Layers
from fake_secrets.iam.explanation import explain

__all__ = ["Denial"]


@dataclass(frozen=True, slots=True)
class Denial:
    """A check that policies have denied.

    Args:
        message: AWS's message.
        request_id: the id of the request that asked.
        check: what was asked, with all condition keys.
        caller: who asked.
        layers: the policies that took part.
        decision: what they decided.
        hint: what else the author of the test should know; empty if there is nothing.
        cause: what explains the denial better than the policies do; see `explain`.
    """

    message: str
    request_id: str = field(repr=False)
    check: Check = field(repr=False)
    caller: Caller = field(repr=False)
    layers: Layers = field(repr=False)
    decision: Decision = field(repr=False)
    hint: str = field(default="", repr=False)
    cause: str = field(default="", repr=False)

    @property
    def action(self) -> str:
        """The action, such as ``secretsmanager:GetSecretValue``."""
        return self.check.action

    @property
    def resource(self) -> str:
        """The ARN of the resource, or ``*`` for an action without a resource."""
        return self.check.resource

    @property
    def principal(self) -> str:
        """The ARN of the caller."""
        return self.caller.arn

    @property
    def explanation(self) -> str:
        """Which policy decided and why, and the smallest change that would allow the call."""
        text = explain(self.check, self.caller, self.layers, self.decision, self.cause)
        return f"{text}\n{self.hint}" if self.hint else text
