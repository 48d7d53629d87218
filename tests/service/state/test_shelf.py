"""The orders in which secrets are listed while secrets are added, removed and changed."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.shelf import POSITIONS, Shelf

ACTIONS = st.lists(st.tuples(st.sampled_from(["add", "remove", "touch"]), st.integers(0, 12)), max_size=60)


def secret_of(name, serial):
    return StoredSecret(f"arn:{name}", name, "us-east-1", "123456789012", 0.0, float(serial % 5), serial=serial)


def played(actions):
    """Return a shelf, its secrets, and how often they have changed."""
    shelf, held = Shelf(), {}
    for revision, (action, number) in enumerate(actions):
        name = f"secret-{number:02}"
        if action == "add" and name not in held:
            held[name] = secret_of(name, revision)
            shelf.add(held[name])
        elif action == "remove" and name in held:
            shelf.remove(held.pop(name))
        elif action == "touch" and name in held:
            held[name].accessed = float(revision % 3)
    return shelf, held, len(actions)


@pytest.mark.parametrize("is_descending", [False, True])
@pytest.mark.parametrize("order", POSITIONS)
@given(actions=ACTIONS, page=st.integers(1, 5))
def test_all_pages_together_are_every_secret_in_order(order, is_descending, actions, page):
    shelf, held, revision = played(actions)
    key = POSITIONS[order]
    expected = sorted(held.values(), key=key, reverse=is_descending)
    found, position = [], None
    while True:
        following = list(shelf.after(position, order, revision, is_descending=is_descending))[:page]
        found += following
        if not following:
            break
        position = key(following[-1])
    assert [secret.name for secret in found] == [secret.name for secret in expected]


@given(ACTIONS)
def test_removed_secrets_take_no_more_room_than_kept_ones(actions):
    shelf, held, _ = played(actions)
    assert len(shelf._in_order) <= 2 * len(held) + 1


def test_an_order_is_made_again_only_after_a_change():
    shelf = Shelf()
    first, second = secret_of("a", 0), secret_of("b", 1)
    shelf.add(first)
    shelf.add(second)
    assert list(shelf.after(None, "last-changed-date", 1)) == [first, second]
    first.changed = 9.0
    assert list(shelf.after(None, "last-changed-date", 1)) == [first, second]
    assert list(shelf.after(None, "last-changed-date", 2)) == [second, first]


def test_a_position_of_another_order_is_refused():
    shelf = Shelf()
    shelf.add(secret_of("a", 0))
    with pytest.raises(TypeError):
        shelf.after([1], "name", 1)
