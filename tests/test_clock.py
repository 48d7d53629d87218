"""The clock, and moving it to an earlier or later moment."""

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
    def test_now_is_the_moment_inside_the_block(self, options):
        with frozen(**options), clock.at(MOMENT):
            assert clock.now() == pytest.approx(MOMENT, abs=1)

    def test_now_is_the_same_as_before_after_the_block(self, options):
        with frozen(**options):
            with clock.at(MOMENT):
                pass
            assert clock.now() == pytest.approx(NOON.timestamp(), abs=1)


class TestFreezegunsClock:
    def test_datetime_moves_too(self):
        with frozen(), clock.at(MOMENT):
            assert wall() == MOMENT

    def test_time_that_passes_inside_the_block_is_undone(self):
        with frozen() as freezer:
            with clock.at(MOMENT):
                freezer.tick(60)
            assert clock.now() == NOON.timestamp()

    def test_time_that_passes_the_present_is_kept(self):
        with frozen() as freezer:
            with clock.at(MOMENT):
                freezer.tick(HOUR + 5)
            assert clock.now() == NOON.timestamp() + 5

    def test_a_moment_in_the_future_is_undone(self):
        with frozen():
            with clock.at(NOON.timestamp() + HOUR):
                pass
            assert clock.now() == NOON.timestamp()

    def test_an_exception_restores_the_clock(self):
        with frozen():
            with pytest.raises(KeyError), clock.at(MOMENT):
                raise KeyError
            assert clock.now() == NOON.timestamp()

    def test_the_clock_is_restored_to_the_microsecond(self):
        odd = datetime.datetime(2026, 1, 1, 12, 0, 0, 123_457, tzinfo=datetime.UTC)
        with freezegun.freeze_time(odd, ignore=["hypothesis", "_pytest"]):
            with clock.at(MOMENT):
                assert datetime.datetime.now(datetime.UTC).timestamp() == MOMENT
            assert datetime.datetime.now(datetime.UTC) == odd


class TestWithoutFreezegun:
    def test_only_now_moves(self):
        with clock.at(MOMENT):
            assert clock.now() == pytest.approx(MOMENT, abs=60)
            assert wall() > MOMENT + HOUR

    def test_time_continues_inside_the_block(self):
        with clock.at(MOMENT):
            first = clock.now()
            while clock.now() == first:
                pass
            assert clock.now() > first

    def test_now_is_the_present_after_the_block(self):
        with clock.at(MOMENT):
            pass
        assert clock.now() == pytest.approx(wall(), abs=60)

    def test_the_innermost_block_wins(self):
        with clock.at(MOMENT), clock.at(MOMENT - HOUR):
            assert clock.now() == pytest.approx(MOMENT - HOUR, abs=60)

    def test_other_threads_stay_in_the_present(self):
        seen = []
        with clock.at(MOMENT):
            thread = threading.Thread(target=lambda: seen.append(clock.now()))
            thread.start()
            thread.join(10)
        assert seen == [pytest.approx(wall(), abs=60)]
