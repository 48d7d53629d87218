"""Two deliveries of a step overlap: which orders of their calls are tried, and how."""

import asyncio
import itertools
import json
import queue
import threading
import time
import warnings

import boto3
import pytest
from contract.gallery_modules import load

from fake_secrets import check_rotation
from fake_secrets.contract.families import FAMILIES
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.subject import Subject
from fake_secrets.contract.undisturbed import dry_run

SECRET = {"username": "app", "password": "old"}


def prepared(event):
    """Return a client and the arguments of a call about the version of an event."""
    client = boto3.client("secretsmanager", region_name="us-east-1")
    return client, event["SecretId"], event["ClientRequestToken"]


def create(client, arn, token, value="new"):
    client.put_secret_value(
        SecretId=arn,
        ClientRequestToken=token,
        SecretString=json.dumps({**SECRET, "password": value}),
        VersionStages=["AWSPENDING"],
    )


def current_version(client, arn):
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    return next(version for version, labels in versions.items() if "AWSCURRENT" in labels)


def finish(client, arn, token):
    current = current_version(client, arn)
    if current != token:
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )


def with_reads(count, note=lambda _: None):
    """Return a function whose testSecret makes as many calls."""

    def handler(event, context):
        client, arn, token = prepared(event)
        delivery = object()
        match event["Step"]:
            case "createSecret":
                create(client, arn, token, f"new of {token}")
            case "testSecret":
                for _ in range(count):
                    client.describe_secret(SecretId=arn)
                    note(delivery)
            case "finishSecret":
                finish(client, arn, token)

    return handler


def ids(handler, **arguments):
    with Check(Subject(handler, secret=SECRET, **arguments)) as check:
        _, dry = dry_run(check)
        return [one.id for one in FAMILIES["overlaps"](dry, check)]


def orders(count):
    """Return all orders of two deliveries' calls that have at most two preemptions and begin with the first's."""
    found = set()
    for places in itertools.combinations(range(2 * count), count):
        order = ["A" if place in places else "B" for place in range(2 * count)]
        made = {"A": 0, "B": 0}
        preemptions = 0
        for one, following in itertools.pairwise([*order, None]):
            made[one] += 1
            preemptions += following not in {one, None} and made[one] < count
        if preemptions <= 2 and order[0] == "A":
            found.add("".join(order))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_all_orders_of_the_calls_up_to_two_preemptions_are_tried(count):
    noted, found = queue.SimpleQueue(), []
    with Check(Subject(with_reads(count, noted.put), secret=SECRET)) as check:
        _, dry = dry_run(check)
        for scenario in FAMILIES["overlaps"](dry, check):
            if scenario.id.startswith("testSecret."):
                drained(noted)
                scenario.run(check, scenario.id)
                found.append(order_of(drained(noted), count))

    # One of them is no overlap: one delivery after the other.
    assert sorted(found) == sorted(orders(count) - {"A" * count + "B" * count})
    assert len(found) == count * (count - 1)


def drained(noted):
    found = []
    while not noted.empty():
        found.append(noted.get())
    return found


def order_of(calls, count):
    """Return the order of the calls of two deliveries that overlap; those of the next rotation follow."""
    first, second, _ = dict.fromkeys(calls)
    order = "".join("A" if delivery is first else "B" for delivery in calls if delivery in {first, second})
    assert len(order) == 2 * count
    return order


def test_a_second_delivery_that_makes_other_calls_stops_after_each_of_them():
    def handler(event, context):
        client, arn, token = prepared(event)
        match event["Step"]:
            case "createSecret":
                create(client, arn, token)
            case "finishSecret":
                if current_version(client, arn) == token:
                    # What only the second one does, once the first has moved the label.
                    client.describe_secret(SecretId=arn)
                    client.describe_secret(SecretId=arn)
                else:
                    finish(client, arn, token)
                client.list_secrets()

    assert [one for one in ids(handler) if one.startswith("finishSecret.")] == [
        # The first makes 4 calls. Before the move, so does the second; afterwards too.
        "finishSecret.overlap-1",
        *(f"finishSecret.overlap-1-{calls}" for calls in (1, 2, 3)),
        "finishSecret.overlap-2",
        *(f"finishSecret.overlap-2-{calls}" for calls in (1, 2, 3)),
        "finishSecret.overlap-3",
        *(f"finishSecret.overlap-3-{calls}" for calls in (1, 2, 3)),
    ]


