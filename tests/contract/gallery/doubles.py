"""The services whose credentials the gallery rotates, and the drivers of their clients.

Each service is made afresh for a scenario and entered. Then it answers at its address, as a server in a network.
"""

import hashlib
import secrets
import time
from unittest import mock

# What answers, by address.
NETWORK = {}


class LoginRefused(Exception):  # noqa: N818 -- drivers name their errors as they like
    """The server's answer to a credential that it doesn't know."""


class StatementRefused(Exception):  # noqa: N818
    """The server's answer to a statement that isn't allowed or makes no sense."""


class ApiError(Exception):
    """An answer of an HTTP API that isn't a success."""

    def __init__(self, status, message):
        super().__init__(f"HTTP {status}: {message}")
        self.status = status


def _server_at(host):
    try:
        return NETWORK[host]
    except KeyError:
        message = f"no server answers at {host}"
        raise ConnectionError(message) from None


class Service:
    """A service that answers at an address while it is entered."""

    host = "service.internal"

    def __enter__(self):
        NETWORK[self.host] = self
        return self

    def __exit__(self, *exc_info):
        NETWORK.pop(self.host, None)


# A database server, and its driver.


class Database(Service):
    """A database with users. They change their own password; the administrator makes and changes all others."""

    host = "db.internal"
    administrator = "master"
    user = "app"
    longest_name = 63

    def __init__(self):
        self.passwords = {self.user: "Old-Password-1", self.administrator: "Master-Password-1"}
        self.grants = {user: {"read", "write"} for user in self.passwords}

    def login(self, username, password):
        if self.passwords.get(username) != password or password is None:
            message = f"password authentication failed for user {username!r}"
            raise LoginRefused(message)

    def alter_password(self, by, username, password):
        self._allow(by, username)
        if username not in self.passwords:
            message = f"no such user: {username!r}"
            raise StatementRefused(message)
        self.passwords[username] = password

    def create_user(self, by, username, password):
        self._allow(by)
        if username in self.passwords:
            message = f"user {username!r} exists"
            raise StatementRefused(message)
        self._make(username, password)

    def replace_user(self, by, username, password):
        self._allow(by)
        self._make(username, password)

    def _make(self, username, password):
        if len(username) > self.longest_name:
            message = f"identifier {username!r} is too long"
            raise StatementRefused(message)
        self.passwords[username] = password
        self.grants[username] = set()

    def drop_user(self, by, username):
        self._allow(by)
        if self.passwords.pop(username, None) is None:
            message = f"no such user: {username!r}"
            raise StatementRefused(message)
        self.grants.pop(username)

    def user_exists(self, by, username):
        return username in self.passwords

    def copy_grants(self, by, source, target):
        self._allow(by)
        self.grants[target] = set(self.grants[source])

    def query(self, by, statement):
        if "read" not in self.grants.get(by, ()):
            message = f"permission denied for user {by!r}"
            raise StatementRefused(message)
        return [(1,)]

    def _allow(self, by, *others):
        if by != self.administrator and by not in others:
            message = f"permission denied for user {by!r}"
            raise StatementRefused(message)

    def accepts(self, value):
        user, password = value.get("username"), value.get("password")
        if value.get("host", self.host) != self.host or password is None:
            return False
        return self.passwords.get(user) == password and self.grants[user] >= {"read", "write"}

    def accepted(self):
        known = self.passwords.items()
        return [{"username": user, "password": password} for user, password in known if password is not None]

    def drop(self, value):
        if self.passwords.get(value["username"]) == value["password"]:
            self.passwords[value["username"]] = None


class Connection:
    """A session of the driver: what its user does goes to the server."""

    def __init__(self, server, username):
        self._server, self._username = server, username

    def __getattr__(self, name):
        method = getattr(self._server, name)
        return lambda *arguments: method(self._username, *arguments)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def close(self):
        """End the session."""


def connect(host, user, password):
    """Log in to a database: the driver's only function."""
    server = _server_at(host)
    server.login(user, password)
    return Connection(server, user)


class Cluster(Database):
    """A database in which a change of a password takes effect after a while."""

    host = "cluster.internal"
    delay = 20

    def __init__(self):
        super().__init__()
        self._changes = []

    def login(self, username, password):
        self._apply(time.time())
        super().login(username, password)

    def alter_password(self, by, username, password):
        self._apply(time.time())
        self._allow(by, username)
        self._changes.append((time.time() + self.delay, username, password))

    def accepts(self, value):
        self._apply(time.time())
        return super().accepts(value)

    def accepted(self):
        self._apply(time.time())
        return super().accepted()

    def settle(self):
        self._apply(float("inf"))

    def _apply(self, now):
        while self._changes and self._changes[0][0] <= now:
            _, username, password = self._changes.pop(0)
            self.passwords[username] = password


