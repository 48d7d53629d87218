"""What KMS keys are called: ids, aliases, and the ARNs of both; and which of them a secret can name."""

from __future__ import annotations

import re
import uuid

from fake_secrets.arns import account_of, region_of
from fake_secrets.errors import ServiceError

__all__ = [
    "DEFAULT_KEY_ALIAS",
    "KeyNames",
    "check_key",
    "denied",
    "id_of",
    "is_default_key",
    "why_unusable",
]

_ALIAS = "alias/"
_SERVICE_ALIAS = "alias/aws/"
DEFAULT_KEY_ALIAS = "alias/aws/secretsmanager"
_ALIAS_FORM = r"alias/[A-Za-z0-9/_-]+"
# Not compiled yet, since few worlds meet a key, and to compile it takes a millisecond.
_KEY_ID = (
    r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|mrk-[0-9A-Za-z]+"
    rf"|{_ALIAS_FORM}|arn:[a-z-]+:kms:[a-z0-9-]+:\d{{12}}:(?:key/[0-9A-Za-z-]+|{_ALIAS_FORM})"
)
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


def is_default_key(key_id: str | None) -> bool:
    """Return whether a KmsKeyId is None or names the default key in any form."""
    return key_id is None or id_of(key_id) == DEFAULT_KEY_ALIAS


def check_key(key_id: str | None, region: str) -> None:
    """Refuse a KmsKeyId that can't encrypt any secret of a region. None is the default key.

    Args:
        key_id: KmsKeyId as sent.
        region: the secret's region.

    Raises (in the order checked [D]):
        InvalidParameterException (400): KmsKeyId is neither a key id nor an alias nor the ARN of
            either, M52 [C]. What follows "Invalid keyId" on AWS is unknown. Which keys exist isn't
            known here, so the key id in an ARN can have any form [D].
        InvalidParameterException (400): the ARN is of another region, M49 [text C; code D, as M52's].
        AccessDeniedException (400): the key belongs to another AWS service, M41 [C; D if the call
            encrypts nothing].
    """
    if key_id is None:
        return
    if re.fullmatch(_KEY_ID, key_id, re.ASCII) is None:
        raise _invalid_key("Invalid keyId")
    key_region = region_of(key_id)
    if key_region is not None and key_region != region:
        raise _invalid_key(f"Invalid arn {key_region}")
    if _is_of_another_service(key_id):
        raise denied()


def why_unusable(key_id: str, region: str | None = None) -> str | None:
    """Tell the author of a test why no secret can have a key, or return None if a secret can.

    Args:
        key_id: the key, as the test gives it.
        region: the secret's region, or None if a secret of any region will do.

    Returns:
        The end of a sentence that begins with the key. The reasons are those of `check_key`.
    """
    if re.fullmatch(_KEY_ID, key_id, re.ASCII) is None:
        return (
            "can't name a KMS key. Use a key id (a UUID or mrk-...), an alias such as 'alias/app', or the ARN "
            "of either."
        )
    key_region = region_of(key_id)
    if region is not None and key_region not in {None, region}:
        return f"is in {key_region}, but the secret is in {region}. Use a key of the secret's region."
    if _is_of_another_service(key_id):
        return "belongs to another AWS service, and AWS denies it to Secrets Manager. Use a key of your own."
    return None


def denied() -> ServiceError:
    """Return the error for a key that may not be used, M41."""
    return ServiceError("AccessDeniedException", "Access to KMS is not allowed")


def _is_of_another_service(key_id: str) -> bool:
    alias = id_of(key_id)
    return alias.startswith(_SERVICE_ALIAS) and alias != DEFAULT_KEY_ALIAS


def _invalid_key(reason: str) -> ServiceError:
    return ServiceError(
        "InvalidParameterException", f"The operation failed because of an invalid KMS key: {reason}"
    )
