"""The body and the headers of an answer."""

import boto3

from fake_secrets.hook.encoding import headers_of


def test_the_headers_are_those_of_aws_in_its_order():
    assert list(headers_of("1", 14, 1772625600.5).items()) == [
        ("x-amzn-requestid", "1"),
        ("content-type", "application/x-amz-json-1.1"),
        ("content-length", "14"),
        ("date", "Wed, 04 Mar 2026 12:00:00 GMT"),
        ("connection", "keep-alive"),
    ]


def test_the_headers_of_an_answer_are_a_plain_dict(fake_secrets, secretsmanager):
    # Whatever reads them in C, such as orjson, would miss what a subclass adds.
    fake_secrets.add("prod/db", "old")
    assert type(secretsmanager.get_secret_value(SecretId="prod/db")["ResponseMetadata"]["HTTPHeaders"]) is dict


def test_a_handler_that_changes_the_headers_of_an_answer_leaves_those_of_the_http_response(
    fake_secrets, secretsmanager
):
    def clear(http_response, parsed, **_):
        parsed["ResponseMetadata"]["HTTPHeaders"].clear()
        seen.append((dict(http_response.headers), dict(http_response.raw.headers)))

    seen = []
    secretsmanager.meta.events.register("after-call.secrets-manager", clear)
    fake_secrets.add("prod/db", "old")
    secretsmanager.get_secret_value(SecretId="prod/db")
    assert ["content-length" in headers for headers in seen[0]] == [True, True]


def test_what_a_caller_takes_out_of_an_answer_is_in_its_body_still(fake_secrets, secretsmanager):
    fake_secrets.add("prod/db", "old")
    response = secretsmanager.get_secret_value(SecretId="prod/db")
    response["VersionStages"].clear()
    del response["SecretString"]
    whole = boto3.client("secretsmanager").get_secret_value(SecretId="prod/db")
    lengths = [one["ResponseMetadata"]["HTTPHeaders"]["content-length"] for one in (response, whole)]
    assert lengths[0] == lengths[1]
