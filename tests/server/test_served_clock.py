"""The clock of a served world ticks on, can be moved forward, and does the work that falls due."""

import threading

import pytest
from rotators import Rotator

from fake_secrets import clock
from fake_secrets.server.served_clock import ServedClock

DAY = 86_400
SECRET = "s3cr3t-value-0815"


class Told(list):
    """Sentences, and an event that is set by the first."""

    def __init__(self):
        self.first = threading.Event()

    def __call__(self, sentence):
        self.append(sentence)
        self.first.set()


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def worked():
    return Told()


@pytest.fixture
def served_clock(fake_secrets, told, worked):
    served_clock = ServedClock(fake_secrets, told, lambda: worked("worked"))
    yield served_clock
    served_clock.stop()


@pytest.fixture
def scheduled(fake_secrets, secretsmanager):
    """A secret that rotates every day."""
    fake_secrets.add("prod/db", "0")
    arn = fake_secrets.lambda_function(Rotator(secretsmanager))
    rules = {"AutomaticallyAfterDays": 1}
    secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn, RotationRules=rules)
    return fake_secrets["prod/db"]


def test_the_clock_goes_on_by_itself(served_clock):
    first = served_clock.now()
    while served_clock.now() == first:
        pass

    assert served_clock.now() > first


def test_advancing_lets_the_time_pass(served_clock):
    before = served_clock.now()
    served_clock.advance(10 * DAY)

    assert 10 * DAY <= served_clock.now() - before < 10 * DAY + 60


def test_what_falls_due_in_between_happens_at_its_own_time(served_clock, scheduled, fake_secrets):
    served_clock.advance(5 * DAY)
    days = {rotation.started_at.date() for rotation in fake_secrets.rotations}

    assert len(fake_secrets.rotations) >= 5
    assert len(days) == len(fake_secrets.rotations)


def test_moving_to_a_time_does_the_same(served_clock, scheduled, fake_secrets):
    served_clock.move_to(served_clock.now() + 2 * DAY)

    assert len(fake_secrets.rotations) >= 2


def test_moves_at_the_same_time_add_up(served_clock, scheduled):
    before = served_clock.now()
    movers = [threading.Thread(target=served_clock.advance, args=[DAY]) for _ in range(4)]
    for mover in movers:
        mover.start()
    for mover in movers:
        mover.join()

    assert 4 * DAY <= served_clock.now() - before < 4 * DAY + 60


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, MemoryError])
def test_the_clock_goes_on_whatever_a_function_raises(served_clock, fake_secrets, secretsmanager, told, kind):
    def fails(event, context):
        raise kind(SECRET)

    fake_secrets.add("prod/db", "0")
    arn = fake_secrets.lambda_function(fails)
    rules = {"AutomaticallyAfterDays": 1}
    with pytest.raises(BaseException, match=SECRET):
        secretsmanager.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn, RotationRules=rules)
    before = served_clock.now()
    served_clock.advance(3 * DAY)

    assert served_clock.now() - before >= 3 * DAY
    assert SECRET not in "".join(told)


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_time_that_would_pass_backward_is_refused(served_clock, seconds):
    with pytest.raises(ValueError, match="the clock can't be moved back"):
        served_clock.advance(seconds)


def test_a_time_that_is_past_is_refused_with_the_present(served_clock):
    with pytest.raises(ValueError, match=r"the clock is at 20\d\d-.*Z already, and can't be moved back"):
        served_clock.move_to(0.0)


def test_setting_the_clock_does_no_work(served_clock, scheduled, fake_secrets):
    served_clock.set(served_clock.now() + 30 * DAY)

    assert len(fake_secrets.rotations) == 1


def test_due_work_is_done_without_a_call(served_clock, scheduled, fake_secrets, worked):
    served_clock.set(served_clock.now() + 30 * DAY)
    served_clock.start()

    assert worked.first.wait(20)
    assert len(fake_secrets.rotations) > 1


def test_what_the_due_work_raises_is_told_by_its_class_and_the_clock_goes_on(
    served_clock, scheduled, fake_secrets, told
):
    @fake_secrets.on_event
    def fails(event):
        raise ConnectionError(SECRET)

    served_clock.advance(2 * DAY)
    served_clock.advance(2 * DAY)

    assert told[0] == "due work raised ConnectionError"
    assert len(fake_secrets.rotations) >= 4


def test_the_clock_stops_at_the_last_second_that_has_a_date(served_clock):
    served_clock.advance(clock.LATEST)

    assert served_clock.now() == pytest.approx(clock.LATEST, abs=60)
