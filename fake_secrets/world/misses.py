"""Misses: why a world has no secret of a name or an ARN, as a sentence for the author of the test."""

from __future__ import annotations

from fake_secrets import clock
from fake_secrets.arns import SECRET_ARN, SUFFIX, SUFFIX_LENGTH
from fake_secrets.observe.ledger import Ledger
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.store import Store
from fake_secrets.suggestions import nearest

__all__ = ["Place", "explain", "nearly"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# An account and a region.
Place = tuple[str, str]


def explain(store: Store, ledger: Ledger, here: Place, secret_id: str) -> str:
    """Return a sentence about a secret that isn't found: what has become of it, or what was probably meant.

    It is empty if nothing is known.

    Args:
        store: the world's secrets.
        ledger: the world's calls.
        here: the account and region that were asked. An ARN has its own.
        secret_id: the name or ARN that was asked for.
    """
    asked = SECRET_ARN.fullmatch(secret_id)
    if asked is None:
        return _deleted(store, ledger, here, secret_id) or _nearly(store, here, secret_id)
    region, account_id, tail = asked.groups()
    there = account_id, region
    return (
        _other_arn(store, there, tail)
        or _deleted(store, ledger, there, secret_id)
        or _elsewhere(store, there, _without_suffix(tail))
        or _nearly(store, there, _without_suffix(tail))
    )


def nearly(store: Store, here: Place, secret_id: str) -> str:
    """Return the question which secret was meant, or an empty text if none has nearly that name; see `explain`."""
    asked = SECRET_ARN.fullmatch(secret_id)
    if asked is None:
        return _nearly(store, here, secret_id)
    region, account_id, tail = asked.groups()
    return _nearly(store, (account_id, region), _without_suffix(tail))


def _other_arn(store: Store, there: Place, tail: str) -> str:
    """Return what is known if a secret of the ARN's name has another ARN."""
    whole = store.named(*there, tail)
    if whole is not None:
        return (
            f"The name {tail!r} ends like an ARN's suffix, so this ARN counts as a complete one. "
            f"Use the name, or the complete ARN {whole.arn!r}"
        )
    recreated = store.named(*there, tail[:-SUFFIX_LENGTH])
    if recreated is None:
        return ""
    return (
        f"Secret {recreated.name!r} has another ARN, {recreated.arn!r}: each secret that is created gets a suffix "
        "of its own. Use the name, or take the ARN from the response that created the secret"
    )


def _elsewhere(store: Store, there: Place, name: str) -> str:
    """Return what is known if a secret of the ARN's name is in another account or region."""
    secret = next(iter(store.everywhere([name])), None)
    if secret is None:
        return ""
    place = _place_of(secret)
    if place[0] == there[0]:
        return f"Secret {name!r} is in {place[1]}, but this ARN names {there[1]}. Did you mean {secret.arn!r}?"
    return (
        f"Secret {name!r} is in {place[1]} of account {place[0]}, but this ARN names {there[1]} of account "
        f"{there[0]}. Did you mean {secret.arn!r}?"
    )


def _deleted(store: Store, ledger: Ledger, there: Place, secret_id: str) -> str:
    """Return what is known if the secret was deleted in this world."""
    secret = ledger.recent(secret_id, there)
    if secret is None or store.holds(secret):
        return ""
    # A forced deletion may have come before the end of the recovery window.
    if secret.deletion_date is None or secret.deletion_date > clock.now():
        return f"Secret {secret.name!r} was deleted earlier in this world, without a recovery window"
    ended = clock.utc(secret.deletion_date).isoformat(timespec="seconds")
    return f"Secret {secret.name!r} was deleted earlier in this world: its recovery window ended at {ended}"


def _nearly(store: Store, there: Place, name: str) -> str:
    """Return the secrets of nearly that name: those of the same account and region, or else any others."""
    secrets = store.of(*there)
    found = nearest(name, secrets) or nearest(
        name, (secret.name for secret in store if secret.name not in secrets)
    )
    shown = [_shown(store, there, near) for near in found]
    return f"Did you mean {' or '.join(shown)}?" if shown else ""


def _shown(store: Store, there: Place, name: str) -> str:
    secret = store.named(*there, name) or next(store.everywhere([name]))
    return repr(secret.name) if _place_of(secret) == there else repr(secret.arn)


def _place_of(secret: StoredSecret) -> Place:
    return secret.account_id, secret.region


def _without_suffix(tail: str) -> str:
    return tail[:-SUFFIX_LENGTH] if SUFFIX.fullmatch(tail[-SUFFIX_LENGTH:]) else tail
