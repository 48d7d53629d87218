"""AWS's front end: its own answers, in its order, and those for requests that come here by mistake."""

import copy
import json
import re
import uuid

import boto3
import pytest
import service_model
from botocore.exceptions import ClientError
from server.wire import answers_of, connect, request

from fake_secrets.errors import UnsupportedOperationError
from fake_secrets.server.front_end import FrontEnd
from fake_secrets.server.heads import Headers
from fake_secrets.server.messages import HttpAnswer, HttpRequest
from fake_secrets.service.dispatch import OPERATIONS

SCOPE = "AKIAIOSFODNN7EXAMPLE/20260304/us-east-1/secretsmanager/aws4_request"
SIGNED = f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host;x-amz-date, Signature=0123abcd"
HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "secretsmanager.GetSecretValue",
    "X-Amz-Date": "20260304T120000Z",
    "Authorization": SIGNED,
}


class Service:
    """Knows two operations, and serves one."""

    def __init__(self):
        self.answered = []

    def knows(self, operation):
        return operation in {"GetSecretValue", "RestoreEverything"}

    def answer(self, operation, request):
        if operation == "RestoreEverything":
            msg = "fake_secrets doesn't support RestoreEverything yet."
            raise UnsupportedOperationError(msg)
        self.answered.append(operation)
        return HttpAnswer(200, note="served")


def ask(method="POST", path="/", body=b"{}", **changes):
    headers = {name: changes.pop(name.replace("-", "_"), value) for name, value in HEADERS.items()} | changes
    values = {name.lower(): value for name, value in headers.items() if value is not None}
    return FrontEnd(Service())(HttpRequest(method, path, "", Headers(values), body))


def content_of(answer):
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert uuid.UUID(answer.headers["x-amzn-RequestId"])
    return json.loads(answer.body)


@pytest.mark.parametrize("path", ["/", "/any/path", "*", "/_other"])
def test_a_request_in_order_is_served_whatever_its_path(path):
    assert ask(path=path).note == "served"


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-amz-json-1.1; charset=utf-8",
        "application/x-amz-json-1.1;charset=UTF-8",
        "Application/X-Amz-JSON-1.1",
    ],
)
def test_the_content_type_may_name_a_charset(kind):
    assert ask(Content_Type=kind).note == "served"


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/x-amz-json-1.0", "application/x-www-form-urlencoded"]
)
def test_another_content_type_is_no_operation_in_xml(kind):
    answer = ask(Content_Type=kind)

    assert (answer.status, answer.body) == (404, b"<UnknownOperationException/>\n")
    assert "Content-Type" not in answer.headers


def test_plain_json_is_no_operation_in_json():
    answer = ask(Content_Type="application/json")

    assert answer.status == 404
    assert json.loads(answer.body) == {
        "Output": {"__type": "com.amazon.coral.service#UnknownOperationException"},
        "Version": "1.0",
    }


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "post"])
def test_another_method_is_denied_in_xml(method):
    answer = ask(method)

    assert answer.status == 403
    assert answer.body.decode().splitlines() == [
        "<AccessDeniedException>",
        "  <Message>Unable to determine service/operation name to be authorized</Message>",
        "</AccessDeniedException>",
    ]


