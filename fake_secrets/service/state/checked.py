"""What permissions see of a call and of a stored secret: the condition keys that they supply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fake_secrets.arns import account_of
from fake_secrets.iam.evaluation import Caller, Check
from fake_secrets.iam.grants import Grant
from fake_secrets.service.rules.condition_keys import Value, keys_of_circumstances, keys_of_key_use, keys_of_secret
from fake_secrets.service.state.key_names import KeyNames
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.request_model import Request

__all__ = ["KeyUse", "arn_for", "completed", "key_check", "keys_of"]

# No secret has this name, and no policy can contain it.
_NAMELESS = "\0"


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What is done with a KMS key.

    Args:
        action: the action, such as ``kms:Decrypt``.
        key_id: the key, as the secret names it.
        secret_arn: the ARN of the secret.
        version_id: the version whose value is encrypted or decrypted, if it has an id yet.
    """

    action: str
    key_id: str
    secret_arn: str
    version_id: str | None = None


def arn_for(request: Request, secret: StoredSecret | None, secret_id: str = _NAMELESS) -> str:
    """Return the ARN that is checked for a secret. The ARN of a secret that doesn't exist has no suffix [D].

    Args:
        request: the request.
        secret: the secret, if it exists.
        secret_id: SecretId as sent. By default the ARN is one that no policy can name, and that only a wildcard
            covers.
    """
    if secret is not None:
        return secret.arn
    if secret_id.startswith("arn:"):
        return secret_id
    return f"arn:{request.partition}:secretsmanager:{request.region}:{request.account_id}:secret:{secret_id}"


def completed(check: Check, caller: Caller, request: Request, grant: Grant) -> Check:
    """Return a check with all its condition keys, those of the caller and those that a test has given included.

    Args:
        check: what is asked, with the keys of the request's members and of the resource.
        caller: who asks.
        request: the request.
        grant: what the caller was given. Its context wins.
    """
    circumstances = keys_of_circumstances(caller=caller, region=request.region, now=request.now, tags=grant.tags)
    return replace(check, context={**circumstances, **check.context, **(grant.context or {})})


def key_check(names: KeyNames, request: Request, use: KeyUse) -> Check:
    """Return what is asked of a KMS key that encrypts a secret.

    Args:
        names: the names of keys.
        request: the request. Its region is that of the secret or, for a replica, of the replica.
        use: what is done with the key. A key that is named without an account is in the secret's.
    """
    arn = names.arn_of(use.key_id, request.region, request.partition, account_of(use.secret_arn))
    keys = keys_of_key_use(
        use.secret_arn,
        use.version_id,
        region=request.region,
        caller_account=request.account_id,
        key_account=account_of(arn),
        aliases=names.aliases_of(use.key_id, request.region, account_of(use.secret_arn)),
    )
    return Check(use.action, arn, keys)


def keys_of(secret: StoredSecret | None, tags: Sequence[Mapping[str, str]] | None = None) -> Mapping[str, Value]:
    """Return the condition keys of a secret: lower-case key to value. There are none without a secret.

    Args:
        secret: the secret, if there is one.
        tags: its tags, if they are going to change.
    """
    if secret is None:
        return {}
    is_replicated = secret.primary is not None or bool(secret.replicas)
    return keys_of_secret(
        secret.arn,
        account_id=secret.account_id,
        # Only a secret in several Regions has this key [B: iam-facts 5].
        primary_region=(secret.primary or secret).region if is_replicated else None,
        kind=secret.type,
        lambda_arn=None if secret.rotation is None else secret.rotation.lambda_arn,
        tags=(secret.tags if tags is None else tags) or (),
    )
