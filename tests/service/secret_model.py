"""A model of the secrets in a few regions: what a client should see, by AWS's documentation and recordings.

The model is written from the facts about AWS, not from the package. A secret is a table of versions,
each with the set of its labels, and every answer is worked out from that table. If AWS's behaviour is
unknown, `Either` holds every answer that may be right.
"""

import datetime
from dataclasses import dataclass, field

DEFAULT_KEY = "alias/aws/secretsmanager"
EXISTS = "ResourceExistsException"
INVALID_PARAMETER = "InvalidParameterException"
INVALID_REQUEST = "InvalidRequestException"
NOT_FOUND = "ResourceNotFoundException"

REENCRYPTED = {"AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"}


class Refused(Exception):  # noqa: N818 -- a result of the model, not an error in it
    """The model refuses a request. The argument is AWS's error code."""


@dataclass(frozen=True)
class Either:
    """Equal to any of several values, because AWS's answer is unknown."""

    values: tuple

    def __eq__(self, other):
        return other in self.values

    __hash__ = None


@dataclass
class VersionModel:
    """A version. `keys` are the KMS keys that may have encrypted it."""

    value: str | bytes
    created: datetime.datetime
    keys: set
    labels: set = field(default_factory=set)
    accessed: datetime.datetime | None = None


@dataclass
class SecretModel:
    arn: str
    name: str
    created: datetime.datetime
    changed: datetime.datetime
    description: str = ""
    key: str = ""
    tags: list | None = None
    versions: dict = field(default_factory=dict)
    accessed: datetime.datetime | None = None
    deleted: datetime.datetime | None = None
    purged_at: datetime.datetime | None = None

    def touch(self, now, *, certainly=True):
        """Move LastChangedDate. If the call changes nothing, accept the old date too."""
        self.changed = now if certainly else Either((self.changed, now))

    def holder(self, label):
        holders = [version_id for version_id, version in self.versions.items() if label in version.labels]
        assert len(holders) <= 1
        return holders[0] if holders else None

    def give(self, label, version_id):
        """Put a label on a version and remove it from any other (api-facts I1)."""
        for version in self.versions.values():
            version.labels.discard(label)
        self.versions[version_id].labels.add(label)

    def make_current(self, version_id):
        """Move AWSCURRENT. The version that it leaves becomes AWSPREVIOUS (I3, I4)."""
        left = self.holder("AWSCURRENT")
        self.give("AWSCURRENT", version_id)
        if left not in {None, version_id}:
            self.give("AWSPREVIOUS", left)

    def store(self, token, value, stages, now):
        """Store a value under a token, and move the labels (6.2, 7)."""
        known = self.versions.get(token)
        if known is not None:
            if known.value != value:
                raise Refused(EXISTS)
            return
        is_first = not self.versions
        self.versions[token] = VersionModel(value, now, {self.key})
        wanted = set(stages or ["AWSCURRENT"]) | ({"AWSCURRENT"} if is_first else set())
        moves_current = "AWSCURRENT" in wanted
        if moves_current:
            for version in self.versions.values():
                version.labels.discard("AWSPENDING")
        for label in wanted - {"AWSCURRENT"}:
            self.give(label, token)
        if moves_current:
            self.make_current(token)
        self.touch(now)

    def stage(self, label, remove, to, now):
        """Move a label by the decision table of UpdateSecretVersionStage (6.3)."""
        holder = self.holder(label)
        if remove is None and to is None:
            raise Refused(INVALID_PARAMETER)
        if any(version_id not in self.versions for version_id in (remove, to) if version_id is not None):
            raise Refused(NOT_FOUND)
        if remove not in {None, holder} or (to is None and label == "AWSCURRENT"):
            raise Refused(INVALID_PARAMETER)
        if to is None:
            self.versions[holder].labels.remove(label)
        elif to == holder:
            return self.touch(now, certainly=False)
        elif holder is not None and remove is None:
            raise Refused(INVALID_PARAMETER)
        elif label == "AWSCURRENT":
            if holder is not None:
                self.versions[holder].labels.discard("AWSPENDING")
            self.make_current(to)
        else:
            self.give(label, to)
        return self.touch(now)

    def change_key(self, key):
        """Change the key ("" for the default key). Versions in use are encrypted again (5)."""
        if key == self.key:
            return
        self.key = key
        for version in self.versions.values():
            version.keys = {key} if version.labels & REENCRYPTED else version.keys | {key}

    def version_to_read(self, version_id, label):
        """Return the version that GetSecretValue reads by id, label, both or neither."""
        if version_id is None:
            version_id = self.holder(label or "AWSCURRENT")
        elif version_id in self.versions and label is not None and self.holder(label) != version_id:
            raise Refused(INVALID_REQUEST)
        if version_id not in self.versions:
            raise Refused(NOT_FOUND)
        return version_id

    def described(self):
        """Return what DescribeSecret shows: no member without content (1, 5)."""
        staged = {version_id: version.labels for version_id, version in self.versions.items() if version.labels}
        shown = {
            "ARN": self.arn,
            "Name": self.name,
            "Description": self.description or None,
            "KmsKeyId": self.key or None,
            "LastChangedDate": self.changed,
            "LastAccessedDate": self.accessed,
            "DeletedDate": self.deleted,
            "Tags": self.tags,
            "VersionIdsToStages": staged or None,
            "CreatedDate": self.created,
        }
        return {name: value for name, value in shown.items() if value is not None}

    def listed_versions(self, *, with_deprecated):
        """Return what ListSecretVersionIds shows, by version id."""
        return {
            version_id: {
                "VersionId": version_id,
                "CreatedDate": version.created,
                "KmsKeyIds": Either(tuple([shown] for key in version.keys for shown in _shown_keys(key))),
                **({"VersionStages": version.labels} if version.labels else {}),
                **({"LastAccessedDate": version.accessed} if version.accessed else {}),
            }
            for version_id, version in self.versions.items()
            if version.labels or with_deprecated
        }


