"""The command `fake-secrets check`, which checks a rotation function against the contract."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TextIO

from fake_secrets.cli.command_error import CommandError, tell
from fake_secrets.cli.loading import importing_from_here
from fake_secrets.cli.mishaps import told_in_one_sentence
from fake_secrets.cli.output_files import check_writable, write_all
from fake_secrets.cli.progress_display import display_on
from fake_secrets.cli.replaying import with_commands
from fake_secrets.cli.result_table import table_of
from fake_secrets.cli.standard_output import write_out
from fake_secrets.cli.subject_of_command import subject_of_command
from fake_secrets.contract.defaults import NAME

if TYPE_CHECKING:
    from fake_secrets.contract.report import ContractReport
    from fake_secrets.contract.subject import Subject

__all__ = ["SUMMARY", "add_arguments", "run"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

SUMMARY = "check a rotation function against the rotation contract"

_CLEAN, _VIOLATED, _CANNOT_RUN, _UNFINISHED, _INTERRUPTED = 0, 1, 2, 3, 130
_EXIT_STATUS = (
    "exit status: 0 if there is no violation, 1 if there are some, 2 if the check can't run or nothing could be "
    "tried, 3 if the time was up before all was tried and what was tried shows no violation, 130 after Ctrl-C"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.epilog = _EXIT_STATUS
    parser.add_argument("handler", metavar="module:function", help="the rotation function")
    value = "JSON|@FILE"
    subject = parser.add_argument_group("what it works with")
    subject.add_argument(
        "--secret",
        required=True,
        metavar=value,
        help="the value of AWSCURRENT; @FILE keeps it out of the shell's history, @- reads the standard input",
    )
    subject.add_argument("--previous", metavar=value, help="the value of AWSPREVIOUS; by default there is none")
    subject.add_argument(
        "--service", metavar="module:class", help="what makes a service double: the fake of the protected service"
    )
    _add_list(subject, "--consumer", "module:function", "a function of yours that reads the secret")
    _add_list(subject, "--other", f"NAME={value}", "another secret that the function reads; NAME may be an ARN")
    _add_list(subject, "--env", "NAME=VALUE", "an environment variable of the function")
    subject.add_argument("--name", default=NAME, help="the secret's name (default: %(default)s)")
    subject.add_argument("--region", help="the secret's region")
    subject.add_argument(
        "--account-id", "--account", default="123456789012", metavar="ID", help="the secret's account"
    )
    subject.add_argument("--kms-key-id", metavar="KEY", help="the customer's KMS key that encrypts the secret")
    _add_list(subject, "--tag", "KEY=VALUE", "a tag of the secret")
    subject.add_argument(
        "--schedule", metavar="DAYS|EXPRESSION", help="days between rotations, or cron() or rate()"
    )
    subject.add_argument(
        "--timeout",
        type=_seconds,
        default=900,
        metavar="SECONDS",
        help="the time-out with which the function is deployed (default: %(default)s)",
    )
    _add_list(
        subject,
        "--policy",
        "JSON|FILE",
        "an identity policy of the function's role; by default it has the permissions that AWS documents",
    )
    _add_list(subject, "--context", "KEY=VALUE", "a condition key of the policy, such as aws:SourceIp")
    extent = parser.add_argument_group("what is tried and what is expected")
    _add_list(extent, "--only", "ID", "run only this scenario, or this family of scenarios")
    _add_list(extent, "--allow", "NAME=REASON", "a deviation that is expected, and why")
    extent.add_argument("--seconds", type=_seconds, metavar="N", help="begin no scenario after N seconds")
    output = parser.add_argument_group("output")
    output.add_argument("--html", metavar="FILE", help="write the report as a page of HTML")
    output.add_argument("--json", metavar="FILE", help="write the report as JSON")
    output.add_argument("--junit", metavar="FILE", help="write the report as JUnit XML")
    output.add_argument(
        "--show-output",
        action="store_true",
        help="show what the function prints on import and in a scenario of --only; that may be a secret value",
    )


def _add_list(group: argparse._ArgumentGroup, option: str, form: str, text: str) -> None:
    group.add_argument(option, action="append", default=[], metavar=form, help=f"{text}; can be repeated")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    # A NaN isn't, either.
    if not seconds > 0:
        msg = f"{text!r} isn't a number of seconds above 0"
        raise argparse.ArgumentTypeError(msg)
    return seconds


def run(arguments: argparse.Namespace, surplus: Sequence[str] = ()) -> int:
    """Check a rotation function, and print what is found.

    Args:
        arguments: the arguments of the command.
        surplus: those that it doesn't know.

    Returns:
        The exit status.
    """
    try:
        _refuse(surplus)
        return _run(arguments)
    except CommandError as error:
        tell("check", error)
        return _CANNOT_RUN
    except KeyboardInterrupt:
        print("fake-secrets check: interrupted.", file=sys.stderr)
        return _INTERRUPTED


def _refuse(surplus: Sequence[str]) -> None:
    """Refuse arguments that the command doesn't know. Those that may be parts of a secret value aren't shown."""
    if not surplus:
        return
    options = [text.partition("=")[0] for text in surplus if text.startswith("--") and text[2:3].isalpha()]
    if options:
        msg = f"there is no option {options[0]}; see fake-secrets check --help"
    else:
        count = f"{len(surplus)} argument{'s are' if len(surplus) > 1 else ' is'}"
        msg = f"{count} too many; if a value has spaces or quotes, put it into single quotes"
    raise CommandError(msg)


def _run(arguments: argparse.Namespace) -> int:
    files = {name: path for name in _FORMATS if (path := getattr(arguments, name)) is not None}
    with importing_from_here():
        check_writable({f"--{name}": path for name, path in files.items()})
        subject = subject_of_command(arguments)
        report = with_commands(_report_of(subject, arguments), arguments)
    failure: CommandError | None = None
    try:
        write_all({f"--{name}": (path, _FORMATS[name](report)) for name, path in files.items()})
    except CommandError as error:
        # What was found counts more than where it stands.
        failure = error
    table = table_of(report, is_coloured=_is_coloured(sys.stdout))
    write_out("\n\n".join(filter(None, [table, f"{report}\n"])))
    if failure is not None:
        raise failure
    return _status(report, arguments.only)


_FORMATS: dict[str, Callable[[ContractReport], str]] = {
    "html": lambda report: report.html(),
    "json": lambda report: report.json(),
    "junit": lambda report: report.junit(),
}


def _report_of(subject: Subject, arguments: argparse.Namespace) -> ContractReport:
    """Run the check."""
    from fake_secrets.contract.checking import check_subject

    # The function's output would tear a bar.
    display = display_on(sys.stderr, has_bar=not arguments.show_output)
    try:
        with told_in_one_sentence():
            return check_subject(
                subject,
                arguments.only or None,
                watcher=display.show,
                seconds=arguments.seconds,
                is_loud=arguments.show_output,
            )
    finally:
        display.close()


def _is_coloured(stream: TextIO | None) -> bool:
    return (
        stream is not None
        and stream.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )


def _status(report: ContractReport, only: Sequence[str]) -> int:
    """Return the exit status.

    Raises:
        CommandError: if nothing shows whether the function keeps the contract.
    """
    if report.passed:
        return _CLEAN
    # A violation that was found is one, whatever else there was no time for.
    if any(one.allowed is None for one in report.violations):
        return _VIOLATED
    if report.obstacle is not None:
        msg = f"the function wasn't disturbed, because an undisturbed rotation shows {report.obstacle}"
        raise CommandError(msg)
    if not report.untried:
        msg = f"no scenario was tried, because there is none for this function in {', '.join(only)}"
        raise CommandError(msg)
    return _UNFINISHED
