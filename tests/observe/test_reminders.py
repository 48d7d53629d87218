"""The warning about a context manager that nothing has entered."""

import copy
import gc
import inspect
import os
import subprocess
import sys
import warnings

import pytest

from fake_secrets import FakeSecretsWarning, mock_stages

ROLE = "arn:aws:iam::210987654321:role/app"
PRINCIPAL = (
    f"as_principal was never entered, so no call was made as '{ROLE}'. Use it in a `with` statement: "
    f"`with fake_secrets.as_principal('{ROLE}'):`"
)
WORLD = (
    "mock_stages was never entered, so it opened no world. Use it in a `with` statement, as a decorator, or call "
    "start() on it."
)


def told(function):
    """Return the message, file and line of each warning that a function causes."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function()
        gc.collect()
    assert all(warning.category is FakeSecretsWarning for warning in caught)
    return [(str(warning.message), warning.filename, warning.lineno) for warning in caught]


@pytest.mark.slow
def test_as_principal_as_a_statement_is_told_with_its_line(fake_secrets):
    def misuse():
        fake_secrets.as_principal(ROLE)

    assert told(misuse) == [(PRINCIPAL, __file__, inspect.getsourcelines(misuse)[1] + 1)]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [(), ({},), ({"prod/db": "x"},)])
def test_mock_stages_as_a_statement_is_told_with_its_line(arguments):
    def misuse():
        mock_stages(*arguments)

    assert told(misuse) == [(WORLD, __file__, inspect.getsourcelines(misuse)[1] + 1)]


@pytest.mark.slow
def test_as_principal_that_is_entered_is_not_told(fake_secrets):
    def use():
        with fake_secrets.as_principal(ROLE):
            pass

    assert told(use) == []


@pytest.mark.slow
def test_as_principal_still_decorates(fake_secrets, secretsmanager):
    def use():
        @fake_secrets.as_principal(ROLE)
        def create():
            return secretsmanager.create_secret(Name="a")["ARN"].split(":")[4]

        assert create() == "210987654321"
        secretsmanager.delete_secret(SecretId=secretsmanager.create_secret(Name="b")["Name"])

    assert told(use) == []
    assert [secret.arn.split(":")[4] for secret in fake_secrets] == ["210987654321", "123456789012"]


def enter():
    with mock_stages({"a": "x"}):
        pass


def start_and_stop():
    world = mock_stages()
    world.start()
    world.stop()


def decorate_a_function():
    mock_stages({"a": "x"})(lambda: None)


def decorate_a_class():
    mock_stages({"a": "x"})(type("TestIt", (), {"test_it": lambda self: None}))


def decorate_bare():
    mock_stages(lambda: None)


def be_refused():
    with pytest.raises(ValueError, match="region"), mock_stages(region="nowhere"):
        pass


def copy_one_that_is_used():
    world = mock_stages({"a": "x"})
    copy.copy(world)
    with world:
        pass


@pytest.mark.slow
@pytest.mark.parametrize(
    "use",
    [
        enter,
        start_and_stop,
        decorate_a_function,
        decorate_a_class,
        decorate_bare,
        be_refused,
        copy_one_that_is_used,
    ],
)
def test_mock_stages_that_is_used_is_not_told(use):
    assert told(use) == []


@pytest.mark.slow
def test_what_python_drops_when_it_ends_is_not_told():
    program = "import fake_secrets\nworld = fake_secrets.mock_stages({'a': 'x'})\n"
    command = [sys.executable, "-W", "always", "-c", program]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment)
    assert ran.stderr == ""


@pytest.mark.filterwarnings("error::fake_secrets.FakeSecretsWarning")
def test_an_object_that_was_kept_for_a_while_is_not_told():
    kept = mock_stages({"db": "x"})
    del kept
