"""Correct rotation functions in styles that the gallery lacks: the contract has no violation to tell of them."""

import contextlib
import functools
import json
import logging
import secrets
import string

import boto3
import pytest

from fake_secrets.contract.checking import check_rotation

# A check takes some seconds.
pytestmark = pytest.mark.long

logger = logging.getLogger(__name__)

# The service that runs now, as a driver would find it in a network.
RUNNING = {}


class Refused(Exception):  # noqa: N818 -- drivers name their errors as they like
    """The answer to a wrong password."""


class Server:
    """A database with users who may each have one password."""

    users = {"app": "Old-Password-1"}

    def __init__(self):
        self.passwords = dict(self.users)

    def __enter__(self):
        RUNNING["server"] = self
        return self

    def __exit__(self, *exc_info):
        del RUNNING["server"]

    def log_in(self, user, password):
        if self.passwords.get(user) != password or password is None:
            raise Refused(user)

    def set_password(self, user, password):
        self.passwords[user] = password

    def select(self, statement):
        return [(1,)]

    def accepts(self, value):
        return self.passwords.get(value.get("username")) == value.get("password") is not None

    def accepted(self):
        return [{"username": user, "password": one} for user, one in self.passwords.items() if one is not None]

    def drop(self, value):
        self.passwords[value["username"]] = None


@functools.lru_cache
def secretsmanager(region=None):
    """Return a client, which is made once, as Lambda's documentation advises."""
    return boto3.client("secretsmanager", region_name=region)


def guarded(steps):
    """Return a handler with the guard of AWS's templates before its steps."""

    def handler(event, context):
        client, arn, token = secretsmanager(), event["SecretId"], event["ClientRequestToken"]
        metadata = client.describe_secret(SecretId=arn)
        if metadata.get("RotationEnabled") is False:
            raise ValueError("rotation is off")
        versions = metadata["VersionIdsToStages"]
        if token not in versions:
            raise ValueError("unknown token")
        if "AWSCURRENT" in versions[token]:
            return
        if "AWSPENDING" not in versions[token]:
            raise ValueError("not pending")
        steps[event["Step"]](client, arn, token)

    return handler


def read(client, arn, token=None):
    wanted = {"VersionId": token, "VersionStage": "AWSPENDING"} if token else {}
    return json.loads(client.get_secret_value(SecretId=arn, **wanted)["SecretString"])


def read_both(client, arn, token):
    current, pending = read(client, arn), read(client, arn, token)
    if any(current.get(key) != pending.get(key) for key in ("username", "host")):
        raise ValueError("the pending value is of another account")
    return current, pending


def store(client, arn, token, value):
    client.put_secret_value(
        SecretId=arn, ClientRequestToken=token, SecretString=json.dumps(value), VersionStages=["AWSPENDING"]
    )


def has_pending(client, arn, token):
    try:
        read(client, arn, token)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True


def password(client):
    return client.get_random_password(ExcludePunctuation=True)["RandomPassword"]


def create(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        store(client, arn, token, {**current, "password": password(client)})


def can_log_in(value):
    try:
        RUNNING["server"].log_in(value["username"], value["password"])
    except Refused:
        return False
    return True


def set_password(client, arn, token):
    current, pending = read_both(client, arn, token)
    if can_log_in(pending):
        return
    RUNNING["server"].log_in(current["username"], current["password"])
    RUNNING["server"].set_password(pending["username"], pending["password"])


def test(client, arn, token):
    _, pending = read_both(client, arn, token)
    RUNNING["server"].log_in(pending["username"], pending["password"])


test.__test__ = False


def finish(client, arn, token):
    read(client, arn, token)
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    current = next(one for one, stages in versions.items() if "AWSCURRENT" in stages)
    if current != token:
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )


STEPS = {"createSecret": create, "setSecret": set_password, "testSecret": test, "finishSecret": finish}
SECRET = {"username": "app", "password": "Old-Password-1", "host": "db.internal"}


def drained(noted):
    """Return what functions have put into a queue, which no scenario puts back to its state before."""
    return [noted.get_nowait() for _ in range(noted.qsize())]


def silent(handler, **arguments):
    arguments = {"secret": SECRET, "service": Server, **arguments}
    report = check_rotation(handler, **arguments)
    assert report.violations == (), str(report)
    assert report.passed
    assert len(report.scenarios) > 20
    return report


# Where the value comes from.


