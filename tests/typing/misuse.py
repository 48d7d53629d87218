"""What a type checker refuses: each line that is ignored has to be an error. It's type-checked, and never run."""

from typing import Any

from fake_secrets import FakeSecrets, RotationContract, Violation, check_rotation, current, mock_stages


@mock_stages
def bare(number: int) -> str:
    return str(number)


@mock_stages({"a": "x"})
async def coroutine(number: int) -> str:
    return str(number)


class Helper:
    @mock_stages
    def method(self, number: int) -> str:
        return str(number)

    @mock_stages
    @classmethod
    def class_method(cls, number: int) -> str:
        return str(number)


@mock_stages
class Suite:
    def __init__(self, number: int) -> None:
        self.number = number


async def what_is_decorated_keeps_its_signature() -> None:
    bare("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    bare()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    bare(1, current())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    bare(number=1, fake=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await bare(1)  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    await coroutine("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    coroutine(1).upper()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    Helper().method("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Helper.class_method("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Suite("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Suite(1).number.upper()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def arguments_are_checked() -> None:
    mock_stages(7)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    mock_stages("a")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    mock_stages([("a", "x")])  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    mock_stages({1: "x"})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType, reportCallIssue]
    mock_stages({}, "eu-west-3")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    mock_stages(regoin="eu-west-3")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    mock_stages(account_id=123456789012)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    mock_stages(rotation="later")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    mock_stages(rotation_errors="ignore")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    mock_stages(random_seed="7")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    mock_stages(_lane="wire")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    mock_stages({"a": "x"}).stop(1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    current().faults.fail("GetSecretValue", 500, secret="db")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    current().faults.time_out("GetSecretValue", times="2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    mock_stages()(7)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]


def the_handle_is_checked(fake: FakeSecrets) -> None:
    fake["a"] = "x"  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
    fake.add("a", 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fake.add("a", SecretString="x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fake.add("a", tags={"a": 7})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    fake.rotate("a", errors="ignore")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fake.rotate("a", b"arn")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fake.invoke(7, {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fake.set_kms_key("a", "off")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fake.quotas.versions = "3"  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    fake.quotas.cost = 3  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    fake.quotas = None  # type: ignore[misc, assignment]  # pyright: ignore[reportAttributeAccessIssue]
    fake.credentials(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with fake:  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues]
        pass
    fake.rotate(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fake.on_event(7)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]


def handler(event: Any, context: Any) -> None: ...


class FakeDatabase:
    pass


class TestContract(RotationContract):
    handler = 7  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    secret = "old"
    service = FakeDatabase()  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    allow = ["retry-refused"]  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    environment = {"A": 7}  # type: ignore[dict-item]  # pyright: ignore[reportAssignmentType]


def contracts_are_checked(violation: Violation) -> None:
    check_rotation(handler)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    check_rotation(7, secret="old")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    check_rotation(lambda event: None, secret="old")  # type: ignore[misc, arg-type]  # pyright: ignore[reportArgumentType]
    check_rotation(handler, secret=7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    check_rotation(handler, secret="old", service=FakeDatabase())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    check_rotation(handler, secret="old", allow=["retry-refused"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    check_rotation(handler, "old")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    check_rotation(handler, secret="old", scenario="setSecret.twice")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    violation.name = "other"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def unknown_name() -> object:
    from fake_secrets import SecretView  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]

    return SecretView  # pyright: ignore[reportUnknownVariableType]
