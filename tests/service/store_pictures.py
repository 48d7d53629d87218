"""Pictures of a store, to compare what it keeps before a call and after it."""

import dataclasses
from collections.abc import Mapping

from fake_secrets.service.state.model import StoredSecret


def picture_of(store):
    """Return everything that the store keeps about its secrets, in order."""
    return [member for secret in store for member in picture_of_secret(secret).values()]


def picture_of_secret(secret):
    """Return everything that a secret has, by the names of its fields."""
    return {field.name: _picture(getattr(secret, field.name)) for field in dataclasses.fields(StoredSecret)}


def _picture(value):
    if isinstance(value, StoredSecret):
        # A primary and its replicas refer to each other, so each is shown at its own place only.
        return ("secret", value.arn)
    if dataclasses.is_dataclass(value):
        return [_picture(getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, Mapping):
        return [(key, _picture(item)) for key, item in value.items()]
    return [_picture(item) for item in value] if isinstance(value, list | tuple) else value
