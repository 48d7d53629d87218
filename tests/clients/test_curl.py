"""curl, and requests written by hand, against a served world."""

import json
import subprocess

import pytest
import real_clients

NAME = "MyTestSecret"
VALUE = '{"user":"diegor","password":"EXAMPLE-PASSWORD"}'
# The server looks at the form of a signature only.
SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261127/us-west-2/secretsmanager/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=0000"
)
JSON = ("-H", "Content-Type: application/x-amz-json-1.1")
GET = ("-H", "X-Amz-Target: secretsmanager.GetSecretValue", "-d", json.dumps({"SecretId": NAME}))


def signed(signature=SIGNATURE):
    return (*JSON, "-H", f"Authorization: {signature}", "-H", "X-Amz-Date: 20261127T000000Z")


SIGNED_GET = (*signed(), *GET)
BY_CURL_ITSELF = ("--aws-sigv4", "aws:amz:us-west-2:secretsmanager", "--user", "key:secret")


@pytest.fixture
def curl(url):
    """A function that runs curl and returns the status, the body and what -v logs."""
    command = real_clients.curl()

    def run(*arguments):
        written = ("-sS", "--noproxy", "*", "--max-time", "30", "-w", "\n%{http_code}")
        ran = subprocess.run([command, *written, *arguments, url], capture_output=True, text=True, check=True)
        body, _, status = ran.stdout.rpartition("\n")
        return int(status), body, ran.stderr

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(SIGNED_GET, id="by-hand"),
        pytest.param((*JSON, *GET, *BY_CURL_ITSELF), id="--aws-sigv4"),
        pytest.param((*SIGNED_GET, "--compressed"), id="--compressed"),
        pytest.param((*SIGNED_GET, "-H", "Transfer-Encoding: chunked"), id="chunked"),
        pytest.param((*SIGNED_GET, "--http1.0"), id="HTTP-1.0"),
        pytest.param((*SIGNED_GET, "-H", "Connection: close"), id="Connection-close"),
        pytest.param((*SIGNED_GET, "-H", "Expect: 100-continue"), id="Expect"),
    ],
)
def test_a_signed_request_is_answered(arguments, curl):
    status, body, _ = curl(*arguments)

    assert (status, json.loads(body)["SecretString"]) == (200, VALUE)


@pytest.mark.parametrize("size", [65_536, 1_000_000])
def test_a_large_body_is_read_after_100_continue(size, curl, world, tmp_path):
    """curl waits for the answer 100 before it sends a body of a megabyte."""
    # White space between the members counts for the size of the request only.
    body = json.dumps({"SecretId": NAME, "SecretString": "v" * 65_536, "ClientRequestToken": "t" * 32})
    (tmp_path / "body.json").write_text(body[:-1] + " " * max(0, size - len(body)) + "}")
    put = ("-H", "X-Amz-Target: secretsmanager.PutSecretValue", "--data-binary", f"@{tmp_path / 'body.json'}")

    status, body, log = curl(*signed(), "-H", "Expect: 100-continue", *put, "-v")

    assert (status, json.loads(body).get("Message")) == (200, None)
    assert "< HTTP/1.1 100 Continue" in log
    assert world[NAME].value() == "v" * 65_536


def test_one_connection_carries_several_requests(curl, url):
    _, _, log = curl(*SIGNED_GET, "-v", url)

    assert "Re-using existing connection" in log


def test_a_request_without_authorization_is_refused(curl, world):
    status, body, _ = curl(*JSON, *GET)

    refusal = {"__type": "MissingAuthenticationTokenException", "message": "Missing Authentication Token"}
    assert (status, json.loads(body), world.calls) == (400, refusal, [])


def test_a_get_is_refused(curl, world):
    status, body, _ = curl()

    assert (status, world.calls) == (403, [])
    assert body.startswith("<MissingAuthenticationTokenException")


def test_a_refusal_has_awss_headers_and_the_real_date(curl):
    get = (*signed(), "-H", "X-Amz-Target: secretsmanager.GetSecretValue", "-d", '{"SecretId": "no"}')

    status, body, log = curl(*get, "-v")

    headers = dict(
        line[2:].lower().split(": ", 1) for line in log.splitlines() if line[:2] == "< " and ": " in line
    )
    assert (status, json.loads(body)["__type"]) == (400, "ResourceNotFoundException")
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert headers["content-length"] == str(len(body))
    assert {"date", "x-amzn-requestid"} <= set(headers)


def test_the_region_and_the_account_come_from_the_signature(curl, world):
    signature = SIGNATURE.replace("AKIAEXAMPLE", "210987654321").replace("us-west-2", "eu-west-1")
    create = (
        "-H",
        "X-Amz-Target: secretsmanager.CreateSecret",
        "-d",
        json.dumps({"Name": "there", "ClientRequestToken": "t" * 32}),
    )

    _, body, _ = curl(*signed(signature), *create)

    assert json.loads(body)["ARN"].startswith("arn:aws:secretsmanager:eu-west-1:210987654321:secret:there-")
