"""Consumers read the secret at each moment of a rotation, and must get a value that works."""

import functools
import json
import queue
import sys
import threading
import time
import unittest

import boto3
import pytest
from rotation_steps import names, rotation_function

from fake_secrets import ContractViolatedError, RotationContract, check_rotation
from fake_secrets.contract.services import LoginRefusedError, PasswordDatabase

SECRET = {"username": "app", "password": "old-password"}


class Database(PasswordDatabase):
    """A database that a test holds in a global of this module while it is in use."""

    USERS = {"app": SECRET["password"]}

    def __init__(self, **options):
        super().__init__(self.USERS, replaces=f"{__name__}.database", **options)

    @property
    def stand_in(self):
        return self


database = None


def set_value(current, pending):
    try:
        database.login(pending["username"], pending["password"])
    except LoginRefusedError:
        database.login(current["username"], current["password"])
        database.alter_user(current["username"], pending["password"], by=current["username"])


def test_value(pending):
    database.login(pending["username"], pending["password"])


test_value.__test__ = False
handler = rotation_function(set_value, test_value)


def read(label="AWSCURRENT"):
    client = boto3.client("secretsmanager")
    return json.loads(client.get_secret_value(SecretId="prod/rotated", VersionStage=label)["SecretString"])


def log_in(value):
    database.login(value["username"], value["password"])


# Consumers without a fault.


def reads_again_after_a_pause():
    for _ in range(20):
        try:
            log_in(read())
        except LoginRefusedError:
            time.sleep(0.1)
        else:
            return
    log_in(read())


def tries_the_pending_value():
    try:
        log_in(read())
    except LoginRefusedError:
        log_in(read("AWSPENDING"))


def returns_what_works():
    value = read()
    return value if database.accepts(value) else read("AWSPENDING")


kept = {}


def refreshes_its_cache():
    try:
        log_in(kept.setdefault("value", read()))
    except LoginRefusedError:
        kept.clear()
        tries_the_pending_value()


def waits_on_an_event():
    stopping = threading.Event()
    while True:
        try:
            return log_in(read())
        except LoginRefusedError:
            stopping.wait(2)


def tries_again_without_a_pause():
    while True:
        try:
            return log_in(read())
        except LoginRefusedError:
            continue


# Consumers with a fault.


def keeps_its_first_value():
    log_in(kept.setdefault("value", read()))


@functools.cache
def cached():
    return read()


def returns_a_cached_value():
    return cached()


def gives_up_at_once():
    return read()


def waits_with_the_old_value():
    value = kept.setdefault("value", read())
    for _ in range(3):
        try:
            log_in(value)
        except LoginRefusedError:
            time.sleep(1)
        else:
            return
    log_in(value)


def waits_for_ever_with_the_old_value():
    value = kept.setdefault("value", read())
    while True:
        try:
            return log_in(value)
        except LoginRefusedError:
            continue


class Picky(Database):
    """It takes a dict only."""

    def accepts(self, value):
        return super().accepts({**value, "user": value.get("username")})


class Twins(Database):
    """Two users, of which each rotation takes the other one."""

    USERS = {"app": SECRET["password"], "twin": "another-password"}

    def __init__(self):
        super().__init__(administrators=list(self.USERS))


TWINS = {"app": "twin", "twin": "app"}


def with_the_other_user(client, current, token):
    password = client.get_random_password(ExcludePunctuation=True)["RandomPassword"]
    return {"username": TWINS[current["username"]], "password": password}


def set_the_other_user(current, pending):
    database.login(current["username"], current["password"])
    database.alter_user(pending["username"], pending["password"], by=current["username"])


alternating_handler = rotation_function(set_the_other_user, test_value, with_the_other_user)


async def reads_asynchronously():
    return read()


def check(*consumers, only="consumers", service=Database):
    return check_rotation(handler, secret=SECRET, service=service, consumers=consumers, only=only)