class ManagedDatabase(Database):
    """A database of a cloud, which refuses some characters in passwords."""

    def alter_password(self, by, username, password):
        if set(password) & set('/@" '):
            message = "the password has a character that isn't allowed"
            raise StatementRefused(message)
        super().alter_password(by, username, password)


class DatabaseWithTwoPasswords(Database):
    """A database whose users may keep their old password beside the new one, as in MySQL 8."""

    def __init__(self):
        super().__init__()
        self.retained = {}

    def login(self, username, password):
        if password is None or self.retained.get(username) != password:
            super().login(username, password)

    def alter_password_retaining(self, by, username, password):
        self._allow(by, username)
        self.retained[username] = self.passwords[username]
        self.passwords[username] = password

    def alter_password_retaining_if(self, by, username, expected, password):
        if self.passwords.get(username) != expected:
            message = f"the password of {username!r} has changed meanwhile"
            raise StatementRefused(message)
        self.alter_password_retaining(by, username, password)

    def accepts(self, value):
        is_retained = self.retained.get(value.get("username")) == value.get("password") is not None
        return is_retained or super().accepts(value)

    def accepted(self):
        retained = [{"username": user, "password": password} for user, password in self.retained.items()]
        return [*super().accepted(), *(one for one in retained if one["password"] is not None)]

    def drop(self, value):
        super().drop(value)
        if self.retained.get(value["username"]) == value["password"]:
            del self.retained[value["username"]]


class OldDatabase(Database):
    """A database with short names."""

    user = "orders_app"
    longest_name = 16


class DatabaseWithTables(Database):
    """A database in which users make tables."""

    def __init__(self):
        super().__init__()
        self.tables = set()

    def create_table(self, by, table):
        if table in self.tables:
            message = f"table {table!r} exists"
            raise StatementRefused(message)
        self.tables.add(table)

    def drop_table(self, by, table):
        self.tables.remove(table)


class AccessList(Database):
    """A server that makes a user whose password is to be changed and who doesn't exist, as Redis does."""

    def alter_password(self, by, username, password):
        self._allow(by, username)
        self.passwords[username] = password
        self.grants.setdefault(username, {"read", "write"})


class SilentDatabase(Database):
    """A database that doesn't list what it accepts."""

    def accepted(self):
        raise NotImplementedError


class HostPair(Service):
    """Two database servers that know the same user, each with a password of its own."""

    hosts = ("db-a.internal", "db-b.internal")

    def __init__(self):
        self.passwords = dict.fromkeys(self.hosts, "Old-Password-1")

    def __enter__(self):
        for host in self.hosts:
            NETWORK[host] = _Member(self, host)
        return self

    def __exit__(self, *exc_info):
        for host in self.hosts:
            NETWORK.pop(host, None)

    def login(self, host, username, password):
        if username != "app" or self.passwords[host] != password:
            message = f"password authentication failed for user {username!r}"
            raise LoginRefused(message)

    def alter_password(self, host, by, username, password):
        self.passwords[host] = password

    def query(self, host, by, statement):
        return [(1,)]

    def accepts(self, value):
        return all(password == value.get("password") for password in self.passwords.values())

    def accepted(self):
        return [{"password": password} for password in dict.fromkeys(self.passwords.values())]

    def drop(self, value):
        for host, password in self.passwords.items():
            if password == value["password"]:
                self.passwords[host] = "locked"


class _Member:
    """One server of a pair."""

    def __init__(self, pair, host):
        self._pair, self._host = pair, host

    def __getattr__(self, name):
        method = getattr(self._pair, name)
        return lambda *arguments: method(self._host, *arguments)


class Directory(Service):
    """A directory that gets the digests of passwords, never a password, from its administrators."""

    host = "ldap.internal"

    def __init__(self):
        self.digests = {"svc-report": self._digest("Old-Password-1")}

    @staticmethod
    def _digest(password):
        return hashlib.sha256(password.encode()).hexdigest()

    def bind(self, user, password):
        if self.digests.get(user) != self._digest(password):
            message = "invalid credentials"
            raise LoginRefused(message)

    def digest_of(self, user):
        return self.digests[user]

    def store_digest(self, user, digest):
        self.digests[user] = digest

    def accepts(self, value):
        return self.digests.get(value.get("user")) == self._digest(value["password"])

    def drop(self, value):
        self.digests[value["user"]] = ""


