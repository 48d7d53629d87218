"""ListSecrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fake_secrets.service.operations import paging
from fake_secrets.service.operations.descriptions import describe
from fake_secrets.service.operations.filters import matcher_of
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.shelf import CREATED, POSITIONS, Position
from fake_secrets.service.state.store import Store

__all__ = ["list_secrets"]

# What DescribeSecret has under another name.
_NAMED = {"VersionIdsToStages": "SecretVersionsToStages"}


def list_secrets(store: Store, request: Request) -> dict[str, Any]:
    """List the secrets of the caller's account and region.

    Args:     Filters, SortBy (default created-date), SortOrder (default asc), MaxResults (default
              100), NextToken, IncludePlannedDeletion.
    Returns:  SecretList (entries as DescribeSecret returns them, but with SecretVersionsToStages
              for VersionIdsToStages), NextToken if more follow.
    Raises (in the order checked):
        InvalidParameterException (400): a filter without Key or Values, M47 [D].
        InvalidNextTokenException (400): the token belongs to another request [code B, text D].
    Source:   ListSecrets; api-facts 5, 12. The default order is ascending by CreatedDate [A].
              Secrets scheduled for deletion are listed only on request [B]. AWS's list may lag
              by minutes [B]; this one doesn't.
    """
    members = request.members
    filters = members.get("Filters") or []
    matches = matcher_of(filters)
    with_deleted = bool(members.get("IncludePlannedDeletion"))
    sort_by, order = members.get("SortBy", CREATED), members.get("SortOrder", "asc")

    def after(position: Position | None) -> Iterator[StoredSecret]:
        following = store.after(request, position, sort_by, is_descending=order == "desc")
        return (secret for secret in following if (with_deleted or secret.deleted is None) and matches(secret))

    page, next_token = paging.paginate(
        after,
        request,
        key=POSITIONS[sort_by],
        scope=(request.region, filters, with_deleted, sort_by, order),
    )
    response: dict[str, Any] = {"SecretList": [_entry(secret) for secret in page]}
    if next_token is not None:
        response["NextToken"] = next_token
    return response


def _entry(secret: StoredSecret) -> dict[str, Any]:
    return {_NAMED.get(name, name): value for name, value in describe(secret).items()}