def with_tokens_of_the_standard_library(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        store(client, arn, token, {**current, "password": secrets.token_urlsafe(24)})


def with_a_fixed_suffix(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        store(client, arn, token, {**current, "password": password(client) + "Aa1!"})


def with_choices_of_the_system(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        made = "".join(secrets.choice(string.ascii_letters) for _ in range(24))
        store(client, arn, token, {**current, "password": made, "rotated_by": token})


def with_a_connection_string(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        made = password(client)
        url = f"postgres://app:{made}@db.internal/orders"
        store(client, arn, token, {**current, "password": made, "url": url})


@pytest.mark.parametrize(
    "creating",
    [
        with_tokens_of_the_standard_library,
        with_a_fixed_suffix,
        with_choices_of_the_system,
        with_a_connection_string,
    ],
)
def test_any_good_source_of_values(creating):
    silent(guarded({**STEPS, "createSecret": creating}))


# Several credentials in one secret.


class PairServer(Server):
    """A database with a reader and a writer whose passwords are in one secret."""

    users = {"reader": "Old-Reader-1", "writer": "Old-Writer-1"}

    def accepts(self, value):
        return all(self.passwords.get(user) == value.get(f"{user}_password") is not None for user in self.users)

    def accepted(self):
        return [one for one in self.passwords.values() if one is not None]

    def drop(self, value):
        for user in self.users:
            self.passwords[user] = None


USERS = tuple(PairServer.users)


def create_pair(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        made = {f"{user}_password": password(client) for user in USERS}
        store(client, arn, token, {**current, **made})


def set_pair(client, arn, token):
    pending = read(client, arn, token)
    for user in USERS:
        if not can_log_in({"username": user, "password": pending[f"{user}_password"]}):
            RUNNING["server"].set_password(user, pending[f"{user}_password"])


def test_pair(client, arn, token):
    pending = read(client, arn, token)
    for user in USERS:
        RUNNING["server"].log_in(user, pending[f"{user}_password"])


test_pair.__test__ = False


def test_several_passwords_in_one_secret():
    steps = {**STEPS, "createSecret": create_pair, "setSecret": set_pair, "testSecret": test_pair}
    secret = {"reader_password": "Old-Reader-1", "writer_password": "Old-Writer-1"}
    silent(guarded(steps), secret=secret, service=PairServer)


# A connection object that isn't the double.


class Connection:
    def __init__(self, user, word):
        RUNNING["server"].log_in(user, word)

    def execute(self, statement):
        return RUNNING["server"].select(statement)


def connect(value):
    try:
        connection = Connection(value["username"], value["password"])
        return connection if connection.execute("SELECT 1") else None
    except Refused:
        return None


def set_by_connection(client, arn, token):
    current, pending = read_both(client, arn, token)
    if connect(pending) is None:
        if connect(current) is None:
            raise ValueError("neither value works")
        RUNNING["server"].set_password(pending["username"], pending["password"])


def test_by_connection(client, arn, token):
    _, pending = read_both(client, arn, token)
    if connect(pending) is None:
        raise ValueError("the pending value doesn't work")


test_by_connection.__test__ = False


def test_a_probe_on_a_connection_object():
    silent(guarded({**STEPS, "setSecret": set_by_connection, "testSecret": test_by_connection}))


# Optional work after the move.


def finish_and_mail(client, arn, token):
    finish(client, arn, token)
    try:
        boto3.client("sns").publish(TopicArn="arn:aws:sns:us-east-1:123456789012:ops", Message=f"rotated {arn}")
    except Exception:
        logger.warning("no mail was sent", exc_info=True)


class ServerWithTopic(Server):
    """The database, beside a topic that moto serves."""

    def __enter__(self):
        from moto import mock_aws

        self.stack = contextlib.ExitStack()
        self.stack.enter_context(mock_aws())
        boto3.client("sns").create_topic(Name="ops")
        return super().__enter__()

    def __exit__(self, *exc_info):
        super().__exit__(*exc_info)
        self.stack.close()


def test_a_mail_by_another_client_whose_errors_are_ignored():
    pytest.importorskip("moto")
    silent(guarded({**STEPS, "finishSecret": finish_and_mail}), service=ServerWithTopic)


class ServerWithMail(Server):
    def send_mail(self, text):
        """Send a mail, which changes nothing."""


def finish_and_mail_by_service(client, arn, token):
    finish(client, arn, token)
    with contextlib.suppress(ConnectionError):
        RUNNING["server"].send_mail(f"rotated {arn}")


def test_a_mail_by_the_service_whose_errors_are_ignored():
    silent(guarded({**STEPS, "finishSecret": finish_and_mail_by_service}), service=ServerWithMail)


def finish_and_remove_pending(client, arn, token):
    finish(client, arn, token)
    client.update_secret_version_stage(SecretId=arn, VersionStage="AWSPENDING", RemoveFromVersionId=token)


def test_a_finish_that_removes_the_pending_label():
    silent(guarded({**STEPS, "finishSecret": finish_and_remove_pending}))


# Other secrets.


def finish_others(client, arn, token):
    """Finish a copy of the secret under the same token, first."""
    pending = client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")["SecretString"]
    client.put_secret_value(SecretId="prod/copy", ClientRequestToken=token, SecretString=pending)
    finish(client, arn, token)


def test_a_function_that_finishes_another_secret_under_the_same_token():
    silent(
        guarded({**STEPS, "finishSecret": finish_others}),
        other_secrets={"prod/copy": {"username": "app", "password": "Old-Password-1"}},
    )


class MasterServer(Server):
    users = {"app": "Old-Password-1", "master": "Master-Password-1"}


def set_by_master(client, arn, token):
    _, pending = read_both(client, arn, token)
    master = json.loads(client.get_secret_value(SecretId=pending["masterarn"])["SecretString"])
    if not can_log_in(pending):
        RUNNING["server"].log_in(master["username"], master["password"])
        RUNNING["server"].set_password(pending["username"], pending["password"])


def test_a_master_secret():
    silent(
        guarded({**STEPS, "setSecret": set_by_master}),
        service=MasterServer,
        secret={**SECRET, "masterarn": "prod/master"},
        other_secrets={"prod/master": {"username": "master", "password": "Master-Password-1"}},
    )


# The guard, in other words.


def test_unknown_tokens_refused_by_any_exception():
    def handler(event, context):
        client, arn, token = secretsmanager(), event["SecretId"], event["ClientRequestToken"]
        stages = client.describe_secret(SecretId=arn)["VersionIdsToStages"][token]
        if "AWSCURRENT" not in stages:
            assert "AWSPENDING" in stages
            STEPS[event["Step"]](client, arn, token)

    silent(handler)


def test_an_event_that_is_logged_without_its_rotation_token():
    steps = guarded(STEPS)

    def handler(event, context):
        logger.info("event: %s", {key: one for key, one in event.items() if key != "RotationToken"})
        steps(event, context)
        logger.info("%s is done, %s left", event["Step"], context.get_remaining_time_in_millis())

    silent(handler)


# Classes.


class Rotator:
    """A rotation by a library's class, which users subclass."""

    def __init__(self, event):
        self.client = secretsmanager()
        self.arn, self.token = event["SecretId"], event["ClientRequestToken"]

    @classmethod
    def handler(cls, event, context):
        rotator = cls(event)
        stages = rotator.client.describe_secret(SecretId=rotator.arn)["VersionIdsToStages"][rotator.token]
        if "AWSCURRENT" in stages:
            return
        if "AWSPENDING" not in stages:
            raise ValueError("not pending")
        {
            "createSecret": rotator.create,
            "setSecret": rotator.set,
            "testSecret": rotator.test,
            "finishSecret": rotator.finish,
        }[event["Step"]]()

    def create(self):
        create(self.client, self.arn, self.token)

    def test(self):
        test(self.client, self.arn, self.token)

    def finish(self):
        finish(self.client, self.arn, self.token)


class DatabaseRotator(Rotator):
    def set(self):
        set_password(self.client, self.arn, self.token)


def test_a_rotation_by_a_class_of_a_library():
    silent(DatabaseRotator.handler)


# Several regions.


def set_after_looking_elsewhere(client, arn, token):
    """Look into a second region for the accounts, which is optional."""
    elsewhere = secretsmanager("eu-west-1")
    with contextlib.suppress(elsewhere.exceptions.ClientError):
        elsewhere.get_secret_value(SecretId="accounts")
    set_password(client, arn, token)


def test_a_client_of_a_second_region():
    silent(guarded({**STEPS, "setSecret": set_after_looking_elsewhere}))


# Clients that retry.


def with_own_retries(client, arn, token):
    for attempt in range(3):
        try:
            create(client, arn, token)
        except client.exceptions.InternalServiceError:
            if attempt == 2:
                raise
        else:
            return


def test_own_retries_around_a_step():
    silent(guarded({**STEPS, "createSecret": with_own_retries}))


# Services that tell little.


class Quiet:
    """A service that answers, and that nobody can ask what it accepts."""

    def __init__(self):
        self.server = Server()

    def __enter__(self):
        RUNNING["server"] = self
        return self

    def __exit__(self, *exc_info):
        del RUNNING["server"]

    def log_in(self, user, password):
        self.server.log_in(user, password)

    def set_password(self, user, password):
        self.server.set_password(user, password)


class QuietWithAccepts(Quiet):
    def accepts(self, value):
        return self.server.accepts(value)


class QuietWithAccepted(Quiet):
    def accepted(self):
        return list(self.server.passwords.items())


class QuietWithPasswords(Quiet):
    def accepted(self):
        return list(self.server.passwords.values())


class QuietWithIds(Quiet):
    def accepted(self):
        return list(self.server.passwords)


@pytest.mark.parametrize("service", [Quiet, QuietWithAccepts, QuietWithAccepted, QuietWithPasswords, QuietWithIds])
def test_services_that_answer_some_questions_only(service):
    silent(guarded(STEPS), service=service)


# Values as they are in tests.


class FirstServer(Server):
    users = {"postgres": "postgres"}


def create_and_log(client, arn, token):
    logger.info("user %s of engine postgres", read(client, arn)["username"])
    create(client, arn, token)


def test_a_first_password_that_is_the_word_for_everything():
    names = dict.fromkeys(("engine", "dbname", "username", "password", "dbInstanceIdentifier"), "postgres")
    secret = {**names, "host": "postgres.internal"}
    silent(guarded({**STEPS, "createSecret": create_and_log}), secret=secret, service=FirstServer)


class ServerWithDates(Server):
    def accepted(self):
        return [{**one, "created": "2026-11-26", "active": "yes"} for one in super().accepted()]


def test_a_service_that_tells_more_of_a_credential_than_the_value_has():
    silent(guarded(STEPS), service=ServerWithDates)


# Credentials of other secrets change in the same rotation.


def set_both(client, arn, token):
    """Give the reader a new password, too, which is in a secret of its own."""
    reader = json.loads(client.get_secret_value(SecretId="prod/reader")["SecretString"])
    if reader["rotated_by"] != token:
        reader.update(password=password(client), rotated_by=token)
        client.put_secret_value(SecretId="prod/reader", SecretString=json.dumps(reader))
    RUNNING["server"].set_password(reader["username"], reader["password"])
    set_password(client, arn, token)


class ServerWithReader(Server):
    users = {"app": "Old-Password-1", "reader": "Reader-Password-1"}


def test_credentials_of_another_secret_that_are_rotated_as_well():
    reader = {"username": "reader", "password": "Reader-Password-1", "rotated_by": ""}
    silent(
        guarded({**STEPS, "setSecret": set_both}), service=ServerWithReader, other_secrets={"prod/reader": reader}
    )


def test_a_secret_that_was_rotated_before():
    silent(guarded(STEPS), previous={**SECRET, "password": "Older-Password-1"})


# Values that aren't a flat JSON object.


class NestedServer(Server):
    def accepts(self, value):
        return super().accepts(value["database"])

    def drop(self, value):
        super().drop(value["database"])


def create_nested(client, arn, token):
    current = read(client, arn)
    if not has_pending(client, arn, token):
        store(client, arn, token, {"database": {**current["database"], "password": password(client)}})


def set_nested(client, arn, token):
    pending, current = read(client, arn, token)["database"], read(client, arn)["database"]
    if pending["username"] != current["username"]:
        raise ValueError("the pending value is of another user")
    RUNNING["server"].set_password(pending["username"], pending["password"])


def test_nested(client, arn, token):
    pending = read(client, arn, token)["database"]
    RUNNING["server"].log_in(pending["username"], pending["password"])


test_nested.__test__ = False


def test_a_nested_value():
    steps = {"createSecret": create_nested, "setSecret": set_nested, "testSecret": test_nested}
    silent(guarded({**STEPS, **steps}), secret={"database": SECRET}, service=NestedServer)


def create_whole(client, arn, token):
    """Store a value that is one text, or bytes, as the current one is."""
    current = client.get_secret_value(SecretId=arn)
    try:
        client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
    except client.exceptions.ResourceNotFoundException:
        made = secrets.token_urlsafe(24)
        member = {"SecretString": made} if "SecretString" in current else {"SecretBinary": made.encode()}
        client.put_secret_value(SecretId=arn, ClientRequestToken=token, VersionStages=["AWSPENDING"], **member)


def read_whole(client, arn, token):
    client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")


def finish_whole(client, arn, token):
    read_whole(client, arn, token)
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    current = next(one for one, stages in versions.items() if "AWSCURRENT" in stages)
    client.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
    )


@pytest.mark.parametrize("secret", ["an-old-token-1", b"\x00\xff-old", '["a", "list"]'])
def test_a_value_without_members_and_without_a_service(secret):
    steps = dict.fromkeys(("setSecret", "testSecret"), read_whole)
    silent(
        guarded({**steps, "createSecret": create_whole, "finishSecret": finish_whole}), secret=secret, service=None
    )


class Probing(Server):
    """A server that tells whether a value works, and raises nothing."""

    refusal = None

    def answer(self, value):
        return True if self.accepts(value) else self.refusal


class ProbingWithFalse(Probing):
    refusal = False


def set_after_a_probe(client, arn, token):
    current, pending = read_both(client, arn, token)
    if RUNNING["server"].answer(pending):
        return
    if (current["username"], current["host"]) != (pending["username"], pending["host"]):
        raise Refused(arn)
    RUNNING["server"].set_password(pending["username"], pending["password"])


@pytest.mark.parametrize("service", [Probing, ProbingWithFalse])
def test_a_probe_that_answers_without_an_exception(service):
    silent(guarded({**STEPS, "setSecret": set_after_a_probe}), service=service)
