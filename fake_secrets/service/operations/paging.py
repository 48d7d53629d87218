"""Paging of lists, with opaque tokens that are valid only for the same request."""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from fake_secrets.errors import ServiceError
from fake_secrets.service.state.request_model import Request

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
    """Return one page of a list and the token of the next page.

    Args:
        after: returns the items that follow a position. None is the position before the first
            item. It raises TypeError if the argument can't be a position. The page takes no more
            items than it needs.
        request: the call, whose MaxResults and NextToken select the page.
        key: returns an item's position, a list of JSON values. The position doesn't change when
            other items are added or removed.
        scope: what the list depends on, as JSON values. A token is valid for one scope only.
        page_size: the value of MaxResults if the request has none.

    Returns:
        The page, and the token of the next page, or None on the last page.

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
    # A digest, because a token may have at most 4,096 characters, and filters can have more.
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
