"""Why policies have denied a call, for the author of a test."""

from __future__ import annotations

from fake_secrets.iam.evaluation import Caller, Check, Decision, Layers

__all__ = ["explain"]


def explain(check: Check, caller: Caller, layers: Layers, decision: Decision) -> str:
    """Return which layers have decided."""
    del caller, layers
    return f"{check.action}: {decision.effect} by {', '.join(decision.layers)}"
