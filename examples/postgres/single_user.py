"""A Lambda rotation function that changes the password of one PostgreSQL user, logged in as that user."""

import json
import logging

import boto3
import psycopg
from psycopg import sql

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
        set_secret(arn, token, versions)
    elif step == "testSecret":
        test_secret(arn, token)
    elif step == "finishSecret":
        finish_secret(arn, token, versions)
    else:
        raise ValueError(f"unknown step {step!r}")


def create_secret(arn, token):
    """Store a new password in the pending version, unless an earlier attempt has done so."""
    current = read(arn, VersionStage="AWSCURRENT")
    try:
        read(arn, VersionId=token, VersionStage="AWSPENDING")
    except secretsmanager.exceptions.ResourceNotFoundException:
        new = secretsmanager.get_random_password(PasswordLength=32)
        secretsmanager.put_secret_value(
            SecretId=arn,
            ClientRequestToken=token,
            SecretString=json.dumps({**current, "password": new["RandomPassword"]}),
            VersionStages=["AWSPENDING"],
        )


def set_secret(arn, token, versions):
    """Change the password to the pending one, unless an earlier attempt has done so."""
    current = read(arn, VersionStage="AWSCURRENT")
    pending = read(arn, VersionId=token, VersionStage="AWSPENDING")
    # Whoever can write the pending value must not choose where the function logs in, or whose password it changes.
    require_same_login(arn, current, pending)
    if can_log_in(pending):
        return
    with log_in_with_a_known_password(arn, current, versions) as connection:
        change_password(connection, pending["username"], pending["password"])


def test_secret(arn, token):
    """Log in with the pending password."""
    current = read(arn, VersionStage="AWSCURRENT")
    pending = read(arn, VersionId=token, VersionStage="AWSPENDING")
    require_same_login(arn, current, pending)
    log_in(pending).close()


def finish_secret(arn, token, versions):
    """Make the pending version the current one."""
    read(arn, VersionId=token, VersionStage="AWSPENDING")
    current = next(version for version, labels in versions.items() if "AWSCURRENT" in labels)
    secretsmanager.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )


def log_in_with_a_known_password(arn, current, versions):
    """Log in with the current password or, if the server doesn't know that, with the previous one."""
    try:
        return log_in(current)
    except psycopg.OperationalError:
        if not any("AWSPREVIOUS" in labels for labels in versions.values()):
            raise
        logger.warning("the current password of %s doesn't work, so the previous one is tried", arn)
    previous = read(arn, VersionStage="AWSPREVIOUS")
    require_same_login(arn, current, previous)
    return log_in(previous)


def change_password(connection, user, password):
    """Change a user's password. The server gets its hash only, so that no log can hold the password."""
    verifier = connection.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256").decode()
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(user), sql.Literal(verifier)))


def can_log_in(value):
    """Return whether a login works."""
    try:
        log_in(value).close()
    except psycopg.OperationalError:
        return False
    return True


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


def require_same_login(arn, current, other):
    """Refuse a value that isn't for the user and the database of the current one."""
    for key in ("host", "port", "dbname", "username"):
        if other[key] != current[key]:
            raise ValueError(f"another value of {arn} differs from the current one in {key!r}")


def read(arn, **which):
    """Return a version of the secret as a dict."""
    value = json.loads(secretsmanager.get_secret_value(SecretId=arn, **which)["SecretString"])
    for key in ("host", "port", "dbname", "username", "password"):
        if key not in value:
            raise KeyError(f"a value of {arn} has no {key!r}")
    return value
