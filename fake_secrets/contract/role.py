"""The role of the rotation function in one trial: what it may do, and what it was denied."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from fake_secrets.arns import partition_of
from fake_secrets.contract.documented_policy import documented_policy
from fake_secrets.contract.needs import Need
from fake_secrets.contract.subject import Subject
from fake_secrets.iam.grants import Grant

if TYPE_CHECKING:
    from fake_secrets.iam.denials import Denial
    from fake_secrets.iam.policy import Policy
    from fake_secrets.world.handle import FakeSecrets
    from fake_secrets.world.world import World

__all__ = ["Role"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class Restricted(Protocol):
    """The part of a trial that its role needs."""

    subject: Subject
    handle: FakeSecrets
    world: World

    def granting(self, grant: Grant) -> contextlib.AbstractContextManager[None]:
        """Let the function's role do something for the length of a `with` block."""


class Role:
    """What the rotation function may do in one trial, and what it was denied.

    Args:
        trial: the trial.
        needs: what the role may do beside its own policies.

    `arns` has the ARNs of the trial's secrets by name, that of the rotated one first. `policies` is what the role
    was given by the user, or else what AWS documents.
    """

    def __init__(self, trial: Restricted, needs: Iterable[Need] = ()) -> None:
        self._trial = trial
        self.arns = {name: trial.handle[name].arn for name in trial.subject.secrets}
        self._key = self._key_arn()
        self.policies = trial.subject.grant or self._documented()
        self._more = list(needs)
        self._untold: list[Denial] = []

    def granted(self, *more: Need, without: Need | None = None) -> contextlib.AbstractContextManager[None]:
        """Grant the permissions for the length of a `with` block.

        Args:
            more: what is granted beside them, from now on.
            without: what is denied.
        """
        self._more += more
        statements = [self._statement("Allow", need) for need in self._more]
        if self._more:
            # What a call asks of other services isn't in question.
            where = {"Resource": "*"} if self._key is None else {"NotResource": self._key}
            statements.append({"Effect": "Allow", "NotAction": "secretsmanager:*", **where})
        if without is not None:
            statements.append(self._statement("Deny", without))
        identity = self.policies.identity or ()
        if statements:
            identity += _loaded({"Version": "2012-10-17", "Statement": statements}, "the contract's policy")
        return self._trial.granting(dataclasses.replace(self.policies, identity=identity))

    def newly_denied(self) -> list[Need]:
        """Return what was denied since this was asked last."""
        kept = self._trial.world.authority.denials
        fresh = list(kept)
        kept.clear()
        self._untold += fresh
        return list(dict.fromkeys(map(self._need_of, fresh)))

    def take_denied(self) -> dict[Need, Denial]:
        """Return what was denied since this was taken last, each thing with its first denial."""
        self.newly_denied()
        taken: dict[Need, Denial] = {}
        for denied in self._untold:
            taken.setdefault(self._need_of(denied), denied)
        self._untold.clear()
        return taken

    def _documented(self) -> Grant:
        own, *others = self.arns.values()
        return Grant(_loaded(documented_policy(own, others, self._key), "the role's policy"))

    def _key_arn(self) -> str | None:
        subject, world = self._trial.subject, self._trial.world
        if subject.kms_key_id is None or not subject.has_key:
            return None
        partition = partition_of(world.region)
        return world.store.keys.names.arn_of(subject.kms_key_id, world.region, partition, subject.account_id)

    def _statement(self, effect: str, need: Need) -> dict[str, Any]:
        own = self.arns.get(need.secret or "", "*")
        return {
            "Effect": effect,
            "Action": need.action,
            "Resource": self._key if need.is_of_key and self._key else own,
        }

    def _need_of(self, denied: Denial) -> Need:
        resource = denied.check.resource
        if resource == self._key:
            return Need(denied.check.action, self._trial.subject.name)
        return Need(denied.check.action, next((name for name, arn in self.arns.items() if arn == resource), None))


def _loaded(document: Mapping[str, Any], name: str) -> tuple[Policy, ...]:
    from fake_secrets.iam.loading import load_policies  # noqa: PLC0415 -- slow to import

    return load_policies(document, name)
