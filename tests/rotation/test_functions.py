"""Registering rotation functions."""

import functools

import pytest

from fake_secrets import FunctionClashError


def handler(event, context):
    """Do nothing."""


def other_handler(event, context):
    """Do nothing either."""


def test_the_default_name_comes_from_module_and_function(fake_secrets):
    arn = fake_secrets.lambda_function(handler)
    assert arn == "arn:aws:lambda:us-east-1:123456789012:function:test_functions-handler"


def test_a_name_can_be_given(fake_secrets):
    assert fake_secrets.lambda_function(handler, "rotate-db").endswith(":function:rotate-db")


def test_an_arn_can_be_given(fake_secrets):
    arn = "arn:aws:lambda:us-east-1:210987654321:function:rotate-db"
    assert fake_secrets.lambda_function(handler, arn=arn) == arn


def test_the_same_handler_gives_the_same_arn(fake_secrets):
    assert fake_secrets.lambda_function(handler) == fake_secrets.lambda_function(handler)


def test_a_handler_registered_with_options_is_found_without_them(fake_secrets):
    arn = fake_secrets.lambda_function(handler, "rotate-db", timeout=3, environment={"A": "b"})
    assert fake_secrets.lambda_function(handler) == arn


def test_another_handlers_name_is_refused(fake_secrets):
    fake_secrets.lambda_function(handler, "rotate-db")
    with pytest.raises(FunctionClashError, match="is taken by <function handler") as clash:
        fake_secrets.lambda_function(other_handler, "rotate-db")
    assert "fake_secrets.lambda_function(handler, name=...)" in str(clash.value)


def test_the_same_name_and_handler_with_other_options_are_refused(fake_secrets):
    fake_secrets.lambda_function(handler, "rotate-db", timeout=3)
    with pytest.raises(FunctionClashError, match="with other options"):
        fake_secrets.lambda_function(handler, "rotate-db", timeout=4)


@pytest.mark.parametrize(
    "callable_object",
    [functools.partial(handler), lambda event, context: None, type("Handler", (), {"__call__": handler})()],
)
def test_every_kind_of_callable_gets_a_valid_name(fake_secrets, callable_object):
    name = fake_secrets.lambda_function(callable_object).rpartition(":")[2]
    assert 1 <= len(name) <= 64
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def test_a_handler_that_cannot_be_called_is_refused(fake_secrets):
    with pytest.raises(TypeError, match="can't be called"):
        fake_secrets.lambda_function("arn:aws:lambda:us-east-1:123456789012:function:f")


def test_a_coroutine_function_is_refused_since_lambda_does_not_await_it(fake_secrets):
    async def coroutine(event, context):
        """Never awaited."""

    with pytest.raises(TypeError, match="would have to be awaited"):
        fake_secrets.lambda_function(coroutine)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "no spaces"}, "can't be a Lambda function's name"),
        ({"name": "x" * 65}, "can't be a Lambda function's name"),
        ({"arn": "rotate-db"}, "isn't a Lambda ARN"),
        ({"name": "a", "arn": "arn:aws:lambda:us-east-1:123456789012:function:a"}, "not both"),
    ],
)
def test_malformed_names_and_arns_are_refused(fake_secrets, options, message):
    with pytest.raises(ValueError, match=message):
        fake_secrets.lambda_function(handler, **options)
