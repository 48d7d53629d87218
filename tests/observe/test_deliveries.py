"""Events are delivered to the subscribers of a test, as EventBridge would deliver them."""

import functools
import threading

import boto3
import botocore.exceptions
import pytest
from rotators import Rotator

from fake_secrets import mock_stages


@pytest.fixture
def db(fake_secrets):
    return fake_secrets.add("prod/db", "old")


def title(event):
    return event["detail"].get("eventName", event["detail-type"])


@pytest.fixture
def received(fake_secrets):
    events = []
    fake_secrets.on_event(events.append)
    return events


def test_an_event_is_delivered_before_the_call_returns(received, db, fake_secrets, secretsmanager):
    secretsmanager.put_secret_value(SecretId="prod/db", SecretString="new")
    assert received == fake_secrets.trail.events
    assert [title(event) for event in received] == ["Secret Label Updated"]


def test_earlier_events_are_not_delivered(db, fake_secrets, secretsmanager):
    secretsmanager.put_secret_value(SecretId="prod/db", SecretString="new")
    events = []
    fake_secrets.on_event(events.append)
    secretsmanager.delete_secret(SecretId="prod/db")
    assert {title(event) for event in events} == {"StartSecretVersionDelete"}


def test_on_event_can_be_a_decorator(db, fake_secrets, secretsmanager):
    seen = []

    @fake_secrets.on_event
    def react(event):
        seen.append(title(event))

    secretsmanager.put_secret_value(SecretId="prod/db", SecretString="new")
    assert (seen, react.__name__) == (["Secret Label Updated"], "react")


def test_each_subscriber_gets_each_event(db, fake_secrets, secretsmanager):
    first, second = [], []
    fake_secrets.on_event(first.append)
    fake_secrets.on_event(second.append)
    secretsmanager.put_secret_value(SecretId="prod/db", SecretString="new")
    assert first == second != []


def test_a_subscriber_may_change_its_event(db, fake_secrets, secretsmanager):
    second = []
    fake_secrets.on_event(dict.clear)
    fake_secrets.on_event(second.append)
    secretsmanager.put_secret_value(SecretId="prod/db", SecretString="new")
    assert [title(event) for event in second] == ["Secret Label Updated"]


def test_a_subscriber_may_call_the_client(db, fake_secrets, secretsmanager):
    values = []

    @fake_secrets.on_event
    def refresh(event):
        values.append(secretsmanager.get_secret_value(SecretId=event["resources"][0])["SecretString"])

    secretsmanager.put_secret_value(SecretId="prod/db", SecretString="new")
    assert values == ["new"]


def test_events_of_a_subscribers_calls_are_delivered_afterwards(db, fake_secrets, secretsmanager):
    order = []

    @fake_secrets.on_event
    def react(event):
        order.append(("begins", title(event)))
        if title(event) == "Secret Label Updated":
            secretsmanager.delete_secret(SecretId="prod/db")
        order.append(("ends", title(event)))

    secretsmanager.put_secret_value(SecretId="prod/db", SecretString="new")
    assert order == [
        ("begins", "Secret Label Updated"),
        ("ends", "Secret Label Updated"),
        ("begins", "StartSecretVersionDelete"),
        ("ends", "StartSecretVersionDelete"),
        ("begins", "StartSecretVersionDelete"),
        ("ends", "StartSecretVersionDelete"),
    ]


def test_events_of_a_rotation_are_delivered_after_it(received, db, fake_secrets):
    during = []

    def handler(event, context):
        Rotator()(event, context)
        during.append(len(received))

    fake_secrets.rotate("prod/db", handler)
    assert during == [0] * 4
    assert [title(event) for event in received] == ["RotationStarted", "Secret Label Updated", "RotationSucceeded"]


def test_events_of_a_failing_rotation_are_delivered(received, db, fake_secrets):
    with pytest.raises(RuntimeError):
        fake_secrets.rotate("prod/db", Rotator(fails_in="setSecret"))
    assert [title(event) for event in received] == ["RotationStarted", "RotationFailed"]


def test_events_of_a_step_are_delivered_after_it(db):
    with mock_stages({"prod/db": "old"}, rotation="manual") as fake_secrets:
        events = []
        fake_secrets.on_event(events.append)
        rotation = fake_secrets.rotate("prod/db", Rotator(fails_in="createSecret"))
        assert [title(event) for event in events] == ["RotationStarted"]
        with pytest.raises(RuntimeError):
            rotation.step()
        assert [title(event) for event in events] == ["RotationStarted", "RotationFailed"]


def test_events_of_due_work_are_delivered_with_the_next_call(
    freezer_at_noon, received, db, fake_secrets, secretsmanager
):
    secretsmanager.delete_secret(SecretId="prod/db")
    received.clear()
    freezer_at_noon.move_to("2027-01-01")
    with pytest.raises(botocore.exceptions.ClientError):
        secretsmanager.describe_secret(SecretId="prod/db")
    assert [title(event) for event in received] == ["EndSecretVersionDelete"]


def test_the_error_of_a_subscriber_comes_out_of_the_call(db, fake_secrets, secretsmanager):
    @fake_secrets.on_event
    def breaks(event):
        raise LookupError

    with pytest.raises(LookupError) as raised:
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="new")
    (note,) = raised.value.__notes__
    assert "breaks" in note
    assert note.endswith(", a subscriber of fake_secrets.on_event, when it got Secret Label Updated")
    assert db.value() == "new"


