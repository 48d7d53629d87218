"""The record of what the calls of a whole run of tests needed, as JSON. It has the policies, too."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from fake_secrets.iam.callers import by_caller
from fake_secrets.iam.least_policy import Home, Need, document_for

__all__ = ["is_record", "needs_in", "record_of"]

_FORMAT = "fake-secrets least policy"
_VERSION = 1


def record_of(needs: Iterable[Need]) -> str:
    """Return the record as text. The same needs, in any order, give the same text.

    It is a JSON object with these members:

    - ``format`` and ``version``.
    - ``policies``: for each caller an object with its ``principal`` or its ``function``, and its ``policy``, a
      complete identity policy.
    - ``needs``: what the policies are made of, so that they can be made for another region and account.
    """
    callers = by_caller(set(needs))
    record = {
        "format": _FORMAT,
        "version": _VERSION,
        "policies": [{one.kind: one.name, "policy": document_for(one.needs)} for one in callers],
        "needs": [_as_json(need) for one in callers for need in one.needs],
    }
    return json.dumps(record, indent=2) + "\n"


def is_record(text: str) -> bool:
    """Return whether a text is a record, of whatever version."""
    return _record_in(text) is not None


def needs_in(text: str) -> list[Need]:
    """Return the needs of a record.

    Raises:
        ValueError: if the text isn't a record, or is one of a later version. The message is the end of a
            sentence that begins with the record.
    """
    record = _record_in(text)
    if record is None:
        msg = "isn't a record of --fake-secrets-least-policy"
        raise ValueError(msg)
    if record.get("version") != _VERSION:
        msg = f"is of version {record.get('version')!r}, and this fake_secrets reads version {_VERSION}"
        raise ValueError(msg)
    try:
        return [_from_json(need) for need in record["needs"]]
    except (KeyError, TypeError, AttributeError):
        msg = "is damaged: it doesn't have the needs that --fake-secrets-least-policy writes"
        raise ValueError(msg) from None


def _record_in(text: str) -> dict[str, Any] | None:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and record.get("format") == _FORMAT else None


def _as_json(need: Need) -> dict[str, Any]:
    caller = {"principal": need.principal} | ({} if need.function is None else {"function": need.function})
    asked = {"action": need.action, "resource": need.resource}
    supplied = {"supplied": dict(need.supplied)} if need.supplied else {}
    return {**caller, **asked, "account": need.home.account_id, "region": need.home.region, **supplied}


def _from_json(need: Mapping[str, Any]) -> Need:
    function, supplied = need.get("function"), need.get("supplied", {})
    texts = [need["principal"], need["action"], need["resource"], need["account"], need["region"]]
    if not all(isinstance(text, str) for text in [*texts, *supplied, *supplied.values(), function or ""]):
        raise TypeError
    principal, action, resource, account, region = texts
    return Need(principal, function, action, resource, Home(account, region), tuple(sorted(supplied.items())))
