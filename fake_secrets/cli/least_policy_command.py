"""The command `fake-secrets policy`, which writes the least policy out of the record of a run of tests."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from fake_secrets.cli.command_error import CommandError, tell
from fake_secrets.cli.output_files import check_writable, write_all
from fake_secrets.cli.policy_formats import FORMATS, written
from fake_secrets.cli.standard_output import write_out
from fake_secrets.contract.defaults import NAME
from fake_secrets.iam.callers import by_caller, needs_of_caller
from fake_secrets.iam.least_policy import Need
from fake_secrets.iam.recorded_needs import needs_in

__all__ = ["SUMMARY", "add_arguments", "run"]

SUMMARY = "write the least IAM policy for the calls of a run of tests"

_WRITTEN, _CANNOT_RUN, _INTERRUPTED = 0, 2, 130
_EXIT_STATUS = "exit status: 0 if the policy is written, 2 if it can't be, 130 after Ctrl-C"
_ACCOUNT_ID = re.compile(r"[0-9]{12}")
# What a managed policy may have, without white space [B: IAM quotas].
_MOST_CHARACTERS = 6_144


class _Once(argparse.Action):
    """Stores a value, and refuses a second one, which would replace the first silently."""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        _option: str | None = None,
    ) -> None:
        if getattr(namespace, self.dest) is not None:
            msg = "it is given twice; each caller has a policy of its own, so ask for one after the other"
            raise argparse.ArgumentError(self, msg)
        setattr(namespace, self.dest, values)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.epilog = _EXIT_STATUS
    parser.add_argument(
        "record", metavar="RECORD", help="the file that pytest --fake-secrets-least-policy=RECORD has written"
    )
    parser.add_argument(
        "--as", dest="form", choices=FORMATS, default="json", help="the form of the policy (default: %(default)s)"
    )
    caller = parser.add_argument_group("whose policy").add_mutually_exclusive_group()
    caller.add_argument("--principal", action=_Once, metavar="ARN", help="the policy of a user or a role")
    caller.add_argument(
        "--function", action=_Once, metavar="NAME", help="the policy of a rotation function, by name or ARN"
    )
    place = parser.add_argument_group("where it is used")
    place.add_argument(
        "--region",
        type=_region,
        help="the region; by default that of the tests in JSON, else that of the deployment",
    )
    place.add_argument(
        "--account", type=_account, metavar="ID", help="the account, twelve digits; by default as for the region"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write into this file instead of the output")


def run(arguments: argparse.Namespace) -> int:
    """Write the policy.

    Args:
        arguments: the arguments of the command.

    Returns:
        The exit status.
    """
    try:
        _run(arguments)
    except CommandError as error:
        tell("policy", error)
        return _CANNOT_RUN
    except KeyboardInterrupt:
        print("fake-secrets policy: interrupted.", file=sys.stderr)
        return _INTERRUPTED
    return _WRITTEN


def _run(arguments: argparse.Namespace) -> None:
    record, output = arguments.record, arguments.output
    if output is not None:
        _check_output(output, record)
    every = _needs_in(record)
    needs = _needs_of_caller(every, record, arguments)
    text = written(needs, arguments.form, arguments.region, arguments.account)
    if output is None:
        write_out(text)
    else:
        write_all({"--output": (output, text)})
    for remark in (*_of_others(every, needs, arguments), *_remarks(needs, arguments)):
        print(f"fake-secrets policy: {remark}", file=sys.stderr)


def _check_output(output: str, record: str) -> None:
    if Path(output).exists() and Path(record).exists() and Path(output).samefile(record):
        msg = f"--output {output!r} is the record, which would be lost"
        raise CommandError(msg)
    check_writable({"--output": output})


def _needs_in(record: str) -> list[Need]:
    try:
        return needs_in(Path(record).read_text(encoding="utf-8"))
    except FileNotFoundError:
        why = "doesn't exist"
    except UnicodeDecodeError:
        why = "isn't a record of --fake-secrets-least-policy"
    except OSError as error:
        why = f"can't be read: {error.strerror or type(error).__name__}"
    except ValueError as error:
        why = str(error)
    msg = f"{record!r} {why}"
    raise CommandError(msg)


def _needs_of_caller(needs: Sequence[Need], record: str, arguments: argparse.Namespace) -> Sequence[Need]:
    try:
        chosen = needs_of_caller(needs, arguments.principal, arguments.function)
    except ValueError:
        listed = "".join(f"\n  --{caller.kind} {caller.name}" for caller in by_caller(needs))
        what = "choose whose policy is written" if _names_nobody(arguments) else "that caller has made no call"
        msg = f"{what}. {record!r} has the calls of:{listed or ' nobody'}"
        raise CommandError(msg) from None
    if not chosen:
        msg = f"{record!r} has no calls, so there is nothing to allow"
        raise CommandError(msg)
    return chosen


def _names_nobody(arguments: argparse.Namespace) -> bool:
    return arguments.principal is None and arguments.function is None


def _of_others(every: Sequence[Need], needs: Sequence[Need], arguments: argparse.Namespace) -> Iterator[str]:
    """Yield whose policy it is, if nobody has chosen among several callers."""
    if not _names_nobody(arguments):
        return
    chosen, others = list[str](), list[str]()
    for caller in by_caller(every):
        (chosen if set(caller.needs) <= set(needs) else others).append(f"--{caller.kind} {caller.name}")
    if others:
        also = ", ".join(others)
        yield f"the policy is that of {' and '.join(chosen)}; the record has the calls of {also}, too."


def _remarks(needs: Sequence[Need], arguments: argparse.Namespace) -> Iterator[str]:
    """Yield what the reader of a policy should know."""
    if arguments.form == "json":
        missing = [name for name in ("region", "account") if getattr(arguments, name) is None]
        if missing:
            options = " and ".join(f"--{name}" for name in missing)
            yield f"the policy is for the {' and the '.join(missing)} of the tests; give {options} for another."
    if any(one.resource.endswith(f":secret:{NAME}-??????") for one in needs):
        yield f"{NAME} is the secret of a rotation contract without a name; give the contract that of yours."
    size = len("".join(written(needs, "json", arguments.region, arguments.account).split()))
    if size > _MOST_CHARACTERS:
        yield f"the policy has {size:,} characters, and a managed policy may have {_MOST_CHARACTERS:,}."


def _region(text: str) -> str:
    # Imported late: the other commands are there sooner.
    from fake_secrets.observe.least_privilege import check_real_region

    try:
        check_real_region(text)
    except ValueError:
        msg = f"{text!r} isn't a region, such as us-east-1"
        raise argparse.ArgumentTypeError(msg) from None
    return text


def _account(text: str) -> str:
    if not _ACCOUNT_ID.fullmatch(text):
        msg = f"{text!r} isn't an account, twelve digits"
        raise argparse.ArgumentTypeError(msg)
    return text