@pytest.mark.slow
@pytest.mark.parametrize(
    "consumer",
    [
        reads_again_after_a_pause,
        tries_the_pending_value,
        returns_what_works,
        refreshes_its_cache,
        waits_on_an_event,
        tries_again_without_a_pause,
    ],
)
def test_a_consumer_that_gets_a_value_within_its_own_means_is_right(consumer):
    report = check(consumer)
    assert report.violations == (), str(report)
    assert report.scenarios == (f"consumer.{consumer.__name__}",)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("consumer", "detail"),
    [
        (
            keeps_its_first_value,
            (
                "After call 6 of setSecret (alter_user), keeps_its_first_value raises LoginRefusedError: password "
                "authentication failed for user 'app', and 35 more times, the last time after the rotation"
            ),
        ),
        (
            returns_a_cached_value,
            (
                "After call 6 of setSecret (alter_user), returns_a_cached_value returns a value that the service "
                "doesn't accept, and 35 more times, the last time after the rotation"
            ),
        ),
        (
            gives_up_at_once,
            (
                "After call 6 of setSecret (alter_user), gives_up_at_once returns a value that the service "
                "doesn't accept, and 19 more times"
            ),
        ),
    ],
)
def test_a_consumer_that_is_locked_out_is_found(consumer, detail):
    report = check(consumer)
    (violation,) = report.violations
    assert violation.name == "consumer-locked-out"
    assert "a consumer of the secret violates the contract" in report.summary()
    assert "A consumer of the secret violates the contract." in report.html()
    assert violation.detail == detail
    assert violation.scenario == f"consumer.{consumer.__name__}"
    assert violation.where.startswith("tests/contract/test_consumers.py:")
    assert violation.replay == f'check_rotation(lambda_handler, ..., only="consumer.{consumer.__name__}")'


@pytest.mark.slow
@pytest.mark.parametrize("consumer", [waits_with_the_old_value, waits_for_ever_with_the_old_value])
def test_waiting_does_not_help_a_consumer_that_keeps_the_old_value(consumer):
    report = check(consumer)
    assert names(report.violations) == ["consumer-locked-out"]
    assert report.violations[0].detail.startswith("After call 6 of setSecret (alter_user)")


@pytest.mark.slow
def test_a_consumer_whose_first_user_works_for_one_more_rotation_is_found_in_the_second():
    report = check_rotation(
        alternating_handler,
        secret=SECRET,
        service=Twins,
        consumers=[keeps_its_first_value, refreshes_its_cache],
        only="consumers",
    )
    (violation,) = report.violations
    assert violation.scenario == "consumer.keeps_its_first_value"
    assert violation.detail.startswith(
        "In the second rotation, after call 5 of setSecret (alter_user), keeps_its_"
    )


@pytest.mark.slow
def test_the_time_after_which_an_endless_loop_is_ended_is_told():
    report = check(waits_for_ever_with_the_old_value)
    assert "gets no value that works within 900 seconds" in report.violations[0].detail


@pytest.mark.slow
def test_the_timeline_shows_what_the_service_accepted():
    (violation,) = check(gives_up_at_once).violations
    assert violation.timeline[-1].split() == ["6", "alter_user", "succeeded", "old", "new", "new"]


@pytest.mark.slow
def test_several_consumers_are_checked_one_by_one_and_together():
    report = check(tries_the_pending_value, keeps_its_first_value, keeps_its_first_value)
    assert report.scenarios == (
        "consumer.tries_the_pending_value",
        "consumer.keeps_its_first_value",
        "consumer.keeps_its_first_value-2",
        "consumer.all",
    )
    (violation,) = report.violations
    assert violation.scenario == "consumer.keeps_its_first_value"
    assert violation.others == ("consumer.keeps_its_first_value-2", "consumer.all")


@pytest.mark.slow
def test_one_consumer_is_checked_by_its_id():
    report = check(tries_the_pending_value, gives_up_at_once, only="consumer.gives_up_at_once")
    assert report.scenarios == ("consumer.gives_up_at_once",)


@pytest.mark.slow
def test_two_checks_give_the_same_report():
    reports = {str(check(keeps_its_first_value, reads_again_after_a_pause)) for _ in range(3)}
    assert len(reports) == 1


