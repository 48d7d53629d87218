"""The KMS keys that a test has disabled or denied: tells of those that no secret has used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fake_secrets.arns import account_of
from fake_secrets.errors import FakeSecretsWarning, PolicyError, ServiceError
from fake_secrets.observe.ledger import Ledger
from fake_secrets.observe.remarks import Line, Remark
from fake_secrets.service.state.key_names import DEFAULT_KEY_ALIAS, id_of, is_default_key
from fake_secrets.service.state.keys import KeyState
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.store import Store

__all__ = ["DeclaredKeys", "text_of_key_policy"]

# More than a test's secrets have.
_SHOWN = 20


class DeclaredKeys:
    """The keys that were declared disabled or denied in one store.

    Args:
        store: the store.
        ledger: what happened to its secrets.

    The default key isn't among them: a test may deny it to show that no secret uses it.
    """

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger
        # By account, which is empty if the key was named without one, and by key.
        self._declared: dict[tuple[str, str], tuple[str, KeyState, Line]] = {}
        # A secret may be gone, or have another key, by the time that the world is left.
        self._used: set[str] = set()

    def declare(
        self,
        key_id: str,
        state: KeyState,
        line: Line,
        policy: str | None = None,
        aliases: Sequence[str] = (),
    ) -> None:
        """Enable, disable or deny a key, or say more of it.

        Args:
            key_id: a key id, an alias, or the ARN of either.
            state: the key's state from now on.
            line: the user's line that says so.
            policy: the key policy, as JSON; None leaves it as it is.
            aliases: aliases that stand for the key.
        """
        self._store.keys.declare(key_id, state, policy, aliases)
        key = account_of(key_id), id_of(key_id)
        if state == "enabled":
            self._declared.pop(key, None)
        elif not is_default_key(key_id):
            self._declared[key] = key_id, state, line
            self._used.update(map(id_of, _keys_of(self._store)))

    def take_unused(self) -> list[Remark]:
        """Return a remark on each declared key that no secret has used, and forget the declared keys."""
        declared, self._declared = self._declared, {}
        asked_for = self._used | self._store.keys.asked_for
        if {key for _, key in declared} <= asked_for:
            return []
        in_use = dict.fromkeys(_keys_of(self._store))
        used = asked_for.union(map(id_of, in_use), map(id_of, _named_in(self._ledger)))
        return [
            Remark(FakeSecretsWarning, _text(key_id, state, list(in_use)), line)
            for (_, key), (key_id, state, line) in declared.items()
            if key not in used
        ]


def text_of_key_policy(given: str | Mapping[str, Any] | None) -> str | None:
    """Return a key policy as JSON text.

    Raises:
        PolicyError: if it isn't a well-formed policy of a resource.
    """
    if given is None:
        return None
    # Imported late: few tests give policies, and they are slow to import.
    from fake_secrets.iam import grammar  # noqa: PLC0415

    try:
        text = given if isinstance(given, str) else json.dumps(given)
        grammar.parse(text)
    except (ServiceError, TypeError, ValueError) as error:
        reason = error.message if isinstance(error, ServiceError) else str(error)
        msg = f"policy= isn't a well-formed key policy: {reason.replace('resource policy', 'policy')}"
        raise PolicyError(msg) from None
    return text


def _named_in(ledger: Ledger) -> Iterator[str]:
    """Yield the keys of secrets that are gone, and those that refused calls have named."""
    entries = ledger.entries()
    yield from _keys_of({id(entry.secret): entry.secret for entry in entries if entry.secret is not None}.values())
    for entry in entries:
        key_id = entry.members.get("KmsKeyId")
        if isinstance(key_id, str) and key_id:
            yield key_id


def _keys_of(secrets: Iterable[StoredSecret]) -> Iterator[str]:
    for secret in secrets:
        yield secret.kms_key_id or DEFAULT_KEY_ALIAS
        for version in secret.versions.values():
            yield version.kms_key_id or DEFAULT_KEY_ALIAS


def _text(key_id: str, state: KeyState, in_use: list[str]) -> str:
    listed = "".join(f"\n- {key!r}" for key in in_use[:_SHOWN]) + "\n- ..." * (len(in_use) > _SHOWN)
    return (
        f"no secret used the KMS key {key_id!r}, so set_kms_key({key_id!r}, {state!r}) had no effect. "
        f"Keys that secrets use:{listed or ' none'}\n"
        "Give set_kms_key the KmsKeyId of the secret, as it was given to CreateSecret or add."
    )
