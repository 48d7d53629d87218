"""The hooks are up while anybody holds them, whatever other threads do, and no lock is taken for that."""

import sys
import threading

import pytest

from fake_secrets.hook import holding


class Recorder:
    """A hook that knows whether it is up."""

    def __init__(self):
        self.is_up = False
        self.changes = 0

    def put_up(self):
        self.is_up = True
        self.changes += 1

    def take_down(self):
        self.is_up = False


@pytest.fixture
def hook(monkeypatch):
    """A hook, instead of those of the package."""
    recorder = Recorder()
    monkeypatch.setattr(holding, "_hooks", [recorder])
    monkeypatch.setattr(holding, "_holders", {})
    monkeypatch.setattr(holding, "_are_up", False)
    return recorder


def test_whoever_holds_them_finds_them_up_while_others_come_and_go(hook):
    found, interval = [], sys.getswitchinterval()

    def come_and_go():
        for _ in range(400):
            with holding.held():
                found.append(hook.is_up)

    threads = [threading.Thread(target=come_and_go) for _ in range(8)]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert all(found)
    assert (hook.is_up, holding._holders) == (False, {})


def test_a_holder_beside_another_one_changes_nothing(hook):
    with holding.held():
        with holding.held():
            pass
        assert (hook.is_up, hook.changes) == (True, 1)
    assert not hook.is_up


def test_a_second_release_does_nothing(hook):
    holder = object()
    holding.hold(holder)
    with holding.held():
        holding.release(holder)
        holding.release(holder)
        assert hook.is_up


def test_a_hook_that_cant_be_put_up_leaves_no_holder(hook, monkeypatch):
    monkeypatch.setattr(hook, "put_up", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        holding.hold(object())
    assert (holding._holders, hook.is_up) == ({}, False)
