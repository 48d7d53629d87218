"""Fixtures of the tests with other packages. None of these tests may reach a network."""

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def no_network():
    """Refuse all sockets except the pair with which an event loop wakes itself."""
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()


@pytest.fixture(params=["fast", "wire"])
def lane(request):
    """The lane of the test's world."""
    return request.param
