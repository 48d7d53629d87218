"""Writes the table in reference/rotation-permissions.md by rotating: `python docs/list_permissions.py`."""

from __future__ import annotations

import contextlib
import copy
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from fake_secrets import FakeSecrets, Rotation, mock_stages
from fake_secrets.contract.documented_policy import documented_policy
from fake_secrets.service.rules.steps import STEPS

DOCS = Path(__file__).parent
PAGE = DOCS / "reference" / "rotation-permissions.md"
TESTS = DOCS.parent / "tests"
# Two users take turns, so that the function reads the administrator's secret, too.
FUNCTION = "alternating_users"

START = "<!-- The table below is written by docs/list_permissions.py. -->\n"

NAME = "prod/db"
KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
ROLE = "arn:aws:iam::123456789012:role/rotation"


@dataclass(frozen=True)
class Permission:
    """A permission of the documented policy: an action, and the number of its statement."""

    action: str
    statement: int

    @property
    def title(self) -> str:
        """What the table calls it."""
        resources = ["the secret", "", "the administrator's secret", "the key"]
        on = resources[self.statement]
        return f"`{self.action}`{f' on {on}' if on else ''}"


class World:
    """A world with a rotation that is about to begin, under the documented policy."""

    def __init__(self, handle: FakeSecrets, exhibit: Any) -> None:
        arguments = exhibit.arguments
        secret = handle.add(NAME, arguments["secret"], kms_key_id=KEY)
        others = [handle.add(name, value).arn for name, value in arguments["other_secrets"].items()]
        self.handle = handle
        self.policy = documented_policy(secret.arn, others, KEY)
        handle.lambda_function(exhibit.handler, role=ROLE)
        self.rotation: Rotation = handle.rotate(NAME, exhibit.handler)

    def step(self, without: Permission | None = None) -> bool:
        """Run the next step. Return whether it was denied something."""
        policy = copy.deepcopy(self.policy)
        if without is not None:
            policy["Statement"][without.statement]["Action"].remove(without.action)
            policy["Statement"] = [one for one in policy["Statement"] if one["Action"]]
        step = self.rotation.next_step
        with self.handle.permissions(policy, principal=ROLE):
            self.rotation.step(errors="record")
        return self.rotation.failed_step == step


@contextlib.contextmanager
def world() -> Iterator[World]:
    """Open a world with the function and its service."""
    sys.path.insert(0, str(TESTS))
    from contract.gallery_modules import load  # noqa: PLC0415 -- found in the tests only

    exhibit = load("good", FUNCTION)
    with (
        mock_stages({}, rotation="manual") as handle,
        exhibit.arguments["service"](),
        mock.patch.dict(os.environ, exhibit.arguments["environment"]),
    ):
        yield World(handle, exhibit)


def permissions() -> list[Permission]:
    """Return the permissions of the documented policy."""
    with world() as opened:
        statements = opened.policy["Statement"]
    return [Permission(action, number) for number, one in enumerate(statements) for action in one["Action"]]


def denied_in(permission: Permission) -> list[str]:
    """Return the steps that are denied something if the role lacks a permission during that step alone."""
    denied = []
    for number, step in enumerate(STEPS):
        with world() as opened:
            for _ in range(number):
                opened.step()
            if opened.step(without=permission):
                denied.append(step)
    return denied


def fails_in(permission: Permission | None) -> str | None:
    """Return the step with which the rotation fails if the role lacks a permission all the time."""
    with world() as opened:
        return next((step for step in STEPS if opened.step(without=permission)), None)


def table() -> str:
    """Return the table, as Markdown."""
    lines = [
        f"| without | {' | '.join(STEPS)} | the rotation fails in |",
        f"|---|{'---|' * len(STEPS)}---|",
        f"| nothing {'|  ' * len(STEPS)}| {fails_in(None) or 'no step'} |",
    ]
    for permission in permissions():
        denied = denied_in(permission)
        cells = "".join(f"| {'denied' if step in denied else ''} " for step in STEPS)
        lines.append(f"| {permission.title} {cells}| {fails_in(permission)} |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """Return the page with the table as it should be."""
    prose, start, _ = PAGE.read_text(encoding="utf-8").partition(START)
    return f"{prose}{start}\n{table()}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
