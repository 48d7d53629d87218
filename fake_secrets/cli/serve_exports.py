"""The lines that `fake-secrets serve` prints for a shell: what to export, and comments that say more."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping

from fake_secrets.environment import (
    ENDPOINT_VARIABLE,
    FAKE_ACCESS_KEY_ID,
    FAKE_SECRET_ACCESS_KEY,
    FAKE_SESSION_TOKEN,
    without_proxies,
)
from fake_secrets.iam.principals import credentials_of
from fake_secrets.observe.words import cut

__all__ = ["environment_of", "lines_for_a_shell"]

_HIDDEN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
# A name in a comment takes no more columns.
_WIDTH = 200


def environment_of(url: str, region: str, token: str, surroundings: Mapping[str, str]) -> dict[str, str | None]:
    """Return the variables with which a client asks the server; None stands for one that must not be set.

    Args:
        url: the URL of the server.
        region: the region of the world.
        token: the token of the control API.
        surroundings: the environment as it is.
    """
    return {
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
        ENDPOINT_VARIABLE: url,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": FAKE_ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": FAKE_SECRET_ACCESS_KEY,
        "AWS_SESSION_TOKEN": FAKE_SESSION_TOKEN,
        "AWS_EC2_METADATA_DISABLED": "true",
        **without_proxies(surroundings),
        "FAKE_SECRETS_TOKEN": token,
        "FAKE_SECRETS_PID": str(os.getpid()),
        **dict.fromkeys(_HIDDEN),
    }


def lines_for_a_shell(
    variables: Mapping[str, str | None],
    *,
    functions: Mapping[str, str],
    roles: Iterable[str],
) -> list[str]:
    """Return the lines to paste into a POSIX shell. What isn't a command is a comment.

    Args:
        variables: the variables.
        functions: from the names that were given to the rotation functions to their ARNs.
        roles: the ARNs of the roles that were given policies.
    """
    url, token = variables["AWS_ENDPOINT_URL_SECRETS_MANAGER"], variables["FAKE_SECRETS_TOKEN"]
    exports = [f"export {name}={shlex.quote(value)}" for name, value in variables.items() if value is not None]
    lines = [
        *exports,
        f"unset {' '.join(name for name, value in variables.items() if value is None)}",
        "# The AWS CLI reads these variables from version 2.13.0, or 1.29.0, on. Older ones, such as Debian's",
        f"# 2.9.19, ask AWS, unless each command has the option --endpoint-url {url}",
        f"# A page that shows secrets and labels: {url}/_fake_secrets/#token={token}",
    ]
    lines += [f"# The rotation function for {cut(name, _WIDTH)}: {arn}" for name, arn in functions.items()]
    for role in roles:
        lines.append(f"# To call as {role}: export AWS_ACCESS_KEY_ID={credentials_of(role)['aws_access_key_id']}")
    return lines
