"""The index of a store: every secret by account, region and name, and the look-up of a SecretId."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from fake_secrets.arns import SECRET_ARN, SUFFIX, SUFFIX_LENGTH
from fake_secrets.errors import ServiceError
from fake_secrets.service.state.access import refuse_replica
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.request_model import Request
from fake_secrets.service.state.shelf import CREATED, Position, Shelf

__all__ = ["Index", "check_name", "check_secret_id", "is_valid_name"]

_NAME = re.compile(r"[A-Za-z0-9\-/_+=.@!]+", re.ASCII)


def is_valid_name(name: str) -> bool:
    """Return whether a secret can have this name [A: api-facts 2]."""
    return _NAME.fullmatch(name) is not None


def check_name(name: str) -> None:
    """Refuse a name with characters that AWS doesn't allow.

    Raises:
        ValidationException (400): M10 [A: api-facts 2].
    """
    if not is_valid_name(name):
        raise ServiceError(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, "
            "or any of the following: -/_+=.@!",
        )


def check_secret_id(secret_id: str) -> None:
    """Refuse a SecretId with characters that AWS doesn't allow in names.

    Raises:
        ValidationException (400): M10 [A: api-facts 2]. An ARN that isn't a
            secret's ARN counts as a bad name [D].
    """
    if secret_id.startswith("arn:"):
        match = SECRET_ARN.fullmatch(secret_id)
        check_name(match[3] if match else secret_id)
    else:
        check_name(secret_id)


class Index:
    """The part of a store that finds secrets.

    `concerned` is the secret that the current call is about, for the ledger. `revision` counts the changes that
    can affect how secrets are listed or sorted.
    """

    def __init__(self) -> None:
        self.concerned: StoredSecret | None = None
        self.revision = 0
        self._shelves: dict[tuple[str, str], Shelf] = {}

    def __iter__(self) -> Iterator[StoredSecret]:
        for shelf in self._shelves.values():
            yield from shelf.by_name.values()

    def named(self, account_id: str, region: str, name: str) -> StoredSecret | None:
        """Return the secret with that name, even if it is scheduled for deletion, or None."""
        shelf = self._shelves.get((account_id, region))
        return None if shelf is None else shelf.by_name.get(name)

    def of(self, account_id: str, region: str) -> Mapping[str, StoredSecret]:
        """Return the secrets of an account in a region by name, including those scheduled for deletion."""
        shelf = self._shelves.get((account_id, region))
        return {} if shelf is None else shelf.by_name

    def everywhere(self, names: Iterable[str]) -> Iterator[StoredSecret]:
        """Yield the secrets with one of these names, in every account and region."""
        for shelf in self._shelves.values():
            yield from (shelf.by_name[name] for name in names if name in shelf.by_name)

    def count(self, account_id: str, region: str) -> int:
        """Return the number of secrets of an account in a region, including those scheduled for deletion."""
        return len(self._shelf(account_id, region).by_name)

    def after(
        self,
        request: Request,
        position: Position | None,
        order: str = CREATED,
        *,
        is_descending: bool = False,
    ) -> Iterator[StoredSecret]:
        """Return the secrets of the caller's account and region that come after a position in an order.

        Args:
            request: the request, which has the account and the region.
            position: the position of the last secret that was returned; None starts at the beginning.
            order: SortBy.
            is_descending: whether to return the secrets in descending order.

        Raises:
            TypeError: if the position doesn't belong to that order.
        """
        shelf = self._shelf(request.account_id, request.region)
        return shelf.after(position, order, self.revision, is_descending=is_descending)

    def holds(self, secret: StoredSecret) -> bool:
        """Return whether a secret is still stored, even if it is scheduled for deletion."""
        return self.named(secret.account_id, secret.region, secret.name) is secret

    def find(self, request: Request, secret_id: str) -> StoredSecret | None:
        """Find the secret that a SecretId names: a name, a full ARN, or an ARN without its random suffix.

        Args:
            request: the request, which has the region and the account for a name.
            secret_id: SecretId as sent.

        Returns:
            The secret, even if it is scheduled for deletion, or None.

        Raises:
            ValidationException (400): M10.

        Source: api-facts 2. If the name in a partial ARN itself ends like a suffix, the ARN
            counts as a full one, and isn't found [A].
        """
        if secret_id[:4] == "arn:":
            self.concerned = self.by_arn(request, secret_id)
        else:
            shelf = self._shelves.get((request.account_id, request.region))
            self.concerned = None if shelf is None else shelf.by_name.get(secret_id)
        if self.concerned is None:
            # No secret has a bad name, so the check is needed only if none was found.
            check_secret_id(secret_id)
        return self.concerned

    def get(self, request: Request) -> StoredSecret:
        """Return the secret that the request's SecretId names.

        Raises (in the order checked):
            ValidationException (400): M10.
            ResourceNotFoundException (400): M1.
        """
        secret = self.find(request, request.members["SecretId"])
        if secret is None:
            raise _not_found()
        return secret

    def get_live(self, request: Request) -> StoredSecret:
        """Return the secret as `get` does, but refuse one that is scheduled for deletion.

        Raises (in the order checked):
            ValidationException (M10), ResourceNotFoundException (M1).
            InvalidRequestException (400): M5.
        """
        # Not by `get`, which would make every call longer.
        secret = self.find(request, request.members["SecretId"])
        if secret is None:
            raise _not_found()
        if secret.deleted is not None:
            raise ServiceError(
                "InvalidRequestException",
                "You can't perform this operation on the secret because it was marked for deletion.",
            )
        return secret

    def get_primary(self, request: Request) -> StoredSecret:
        """Return the secret as `get_live` does, but refuse a replica, which only follows its primary.

        Raises (in the order checked):
            ValidationException (M10), ResourceNotFoundException (M1),
            InvalidRequestException (M5).
            InvalidParameterException (400): M33 [C for PutResourcePolicy, else D].
        """
        secret = self.get_live(request)
        refuse_replica(secret)
        return secret

    def by_arn(self, request: Request, arn: str) -> StoredSecret | None:
        """Return the secret of an ARN, or of one without random suffix, in the region of a request, or None."""
        match = SECRET_ARN.fullmatch(arn)
        if match is None or match[1] != request.region:
            return None
        region, account_id, tail = match.groups()
        whole = self.named(account_id, region, tail[:-SUFFIX_LENGTH])
        if whole is not None and whole.arn == arn:
            return whole
        if SUFFIX.fullmatch(tail[-SUFFIX_LENGTH:]):
            return None
        partial = self.named(account_id, region, tail)
        return partial if partial is not None and partial.arn[:-SUFFIX_LENGTH] == arn else None

    def _shelf(self, account_id: str, region: str) -> Shelf:
        shelf = self._shelves.get((account_id, region))
        if shelf is None:
            shelf = self._shelves[account_id, region] = Shelf()
        return shelf


def _not_found() -> ServiceError:
    return ServiceError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
