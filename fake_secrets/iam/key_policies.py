"""The policies of KMS keys, which decide alone who may use a key, unless they leave it to the account."""

from __future__ import annotations

import functools
import json
from dataclasses import replace

from fake_secrets.arns import account_of, root_arn
from fake_secrets.iam import grammar
from fake_secrets.iam.evaluation import Caller, Check, Decision, Layers, evaluate, is_of_own_account, is_root
from fake_secrets.iam.naming import naming_of
from fake_secrets.iam.policy import Policy

__all__ = ["decide_on_key", "key_policy", "left_to_callers"]


@functools.lru_cache(maxsize=64)
def key_policy(text: str | None, key_id: str, owner: str, caller: str) -> Policy:
    """Return the policy of a KMS key.

    Nothing is known of a key policy that the test hasn't given, so it leaves the decision to the caller's own
    policies, as the default key policy does [B], even in another account [D].

    Args:
        text: the key policy, as JSON; None if the test has given none.
        key_id: the key as the secret names it, for messages.
        owner: the account that the key is in.
        caller: the account of the caller.
    """
    if text is None:
        return replace(left_to_callers(owner, caller), name="the default key policy")
    return replace(grammar.parse(text), name=f"the key policy of {key_id}")


@functools.lru_cache(maxsize=64)
def left_to_callers(*accounts: str) -> Policy:
    """Return the policy of a resource that leaves all decisions to the policies of callers in some accounts."""
    principal = {"AWS": sorted(set(accounts))}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*"}
    return grammar.parse(json.dumps({"Version": "2012-10-17", "Statement": statement}))


def decide_on_key(check: Check, caller: Caller, layers: Layers) -> Decision:
    """Decide whether a caller may use a KMS key. `layers.resource` has the key policy.

    Unlike the policy of a secret, a key policy must allow the use even within its account: the caller itself, or
    the account, which leaves it to the caller's own policies. The account's root has no other rights than these.

    Source: KMS's rules for key policies [B].
    """
    if not is_of_own_account(check, caller) or _is_left_to_account(check, layers):
        return evaluate(check, caller, layers)
    decision = evaluate(check, caller, replace(layers, identity=()))
    if is_root(caller) and decision.effect == "allowed":
        return Decision("implicit_deny", ("resource",))
    if decision.effect == "implicit_deny" and "identity" in decision.layers:
        # Another identity policy would not help.
        others = tuple(layer for layer in decision.layers if layer not in ("identity", "resource"))
        return Decision("implicit_deny", ("resource", *others))
    return decision


def _is_left_to_account(check: Check, layers: Layers) -> bool:
    account = account_of(check.resource)
    root = Caller(root_arn(account, check.resource.split(":")[1]), account)
    action = check.action.lower()
    return any(
        not rule.is_deny
        and rule.applies(action, check.resource, check.context)
        and naming_of(rule.statement.principals, root) is not None
        for policy in layers.resource
        for rule in policy.rules
    )
