"""The command `fake-secrets check`, which checks a rotation function against the contract."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from fake_secrets.cli.command_error import CommandError
from fake_secrets.cli.given_values import pairs_of, secret_texts, value_of
from fake_secrets.cli.loading import importing_from_here, loaded, place_of
from fake_secrets.cli.output_files import check_writable, write_all
from fake_secrets.cli.progress_display import display_on
from fake_secrets.cli.result_table import table_of

if TYPE_CHECKING:
    from fake_secrets.contract.report import ContractReport
    from fake_secrets.contract.subject import Subject

__all__ = ["SUMMARY", "add_arguments", "run"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

SUMMARY = "check a rotation function against the rotation contract"

_CLEAN, _VIOLATED, _CANNOT_RUN, _UNFINISHED, _INTERRUPTED = 0, 1, 2, 3, 130
_EXIT_STATUS = (
    "exit status: 0 if there is no violation, 1 if there are some, 2 if the check can't run, 3 if the time was up "
    "before all was tried and what was tried shows no violation, 130 after Ctrl-C"
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
    _add_list(subject, "--other", f"NAME={value}", "another secret that the function reads")
    _add_list(subject, "--env", "NAME=VALUE", "an environment variable of the function")
    subject.add_argument("--name", default="prod/rotated", help="the secret's name (default: %(default)s)")
    subject.add_argument("--region", help="the secret's region")
    subject.add_argument("--account-id", default="123456789012", metavar="ID", help="the secret's account")
    _add_list(subject, "--tag", "KEY=VALUE", "a tag of the secret")
    subject.add_argument(
        "--schedule", metavar="DAYS|EXPRESSION", help="days between rotations, or cron() or rate()"
    )
    extent = parser.add_argument_group("what is tried and what is expected")
    _add_list(extent, "--only", "ID", "run only this scenario, or this family of scenarios")
    _add_list(extent, "--allow", "NAME=REASON", "a deviation that is expected, and why")
    extent.add_argument("--seconds", type=_seconds, metavar="N", help="begin no scenario after N seconds")
    output = parser.add_argument_group("output")
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
    seconds = float(text)
    # A NaN isn't, either.
    if not seconds > 0:
        raise ValueError
    return seconds


_seconds.__name__ = "number of seconds"


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
        sentence = str(error)
        print(f"fake-secrets check: {sentence}{'' if sentence.endswith('?') else '.'}", file=sys.stderr)
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
    files = {f"--{name}": path for name in _FORMATS if (path := getattr(arguments, name)) is not None}
    with importing_from_here():
        check_writable(files)
        subject = _subject_of(arguments)
        report = _with_commands(_report_of(subject, arguments), arguments)
    failure = None
    try:
        write_all(
            {
                f"--{name}": (files[f"--{name}"], make(report))
                for name, make in _FORMATS.items()
                if f"--{name}" in files
            }
        )
    except CommandError as error:
        # What was found counts more than where it stands.
        failure = error
    with _to_closed_pipes():
        _print(report)
    if failure is not None:
        raise failure
    return _status(report)


_FORMATS: dict[str, Callable[[ContractReport], str]] = {
    "json": lambda report: report.json(),
    "junit": lambda report: report.junit(),
}


def _subject_of(arguments: argparse.Namespace) -> Subject:
    """Return what is checked, with all that can be wrong about it found."""
    from fake_secrets.contract.checking import import_environment, subject_of

    secret = value_of("--secret", arguments.secret)
    previous = None if arguments.previous is None else value_of("--previous", arguments.previous)
    given = pairs_of("--other", "NAME=JSON", arguments.other)
    others = {name: value_of(f"--other {name}", text) for name, text in given.items()}
    environment = pairs_of("--env", "NAME=VALUE", arguments.env)
    allow = pairs_of("--allow", "NAME=REASON", arguments.allow)
    tags = pairs_of("--tag", "KEY=VALUE", arguments.tag)
    _check_names(allow, arguments.only)
    variables = import_environment(arguments.region, environment)
    hidden = secret_texts(secret, previous, others, environment)
    load = {"hidden": hidden, "is_loud": arguments.show_output}
    handler = loaded("the handler", arguments.handler, variables, **load)
    service = None if arguments.service is None else loaded("the service", arguments.service, variables, **load)
    with _told():
        return subject_of(
            handler,
            secret=secret,
            previous=previous,
            other_secrets=others,
            service=service,
            environment=environment,
            name=arguments.name,
            region=arguments.region,
            account_id=arguments.account_id,
            tags=tags or None,
            schedule=arguments.schedule,
            allow=allow,
        )


def _check_names(allow: dict[str, str], only: Sequence[str]) -> None:
    """Check the names of deviations, and those of scenarios as far as they are known before the check."""
    from fake_secrets.contract.catalogue import CATALOGUE
    from fake_secrets.contract.families import FAMILIES, family_of
    from fake_secrets.suggestions import nearest

    for name in allow:
        if name not in CATALOGUE:
            similar = nearest(name, CATALOGUE) or ["never-succeeds", "and so on; see the reference"]
            msg = f"--allow names {name!r}, which is no deviation; there is {', '.join(similar)}"
            raise CommandError(msg)
    for name in only:
        if name not in FAMILIES and family_of(name) is None:
            similar = nearest(name, FAMILIES) or list(FAMILIES)
            msg = f"--only names {name!r}, which is no scenario; there are the families {', '.join(similar)}"
            raise CommandError(msg)


def _report_of(subject: Subject, arguments: argparse.Namespace) -> ContractReport:
    """Run the check."""
    from fake_secrets.contract.checking import check_subject

    display = display_on(sys.stderr)
    try:
        with _told():
            return check_subject(
                subject,
                arguments.only or None,
                watcher=display.show,
                seconds=arguments.seconds,
                is_loud=arguments.show_output,
            )
    finally:
        display.close()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Tell in one sentence what goes wrong in the block, without what may be a secret value."""
    from fake_secrets.contract.checking import UnknownScenarioError

    try:
        yield
    except UnknownScenarioError as error:
        msg = f"--only: {_on_one_line(str(error))}"
        raise CommandError(msg) from None
    except Exception as error:  # noqa: BLE001 -- a service double may raise anything
        raise CommandError(_description_of(error)) from None


