"""Starts the server, once for all tests."""

import os

import pytest
from local_server import running_server

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture(scope="session")
def server():
    """A real PostgreSQL server."""
    with running_server() as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh_users(server):
    server.reset()
