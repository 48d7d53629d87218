"""What Ref and Fn::GetAtt give of a template's resources: their names and ARNs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fake_secrets.errors import PolicyError
from fake_secrets.policies.deployment import Deployment
from fake_secrets.policies.effort import Effort
from fake_secrets.policies.resource_kinds import (
    KEYS,
    KINDS,
    OF_SECRET,
    SECRET,
    Kind,
    generated_name,
    name_in,
    secret_name,
    secret_suffix,
)
from fake_secrets.policies.template import Resource

__all__ = ["Identities"]

Evaluate = Callable[[Any, str], Any]


class Identities:
    """Finds the names and ARNs of resources.

    Args:
        deployment: what is known of the deployment.
        effort: what bounds the work.
        evaluate: evaluates an expression at a place.
    """

    def __init__(self, deployment: Deployment, effort: Effort, evaluate: Evaluate) -> None:
        self._deployment = deployment
        self._effort = effort
        self._evaluate = evaluate
        # Generated name to the logical ID that it was made up for.
        self._made_up: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def ref(self, resource: Resource, place: str) -> str:
        """Return what Ref gives.

        Args:
            resource: the resource.
            place: where the Ref stands, for messages.

        Raises:
            PolicyError: it can't be known.
        """
        if resource.kind in OF_SECRET:
            return self._secret_of(resource)
        kind = KINDS.get(resource.kind)
        if kind is None:
            given = self._given(resource.logical_id, place, f"Ref of {resource.logical_id}, an {resource.kind}")
            return name_in(given) if resource.kind in KEYS else given
        if kind.ref == "arn":
            return self.arn(resource)
        name = self.name(resource)
        if kind.ref == "url":
            of = self._deployment.pseudo
            return f"https://sqs.{of['AWS::Region']}.{of['AWS::URLSuffix']}/{of['AWS::AccountId']}/{name}"
        return name

    def attribute(self, resource: Resource, attribute: str, place: str) -> str:
        """Return what Fn::GetAtt gives; see `ref`."""
        key = f"{resource.logical_id}.{attribute}"
        given, kind = self._deployment.given(key), KINDS.get(resource.kind)
        if given is not None:
            return given
        if kind is not None and attribute in {kind.arn_attribute, "Arn"}:
            return self.arn(resource)
        if kind is not None and attribute == kind.name:
            return self.name(resource)
        if kind is None and attribute == "Arn":
            return self._given(resource.logical_id, place, f"the ARN of {resource.logical_id}, an {resource.kind}")
        return self._given(key, place, f"Fn::GetAtt of {key}")

    def arn(self, resource: Resource) -> str:
        """Return the ARN of a resource of a known kind; see `ref`."""
        given, kind = self._deployment.given(resource.logical_id), KINDS[resource.kind]
        if given is not None:
            return given
        arn = self._arn_from(kind, self.name(resource), self._path(resource, kind))
        if resource.kind == SECRET:
            arn += secret_suffix()
            self._made_up[arn] = resource.logical_id
        return arn

    def name(self, resource: Resource) -> str:
        """Return the name of a resource of a known kind; see `ref`."""
        logical_id = resource.logical_id
        if logical_id not in self._names:
            given = self._deployment.given(logical_id)
            self._names[logical_id] = self._own_name(resource) if given is None else name_in(given)
        return self._names[logical_id]

    def made_up_in(self, text: str) -> list[str]:
        """Return the logical IDs of the resources whose made-up ARNs or names are in a text."""
        return sorted({logical_id for made_up, logical_id in self._made_up.items() if made_up in text})

    def compared_literally(self, place: str, text: str) -> PolicyError:
        """Return the exception for a text with characters that AWS makes up, where IAM reads no wildcards."""
        logical_ids = self.made_up_in(text)
        what = f"the whole ARN of {', '.join(logical_ids)}, because a wildcard would be compared literally here"
        return self._deployment.unknown(place, what, "arns", *logical_ids)

    def _own_name(self, resource: Resource) -> str:
        """Return the name that the template gives, or else that AWS makes up."""
        logical_id, kind = resource.logical_id, KINDS[resource.kind]
        name = self._property(resource, kind.name)
        if name is not None:
            return str(name)
        if resource.kind == SECRET:
            name = secret_name(logical_id)
        else:
            name = generated_name(kind, logical_id, self._deployment.pseudo.get("AWS::StackName"))
        self._made_up[name] = logical_id
        return name

    def _given(self, key: str, place: str, what: str) -> str:
        """Return what only the user can know."""
        given = self._deployment.given(key)
        if given is None:
            raise self._deployment.unknown(place, what, "arns", key)
        return given

    def _secret_of(self, resource: Resource) -> str:
        """Return the ARN of the secret that a resource of its own belongs to."""
        secret = str(self._property(resource, "SecretId"))
        return secret if secret.startswith("arn:") else self._arn_from(KINDS[SECRET], secret) + secret_suffix()

    def _property(self, resource: Resource, name: str) -> Any:
        place = f"{resource.logical_id}.{name}"
        with self._effort.elsewhere(place):
            return self._evaluate(resource.properties.get(name), place)

    def _path(self, resource: Resource, kind: Kind) -> str:
        has_path = "{path}" in kind.arn and "Path" in resource.properties
        return str(self._property(resource, "Path")) if has_path else "/"

    def _arn_from(self, kind: Kind, name: str, path: str = "/") -> str:
        of = self._deployment.pseudo
        return kind.arn.format(
            partition=of["AWS::Partition"],
            region=of["AWS::Region"],
            account=of["AWS::AccountId"],
            name=name,
            path=path,
        )