@pytest.mark.slow
def test_no_value_is_in_the_report():
    def raises_with_the_value():
        raise ValueError(read()["password"])

    report = check(raises_with_the_value)
    assert "old-password" not in str(report)
    assert report.violations[0].detail.startswith(
        "Before the rotation, raises_with_the_value raises ValueError, and"
    )


@pytest.mark.slow
@pytest.mark.parametrize("raising", [pytest.skip, pytest.fail, sys.exit])
def test_whatever_a_consumer_raises_locks_it_out(raising):
    def gives_up():
        raising("no login today")

    (violation,) = check(gives_up).violations
    assert violation.name == "consumer-locked-out"
    assert "no login today" in violation.detail


@pytest.mark.slow
def test_what_a_consumer_prints_is_not_a_leak_of_the_function():
    def prints_the_value():
        print(read())
        tries_the_pending_value()

    assert check(prints_the_value).passed


@pytest.mark.slow
def test_a_consumer_keeps_nothing_for_the_next_scenario():
    assert kept == {}
    check(keeps_its_first_value)
    assert kept == {}


@pytest.mark.slow
def test_the_function_and_a_consumer_have_separate_globals():
    def overwrites_a_global():
        kept["value"] = "the consumer's"
        tries_the_pending_value()

    def lambda_handler(event, context):
        assert "value" not in kept
        handler(event, context)

    report = check_rotation(
        lambda_handler, secret=SECRET, service=Database, consumers=[overwrites_a_global], only="consumers"
    )
    assert report.passed, str(report)


@pytest.mark.slow
def test_calls_of_a_consumer_are_not_numbered():
    alone = check_rotation(handler, secret=SECRET, service=Database, only="kills")
    assert check(tries_the_pending_value, only="kills").scenarios == alone.scenarios


@pytest.mark.slow
def test_a_service_whose_change_takes_a_while_locks_nobody_out():
    slow = functools.partial(Database, delay=20)
    report = check(reads_again_after_a_pause, tries_the_pending_value, service=slow)
    assert report.violations == (), str(report)


@pytest.mark.slow
def test_a_consumer_can_be_a_method_or_a_partial():
    class Pool:
        def __init__(self):
            self.value = None

        def connect(self, label):
            self.value = self.value or read(label)
            log_in(self.value)

    pool = Pool()
    report = check(functools.partial(pool.connect, "AWSCURRENT"))
    assert report.violations[0].scenario == "consumer.connect"
    assert report.violations[0].source == 'database.login(value["username"], value["password"])'
    assert pool.value is None


def test_consumers_without_a_service_are_refused():
    with pytest.raises(ValueError, match=r"^consumers= needs service=, because only a service double can tell "):
        check_rotation(handler, secret=SECRET, consumers=[gives_up_at_once])


@pytest.mark.parametrize(
    ("consumers", "message"),
    [
        (gives_up_at_once, "consumers= takes a list of functions, not a function"),
        ("my_module:connect", "consumers= takes a list of functions, not a str"),
        ([lambda value: value], "a consumer of the secret is called without arguments"),
        ([None], "a consumer of the secret is called without arguments"),
        (
            [reads_asynchronously],
            "a consumer of the secret is called without arguments; .* would have to be awaited",
        ),
    ],
)
def test_what_is_no_list_of_consumers_is_refused(consumers, message):
    with pytest.raises(TypeError, match=message):
        check_rotation(handler, secret=SECRET, service=Database, consumers=consumers)


@pytest.mark.slow
def test_a_consumer_is_imported_by_its_name():
    report = check(f"{__name__}:gives_up_at_once")
    assert report.scenarios == ("consumer.gives_up_at_once",)


def test_a_value_that_the_double_cannot_read_is_a_mistake_of_the_test():
    with pytest.raises(TypeError) as caught:
        check(lambda: 17, service=Picky)
    assert caught.value.__notes__[0] == "raised when the check asked Picky.accepts"


def returns_its_connection():
    return database.connect(user="app", password=read()["password"])


