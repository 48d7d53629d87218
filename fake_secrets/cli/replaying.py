"""The commands that replay the scenarios of a report."""

from __future__ import annotations

import argparse
import dataclasses
import re
import shlex
from typing import TYPE_CHECKING

from fake_secrets.contract.defaults import NAME

if TYPE_CHECKING:
    from fake_secrets.contract.catalogue import Advice
    from fake_secrets.contract.report import ContractReport, Violation

__all__ = ["with_commands", "with_options"]

# What reports call arguments in Python, and what the command calls them.
_OPTIONS = {
    "environment": "--env",
    "other_secrets": "--other",
    "policy": "--policy",
    "previous": "--previous",
    "secret": "--secret",
    "service": "--service",
}
# Those that take a text, and those that take pairs, with what stands for the value of a pair.
_TEXTS = {"account_id": "--account-id", "name": "--name", "region": "--region"}
_PAIRS = {"environment": "VALUE", "other_secrets": "JSON"}
_ARGUMENT = re.compile(rf"\b(?P<name>{'|'.join(_OPTIONS)})=")
_TEXT = re.compile(rf"\b(?P<name>{'|'.join(_TEXTS)})='(?P<value>[^']*)'")
_PAIR = re.compile(rf"\b(?P<name>{'|'.join(_PAIRS)})=\{{'(?P<key>[^']*)': \.\.\.\}}")
# The deviation whose detail names arguments. Other details have texts of the user's.
_OF_POLICIES = "permission-missing"
_DEFAULTS = {"name": NAME, "account-id": "123456789012", "timeout": 900}


def with_commands(report: ContractReport, arguments: argparse.Namespace) -> ContractReport:
    """Return a report whose scenarios are replayed by commands.

    Args:
        report: the report.
        arguments: the arguments of the command.
    """
    command = _replay(arguments)
    violations, notes = (
        tuple(
            dataclasses.replace(
                one,
                title=with_options(one.title),
                detail=with_options(one.detail) if one.name == _OF_POLICIES else one.detail,
                replay=f"{command} --only {one.scenario}",
                _advice=_with_options(one),
            )
            for one in some
        )
        for some in (report.violations, report.notes)
    )
    left_out = tuple(map(with_options, report.left_out))
    return dataclasses.replace(report, violations=violations, notes=notes, left_out=left_out)


def _with_options(violation: Violation) -> Advice:
    """Return what a report says of a cause, with the command's options in place of arguments in Python."""
    from fake_secrets.contract.catalogue import Advice

    return Advice(with_options(violation.cause), with_options(violation.mend))


def with_options(text: str) -> str:
    """Return a text with the command's options in place of arguments in Python."""
    for pattern, option_of in ((_PAIR, _option_of_pair), (_TEXT, _option_of_text), (_ARGUMENT, _option)):
        text = pattern.sub(option_of, text)
    return text


def _option_of_pair(found: re.Match[str]) -> str:
    return f"{_OPTIONS[found['name']]} {found['key']}={_PAIRS[found['name']]}"


def _option_of_text(found: re.Match[str]) -> str:
    return f"{_TEXTS[found['name']]} {shlex.quote(found['value'])}"


def _option(found: re.Match[str]) -> str:
    return _OPTIONS[found["name"]]


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
    for option in ("service", "name", "region", "account-id", "schedule", "timeout", "kms-key-id"):
        text = getattr(arguments, option.replace("-", "_"))
        if text not in {None, _DEFAULTS.get(option)}:
            words += [f"--{option}", f"{text:g}" if isinstance(text, float) else str(text)]
    for text in arguments.policy:
        is_document = text.lstrip().startswith(("{", "["))
        words += ["--policy", "..." if is_document else text]
    for option in ("context", "consumer", "tag"):
        words += [word for text in getattr(arguments, option) for word in (f"--{option}", text)]
    return shlex.join(words)


def _shown(value: str) -> str:
    return value if value.startswith("@") else "..."
