"""The agenda: one date for each secret, the earliest first."""

import hypothesis.strategies as st
from hypothesis import given

from fake_secrets.service.state.agenda import Agenda
from fake_secrets.service.state.model import StoredSecret


def secret_of(serial):
    return StoredSecret(f"arn:{serial}", f"{serial}", "us-east-1", "123456789012", 0.0, 0.0, serial=serial)


def taken(agenda, until=float("inf")):
    found = []
    while (one := agenda.first(until)) is not None:
        found.append((one[0], one[1].serial))
        agenda.drop(one[1])
    return found


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50)), max_size=400))
def test_each_secret_is_taken_once_at_the_date_noted_last(notes):
    dates = {}
    agenda = Agenda(lambda secret, due: dates[secret.serial] == due)
    for serial, due in notes:
        dates[serial] = due
        agenda.note(secret_of(serial), due)
    found = taken(agenda)
    assert sorted(found) == sorted((due, serial) for serial, due in dates.items())
    assert [due for due, _ in found] == sorted(dates.values())


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50)), max_size=100), st.integers(0, 50))
def test_later_dates_stay(notes, until):
    dates = {}
    agenda = Agenda(lambda secret, due: dates[secret.serial] == due)
    for serial, due in notes:
        dates[serial] = due
        agenda.note(secret_of(serial), due)
    early = taken(agenda, until)
    assert sorted(early) == sorted((due, serial) for serial, due in dates.items() if due <= until)
    assert sorted(taken(agenda)) == sorted((due, serial) for serial, due in dates.items() if due > until)


def test_an_invalid_date_is_forgotten_and_can_be_noted_again():
    holds = {"it": False}
    agenda = Agenda(lambda secret, due: holds["it"])
    secret = secret_of(1)
    agenda.note(secret, 10.0)
    assert agenda.next_due() is None
    holds["it"] = True
    agenda.note(secret, 10.0)
    assert agenda.next_due() == 10.0


def test_putting_a_date_off_takes_no_more_memory():
    dates = {}
    agenda = Agenda(lambda secret, due: dates["due"] == due)
    secret = secret_of(1)
    for due in range(10_000):
        dates["due"] = float(due)
        agenda.note(secret, float(due))
    assert len(agenda._entries) < 100
    assert taken(agenda) == [(9_999.0, 1)]
