"""The exceptions can be copied and pickled, so that they come back from another process."""

import copy
import importlib
import pickle
import pkgutil
import subprocess
import sys

import botocore.session
import pytest
from botocore.exceptions import ClientError

import fake_secrets
from fake_secrets import errors
from fake_secrets.cli.command_error import CommandError
from fake_secrets.contract.checking import UnknownScenarioError
from fake_secrets.contract.services.aws import RefusedError
from fake_secrets.contract.services.base import LoginRefusedError, StatementRefusedError
from fake_secrets.contract.services.selects import UnknownQuestionError
from fake_secrets.contract.services.sql_parts import BrokenStatementError
from fake_secrets.contract.services.statements import UnknownStatementError
from fake_secrets.contract.turns import GivenUp
from fake_secrets.hook.calls import Carried
from fake_secrets.hook.client_pool import _UnlikeAnyError
from fake_secrets.keeping.lines import DamageError
from fake_secrets.keeping.state_file_error import StateFileError
from fake_secrets.local_endpoints.http_refusal import HttpRefusalError
from fake_secrets.local_endpoints.upstream import CallFailedError
from fake_secrets.plugin.items import _MisuseError
from fake_secrets.policies.unknown_values import UnknownValue, UnknownValuesError
from fake_secrets.rotation.crashes import TimedOut
from fake_secrets.server.control.control_error import ControlError
from fake_secrets.server.http_error import HttpError

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf"

