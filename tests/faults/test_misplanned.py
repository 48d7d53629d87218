"""A fault that can never happen is refused at the line that plans it."""

import re

import pytest

from fake_secrets import FaultError
from fake_secrets.faults.codes import COMMON, MODELLED
from fake_secrets.service.dispatch import OPERATIONS

REFUSED = {
    "an unknown operation": (
        lambda faults: faults.fail("GetSecretVal", "ThrottlingException"),
        "there is no operation 'GetSecretVal'; did you mean 'GetSecretValue'?",
    ),
    "a method's name": (
        lambda faults: faults.crash_after("get_secret_value"),
        "there is no operation 'get_secret_value'; did you mean 'GetSecretValue'?",
    ),
    "an unknown code": (
        lambda faults: faults.fail("GetSecretValue", "ThrottleException"),
        "AWS gives no error 'ThrottleException'; did you mean 'ThrottledException'?",
    ),
    "a status as text": (
        lambda faults: faults.fail("GetSecretValue", "503"),
        "AWS gives no error '503'; an HTTP status is an int: 503. Use",
    ),
    "an empty secret id": (
        lambda faults: faults.fail("*", 500, secret_id=""),
        "secret_id='' can't be the name or the ARN of a secret",
    ),
    "a secret that can't exist": (
        lambda faults: faults.fail("*", 500, secret_id="no spaces allowed"),
        "secret_id='no spaces allowed' can't be the name or the ARN of a secret",
    ),
    "no end of a pause": (
        lambda faults: faults.fail("*", "ThrottlingException", retry_after=float("nan")),
        "retry_after=nan isn't a number of seconds",
    ),
    "a delay of centuries": (lambda faults: faults.delay("*", 1e15), "above 0, up to ten years"),
    "no error code": (lambda faults: faults.fail("GetSecretValue", None), "AWS gives no error None."),
    "a status of success": (
        lambda faults: faults.fail("GetSecretValue", 200),
        "error=200 isn't an HTTP status of an error, from 400 to 599",
    ),
    "a boolean as status": (
        lambda faults: faults.fail("GetSecretValue", "InternalServiceError", status=True),
        "status=True isn't an HTTP status of an error",
    ),
    "two statuses": (
        lambda faults: faults.fail("GetSecretValue", 500, status=503),
        "error=500 is the HTTP status",
    ),
    "a secret where none is named": (
        lambda faults: faults.fail("ListSecrets", "ThrottlingException", secret_id="prod/db"),
        "ListSecrets names no secret, so a fault for secret_id='prod/db' never happens",
    ),
    "an unknown step": (
        lambda faults: faults.crash_after("PutSecretValue", step="create_secret"),
        "there is no rotation step 'create_secret'; did you mean 'createSecret'?",
    ),
    "an unknown principal": (
        lambda faults: faults.reset_connection("*", principal="admin"),
        "admin",
    ),
    "two amounts": (
        lambda faults: faults.time_out("*", times=2, calls=1),
        "a fault takes times=, which counts attempts, or calls=, which counts calls, but not both",
    ),
    "no times": (lambda faults: faults.time_out("*", times=0), "times=0 is too small: it is at least 1"),
    "a negative number": (lambda faults: faults.time_out("*", after=-1), "after=-1 is too small"),
    "an effect without a connection": (
        lambda faults: faults.time_out("*", connecting=True, after_effect=True),
        "without a connection a call has no effect",
    ),
    "a pause that is none": (
        lambda faults: faults.fail("*", "ThrottlingException", retry_after=-1),
        "retry_after=-1 isn't a number of seconds",
    ),
}
WRONG_TYPES = {
    "unknown argument": (
        lambda faults: faults.fail("*", 500, secret="prod/db"),
        "a fault takes no argument secret",
    ),
    "secret": (
        lambda faults: faults.fail("*", 500, secret_id=7),
        "secret_id is a str (a name or an ARN) or a Secret",
    ),
    "principal": (lambda faults: faults.fail("*", 500, principal=7), "principal is a str, not int"),
    "predicate": (
        lambda faults: faults.fail("*", 500, when=True),
        "when is a function that takes a Call, not True",
    ),
    "times": (lambda faults: faults.fail("*", 500, times="2"), "times is an int, not '2'"),
    "after": (lambda faults: faults.fail("*", 500, after=None), "after is an int, not None"),
    "body": (lambda faults: faults.malformed_body("*", "{"), "body is bytes, not str"),
}


@pytest.mark.parametrize(("plan", "message"), REFUSED.values(), ids=REFUSED)
def test_it_is_one_clear_exception(fake_secrets, plan, message):
    with pytest.raises(FaultError, match=re.escape(message)):
        plan(fake_secrets.faults)


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (
            "GetSecretVal",
            "; did you mean 'GetSecretValue'? Others like it:\n- BatchGetSecretValue\n- PutSecretValue",
        ),
        ("get_secret_value", "; did you mean 'GetSecretValue'?"),
    ],
)
def test_a_misspelt_operation_is_told_with_those_that_are_like_it_only(fake_secrets, operation, told):
    with pytest.raises(FaultError) as raised:
        fake_secrets.faults.fail(operation, 500)
    assert str(raised.value) == f"there is no operation {operation!r}{told}"


def test_an_operation_that_is_like_none_is_told_with_all(fake_secrets):
    with pytest.raises(FaultError) as raised:
        fake_secrets.faults.fail("Nonsense", 500)
    first, *names = str(raised.value).split("\n- ")
    assert first == "there is no operation 'Nonsense'. Use \"*\" for any, or one of:"
    assert names == list(OPERATIONS)


def test_a_misspelt_error_code_is_told_with_those_that_are_like_it_only(fake_secrets):
    with pytest.raises(FaultError) as raised:
        fake_secrets.faults.fail("*", "ThrottleException")
    assert str(raised.value) == (
        "AWS gives no error 'ThrottleException'; did you mean 'ThrottledException'? Others like it:"
        "\n- ThrottlingException\n- RequestThrottledException"
    )


def test_an_error_code_that_is_like_none_is_told_with_all(fake_secrets):
    with pytest.raises(FaultError) as raised:
        fake_secrets.faults.fail("*", "Nonsense")
    assert str(raised.value).split("\n- ")[1:] == [*MODELLED, *COMMON]


@pytest.mark.parametrize(("plan", "message"), WRONG_TYPES.values(), ids=WRONG_TYPES)
def test_a_wrong_type_is_a_type_error(fake_secrets, plan, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        plan(fake_secrets.faults)


def test_nothing_is_planned_then(fake_secrets, secretsmanager):
    with pytest.raises(FaultError):
        fake_secrets.faults.fail("GetRandomPassword", "Nonsense")
    secretsmanager.get_random_password()
    assert repr(fake_secrets.faults) == "<Faults []>"
