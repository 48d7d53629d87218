"""Remarks on parameters that refer to a secret: moto's SSM reads it in moto's own Secrets Manager."""

from __future__ import annotations

import re
import weakref
from typing import TYPE_CHECKING

from fake_secrets import beside_moto
from fake_secrets.arns import partition_of
from fake_secrets.errors import FakeSecretsWarning
from fake_secrets.hook.requests import destination_of, target_sent
from fake_secrets.observe.remarks import users_line
from fake_secrets.service.rules.stages import AWSCURRENT

if TYPE_CHECKING:
    from fake_secrets.hook.requests import Sent
    from fake_secrets.service.state.model import StoredSecret
    from fake_secrets.world.world import World

__all__ = ["READS", "note_references"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# The requests of SSM that read parameters by name.
READS = frozenset({"AmazonSSM.GetParameter", "AmazonSSM.GetParameters"})
# Groups: the parameter, the secret's name, and a label or version id or nothing.
_REFERENCE = re.compile(r'"(/aws/reference/secretsmanager/([\w/+=.@-]+)(?::([^"\\]*))?)"', re.ASCII)

# The parameters that each world has remarked on.
_noted: weakref.WeakKeyDictionary[World, set[str]] = weakref.WeakKeyDictionary()


def note_references(world: World, sent: Sent) -> None:
    """Have it told if a request asks moto's SSM for a secret that moto has not, or with another value.

    Args:
        world: the world in which the request is made.
        sent: the request.
    """
    if target_sent(sent) not in READS or not beside_moto.is_active():
        return
    body = sent.body.decode(errors="replace") if isinstance(sent.body, bytes) else sent.body or ""
    for parameter, name, label in _REFERENCE.findall(body):
        region, identity = destination_of(world, sent)
        account_id = world.principals.caller(identity, partition_of(region)).account_id
        secret = world.contents.secret_at((account_id, region), name)
        noted = _noted.setdefault(world, set())
        if secret is None or parameter in noted:
            continue
        difference = _difference(secret, label or AWSCURRENT)
        if difference:
            noted.add(parameter)
            text = (
                f"A parameter isn't from this world: moto's SSM reads {parameter!r} in moto's own Secrets "
                f"Manager, which {difference}. Create the secret under mock_aws before this world is opened, with "
                "the same value, or read it with GetSecretValue."
            )
            world.remarks.add(FakeSecretsWarning, text, users_line())


def _difference(secret: StoredSecret, label: str) -> str:
    """Return how moto's secret differs from a secret of a world, or an empty string."""
    motos = beside_moto.values_of_secret(secret.account_id, secret.region, secret.name)
    if motos is None:
        return "has no such secret"
    version_id = secret.labels.get(label)
    # A version's id says nothing here, because moto's versions have others.
    differs = version_id is not None and motos.get(label) != secret.versions[version_id].value
    return f"has another value of it under {label}" if differs else ""
