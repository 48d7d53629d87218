"""`from_cdk`: the policies of a role or a user in a template that the CDK has synthesized."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fake_secrets.iam.role_policies import RolePolicies
from fake_secrets.policies.arguments import check_arguments
from fake_secrets.policies.attached import named, unknown_role
from fake_secrets.policies.cloudformation import policies_in
from fake_secrets.policies.deployment import Deployment
from fake_secrets.policies.expressions import Expressions
from fake_secrets.policies.given_documents import GivenDocuments
from fake_secrets.policies.refusals import refusal
from fake_secrets.policies.template import Template, template_of
from fake_secrets.policies.template_files import FilePath, read_json, read_template

__all__ = ["from_cdk"]

_ENVIRONMENT = re.compile(r"aws://([^/]+)/([^/]+)")

__tracebackhide__ = True  # a traceback ends at the caller's mistake


def from_cdk(
    path: FilePath,
    *,
    role: str,
    parameters: Mapping[str, Any] | None = None,
    arns: Mapping[str, str] | None = None,
    managed_policies: GivenDocuments | None = None,
) -> RolePolicies:
    """Return the policies that a template of the AWS CDK gives a role or a user. Run ``cdk synth`` before.

    Args:
        path: the directory ``cdk.out``, or one template in it, such as ``cdk.out/MyStack.template.json``.
        role: the path of the role's construct, such as ``"MyStack/RotationRole"``, or the end of it; or the role's
            logical ID or name. A Lambda function stands for its role.
        parameters: see `from_cloudformation`. The stack's name is known from ``manifest.json``, and if the stack
            has an environment, so are its account and region.
        arns: see `from_cloudformation`.
        managed_policies: see `from_cloudformation`.

    Raises:
        TypeError: an argument has another type.
        PolicyError: a template can't be read, no template or several have such a role, or its policies can't be
            known before deployment.
    """
    check_arguments(role, parameters=parameters, arns=arns, managed_policies=managed_policies)
    template = Path(path)
    if os.path.isdir(template):  # noqa: PTH112 -- Path.is_dir raises for names that no file can have
        template = _template_with(template, role)
    document, source, known = _read(template)
    return policies_in(
        document,
        source,
        role=role,
        parameters={**known, **(parameters or {})},
        arns=arns,
        managed_policies=managed_policies,
    )


def _template_with(directory: Path, role: str) -> Path:
    """Return the one template in a directory that has a role."""
    paths = sorted(directory.rglob("*.template.json"))
    if not paths:
        raise refusal(os.fspath(directory), "", "there is no *.template.json in it", "Run `cdk synth`.")
    templates = {path: template for path in paths if (template := _parsed(path)) is not None}
    found = [path for path, template in templates.items() if _has_role(*template, role)]
    if len(found) == 1:
        return found[0]
    if found:
        listed = "".join(f"\n- {os.fspath(path)!r}" for path in found)
        problem = f"several templates have a role {role!r}"
        raise refusal(
            os.fspath(directory), "", problem, f"Give one of them, or more of the construct's path:{listed}"
        )
    problem = f"no template has a role or user {role!r}"
    there_are = unknown_role(role, [template for template, _ in templates.values()])
    raise refusal(os.fspath(directory), "", problem, there_are)


def _parsed(path: Path) -> tuple[Template, dict[str, str]] | None:
    """Return a template and its pseudo parameters, or None for a stack without resources."""
    document, source, known = _read(path)
    if not isinstance(document, dict) or not document.get("Resources"):
        return None
    return template_of(document, source), known


def _has_role(template: Template, known: Mapping[str, str], role: str) -> bool:
    return bool(named(template, role, Expressions(template, Deployment(template, known, {}))))


def _read(path: Path) -> tuple[Any, str, dict[str, str]]:
    """Return a template, its file, and the pseudo parameters that the manifest beside it tells.

    The paths of the constructs may be in the manifest only. They are written into the template.
    """
    document, source = read_template(path)
    artifact_id, artifact = _artifact_of(path)
    metadata = _part(artifact, "metadata") or {}
    more = _part(artifact, "additionalMetadataFile")
    if isinstance(more, str) and more and more == Path(more).name and _is_file(path.with_name(more)):
        metadata = read_json(path.with_name(more))[0]
    for construct, entries in metadata.items() if isinstance(metadata, dict) else ():
        for entry in entries if isinstance(entries, list) else ():
            resource = _part(document, "Resources", _part(entry, "data"))
            if _part(entry, "type") == "aws:cdk:logicalId" and isinstance(resource, dict):
                own = resource.get("Metadata")
                known = own if isinstance(own, dict) else {}
                resource["Metadata"] = {"aws:cdk:path": construct.lstrip("/"), **known}
    return document, source, _deployment_of(artifact_id, artifact) if artifact_id else {}


def _artifact_of(template: Path) -> tuple[str, Any]:
    """Return the ID of a template's artifact in the manifest beside it, and the artifact."""
    manifest = template.with_name("manifest.json")
    artifacts = _part(read_json(manifest)[0], "artifacts") if _is_file(manifest) else None
    for artifact_id, artifact in artifacts.items() if isinstance(artifacts, dict) else ():
        if _part(artifact, "properties", "templateFile") == template.name:
            return artifact_id, artifact
    return "", None


def _deployment_of(artifact_id: str, artifact: Any) -> dict[str, str]:
    """Return the name of a stack, and its account and region, if the stack has an environment."""
    found = _ENVIRONMENT.fullmatch(str(_part(artifact, "environment")))
    account, region = found.groups() if found else (None, None)
    known = {
        "AWS::AccountId": account,
        "AWS::Region": region,
        "AWS::StackName": str(_part(artifact, "properties", "stackName") or artifact_id),
    }
    return {name: value for name, value in known.items() if value and not value.startswith("unknown-")}


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 -- Path.is_file raises for names that no file can have


def _part(value: Any, *names: Any) -> Any:
    """Return a part of nested mappings, or None if it isn't there."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) and isinstance(name, str) else None
    return value
