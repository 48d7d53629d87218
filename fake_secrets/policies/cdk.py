"""`from_cdk`: the policies of a role or a user in a template that the CDK has synthesized."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fake_secrets.errors import PolicyError
from fake_secrets.iam.role_policies import RolePolicies
from fake_secrets.policies.attached import named
from fake_secrets.policies.cloudformation import from_cloudformation
from fake_secrets.policies.deployment import Deployment
from fake_secrets.policies.expressions import Expressions
from fake_secrets.policies.refusals import refusal
from fake_secrets.policies.template import template_of
from fake_secrets.policies.template_files import FilePath, read_json, read_template

__all__ = ["from_cdk"]

__tracebackhide__ = True  # a traceback ends at the caller's mistake


def from_cdk(
    path: FilePath,
    *,
    role: str,
    parameters: Mapping[str, Any] | None = None,
    arns: Mapping[str, str] | None = None,
    managed_policies: Mapping[str, Mapping[str, Any]] | None = None,
) -> RolePolicies:
    """Return the policies that a template of the AWS CDK gives a role or a user. Run ``cdk synth`` before.

    Args:
        path: the directory ``cdk.out``, or one template in it, such as ``cdk.out/MyStack.template.json``.
        role: the path of the role's construct, such as ``"MyStack/RotationRole"``, or the end of it; or the role's
            logical ID or name. A Lambda function stands for its role. So does a user.
        parameters: see `from_cloudformation`. The stack's name is known from ``manifest.json``.
        arns: see `from_cloudformation`.
        managed_policies: see `from_cloudformation`.

    Raises:
        PolicyError: a template can't be read, no template or several have such a role, or its policies can't be
            known before deployment.
    """
    template = Path(path)
    if template.is_dir():
        template = _template_with(template, role)
    known = {**_stack_name(template), **(parameters or {})}
    return from_cloudformation(template, role=role, parameters=known, arns=arns, managed_policies=managed_policies)


def _template_with(directory: Path, role: str) -> Path:
    """Return the one template in a directory that has a role."""
    paths = sorted(directory.rglob("*.template.json"))
    if not paths:
        raise refusal(os.fspath(directory), "", "there is no *.template.json in it", "Run `cdk synth`.")
    found = [path for path in paths if _has_role(path, role)]
    if len(found) == 1:
        return found[0]
    listed = "".join(f"\n- {os.fspath(path)!r}" for path in found or paths)
    if found:
        problem = f"several templates have a role {role!r}"
        raise refusal(
            os.fspath(directory), "", problem, f"Give one of them, or more of the construct's path:{listed}"
        )
    fix = "Give the path of the role's construct, its logical ID or its name."
    problem = f"no template has a role or user {role!r}"
    raise refusal(os.fspath(directory), "", problem, f"{fix} The templates are:{listed}")


def _has_role(path: Path, role: str) -> bool:
    document, source = read_template(path)
    try:
        template = template_of(document, source)
    except PolicyError:
        # The template of a stack without resources.
        return False
    return bool(named(template, role, Expressions(template, Deployment(template, {}, {}))))


def _stack_name(template: Path) -> dict[str, str]:
    """Return the parameter with the name of a template's stack, if the manifest beside it tells the name."""
    manifest = template.with_name("manifest.json")
    document = read_json(manifest)[0] if manifest.is_file() else None
    artifacts = document.get("artifacts") if isinstance(document, dict) else None
    for artifact_id, artifact in artifacts.items() if isinstance(artifacts, dict) else ():
        properties = artifact.get("properties") if isinstance(artifact, dict) else None
        if isinstance(properties, dict) and properties.get("templateFile") == template.name:
            return {"AWS::StackName": str(properties.get("stackName", artifact_id))}
    return {}