EXAMPLES = [
    errors.ServiceError("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
    errors.ServiceError("InternalServiceError", "An error occurred.", 500),
    errors.FakeSecretsError("a message"),
    errors.NoActiveWorldError("no fake_secrets world is active."),
    errors.OutsideWorldError("GetSecretValue", "tests/test_app.py::test_reads (call)"),
    errors.PolicyError("app.json, statement 1: Policy statement must contain resources."),
    UnknownValuesError(
        "t.yaml", (UnknownValue("Role.Path", "AWS::StackName", "parameters", ("AWS::StackName",)),)
    ),
    errors.UnsupportedOperationError("fake_secrets doesn't fake 'RestoreEverything'"),
    errors.SeedError("secret 'prod/db': no version has the label AWSCURRENT"),
    errors.SecretExistsError("secret 'prod/db' already exists"),
    errors.UnknownSecretError("prod/dv", ["prod/db"]),
    errors.UnknownSecretError(ARN, []),
    errors.UnknownSecretError("prod/dv", ["prod/db"], "Did you mean 'prod/db'?"),
    errors.UnknownSecretError("prod/dv", (f"prod/{number}" for number in range(25))),
    errors.RequestRefusedError("RotateSecret", "InvalidRequestException", "No Lambda rotation function ARN."),
    errors.RequestRefusedError("RotateSecret", "InvalidRequestException", "No function.", "Pass a handler."),
    errors.RotationFailedError("the rotation function timed out"),
    errors.RotationNotOpenError("the rotation has succeeded"),
    errors.CommonError("ThrottlingException", "Rate exceeded"),
    errors.FaultError("there is no operation 'GetSecret'"),
    errors.UnusedFaultError("a planned fault never happened"),
    errors.PortTakenError(2773),
    errors.FunctionClashError("the name rotate-db is taken"),
    errors.FunctionCrash("killed"),
    errors.ContractViolatedError("It violates the contract.", "It violates the contract.\n\n1. dead-current: ..."),
    errors.FakeSecretsWarning("no secret uses the key"),
    errors.RotationWarning("AWSCURRENT moved before finishSecret"),
    TimedOut(),
    HttpError(413, ""),
    UnknownScenarioError("there is no scenario 'plain.twice'"),
    CommandError("there is no option --secrt"),
    DamageError("is damaged: line 2 isn't as it was written"),
    StateFileError("/home/me/world.state", "is in use by another server"),
    ControlError("the body isn't JSON"),
    GivenUp(),
    HttpRefusalError(403, "Bad Token"),
    CallFailedError(
        "refusal", "ResourceNotFoundException", "Secrets Manager can't find the specified secret.", 400
    ),
    LoginRefusedError("password authentication failed for user 'app'"),
    StatementRefusedError("no such user: 'app'"),
    RefusedError(403, "AccessDenied", "no"),
    BrokenStatementError("syntax error: a quoted text has no end"),
    UnknownQuestionError(),
    UnknownStatementError("the double PasswordDatabase doesn't know this statement: VACUUM"),
    _MisuseError("test_it: the marker takes no regoin"),
]

TRIPS = {
    **{
        f"pickle protocol {protocol}": lambda error, protocol=protocol: pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 -- our own
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}

IN_A_POOL = """
import concurrent.futures
import multiprocessing

from fake_secrets import UnknownSecretError, mock_stages


def ask():
    with mock_stages({"prod/db": "x"}) as fake_secrets:
        fake_secrets["prod/dv"]


if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
        try:
            pool.submit(ask).result(timeout=60)
        except UnknownSecretError as error:
            print(error)
"""


def exceptions_of_the_package():
    for found in pkgutil.walk_packages(fake_secrets.__path__, "fake_secrets."):
        if found.name not in {"fake_secrets.__main__", "fake_secrets.hook.aio"}:
            module = importlib.import_module(found.name)
            for kind in vars(module).values():
                is_defined_here = isinstance(kind, type) and kind.__module__ == found.name
                # Neither ever comes out of a call of ours.
                if is_defined_here and issubclass(kind, BaseException) and kind not in {Carried, _UnlikeAnyError}:
                    yield kind


def test_every_exception_has_an_example_here():
    assert {type(example) for example in EXAMPLES} == set(exceptions_of_the_package())


@pytest.mark.parametrize("trip", TRIPS.values(), ids=TRIPS)
@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_a_copy_of_an_exception_says_the_same(error, trip):
    copied = trip(error)
    assert type(copied) is type(error)
    assert (copied.args, str(copied), vars(copied)) == (error.args, str(error), vars(error))
    assert copied is not error


@pytest.mark.parametrize("trip", TRIPS.values(), ids=TRIPS)
@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_a_copy_of_an_exception_keeps_its_notes(error, trip):
    noted = copy.copy(error)
    errors.annotate(noted, "rotation of 'prod/db' failed in createSecret")
    assert trip(noted).__notes__ == ["rotation of 'prod/db' failed in createSecret"]


@pytest.mark.slow
def test_an_exception_raised_in_a_process_pool_comes_back(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(IN_A_POOL)
    command = [sys.executable, str(program)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert ran.stdout.startswith(
        "no secret 'prod/dv' in this world. Did you mean 'prod/db'? The world holds:\n- 'prod/db'\n"
    )


def test_an_error_that_a_client_raises_can_be_pickled_as_botocores_can(fake_secrets):
    client = botocore.session.Session().create_client("secretsmanager")
    with pytest.raises(client.exceptions.ResourceNotFoundException) as raised:
        client.get_secret_value(SecretId="prod/db")
    returned = pickle.loads(pickle.dumps(raised.value))  # noqa: S301 -- our own
    # botocore makes the class of the exception anew for each client.
    assert type(returned) is ClientError
    assert (str(returned), returned.response) == (str(raised.value), raised.value.response)


def test_the_exception_of_an_unknown_secret_names_it():
    error = errors.UnknownSecretError("prod/dv", ["prod/db"])
    assert (error.args[0], error.secret_id, error.available) == ("prod/dv", "prod/dv", ("prod/db",))


def test_the_exception_of_an_unknown_secret_lists_twenty_names():
    lines = str(errors.UnknownSecretError("prod/dv", (f"s{number}" for number in range(25)))).splitlines()
    assert lines[1:22] == [*(f"- 's{number}'" for number in range(20)), "- ..."]
