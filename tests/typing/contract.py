"""What a rotation contract takes and gives. It's type-checked, and never run."""

import contextlib
import functools
from collections.abc import Generator, Mapping
from typing import Any, assert_type

from fake_secrets import (
    ContractReport,
    ContractViolatedError,
    FakeSecretsError,
    RotationContract,
    Violation,
    check_rotation,
)
from fake_secrets.contract.services import AccessKeys, ApiKeys, CacheUsers, PasswordDatabase, ServiceDouble


def lambda_handler(event: dict[str, Any], context: Any) -> None: ...


def precise_handler(event: dict[str, str], context: object) -> dict[str, str]:
    return event


def connect() -> None: ...


def read(label: str) -> dict[str, str]:
    return {"label": label}


class Handler:
    def __call__(self, event: Any, context: Any) -> None: ...


class FakeDatabase:
    def accepts(self, value: Any) -> bool:
        return bool(value)


class FakeIam:
    def __init__(self, keys: int = 2) -> None:
        self.keys = keys


class Door(ServiceDouble):
    def __init__(self) -> None:
        super().__init__(replaces="my_function.door", errors=(TimeoutError, OSError("gone")))
        self.codes = ["1234"]

    def change(self, code: str) -> None:
        self.later(20, lambda: self.codes.append(code))

    def accepts(self, value: dict[str, str]) -> bool:
        self.catch_up()
        return value["code"] in self.codes


@contextlib.contextmanager
def service() -> Generator[FakeDatabase]:
    yield FakeDatabase()


class TestPlain(RotationContract):
    handler = lambda_handler
    secret = {"username": "app", "password": "old"}


class TestEverything(RotationContract):
    handler = staticmethod(precise_handler)
    secret = b"old"
    previous = "older"
    other_secrets = {"prod/admin": {"password": "admin"}}
    service = FakeDatabase
    environment = {"LEVEL": "DEBUG"}
    name = "prod/db"
    region = "eu-west-3"
    account_id = "123456789012"
    tags = {"team": "payments"}
    schedule = "rate(10 days)"
    consumers = [connect, functools.partial(read, "AWSPENDING"), "my_module:connect"]
    allow = {"retry-refused": "it counts attempts on purpose"}
    only = "setSecret.kill-after-5"


class TestByName(RotationContract):
    handler = "my_module:lambda_handler"
    secret = None
    service = FakeIam
    schedule = 30


class TestReadyDouble(RotationContract):
    handler = lambda_handler
    secret = {"username": "app", "password": "old"}
    service = functools.partial(PasswordDatabase, {"app": "old"}, driver="psycopg", administrators=["admin"])


class TestOwnDouble(RotationContract):
    handler = lambda_handler
    secret = {"code": "1234"}
    service = Door


class TestObject(RotationContract):
    handler = Handler()
    secret = "old"


class TestDerived(TestEverything):
    name = "prod/other"

    def test_more(self) -> None:
        assert self.name


class TestMadeByFunctions(RotationContract):
    handler = staticmethod(lambda_handler)
    secret = "old"
    service = staticmethod(service)


def arguments(variables: Mapping[str, str]) -> None:
    check_rotation(lambda_handler, secret="old")
    check_rotation(precise_handler, secret={"password": "old"}, service=FakeDatabase, environment=variables)
    check_rotation(Handler(), secret=b"old", previous=b"older", service=lambda: FakeIam(3), schedule=30)
    check_rotation("my_module:lambda_handler", secret=None, service=service, other_secrets={"a": b"x"})
    check_rotation(
        lambda_handler,
        secret="old",
        name="prod/db",
        region="eu-west-3",
        account_id="123456789012",
        tags={"team": "payments"},
        schedule="rate(10 days)",
        allow={"retry-refused": "it counts attempts on purpose"},
        only="setSecret.kill-after-5",
    )


def report() -> None:
    report = check_rotation(lambda_handler, secret="old")
    assert_type(report, ContractReport)
    assert_type(report.passed, bool)
    assert_type(report.violations, tuple[Violation, ...])
    assert_type(report.notes, tuple[Violation, ...])
    assert_type(report.scenarios, tuple[str, ...])
    assert_type(report.left_out, tuple[str, ...])
    assert_type(report.unused_allowances, tuple[str, ...])
    assert_type(report.obstacle, str | None)
    assert_type(report.untried, tuple[str, ...])
    assert_type(report.function, str)
    assert_type(report.as_dict(), dict[str, Any])
    assert_type(report.json(), str)
    assert_type(report.junit(), str)
    assert_type(report.summary(), str)
    assert_type(str(report), str)
    assert_type(report.html(), str)
    report.write_html("report.html")


def violation(violation: Violation) -> None:
    assert_type(violation.name, str)
    assert_type(violation.sentence, str)
    assert_type(violation.detail, str)
    assert_type(violation.cause, str)
    assert_type(violation.mend, str)
    assert_type(violation.scenario, str)
    assert_type(violation.title, str)
    assert_type(violation.others, tuple[str, ...])
    assert_type(violation.consequences, tuple[str, ...])
    assert_type(violation.where, str | None)
    assert_type(violation.source, str)
    assert_type(violation.timeline, tuple[str, ...])
    assert_type(violation.replay, str)
    assert_type(violation.allowed, str | None)
    if violation.picture is not None:
        assert_type([run.step for run in violation.picture.runs], list[str])
        assert_type([row.cells for row in violation.picture.labels], list[tuple[str | None, ...]])
        assert_type([column.mark for column in violation.picture.columns], list[str | None])
    if violation.severity == "note":
        return


def error(error: ContractViolatedError) -> list[type[FakeSecretsError]]:
    assert_type(error.summary, str)
    assert_type(error.report, str)
    failure: AssertionError = error
    return [type(error)] if failure.args else []


def doubles() -> None:
    with PasswordDatabase({"app": "old"}) as database:
        assert_type(database, PasswordDatabase)
        assert_type(database.live, int)
        assert_type(database.has_user("app"), bool)
        with database.connect(user="app", password="old") as connection, connection.cursor() as cursor:
            # A row has the form that the driver's row factory gives it.
            assert_type(cursor.execute("SELECT 1").fetchone(), Any)
    assert_type(ApiKeys("old", limit=None).create("old"), dict[str, str])
    assert_type(AccessKeys({"mailer": {}}).create_access_key("mailer"), dict[str, Any])
    CacheUsers({"app": ["old", "older"]}).modify_user("app", ["new"])
