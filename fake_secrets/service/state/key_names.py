"""What KMS keys are called: ids, aliases, and the ARNs of both."""

from __future__ import annotations

import uuid

from fake_secrets.arns import account_of, region_of

__all__ = ["KeyNames", "id_of"]

_ALIAS = "alias/"
_RESOURCE_FIELD = 5


class KeyNames:
    """Which keys the aliases of a world stand for, as far as the test has told it."""

    def __init__(self) -> None:
        # By account, region and alias. The first two are None if the key was named without them.
        self._keys: dict[tuple[str | None, str | None, str], str] = {}

    def tell(self, alias: str, key_id: str) -> None:
        """Take note that an alias stands for a key: in its account and region, or in any if it is named alone."""
        self._keys[account_of(key_id) or None, region_of(key_id), id_of(alias)] = key_id

    def told(self) -> list[list[str | None]]:
        """Return everything that was told: account, region, alias and key."""
        return [[*where, key] for where, key in self._keys.items()]

    def tell_again(self, told: list[list[str | None]]) -> None:
        """Tell what `told` has returned."""
        for account_id, region, alias, key in told:
            self._keys[account_id, region, str(alias)] = str(key)

    def named(self, key_id: str, region: str | None, account_id: str | None) -> str:
        """Return a key as the test has named it, if it has told what the alias stands for, or as it is given.

        Args:
            key_id: key id, alias, or the ARN of either.
            region: the region of a key that is named without one, if it is known.
            account_id: its account, if it is known.
        """
        return self._told(key_id, region, account_id) or key_id

    def arn_of(self, key_id: str, region: str, partition: str, account_id: str) -> str:
        """Return the ARN of a key. The key behind an alias that the test hasn't told has an id made of the alias.

        Args:
            key_id: key id, alias, or the ARN of either.
            region: the region of a key that is named without one.
            partition: its partition.
            account_id: its account.
        """
        named = self.named(key_id, region, account_id)
        key = id_of(named)
        prefix = ["arn", partition, "kms", region, account_id]
        if named.startswith("arn:"):
            *prefix, _ = named.split(":", _RESOURCE_FIELD)
        if key.startswith(_ALIAS):
            key = str(uuid.uuid5(uuid.NAMESPACE_URL, key))
        return f"{':'.join(prefix)}:key/{key}"

    def aliases_of(self, key_id: str, region: str, account_id: str) -> list[str]:
        """Return the aliases of a key that are known, sorted."""
        key = id_of(self.named(key_id, region, account_id))
        aliases = {alias for (*_, alias), named in self._keys.items() if id_of(named) == key}
        return sorted(aliases | ({key} if key.startswith(_ALIAS) else set()))

    def unknown_alias(self, key_id: str, region: str, account_id: str) -> str | None:
        """Return the alias by which a key is named if nobody has told which key that is, else None."""
        key = id_of(self.named(key_id, region, account_id))
        return key if key.startswith(_ALIAS) else None

    def hint_at(self, key_id: str, region: str, account_id: str) -> str:
        """Return what the author of a test should know of an alias that nobody has told, else an empty text."""
        alias = self.unknown_alias(key_id, region, account_id)
        if alias is None:
            return ""
        return (
            f"No test has said which key {alias} stands for. Say so with "
            f"fake_secrets.set_kms_key(<ARN of the key>, aliases=[{alias!r}])."
        )

    def _told(self, key_id: str, region: str | None, account_id: str | None) -> str | None:
        if not self._keys:
            return None
        alias, account_id = id_of(key_id), account_of(key_id) or account_id
        there = self._keys.get((account_id, region_of(key_id) or region, alias))
        return there or self._keys.get((None, None, alias))


def id_of(key_id: str) -> str:
    """Return the key's id or alias, whether it was given alone or in an ARN."""
    fields = key_id.split(":", _RESOURCE_FIELD)
    resource = fields[_RESOURCE_FIELD] if fields[0] == "arn" and len(fields) > _RESOURCE_FIELD else key_id
    return resource.removeprefix("key/")
