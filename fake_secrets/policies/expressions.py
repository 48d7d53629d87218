"""Evaluates the expressions of a CloudFormation template: Ref and the functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fake_secrets.errors import PolicyError
from fake_secrets.iam.identity_grammar import shortened
from fake_secrets.policies.deployment import PSEUDO_PARAMETERS, Deployment
from fake_secrets.policies.effort import Effort
from fake_secrets.policies.generated import escapes_generated, is_generated, with_wildcards
from fake_secrets.policies.identities import Identities
from fake_secrets.policies.policy_text import parsed_policy
from fake_secrets.policies.refusals import refusal, unknown_name
from fake_secrets.policies.stack_conditions import StackConditions
from fake_secrets.policies.template import Resource, Template
from fake_secrets.policies.unknown_values import UnknownValues

__all__ = ["Expressions"]

# Neither goes on beyond another brace: that would take quadratic time where the end is missing.
_IN_SUB = re.compile(r"\$\{([^{}]*)([{}])")
_DYNAMIC = re.compile(r"\{\{resolve:[^{}]*(\}\}|\{)")
_INDEX = re.compile(r"[0-9]{1,9}")


class _NoValue:
    """What AWS::NoValue gives: the property isn't there."""


_NO_VALUE = _NoValue()


class Expressions:
    """Evaluates expressions.

    Args:
        template: the template that they stand in.
        deployment: what is known of its deployment.
    """

    def __init__(self, template: Template, deployment: Deployment) -> None:
        self._template = template
        self._deployment = deployment
        self._effort = Effort(template.source)
        self._conditions = StackConditions(template, self._effort, self._literal)
        self._identities = Identities(deployment, self._effort, self.value)
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

    def known(self, expression: Any, place: str) -> Any:
        """Return what an expression gives, or None if that can't be known."""
        try:
            return self.value(expression, place)
        except PolicyError:
            return None

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
        return self._list(self.value(expression, place), place)

    def property_items(self, resource: Resource, name: str) -> list[Any]:
        """Return the list that a property gives, empty if it isn't there; see `value`."""
        place = f"{resource.logical_id}.{name}"
        value = self.value(resource.properties.get(name), place)
        return [] if value is None else self._list(value, place)

    def document(self, expression: Any, place: str) -> dict[str, Any]:
        """Return the policy document that an expression gives, as a structure or as JSON text; see `value`.

        Characters that AWS makes up at deployment are wildcards in it.
        """
        document = self.value(expression, place)
        if isinstance(document, str):
            if escapes_generated(document):
                raise self._refusal(place, "its JSON text has an escaped character that can't be read here")
            document = parsed_policy(document, self._template.source, place)
        if not isinstance(document, dict):
            raise self._refusal(place, "it isn't a policy document")
        finished: dict[str, Any] = with_wildcards(document, place, self._identities.compared_literally)
        return finished

    def exists(self, resource: Resource) -> bool:
        """Return whether a resource is made under its condition."""
        return resource.condition is None or self._conditions.holds(resource.condition, resource.logical_id)

    def ref(self, resource: Resource) -> str:
        """Return what Ref of a resource gives; see `value`."""
        return self._identities.ref(resource, resource.logical_id)

    def arn(self, resource: Resource) -> str:
        """Return the ARN of a resource; see `value`."""
        return self._identities.arn(resource)

    def _value(self, expression: Any, place: str) -> Any:
        with self._effort.step(place):
            if isinstance(expression, list):
                each = self._each((one, f"{place}[{number}]") for number, one in enumerate(expression))
                return [value for value in each if value is not _NO_VALUE]
            if isinstance(expression, dict):
                return self._of_mapping(expression, place)
            if isinstance(expression, str):
                return self._resolved(expression, place)
            return expression

    def _of_mapping(self, expression: Mapping[str, Any], place: str) -> Any:
        name = next(iter(expression)) if len(expression) == 1 else ""
        if name in self._functions:
            return self._functions[name](expression[name], place)
        if name.startswith("Fn::"):
            raise self._deployment.unknown(place, name)
        each = self._each((one, f"{place}.{key}") for key, one in expression.items())
        return {key: value for key, value in zip(expression, each, strict=True) if value is not _NO_VALUE}

    def _each(self, expressions: Iterable[tuple[Any, str]]) -> list[Any]:
        """Return what expressions at their places give."""
        values, unknown = [], UnknownValues(self._template.source)
        for expression, place in expressions:
            with unknown:
                values.append(self._value(expression, place))
        unknown.check()
        return values

    def _list(self, value: Any, place: str) -> list[Any]:
        if not isinstance(value, list):
            raise self._refusal(place, "it isn't a list")
        return value

    def _literal(self, expression: Any, place: str) -> Any:
        """Return what an expression gives that is compared literally."""
        value = self._value(expression, place)
        if isinstance(value, str) and is_generated(value):
            raise self._identities.compared_literally(place, value)
        return value

    def _ref(self, name: Any, place: str) -> Any:
        if not isinstance(name, str):
            raise self._refusal(place, "Ref takes the name of a parameter or resource")
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in PSEUDO_PARAMETERS:
            return self._deployment.pseudo_parameter(name, place)
        if name in self._template.parameters:
            return self._deployment.parameter(name, place)
        return self._identities.ref(self._resource(name, place, "parameter or resource"), place)

    def _get_att(self, argument: Any, place: str) -> Any:
        parts = argument.split(".") if isinstance(argument, str) else argument
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts) or not parts[1:]:
            raise self._refusal(place, "Fn::GetAtt takes a logical ID and an attribute")
        return self._identities.attribute(self._resource(parts[0], place, "resource"), ".".join(parts[1:]), place)

    def _resource(self, name: str, place: str, wanted: str) -> Resource:
        resources = self._template.resources
        if name not in resources:
            hint = unknown_name(name, resources, "The resources are")
            raise self._refusal(place, f"there is no {wanted} {name!r}", hint)
        return resources[name]

    def _sub(self, argument: Any, place: str) -> str:
        is_pair = isinstance(argument, list) and len(argument) == 2  # noqa: PLR2004 -- a pair
        text, values = argument if is_pair else (argument, {})
        if not isinstance(text, str) or not isinstance(values, dict):
            raise self._refusal(place, "Fn::Sub takes a text, or a list of a text and a mapping")

        def replacement(found: re.Match[str]) -> str:
            name = found[1].strip()
            if found[2] == "{":
                raise self._refusal(place, "the name of a variable of Fn::Sub has a brace in it")
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            reference = {"Fn::GetAtt" if "." in name else "Ref": name}
            return self._effort.part(self.text(values.get(name, reference), place), place)

        return self._effort.bounded(self._resolved(_IN_SUB.sub(replacement, text), place), place)

    def _join(self, argument: Any, place: str) -> str:
        delimiter, items = self._arguments(argument, place, "Fn::Join", "a delimiter", "a list")
        between = str(delimiter)
        texts = [self.text(item, place) for item in self.items(items, place)]
        for text in texts:
            self._effort.part(text, place)
            self._effort.part(between, place)
        return self._effort.bounded(self._resolved(between.join(texts), place), place)

    def _split(self, argument: Any, place: str) -> list[str]:
        delimiter, text = self._arguments(argument, place, "Fn::Split", "a delimiter", "a text")
        if not isinstance(delimiter, str) or not delimiter:
            raise self._refusal(place, "Fn::Split takes a delimiter that isn't empty")
        return self.text(text, place).split(delimiter)

    def _select(self, argument: Any, place: str) -> Any:
        index, items = self._arguments(argument, place, "Fn::Select", "an index", "a list")
        number, values = self.text(index, place), self.items(items, place)
        if not _INDEX.fullmatch(number) or int(number) >= len(values):
            problem = f"Fn::Select takes an index below {len(values)} here, not {shortened(repr(number))}"
            raise self._refusal(place, problem)
        return values[int(number)]

    def _if(self, argument: Any, place: str) -> Any:
        name, first, second = self._arguments(argument, place, "Fn::If", "a condition", "a value", "another value")
        return self._value(first if self._conditions.holds(str(name), place) else second, place)

    def _find_in_map(self, argument: Any, place: str) -> Any:
        last = argument[-1] if isinstance(argument, list) and argument else None
        options = last if isinstance(last, dict) and "DefaultValue" in last else {}
        keys = argument[:-1] if options else argument
        keys = self._arguments(keys, place, "Fn::FindInMap", "a mapping", "a key", "a second key")
        found: Any = self._template.mappings
        for key in [self.text(one, place) for one in keys]:
            found = found.get(key) if isinstance(found, dict) else None
            if found is None and options:
                return self._value(options["DefaultValue"], place)
            if found is None:
                raise self._refusal(place, f"Fn::FindInMap finds no {key!r} in Mappings")
        return found

    def _import_value(self, argument: Any, place: str) -> str:
        name = self.text(argument, place)
        return self._given(name, f"the export {name!r} of another stack", place)

    def _resolved(self, text: str, place: str) -> str:
        """Return a text with the values of its dynamic references."""
        return _DYNAMIC.sub(lambda found: self._dynamic(found, place), text)

    def _dynamic(self, found: re.Match[str], place: str) -> str:
        if found[1] == "{":
            raise self._refusal(place, "a dynamic reference has a brace in it")
        return self._given(found[0], f"the dynamic reference {found[0]}", place)

    def _given(self, key: str, what: str, place: str) -> str:
        given = self._deployment.given(key)
        if given is None:
            raise self._deployment.unknown(place, what, "arns", key)
        return given

    def _arguments(self, argument: Any, place: str, function: str, *wanted: str) -> list[Any]:
        if not isinstance(argument, list) or len(argument) != len(wanted):
            raise self._refusal(place, f"{function} takes {', '.join(wanted[:-1])} and {wanted[-1]}")
        return argument

    def _refusal(self, place: str, problem: str, fix: str = "") -> PolicyError:
        return refusal(self._template.source, place, problem, fix)
