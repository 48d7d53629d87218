"""What the tests beside other packages share: none of them may reach a network."""

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def no_network():
    """Sockets are refused, but for the pair by which an event loop wakes itself."""
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()


@pytest.fixture(params=["fast", "wire"])
def lane(request):
    """The lane of the test's world."""
    return request.param
