"""The clock, and how it is moved for what was due earlier."""

import datetime
import threading

import freezegun
import pytest

from fake_secrets import clock

NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
HOUR = 3_600
MOMENT = NOON.timestamp() - HOUR


def frozen(**options):
    return freezegun.freeze_time(NOON, ignore=["hypothesis", "_pytest"], **options)


def wall():
    return datetime.datetime.now(datetime.UTC).timestamp()


@pytest.mark.parametrize("options", [{}, {"tz_offset": -5}, {"tick": True}], ids=str)
class TestUnderFreezegun:
    def test_it_is_that_moment_for_everybody(self, options):
        with frozen(**options), clock.at(MOMENT):
            assert clock.now() == pytest.approx(MOMENT, abs=1)

    def test_afterwards_it_is_as_before(self, options):
        with frozen(**options):
            with clock.at(MOMENT):
                pass
            assert clock.now() == pytest.approx(NOON.timestamp(), abs=1)


class TestWhereFreezegunRules:
    def test_the_users_own_clock_moves_too(self):
        with frozen(), clock.at(MOMENT):
            assert wall() == MOMENT

    def test_time_that_passes_inside_is_forgotten(self):
        with frozen() as freezer:
            with clock.at(MOMENT):
                freezer.tick(60)
            assert clock.now() == NOON.timestamp()

    def test_unless_it_goes_beyond_the_present(self):
        with frozen() as freezer:
            with clock.at(MOMENT):
                freezer.tick(HOUR + 5)
            assert clock.now() == NOON.timestamp() + 5

    def test_from_the_future_it_comes_back(self):
        with frozen():
            with clock.at(NOON.timestamp() + HOUR):
                pass
            assert clock.now() == NOON.timestamp()

    def test_from_what_is_raised_too(self):
        with frozen():
            with pytest.raises(KeyError), clock.at(MOMENT):
                raise KeyError
            assert clock.now() == NOON.timestamp()

    def test_to_the_microsecond(self):
        odd = datetime.datetime(2026, 1, 1, 12, 0, 0, 123_457, tzinfo=datetime.UTC)
        with freezegun.freeze_time(odd, ignore=["hypothesis", "_pytest"]):
            with clock.at(MOMENT):
                assert datetime.datetime.now(datetime.UTC).timestamp() == MOMENT
            assert datetime.datetime.now(datetime.UTC) == odd


class TestWhereNobodyRules:
    def test_only_the_services_reading_moves(self):
        with clock.at(MOMENT):
            assert clock.now() == pytest.approx(MOMENT, abs=60)
            assert wall() > MOMENT + HOUR

    def test_time_goes_on(self):
        with clock.at(MOMENT):
            first = clock.now()
            while clock.now() == first:
                pass
            assert clock.now() > first

    def test_afterwards_it_is_the_present(self):
        with clock.at(MOMENT):
            pass
        assert clock.now() == pytest.approx(wall(), abs=60)

    def test_one_inside_another_holds(self):
        with clock.at(MOMENT), clock.at(MOMENT - HOUR):
            assert clock.now() == pytest.approx(MOMENT - HOUR, abs=60)

    def test_another_thread_is_in_the_present(self):
        seen = []
        with clock.at(MOMENT):
            thread = threading.Thread(target=lambda: seen.append(clock.now()))
            thread.start()
            thread.join(10)
        assert seen == [pytest.approx(wall(), abs=60)]
