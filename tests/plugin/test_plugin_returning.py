"""Decorated fixtures that return instead of yielding."""

import pytest
from runs_of_pytest import passes

SOURCE = """
    import boto3, pytest
    from fake_secrets import current, mock_stages

    @pytest.fixture
    @mock_stages({decorator})
    def value():
        current().add("b", "x")
        {statement}

    def test_value(value{fixtures}):
        pass
    """
TOLD = (
    "World over before its use: the fixture 'value', which mock_stages decorates, returns {what}. The world ends "
    "when the fixture returns. Yield it instead, so that the world stays open during the test."
)


def source(statement, decorator="{'a': 'x'}", fixtures=""):
    return SOURCE.format(statement=statement, decorator=decorator, fixtures=fixtures)


@pytest.mark.parametrize(
    ("returned", "what"),
    [
        ("boto3.client('secretsmanager')", "a Secrets Manager client"),
        ("current()", "a FakeSecrets"),
        ("current()['b']", "a Secret"),
    ],
)
@pytest.mark.parametrize("decorator", ["{'a': 'x'}", ""])
def test_returning_what_needs_the_world_is_a_warning(run, returned, what, decorator):
    ran = run(source(f"return {returned}", decorator), "-W", "always")
    ran.assert_outcomes(passed=1, warnings=1)
    ran.stdout.fnmatch_lines([f"*.py:4: FakeSecretsWarning: {TOLD.format(what=what)}"])


def test_a_filter_makes_it_an_error(run):
    ran = run(source("return current()"), "-W", "error")
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines([f"E *{TOLD.format(what='a FakeSecrets')}"])


@pytest.mark.parametrize(
    "statement",
    ["yield current()", "yield boto3.client('secretsmanager')", "return current()['b'].value()", "return None"],
)
def test_yielding_and_returning_plain_data_are_fine(run, statement):
    passes(run(source(statement), "-W", "error"))


def test_a_bare_decorator_that_joins_the_tests_world_is_fine(run):
    text = source("return current()", "").replace("def value():", "def value(fake_secrets):")
    passes(run(text, "-W", "error"))