STRANGE = (
    "the consumer {} returned {}. It returns None if it has used the service itself, else the value that it would "
    "log in with: a dict, str or bytes"
)


@pytest.mark.parametrize(
    ("consumer", "name", "returned"),
    [
        (returns_its_connection, "returns_its_connection", "a Connection"),
        (lambda: True, "consumer", "a bool"),
        (lambda: ("app", "old-password"), "consumer", "a tuple"),
    ],
)
def test_an_object_that_is_no_value_is_a_mistake_of_the_test(consumer, name, returned):
    with pytest.raises(TypeError) as caught:
        check(consumer)
    assert str(caught.value) == STRANGE.format(name, returned)


def test_an_error_of_the_double_about_an_object_that_is_no_value_says_so():
    with pytest.raises(TypeError) as caught:
        check(lambda: 17, service=Picky)
    assert caught.value.__notes__[1] == STRANGE.format("consumer", "an int")


def test_an_object_that_the_double_accepts_is_a_value():
    class Pairs(Database):
        def accepts(self, value):
            user, password = value if isinstance(value, tuple) else (value["username"], value["password"])
            return super().accepts({"username": user, "password": password})

    def returns_a_pair():
        value = returns_what_works()
        return value["username"], value["password"]

    assert check(returns_a_pair, service=Pairs).passed


@pytest.mark.slow
def test_a_value_that_the_double_cannot_read_after_others_is_none_that_works():
    def loses_the_password():
        value = read()
        return value if database.accepts(value) else 17

    report = check(loses_the_password, service=Picky)
    assert names(report.violations) == ["consumer-locked-out"]


@pytest.mark.slow
def test_the_timeline_of_a_lockout_before_the_rotation_ends_with_the_first_call():
    def knows_no_password():
        log_in({"username": "app", "password": "wrong"})

    (violation,) = check(knows_no_password).violations
    assert violation.detail.startswith("Before the rotation, knows_no_password raises LoginRefusedError")
    assert violation.timeline[-1].startswith("  1 DescribeSecret")


@pytest.mark.slow
def test_a_service_without_accepts_is_enough_to_find_exceptions():
    class Silent(Database):
        def accepts(self, value):
            raise NotImplementedError

    report = check(keeps_its_first_value, gives_up_at_once, service=Silent)
    assert [violation.scenario for violation in report.violations] == ["consumer.keeps_its_first_value"]


@pytest.mark.slow
def test_an_interrupt_ends_the_check_and_the_consumer():
    threads = threading.active_count()
    begun, ended = queue.SimpleQueue(), queue.SimpleQueue()

    def sleeps():
        begun.put("begun")
        try:
            time.sleep(3600)
        finally:
            ended.put("ended")

    def lambda_handler(event, context):
        handler(event, context)
        if event["Step"] == "testSecret" and not begun.empty():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_rotation(lambda_handler, secret=SECRET, service=Database, consumers=[sleeps], only="consumers")
    assert ended.get(timeout=10) == "ended"
    assert threading.active_count() == threads


class Contract(RotationContract):
    handler = staticmethod(handler)
    secret = SECRET
    service = Database
    consumers = (tries_the_pending_value,)


class TestAsAContract:
    @pytest.mark.slow
    def test_it_passes_if_no_consumer_is_locked_out(self):
        Contract().test_consumers()

    @pytest.mark.slow
    def test_it_fails_if_one_is(self):
        contract = Contract()
        contract.consumers = [gives_up_at_once]
        with pytest.raises(ContractViolatedError, match="consumer-locked-out"):
            contract.test_consumers()

    def test_a_contract_without_consumers_skips_it_under_unittest(self):
        class Without(Contract):
            consumers = ()

        with pytest.raises(unittest.SkipTest, match="consumers is empty"):
            Without().test_consumers()

    def test_consumers_are_stated_in_the_class(self):
        class Without(Contract):
            consumers = ()

        contract = Without()
        contract.consumers = [gives_up_at_once]
        with pytest.raises(TypeError, match=r"^Without: a fixture sets consumers\. Set it in the class"):
            contract.test_plain()
