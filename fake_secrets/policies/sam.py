"""`from_sam`: the policies of a function's role, or of another role, in a template of AWS SAM."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from fake_secrets.errors import PolicyError
from fake_secrets.iam.role_policies import RolePolicies
from fake_secrets.policies.arguments import check_arguments
from fake_secrets.policies.cloudformation import policies_in
from fake_secrets.policies.deployment import as_text
from fake_secrets.policies.given_documents import GivenDocuments
from fake_secrets.policies.refusals import refusal
from fake_secrets.policies.template_files import FilePath, read_template

__all__ = ["from_sam"]

__tracebackhide__ = True  # a traceback ends at the caller's mistake

_NEEDS_SAM = (
    'SAM is translated by aws-sam-translator, which isn\'t installed. Run: pip install "fake_secrets[sam]"'
)
# Properties that name local files until `sam build`.
_CODE = {"CodeUri", "ContentUri", "DefinitionUri", "SchemaUri"}
_SOMEWHERE = "s3://bucket/key"


def from_sam(
    path: FilePath,
    *,
    role: str,
    parameters: Mapping[str, Any] | None = None,
    arns: Mapping[str, str] | None = None,
    managed_policies: GivenDocuments | None = None,
) -> RolePolicies:
    """Return the policies that a SAM template gives a role or a user.

    AWS's own translator makes a CloudFormation template of it, with the policies of policy templates, connectors
    and ``Globals``. AWS isn't asked for anything. Needs ``pip install "fake_secrets[sam]"``.

    Args:
        path: the template's file, in YAML or JSON, as it is in your repository or as ``sam build`` has made it.
        role: the logical ID of an ``AWS::Serverless::Function``, which stands for its role, or of a role or user.
        parameters: see `from_cloudformation`.
        arns: see `from_cloudformation`.
        managed_policies: see `from_cloudformation`.

    Raises:
        TypeError: an argument has another type.
        PolicyError: the template can't be read or translated, there is no such role, or its policies can't be
            known before deployment. Also if aws-sam-translator isn't installed.
    """
    check_arguments(role, parameters=parameters, arns=arns, managed_policies=managed_policies)
    document, source = read_template(path)
    translated = _translated(document, parameters or {}, source)
    return policies_in(
        translated, source, role=role, parameters=parameters, arns=arns, managed_policies=managed_policies
    )


def _translated(document: Any, parameters: Mapping[str, Any], source: str) -> Any:
    """Return the CloudFormation template that a SAM template stands for."""
    try:
        from samtranslator.metrics.metrics import Metrics  # noqa: PLC0415 -- an extra, slow to import
        from samtranslator.parser.parser import Parser  # noqa: PLC0415
        from samtranslator.translator.arn_generator import ArnGenerator  # noqa: PLC0415
        from samtranslator.translator.translator import Translator  # noqa: PLC0415
    except ModuleNotFoundError:
        msg = f"{source}: {_NEEDS_SAM}"
        raise PolicyError(msg) from None
    values = {"AWS::Region": "us-east-1", **{name: as_text(value) for name, value in parameters.items()}}
    # The translator keeps its region in its class.
    region = ArnGenerator.BOTO_SESSION_REGION_NAME
    metrics = Metrics()
    session = SimpleNamespace(region_name=values["AWS::Region"])
    try:
        translator = Translator(None, Parser(), boto_session=session, metrics=metrics)
        template = translator.translate(_prepared(document), parameter_values=values, get_managed_policy_map=dict)
    except Exception as error:
        raise refusal(source, "", f"AWS's translator refuses it: {_complaint_of(error)}") from error
    finally:
        # Otherwise it logs a warning.
        metrics.publish()
        ArnGenerator.BOTO_SESSION_REGION_NAME = region
    # The translator removes all macros, its own and others.
    return {**template, "Transform": _other_macros(document)}


def _other_macros(document: Mapping[str, Any]) -> list[Any]:
    declared = document.get("Transform") or []
    listed = declared if isinstance(declared, list) else [declared]
    return [one for one in listed if not (isinstance(one, str) and one.startswith("AWS::Serverless-"))]


def _complaint_of(error: Exception) -> str:
    """Return what the translator says. Where a template isn't as it expects, it fails with any exception."""
    causes = getattr(error, "causes", None) or [error]
    messages = [getattr(cause, "message", None) or f"{type(cause).__name__}: {cause}" for cause in causes]
    return " ".join(map(str, messages)).removesuffix(".")


def _prepared(document: Any) -> Any:
    """Return a template without what concerns local files and other templates."""
    if not isinstance(document, dict):
        return document
    resources = document.get("Resources")
    declared = resources.items() if isinstance(resources, dict) else ()
    prepared = {**document, "Resources": {name: _without_files(resource) for name, resource in declared}}
    if isinstance(document.get("Globals"), dict):
        prepared["Globals"] = {name: _elsewhere(section) for name, section in document["Globals"].items()}
    return prepared


def _without_files(resource: Any) -> Any:
    kind = resource.get("Type") if isinstance(resource, dict) else None
    if kind == "AWS::Serverless::Application":
        # The translator would ask the Serverless Application Repository for it.
        return {"Type": "AWS::CloudFormation::Stack", "Properties": {}}
    if not isinstance(kind, str) or not kind.startswith("AWS::Serverless::"):
        return resource
    properties = _elsewhere(resource.get("Properties"))
    if kind == "AWS::Serverless::Function" and isinstance(properties, dict):
        properties = {**properties, **_code_of(properties)}
    return {**resource, "Properties": properties}


def _code_of(properties: Mapping[str, Any]) -> dict[str, str]:
    """Return the property that says where a function's code is, if it has none before `sam build`."""
    if "InlineCode" in properties or "CodeUri" in properties:
        return {}
    return {"ImageUri": "image"} if properties.get("PackageType") == "Image" else {"CodeUri": _SOMEWHERE}


def _elsewhere(properties: Any) -> Any:
    """Return properties in which what names a local file names an object in S3."""
    if not isinstance(properties, dict):
        return properties
    return {name: _SOMEWHERE if name in _CODE else value for name, value in properties.items()}