class RegionModel:
    """The secrets of one region, in the order of their creation."""

    def __init__(self, region, account):
        self.prefix = f"arn:aws:secretsmanager:{region}:{account}:secret:"
        self.secrets = {}

    def settle(self, now):
        """Remove the secrets whose recovery window is over."""
        self.secrets = {
            name: secret
            for name, secret in self.secrets.items()
            if secret.purged_at is None or now < secret.purged_at
        }

    def find(self, secret_id):
        """Look up a SecretId: name, ARN, or ARN without its suffix unless it looks like a full ARN (2)."""
        for secret in self.secrets.values():
            partial = secret.arn[:-7]
            is_partial = secret_id == partial and not _has_suffix(partial)
            if secret_id in {secret.name, secret.arn} or is_partial:
                return secret
        raise Refused(NOT_FOUND)

    def find_live(self, secret_id):
        secret = self.find(secret_id)
        if secret.deleted is not None:
            raise Refused(INVALID_REQUEST)
        return secret

    def create(self, name, token, value, now, **metadata):
        """Create a secret. Its ARN is taken from the response."""
        existing = self.secrets.get(name)
        if existing is None:
            secret = self.secrets[name] = SecretModel("", name, now, now, **metadata)
            if value is not None:
                secret.store(token, value, None, now)
            return secret
        if existing.deleted is not None:
            raise Refused(INVALID_REQUEST)
        known = existing.versions.get(token)
        if value is None or known is None or known.value != value:
            raise Refused(EXISTS)
        return existing

    def update(self, secret_id, token, value, description, key, now):
        secret = self.find_live(secret_id)
        known = secret.versions.get(token)
        if value is not None and known is not None and known.value != value:
            raise Refused(EXISTS)
        if key is not None:
            secret.change_key(key)
        if description is not None:
            secret.description = description
        if value is not None:
            secret.store(token, value, None, now)
        if description is not None or key is not None:
            secret.touch(now)
        elif value is None:
            secret.touch(now, certainly=False)
        return secret

    def put(self, secret_id, token, value, stages, now):
        secret = self.find_live(secret_id)
        secret.store(token, value, stages, now)
        return secret

    def get(self, secret_id, version_id, label, now):
        secret = self.find_live(secret_id)
        version_id = secret.version_to_read(version_id, label)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        secret.accessed = secret.versions[version_id].accessed = midnight
        return secret, version_id

    def tag(self, secret_id, tags, now):
        """Add or overwrite tags by key. New keys come at the end (5)."""
        secret = self.find_live(secret_id)
        before = list(secret.tags or [])
        merged = {tag["Key"]: tag["Value"] for tag in [*before, *tags]}
        secret.tags = [{"Key": key, "Value": value} for key, value in merged.items()]
        secret.touch(now, certainly=secret.tags != before)

    def untag(self, secret_id, keys, now):
        """Remove tags by key. A secret that was tagged once keeps an empty list (5)."""
        secret = self.find_live(secret_id)
        before = secret.tags
        if before is not None:
            secret.tags = [tag for tag in before if tag["Key"] not in keys]
        secret.touch(now, certainly=secret.tags != before)

    def delete(self, secret_id, window, now, *, is_forced):
        if window is not None and (is_forced or not 7 <= window <= 30):
            raise Refused(INVALID_PARAMETER)
        if is_forced:
            try:
                secret = self.find(secret_id)
            except Refused:
                return None, now
            del self.secrets[secret.name]
            return secret, now
        secret = self.find_live(secret_id)
        secret.deleted = now
        secret.touch(now)
        secret.purged_at = now + datetime.timedelta(days=30 if window is None else window)
        return secret, secret.purged_at

    def restore(self, secret_id, now):
        secret = self.find(secret_id)
        if secret.deleted is not None:
            secret.deleted = secret.purged_at = None
            secret.touch(now)
        return secret

    def listed(self, prefixes, *, with_deleted):
        """Return what ListSecrets finds, oldest first. A secret must not have a prefix that follows ``!``."""
        return [
            secret
            for secret in self.secrets.values()
            if (with_deleted or secret.deleted is None)
            and (not prefixes or any(_begins(secret.name, prefix) for prefix in prefixes))
        ]


def _begins(name, prefix):
    return not name.startswith(prefix[1:]) if prefix.startswith("!") else name.startswith(prefix)


def _has_suffix(arn):
    return arn[-7] == "-" and arn[-6:].isalnum()


def _shown_keys(key):
    """Return what ListSecretVersionIds may call a key. For a default key given by name, that is unknown."""
    return {"": ["DefaultEncryptionKey"], DEFAULT_KEY: ["DefaultEncryptionKey", DEFAULT_KEY]}.get(key, [key])


def entry_of(described):
    """Return a secret's entry in ListSecrets, given its DescribeSecret response."""
    renamed = {"VersionIdsToStages": "SecretVersionsToStages"}
    return {renamed.get(name, name): value for name, value in described.items()}
