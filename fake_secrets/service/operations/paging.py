"""Pages of lists, with opaque tokens that are valid for one request only."""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from fake_secrets.errors import ServiceError
from fake_secrets.service.state.model import Request

__all__ = ["invalid_token", "paginate"]

PAGE_SIZE = 100

Item = TypeVar("Item")


def paginate(
    after: Callable[[list[Any] | None], Iterable[Item]],
    request: Request,
    *,
    key: Callable[[Item], list[Any]],
    scope: Sequence[Any],
    page_size: int = PAGE_SIZE,
) -> tuple[Sequence[Item], str | None]:
    """Return one page of a list, and the token of the next page.

    Args:
        after: returns an iterable of the items after a position, or of all items for None. It
            raises TypeError if the position is invalid. Only the items of the page are consumed.
        request: the request, which has MaxResults and NextToken.
        key: returns an item's position as JSON values. A position stays the same when other items are
            added or removed.
        scope: the parameters that the list depends on, as JSON values. A token is valid for one scope.
        page_size: the default of MaxResults.

    Returns:
        The page, and the token of the next page, or None for the last page.

    Raises:
        InvalidNextTokenException (400): the token belongs to another request [code B, text D].
    """
    token = request.members.get("NextToken")
    limit = request.members.get("MaxResults") or page_size
    last = None if token is None else _position(token, scope)
    try:
        items = after(last)
    except TypeError:
        raise invalid_token() from None
    found = list(itertools.islice(items, limit + 1))
    page = found[:limit]
    return page, None if len(found) <= limit else _token(key(page[-1]), scope)


def _token(position: list[Any], scope: Sequence[Any]) -> str:
    # A digest, because filters can be longer than the 4,096 characters of a token.
    content = json.dumps([position, _digest(scope)], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode("ascii")


def _position(token: str, scope: Sequence[Any]) -> list[Any]:
    try:
        position, bound_to = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise invalid_token() from None
    if not isinstance(position, list) or bound_to != _digest(scope):
        raise invalid_token()
    return position


def _digest(scope: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(list(scope)).encode()).hexdigest()


def invalid_token() -> ServiceError:
    """Return the error for a NextToken that belongs to another request [code B, text D]."""
    return ServiceError("InvalidNextTokenException", "The NextToken value is invalid.")
