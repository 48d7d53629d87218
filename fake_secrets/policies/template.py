"""A CloudFormation template, as far as policies need it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fake_secrets.policies.refusals import refusal

__all__ = ["PROCESSED", "Resource", "Template", "template_of"]

# What to do about a template that CloudFormation changes before it deploys it.
PROCESSED = "Give the template that `aws cloudformation get-template --template-stage Processed` prints."

# Members of plans and states of Terraform, as `terraform show -json` prints them.
_OF_TERRAFORM = frozenset({"planned_values", "resource_changes", "terraform_version"})


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource.

    Args:
        logical_id: its name in the template.
        kind: its type, such as ``AWS::IAM::Role``.
        properties: its properties, with expressions.
        condition: the name of the condition on which it is made, if there is one.
        construct_path: the path of the construct that it comes from, if the template comes from the CDK.
    """

    logical_id: str
    kind: str
    properties: Mapping[str, Any]
    condition: str | None = None
    construct_path: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A template.

    Args:
        source: its file, for messages.
        resources: logical ID to resource, in the template's order.
        parameters: name to declaration.
        conditions: name to expression.
        mappings: name to a table of two keys.
        transforms: the macros that CloudFormation runs the template through.
    """

    source: str
    resources: Mapping[str, Resource]
    parameters: Mapping[str, Any]
    conditions: Mapping[str, Any]
    mappings: Mapping[str, Any]
    transforms: Sequence[str] = ()

    def of_kind(self, *kinds: str) -> list[Resource]:
        """Return the resources of some types."""
        return [resource for resource in self.resources.values() if resource.kind in kinds]


def template_of(document: Any, source: str) -> Template:
    """Return the template that a document is.

    Raises:
        PolicyError: it isn't a template.
    """
    resources = _section(document, "Resources", source)
    if not resources and isinstance(document, dict) and not _OF_TERRAFORM.isdisjoint(document):
        raise refusal(source, "", "it is a plan or a state of Terraform", "Read it with from_terraform.")
    if not resources:
        raise refusal(source, "", "it is no CloudFormation template: it has no Resources")
    for logical_id in resources:
        if logical_id.startswith("Fn::"):
            raise refusal(source, f"Resources.{logical_id}", "it isn't evaluated", PROCESSED)
    made = {logical_id: _resource(logical_id, declared, source) for logical_id, declared in resources.items()}
    parameters, conditions, mappings = (
        _section(document, name, source) for name in ("Parameters", "Conditions", "Mappings")
    )
    transforms = _transforms(document.get("Transform") or [])
    return Template(source, made, parameters, conditions, mappings, transforms)


def _section(document: Any, name: str, source: str) -> Mapping[str, Any]:
    section = document.get(name) or {} if isinstance(document, dict) else {}
    if not isinstance(section, dict):
        raise refusal(source, name, "it isn't a mapping")
    return section


def _transforms(declared: Any) -> list[str]:
    """Return the names of macros. One with parameters is a mapping."""
    listed = declared if isinstance(declared, list) else [declared]
    return [str(one.get("Name")) if isinstance(one, dict) else str(one) for one in listed]


def _resource(logical_id: str, declared: Any, source: str) -> Resource:
    if not isinstance(declared, dict) or not isinstance(declared.get("Type"), str):
        raise refusal(source, logical_id, "it has no Type")
    properties, metadata = declared.get("Properties") or {}, declared.get("Metadata") or {}
    if not isinstance(properties, dict):
        raise refusal(source, f"{logical_id}.Properties", "they aren't a mapping")
    path = metadata.get("aws:cdk:path") if isinstance(metadata, dict) else None
    condition = declared.get("Condition")
    return Resource(
        logical_id,
        declared["Type"],
        properties,
        condition if isinstance(condition, str) else None,
        path if isinstance(path, str) else "",
    )
