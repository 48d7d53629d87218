"""Takes the port of a server on this machine, and says in a sentence if it is taken."""

from __future__ import annotations

import errno
from collections.abc import Callable

from fake_secrets.errors import PortTakenError
from fake_secrets.server.limits import Limits
from fake_secrets.server.listener import Listener, say_nothing
from fake_secrets.server.messages import Application

__all__ = ["listener_at"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_LIMITS = Limits()


def listener_at(
    port: int, application: Application, *, log: Callable[[str], None] = say_nothing, limits: Limits = _LIMITS
) -> Listener:
    """Return a listener on the loopback interface. It doesn't answer before it is started.

    Args:
        port: the port; 0 takes a free one.
        application: answers the requests.
        log: called with one line for each request, in the thread of its connection.
        limits: what the server takes before it refuses.

    Raises:
        PortTakenError: if the port is taken.
        OSError: if this user may not listen at it.
    """
    try:
        return Listener(application, port=port, log=log, limits=limits)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTakenError(port) from None
