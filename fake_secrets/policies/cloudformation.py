"""`from_cloudformation`: the policies of a role or a user in a CloudFormation template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_secrets.iam.role_policies import RolePolicies
from fake_secrets.policies.arguments import check_arguments
from fake_secrets.policies.attached import policies_of
from fake_secrets.policies.aws_managed import ManagedPolicies
from fake_secrets.policies.deployment import Deployment
from fake_secrets.policies.expressions import Expressions
from fake_secrets.policies.given_documents import GivenDocuments, documents_of
from fake_secrets.policies.refusals import refusal
from fake_secrets.policies.template import PROCESSED, Template, template_of
from fake_secrets.policies.template_files import FilePath, read_template

__all__ = ["from_cloudformation", "policies_in"]

# They change no role that a template declares itself. AWS::SecretsManager adds rotation functions of AWS.
_HARMLESS = ("AWS::CodeDeployBlueGreen", "AWS::LanguageExtensions", "AWS::SecretsManager-")
_SERVERLESS = "AWS::Serverless-"

__tracebackhide__ = True  # a traceback ends at the caller's mistake


def from_cloudformation(
    path: FilePath,
    *,
    role: str,
    parameters: Mapping[str, Any] | None = None,
    arns: Mapping[str, str] | None = None,
    managed_policies: GivenDocuments | None = None,
) -> RolePolicies:
    """Return the policies that a CloudFormation template gives a role or a user.

    These are its inline policies, the policies of the template that are attached to it, its managed policies and
    its permissions boundary, and of a user, those of its groups.

    Args:
        path: the template's file, in JSON or YAML. YAML needs ``pip install "fake_secrets[templates]"``.
        role: the role's or the user's logical ID, or its name; or those of a Lambda function with the role.
        parameters: values of the template's parameters, and of pseudo parameters such as ``AWS::Region``. By
            default those of the template, the region us-east-1 and the account 123456789012.
        arns: what is known only after deployment: logical ID to ARN, ``"LogicalId.Attribute"`` to value, or the
            name of another stack's export to value. The ARN of a secret that isn't here ends in ``-??????``.
        managed_policies: the documents of managed policies that the template doesn't have, by ARN or name: each a
            dict, JSON text, or the path of a JSON file.

    Raises:
        TypeError: an argument has another type.
        PolicyError: the template can't be read, there is no such role, or its policies can't be known before
            deployment. The message names the place, and what to pass.
    """
    check_arguments(role, parameters=parameters, arns=arns, managed_policies=managed_policies)
    document, source = read_template(path)
    return policies_in(
        document, source, role=role, parameters=parameters, arns=arns, managed_policies=managed_policies
    )


def policies_in(
    document: Any,
    source: str,
    *,
    role: str,
    parameters: Mapping[str, Any] | None,
    arns: Mapping[str, str] | None,
    managed_policies: GivenDocuments | None,
) -> RolePolicies:
    """Return the policies that a template's document gives a role or a user; see `from_cloudformation`.

    Args:
        document: the template.
        source: its file, for messages.
        role: see `from_cloudformation`, as for all that follow.
        parameters: values of parameters.
        arns: what is known only after deployment.
        managed_policies: documents of managed policies.
    """
    template = template_of(document, source)
    _check_transforms(template)
    deployment = Deployment(template, parameters or {}, arns or {})
    expressions = Expressions(template, deployment)
    managed = ManagedPolicies(documents_of(managed_policies, "managed_policies"))
    policies = policies_of(template, role, expressions, managed)
    deployment.check_arns()
    managed.check_all_used(source)
    return policies


def _check_transforms(template: Template) -> None:
    for macro in template.transforms:
        if macro.startswith(_SERVERLESS):
            raise refusal(template.source, "Transform", "it is a SAM template", "Read it with from_sam.")
        if not macro.startswith(_HARMLESS):
            raise refusal(template.source, "Transform", f"the macro {macro!r} can't be run here", PROCESSED)
