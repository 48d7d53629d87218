"""What `fake-secrets check` checks, by the arguments of the command."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fake_secrets.cli.command_error import CommandError
from fake_secrets.cli.given_values import pairs_of, policy_of, secret_texts, value_of
from fake_secrets.cli.loading import loaded
from fake_secrets.cli.mishaps import told_in_one_sentence
from fake_secrets.observe.words import printable

if TYPE_CHECKING:
    from fake_secrets.contract.subject import Subject

__all__ = ["subject_of_command"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def subject_of_command(arguments: argparse.Namespace) -> Subject:
    """Return what is checked.

    Args:
        arguments: the arguments of the command.

    Raises:
        CommandError: if one of them is wrong.
    """
    from fake_secrets.contract.given_subject import import_environment, subject_of
    from fake_secrets.contract.importing import to_be_imported, with_missing_secret, world_of

    secret = value_of("--secret", arguments.secret)
    previous = None if arguments.previous is None else value_of("--previous", arguments.previous)
    given = pairs_of("--other", "NAME=JSON", arguments.other)
    others = {name: value_of(f"--other {name}", text) for name, text in given.items()}
    environment = pairs_of("--env", "NAME=VALUE", arguments.env)
    allow = pairs_of("--allow", "NAME=REASON", arguments.allow)
    tags = pairs_of("--tag", "KEY=VALUE", arguments.tag)
    policies = [policy_of("--policy", text) for text in arguments.policy]
    context = pairs_of("--context", "KEY=VALUE", arguments.context)
    _check_names(allow, arguments.only)
    if arguments.consumer and arguments.service is None:
        msg = (
            "--consumer needs --service, because only a service double can tell whether the value that a consumer "
            "gets works. Name the class of a service double, or leave --consumer out"
        )
        raise CommandError(msg)
    variables = import_environment(arguments.region, environment)
    hidden = secret_texts(secret, previous, others, environment)
    load = functools.partial(loaded, environment=variables, hidden=hidden, is_loud=arguments.show_output)
    with told_in_one_sentence():
        subject = subject_of(
            to_be_imported,
            secret=secret,
            previous=previous,
            other_secrets=others,
            service=None,
            environment=environment,
            name=arguments.name,
            region=arguments.region,
            account_id=arguments.account_id,
            tags=tags or None,
            schedule=arguments.schedule,
            timeout=arguments.timeout,
            consumers=(),
            allow=allow,
            # A single one keeps its name in messages.
            policy=policies[0] if len(policies) == 1 else policies or None,
            context=context or None,
            kms_key_id=arguments.kms_key_id,
        )
        with world_of(subject) as world:
            try:
                handler = load("the handler", arguments.handler)
                service = None if arguments.service is None else load("the service", arguments.service)
                consumers = [load("the consumer", name) for name in arguments.consumer]
            except CommandError as error:
                told = with_missing_secret(world, error, str(error), "with --other {}=JSON")
                if told is None:
                    raise
                raise CommandError(told) from None
        for doubt in subject.doubts:
            print(f"warning: {printable(doubt)}", file=sys.stderr)
        return dataclasses.replace(subject, handler=handler, service=service, consumers=tuple(consumers))


def _check_names(allow: Mapping[str, str], only: Sequence[str]) -> None:
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
            families = (
                f"is the family {similar[0]}" if len(similar) == 1 else f"are the families {', '.join(similar)}"
            )
            msg = f"--only names {name!r}, which is no scenario; there {families}"
            raise CommandError(msg)