def _description_of(error: Exception) -> str:
    """Return what has gone wrong. The message of an error that the user's code raises may hold a secret value."""
    if _is_own(error):
        return _on_one_line(str(error))
    notes = "".join(f", {note}" for note in getattr(error, "__notes__", ()))
    where = f" at {place}" if (place := place_of(error)) else ""
    return (
        f"{type(error).__name__} was raised{where}{notes}; its message isn't shown, because it may hold a secret "
        "value. check_rotation in Python shows it"
    )


def _is_own(error: Exception) -> bool:
    """Return whether an error was raised by this package itself."""
    traceback = error.__traceback__
    file = ""
    while traceback is not None:
        file, traceback = traceback.tb_frame.f_code.co_filename, traceback.tb_next
    return file.startswith(os.path.dirname(os.path.dirname(__file__)))  # noqa: PTH120 -- as in the frame


def _on_one_line(text: str) -> str:
    return " ".join(text.replace(":\n- ", ": ").replace("\n- ", ", ").split()).rstrip(".")


def _with_commands(report: ContractReport, arguments: argparse.Namespace) -> ContractReport:
    """Return a report whose scenarios are replayed by commands."""
    import dataclasses

    command = _replay(arguments)
    violations, notes = (
        tuple(dataclasses.replace(one, replay=f"{command} --only {one.scenario}") for one in some)
        for some in (report.violations, report.notes)
    )
    return dataclasses.replace(report, violations=violations, notes=notes)


def _replay(arguments: argparse.Namespace) -> str:
    """Return the command that checks the same, with an ellipsis for what may be a secret value."""
    words = ["fake-secrets", "check", arguments.handler]
    for name in ("secret", "previous"):
        if (text := getattr(arguments, name)) is not None:
            words += [f"--{name}", _shown(text)]
    for text in arguments.other:
        key, _, value = text.partition("=")
        words += ["--other", f"{key}={_shown(value)}"]
    for text in arguments.env:
        words += ["--env", f"{text.partition('=')[0]}=..."]
    for name, default in (("service", None), ("name", "prod/rotated"), ("region", None), ("schedule", None)):
        if (text := getattr(arguments, name)) != default:
            words += [f"--{name}", text]
    return shlex.join(words)


def _shown(value: str) -> str:
    return value if value.startswith("@") else "..."


def _print(report: ContractReport) -> None:
    table = table_of(report, is_coloured=_is_coloured(sys.stdout))
    for part in (table, str(report)):
        if part:
            print(_encodable(part, sys.stdout), end="\n\n" if part is table else "\n")
    sys.stdout.flush()


def _is_coloured(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _encodable(text: str, stream: TextIO) -> str:
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


@contextlib.contextmanager
def _to_closed_pipes() -> Iterator[None]:
    """Let the reader of the output stop reading, as `head` does."""
    try:
        yield
    except BrokenPipeError:
        # Python flushes the stream once more when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _status(report: ContractReport) -> int:
    if report.passed:
        return _CLEAN
    # A violation that was found is one, whatever else there was no time for.
    has_violation = any(one.allowed is None for one in report.violations)
    return _VIOLATED if has_violation else _UNFINISHED