def directory():
    """Reach the directory as an administrator."""
    return _server_at(Directory.host)


# An HTTP API with keys, two at most, like those of many vendors.


class KeyApi(Service):
    """An API with keys: an id, and a secret that only the answer to its creation shows."""

    host = "api.vendor.example"
    quota = 2

    def __init__(self):
        self.keys = {"AK0000000001": "first-api-secret-0001"}
        self.since = {"AK0000000001": 0}
        self.made = 1

    def call(self, key_id, secret):
        if self.keys.get(key_id) != secret or secret is None:
            raise ApiError(401, "unknown key")
        return {"account": "acme"}

    def create_key(self, key_id, secret):
        self._authorize(key_id, secret)
        if len(self.keys) >= self.quota:
            raise ApiError(409, "too many keys")
        self.made += 1
        made = f"AK{self.made:010}"
        self.keys[made] = secrets.token_urlsafe(24)
        self.since[made] = time.time()
        return {"key_id": made, "secret": self.keys[made]}

    def list_keys(self, key_id, secret, older_than=0):
        self._authorize(key_id, secret)
        return [one for one in self.keys if time.time() - self.since[one] >= older_than]

    def delete_key(self, key_id, secret, doomed):
        self._authorize(key_id, secret)
        if doomed not in self.keys:
            raise ApiError(404, "no such key")
        del self.keys[doomed]

    def _authorize(self, key_id, secret):
        if self.keys.get(key_id) != secret or secret is None:
            raise ApiError(401, "unknown key")

    def accepts(self, value):
        return value.get("secret") is not None and self.keys.get(value.get("key_id")) == value["secret"]

    def accepted(self):
        return [{"key_id": key_id, "secret": secret} for key_id, secret in self.keys.items() if secret is not None]

    def drop(self, value):
        if self.accepts(value):
            self.keys[value["key_id"]] = None


class RoomyKeyApi(KeyApi):
    """The same API for a customer who pays for more keys."""

    quota = 20


class ApiClient:
    """The vendor's SDK: all calls with one key."""

    def __init__(self, key_id, secret, host=KeyApi.host):
        self._server, self._key = _server_at(host), (key_id, secret)

    def whoami(self):
        return self._server.call(*self._key)

    def create_key(self):
        return self._server.create_key(*self._key)

    def list_keys(self, older_than=0):
        return self._server.list_keys(*self._key, older_than)

    def delete_key(self, key_id):
        self._server.delete_key(*self._key, key_id)


# A service whose keys have names, and that shows a key again.


class NamedKeys(Service):
    """Keys that the caller names. Their secrets can be read again, which makes creation easy to repeat."""

    host = "vault.vendor.example"

    def __init__(self):
        self.keys = {"initial": "first-secret-of-a-name-01"}

    def find(self, name):
        return self.keys.get(name)

    def create(self, name):
        if name in self.keys:
            raise ApiError(409, "the name is taken")
        self.keys[name] = secrets.token_urlsafe(24)
        return self.keys[name]

    def names(self):
        return list(self.keys)

    def delete(self, name):
        if self.keys.pop(name, None) is None:
            raise ApiError(404, "no such name")

    def check(self, name, secret):
        if self.keys.get(name) != secret:
            raise ApiError(403, "wrong secret")

    def accepts(self, value):
        return value.get("secret") is not None and self.keys.get(value.get("name")) == value["secret"]

    def accepted(self):
        return [{"name": name, "secret": secret} for name, secret in self.keys.items() if secret is not None]

    def drop(self, value):
        if self.accepts(value):
            self.keys[value["name"]] = None


def named_keys():
    """Reach the service as its administrator, whose own identity comes from the function's role."""
    return _server_at(NamedKeys.host)


# A cache that knows several passwords at once, as Redis does, and stores only their digests.


