"""The command `fake-secrets serve`, which serves a world over HTTP until it is stopped."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from fake_secrets.cli.command_error import CommandError, tell
from fake_secrets.cli.given_values import secret_texts
from fake_secrets.cli.loading import importing_from_here
from fake_secrets.cli.serve_arguments import add_arguments, give_policies, register_functions, seed_of
from fake_secrets.cli.standard_output import OwnOutput

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["SUMMARY", "add_arguments", "run"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

SUMMARY = "serve a fake Secrets Manager over HTTP, for the AWS CLI, other languages and other processes"

_CANNOT_RUN, _INTERRUPTED = 2, 130
# A shell's status for a command that a signal has ended.
_SIGNALLED = 128
# Seconds.
_PATIENCE = 0.1


def run(arguments: argparse.Namespace, surplus: Sequence[str] = ()) -> int:
    """Serve until Ctrl-C or SIGTERM, or until a command that was given has ended.

    Args:
        arguments: the arguments of the command.
        surplus: those that it doesn't know.

    Returns:
        The exit status.
    """
    try:
        _refuse(surplus, arguments.program)
        with importing_from_here(), OwnOutput() as output:
            return _serve(arguments, output)
    except CommandError as error:
        tell("serve", error)
        return _CANNOT_RUN
    except KeyboardInterrupt:
        return _INTERRUPTED


def _refuse(surplus: Sequence[str], program: Sequence[str]) -> None:
    if surplus:
        msg = f"there is no option {surplus[0]}; see fake-secrets serve --help"
        if program:
            msg += f". If it belongs to {program[0]}, write -- before that"
        raise CommandError(msg)


class _Signals:
    """The signals that end the server, in a `with` block. A second one ends the process at once.

    Before the block, Ctrl-C interrupts whatever is going on, such as an import.
    """

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.latest: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        # Only the main thread gets signals.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def wait(self) -> None:
        """Wait for a signal."""
        # In short waits: a signal that another thread receives interrupts none.
        while not self.stopping.wait(_PATIENCE):
            pass

    def _stop(self, number: int, _: FrameType | None) -> None:
        if self.stopping.is_set():
            os._exit(_SIGNALLED + number)
        self.latest = number
        self.stopping.set()


def _serve(arguments: argparse.Namespace, output: OwnOutput) -> int:
    from fake_secrets.cli.serving_world import opened_world

    seed = seed_of(arguments.seed)
    with (
        opened_world(arguments, seed, _tell) as world,
        world.listening(arguments.host, arguments.port, arguments.name) as listener,
        world.local_endpoints(arguments.local_endpoints, arguments.local_port) as more,
    ):
        functions = register_functions(world.fake_secrets, arguments.function, secret_texts(seed))
        world.attach(functions)
        roles = give_policies(world.fake_secrets, arguments.policy)
        variables = {**world.environment(listener.url), **more}
        # Before the first answer, after which whoever has started the server may end it.
        with _Signals() as signals:
            listener.start()
            world.clock.start()
            if arguments.program:
                return _run_beside(arguments.program, variables, signals, output.file)
            from fake_secrets.cli.serve_exports import lines_for_a_shell

            lines = lines_for_a_shell(variables, functions=functions, roles=roles)
            output.write_last("\n".join([listener.url, *lines, ""]))
            signals.wait()
            return 0


def _run_beside(
    command: list[str], variables: dict[str, str | None], signals: _Signals, output: int | None
) -> int:
    """Run a command that asks the server, and return its exit status."""
    environment = {name: value for name, value in {**os.environ, **variables}.items() if value is not None}
    try:
        child = subprocess.Popen(command, env=environment, stdout=output)  # noqa: S603 -- the user's own command
    except OSError as error:
        msg = f"{command[0]!r} can't be run: {error.strerror}"
        raise CommandError(msg) from None
    is_told = False
    with child:
        while True:
            # The terminal sends Ctrl-C to the child, too, which may want to clean up.
            if signals.latest == signal.SIGTERM and not is_told:
                child.terminate()
                is_told = True
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = child.wait(_PATIENCE)
                return _SIGNALLED - status if status < 0 else status


def _tell(line: str) -> None:
    """Write a line to the standard error, in one piece, because many threads do. It may be closed."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
