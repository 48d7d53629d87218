"""What becomes of a response: its parsed values, and a body of the right length."""

import base64

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_secrets.hook.encoding import encode
from fake_secrets.hook.outputs import reader_of

MODEL = boto3.client("secretsmanager", region_name="us-east-1").meta.service_model
OPTIONAL = {
    "VersionId": st.text(),
    "SecretString": st.text(),
    "SecretBinary": st.binary().map(lambda value: base64.b64encode(value).decode()),
    "VersionStages": st.lists(st.text()),
    "CreatedDate": st.integers(0, 4_000_000_000_000).map(lambda milliseconds: milliseconds / 1000),
    "OnlyInNewerModels": st.text(),
}


@given(st.fixed_dictionaries({"ARN": st.just("arn:aws:x"), "Name": st.just("app/db")}, optional=OPTIONAL))
def test_the_length_of_a_body_is_told_without_encoding_it(content):
    encoded = encode(content)
    _, body, length = reader_of(MODEL.operation_model("GetSecretValue").output_shape)(content)
    assert length == len(encoded)
    assert (body if isinstance(body, bytes) else encode(body)) == encoded


@pytest.mark.parametrize("operation", ["GetSecretValue", "DescribeSecret", "UntagResource"])
def test_an_empty_response_has_no_body(operation):
    parsed, body, length = reader_of(MODEL.operation_model(operation).output_shape)({})
    assert (parsed, body or b"", length) == ({}, b"", 0)
