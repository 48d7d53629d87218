"""The arguments of `fake-secrets serve`, and what is read from the files and modules that they name."""

from __future__ import annotations

import argparse
import contextlib
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fake_secrets import clock
from fake_secrets.arns import PRINCIPAL_ARN
from fake_secrets.cli.command_error import CommandError
from fake_secrets.cli.loading import loaded
from fake_secrets.errors import PolicyError, SeedError

if TYPE_CHECKING:
    from fake_secrets.world.handle import FakeSecrets

__all__ = ["add_arguments", "give_policies", "moment_of", "register_functions", "seed_of"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_MAX_PORT = 65_535
_MAX_FUNCTION_NAME = 64
_NOT_IN_FUNCTION_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_LARGEST_SEED = 64 * 1024 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.epilog = (
        "The first line of the output is the URL, then come lines to export in a shell; requests are logged to "
        "the standard error. Exit status: 0 after Ctrl-C or SIGTERM, 2 if the server can't start or can't write "
        "the state file at its end, and that of COMMAND if one is given."
    )
    where = parser.add_argument_group("where it listens")
    where.add_argument("--port", type=_port, default=0, help="the port (default: a free one)")
    where.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="the address (default: 127.0.0.1, for this machine only)",
    )
    where.add_argument(
        "--local-endpoints",
        nargs="?",
        const="agent",
        choices=("agent", "extension"),
        help="also answer as AWS's local helpers do: the Secrets Manager Agent (default), or the Lambda extension",
    )
    where.add_argument(
        "--local-port", type=_port, default=2773, metavar="PORT", help="the port for that (default: %(default)s)"
    )
    where.add_argument(
        "--name",
        action="append",
        default=[],
        help="another name by which clients call it, such as host.docker.internal; can be repeated",
    )
    world = parser.add_argument_group("what it serves")
    world.add_argument("--region", help="the region of the seed (default: that of the environment, or us-east-1)")
    world.add_argument(
        "--account-id", default="123456789012", metavar="ID", help="the account of the seed (default: %(default)s)"
    )
    world.add_argument(
        "--seed", type=_file, metavar="FILE", help="the secrets to begin with: a JSON object from name to value"
    )
    world.add_argument(
        "--state",
        type=_file,
        metavar="FILE",
        help="keep everything in this file, secret values too, and go on from it",
    )
    world.add_argument(
        "--function",
        action="append",
        default=[],
        metavar="NAME=module:function",
        help="the rotation function of the secret NAME, or one that NAME is the name of; can be repeated",
    )
    world.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="[ROLE=]FILE",
        help="an identity policy of a role, or of all who call without credentials of their own; can be repeated",
    )
    world.add_argument(
        "--clock",
        type=moment_of,
        metavar="TIME",
        help="the time at which the clock starts, such as 2030-01-01T00:00:00Z",
    )
    parser.add_argument("--quiet", action="store_true", help="log no requests, denials and rotations")
    parser.add_argument(
        # `command` is the command of fake-secrets itself.
        "program",
        nargs="*",
        metavar="COMMAND",
        help="after --: a command to run with the variables set; the server ends with it",
    )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _MAX_PORT:
        msg = f"{text!r} isn't a port: a number from 0, for a free one, to {_MAX_PORT}"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _file(text: str) -> str:
    if not text:
        msg = "the name of the file is empty"
        raise argparse.ArgumentTypeError(msg)
    return text


def moment_of(text: str) -> float:
    """Return a time in ISO form, in epoch seconds.

    Raises:
        argparse.ArgumentTypeError: if it isn't one, or has no time zone.
    """
    moment = clock.from_iso(text)
    if moment is None:
        msg = f"{text!r} isn't a time with a time zone, such as 2030-01-01T00:00:00Z"
        raise argparse.ArgumentTypeError(msg)
    return moment


