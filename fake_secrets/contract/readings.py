"""Reads the secret and the service of one trial."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from fake_secrets.contract.double import Double
from fake_secrets.contract.frozen import Frozen
from fake_secrets.contract.moments import State
from fake_secrets.contract.values import Credentials, Raw, form_of
from fake_secrets.world.world import World

if TYPE_CHECKING:
    from fake_secrets.observe.leaks.found import Leak
    from fake_secrets.service.state.model import StoredSecret, StoredVersion

__all__ = ["Readings"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Readings:
    """Reads the secret and the service of one trial.

    Args:
        world: the trial's world.
        arn: the secret's ARN.
        service: the service double.
        is_usual: whether the values are such as the service knows. Otherwise it isn't asked about them.

    `made_up` has the ids of versions whose values the service may not be able to read. `is_first` is true as long
    as the function hasn't had the chance to store a value.
    """

    def __init__(self, world: World, arn: str, service: Double, *, is_usual: bool) -> None:
        self._world = world
        self._arn = arn
        self._service = service
        self._is_usual = is_usual
        self._credentials = Credentials()
        self.made_up: set[str] = set()
        self.is_first = True

    @property
    def secret(self) -> StoredSecret:
        """The secret, as the service has it."""
        return self._world.contents.secret(self._arn)

    def value(self, version_id: str) -> Raw | None:
        """Return the value of a version, or None."""
        version = self.secret.versions.get(version_id)
        return None if version is None else version.value

    def state(self) -> State:
        """Return the state of the secret and the service."""
        secret = self.secret
        values = {version.id: version.value for version in _versions(secret) if version.value is not None}
        removed = frozenset(version.id for version in secret.removed.values()) - secret.versions.keys()
        if not self._is_usual:
            return State(secret.labels, values, removed=removed)
        labelled = frozenset(secret.labels.values())
        accepts = self._answers(values, labelled)
        unlabelled = self._answers(values, values.keys() - labelled - removed)
        entries = self._service.accepted()
        if entries is None:
            return State(secret.labels, values, accepts, removed=removed, unlabelled=unlabelled)
        others = itertools.chain.from_iterable(self.values_of_others().values())
        strangers = self._credentials.strangers(entries, [*values.values(), *others])
        return State(secret.labels, values, accepts, strangers, len(entries), Frozen(entries), removed, unlabelled)

    def accepted(self, values: Mapping[str, Raw]) -> Iterator[str]:
        """Yield the ids of the versions whose values the service accepts.

        Args:
            values: version id to value, with or without labels.
        """
        for version_id, value in values.items():
            if version_id not in self.made_up and self._is_accepted(value):
                yield version_id

    def text_of(self, leak: Leak) -> object:
        """Return what a leak has shown; None if it isn't in a version."""
        for secret in self._world.store:
            for version in _versions(secret):
                if (secret.name, version.id) == (leak.secret, leak.version) and version.value is not None:
                    form = form_of(version.value)
                    return form.get(leak.field) if isinstance(form, dict) else form
        return None

    def _answers(self, values: Mapping[str, Raw], wanted: AbstractSet[str]) -> dict[str, bool]:
        """Return whether the service accepts the values of the wanted versions, as far as it offers to tell."""
        asked = {one: self._is_accepted(value) for one, value in values.items() if one in wanted - self.made_up}
        return {one: accepted for one, accepted in asked.items() if accepted is not None}

    def _is_accepted(self, raw: Raw) -> bool | None:
        """Return whether the service accepts a value; None if it doesn't offer to tell."""
        try:
            return self._service.accepts(form_of(raw))
        except (LookupError, TypeError, ValueError, AttributeError):
            if self.is_first:
                raise
            # The double reads the first value, so the function has stored one of another shape.
            return False

    def values_of_others(self) -> dict[str, list[Raw]]:
        """Return the values that all other secrets have, or had during the trial, by the secret's name."""
        return {
            secret.name: [version.value for version in _versions(secret) if version.value is not None]
            for secret in self._world.store
            if secret.arn != self._arn
        }


def _versions(secret: StoredSecret) -> list[StoredVersion]:
    """Return all versions that a secret has, or had."""
    return [*secret.removed.values(), *secret.versions.values()]
