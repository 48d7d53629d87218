"""What is known of a template's deployment: parameters, pseudo parameters, and what the user says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_secrets.arns import partition_of
from fake_secrets.policies.generated import is_generated
from fake_secrets.policies.refusals import refusal, unknown_name
from fake_secrets.policies.resource_kinds import KEYS, KINDS
from fake_secrets.policies.template import Template
from fake_secrets.policies.unknown_values import UnknownValue, UnknownValuesError

__all__ = ["PSEUDO_PARAMETERS", "Deployment", "as_text"]

PSEUDO_PARAMETERS = {
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
}


class Deployment:
    """A deployment of a template that hasn't happened yet.

    Args:
        template: the template.
        parameters: name to value, of parameters and pseudo parameters.
        arns: what only a deployment knows: logical ID to ARN, ``LogicalId.Attribute`` to value, name of an export
            to value, or dynamic reference to value.

    Raises:
        PolicyError: there is no such parameter.
    """

    def __init__(self, template: Template, parameters: Mapping[str, Any], arns: Mapping[str, str]) -> None:
        self._template = template
        self._parameters = parameters
        self._arns = arns
        self._used: set[str] = set()
        self.pseudo = _pseudo_parameters(parameters)
        for name in parameters:
            if name not in template.parameters and name not in PSEUDO_PARAMETERS:
                hint = unknown_name(name, template.parameters, "The parameters are")
                raise refusal(template.source, "", f"there is no parameter {name!r}", hint)
        for argument, values in (("parameters", parameters), ("arns", arns)):
            for name, value in values.items():
                if any(is_generated(str(one)) for one in (value if isinstance(value, list | tuple) else [value])):
                    problem = f"{argument} has a character of the private use area in {name!r}"
                    raise refusal(template.source, "", problem)
        for key, value in arns.items():
            if self._means_arn(key) and not str(value).startswith("arn:"):
                raise refusal(template.source, "", f"arns[{key!r}] is {value!r}, which is no ARN")

    def _means_arn(self, key: str) -> bool:
        """Return whether a key of `arns` stands for an ARN. Ref of other resources may give anything."""
        logical_id, _, attribute = key.partition(".")
        resource = self._template.resources.get(logical_id)
        if resource is None:
            return False
        return attribute == "Arn" or (not attribute and (resource.kind in KINDS or resource.kind in KEYS))

    def given(self, key: str) -> str | None:
        """Return what the user says of something in `arns`, or None."""
        self._used.add(key)
        return self._arns.get(key)

    def check_arns(self) -> None:
        """Check that everything in `arns` names something.

        Raises:
            PolicyError: for what neither was needed nor names a resource.
        """
        resources = self._template.resources
        for key in self._arns:
            if key not in self._used and key.partition(".")[0] not in resources:
                hint = unknown_name(key, resources, "The resources are")
                raise refusal(self._template.source, "", f"there is no resource {key!r}, which arns names", hint)

    def parameter(self, name: str, place: str) -> Any:
        """Return the value of a parameter, a text or a list of texts.

        Raises:
            PolicyError: it has none.
        """
        declared = self._template.parameters[name]
        declared = declared if isinstance(declared, dict) else {}
        kind = str(declared.get("Type", "String"))
        # The default of such a parameter is a name in Parameter Store, not the value.
        is_stored = kind.startswith("AWS::SSM::Parameter::Value")
        if name not in self._parameters and (is_stored or "Default" not in declared):
            why = "whose value is in Parameter Store" if is_stored else "which has no default"
            raise self.unknown(place, f"the parameter {name}, {why}", "parameters", name)
        value = self._parameters[name] if name in self._parameters else declared["Default"]
        allowed = declared.get("AllowedValues")
        if isinstance(allowed, list) and as_text(value) not in [as_text(one) for one in allowed]:
            problem = f"the value of the parameter {name} isn't among its AllowedValues"
            listed = "".join(f"\n- {as_text(one)!r}" for one in allowed)
            raise refusal(self._template.source, place, problem, f"They are:{listed}")
        if "List<" not in kind and kind != "CommaDelimitedList":
            return as_text(value)
        items = value if isinstance(value, list | tuple) else str(value).split(",")
        return [str(item).strip() for item in items]

    def pseudo_parameter(self, name: str, place: str) -> Any:
        """Return the value of a pseudo parameter.

        Raises:
            PolicyError: it isn't known.
        """
        if name not in self.pseudo:
            raise self.unknown(place, name, "parameters", name)
        return self.pseudo[name]

    def unknown(self, place: str, what: str, argument: str = "", *keys: str) -> UnknownValuesError:
        """Return the exception for what only a deployment knows; see `UnknownValue`."""
        return UnknownValuesError(self._template.source, (UnknownValue(place, what, argument, keys),))


def as_text(value: Any) -> Any:
    """Return a value as CloudFormation compares it: as text, unless it is a list or a mapping."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else value


def _pseudo_parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    region = str(given.get("AWS::Region", "us-east-1"))
    partition = str(given.get("AWS::Partition", partition_of(region)))
    return {
        "AWS::AccountId": "123456789012",
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
        **{name: as_text(value) for name, value in given.items() if name in PSEUDO_PARAMETERS},
    }
