"""Fixtures that all tests share."""

import datetime
import functools
import os
import signal
import sys

import botocore.loaders
import pytest

pytest.register_assert_rewrite("vectors")

ACCOUNT_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "SECRETS_MANAGER_ENDPOINT",
)


@pytest.fixture(scope="session", autouse=True)
def machine_without_an_account(tmp_path_factory):
    """Hide any AWS account of this machine, so that the tests behave the same everywhere."""
    nowhere = tmp_path_factory.mktemp("aws") / "absent"
    with pytest.MonkeyPatch.context() as patch:
        for name in ACCOUNT_VARIABLES:
            patch.delenv(name, raising=False)
        patch.setenv("AWS_CONFIG_FILE", str(nowhere))
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere))
        # botocore looks for an instance's credentials over the network.
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="session", autouse=True)
def interrupts_as_in_a_terminal():
    """Let Ctrl-C interrupt this process and its children, even if a shell has started it in the background."""
    found = signal.getsignal(signal.SIGINT)
    if found == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, found)


@pytest.fixture(scope="session", autouse=True)
def bytecode_of_children(tmp_path_factory):
    """Let child processes keep bytecode outside of the clone, where this process may keep none inside it.

    Otherwise each child compiles the whole package.
    """
    with pytest.MonkeyPatch.context() as patch:
        if sys.dont_write_bytecode and not sys.pycache_prefix:
            base = tmp_path_factory.getbasetemp()
            # The workers of pytest-xdist have a folder each in that of the run.
            run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
            patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
            patch.setenv("PYTHONPYCACHEPREFIX", str(run / "bytecode"))
        yield


@pytest.fixture(scope="session", autouse=True)
def endpoints_that_are_read_once():
    """Let botocore's sessions share what each reads from the longest of its files.

    botocore adds to what it has read, but the same in each session.
    """
    load_file = botocore.loaders.JSONFileLoader.load_file
    kept = functools.cache(functools.partial(load_file, botocore.loaders.JSONFileLoader()))

    def load_or_share(loader, file_path):
        is_shared = file_path.endswith(f"{os.sep}endpoints")
        return kept(file_path) if is_shared else load_file(loader, file_path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.loaders.JSONFileLoader, "load_file", load_or_share)
        yield


class Clock:
    """A clock that stands, with the methods of freezegun's.

    It is time-machine's: freezegun looks through all modules each time, which takes longer than most tests.
    """

    def __init__(self, traveller):
        self._traveller = traveller

    def __call__(self):
        return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)

    def tick(self, delta=1):
        self._traveller.shift(delta)

    def move_to(self, moment):
        if isinstance(moment, str):
            moment = datetime.datetime.fromisoformat(moment)
        self._traveller.move_to(moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC))


@pytest.fixture
def freezer_at_noon():
    """A clock that stands at noon, so that the waits of a scenario stay within the day."""
    time_machine = pytest.importorskip("time_machine", reason="the clock is time-machine's")
    noon = datetime.datetime(2026, 3, 4, 12, tzinfo=datetime.UTC)
    with time_machine.travel(noon, tick=False) as traveller:
        yield Clock(traveller)
