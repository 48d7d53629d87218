"""What a scenario does to the function: deaths and outages that last, whatever the function does about them."""

import contextlib
import json
import os
import queue
import threading

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from contract.test_false_alarms import (
    RUNNING,
    SECRET,
    STEPS,
    Server,
    create,
    drained,
    guarded,
    has_pending,
    password,
    read,
    secretsmanager,
    set_password,
    store,
)

from fake_secrets.contract.checking import check_rotation


def names(report):
    return {one.name for one in (*report.violations, *report.notes)}


def run(steps, only, **arguments):
    """Run one scenario of a function with the steps."""
    return check_rotation(
        guarded({**STEPS, **steps}), **{"secret": SECRET, "service": Server, **arguments}, only=only
    )


# A dead function stays dead.


def ways_on():
    """Return what a function may do after it has caught its death, by name."""

    def another_client(client, arn, token):
        boto3.client("secretsmanager", region_name="us-east-1").describe_secret(SecretId=arn)

    def in_a_thread(client, arn, token):
        errors = []

        def describe():
            try:
                client.describe_secret(SecretId=arn)
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=describe)
        thread.start()
        thread.join(10)
        if errors:
            raise errors[0]

    return {
        "the same client": lambda client, arn, token: client.describe_secret(SecretId=arn),
        "another client": another_client,
        "a thread": in_a_thread,
        "the service": lambda client, arn, token: RUNNING["server"].set_password("app", "too late"),
    }


@pytest.mark.parametrize("way", ways_on())
def test_a_killed_delivery_reaches_nothing_any_more(way):
    reached = queue.SimpleQueue()

    def set_and_go_on(client, arn, token):
        try:
            set_password(client, arn, token)
        except BaseException:
            with contextlib.suppress(BaseException):
                ways_on()[way](client, arn, token)
                reached.put(way)

    report = run({"setSecret": set_and_go_on}, "setSecret.kill-after-6")

    assert drained(reached) == []
    assert report.violations == (), str(report)


@pytest.mark.slow
def test_a_killed_delivery_that_returns_counts_as_killed():
    def create_and_survive(client, arn, token):
        with contextlib.suppress(BaseException):
            create(client, arn, token)

    report = run({"createSecret": create_and_survive}, "createSecret.kill-after-5")

    assert report.violations == (), str(report)


# An outage lasts for the whole step.


def count_of_attempts(only, creating):
    """Run a scenario, and return what the attempts of a step came to."""
    outcomes = queue.SimpleQueue()

    def trying(client, arn, token):
        for _ in range(4):
            try:
                creating(client, arn, token)
            except Exception as error:
                outcomes.put(type(error).__name__)
                last = error
            else:
                outcomes.put("succeeded")
                return
        raise last

    report = run({"createSecret": trying}, only)
    return drained(outcomes), report


def put_another_value(client, arn, token):
    """Store a new value with every attempt."""
    if not has_pending(client, arn, token):
        store(client, arn, token, {**read(client, arn), "password": password(client)})


@pytest.mark.parametrize("scenario", ["createSecret.error-5", "createSecret.throttled-5"])
def test_an_outage_outlasts_a_loop_that_makes_another_value_each_time(scenario):
    outcomes, report = count_of_attempts(scenario, put_another_value)

    # The three undisturbed rotations, four attempts in the outage, the retry, and another rotation.
    assert [one == "succeeded" for one in outcomes[3:]] == [False] * 4 + [True, True]
    assert report.violations == (), str(report)


class Statement:
    """What a driver sends. Its repr has its address."""

    def __init__(self, text):
        self.text = text


class ServerOfStatements(Server):
    def execute(self, statement):
        user, word = json.loads(statement.text)
        self.passwords[user] = word


