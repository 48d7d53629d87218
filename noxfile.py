"""Every check of this project by name: `nox --list` shows them, `nox -s lint` runs one of them.

Each session installs what it needs into an environment of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess

import nox

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
OLDEST = PYTHONS[0]
# Tests that take seconds are shared out once more at the end, so that no core waits for another's.
STEALING = ["-n", "auto", "--dist", "worksteal"]
PROJECT = nox.project.load_toml("pyproject.toml")["project"]

nox.options.default_venv_backend = "virtualenv"
nox.options.download_python = "never"
# The tests run on each Python that is installed. The summary names those that aren't.
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "types", "docs", "tests", "slow", "compat", "lowest"]
nox.options.sessions += ["gallery", "postgres", "browser", "clients", "bench", "package"]

# With pyenv, each Python has a command, but the command fails unless that Python is among the chosen ones.
if pyenv := shutil.which("pyenv"):
    installed = subprocess.run([pyenv, "versions", "--bare"], stdout=subprocess.PIPE, text=True, check=True)
    os.environ["PYENV_VERSION"] = ":".join(installed.stdout.split())


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on each Python that is installed, on those after the oldest the slow ones too."""
    session.install("-e", ".[test]")
    # The session `slow` runs them on the oldest. The pages of the documentation start a pytest each, so they are
    # tried there only. The session `clients` runs the tests of clients.
    slow = [] if session.python == OLDEST else ["--slow", "--ignore=tests/test_docs.py", "--ignore=tests/clients"]
    session.run("pytest", "-q", "-n", "auto", "--strict-warnings", *slow, *session.posargs)


@nox.session(python=OLDEST)
def slow(session: nox.Session) -> None:
    """Run the slow tests, which a plain run of pytest leaves out."""
    session.install("-e", ".[test]")
    # The session `clients` has what those tests need, and runs the slow ones too.
    slow = ["--slow", "-m", "slow", "--ignore=tests/clients"]
    session.run("pytest", "-q", *STEALING, "--strict-warnings", *slow, *session.posargs)


@nox.session(python=OLDEST)
def compat(session: nox.Session) -> None:
    """Run the tests of other libraries with aiobotocore, which needs a botocore of its own."""
    session.install("-e", ".[compat]")
    session.run("pytest", "-q", "--slow", "--strict-warnings", "tests/compat", *session.posargs)


@nox.session(python=OLDEST)
def lowest(session: nox.Session) -> None:
    """Run the tests on the lowest botocore, wrapt and test tools that pyproject.toml allows."""
    # The AWS CLI, moto and OpenTelemetry need a newer botocore, so their tests don't run here. The pages of the
    # documentation start a pytest each, and are tried on the newest.
    tools = ["freezegun", "hypothesis", "pytest", "pytest-asyncio", "pytest-randomly", "pytest-socket"]
    tools += ["time-machine"]
    bounds = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    lowest_of = dict(bound.split(">=") for bound in bounds if ">=" in bound)
    lowest_of["boto3"] = lowest_of["botocore"]
    pins = [f"{name}=={lowest_of[name]}" for name in ("botocore", "boto3", "wrapt", *tools)]
    session.install("-e", ".", *pins, "pytest-xdist")
    unsupported = ["--ignore=tests/test_awscli.py", "--ignore=tests/test_docs.py", "-k", "not opentelemetry"]
    # Before 9.2, pytest gives the name of a folder that it has deleted to the next test.
    unsupported += ["-o", "tmp_path_retention_policy=all"]
    session.run("pytest", "-q", "-n", "auto", "--slow", "--strict-warnings", *unsupported, *session.posargs)


@nox.session(python=OLDEST)
def gallery(session: nox.Session) -> None:
    """Check every rotation function of the gallery against the contract, and run the other long tests."""
    session.install("-e", ".[test]")
    session.run("pytest", "-q", *STEALING, "--strict-warnings", "--long", "-m", "long", *session.posargs)


@nox.session(python=OLDEST)
def postgres(session: nox.Session) -> None:
    """Check the rotation functions of examples/postgres against a real server."""
    session.chdir("examples/postgres")
    session.install("--requirement", "requirements.txt")
    session.run("pytest", "-q", *session.posargs)


@nox.session(python=OLDEST)
def browser(session: nox.Session) -> None:
    """Look at the pages of timelines and reports in a browser. Needs Chromium."""
    session.install("-e", ".[browser]")
    looks = ["tests/observe/test_pictures_browser.py", "tests/server/control/test_control_page_browser.py"]
    required = {"FAKE_SECRETS_BROWSER": "required"}
    session.run("pytest", "-q", "--slow", "--strict-warnings", *looks, *session.posargs, env=required)


@nox.session(python="3.13")
def clients(session: nox.Session) -> None:
    """Play a served world with real clients. Needs version 2 of the AWS CLI, curl, Node and npm."""
    # AWS's own Python SDK needs Python 3.12.
    session.install("-e", ".[clients]")
    with session.chdir("tests/clients/javascript"):
        session.run("npm", "ci", "--no-audit", "--no-fund", "--silent", external=True)
    required = {"FAKE_SECRETS_CLIENTS": "required"}
    session.run("pytest", "-q", "--slow", "--strict-warnings", "tests/clients", *session.posargs, env=required)


@nox.session(python=OLDEST)
def lint(session: nox.Session) -> None:
    """Check style and format with ruff."""
    session.install(*PROJECT["optional-dependencies"]["lint"])
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=OLDEST)
def types(session: nox.Session) -> None:
    """Check types with mypy, and the types that users see with mypy and pyright."""
    session.install("-e", ".[types]")
    session.run("mypy")
    session.run("pytest", "-q", "--slow", "--strict-warnings", "tests/test_typing.py")


@nox.session(python=OLDEST)
def docs(session: nox.Session) -> None:
    """Build the documentation, with warnings as errors."""
    session.install(".[docs]")
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", session.create_tmp())


@nox.session(python=OLDEST)
def bench(session: nox.Session) -> None:
    """Fail if a call takes more instructions than its limit. Needs valgrind."""
    session.install("-e", ".[test]")
    session.run("python", "benchmarks/instructions.py", "--gate")


@nox.session(python=OLDEST)
def package(session: nox.Session) -> None:
    """Build the wheel and the sdist, and use them in empty environments."""
    session.install("build")
    session.run("python", ".ci/package.py")


@nox.session(python=OLDEST)
def newest(session: nox.Session) -> None:
    """Run the tests on pre-releases of the dependencies, with every warning as an error."""
    session.install("--pre", "--upgrade", "--upgrade-strategy=eager", "-e", ".[test]")
    later = [f"-Werror::{kind}" for kind in ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning")]
    session.run("pytest", "-q", "-n", "auto", "--slow", "--strict-warnings", *later, *session.posargs)


@nox.session(python=OLDEST)
def long(session: nox.Session) -> None:
    """Run the fuzzer, the state machine of secrets, 32 threads and 200 forks at length, and print figures."""
    session.install("-e", ".[test]")
    files = [
        "tests/activation/test_forks.py",
        "tests/service/test_fuzz.py",
        "tests/service/state/test_secrets_machine.py",
        "tests/world/test_threads.py",
    ]
    session.run("pytest", "-q", "-s", "--slow", *files, *session.posargs, env={"FAKE_SECRETS_LONG": "1"})
