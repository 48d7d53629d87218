"""`FakeSecrets`, the handle of an active world."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Never

from fake_secrets.errors import FakeSecretsWarning, SecretExistsError
from fake_secrets.iam.principals import Credentials, credentials_of
from fake_secrets.observe.remarks import users_line
from fake_secrets.observe.reminders import Reminding
from fake_secrets.observe.view import Secret, secret_id_of
from fake_secrets.service.dispatch import OPERATIONS
from fake_secrets.service.state.key_names import id_of, why_unusable
from fake_secrets.service.state.keys import KEY_STATES, KeyState
from fake_secrets.service.state.quotas import Quotas
from fake_secrets.service.state.seed_forms import doubts
from fake_secrets.service.state.seeds import Seed, SeedValue, describe_seed
from fake_secrets.suggestions import check_choice
from fake_secrets.world.declared_keys import text_of_key_policy
from fake_secrets.world.earlier import why_there_already
from fake_secrets.world.observing_handle import ObservingHandle
from fake_secrets.world.unknown_arguments import refuse_unknown, takes_no_others

# These are imported at their first use, because many tests plan nothing.
if TYPE_CHECKING:
    from fake_secrets.faults.planning import Faults
    from fake_secrets.world.permissions import Permissions

__all__ = ["FakeSecrets"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# How many names the repr shows.
_SHOWN = 20


class FakeSecrets(ObservingHandle):
    """The handle of an active world. With it, a test adds secrets, runs rotations and sees what happened.

    A world is one active fake of Secrets Manager: its secrets, in all accounts and regions, and the record
    of what happened to them. The fixture `fake_secrets` and `with mock_stages() as fake_secrets` return its
    handle. The handle does what the API of AWS doesn't offer; for everything else, use a client.

    Where a method takes a `secret_id`, it takes a name, an ARN, a partial ARN or a `Secret`. A name is
    looked up in the world's own account and region; an ARN finds a secret in any.
    """

    __slots__ = ()

    # To type checkers, a function here would make every name a valid one.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            msg = f"{type(self).__name__!r} object has no attribute {name!r}"
            if "".join(part.capitalize() for part in name.split("_")) in OPERATIONS:
                msg += ". It is an operation of the API: call it on a client, such as the fixture `secretsmanager`"
            raise AttributeError(msg)

    @property
    def region(self) -> str:
        """The world's region. Seeds are created there, and clients use it if they don't name a region."""
        return self._world.region

    @property
    def account_id(self) -> str:
        """The world's account, as twelve digits.

        It owns the seeds, and every client without an account of its own calls as this account.
        """
        return self._world.account_id

    @property
    def faults(self) -> Faults:
        """Plans faults: calls that fail, time out or come late, and rotation functions that die."""
        from fake_secrets.faults.planning import Faults  # noqa: PLC0415 -- as said above

        return Faults(self._world.faults.plan)

    @property
    def permissions(self) -> Permissions:
        """What the principals of the world may do: ``with fake_secrets.permissions(policy, principal=arn):``."""
        from fake_secrets.world.permissions import Permissions  # noqa: PLC0415 -- as said above

        return Permissions(self._world)

    @takes_no_others
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
        resource_policy: str | Mapping[str, Any] | None = None,
        **unknown: Never,
    ) -> Secret:
        """Add a secret to the world, without a call.

        Args:
            name: the secret's name.
            value: the value of AWSCURRENT. A str becomes a SecretString, bytes a SecretBinary, and a dict
                a SecretString of JSON. A dict with the key AWSCURRENT, AWSPENDING or AWSPREVIOUS stands for
                `labels`, as in `mock_stages`. None makes a secret without a value.
            labels: a mapping from staging label to value, instead of `value`. Only AWSPENDING may map
                to None, which puts it on the empty version of an open rotation.
            version_ids: a mapping from staging label to version id, 32 to 64 characters each. Labels with
                the same id share a version. Labels that aren't in the mapping get a random id.
            arn_suffix: the six characters at the end of the ARN; random by default.
            region: the secret's region; by default the world's.
            description: the secret's description; none by default.
            kms_key_id: the KMS key that encrypts the values: a key id (a UUID or ``mrk-...``), an alias such
                as ``alias/app``, or the ARN of either; by default the key ``aws/secretsmanager``.
            tags: a mapping from tag key to tag value.
            owning_service: the AWS service that manages the secret, such as ``rds``. Clients can read
                a managed secret but not change it.
            resource_policy: the secret's resource policy; none by default. A mapping becomes JSON. The policy
                isn't checked, so that a test can have one that AWS would refuse, even text that isn't
                JSON. A policy that PutResourcePolicy would refuse as malformed allows nothing.

        Returns:
            A live view of the secret.

        Raises:
            SecretExistsError: if the name is taken.
            SeedError: if such a secret couldn't exist in AWS.
            ValueError: if `region` isn't a region's name.
            TypeError: if a value isn't a str, bytes or mapping; if `labels`, `version_ids` or `tags` isn't
                a mapping; if `resource_policy` isn't a str or a mapping of JSON values; or if
                `description`, `kms_key_id` or `owning_service` isn't a str.
        """
        refuse_unknown(FakeSecrets.add, unknown)
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
            resource_policy=resource_policy,
        )
        try:
            planted = self._world.contents.plant(seed)
        except SecretExistsError as error:
            self._note_on_taken(error, seed)
            raise
        added = Secret(planted.arn, self._world.contents.secret)
        if arn_suffix is not None or kms_key_id is not None:
            from fake_secrets.observe.recording import Planted  # noqa: PLC0415 -- few tests choose either

            self._world.contents.planted[added.arn] = Planted(arn_suffix is not None, kms_key_id)
        for doubt in doubts({name: value if labels is None else labels}):
            self._world.remarks.add(FakeSecretsWarning, doubt, users_line())
        return added

    def _note_on_taken(self, error: SecretExistsError, seed: Seed) -> None:
        taken = self._world.contents.secret_at((self.account_id, seed.region), seed.name)
        note = why_there_already(self._world, self._world.contents, taken)
        if note is not None:
            error.add_note(f"fake_secrets: {note}")

    def __getitem__(self, secret_id: str | Secret) -> Secret:
        """Return a live view of a secret.

        Args:
            secret_id: the secret's name, ARN or partial ARN, or a `Secret`.

        Raises:
            UnknownSecretError: if there is no such secret.
            TypeError: if `secret_id` isn't a str or a `Secret`.
        """
        return Secret(self._world.contents.secret(secret_id_of(secret_id)).arn, self._world.contents.secret)

    def __contains__(self, secret_id: object) -> bool:
        """Return whether a secret exists, given its name, ARN, partial ARN or a `Secret`."""
        try:
            return self._world.contents.has(secret_id_of(secret_id))
        except TypeError:
            return False

    def __iter__(self) -> Iterator[Secret]:
        """Iterate over every secret, in all accounts and regions, in the order of creation.

        This includes replicas and secrets that are marked for deletion. Each item is a live view.
        """
        return iter([Secret(arn, self._world.contents.secret) for arn in self._world.contents.arns()])

    def __len__(self) -> int:
        """Return the number of secrets, in all accounts and regions.

        This counts replicas and secrets that are marked for deletion.
        """
        return len(self._world.contents.arns())

    def __bool__(self) -> bool:
        """Return True, even if the world has no secrets."""
        return True

    def credentials(self, principal_arn: str) -> Credentials:
        """Return credentials with which a client calls as a given principal, of any account.

        A client that has twelve digits as its access key id calls as the root of that account; it doesn't
        need this method.

        Args:
            principal_arn: the ARN of an IAM user, an IAM role, an account's root or an STS session.

        Returns:
            Keyword arguments for a client: ``boto3.client("secretsmanager", **fake_secrets.credentials(arn))``.

        Raises:
            ValueError: if `principal_arn` isn't the ARN of a principal.
        """
        return credentials_of(principal_arn)

    def as_principal(self, principal_arn: str) -> contextlib.AbstractContextManager[None]:
        """Make all calls inside a `with` block come from a given principal.

        This applies to the thread or task that enters the block, and to other threads that aren't inside
        such a block themselves. It doesn't apply to clients with `credentials` of their own, or to rotation
        functions, which call with their role, or as the account in their ARN.

        Args:
            principal_arn: the ARN of an IAM user, an IAM role, an account's root or an STS session.

        Returns:
            The context manager. If it is dropped without being entered, a `FakeSecretsWarning` tells so.

        Raises:
            ValueError: when the block is entered, if `principal_arn` isn't the ARN of a principal.
        """
        return Reminding(
            self._world.principals.act_as(principal_arn),
            f"as_principal was never entered, so no call was made as {principal_arn!r}. Use it in a `with` "
            f"statement: `with fake_secrets.as_principal({principal_arn!r}):`",
        )

    @property
    def quotas(self) -> Quotas:
        """The quotas of each account and region.

        Lower one to meet it in a test: ``fake_secrets.quotas.versions = 3``. `reset` restores AWS's quotas.
        """
        return self._world.store.quotas

    def set_kms_key(
        self,
        key_id: str,
        state: KeyState = "enabled",
        *,
        policy: str | Mapping[str, Any] | None = None,
        aliases: Sequence[str] = (),
    ) -> None:
        """Disable a KMS key, deny it to every caller, or enable it again; give it a key policy or aliases.

        `reset` undoes all of it.

        Args:
            key_id: a key id, an alias, or the ARN of either. ``alias/aws/secretsmanager`` is the default key.
            state: "disabled": calls that need the key fail with EncryptionFailure or DecryptionFailure.
                "denied": they fail with AccessDeniedException. "enabled", the default: they succeed, if the caller
                may use the key.
            policy: the key policy, as JSON text or a mapping. By default the key policy leaves it to the callers'
                own policies who may use the key.
            aliases: aliases that stand for the key, such as ``alias/app``. They tell which key a policy has to
                name if a secret names its key by an alias.

        If no secret uses a key that is disabled or denied until the world is left or reset, a `FakeSecretsWarning`
        points at the line of this call. The default key is excepted: deny it to show that no secret uses it.

        Raises:
            ValueError: if `key_id` can't name a KMS key that Secrets Manager could use, if `state` isn't
                one of the three, or if an alias doesn't begin with ``alias/``.
            PolicyError: if `policy` isn't a well-formed key policy.
        """
        if not isinstance(key_id, str) or not key_id:
            msg = f"key_id={key_id!r} isn't a KMS key: use a key id, an alias, or the ARN of either"
            raise ValueError(msg)
        check_choice("state", state, KEY_STATES)
        reason = why_unusable(key_id)
        if reason is not None:
            msg = f"set_kms_key({key_id!r}, {state!r}): {key_id!r} {reason}"
            raise ValueError(msg)
        if aliases and id_of(key_id).startswith("alias/"):
            msg = f"set_kms_key({key_id!r}, aliases=...): aliases stand for a key, so give its id or ARN first"
            raise ValueError(msg)
        for alias in aliases:
            if not isinstance(alias, str) or not id_of(alias).startswith("alias/"):
                msg = f"aliases={list(aliases)!r}: {alias!r} isn't an alias, such as 'alias/app'"
                raise ValueError(msg)
        self._world.declare_key(key_id, state, text_of_key_policy(policy), aliases)

    def reset(self) -> None:
        """Go back to the seed.

        This forgets added secrets, calls, events and rotations, and undoes changes to quotas, retries,
        KMS keys and managed rotations. It cancels planned faults. Registered functions and subscribers stay.
        """
        self._world.reset()

    def __repr__(self) -> str:
        names = self._world.contents.names_here()
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        elsewhere = len(self._world.contents.names()) - len(names)
        others = f", and {elsewhere} in other accounts or regions" if elsewhere > 0 else ""
        return f"<FakeSecrets {self.account_id} {self.region}, secrets {names[:_SHOWN]!r}{more}{others}>"
