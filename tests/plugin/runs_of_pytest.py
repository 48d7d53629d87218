"""What the tests of the plugin have in common: they run pytest."""

import boto3.session

from fake_secrets import mock_stages

# pytest runs in-process in these tests, and afterwards forgets the modules that it imported first. Importing
# these here keeps it from forgetting them, so they exist only once.
assert boto3.session
assert mock_stages

# Without "no:hypothesispytest", each run would import hypothesis at its end.
PYTEST_ARGUMENTS = ("-p", "no:asyncio", "-p", "no:randomly", "-p", "no:hypothesispytest")


def passes(ran, count=1):
    ran.assert_outcomes(passed=count)
