"""Finds the real clients, and runs the AWS CLI as a shell does."""

import functools
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cli_pages
import pytest

# Debian's package. A command of the same name may come first on the PATH.
AWS_CLI_2 = Path("/usr/bin/aws")
# The folders of the pages.
AWS_CLI_1_PAGES = Path(sysconfig.get_path("purelib"), "awscli", "examples", "secretsmanager")
AWS_CLI_2_PAGES = Path("/usr/lib/python3/dist-packages/awscli/examples/secretsmanager")
# The first releases that read AWS_ENDPOINT_URL_SECRETS_MANAGER, by their major version [A: wire-facts 6].
READS_VARIABLES = {1: (1, 29, 0), 2: (2, 13, 0)}
JAVASCRIPT = Path(__file__).parent / "javascript"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a command."""

    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Cli:
    """A version of the AWS CLI."""

    command: tuple[str, ...]
    version: tuple[int, ...]
    pages: Path = field(repr=False)

    @property
    def major(self):
        return self.version[0]

    @property
    def status_of_a_refusal(self):
        """Return the exit status of a call that the service refuses."""
        return 254 if self.major == 2 else 255

    @property
    def reads_variables(self):
        return self.version >= READS_VARIABLES[self.major]

    def examples_of(self, operation, replacements=()):
        """Return the examples on the page of an operation, after replacements in the text of the page."""
        page = (self.pages / f"{operation}.rst").read_text()
        for old, new in replacements:
            page = page.replace(old, new)
        return cli_pages.examples_on(page)

    def run(self, *arguments, **options):
        """Run a command without any terminal, and return its outcome."""
        ran = subprocess.run(
            [*self.command, *arguments],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
            **options,
        )
        return Outcome(ran.returncode, ran.stdout, ran.stderr)


def lacks(what):
    """Skip a test for want of a client. Where FAKE_SECRETS_CLIENTS is "required", fail instead."""
    if os.environ.get("FAKE_SECRETS_CLIENTS") == "required":
        pytest.fail(what)
    pytest.skip(what)


@functools.cache
def cli_1():
    """Return version 1 of the AWS CLI, or None."""
    script = Path(sys.executable).with_name("aws")
    try:
        installed = version("awscli")
    except PackageNotFoundError:
        return None
    return Cli((sys.executable, str(script)), _numbers(installed), AWS_CLI_1_PAGES)


@functools.cache
def cli_2():
    """Return version 2 of the AWS CLI, or None."""
    if not AWS_CLI_2.exists():
        return None
    said = subprocess.run([AWS_CLI_2, "--version"], capture_output=True, text=True, check=True).stdout
    installed = _numbers(said.removeprefix("aws-cli/").partition(" ")[0])
    return Cli((str(AWS_CLI_2),), installed, AWS_CLI_2_PAGES) if installed[0] == 2 else None


def the_cli(major):
    """Return a version of the AWS CLI, or skip the test that asks."""
    found = cli_1() if major == 1 else cli_2()
    if found is None:
        lacks(
            f"version {major} of the AWS CLI must be installed, by "
            + ("pip", "apt-get, as /usr/bin/aws")[major - 1]
        )
    return found


def node():
    """Return the command of Node, or skip the test that asks if it or the packages aren't installed."""
    command = shutil.which("node")
    if command is None or not (JAVASCRIPT / "node_modules").exists():
        lacks("Node and the packages of tests/clients/javascript must be installed, by npm ci")
    return command


def curl():
    """Return the command of curl, or skip the test that asks."""
    command = shutil.which("curl")
    if command is None:
        lacks("curl must be installed")
    return command


def _numbers(version):
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
