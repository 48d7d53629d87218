"""The command `fake-secrets serve`, which serves a world over HTTP until it is stopped."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fake_secrets.cli.command_error import CommandError, tell
from fake_secrets.cli.loading import importing_from_here
from fake_secrets.cli.serve_arguments import add_arguments, give_policies, register_functions, seed_of

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["SUMMARY", "add_arguments", "run"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

SUMMARY = "serve a fake Secrets Manager over HTTP, for the AWS CLI, other languages and other processes"

_CANNOT_RUN, _INTERRUPTED = 2, 130
# A shell's status for a command that a signal has ended.
_SIGNALLED = 128


def run(arguments: argparse.Namespace, surplus: Sequence[str] = ()) -> int:
    """Serve until Ctrl-C or SIGTERM, or until a command that was given has ended.

    Args:
        arguments: the arguments of the command.
        surplus: those that it doesn't know.

    Returns:
        The exit status.
    """
    try:
        _refuse(surplus)
        with _stopping_on_signals() as stopping, importing_from_here():
            return _serve(arguments, stopping)
    except CommandError as error:
        tell("serve", error)
        return _CANNOT_RUN
    except KeyboardInterrupt:
        return _INTERRUPTED


def _refuse(surplus: Sequence[str]) -> None:
    if surplus:
        msg = f"there is no option {surplus[0]}; see fake-secrets serve --help"
        raise CommandError(msg)


@contextlib.contextmanager
def _stopping_on_signals() -> Iterator[threading.Event]:
    """Return an event that Ctrl-C or SIGTERM sets. A second signal ends the process at once."""
    stopping = threading.Event()

    def stop(number: int, _: FrameType | None) -> None:
        if stopping.is_set():
            os._exit(_SIGNALLED + number)
        stopping.set()

    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _serve(arguments: argparse.Namespace, stopping: threading.Event) -> int:
    from fake_secrets.cli.serving_world import opened_world

    with (
        opened_world(arguments, seed_of(arguments.seed), _tell) as world,
        world.listening(arguments.host, arguments.port, arguments.name) as listener,
        world.local_endpoints(arguments.local_endpoints, arguments.local_port) as more,
    ):
        functions = register_functions(world.fake_secrets, arguments.function)
        world.attach(functions)
        roles = give_policies(world.fake_secrets, arguments.policy)
        listener.start()
        world.clock.start()
        variables = {**world.environment(listener.url), **more}
        if arguments.program:
            return _run_beside(arguments.program, variables, stopping)
        from fake_secrets.cli.serve_exports import lines_for_a_shell

        lines = lines_for_a_shell(variables, functions=functions, roles=roles)
        print("\n".join([listener.url, *lines]), flush=True)
        stopping.wait()
        return 0


def _run_beside(command: list[str], variables: dict[str, str | None], stopping: threading.Event) -> int:
    """Run a command that asks the server, and return its exit status."""
    environment = {name: value for name, value in {**os.environ, **variables}.items() if value is not None}
    try:
        child = subprocess.Popen(command, env=environment)  # noqa: S603 -- the user's own command
    except OSError as error:
        msg = f"{command[0]!r} can't be run: {error.strerror}"
        raise CommandError(msg) from None
    with child:
        while True:
            # On Ctrl-C, the shell's signal reaches the child, too.
            if stopping.is_set() and child.poll() is None:
                child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = child.wait(0.1)
                return _SIGNALLED - status if status < 0 else status


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