def test_other_events_and_subscribers_are_served_before_an_error_is_raised(received, db, fake_secrets):
    @fake_secrets.on_event
    def breaks_once(event):
        if title(event) == "RotationStarted":
            raise LookupError

    after = []
    fake_secrets.on_event(after.append)
    with pytest.raises(LookupError):
        fake_secrets.rotate("prod/db", Rotator())
    assert [title(event) for event in after] == ["RotationStarted", "Secret Label Updated", "RotationSucceeded"]
    assert received == after


def test_the_error_of_a_rotation_comes_before_the_error_of_a_subscriber(db, fake_secrets):
    @fake_secrets.on_event
    def breaks(event):
        raise LookupError

    with pytest.raises(RuntimeError, match="the database is down") as raised:
        fake_secrets.rotate("prod/db", Rotator(fails_in="setSecret"))
    assert raised.value.__notes__[-1] == "a subscriber of fake_secrets.on_event also raised LookupError"


def test_a_subscriber_may_reset_the_world(db, fake_secrets, secretsmanager):
    seen = []
    fake_secrets.on_event(lambda event: fake_secrets.reset())
    fake_secrets.on_event(lambda event: seen.append(title(event)))
    secretsmanager.put_secret_value(SecretId="prod/db", SecretString="new")
    assert seen == ["Secret Label Updated"]


def test_a_later_subscriber_gets_later_events(db, fake_secrets):
    late = []
    fake_secrets.on_event(lambda event: None)

    def handler(event, context):
        if event["Step"] == "finishSecret":
            fake_secrets.on_event(lambda event: late.append(title(event)))
        Rotator()(event, context)

    fake_secrets.rotate("prod/db", handler)
    assert late == ["Secret Label Updated", "RotationSucceeded"]


def test_threads_deliver_each_event_once_and_in_order(fake_secrets, secretsmanager):
    numbers = []
    fake_secrets.on_event(lambda event: numbers.append(event["id"]))

    def work(thread):
        for number in range(25):
            secretsmanager.create_secret(Name=f"{thread}/{number}", SecretString="x")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert numbers == [event["id"] for event in fake_secrets.trail.events]
    assert len(numbers) == 200


def test_subscribers_stay_after_a_reset(received, db, fake_secrets, secretsmanager):
    secretsmanager.put_secret_value(SecretId="prod/db", SecretString="new")
    fake_secrets.reset()
    secretsmanager.create_secret(Name="again", SecretString="x")
    assert [event["detail"]["name"] for event in received] == ["prod/db", "again"]


def test_the_wire_lane_delivers_events_too():
    with mock_stages({"prod/db": "old"}, _lane="wire") as fake_secrets:
        events = []
        fake_secrets.on_event(events.append)
        boto3.client("secretsmanager").put_secret_value(SecretId="prod/db", SecretString="new")
        assert [title(event) for event in events] == ["Secret Label Updated"]


def test_a_refusal_is_raised_even_if_a_subscriber_raises(db, fake_secrets, secretsmanager):
    fake_secrets.rotate("prod/db", Rotator(fails_in="createSecret"), errors="record")
    fake_secrets.on_event(lambda event: 1 / 0)
    with pytest.raises(botocore.exceptions.ClientError, match="will be reattempted") as raised:
        secretsmanager.rotate_secret(SecretId="prod/db")
    assert "a subscriber of fake_secrets.on_event also raised ZeroDivisionError" in raised.value.__notes__


def test_the_error_of_a_retry_is_raised_even_if_a_subscriber_raises(db, fake_secrets):
    rotation = fake_secrets.rotate("prod/db", Rotator(fails_in="createSecret"), errors="record")
    fake_secrets.on_event(lambda event: 1 / 0)
    with pytest.raises(RuntimeError, match="the database is down"):
        rotation.retry()


def test_events_of_due_work_for_another_secret_are_delivered_after_the_call(
    freezer_at_noon, db, fake_secrets, secretsmanager
):
    rules = {"AutomaticallyAfterDays": 1}
    arn = fake_secrets.lambda_function(Rotator(secretsmanager))
    secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn, RotationRules=rules)
    secretsmanager.create_secret(Name="other", SecretString="old")
    fake_secrets.on_event(lambda event: 1 / 0)
    freezer_at_noon.tick(86_400)
    with pytest.raises(ZeroDivisionError):
        secretsmanager.put_secret_value(SecretId="other", SecretString="new")
    assert fake_secrets["other"].value() == "new"


def test_a_subscriber_may_empty_its_event_and_raise(db, fake_secrets, secretsmanager):
    @fake_secrets.on_event
    def breaks(event):
        event.clear()
        raise LookupError

    with pytest.raises(LookupError):
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="new")


def test_a_coroutine_that_a_subscriber_returns_is_refused(db, fake_secrets, secretsmanager):
    fake_secrets.on_event(functools.partial(lambda react, event: react(event), awaited))
    with pytest.raises(TypeError, match="the subscriber of on_event has returned a coroutine"):
        secretsmanager.put_secret_value(SecretId="prod/db", SecretString="new")


class Awaited:
    async def __call__(self, *_):
        raise AssertionError


async def awaited(event):
    raise AssertionError


@pytest.mark.parametrize("subscriber", [None, "handler", 7, awaited, Awaited()])
def test_a_subscriber_that_cannot_be_called_is_refused(fake_secrets, subscriber):
    with pytest.raises(TypeError, match="on_event takes a function of one argument"):
        fake_secrets.on_event(subscriber)
