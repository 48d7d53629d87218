"""Evaluates the expressions of a CloudFormation template: Ref, the functions, and conditions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fake_secrets import arns as arns_of
from fake_secrets.errors import PolicyError
from fake_secrets.policies.generated import is_generated, with_wildcards
from fake_secrets.policies.refusals import refusal, unknown_name
from fake_secrets.policies.resources import (
    KINDS,
    OF_SECRET,
    SECRET,
    Kind,
    generated_name,
    name_in,
    secret_name,
    secret_suffix,
)
from fake_secrets.policies.template import Resource, Template

__all__ = ["Expressions"]

_PSEUDO = {
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
}
_IN_SUB = re.compile(r"\$\{([^}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:[^}]*\}\}")
# Enough for every real policy. Expressions that refer to each other can ask for exponential work.
_MOST_STEPS = 100_000
_LONGEST_TEXT = 1_000_000
_DEEPEST = 100


class _NoValue:
    """What AWS::NoValue gives: the property isn't there."""


_NO_VALUE = _NoValue()


class Expressions:
    """Evaluates expressions, with what the user knows of the deployment.

    Args:
        template: the template that they stand in.
        parameters: name to value, of parameters and pseudo parameters.
        arns: what only a deployment knows: logical ID to ARN, ``LogicalId.Attribute`` to value, name of an export to
            value, or dynamic reference to value.
    """

    def __init__(self, template: Template, parameters: Mapping[str, Any], arns: Mapping[str, str]) -> None:
        self._template = template
        self._given = parameters
        self._arns = arns
        self._used: set[str] = set()
        self._pseudo = _pseudo_parameters(parameters)
        # Generated name or ARN to the logical ID that it was made up for.
        self._made_up: dict[str, str] = {}
        self._conditions: dict[str, bool] = {}
        self._open: list[str] = []
        self._steps = 0
        self._depth = 0
        self._functions: dict[str, Callable[[Any, str], Any]] = {
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._get_att,
            "Fn::If": self._if,
            "Fn::ImportValue": self._import_value,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::Sub": self._sub,
            "Ref": self._ref,
        }
        self._check_parameters()

    def value(self, expression: Any, place: str) -> Any:
        """Return what an expression, or a structure with expressions, gives.

        Args:
            expression: the expression.
            place: where it stands, for messages.

        Raises:
            PolicyError: it can't be known, or makes no sense.
        """
        value = self._value(expression, place)
        return None if value is _NO_VALUE else value

    def text(self, expression: Any, place: str) -> str:
        """Return the text that an expression gives; see `value`."""
        value = self._value(expression, place)
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str | int | float):
            raise self._refusal(place, "it isn't a text")
        return str(value)

    def items(self, expression: Any, place: str) -> list[Any]:
        """Return the list that an expression gives; see `value`."""
        value = self.value(expression, place)
        if not isinstance(value, list):
            raise self._refusal(place, "it isn't a list")
        return value

    def document(self, expression: Any, place: str) -> dict[str, Any]:
        """Return the policy document that an expression gives; see `value`.

        Characters that AWS makes up at deployment are wildcards in it.
        """
        document = with_wildcards(self.value(expression, place), place, self._compared_literally)
        if not isinstance(document, dict):
            raise self._refusal(place, "it isn't a policy document")
        return document

    def exists(self, resource: Resource) -> bool:
        """Return whether a resource is made under its condition."""
        return resource.condition is None or self.condition(resource.condition, resource.logical_id)

    def condition(self, name: str, place: str) -> bool:
        """Return whether a condition of the template holds."""
        if name not in self._conditions:
            if name not in self._template.conditions:
                raise self._refusal(
                    place,
                    f"there is no condition {name!r}",
                    unknown_name(name, self._template.conditions, "The conditions are"),
                )
            where = f"Conditions.{name}"
            with self._entered(where):
                self._conditions[name] = self._holds(self._template.conditions[name], where)
        return self._conditions[name]

    def known(self, expression: Any, place: str) -> Any:
        """Return what an expression gives, or None if that can't be known."""
        try:
            return self.value(expression, place)
        except PolicyError:
            return None

    def ref(self, logical_id: str) -> str:
        """Return what Ref of a resource gives."""
        return self._ref_of(self._template.resources[logical_id], logical_id)

    def arn(self, resource: Resource) -> str:
        """Return the ARN of a resource of a known kind."""
        return self._arn(resource, resource.logical_id)

    def check_all_used(self) -> None:
        """Check that everything in `arns` names something.

        Raises:
            PolicyError: for what has neither been used nor names a resource.
        """
        for key in self._arns:
            if key not in self._used and key.partition(".")[0] not in self._template.resources:
                hint = unknown_name(key, self._template.resources, "The resources are")
                raise refusal(self._template.source, "", f"there is no resource {key!r}, which arns names", hint)

    def _value(self, expression: Any, place: str) -> Any:
        self._steps += 1
        if self._steps > _MOST_STEPS or self._depth > _DEEPEST:
            raise self._refusal(place, "its expressions are too many, or too deeply nested, to evaluate")
        self._depth += 1
        try:
            return self._evaluated(expression, place)
        finally:
            self._depth -= 1

    def _evaluated(self, expression: Any, place: str) -> Any:
        if isinstance(expression, list):
            values = [self._value(one, f"{place}[{number}]") for number, one in enumerate(expression)]
            return [value for value in values if value is not _NO_VALUE]
        if isinstance(expression, str):
            return _DYNAMIC.sub(lambda found: self._dynamic(found[0], place), expression)
        if not isinstance(expression, dict):
            return expression
        function = _function_of(expression)
        if function is not None:
            if function not in self._functions:
                raise self._unknown(place, function, "Replace it in the template that you give")
            return self._functions[function](expression[function], place)
        pairs = ((key, self._value(one, f"{place}.{key}")) for key, one in expression.items())
        return {key: value for key, value in pairs if value is not _NO_VALUE}

    def _ref(self, name: Any, place: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in _PSEUDO:
            if name not in self._pseudo:
                raise self._unknown(place, name, f'Pass parameters={{"{name}": ...}}')
            return self._pseudo[name]
        if name in self._template.parameters:
            return self._parameter(name, place)
        if name in self._template.resources:
            return self._ref_of(self._template.resources[name], place)
        known = [*self._template.parameters, *self._template.resources]
        hint = unknown_name(str(name), known, "There are")
        raise self._refusal(place, f"there is no parameter or resource {name!r}", hint)

    def _parameter(self, name: str, place: str) -> Any:
        declared = self._template.parameters[name]
        declared = declared if isinstance(declared, dict) else {}
        kind = str(declared.get("Type", "String"))
        # The default of such a parameter is a name in Parameter Store, not the value.
        is_stored = kind.startswith("AWS::SSM::Parameter::Value")
        if name not in self._given and (is_stored or "Default" not in declared):
            what = f"the parameter {name}, which has no default"
            if is_stored:
                what = f"the parameter {name}, whose value is in Parameter Store"
            raise self._unknown(place, what, f'Pass parameters={{"{name}": ...}}')
        value = self._given[name] if name in self._given else declared["Default"]
        is_list = "List<" in kind or kind == "CommaDelimitedList"
        if is_list and not isinstance(value, list | tuple):
            return [one.strip() for one in str(value).split(",")]
        return [str(one) for one in value] if is_list else _as_text(value)

    def _ref_of(self, resource: Resource, place: str) -> str:
        if resource.kind in OF_SECRET:
            return self._secret_of(resource)
        kind = KINDS.get(resource.kind)
        if kind is None:
            return self._given_arn(resource, place, "Ref")
        if kind.ref == "arn":
            return self._arn(resource, place)
        if kind.ref == "url":
            pseudo, name = self._pseudo, self._name(resource, place)
            return (
                f"https://sqs.{pseudo['AWS::Region']}.{pseudo['AWS::URLSuffix']}/{pseudo['AWS::AccountId']}/{name}"
            )
        return self._name(resource, place)

    def _secret_of(self, resource: Resource) -> str:
        """Return the ARN of the secret that a resource of its own belongs to."""
        place = f"{resource.logical_id}.SecretId"
        with self._entered(place):
            secret = self.text(resource.properties.get("SecretId"), place)
        if secret.startswith("arn:"):
            return secret
        return self._arn_from(KINDS[SECRET], secret) + secret_suffix()

    def _given_arn(self, resource: Resource, place: str, function: str) -> str:
        """Return what the user has given for a resource that nothing is known of."""
        logical_id = resource.logical_id
        if logical_id in self._arns:
            return self._use(logical_id)
        what = f"{function} of {logical_id}, an {resource.kind}"
        raise self._unknown(place, what, f'Pass arns={{"{logical_id}": ...}}')

    def _get_att(self, argument: Any, place: str) -> Any:
        parts = argument.split(".") if isinstance(argument, str) else argument
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts) or not parts[1:]:
            raise self._refusal(place, "Fn::GetAtt takes a logical ID and an attribute")
        logical_id, attribute = parts[0], ".".join(parts[1:])
        key = f"{logical_id}.{attribute}"
        if key in self._arns:
            return self._use(key)
        if logical_id not in self._template.resources:
            hint = unknown_name(logical_id, self._template.resources, "The resources are")
            raise self._refusal(place, f"there is no resource {logical_id!r}", hint)
        resource = self._template.resources[logical_id]
        kind = KINDS.get(resource.kind)
        if kind is not None and attribute in {kind.arn_attribute, "Arn"}:
            return self._arn(resource, place)
        if kind is not None and attribute == kind.name:
            return self._name(resource, place)
        if kind is None and attribute == "Arn":
            return self._given_arn(resource, place, "Fn::GetAtt Arn")
        raise self._unknown(place, f"Fn::GetAtt of {key}", f'Pass arns={{"{key}": ...}}')

    def _arn(self, resource: Resource, place: str) -> str:
        """Return the ARN of a resource of a known kind."""
        logical_id = resource.logical_id
        if logical_id in self._arns:
            return self._use(logical_id)
        arn = self._arn_from(KINDS[resource.kind], self._name(resource, place), self._path(resource))
        if resource.kind == SECRET:
            arn += secret_suffix()
            self._made_up[arn] = logical_id
        return arn

    def _arn_from(self, kind: Kind, name: str, path: str = "/") -> str:
        pseudo = self._pseudo
        return kind.arn.format(
            partition=pseudo["AWS::Partition"],
            region=pseudo["AWS::Region"],
            account=pseudo["AWS::AccountId"],
            name=name,
            path=path,
        )

    def _path(self, resource: Resource) -> str:
        place = f"{resource.logical_id}.Path"
        return (
            self.text(resource.properties.get("Path", "/"), place) if "{path}" in KINDS[resource.kind].arn else "/"
        )

    def _name(self, resource: Resource, place: str) -> str:
        """Return the name of a resource of a known kind."""
        logical_id, kind = resource.logical_id, KINDS[resource.kind]
        if logical_id in self._arns:
            return name_in(self._use(logical_id))
        if kind.name in resource.properties:
            where = f"{logical_id}.{kind.name}"
            with self._entered(where):
                name = self.value(resource.properties[kind.name], where)
            if name is not None:
                return str(name)
        if resource.kind == SECRET:
            name = secret_name(logical_id)
        else:
            name = generated_name(kind, logical_id, self._pseudo.get("AWS::StackName"))
        self._made_up[name] = logical_id
        return name

    def _sub(self, argument: Any, place: str) -> str:
        text, values = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})  # noqa: PLR2004
        if not isinstance(text, str) or not isinstance(values, dict):
            raise self._refusal(place, "Fn::Sub takes a text, or a list of a text and a mapping")

        def replacement(found: re.Match[str]) -> str:
            name = found[1].strip()
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in values:
                return self.text(values[name], f"{place}.{name}")
            return self.text({"Fn::GetAtt" if "." in name else "Ref": name}, place)

        return self._bounded(_IN_SUB.sub(replacement, text), place)

    def _join(self, argument: Any, place: str) -> str:
        delimiter, items = self._arguments(argument, place, "Fn::Join", "a delimiter", "a list")
        texts = [self.text(item, place) for item in self.items(items, place)]
        return self._bounded(str(delimiter).join(texts), place)

    def _split(self, argument: Any, place: str) -> list[str]:
        delimiter, text = self._arguments(argument, place, "Fn::Split", "a delimiter", "a text")
        if not isinstance(delimiter, str) or not delimiter:
            raise self._refusal(place, "Fn::Split takes a delimiter that isn't empty")
        return self.text(text, place).split(delimiter)

    def _select(self, argument: Any, place: str) -> Any:
        index, items = self._arguments(argument, place, "Fn::Select", "an index", "a list")
        number, values = self.text(index, place), self.items(items, place)
        if not number.isdecimal() or int(number) >= len(values):
            raise self._refusal(place, f"Fn::Select takes an index below {len(values)} here, not {number!r}")
        return values[int(number)]

    def _if(self, argument: Any, place: str) -> Any:
        name, first, second = self._arguments(argument, place, "Fn::If", "a condition", "a value", "another value")
        return self._value(first if self.condition(str(name), place) else second, place)

    def _find_in_map(self, argument: Any, place: str) -> Any:
        default = argument[3] if isinstance(argument, list) and len(argument) == 4 else None  # noqa: PLR2004
        parts = argument[:3] if default is not None else argument
        names = self._arguments(parts, place, "Fn::FindInMap", "a mapping", "a key", "a second key")
        found: Any = self._template.mappings
        for key in [self.text(name, place) for name in names]:
            found = found.get(key) if isinstance(found, dict) else None
            if found is None and isinstance(default, dict) and "DefaultValue" in default:
                return self._value(default["DefaultValue"], place)
            if found is None:
                raise self._refusal(place, f"Fn::FindInMap finds no {key!r} in Mappings")
        return found

    def _import_value(self, argument: Any, place: str) -> str:
        name = self.text(argument, place)
        if name in self._arns:
            return self._use(name)
        raise self._unknown(place, f"the export {name!r} of another stack", f'Pass arns={{"{name}": ...}}')

    def _dynamic(self, reference: str, place: str) -> str:
        if reference in self._arns:
            return self._use(reference)
        raise self._unknown(place, f"the dynamic reference {reference}", f'Pass arns={{"{reference}": ...}}')

    def _holds(self, expression: Any, place: str) -> bool:
        """Return whether a condition's expression holds."""
        self._steps += 1
        if self._steps > _MOST_STEPS or self._depth > _DEEPEST:
            raise self._refusal(place, "its expressions are too many, or too deeply nested, to evaluate")
        name, argument = next(iter(expression.items())) if _is_call(expression) else (None, None)
        self._depth += 1
        try:
            return self._operator(name, argument, place)
        finally:
            self._depth -= 1

    def _operator(self, name: Any, argument: Any, place: str) -> bool:
        if name == "Condition":
            return self.condition(str(argument), place)
        operands = argument if isinstance(argument, list) else []
        if name == "Fn::Equals" and len(operands) == 2:  # noqa: PLR2004
            return self._are_equal(*operands, place)
        if name == "Fn::Not" and len(operands) == 1:
            return not self._holds(operands[0], place)
        if name == "Fn::And" and operands:
            return all(self._holds(one, place) for one in operands)
        if name == "Fn::Or" and operands:
            return any(self._holds(one, place) for one in operands)
        raise self._refusal(place, "it isn't a condition of Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition")

    def _are_equal(self, one: Any, other: Any, place: str) -> bool:
        values = [self._value(operand, place) for operand in (one, other)]
        for value in values:
            if isinstance(value, str) and is_generated(value):
                raise self._compared_literally(place, value)
        first, second = (_as_text(value) for value in values)
        return bool(first == second)

    def _arguments(self, argument: Any, place: str, function: str, *wanted: str) -> list[Any]:
        if not isinstance(argument, list) or len(argument) != len(wanted):
            raise self._refusal(place, f"{function} takes {', '.join(wanted[:-1])} and {wanted[-1]}")
        return argument

    @contextmanager
    def _entered(self, place: str) -> Iterator[None]:
        """Evaluate what stands elsewhere in the template, and is needed here."""
        if place in self._open:
            raise self._refusal(place, f"it refers to itself, by way of {', '.join(self._open)}")
        self._open.append(place)
        try:
            yield
        finally:
            self._open.pop()

    def _bounded(self, text: str, place: str) -> str:
        if len(text) > _LONGEST_TEXT:
            raise self._refusal(place, f"its text is longer than {_LONGEST_TEXT:,} characters")
        return text

    def _use(self, key: str) -> str:
        self._used.add(key)
        return self._arns[key]

    def _check_parameters(self) -> None:
        for name in self._given:
            if name not in self._template.parameters and name not in _PSEUDO:
                hint = unknown_name(name, self._template.parameters, "The parameters are")
                raise refusal(self._template.source, "", f"there is no parameter {name!r}", hint)

    def _compared_literally(self, place: str, text: str) -> PolicyError:
        """Return the exception for a text with characters that AWS makes up, where IAM reads no wildcards."""
        of = sorted({logical_id for made_up, logical_id in self._made_up.items() if made_up in text})
        what = f"the whole ARN or name of {', '.join(of)}, which is compared literally here"
        given = ", ".join(f'"{logical_id}": ...' for logical_id in of)
        return self._unknown(place, what, f"Pass arns={{{given}}}")

    def _unknown(self, place: str, what: str, fix: str) -> PolicyError:
        return self._refusal(place, f"it needs {what}, which isn't known before deployment", f"{fix}.")

    def _refusal(self, place: str, problem: str, fix: str = "") -> PolicyError:
        return refusal(self._template.source, place, problem, fix)


def _pseudo_parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    region = str(given.get("AWS::Region", "us-east-1"))
    partition = str(given.get("AWS::Partition", arns_of.partition_of(region)))
    return {
        "AWS::AccountId": "123456789012",
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
        **{name: _as_text(value) for name, value in given.items() if name in _PSEUDO},
    }


def _function_of(expression: Mapping[str, Any]) -> str | None:
    """Return the function that a mapping calls, or None if it is a plain mapping."""
    if len(expression) != 1:
        return None
    name = next(iter(expression))
    return name if name == "Ref" or name.startswith("Fn::") else None


def _is_call(expression: Any) -> bool:
    return isinstance(expression, dict) and len(expression) == 1


def _as_text(value: Any) -> Any:
    """Return a value as CloudFormation compares it: as text, unless it is a list or a mapping."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else value
