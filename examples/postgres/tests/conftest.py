"""Starts the server, once for all tests, and makes the service doubles."""

import functools
import os

import pytest
from double import Postgres
from local_server import running_server

# The rotation functions make their client when they are imported.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture(scope="session")
def server():
    """A real PostgreSQL server."""
    with running_server() as running:
        yield running


@pytest.fixture
def service(server):
    """What makes the service double of each scenario."""
    return functools.partial(Postgres, server)
