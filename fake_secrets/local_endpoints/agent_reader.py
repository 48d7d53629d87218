"""How the agent reads a secret through its cache: fresh, confirmed by DescribeSecret, or read anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_secrets.local_endpoints.cache import Cache, Key
from fake_secrets.local_endpoints.upstream import CallFailedError, Upstream
from fake_secrets.local_endpoints.value_call import get_secret_value

__all__ = ["AgentReader"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class AgentReader:
    """Reads secrets as one principal.

    Args:
        upstream: Secrets Manager.
        role_arn: the role that reads; None for the agent's own credentials.
        ttl: for how many seconds a value is fresh. With 0 it never is.
        size: how many values the cache keeps.

    Source: local-endpoints-facts 1.5 [B code].
    """

    def __init__(self, upstream: Upstream, role_arn: str | None, ttl: float, size: int) -> None:
        self._upstream = upstream
        self._role_arn = role_arn
        self._ttl = ttl
        self._cache = Cache(size)

    def read(self, key: Key) -> Mapping[str, Any]:
        """Return the value for a key.

        A fresh value needs no call. A stale one is asked about with DescribeSecret, and stays if it is still what
        the key stands for. If that can't be found out for now, the stale value is returned, and stays stale.

        Raises:
            CallFailedError: if a call has failed. What the cache has stays.
        """
        kept = self._cache.get(key)
        if kept is None:
            return self.read_anew(key)
        if kept.is_fresh(self._upstream.now(), self._ttl):
            return kept.value
        try:
            if not self._is_current(key, kept.value):
                return self.read_anew(key)
        except CallFailedError as failed:
            if failed.is_transient:
                return kept.value
            raise
        self._cache.put(key, kept.value, self._upstream.now())
        return kept.value

    def read_anew(self, key: Key) -> Mapping[str, Any]:
        """Call GetSecretValue, and keep what it returns.

        Raises:
            CallFailedError: if the call has failed. What the cache has stays.
        """
        value = get_secret_value(self._upstream, key, role_arn=self._role_arn)
        self._cache.put(key, value, self._upstream.now())
        return value

    def _is_current(self, key: Key, value: Mapping[str, Any]) -> bool:
        """Return whether a value is still what its key stands for, as DescribeSecret tells."""
        described = self._upstream.call("DescribeSecret", {"SecretId": value["ARN"]}, role_arn=self._role_arn)
        versions = described.get("VersionIdsToStages") or {}
        if key.version_id is not None and key.version_stage is None:
            return key.version_id in versions
        return (key.version_stage or "AWSCURRENT") in versions.get(key.version_id or value["VersionId"], ())
