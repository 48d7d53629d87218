"""The state of a world, and of a state file, in a form that can be compared."""

import dataclasses

from fake_secrets.keeping import lines
from fake_secrets.keeping.documents import linked
from fake_secrets.keeping.state_file import replayed
from fake_secrets.service.state.model import Replica, StoredSecret


def state_of(store):
    """Return everything of the secrets of a store that a state file keeps, by ARN."""
    return {secret.arn: plain(secret) for secret in store}


def state_in(content):
    """Return the same of the content of a state file."""
    _, saved = replayed(lines.read(content).changes)
    return {secret.arn: plain(secret) for secret in linked(saved)}


def plain(value, *, is_inside=False):
    """Return a secret, or a part of it, as values that can be compared. Other secrets are named by serial."""
    if isinstance(value, StoredSecret) and is_inside:
        return value.serial
    if isinstance(value, frozenset):
        # Its order differs between processes.
        return sorted(value)
    if not dataclasses.is_dataclass(value):
        if isinstance(value, dict) or hasattr(value, "items"):
            return {key: plain(one, is_inside=True) for key, one in value.items()}
        return value
    kept = {field.name: plain(getattr(value, field.name), is_inside=True) for field in dataclasses.fields(value)}
    if isinstance(value, StoredSecret):
        # Their order is that of the serials. The values of removed versions aren't kept.
        kept["versions"] = sorted(kept["versions"].items())
        kept["removed"] = {serial: {**one, "value": None} for serial, one in kept["removed"].items()}
        kept["order of removed"] = list(kept["removed"])
    # Whoever delivers a step by hand is gone after a restart.
    kept.pop("delivered", None)
    assert not isinstance(value, Replica) or kept["secret"] is None or isinstance(kept["secret"], int)
    return kept
