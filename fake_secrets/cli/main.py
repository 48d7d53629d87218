"""The entry point of `fake-secrets`, which parses the arguments and runs a command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from fake_secrets import __version__
from fake_secrets.cli import demo, least_policy_command, rotation_check, serve_command

__all__ = ["main"]


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong with the arguments in one sentence, without the usage, which fills a screen."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: the arguments, by default those of the process.

    Returns:
        The exit status: 0 if the command succeeded. What others mean, each command says.
    """
    parser = _Parser(prog="fake-secrets", description="An in-process fake of AWS Secrets Manager for tests.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help=demo.SUMMARY, description=_sentence(demo.SUMMARY))
    rotation_check.add_arguments(
        # An option that isn't written out might be taken for another, and shown with its value.
        commands.add_parser(
            "check", help=rotation_check.SUMMARY, description=_sentence(rotation_check.SUMMARY), allow_abbrev=False
        )
    )
    summary = least_policy_command.SUMMARY
    least_policy_command.add_arguments(
        commands.add_parser("policy", help=summary, description=_sentence(summary), allow_abbrev=False)
    )
    summary = serve_command.SUMMARY
    serve_command.add_arguments(
        commands.add_parser("serve", help=summary, description=_sentence(summary), allow_abbrev=False)
    )
    every = sys.argv[1:] if arguments is None else arguments
    given, surplus = parser.parse_known_args(every)
    if given.command == "check":
        return rotation_check.run(given, surplus)
    if given.command == "serve":
        if every[-1] == "--":
            # As a script writes it whose COMMAND is empty.
            parser.error("there is no COMMAND after --")
        return serve_command.run(given, surplus)
    if surplus:
        parser.error(f"unrecognized arguments: {' '.join(surplus)}")
    if given.command == "policy":
        return least_policy_command.run(given)
    return demo.play()


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."
