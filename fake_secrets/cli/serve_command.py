"""The command `fake-secrets serve`, which serves a world over HTTP until it is stopped."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

__all__ = ["SUMMARY", "add_arguments", "run"]

SUMMARY = "serve a fake Secrets Manager over HTTP, for the AWS CLI, other languages and other processes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument(
        "--port", type=int, default=0, help="the port to listen on (default: a free one, which is printed)"
    )
    parser.add_argument(
        "--region", help="the region of the seeds (default: that of the environment, or us-east-1)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM.

    Args:
        arguments: the arguments of the command.

    Returns:
        The exit status.
    """
    from fake_secrets.activation.serving import ServedWorld
    from fake_secrets.mock import mock_stages
    from fake_secrets.server.front_end import FrontEnd
    from fake_secrets.server.listener import Listener

    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with mock_stages(region=arguments.region, rotation_errors="record") as fake_secrets:
        listener = Listener(
            FrontEnd(ServedWorld(fake_secrets._world)),
            port=arguments.port,
            log=lambda line: print(line, file=sys.stderr, flush=True),
        )
        listener.start()
        print(listener.url, flush=True)
        print(f"export AWS_ENDPOINT_URL_SECRETS_MANAGER={listener.url}", flush=True)
        stopping.wait()
        listener.stop()
    return 0
