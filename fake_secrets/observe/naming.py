"""Which secrets a call is about, however it names them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fake_secrets.arns import SECRET_ARN, SUFFIX, SUFFIX_LENGTH
from fake_secrets.observe.entry import Entry

__all__ = ["Named", "named_by", "secrets_of"]


class Named(NamedTuple):
    """A secret as something names it.

    Args:
        account_id: the secret's account.
        region: the secret's region.
        name: the secret's name.
        suffix: the end of its ARN, a hyphen and six characters; None if it isn't known.
    """

    account_id: str
    region: str
    name: str
    suffix: str | None

    def may_be(self, other: Named) -> bool:
        """Return whether both may name the same secret. Without a suffix, any secret of that name is meant."""
        return self[:3] == other[:3] and (None in {self.suffix, other.suffix} or self.suffix == other.suffix)


def named_by(secret_id: str, account_id: str, region: str) -> Named:
    """Return the secret that a secret ID names.

    Args:
        secret_id: a name, an ARN or a partial ARN.
        account_id: the account of a secret that is only named.
        region: its region.
    """
    match = SECRET_ARN.fullmatch(secret_id)
    if match is None:
        return Named(account_id, region, secret_id, None)
    region, account_id, tail = match.groups()
    # A partial ARN that ends like a whole one counts as one [A: api-facts 2].
    suffix = tail[-SUFFIX_LENGTH:]
    if SUFFIX.fullmatch(suffix):
        return Named(account_id, region, tail[:-SUFFIX_LENGTH], suffix)
    return Named(account_id, region, tail, None)


def secrets_of(entry: Entry) -> tuple[Named, ...]:
    """Return the secrets that a call is about: the one that it found, or those that it named."""
    secret = entry.secret
    if secret is not None:
        return (Named(secret.account_id, secret.region, secret.name, secret.arn[-SUFFIX_LENGTH:]),)
    request = entry.request
    return tuple(named_by(named, request.account_id, request.region) for named in _secret_ids(entry))


def _secret_ids(entry: Entry) -> Iterator[str]:
    members, response = entry.members, entry.response
    if response is not None and "Read" in response:
        yield from response["Read"]
        yield from (error["SecretId"] for error in response["Errors"])
        return
    yield from (members[name] for name in ("SecretId", "Name") if name in members)
    several = members.get("SecretIdList")
    # A value of the wrong type is redacted.
    if isinstance(several, list):
        yield from several
