"""The option `--local-endpoints` of `fake-secrets serve`: a local helper of AWS beside the server."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fake_secrets.activation.local_listening import listening
from fake_secrets.activation.local_serving import PORT_VARIABLE
from fake_secrets.cli.command_error import CommandError
from fake_secrets.errors import PortTakenError

if TYPE_CHECKING:
    from fake_secrets.local_endpoints.settings import Helper
    from fake_secrets.world.world import World

__all__ = ["local_endpoints"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


@contextlib.contextmanager
def local_endpoints(
    world: World, helper: Helper | None, port: int, *, log: Callable[[str], None], tell: Callable[[str], None]
) -> Iterator[dict[str, str | None]]:
    """Listen as a local helper while a `with` block runs.

    Args:
        world: the world that is served.
        helper: which helper; None for none.
        port: its port.
        log: called with a line for each request.
        tell: called with a line for each failure.

    Returns:
        A context manager that returns the variables for clients of the helper.

    Raises:
        CommandError: if the port is taken, or a variable has a value that the helper doesn't take.
    """
    if helper is None:
        yield {}
        return

    def failed(error: BaseException) -> None:
        # Its text may hold a secret value.
        tell(f"the local endpoints failed with {type(error).__name__}")

    served = listening(world, helper, port=port, failed=failed, log=log)
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(served)
        except PortTakenError as error:
            msg = f"--local-endpoints: port {error.port} is taken. Choose another with --local-port"
            raise CommandError(msg) from None
        except ValueError as error:
            msg = " ".join(f"--local-endpoints: {error}".split())
            raise CommandError(msg) from None
        yield {PORT_VARIABLE: url.rpartition(":")[2]}
