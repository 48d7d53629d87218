"""Tags: TagResource, UntagResource, and the rules for a secret's tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fake_secrets.errors import ServiceError
from fake_secrets.service.state.access import refuse_managed
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store

__all__ = ["merge_tags", "tag_resource", "untag_resource"]

Tags = list[dict[str, str]]


def merge_tags(present: Tags | None, added: Sequence[dict[str, str]], quota: int) -> Tags | None:
    """Return the tags after adding some. Existing keys keep their place, and new keys come at the end.

    Args:
        present: the tags before the call, or None if the secret was never tagged.
        added: Tags as sent.
        quota: how many tags a secret may have.

    Raises (in the order checked; AWS's order is unknown [D]):
        InvalidParameterException (400): a tag has no key [D]; a key is given twice; a key has
            AWS's own prefix; the secret would have more tags than the quota allows [B; codes and
            texts D].

    Source: TagResource, CreateSecret; api-facts 5 [A], 14 [B].
    """
    keys = [tag.get("Key", "") for tag in added]
    if not all(keys):
        raise ServiceError("InvalidParameterException", "A tag has no key.")
    if len(set(keys)) < len(keys):
        raise ServiceError("InvalidParameterException", "A tag key is given more than once.")
    if any(key.lower().startswith("aws:") for key in keys):
        raise ServiceError("InvalidParameterException", "Tag keys that start with aws: are reserved.")
    merged = {tag.get("Key", ""): tag for tag in (*(present or ()), *added)}
    if len(merged) > max(quota, len(present or ())):
        raise ServiceError("InvalidParameterException", f"A secret can have at most {quota} tags.")
    return [_in_order(tag) for tag in merged.values()] if merged else present


def _in_order(tag: Mapping[str, str]) -> dict[str, str]:
    return {name: tag[name] for name in ("Key", "Value") if name in tag}


def tag_resource(store: Store, request: Request) -> dict[str, Any]:
    """Attach tags to a secret. A key that the secret has already gets the new value.

    Args:     SecretId, Tags.
    Returns:  nothing.
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5) [A], InvalidParameterException (M33),
        InvalidRequestException (M50).
        InvalidParameterException (400): see `merge_tags`.
    Source:   TagResource; api-facts 3 (LastChangedDate moves [A-], unless the tags stay the
              same [D]), 5 [A].
    """
    secret = store.get_primary(request)
    refuse_managed(secret)
    tags = merge_tags(secret.tags, request.members["Tags"], store.quotas.tags)
    if tags != secret.tags:
        if request.authority is not None:
            request.authority.check_tags(request, secret, tags)
        store.begin_write(request.now, secret)
        secret.tags = tags
        secret.changed = request.now
    return {}


def untag_resource(store: Store, request: Request) -> dict[str, Any]:
    """Remove tags from a secret. A key that the secret doesn't have is no error.

    Args:     SecretId, TagKeys.
    Returns:  nothing.
    Raises (in the order checked):
        ValidationException (M10), ResourceNotFoundException (M1),
        InvalidRequestException (M5) [A], InvalidParameterException (M33),
        InvalidRequestException (M50).
    Source:   UntagResource; api-facts 5. After the last tag is removed, DescribeSecret shows an
              empty list [A]. An unknown key changes nothing [B].
    """
    secret = store.get_primary(request)
    refuse_managed(secret)
    removed = set(request.members["TagKeys"])
    kept = [tag for tag in secret.tags or () if tag.get("Key") not in removed]
    if secret.tags is not None and kept != secret.tags:
        if request.authority is not None:
            request.authority.check_tags(request, secret, kept)
        store.begin_write(request.now, secret)
        secret.tags = kept
        secret.changed = request.now
    return {}
