"""How the handle finds secrets: by name in the world's account and region, by ARN in any."""

from __future__ import annotations

from typing import Any

from fake_secrets import clock
from fake_secrets.arns import SECRET_ARN, SUFFIX_LENGTH, account_of, partition_of, region_of, root_arn
from fake_secrets.errors import ServiceError, UnknownSecretError
from fake_secrets.observe.ledger import Ledger
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store
from fake_secrets.world.misses import Place, explain

__all__ = ["find", "places_of", "request_from", "unknown"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def request_from(here: Place, operation: str, members: dict[str, Any]) -> Request:
    """Make a request of the handle's own.

    An ARN decides the region that is asked and the account that asks. For a name both are the world's.
    """
    account_id = account_of(members["SecretId"]) or here[0]
    region = region_of(members["SecretId"]) or here[1]
    partition = partition_of(region)
    principal = root_arn(account_id, partition)
    return Request(operation, members, region, partition, account_id, principal, clock.now())


def find(store: Store, here: Place, secret_id: Any) -> StoredSecret | None:
    """Return the secret that has a name, an ARN or a partial ARN, or None.

    Raises:
        TypeError: if `secret_id` isn't a str.
    """
    if not isinstance(secret_id, str):
        msg = f"a secret ID is a str (a name or an ARN) or a Secret, not {type(secret_id).__name__}"
        raise TypeError(msg)
    concerned = store.concerned
    try:
        return store.find(request_from(here, "", {"SecretId": secret_id}), secret_id)
    except ServiceError:
        return None
    finally:
        # This is no call, so the secret that the latest one was about stays the same.
        store.concerned = concerned


def unknown(store: Store, ledger: Ledger, here: Place, secret_id: str) -> UnknownSecretError:
    """Return the error about a secret that `find` doesn't find."""
    # In another account or region, a name doesn't find the secret.
    listed = (other.name if (other.account_id, other.region) == here else other.arn for other in store)
    return UnknownSecretError(secret_id, listed, explain(store, ledger, here, secret_id))


def places_of(store: Store, secret_id: str) -> list[Place]:
    """Return the account and region of each secret with this name, ARN or partial ARN, in any order."""
    match = SECRET_ARN.fullmatch(secret_id)
    names = {secret_id} if match is None else {match[3], match[3][:-SUFFIX_LENGTH]}
    return [
        (secret.account_id, secret.region)
        for secret in store.everywhere(names)
        if secret_id in {secret.name, secret.arn, secret.arn[:-SUFFIX_LENGTH]}
    ]
