"""The AWS CLI's own code in this process, on the installed botocore."""

import contextlib
import importlib
import logging
import os
import re
import shlex
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import botocore.loaders

LOGGERS = ("awscli", "botocore", "s3transfer", "urllib3")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to."""

    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Example:
    """A command of a documentation page, without `aws`, and the output that the page shows."""

    arguments: tuple[str, ...]
    output: str


def _import_clidriver():
    """Import awscli behind the installed packages, and undo what its import does to the process.

    It brings a botocore and an s3transfer of its own, which win over installed ones that
    aren't imported yet, and puts its data on AWS_DATA_PATH.
    """
    for package in ("botocore", "boto3", "s3transfer"):
        importlib.import_module(package)
    with mock.patch.dict(os.environ):
        os.environ.pop("AWS_DATA_PATH", None)
        awscli = importlib.import_module("awscli")
        clidriver = importlib.import_module("awscli.clidriver")
        importlib.import_module("awscli.handlers")
        data_path = os.environ["AWS_DATA_PATH"]
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if not isinstance(finder, awscli.TopLevelImportAliasFinder)
    ]
    return clidriver, data_path


clidriver, _data_path = _import_clidriver()
PACKAGE = Path(clidriver.__file__).parent

# One for all commands: reading the data files is most of a command's time.
_loader = botocore.loaders.create_loader(_data_path)


def create_clidriver():
    """Make what runs a command, as awscli does."""
    driver = clidriver.create_clidriver()
    driver.session.register_component("data_loader", _loader)
    return driver


def main(arguments):
    """Run `aws` as its console script does, and return the exit status."""
    try:
        with mock.patch.object(sys, "argv", ["aws", *arguments]):
            return create_clidriver().main(list(arguments))
    except SystemExit as left:
        return left.code


@contextlib.contextmanager
def logging_restored():
    """Undo what the CLI does to loggers for good, with --debug and, to a lesser degree, without."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    found = [(logger.level, logger.handlers[:]) for logger in loggers]
    try:
        yield
    finally:
        for logger, (level, handlers) in zip(loggers, found, strict=True):
            logger.setLevel(level)
            logger.handlers[:] = handlers


def examples_of(operation):
    """Read the examples of a Secrets Manager operation from the page that awscli installs."""
    page = (PACKAGE / "examples" / "secretsmanager" / f"{operation}.rst").read_text()
    block = r"((?:    .*\n)+)"
    return [
        Example(_arguments(command), textwrap.dedent(output))
        for command, output in re.findall(rf"::\n\n{block}\nOutput::\n\n{block}", page)
    ]


def _arguments(command):
    program, *arguments = shlex.split(command.replace("\\\n", " "))
    assert program == "aws", command
    return tuple(arguments)