def test_another_method_without_a_signature_lacks_the_token():
    answer = ask("GET", Authorization=None)

    assert answer.status == 403
    assert answer.body.decode().splitlines() == [
        "<MissingAuthenticationTokenException>",
        "  <Message>Missing Authentication Token</Message>",
        "</MissingAuthenticationTokenException>",
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"[]",
        b'"text"',
        b"1",
        b"null",
        b"true",
        b"{} {}",
        b"{}x",
        b'{"SecretId": NaN}',
        b'{"SecretId": -Infinity}',
        b"{'SecretId': 'x'}",
        b'{"SecretId": "\x00"}',
        b'{"SecretId": "\xff"}',
        b'{"SecretId": "\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b'{"a":' * 100_000,
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' + b"9" * 10_000 + b"}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_that_is_no_json_object_cant_be_serialised(body):
    assert content_of(ask(body=body)) == {"__type": "SerializationException"}


@pytest.mark.parametrize(
    "target",
    [None, "", "GetSecretValue", "secretsmanager.", "secretsmanager.Nothing", "secretsmanager.getSecretValue",
     "Kinesis_20131202.ListStreams", "SecretsManager.GetSecretValue",
     "secretsmanager.secretsmanager.GetSecretValue",
     "secretsmanager.GetSecretValue, secretsmanager.GetSecretValue"],
)  # fmt: skip
def test_an_operation_that_isnt_in_the_model_is_unknown(target):
    assert content_of(ask(X_Amz_Target=target)) == {"__type": "UnknownOperationException"}


@pytest.mark.parametrize(
    ("target", "note"),
    [
        ("secretsmanager.Nothing", ": the server's service model has no Nothing"),
        ("secretsmanager.\x1b[2JNo", ": the server's service model has no \\x1b[2JNo"),
        (f"secretsmanager.{'x' * 1000}", f": the server's service model has no {'x' * 99}\u2026"),
        ("Kinesis_20131202.ListStreams", ""),
    ],
)
def test_the_log_says_which_operation_the_model_lacks(target, note):
    assert ask(X_Amz_Target=target).note == f"refused 400 UnknownOperationException{note}"


def test_an_operation_that_isnt_served_yet_is_refused_in_our_words():
    content = content_of(ask(X_Amz_Target="secretsmanager.RestoreEverything"))

    assert content == {
        "__type": "UnsupportedOperation",
        "message": "fake_secrets doesn't support RestoreEverything yet.",
    }


def test_a_request_without_a_signature_lacks_the_token():
    assert content_of(ask(Authorization=None)) == {
        "__type": "MissingAuthenticationTokenException",
        "message": "Missing Authentication Token",
    }


@pytest.mark.parametrize(
    ("authorization", "lacks"),
    [
        ("X", ["Credential", "Signature", "SignedHeaders"]),
        ("", ["Credential", "Signature", "SignedHeaders"]),
        ("Bearer abc", ["Credential", "Signature", "SignedHeaders"]),
        (f"AWS4-HMAC-SHA256 Credential={SCOPE}", ["Signature", "SignedHeaders"]),
        (f"AWS4-HMAC-SHA256 Credential={SCOPE}, Signature=a", ["SignedHeaders"]),
        (f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=", ["Signature"]),
        ("AWS4-HMAC-SHA256 SignedHeaders=host, Signature=a", ["Credential"]),
    ],
)
def test_an_incomplete_signature_is_refused_with_the_list_of_what_it_lacks(authorization, lacks):
    content = content_of(ask(Authorization=authorization))

    assert content == {
        "__type": "IncompleteSignatureException",
        "message": "".join(f"Authorization header requires '{name}' parameter. " for name in lacks)
        + f"Authorization={authorization}",
    }


def test_another_algorithm_than_awss_is_refused():
    content = content_of(ask(Authorization=f"Basic Credential={SCOPE}, SignedHeaders=host, Signature=a"))

    assert content["__type"] == "IncompleteSignatureException"


def test_a_signature_needs_a_date():
    content = content_of(ask(X_Amz_Date=None))

    assert content["message"] == (
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
        f"Authorization={SIGNED}"
    )
    assert ask(X_Amz_Date=None, Date="Wed, 04 Mar 2026 12:00:00 GMT").note == "served"


@pytest.mark.parametrize(
    "credential",
    ["AKIA", "AKIA/20260304/us-east-1/secretsmanager", "AKIA/20260304/us-east-1/secretsmanager/aws4", f"x/{SCOPE}",
     "AKIA/today/us-east-1/secretsmanager/aws4_request", "AKIA/20260304//secretsmanager/aws4_request",
     "/20260304/us-east-1/secretsmanager/aws4_request"],
)  # fmt: skip
def test_a_credential_of_another_form_is_refused(credential):
    authorization = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=a"

    content = content_of(ask(Authorization=authorization))

    assert content["__type"] == "IncompleteSignatureException"
    assert content["message"].endswith(f"got '{credential}'")


@pytest.mark.parametrize(
    "authorization",
    [
        SIGNED.replace(", ", ","),
        SIGNED.replace(", ", " "),
        SIGNED.replace("20260304", "19700101"),
        SIGNED.replace("0123abcd", "f" * 64),
        SIGNED.replace("AKIAIOSFODNN7EXAMPLE", "123456789012"),
        SIGNED.replace("us-east-1", "cn-north-1"),
    ],
)
def test_neither_the_value_of_a_signature_nor_its_date_is_checked(authorization):
    assert ask(Authorization=authorization).note == "served"


def test_what_is_wrong_first_is_told_in_kinesis_order():
    """Method, content type, JSON, operation, credentials."""
    wrong = {"Authorization": None}
    assert content_of(ask(**wrong))["__type"] == "MissingAuthenticationTokenException"
    wrong["X_Amz_Target"] = None
    assert content_of(ask(**wrong))["__type"] == "UnknownOperationException"
    wrong["body"] = b"{"
    assert content_of(ask(**wrong))["__type"] == "SerializationException"
    wrong["Content_Type"] = "text/plain"
    assert ask(**wrong).status == 404
    wrong["method"] = "GET"
    assert ask(**wrong).status == 403


@pytest.mark.parametrize(
    ("service", "name", "call"),
    [
        ("sts", "sts", lambda client: client.get_caller_identity()),
        ("lambda", "lambda", lambda client: client.list_functions()),
        ("kms", "kms", lambda client: client.list_keys()),
        ("ssm", "ssm", lambda client: client.get_parameter(Name="x")),
        ("dynamodb", "dynamodb", lambda client: client.list_tables()),
        ("s3", "s3", lambda client: client.list_buckets()),
        ("ec2", "ec2", lambda client: client.describe_regions()),
        ("sqs", "sqs", lambda client: client.list_queues()),
        ("iam", "iam", lambda client: client.list_users()),
    ],
)
def test_a_request_to_another_service_is_told_the_variable_to_set(served, service, name, call):
    client = boto3.client(service, endpoint_url=served.url, region_name="us-east-1")
    attempts = []
    client.meta.events.register("before-send", lambda **_: attempts.append(1))

    with pytest.raises(ClientError) as refused:
        call(client)
    client.close()

    assert refused.value.response["Error"]["Code"] == "NotSecretsManager"
    message = refused.value.response["Error"]["Message"]
    assert message.startswith(
        f"this is a fake of Secrets Manager, and the request is for {name}. Set AWS_ENDPOINT_URL_SEC"
    )
    assert len(attempts) == 1


@pytest.fixture
def served(fake_secrets):
    """The listener of a served world."""
    from fake_secrets.activation.serving import ServedWorld
    from fake_secrets.server.listener import Listener
    from fake_secrets.server.router import Router

    fake_secrets.add("prod/db", "value")
    listener = Listener(Router(FrontEnd(ServedWorld(fake_secrets._world))))
    listener.start()
    yield listener
    listener.stop()


def post(listener, operation, body, *headers):
    with connect(listener) as connection:
        given = {**HEADERS, "X-Amz-Target": f"secretsmanager.{operation}"}
        lines = [f"{name}: {value}" for name, value in given.items()]
        connection.sendall(request(*lines, *headers, body=body))
        return answers_of(connection)[0]


def test_the_service_behind_knows_the_operations_of_the_model(served):
    assert json.loads(post(served, "DescribeSecrets", b"{}")[2]) == {"__type": "UnknownOperationException"}


@pytest.fixture
def model_with_a_lock(monkeypatch, tmp_path):
    """Return the folder of a model that has an operation more, LockSecret."""
    described = copy.deepcopy(service_model.description())
    described["operations"]["LockSecret"] = {**described["operations"]["RestoreSecret"], "name": "LockSecret"}
    file = tmp_path / "models" / "secretsmanager" / "2017-10-17" / "service-2.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(described))
    monkeypatch.setitem(OPERATIONS, "LockSecret", OPERATIONS["RestoreSecret"])
    return file.parents[2]


@pytest.mark.parametrize("variable", ["AWS_DATA_PATH", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
def test_the_service_behind_knows_the_operations_of_a_model_that_the_environment_gives(
    served, monkeypatch, tmp_path, model_with_a_lock, variable
):
    configuration = tmp_path / "configuration"
    configuration.write_text(f"[default]\ndata_path = {model_with_a_lock}\n")
    request = (served, "LockSecret", b'{"SecretId": "prod/db"}')

    assert json.loads(post(*request)[2]) == {"__type": "UnknownOperationException"}
    with monkeypatch.context() as patch:
        patch.setenv(variable, str(model_with_a_lock if variable == "AWS_DATA_PATH" else configuration))
        status, _, answer = post(*request)
        assert (status, json.loads(answer)["Name"]) == (200, "prod/db")
        status, _, answer = post(served, "LockSecret", b'{"SecretId": ""}')
        assert (status, json.loads(answer)["__type"]) == (400, "ValidationException")
    assert json.loads(post(*request)[2]) == {"__type": "UnknownOperationException"}


def test_a_configuration_file_that_botocore_cannot_read_does_not_stop_the_server(served, monkeypatch, tmp_path):
    (tmp_path / "configuration").write_text("data_path without a section\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "configuration"))

    assert post(served, "DescribeSecret", b'{"SecretId": "prod/db"}')[0] == 200


def test_an_operation_that_isnt_supported_yet_is_refused_in_our_words(served, monkeypatch):
    monkeypatch.delitem(OPERATIONS, "DescribeSecret")

    status, _, answer = post(served, "DescribeSecret", b'{"SecretId": "prod/db"}')

    assert (status, json.loads(answer)["__type"]) == (400, "UnsupportedOperation")


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("TagResource", b'{"SecretId": "prod/db", "Tags": [{"Key": "a", "Value": "b"}]}'),
        ("UntagResource", b'{"SecretId": "prod/db", "TagKeys": ["a"]}'),
    ],
)
def test_an_answer_without_members_has_the_length_0(served, operation, body):
    status, headers, answer = post(served, operation, body)

    assert (status, headers["content-length"], answer) == (200, "0", b"")
    assert headers["content-type"] == "application/x-amz-json-1.1"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"SecretId": 1}', "SerializationException"),
        (b'{"SecretId": ["prod/db"]}', "SerializationException"),
        (b'{"SecretId": ""}', "ValidationException"),
        (b"{}", "ValidationException"),
        (b'{"SecretId": "\\ud800"}', "ValidationException"),
        (b'{"SecretId": "x", "SecretId": "y"}', "ResourceNotFoundException"),
        (b'{"SecretId": "x", "Other": ' + b"9" * 4000 + b"}", "ResourceNotFoundException"),
        (b'{"SecretId": "x", "Other": 1e999}', "ResourceNotFoundException"),
    ],
)
def test_what_is_wrong_with_a_member_is_told_by_the_world(served, body, code):
    status, headers, answer = post(served, "GetSecretValue", body)

    assert (status, json.loads(answer)["__type"]) == (400, code)
    assert re.fullmatch(r"[0-9a-f-]{36}", headers["x-amzn-requestid"])


def test_of_two_members_of_one_name_the_last_counts(served):
    assert post(served, "GetSecretValue", b'{"SecretId": "x", "SecretId": "prod/db"}')[0] == 200
