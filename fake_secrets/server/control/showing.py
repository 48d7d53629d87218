"""The actions of the control API that show a world. Secret values are in none of their answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fake_secrets import clock
from fake_secrets.errors import UnknownSecretError

if TYPE_CHECKING:
    from fake_secrets.observe.view import Secret
    from fake_secrets.server.control.actions import Controlled
    from fake_secrets.world.handle import FakeSecrets

__all__ = ["calls", "timeline"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# A reader looks at no more.
_LATEST = 1_000


def timeline(controlled: Controlled, query: Mapping[str, str], _: Any) -> dict[str, Any]:
    """Return every secret with its versions and their labels.

    With ``?secret_id=NAME`` also the timeline of that secret, as text and as a fragment of HTML.
    """
    fake_secrets = controlled.fake_secrets
    shown: dict[str, Any] = {
        "now": _text(controlled.clock.now()),
        "account_id": fake_secrets.account_id,
        "region": fake_secrets.region,
        "entries": fake_secrets._world.ledger.count,
        "secrets": [summary for secret in fake_secrets if (summary := _summary(secret)) is not None],
    }
    wanted = query.get("secret_id")
    if wanted is not None:
        shown |= _timeline_of(fake_secrets, wanted)
    return shown


def _timeline_of(fake_secrets: FakeSecrets, secret_id: str) -> dict[str, str]:
    # Imported late: the server is there sooner.
    from fake_secrets.observe.pictures.page import ROWS, section_of  # noqa: PLC0415

    found = fake_secrets.timeline(secret_id)
    html = section_of(found._sheet().latest(ROWS), "h2")
    return {"name": found.name, "timeline": str(found), "html": html}


def _summary(secret: Secret) -> dict[str, Any] | None:
    """Return what a secret is now; None if it was deleted meanwhile."""
    try:
        deleted, versions = secret.deleted, secret.versions
        return {
            "name": secret.name,
            "arn": secret.arn,
            "description": secret.description,
            "rotation_enabled": secret.rotation_enabled,
            "deleted": None if deleted is None else deleted.isoformat(timespec="milliseconds"),
            "versions": [
                {
                    "id": version.id,
                    "stages": list(version.stages),
                    "created": version.created.isoformat(timespec="milliseconds"),
                    "is_empty": version.secret_string is None and version.secret_binary is None,
                }
                for version in versions
            ],
        }
    except UnknownSecretError:
        return None


def calls(controlled: Controlled, query: Mapping[str, str], _: Any) -> dict[str, Any]:
    """Return the latest thousand calls, the oldest first; with ``?secret_id=NAME`` those about that secret."""
    made = controlled.fake_secrets.calls
    wanted = query.get("secret_id")
    if wanted is not None:
        made = made.about(wanted)
    return {
        "dropped": controlled.fake_secrets.dropped_calls + max(0, len(made) - _LATEST),
        "calls": [
            {
                "time": call.time.isoformat(timespec="milliseconds"),
                "operation": call.operation,
                "secret_id": call.secret_id,
                "outcome": call.outcome,
                "request": call.request,
                "attempt": call.attempt,
                "principal": call.principal,
                "region": call.region,
                "step": call.step,
                "fault": call.fault,
            }
            for call in made[-_LATEST:]
        ],
    }


def _text(moment: float) -> str:
    return clock.utc(moment).isoformat(timespec="milliseconds")
