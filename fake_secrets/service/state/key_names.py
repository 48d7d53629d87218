"""What KMS keys are called: ids, aliases, and the ARNs of both."""

from __future__ import annotations

import uuid

from fake_secrets.arns import region_of

__all__ = ["KeyNames", "id_of"]

_ALIAS = "alias/"
_RESOURCE_FIELD = 5


class KeyNames:
    """Which keys the aliases of a world stand for, as far as the test has told it."""

    def __init__(self) -> None:
        # By region and alias. The region is None if the key was named without one.
        self._keys: dict[tuple[str | None, str], str] = {}

    def tell(self, alias: str, key_id: str) -> None:
        """Take note that an alias stands for a key, in the key's region or, if it is named without one, in any."""
        self._keys[region_of(key_id), id_of(alias)] = key_id

    def told(self) -> list[list[str | None]]:
        """Return everything that was told: region, alias and key."""
        return [[region, alias, key] for (region, alias), key in self._keys.items()]

    def tell_again(self, told: list[list[str | None]]) -> None:
        """Tell what `told` has returned."""
        for region, alias, key in told:
            self._keys[region, str(alias)] = str(key)

    def resolved(self, key_id: str, region: str | None) -> str:
        """Return the id of a key, or the alias by which it is named if nobody has told which key that is.

        Args:
            key_id: key id, alias, or the ARN of either.
            region: the region of a key that is named without one, if it is known.
        """
        return id_of(self._told(key_id, region) or key_id)

    def arn_of(self, key_id: str, region: str, partition: str, account_id: str) -> str:
        """Return the ARN of a key. The key behind an alias that the test hasn't told has an id made of the alias.

        Args:
            key_id: key id, alias, or the ARN of either.
            region: the region of a key that is named without one.
            partition: its partition.
            account_id: its account.
        """
        named = self._told(key_id, region) or key_id
        key = id_of(named)
        prefix = ["arn", partition, "kms", region, account_id]
        if named.startswith("arn:"):
            *prefix, _ = named.split(":", _RESOURCE_FIELD)
        if key.startswith(_ALIAS):
            key = str(uuid.uuid5(uuid.NAMESPACE_URL, key))
        return f"{':'.join(prefix)}:key/{key}"

    def aliases_of(self, key_id: str, region: str) -> list[str]:
        """Return the aliases of a key that are known, sorted."""
        key = self.resolved(key_id, region)
        aliases = {alias for (_, alias), named in self._keys.items() if id_of(named) == key}
        return sorted(aliases | ({key} if key.startswith(_ALIAS) else set()))

    def unknown_alias(self, key_id: str, region: str) -> str | None:
        """Return the alias by which a key is named if nobody has told which key that is, else None."""
        key = self.resolved(key_id, region)
        return key if key.startswith(_ALIAS) else None

    def hint_at(self, key_id: str, region: str) -> str:
        """Return what the author of a test should know of an alias that nobody has told, else an empty text."""
        alias = self.unknown_alias(key_id, region)
        if alias is None:
            return ""
        return (
            f"No test has said which key {alias} stands for. Say so with "
            f"fake_secrets.set_kms_key(<ARN of the key>, aliases=[{alias!r}])."
        )

    def _told(self, key_id: str, region: str | None) -> str | None:
        alias = id_of(key_id)
        return self._keys.get((region_of(key_id) or region, alias)) or self._keys.get((None, alias))


def id_of(key_id: str) -> str:
    """Return the key's id or alias, whether it was given alone or in an ARN."""
    fields = key_id.split(":", _RESOURCE_FIELD)
    resource = fields[_RESOURCE_FIELD] if fields[0] == "arn" and len(fields) > _RESOURCE_FIELD else key_id
    return resource.removeprefix("key/")
