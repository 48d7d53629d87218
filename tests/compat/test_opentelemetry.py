"""OpenTelemetry's botocore instrumentation traces calls inside a world, and still works after it.

tests/hook/test_calls.py also tests that it traces calls, if it is switched on before or inside a world.
"""

import boto3
import botocore.client
import pytest
from botocore.stub import Stubber

pytest.importorskip("opentelemetry.instrumentation.botocore")
pytest.importorskip("opentelemetry.sdk")

from opentelemetry.instrumentation.botocore import BotocoreInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from fake_secrets import mock_stages

SEED = {"app/db": "s3cret"}
ORIGINAL = botocore.client.BaseClient.__dict__["_make_api_call"]


@pytest.fixture
def spans():
    """Return a function that returns operation and status of each finished span."""
    exporter = InMemorySpanExporter()

    def finished():
        found = [
            (span.attributes["rpc.method"], span.status.status_code) for span in exporter.get_finished_spans()
        ]
        exporter.clear()
        return found

    finished.exporter = exporter
    return finished


@pytest.fixture
def instrumentor():
    instrumentor = BotocoreInstrumentor()
    yield instrumentor
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()
    # If uninstrumenting restored our wrapper, the next world that ends removes it.
    with mock_stages():
        pass
    assert botocore.client.BaseClient.__dict__["_make_api_call"] is ORIGINAL


@pytest.fixture
def switch_on(instrumentor, spans):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans.exporter))
    return lambda: instrumentor.instrument(tracer_provider=provider)


@pytest.fixture
def client():
    return boto3.client("secretsmanager", region_name="us-east-1")


def value_by(client):
    return client.get_secret_value(SecretId="app/db")["SecretString"]


def stubbed_value_by(client):
    """Read a value outside any world, without AWS."""
    with Stubber(client) as stubber:
        stubber.add_response("get_secret_value", {"SecretString": "stubbed"})
        return value_by(client)


SEEN = [("GetSecretValue", StatusCode.UNSET)]
WHEN = pytest.mark.parametrize("is_first", [True, False], ids=["before", "inside"])


@WHEN
def test_calls_inside_and_after_the_world_are_traced(is_first, lane, switch_on, spans, client):
    if is_first:
        switch_on()
    with mock_stages(SEED, _lane=lane):
        if not is_first:
            switch_on()
        assert (value_by(client), spans()) == ("s3cret", SEEN)
    assert (stubbed_value_by(client), spans()) == ("stubbed", SEEN)


@WHEN
def test_calls_in_a_later_world_are_traced(is_first, lane, switch_on, spans, client):
    if is_first:
        switch_on()
    for value in ("first", "second", "third"):
        with mock_stages({"app/db": value}, _lane=lane):
            if not is_first and value == "first":
                switch_on()
            assert (value_by(client), spans()) == (value, SEEN)


@WHEN
def test_a_refusal_is_traced_as_an_error(is_first, lane, switch_on, spans, client):
    if is_first:
        switch_on()
    with mock_stages({}, _lane=lane):
        if not is_first:
            switch_on()
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            value_by(client)
    assert spans() == [("GetSecretValue", StatusCode.ERROR)]


@WHEN
def test_calls_of_a_rotation_function_are_traced(is_first, lane, switch_on, spans, client):
    if is_first:
        switch_on()
    with mock_stages(SEED, _lane=lane) as fake:
        if not is_first:
            switch_on()
        arn = fake.lambda_function(lambda event, _: client.describe_secret(SecretId=event["SecretId"]), "rotates")
        client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
    assert sorted(operation for operation, _ in spans()) == [*["DescribeSecret"] * 4, "RotateSecret"]


# Switched on before the world and off inside it, it finds our wrapper on top of its own and removes neither.
@pytest.mark.parametrize(("on", "off"), [("before", "after"), ("inside", "inside"), ("inside", "after")])
def test_after_uninstrumenting_the_world_answers_untraced_calls(
    on, off, lane, switch_on, instrumentor, spans, client
):
    if on == "before":
        switch_on()
    with mock_stages(SEED, _lane=lane):
        if on == "inside":
            switch_on()
        if off == "inside":
            instrumentor.uninstrument()
            assert value_by(client) == "s3cret"
    if off == "after":
        instrumentor.uninstrument()
    assert stubbed_value_by(client) == "stubbed"
    with mock_stages(SEED, _lane=lane):
        assert value_by(client) == "s3cret"
    assert spans() == []