def seed_of(path: str | None) -> dict[str, Any]:
    """Return the secrets in a file of JSON, as `mock_stages` takes them; none without a file.

    Raises:
        CommandError: if the file can't be read, or has another form.
    """
    if path is None:
        return {}
    from fake_secrets.service.state.json_seeds import secrets_of_text

    try:
        with Path(path).open("rb") as file:
            text = file.read(_LARGEST_SEED + 1)
    except OSError as error:
        msg = f"--seed {path} can't be read: {error.strerror}"
        raise CommandError(msg) from None
    if len(text) > _LARGEST_SEED:
        msg = f"--seed {path} is larger than {_LARGEST_SEED // 2**20} MiB"
        raise CommandError(msg)
    try:
        return secrets_of_text(text)
    except SeedError as error:
        msg = (
            f"--seed {path} {error}"
            if str(error).startswith(("isn't", "is ", "has"))
            else f"--seed {path}: {error}"
        )
        raise CommandError(msg) from None


def register_functions(
    fake_secrets: FakeSecrets, given: Sequence[str], hidden: Collection[str] = ()
) -> dict[str, str]:
    """Import rotation functions and register them.

    Args:
        fake_secrets: the handle of the active world, which answers the clients that a module makes on import.
        given: what ``--function`` was given.
        hidden: texts that no error may show.

    Returns:
        From the names that they were given to the ARNs of the functions.

    Raises:
        CommandError: if a function can't be imported or registered.
    """
    arns: dict[str, str] = {}
    for text in given:
        name, handler = _pair("--function", text, "prod/db=my_module:lambda_handler")
        if name in arns:
            msg = f"--function names {name!r} twice"
            raise CommandError(msg)
        function = loaded("the rotation function", handler, {}, hidden=hidden, is_loud=True)
        lambda_name = _NOT_IN_FUNCTION_NAME.sub("-", name)[:_MAX_FUNCTION_NAME]
        with _told("--function"):
            arns[name] = fake_secrets.lambda_function(function, lambda_name)
    return arns


def give_policies(fake_secrets: FakeSecrets, given: Sequence[str]) -> list[str]:
    """Say what roles, or the default caller, may do.

    Args:
        fake_secrets: the handle of the world.
        given: what ``--policy`` was given.

    Returns:
        The ARNs of the roles.

    Raises:
        CommandError: if a policy can't be read, if IAM would refuse it, or if a role is none.
    """
    from fake_secrets.world.permissions import give_for_good

    by_role: dict[str | None, list[Path]] = {}
    for text in given:
        role, path = _policy_in(text)
        arn = None if role is None else _role_of(role, fake_secrets.account_id)
        by_role.setdefault(arn, []).append(path)
    for arn, policies in by_role.items():
        with _told("--policy"):
            give_for_good(fake_secrets._world, policies, arn)
    return [arn for arn in by_role if arn is not None]


def _policy_in(text: str) -> tuple[str | None, Path]:
    """Return the role and the file that ``--policy`` names. The name of a file may have an equals sign in it."""
    role, equals, path = text.rpartition("=")
    if Path(text).is_file() or not equals:
        role, path = "", text
    if not Path(path).is_file():
        msg = f"--policy names {path!r}, which is no file"
        raise CommandError(msg)
    return role if path != text else None, Path(path)


def _role_of(role: str, account_id: str) -> str:
    arn = role if role.startswith("arn:") else f"arn:aws:iam::{account_id}:role/{role}"
    if not PRINCIPAL_ARN.fullmatch(arn):
        msg = f"--policy: {role!r} isn't a role's name, or its ARN such as arn:aws:iam::{account_id}:role/app"
        raise CommandError(msg)
    return arn


def _pair(option: str, text: str, form: str) -> tuple[str, str]:
    name, equals, value = text.rpartition("=")
    if not equals or not name or not value:
        msg = f"{option} is written as {option} {form}, not as {text!r}"
        raise CommandError(msg)
    return name, value


@contextlib.contextmanager
def _told(option: str) -> Iterator[None]:
    """Tell in one sentence what the handle refuses.

    Raises:
        CommandError: if it refuses something in the block.
    """
    try:
        yield
    except (PolicyError, OSError, TypeError, ValueError) as error:
        text = " ".join(str(error).replace(":\n- ", ": ").replace("\n- ", ", ").split())
        msg = f"{option}: {text}"
        raise CommandError(msg) from None
