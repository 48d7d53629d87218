"""Planned faults as JSON: the methods of `fake_secrets.faults` by their names, with their arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fake_secrets.server.control.control_error import ControlError
from fake_secrets.suggestions import nearest

if TYPE_CHECKING:
    from fake_secrets.faults.planned import Fault
    from fake_secrets.faults.planning import Faults

__all__ = ["plan"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_SELECTORS = frozenset({"secret_id", "step", "principal", "times", "calls", "after"})

# The arguments of each method that JSON can give. A DNS failure can't be had: the client has found this server.
_ARGUMENTS: Mapping[str, frozenset[str]] = {
    "crash_after": frozenset({"operation"}) | _SELECTORS,
    "crash_before": frozenset({"operation"}) | _SELECTORS,
    "delay": frozenset({"operation", "seconds", "after_effect"}) | _SELECTORS,
    "fail": frozenset({"operation", "error", "message", "status", "retry_after", "after_effect"}) | _SELECTORS,
    "malformed_body": frozenset({"operation", "body", "after_effect"}) | _SELECTORS,
    "replication": frozenset({"status", "message", "secret_id"}),
    "reset_connection": frozenset({"operation", "after_effect"}) | _SELECTORS,
    "stale_reads": frozenset({"reads", "secret_id", "step", "principal", "after"}),
    "time_out": frozenset({"operation", "connecting", "after_effect"}) | _SELECTORS,
}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "delay": ("operation", "seconds"),
    "fail": ("operation", "error"),
    "replication": ("status",),
}


def plan(faults: Faults, body: Any) -> Fault:
    """Plan a fault.

    Args:
        faults: the faults of the world.
        body: a JSON object: ``kind`` is the name of the method, the other members are its arguments.

    Raises:
        ControlError: if the object isn't one, or names no kind, or an argument that the kind doesn't have.
        FaultError, TypeError: as the method says.
    """
    kind = body.get("kind") if isinstance(body, dict) else None
    if not isinstance(kind, str) or kind not in _ARGUMENTS:
        kinds = "".join(f"\n- {one}" for one in _ARGUMENTS)
        given = "there is none" if kind is None else f"{kind!r} is none"
        msg = f'say what kind of fault to plan, in a member "kind" of a JSON object: {given}. There are:{kinds}'
        raise ControlError(msg)
    arguments = {name: value for name, value in body.items() if name != "kind"}
    for name in arguments:
        if name not in _ARGUMENTS[kind]:
            raise ControlError(_unknown(kind, name))
    for name in _NEEDED.get(kind, ()):
        if name not in arguments:
            msg = f"{kind} needs the member {name!r}"
            raise ControlError(msg)
    if isinstance(arguments.get("body"), str):
        arguments["body"] = arguments["body"].encode()
    # Nobody looks at what never happened: the server is stopped when it is no longer needed.
    fault: Fault = getattr(faults, kind)(**arguments, optional=True)
    return fault


def _unknown(kind: str, name: str) -> str:
    similar = nearest(name, _ARGUMENTS[kind])
    meant = f"; did you mean {' or '.join(map(repr, similar))}?" if similar else ""
    return f"{kind} has no argument {name!r}{meant}"
