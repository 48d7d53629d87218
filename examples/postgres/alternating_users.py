"""A Lambda rotation function for two users of PostgreSQL that take turns, so that the old login works on.

An administrator changes the passwords; the environment variable ADMIN_SECRET names its secret. It needs the
attribute CREATEROLE and the first user's role WITH ADMIN OPTION. It needn't be a superuser.
"""

import json
import logging
import os

import boto3
import psycopg
from psycopg import sql

SUFFIX = "_clone"
LONGEST_NAME = 63  # PostgreSQL cuts off the rest

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

secretsmanager = boto3.client("secretsmanager")


def lambda_handler(event, context):
    """Run one step of a rotation; Secrets Manager calls this four times."""
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    secret = secretsmanager.describe_secret(SecretId=arn)
    if not secret["RotationEnabled"]:
        raise ValueError(f"rotation of {arn} is off")
    versions = secret["VersionIdsToStages"]
    labels = versions.get(token, [])
    if "AWSCURRENT" in labels:
        logger.info("%s: version %s of %s is current already", step, token, arn)
        return
    if "AWSPENDING" not in labels:
        raise ValueError(f"version {token} of {arn} isn't the pending version")

    if step == "createSecret":
        create_secret(arn, token)
    elif step == "setSecret":
        set_secret(arn, token)
    elif step == "testSecret":
        test_secret(arn, token)
    elif step == "finishSecret":
        finish_secret(arn, token, versions)
    else:
        raise ValueError(f"unknown step {step!r}")


def create_secret(arn, token):
    """Store the other user with a new password in the pending version, unless an earlier attempt has done so."""
    current = read(arn, VersionStage="AWSCURRENT")
    try:
        read(arn, VersionId=token, VersionStage="AWSPENDING")
    except secretsmanager.exceptions.ResourceNotFoundException:
        user = other_user(current["username"])
        new = secretsmanager.get_random_password(PasswordLength=32)
        secretsmanager.put_secret_value(
            SecretId=arn,
            ClientRequestToken=token,
            SecretString=json.dumps({**current, "username": user, "password": new["RandomPassword"]}),
            VersionStages=["AWSPENDING"],
        )


def set_secret(arn, token):
    """Give the other user the pending password and the first user's rights, unless it has them."""
    current, pending = read_both(arn, token)
    if is_ready(pending):
        return
    admin = read(os.environ["ADMIN_SECRET"], VersionStage="AWSCURRENT")
    if (admin["host"], admin["port"]) != (current["host"], current["port"]):
        raise ValueError(f"the administrator's secret and {arn} are of different servers")
    with log_in(admin) as connection:
        make_user(connection, pending["username"], pending["password"])


def test_secret(arn, token):
    """Log in with the pending password, and look whether the user has the first user's rights."""
    _, pending = read_both(arn, token)
    with log_in(pending) as connection:
        require_rights(connection, pending["username"])


def finish_secret(arn, token, versions):
    """Make the pending version the current one."""
    read(arn, VersionId=token, VersionStage="AWSPENDING")
    current = next(version for version, labels in versions.items() if "AWSCURRENT" in labels)
    secretsmanager.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )


def first_user(user):
    """Return the user that has the rights and owns the tables."""
    return user.removesuffix(SUFFIX)


def other_user(user):
    """Return the user whose turn is next."""
    other = first_user(user) if user.endswith(SUFFIX) else user + SUFFIX
    if len(other.encode()) > LONGEST_NAME:
        raise ValueError(f"the name of user {user!r} is too long for a second user")
    return other


def make_user(connection, user, password):
    """Give a user a password and the first user's rights, all at once. Make the second user if it doesn't exist.

    The second user acts as the first, so that both own the same tables. The server gets the password's hash only,
    so that no log can hold the password.
    """
    exists = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [user]).fetchone() is not None
    statements = [
        "ALTER ROLE {user} PASSWORD {verifier}" if exists else "CREATE ROLE {user} LOGIN PASSWORD {verifier}"
    ]
    first = first_user(user)
    if user != first:
        statements += ["GRANT {first} TO {user}", "ALTER ROLE {user} SET role TO {first}"]
    verifier = connection.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256").decode()
    # Without parameters, several statements are one call and one transaction.
    connection.execute(
        sql.SQL("; ".join(statements)).format(
            user=sql.Identifier(user), first=sql.Identifier(first), verifier=sql.Literal(verifier)
        )
    )


def is_ready(value):
    """Return whether a login works and has its rights."""
    try:
        with log_in(value) as connection:
            require_rights(connection, value["username"])
    except (psycopg.OperationalError, PermissionError):
        return False
    return True


def require_rights(connection, user):
    """Raise PermissionError unless a session acts as the first user."""
    if connection.execute("SELECT current_user").fetchone() != (first_user(user),):
        raise PermissionError(f"user {user!r} doesn't have the rights of the first user")


def log_in(value):
    """Log in to the database. The certificate of its authority is in the file that PGSSLROOTCERT names."""
    return psycopg.connect(
        host=value["host"],
        port=value["port"],
        dbname=value["dbname"],
        user=value["username"],
        password=value["password"],
        connect_timeout=5,
        sslmode="verify-full",
    )


def read_both(arn, token):
    """Return the current and the pending value, which are of the two users of one database."""
    current = read(arn, VersionStage="AWSCURRENT")
    pending = read(arn, VersionId=token, VersionStage="AWSPENDING")
    # Whoever can write the pending value must not choose where the function logs in, or whose password it changes.
    for key in ("host", "port", "dbname"):
        if pending[key] != current[key]:
            raise ValueError(f"the pending value of {arn} differs from the current one in {key!r}")
    if pending["username"] != other_user(current["username"]):
        raise ValueError(f"the pending value of {arn} isn't of the user whose turn it is")
    return current, pending


def read(arn, **which):
    """Return a version of a secret as a dict."""
    value = json.loads(secretsmanager.get_secret_value(SecretId=arn, **which)["SecretString"])
    for key in ("host", "port", "dbname", "username", "password"):
        if key not in value:
            raise KeyError(f"a value of {arn} has no {key!r}")
    return value