class Vault:
    """A service with credentials that are revoked by hand."""

    def __init__(self):
        self.passwords = {"old"}

    def accepts(self, value):
        return value["password"] in self.passwords


@pytest.mark.slow
def test_the_second_finish_that_takes_the_new_credential_for_the_old_one_is_found():
    vaults = []

    class Placed(Vault):
        def __enter__(self):
            vaults.append(self)
            return self

        def __exit__(self, *exc_info):
            vaults.clear()

        def allow(self, password):
            self.passwords.add(password)

        def revoke(self, password):
            self.passwords.discard(password)

    def handler(event, context):
        client, arn, token = prepared(event)
        labels = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
        if "AWSCURRENT" in labels[token]:
            return
        match event["Step"]:
            case "createSecret":
                if not has_value(client, arn, token):
                    create(client, arn, token, client.get_random_password()["RandomPassword"])
            case "setSecret":
                vaults[0].allow(read(client, arn, VersionId=token)["password"])
            case "finishSecret":
                old = read(client, arn)["password"]
                finish(client, arn, token)
                vaults[0].revoke(old)

    report = check_rotation(handler, secret=SECRET, service=Placed, only="overlaps")

    (violation,) = report.violations
    assert violation.name == "current-destroyed"
    assert violation.scenario.startswith("finishSecret.overlap-")
    assert violation.source == "vaults[0].revoke(old)"


def read(client, arn, **version):
    return json.loads(client.get_secret_value(SecretId=arn, **version)["SecretString"])


def has_value(client, arn, token):
    try:
        read(client, arn, VersionId=token)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True


ENVIRONMENT = {}


@pytest.mark.slow
def test_each_delivery_has_the_functions_globals_for_itself():
    seen = queue.SimpleQueue()

    def handler(event, context):
        client, arn, token = prepared(event)
        ENVIRONMENT["request"] = context.aws_request_id
        match event["Step"]:
            case "createSecret":
                create(client, arn, token, f"new of {token}")
            case "testSecret":
                for _ in range(3):
                    client.describe_secret(SecretId=arn)
                    seen.put({"request": context.aws_request_id} == ENVIRONMENT)
            case "finishSecret":
                finish(client, arn, token)

    check_rotation(handler, secret=SECRET, only="overlaps")

    assert set(drained(seen)) == {True}


def test_a_lock_that_the_function_holds_over_its_calls_delays_the_other_delivery_only():
    lock = threading.Lock()

    def handler(event, context):
        client, arn, token = prepared(event)
        with lock:
            match event["Step"]:
                case "createSecret":
                    create(client, arn, token, f"new of {token}")
                case "testSecret":
                    client.describe_secret(SecretId=arn)
                    client.list_secrets()
                case "finishSecret":
                    finish(client, arn, token)

    report = check_rotation(handler, secret=SECRET, only="testSecret.overlap-1")

    assert report.passed
    assert not lock.locked()


def test_an_interrupt_ends_the_second_delivery_as_well():
    second = queue.SimpleQueue()

    def handler(event, context):
        client, arn, token = prepared(event)
        match event["Step"]:
            case "createSecret":
                create(client, arn, token, f"new of {token}")
            case "testSecret":
                client.describe_secret(SecretId=arn)
                if threading.current_thread() is not threading.main_thread():
                    second.put(threading.current_thread())
                client.list_secrets()
                if not second.empty():
                    raise KeyboardInterrupt
            case "finishSecret":
                finish(client, arn, token)

    with pytest.raises(KeyboardInterrupt):
        check_rotation(handler, secret=SECRET, only="testSecret.overlap-1-1")

    assert not second.get().is_alive()


@pytest.mark.slow
def test_ten_checks_give_the_same_report():
    keys = load("faulty", "finish_revokes_the_new_key")
    reports = {str(check_rotation(keys.handler, **keys.arguments, only="finishSecret.overlap-1-5"))}
    for _ in range(9):
        reports.add(str(check_rotation(keys.handler, **keys.arguments, only="finishSecret.overlap-1-5")))

    assert len(reports) == 1
    assert "current-destroyed" in reports.pop()