class Cache(Service):
    """A cache whose clients send one text, its AUTH token."""

    host = "cache.internal"

    def __init__(self):
        self.digests = [self._digest("initial-auth-token-0001")]
        self.known = {self.digests[0]: "initial-auth-token-0001"}

    @staticmethod
    def _digest(token):
        return hashlib.sha256(token.encode()).hexdigest()

    def auth(self, token):
        if self._digest(token) not in self.digests:
            message = "WRONGPASS invalid token"
            raise LoginRefused(message)

    def modify_tokens(self, tokens):
        if not 1 <= len(tokens) <= 2:
            message = "ERR one or two tokens"
            raise StatementRefused(message)
        self.known.update({self._digest(token): token for token in tokens})
        self.digests = [self._digest(token) for token in tokens]

    def accepts(self, value):
        return self._digest(value) in self.digests

    def accepted(self):
        return [self.known[digest] for digest in self.digests]

    def drop(self, value):
        self.digests = [digest for digest in self.digests if digest != self._digest(value)]


def cache():
    """Reach the cache over its management API."""
    return _server_at(Cache.host)


# A registry of public keys, such as that of a Git server.

_PRIME = 2**127 - 1
_BASE = 3


def public_of(private):
    """Return the public half of a private number, as hexadecimal text."""
    return format(pow(_BASE, private, _PRIME), "x")


def answer_to(challenge, private):
    """Return what only the holder of a private number can answer."""
    return pow(challenge, private, _PRIME)


def pair_of(private):
    """Return the file that holds a key pair."""
    return f"-----BEGIN KEY PAIR-----\n{private:x}\n{public_of(private)}\n-----END KEY PAIR-----\n".encode()


def parse_pair(pair):
    """Return the private number and the public text of a file that holds a key pair."""
    begin, private, public, end, *_ = pair.decode().split("\n")
    if (begin, end) != ("-----BEGIN KEY PAIR-----", "-----END KEY PAIR-----"):
        message = "not a key pair"
        raise ValueError(message)
    return int(private, 16), public


FIRST_PAIR = pair_of(0x1DEA_11CE_0F_5EC2E7)


class KeyRegistry(Service):
    """Public keys that may log in, each with a comment."""

    host = "git.internal"

    def __init__(self):
        self.keys = {parse_pair(FIRST_PAIR)[1]: "first"}
        # The tests know the private halves, as the owner does.
        self.nonce = 0

    def registered(self):
        return dict(self.keys)

    def register(self, public, comment):
        if public in self.keys:
            message = "the key is registered"
            raise StatementRefused(message)
        self.keys[public] = comment

    def remove(self, public):
        if self.keys.pop(public, None) is None:
            message = "no such key"
            raise StatementRefused(message)

    def challenge(self):
        self.nonce += 1
        return pow(_BASE, 1_000_003 + self.nonce, _PRIME)

    def login(self, public, answer):
        expected = pow(int(public, 16), 1_000_003 + self.nonce, _PRIME)
        if public not in self.keys or answer != expected:
            message = "key refused"
            raise LoginRefused(message)

    def accepts(self, value):
        try:
            private, public = parse_pair(value)
        except ValueError:
            return False
        return public in self.keys and public == public_of(private)

    def drop(self, value):
        self.keys.pop(parse_pair(value)[1], None)


def key_registry():
    """Reach the registry as its administrator."""
    return _server_at(KeyRegistry.host)


# A service of tokens that expire by themselves.


class TokenService(Service):
    """Gives out bearer tokens for a client id and its lasting secret."""

    host = "login.vendor.example"
    lifetime = 86_400

    def __init__(self):
        self.tokens = {"initial-bearer-token-1": time.time() + 10 * 365 * 86400}

    def issue(self, client_id):
        token = secrets.token_urlsafe(24)
        self.tokens[token] = time.time() + self.lifetime
        return {"access_token": token, "expires_in": self.lifetime}

    def introspect(self, token):
        return {"active": self.tokens.get(token, 0) > time.time()}

    def accepts(self, value):
        return self.tokens.get(value.get("access_token"), 0) > time.time()

    def accepted(self):
        return [{"access_token": token} for token, end in self.tokens.items() if end > time.time()]

    def drop(self, value):
        self.tokens.pop(value["access_token"], None)


def token_service():
    """Reach the token service."""
    return _server_at(TokenService.host)


# A directory that a function holds in a global of its own module, set where it is deployed.


def placed_in(module_name, name, make):
    """Return a service class's subclass that stands in a module's global while it is entered."""

    class Placed(make):
        def __init__(self):
            super().__init__()
            self._placing = mock.patch(f"{module_name}.{name}", self)

        def __enter__(self):
            self._placing.start()
            return self

        def __exit__(self, *exc_info):
            self._placing.stop()

    Placed.__name__ = Placed.__qualname__ = make.__name__
    return Placed
