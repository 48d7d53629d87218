"""The entry point of `fake-secrets`, which parses the arguments and runs a command."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from fake_secrets import __version__
from fake_secrets.cli import demo

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: the arguments, by default those of the process.

    Returns:
        The exit status: 0 if the command succeeded, else 1.
    """
    parser = argparse.ArgumentParser(
        prog="fake-secrets", description="An in-process fake of AWS Secrets Manager for tests."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help=demo.SUMMARY, description=f"{demo.SUMMARY[0].upper()}{demo.SUMMARY[1:]}.")
    parser.parse_args(arguments)
    return demo.play()
