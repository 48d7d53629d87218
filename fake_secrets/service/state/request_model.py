"""A request to the service, and who decides whether its caller may make it."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol

from fake_secrets.arns import account_of
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.slotted import slotted

if TYPE_CHECKING:
    from fake_secrets.iam.policy import Policy
    from fake_secrets.service.rules.constraints import Shape

__all__ = ["Authority", "Request"]


class Authority(Protocol):
    """Decides whether the caller of a request may do what it asks for."""

    def check_call(self, request: Request) -> None:
        """Refuse a call that its caller may not make, before anything else about it is looked at.

        Raises:
            AccessDeniedException (400): M42.
        """

    def check_tags(self, request: Request, secret: StoredSecret, tags: list[dict[str, str]] | None) -> None:
        """Refuse to change a secret's tags if the caller would lose the permission to do that.

        Raises:
            AccessDeniedException (400): M42.
        """

    def check_function(self, request: Request, lambda_arn: str) -> None:
        """Refuse to rotate with a Lambda function that the caller may not invoke.

        Raises:
            AccessDeniedException (400): M42.
        """

    def check_acceptance(self, request: Request, replica: StoredSecret) -> None:
        """Refuse to replicate to a replica in another account that the caller may not replicate to.

        Raises:
            AccessDeniedException (400): M42.
        """

    def may_use_key(
        self, request: Request, secret: StoredSecret, action: str, key_id: str, version_id: str | None
    ) -> bool:
        """Return whether the caller may use a KMS key of the customer's for a secret.

        Args:
            request: the request.
            secret: the secret whose value is encrypted or decrypted.
            action: what is done with the key, such as ``kms:Decrypt``.
            key_id: the key's id, alias or ARN.
            version_id: the version whose value it is, if it has an id yet.
        """

    def would_deny(self, request: Request, secret: StoredSecret | None, action: str, policy: Policy) -> bool:
        """Return whether a secret's policy would deny an action to the caller of a request.

        Args:
            request: the request.
            secret: the secret; None for one that no policy can name.
            action: the action.
            policy: the policy.
        """


@slotted
class Request:
    """One call, as it would go over the wire.

    Args:
        operation: the API operation, such as ``GetSecretValue``.
        members: the JSON body; blobs are base64 strings.
        region: the region that the client calls.
        partition: the partition of that region, such as ``aws``.
        account_id: the caller's account, twelve digits.
        principal: the caller's ARN, in that account.
        now: the time of the call, epoch seconds.
        shape: the operation's input shape, or None if the members have been checked already.
        attempt: which attempt of its call this is: 1, 2 and so on.
        id: the request id, which the response shows too.
        user_agent: the client's User-Agent; None if it isn't known.

    `is_plain` is True once the members are known to be right and not sensitive. `fault` is what a test has
    planned for this request; None if it has planned nothing. `authority` is asked whether the caller may do what
    the request asks for; None if there is nothing that could forbid it. `suffix` is the random end of a new
    secret's ARN, once it is drawn. `is_handles` is True if the test makes the request by its handle, which no
    policy binds.
    """

    operation: str
    members: dict[str, Any] = field(repr=False)
    region: str
    partition: str
    account_id: str
    principal: str
    now: float
    shape: Shape | None = None
    attempt: int = 1
    id: str = ""
    user_agent: str | None = None
    is_plain: bool = False
    fault: str | None = None
    authority: Authority | None = None
    suffix: str | None = None
    is_handles: bool = False

    def is_foreign(self, secret_id: object) -> bool:
        """Return whether a SecretId is an ARN outside the caller's account."""
        return (
            isinstance(secret_id, str)
            and secret_id.startswith("arn:")
            and account_of(secret_id) != self.account_id
        )
