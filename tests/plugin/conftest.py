"""Fixtures of the tests of the plugin."""

import pytest
from runs_of_pytest import PYTEST_ARGUMENTS


@pytest.fixture
def run(pytester):
    """A function that runs pytest, in this process, on a source of tests."""

    def run(source, *arguments):
        pytester.makepyfile(source)
        return pytester.runpytest_inprocess(*PYTEST_ARGUMENTS, "--strict-markers", *arguments)

    return run
