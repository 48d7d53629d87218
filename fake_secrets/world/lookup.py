"""How the handle finds secrets: by name in the world's place, by ARN anywhere."""

from __future__ import annotations

from typing import Any

from fake_secrets import clock
from fake_secrets.arns import SECRET_ARN, SUFFIX_LENGTH, account_of, partition_of, region_of, root_arn
from fake_secrets.errors import ServiceError, UnknownSecretError
from fake_secrets.service.state.model import Request, StoredSecret
from fake_secrets.service.state.store import Store

__all__ = ["Place", "find", "places_of", "request_from"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Account and region.
Place = tuple[str, str]


def request_from(here: Place, operation: str, members: dict[str, Any]) -> Request:
    """Make a request of the handle's own: to the region of an ARN, as its account; else from here."""
    account_id = account_of(members["SecretId"]) or here[0]
    region = region_of(members["SecretId"]) or here[1]
    partition = partition_of(region)
    principal = root_arn(account_id, partition)
    return Request(operation, members, region, partition, account_id, principal, clock.now())


def find(store: Store, here: Place, secret_id: Any) -> StoredSecret:
    """Return the secret of a name, an ARN or a partial ARN.

    Raises:
        UnknownSecretError: there is none.
        TypeError: it isn't a string.
    """
    if not isinstance(secret_id, str):
        msg = f"a secret is asked for by its name or ARN, a str, not by {type(secret_id).__name__}"
        raise TypeError(msg)
    try:
        secret = store.find(request_from(here, "", {"SecretId": secret_id}), secret_id)
    except ServiceError:
        secret = None
    if secret is None:
        # Elsewhere a name isn't enough.
        raise UnknownSecretError(
            secret_id,
            (other.name if (other.account_id, other.region) == here else other.arn for other in store),
        )
    return secret


def places_of(store: Store, secret_id: str) -> list[Place]:
    """Return account and region of each secret of this name, ARN or partial ARN, in no order."""
    match = SECRET_ARN.fullmatch(secret_id)
    names = {secret_id} if match is None else {match[3], match[3][:-SUFFIX_LENGTH]}
    return [
        (secret.account_id, secret.region)
        for secret in store.everywhere(names)
        if secret_id in {secret.name, secret.arn, secret.arn[:-SUFFIX_LENGTH]}
    ]
