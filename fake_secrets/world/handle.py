"""`FakeSecrets`, the handle of an active world."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TypeVar

from fake_secrets.errors import UnknownSecretError
from fake_secrets.iam.principals import Credentials, credentials_of
from fake_secrets.observe.ledger import Call
from fake_secrets.observe.timeline import Timeline, timeline_of
from fake_secrets.observe.trail import Subscriber, Trail
from fake_secrets.observe.view import Secret, secret_id_of
from fake_secrets.service.state.keys import KEY_STATES, KeyState
from fake_secrets.service.state.quotas import Quotas
from fake_secrets.service.state.seeds import SeedValue, describe_seed
from fake_secrets.world.rotation_handle import RotationHandle

__all__ = ["FakeSecrets"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


SubscriberT = TypeVar("SubscriberT", bound=Subscriber)

# How many names the repr shows.
_SHOWN = 20


class FakeSecrets(RotationHandle):
    """The handle of an active world: what AWS has no API for.

    `with mock_stages() as fake_secrets` and the fixture `fake_secrets` give it.
    """

    __slots__ = ()

    @property
    def region(self) -> str:
        """The world's region: of its seeds, and of clients that name none."""
        return self._world.region

    @property
    def account_id(self) -> str:
        """The account that owns the secrets, twelve digits."""
        return self._world.account_id

    @property
    def calls(self) -> list[Call]:
        """The calls that the world answered, in order; secret values read ``***``.

        A world keeps the latest 100,000 of its calls and of what else befell a secret.
        """
        return self._world.ledger.calls()

    @property
    def dropped_calls(self) -> int:
        """How many of the oldest calls, and of what else befell a secret, are kept no longer."""
        return self._world.ledger.dropped

    @property
    def trail(self) -> Trail:
        """What happened besides the calls: `records` as CloudTrail, `events` as EventBridge has them."""
        return self._world.trail

    def add(
        self,
        name: str,
        value: SeedValue = None,
        *,
        labels: Mapping[str, SeedValue] | None = None,
        version_ids: Mapping[str, str] | None = None,
        arn_suffix: str | None = None,
        region: str | None = None,
        description: str | None = None,
        kms_key_id: str | None = None,
        tags: Mapping[str, str] | None = None,
        owning_service: str | None = None,
    ) -> Secret:
        """Put a secret into the world, without a call.

        Args:
            name: the secret's name.
            value: the value of AWSCURRENT: a dict becomes a JSON SecretString, a str a
                SecretString, bytes a SecretBinary; None makes a secret without a value.
            labels: label to value, instead of `value`. None as a value is the empty version of
                an open rotation, under AWSPENDING only.
            version_ids: label to version id, 32 to 64 characters each; others are made up.
                Labels with the same id share a version.
            arn_suffix: the six characters at the end of the ARN; made up by default.
            region: the secret's region; by default the world's.
            description, kms_key_id: as in CreateSecret.
            tags: tag key to tag value.
            owning_service: the service of AWS that manages the secret, such as ``rds``: users can
                read it but not change it.

        Returns:
            A live view of the secret.

        Raises:
            SecretExistsError: the name is taken.
            SeedError: such a secret could not exist in AWS.
            ValueError: the region isn't one.
            TypeError: a value is neither str, bytes nor a mapping, or description, kms_key_id,
                tags or owning_service aren't text.
        """
        seed = describe_seed(
            name,
            value,
            region=region or self.region,
            ids=self._world.ids,
            labels=labels,
            version_ids=version_ids,
            arn_suffix=arn_suffix,
            description=description,
            kms_key_id=kms_key_id,
            tags=tags,
            owning_service=owning_service,
        )
        return Secret(self._world.plant(seed).arn, self._world.secret)

    def __getitem__(self, secret_id: str | Secret) -> Secret:
        """Return a live view of a secret.

        Args:
            secret_id: name, ARN or partial ARN, or a `Secret`.

        Raises:
            UnknownSecretError: there is none.
        """
        return Secret(self._world.secret(secret_id_of(secret_id)).arn, self._world.secret)

    def __contains__(self, secret_id: object) -> bool:
        """Say whether a secret exists, by name, ARN or partial ARN, or as a `Secret`."""
        try:
            self._world.secret(secret_id_of(secret_id))
        except (UnknownSecretError, TypeError):
            return False
        return True

    def __iter__(self) -> Iterator[Secret]:
        """Yield a live view of every secret, of all accounts and regions, in the order of creation.

        Replicas and secrets that are marked for deletion are included.
        """
        return iter([Secret(arn, self._world.secret) for arn in self._world.arns()])

    def __len__(self) -> int:
        """Return how many secrets there are, of all accounts and regions."""
        return len(self._world.arns())

    def __bool__(self) -> bool:
        """Return True, for a world without secrets too: a handle that isn't None is there."""
        return True

    def credentials(self, principal_arn: str) -> Credentials:
        """Return what makes a client act as a principal, of any account.

        Args:
            principal_arn: the ARN of an IAM user, role or root, or of an STS session.

        Returns:
            Keyword arguments: ``boto3.client("secretsmanager", **fake_secrets.credentials(arn))``.
            A client with twelve digits as its access key id acts for that account likewise.

        Raises:
            ValueError: it isn't the ARN of a principal.
        """
        return credentials_of(principal_arn)

    def as_principal(self, principal_arn: str) -> contextlib.AbstractContextManager[None]:
        """Have calls made by a principal, for the length of a `with` block.

        It holds for this thread or task, and for threads in which nobody acts; not for clients
        that have `credentials` of their own, nor for rotation functions, which act for their own
        account.

        Args:
            principal_arn: the ARN of an IAM user, role or root, or of an STS session.

        Raises:
            ValueError: it isn't the ARN of a principal.
        """
        return self._world.principals.act_as(principal_arn)

    @property
    def quotas(self) -> Quotas:
        """The quotas, to be set lower: ``fake_secrets.quotas.versions = 3``; `reset` puts them back."""
        return self._world.store.quotas

    def set_kms_key(self, key_id: str, state: KeyState) -> None:
        """Have a KMS key be disabled, or denied to every caller, from now on; `reset` undoes it.

        Args:
            key_id: key id, alias, or the ARN of either. ``alias/aws/secretsmanager`` is the
                default key.
            state: "disabled" gives EncryptionFailure and DecryptionFailure, "denied"
                AccessDeniedException, "enabled" nothing.

        Raises:
            ValueError: the key id is no text, or the state none of the three.
        """
        if not isinstance(key_id, str) or not key_id or state not in KEY_STATES:
            msg = f"set_kms_key({key_id!r}, {state!r}): a key id, and one of {', '.join(map(repr, KEY_STATES))}"
            raise ValueError(msg)
        self._world.declare_key(key_id, state)

    def on_event(self, subscriber: SubscriberT) -> SubscriberT:
        """Have a function called with every event from now on, as EventBridge would deliver it.

        It is called after the call that the event comes of; of what a rotation does, after the
        rotation. What it raises comes out of that call.

        Args:
            subscriber: called with the event, a dict in EventBridge's shape.

        Returns:
            The subscriber, so that this is a decorator too.

        Raises:
            TypeError: it can't be called.
        """
        self._world.deliveries.subscribe(subscriber)
        return subscriber

    def timeline(self, secret_id: str | Secret) -> Timeline:
        """Return which staging labels were on which version after each call about a secret.

        Args:
            secret_id: name, ARN or partial ARN, or a `Secret`; for a deleted secret its name or
                full ARN, or its `Secret`.

        Returns:
            The timeline; `print` it for a table.

        Raises:
            UnknownSecretError: no call was ever about such a secret.
        """
        ledger, wanted = self._world.ledger, secret_id_of(secret_id)
        if wanted in self:
            secret = self._world.secret(wanted)
        else:
            secret = ledger.latest(wanted) or self._world.secret(wanted)
        return timeline_of(secret, ledger.about(secret), is_whole=not ledger.dropped)

    def reset(self) -> None:
        """Go back to the seed: secrets, calls and rotations; registered functions stay."""
        self._world.reset()

    def __repr__(self) -> str:
        names = self._world.names()
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return f"<FakeSecrets {self.account_id} {self.region}, secrets {names[:_SHOWN]!r}{more}>"
