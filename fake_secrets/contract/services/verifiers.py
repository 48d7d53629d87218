"""What PostgreSQL stores in place of a password: a verifier, which a client may have computed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import stringprep
import unicodedata

__all__ = ["StoredPasswords", "verifier_of"]

__tracebackhide__ = True  # the arguments in our frames are passwords

_MD5 = re.compile(r"md5[0-9a-f]{32}")
_SCRAM = re.compile(r"SCRAM-SHA-256\$(?P<iterations>\d+):(?P<salt>[^$:]*)\$(?P<stored>[^$:]*):(?P<server>[^$:]*)")
# The length of a key in bytes.
_KEY = 32
_ITERATIONS = 4096
# What SASLprep admits in no text.
_PROHIBITED = (
    stringprep.in_table_a1, stringprep.in_table_c12, stringprep.in_table_c21_c22, stringprep.in_table_c3,
    stringprep.in_table_c4, stringprep.in_table_c5, stringprep.in_table_c6, stringprep.in_table_c7,
    stringprep.in_table_c8, stringprep.in_table_c9,
)  # fmt: skip


def _is_verifier(text: str) -> bool:
    """Return whether PostgreSQL stores a password as it is: a verifier of RFC 5803, or md5 and 32 digits.

    It takes a malformed one for a password.
    """
    return bool(_MD5.fullmatch(text)) or _scram_parts(text) is not None


class StoredPasswords:
    """Compares passwords with what is stored, and remembers which of them belong to which verifier.

    Args:
        is_mysql: whether it is a database of MySQL, which knows no verifiers of PostgreSQL.
    """

    def __init__(self, *, is_mysql: bool) -> None:
        self._is_mysql = is_mysql
        # User, verifier and password to whether they belong together: to find that out takes a while.
        self._known: dict[tuple[str, str, str], bool] = {}

    def is_password(self, stored: str, password: str | None, user: str) -> bool:
        """Return whether a password is the one that is stored, as it is or as a verifier.

        Args:
            stored: what is stored.
            password: the password; None for none.
            user: the name of the user.
        """
        if password is None or self._is_mysql or not _is_verifier(stored):
            return stored == password
        asked = user, stored, password
        if asked not in self._known:
            self._known[asked] = _belongs_to(stored, password, user)
        return self._known[asked]

    def password_of(self, stored: str, user: str) -> str:
        """Return the password of what is stored, or else the verifier, if nobody has come with the password."""
        return next((one[2] for one, fits in self._known.items() if fits and one[:2] == (user, stored)), stored)


def verifier_of(password: str, user: str, algorithm: str = "scram-sha-256") -> str:
    """Return a verifier of a password, as libpq computes it.

    Args:
        password: the password.
        user: the name of the user.
        algorithm: "scram-sha-256" or "md5".

    Raises:
        ValueError: if it is another algorithm.
    """
    if algorithm == "md5":
        return _md5_of(password, user)
    if algorithm != "scram-sha-256":
        msg = f'unrecognized password encryption algorithm "{algorithm}"'
        raise ValueError(msg)
    salt = secrets.token_bytes(16)
    salted = _salted(password, salt, _ITERATIONS)
    texts = [base64.b64encode(one).decode() for one in (salt, _stored_key(salted), _hmac(salted, b"Server Key"))]
    return f"SCRAM-SHA-256${_ITERATIONS}:{texts[0]}${texts[1]}:{texts[2]}"


def _belongs_to(verifier: str, password: str, user: str) -> bool:
    parts = _scram_parts(verifier)
    if parts is None:
        return verifier == _md5_of(password, user)
    iterations, salt, stored = parts
    return _stored_key(_salted(password, salt, iterations)) == stored


def _md5_of(password: str, user: str) -> str:
    return "md5" + hashlib.md5((password + user).encode(), usedforsecurity=False).hexdigest()


def _scram_parts(text: str) -> tuple[int, bytes, bytes] | None:
    """Return the iterations, the salt and the stored key of a verifier; None if it is none."""
    match = _SCRAM.fullmatch(text)
    if match is None:
        return None
    try:
        salt, stored, server = (
            base64.b64decode(match[part], validate=True) for part in ("salt", "stored", "server")
        )
    except (binascii.Error, ValueError):
        return None
    iterations = int(match["iterations"])
    return (iterations, salt, stored) if iterations and len(stored) == len(server) == _KEY else None


def _salted(password: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", _prepared(password).encode(), salt, iterations)


def _stored_key(salted: bytes) -> bytes:
    return hashlib.sha256(_hmac(salted, b"Client Key")).digest()


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()


def _prepared(password: str) -> str:
    """Return a password as SASLprep (RFC 4013) prepares it, or as it is if that refuses it."""
    if password.isascii():
        return password
    mapped = "".join(
        " " if stringprep.in_table_c12(one) else one for one in password if not stringprep.in_table_b1(one)
    )
    found = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    is_prohibited = any(is_in(one) for one in found for is_in in _PROHIBITED)
    return password if is_prohibited or not found or not _is_one_way(found) else found


def _is_one_way(text: str) -> bool:
    """Return whether a text that has signs written from right to left has no others, as RFC 3454 wants it."""
    from_right = [stringprep.in_table_d1(one) for one in text]
    return not any(from_right) or (
        from_right[0] and from_right[-1] and not any(stringprep.in_table_d2(one) for one in text)
    )