@pytest.mark.slow
def test_young_keys_may_be_spared_as_long_as_the_time_out_is():
    keys = load("good", "api_key_pair")
    # Lambda's longest time-out, which is that of a check that states none.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys.module, "LONGEST_RUN", 900)
        for scenario in ("createSecret.lost-5", "createSecret.kill-after-5", "createSecret.overlap-5"):
            report = check_rotation(keys.handler, **keys.arguments, only=scenario)
            assert report.passed, str(report)


LOCK = threading.Lock()


@pytest.mark.slow
def test_a_lock_of_the_function_hides_no_overlap_since_each_environment_has_its_own():
    keys = load("faulty", "cleanup_meets_another_invocation")

    def locked(event, context):
        with LOCK:
            return keys.handler(event, context)

    def busy(event, context):
        if not LOCK.acquire(blocking=False):
            raise RuntimeError
        try:
            return keys.handler(event, context)
        finally:
            LOCK.release()

    for handler in (locked, busy):
        report = check_rotation(handler, **keys.arguments, only="createSecret.overlap-1-3")
        assert [one.name for one in report.violations] == ["pending-destroyed"], str(report)
    assert not LOCK.locked()


def test_a_second_delivery_that_makes_no_call_is_told():
    def handler(event, context):
        if threading.current_thread() is not threading.main_thread():
            raise ValueError
        with_reads(2)(event, context)

    report = check_rotation(handler, secret=SECRET, only="overlaps")

    assert report.passed
    sentence = "Overlaps of testSecret show little: the second delivery raises ValueError before any call."
    assert sentence in report.left_out


def test_a_function_may_use_the_event_loop_of_its_thread():
    async def step(handler, event, context):
        handler(event, context)

    def handler(event, context):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            loop = asyncio.get_event_loop()
        loop.run_until_complete(step(with_reads(3), event, context))

    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        report = check_rotation(handler, secret=SECRET, only="testSecret.overlap-1")
        asyncio.set_event_loop(None)

    assert report.left_out == ()
    assert report.passed


def test_an_interrupt_that_comes_while_the_second_thread_starts_leaves_none(monkeypatch):
    start = threading.Thread.start

    def interrupted(thread):
        start(thread)
        if thread.name == "second":
            raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)

    with pytest.raises(KeyboardInterrupt):
        check_rotation(with_reads(2), secret=SECRET, only="testSecret.overlap-1")

    assert not [thread for thread in threading.enumerate() if thread.name == "second"]


def late_ids(handler, arguments):
    with Check(Subject(handler, **arguments)) as check:
        _, dry = dry_run(check)
        return [one.id for one in FAMILIES["overlaps"](dry, check) if one.id.endswith("-late")]


@pytest.mark.slow
def test_a_credential_that_a_slow_delivery_is_about_to_store_must_outlive_its_time_out():
    exhibit = load("faulty", "cleanup_sooner_than_the_time_out")
    (late,) = late_ids(exhibit.handler, exhibit.arguments)

    report = check_rotation(exhibit.handler, **exhibit.arguments, only=late)

    (violation,) = report.violations
    assert violation.name == "pending-destroyed"
    assert violation.source == "api.delete_key(key_id)"
    assert "right before its time-out" in violation.title


@pytest.mark.slow
@pytest.mark.parametrize("timeout", [3, 900])
def test_time_passes_in_no_overlap_if_the_time_out_is_short_or_is_not_known(timeout):
    exhibit = load("faulty", "cleanup_sooner_than_the_time_out")

    assert late_ids(exhibit.handler, {**exhibit.arguments, "timeout": timeout}) == []


class SlowToStore:
    """A client that looks at its list of secrets before it stores a value, which takes two seconds."""

    def __init__(self):
        self.client = boto3.client("secretsmanager", region_name="us-east-1")

    def __getattr__(self, name):
        return getattr(self.client, name)

    def put_secret_value(self, **members):
        self.client.list_secrets()
        time.sleep(2)
        return self.client.put_secret_value(**members)


@pytest.mark.slow
def test_what_a_slow_delivery_can_no_longer_do_in_its_time_is_not_judged():
    exhibit = load("faulty", "cleanup_sooner_than_the_time_out")

    def slow(event, context):
        exhibit.module.VendorKeyRotation(event, SlowToStore())()

    (late,) = late_ids(slow, exhibit.arguments)
    report = check_rotation(slow, **exhibit.arguments, only=late)

    assert report.violations == (), str(report)
