"""Runs the AWS CLI's code in this process, with the installed botocore."""

import contextlib
import importlib
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import botocore.loaders
import cli_pages

LOGGERS = ("awscli", "botocore", "s3transfer", "urllib3")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a command."""

    status: int
    stdout: str
    stderr: str


def _import_clidriver():
    """Import awscli after the installed packages, and undo the effects of the import on the process.

    awscli contains its own botocore and s3transfer. They replace installed ones that aren't imported
    yet. The import also adds awscli's data to AWS_DATA_PATH.
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

# All commands share one loader, because reading the data files takes most of a command's time.
_loader = botocore.loaders.create_loader(_data_path)


def create_clidriver():
    """Create the driver that runs a command, as awscli does."""
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
    """Restore the loggers, which the CLI changes permanently, especially with --debug."""
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
    return cli_pages.examples_on((PACKAGE / "examples" / "secretsmanager" / f"{operation}.rst").read_text())
