"""BatchGetSecretValue."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from fake_secrets.errors import ServiceError
from fake_secrets.service.operations import paging
from fake_secrets.service.operations.filters import matcher_of
from fake_secrets.service.operations.values import get_secret_value
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.shelf import CREATED, POSITIONS, Position
from fake_secrets.service.state.store import Store

__all__ = ["batch_get_secret_value"]

PAGE_SIZE = 20


def batch_get_secret_value(store: Store, request: Request) -> dict[str, Any]:
    """Return the current values of several secrets, named or found by filters.

    Args:     SecretIdList (1 to 20), or Filters with MaxResults (default 20) and NextToken.
    Returns:  SecretValues (entries as GetSecretValue returns them), Errors (SecretId as sent,
              ErrorCode, Message; empty if every secret was read [B]), NextToken if more follow.
    Raises (in the order checked):
        InvalidParameterException (400): neither list nor filters, or both; MaxResults without
            filters, M48 [D]; a filter without Key or Values, M47 [D].
        InvalidNextTokenException (400): the token belongs to another request [code B, text D].
    Source:   BatchGetSecretValue; api-facts 5 [B]. Filters find secrets in the order of their
              creation, and leave out those scheduled for deletion [D]. With filters, an error
              names its secret by ARN [D]. The call sets LastAccessedDate of each secret that it
              reads, as GetSecretValue does [D].
    """
    secret_ids, next_token = _wanted(store, request)
    read, errors = [], []
    for secret_id in secret_ids:
        single = dataclasses.replace(request, operation="GetSecretValue", members={"SecretId": secret_id})
        try:
            if single.authority is not None:
                single.authority.check_call(single)
            read.append(get_secret_value(store, single))
            if store.concerned is not None:
                store.note_change(store.concerned)
        except ServiceError as error:
            errors.append({"SecretId": secret_id, "ErrorCode": error.code, "Message": error.message})
    # A batch isn't about one secret.
    store.concerned = None
    store.told = {"Read": [secret["ARN"] for secret in read], "Errors": [dict(error) for error in errors]}
    following = {} if next_token is None else {"NextToken": next_token}
    return {"SecretValues": read, **following, "Errors": errors}


def _wanted(store: Store, request: Request) -> tuple[Sequence[str], str | None]:
    members = request.members
    secret_ids, filters = members.get("SecretIdList") or [], members.get("Filters") or []
    if bool(secret_ids) == bool(filters):
        raise _refusal("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
    if secret_ids:
        if "MaxResults" in members:
            raise _refusal(
                "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided."
            )
        if "NextToken" in members:
            raise paging.invalid_token()
        return secret_ids, None
    matches = matcher_of(filters)

    def after(position: Position | None) -> Iterator[StoredSecret]:
        following = store.after(request, position)
        return (secret for secret in following if secret.deleted is None and matches(secret))

    scope = (request.region, filters)
    page, next_token = paging.paginate(after, request, key=POSITIONS[CREATED], scope=scope, page_size=PAGE_SIZE)
    return [secret.arn for secret in page], next_token


def _refusal(message: str) -> ServiceError:
    return ServiceError("InvalidParameterException", message)
