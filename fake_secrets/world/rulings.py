"""Which requests of a world policies rule over, and what they have denied."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fake_secrets.iam.grants import Grants
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.store import Store

# Few tests have any policy, and these modules are slow to import.
if TYPE_CHECKING:
    from fake_secrets.iam.denials import Denial
    from fake_secrets.world.authority import Authority

__all__ = ["Rulings"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Rulings:
    """Finds who rules over a request, if anybody does.

    Args:
        grants: what the principals of the world were given.
        store: returns its secrets.
    """

    def __init__(self, grants: Grants, store: Callable[[], Store]) -> None:
        self._grants = grants
        self._store = store
        self._authority: Authority | None = None

    def reset(self) -> None:
        """Forget what was denied."""
        self._authority = None

    def over(self, request: Request) -> Authority | None:
        """Return what decides whether a request is allowed; None if nothing could forbid it."""
        if request.is_handles:
            return None
        is_ruled = self._store().has_policies or not self._grants.is_empty or _is_foreign(request)
        return self._made() if is_ruled else None

    @property
    def denials(self) -> tuple[Denial, ...]:
        """The checks that policies have denied, in order: the latest 1,000."""
        return () if self._authority is None else tuple(self._authority.decisions.denials)

    @property
    def latest_denial(self) -> Denial | None:
        """The latest check that policies have denied, if there is one. Any thread may ask, without a lock."""
        authority = self._authority
        try:
            return None if authority is None else authority.decisions.denials[-1]
        except IndexError:
            return None

    def take_denials(self) -> list[Denial]:
        """Return the denials, and forget them."""
        denials = list(self.denials)
        if self._authority is not None:
            self._authority.decisions.denials.clear()
        return denials

    def why_denied(self, request_id: str) -> str | None:
        """Tell the author of the test why policies denied a request; None if they didn't."""
        return None if self._authority is None else self._authority.decisions.why_denied(request_id)

    def _made(self) -> Authority:
        if self._authority is None:
            from fake_secrets.world.authority import Authority  # noqa: PLC0415

            self._authority = Authority(self._grants, self._store)
        return self._authority


def _is_foreign(request: Request) -> bool:
    """Return whether a request is about a secret of another account, which needs a grant of its owner."""
    secret_id = request.members.get("SecretId")
    if secret_id is None:
        secret_ids = request.members.get("SecretIdList")
        # The request isn't checked yet.
        return isinstance(secret_ids, list) and any(map(request.is_foreign, secret_ids))
    return request.is_foreign(secret_id)