def test_an_outage_outlasts_a_loop_that_makes_another_argument_each_time():
    outcomes = queue.SimpleQueue()

    def set_by_statement(client, arn, token):
        pending = read(client, arn, token)
        for _ in range(3):
            try:
                RUNNING["server"].execute(Statement(json.dumps([pending["username"], pending["password"]])))
            except ConnectionError:
                outcomes.put("failed")
            else:
                outcomes.put("succeeded")
                return
        raise ConnectionError("gave up")

    report = run({"setSecret": set_by_statement}, "setSecret.error-3", service=ServerOfStatements)

    assert drained(outcomes)[3:] == ["failed"] * 3 + ["succeeded"] * 2
    assert report.violations == (), str(report)


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_throttling_lasts_longer_than_the_retries_of_botocore(mode):
    config = Config(retries={"max_attempts": 4, "mode": mode})
    client = boto3.client("secretsmanager", region_name="us-east-1", config=config)
    failed = queue.SimpleQueue()

    def create_with_retries(_, arn, token):
        try:
            create(client, arn, token)
        except client.exceptions.ClientError as error:
            failed.put(error.response["Error"]["Code"])
            raise

    report = run({"createSecret": create_with_retries}, "createSecret.throttled-2")

    assert drained(failed) == ["ThrottlingException"]
    assert report.violations == (), str(report)


# Calls of other AWS clients.


class ServerWithParameters(Server):
    """A database whose function also writes a parameter, which a Stubber serves."""

    def __enter__(self):
        self.ssm = boto3.client("ssm", region_name="us-east-1")
        self.stubber = Stubber(self.ssm)
        for _ in range(20):
            self.stubber.add_response("put_parameter", {"Version": 1})
        self.stubber.activate()
        RUNNING["ssm"] = self.ssm
        return super().__enter__()

    def __exit__(self, *exc_info):
        self.stubber.deactivate()
        super().__exit__(*exc_info)


@pytest.mark.slow
def test_a_call_of_another_client_that_a_stubber_serves_is_a_boundary():
    def set_and_tell(client, arn, token):
        set_password(client, arn, token)
        with contextlib.suppress(RUNNING["ssm"].exceptions.ClientError):
            RUNNING["ssm"].put_parameter(Name="rotated", Value=token, Type="String", Overwrite=True)

    steps = {"setSecret": set_and_tell}
    report = run(steps, "errors", service=ServerWithParameters)

    assert "setSecret.error-7" in report.scenarios
    assert report.violations == (), str(report)


# Where the function comes from, and where the check runs.


@pytest.mark.slow
def test_several_functions_in_one_process_have_nothing_to_do_with_each_other():
    first = run({}, "repeats")
    run({"setSecret": lambda client, arn, token: None}, "plain")
    second = run({}, "repeats")

    assert str(first) == str(second)
    assert first.violations == ()


def test_a_check_within_another_world_leaves_that_as_it_was():
    from fake_secrets import mock_stages

    with mock_stages({"prod/rotated": "mine"}) as outer:
        client = boto3.client("secretsmanager")
        report = run({}, "plain")

        assert report.violations == (), str(report)
        assert client.get_secret_value(SecretId="prod/rotated")["SecretString"] == "mine"
        assert len(outer["prod/rotated"].versions) == 1


def test_a_check_beside_moto_leaves_its_secrets_as_they_were():
    moto = pytest.importorskip("moto")

    with moto.mock_aws():
        client = boto3.client("secretsmanager", region_name="us-east-1")
        client.create_secret(Name="prod/rotated", SecretString="moto's")
        report = run({}, "plain")

        assert report.violations == (), str(report)
        assert client.get_secret_value(SecretId="prod/rotated")["SecretString"] == "moto's"


def test_region_account_tags_schedule_and_environment_reach_the_function():
    seen = queue.SimpleQueue()

    def create_and_look(client, arn, token):
        described = client.describe_secret(SecretId=arn)
        seen.put((arn, described["Tags"], described["RotationRules"], os.environ["STAGE"]))
        create(client, arn, token)

    secretsmanager.cache_clear()
    report = run(
        {"createSecret": create_and_look},
        "plain",
        region="eu-west-1",
        account_id="210987654321",
        tags={"owner": "me"},
        schedule=30,
        environment={"STAGE": "prod", "AWS_REGION": "eu-west-1"},
        name="team/db",
    )
    secretsmanager.cache_clear()

    assert report.violations == (), str(report)
    arn, tags, rules, stage = seen.get_nowait()
    assert arn.startswith("arn:aws:secretsmanager:eu-west-1:210987654321:secret:team/db-")
    assert tags == [{"Key": "owner", "Value": "me"}]
    assert rules == {"AutomaticallyAfterDays": 30}
    assert stage == "prod"
