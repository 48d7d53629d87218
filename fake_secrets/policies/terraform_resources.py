"""The resources in what `terraform show -json` prints of a plan or a state, and what they refer to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fake_secrets.policies.refusals import refusal

__all__ = ["TerraformResource", "TerraformResources", "resources_of"]

# The key of an instance: `[0]`, or `["a"]`.
_KEY = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')
# Steps of a search through references. Enough for every real plan.
_MOST_STEPS = 2_000_000
_STEPS_OF_INSTANCE = 10
# A part of an address or a reference, with its key.
_PART = re.compile(rf"[\w-]+(?:{_KEY.pattern})?")


@dataclass(frozen=True, slots=True)
class TerraformResource:
    """One instance of a resource.

    Args:
        address: its address, such as ``module.db.aws_iam_role.rotation[0]``.
        module: the address of its module, with the keys of instances; empty for the root module.
        kind: its type, such as ``aws_iam_role``.
        name: its name in the configuration.
        key: the key of the instance, if it has one.
        values: attribute to value, as far as it is known.
        unknown: the attributes that aren't wholly known before ``terraform apply``.
        is_data: whether it is a data source.
    """

    address: str
    module: str
    kind: str
    name: str
    key: str | int | None
    values: Mapping[str, Any] = field(repr=False)
    unknown: frozenset[str]
    is_data: bool = False

    @property
    def block(self) -> str:
        """The address of the block that declares it, which all its instances share."""
        return _KEY.sub("", self.address)

    @property
    def instance(self) -> str:
        """Its address without the keys of modules."""
        parts = _PART.findall(self.address) if self.key is not None else []
        return self.block + "".join(parts[-1:])[len(self.name) :]


class TerraformResources:
    """All resources of a plan or a state.

    Args:
        source: the file, for messages.
        resources: the resources.
        configuration: the configuration of a plan, with the references of expressions; empty for a state.
    """

    def __init__(self, source: str, resources: list[TerraformResource], configuration: Mapping[str, Any]) -> None:
        self.source = source
        self._of_kind: dict[str, list[TerraformResource]] = {}
        for resource in resources:
            self._of_kind.setdefault(resource.kind, []).append(resource)
        self._configuration = configuration
        # Address without the keys of modules, and perhaps its own key, to positions in `_of_kind`.
        self._positions: dict[str, dict[str, list[int]]] = {}
        # Names of a module to address to block.
        self._blocks: dict[tuple[str, ...], dict[Any, Mapping[str, Any]]] = {}
        self._steps = 0

    @property
    def addresses(self) -> list[str]:
        """The addresses of all resources."""
        return [one.address for of_kind in self._of_kind.values() for one in of_kind]

    def of_kind(self, *kinds: str) -> list[TerraformResource]:
        """Return the resources of some types, data sources among them."""
        return [one for kind in kinds for one in self._of_kind.get(kind, [])]

    def referred_to(self, resource: TerraformResource, attribute: str, kind: str) -> list[TerraformResource]:
        """Return the resources of a type that the expression of an attribute refers to.

        Args:
            resource: the resource with the attribute.
            attribute: the attribute's name.
            kind: the type. Of several instances, the one with the same key or module is meant.
        """
        module = _names_of_modules(resource.module)
        expression = _part(self._declared(module, resource), "expressions", attribute)
        addresses = set(self._addresses(module, expression))
        positions = self._positions_of(kind)
        named = {position for address in addresses for position in positions.get(address, ())}
        self.spend(_STEPS_OF_INSTANCE * len(named))
        found = [self._of_kind[kind][position] for position in sorted(named)]
        # A reference to one instance comes with one to its block.
        for narrower in (
            [one for one in found if one.key is not None and one.instance in addresses],
            [one for one in found if one.module == resource.module],
            [one for one in found if one.key == resource.key],
        ):
            found = narrower if len(found) > 1 and narrower else found
        return found

    def spend(self, steps: int = 1) -> None:
        """Count steps of a search.

        Raises:
            PolicyError: there are too many.
        """
        self._steps += steps
        if self._steps > _MOST_STEPS:
            raise refusal(self.source, "", "it has too many references to follow")

    def is_configured(self, resource: TerraformResource, attribute: str) -> bool:
        """Return whether the configuration sets an attribute. A state doesn't tell: there, each may be set."""
        declared = self._declared(_names_of_modules(resource.module), resource)
        expressions = _part(declared, "expressions")
        return not declared or (isinstance(expressions, dict) and attribute in expressions)

    def _declared(self, module: tuple[str, ...], resource: TerraformResource) -> Mapping[str, Any]:
        """Return the block of the configuration that declares a resource."""
        address = f"{'data.' * resource.is_data}{resource.kind}.{resource.name}"
        if module not in self._blocks:
            blocks = self._blocks[module] = {}
            for one in _list_in(self._module(module), "resources"):
                if isinstance(one, dict):
                    blocks.setdefault(str(one.get("address")), one)
        return self._blocks[module].get(address, {})

    def _positions_of(self, kind: str) -> Mapping[str, list[int]]:
        if kind not in self._positions:
            positions = self._positions[kind] = {}
            for position, one in enumerate(self.of_kind(kind)):
                for address in {one.block, one.instance}:
                    positions.setdefault(address, []).append(position)
        return self._positions[kind]

    def _module(self, names: tuple[str, ...]) -> Mapping[str, Any]:
        module = _part(self._configuration, "root_module")
        for name in names:
            module = _part(module, "module_calls", name, "module")
        return module if isinstance(module, dict) else {}

    def _addresses(self, module: tuple[str, ...], expression: Any) -> Iterator[str]:
        """Yield the addresses that an expression refers to, through variables and outputs.

        They have no keys of modules.
        """
        ahead, seen = [(module, name) for name in _references(expression)], set()
        while ahead:
            place = ahead.pop()
            if place in seen:
                continue
            seen.add(place)
            self.spend()
            names, reference = place
            keyed = _PART.findall(reference)
            parts = [_KEY.sub("", part) for part in keyed]
            if parts[:1] == ["var"] and names and parts[1:]:
                call = _part(self._module(names[:-1]), "module_calls", names[-1], "expressions", parts[1])
                ahead += [(names[:-1], one) for one in _references(call)]
            elif parts[:1] == ["module"] and parts[2:]:
                inner = (*names, parts[1])
                output = _part(self._module(inner), "outputs", parts[2], "expression")
                ahead += [(inner, one) for one in _references(output)]
            else:
                prefix = "".join(f"module.{name}." for name in names)
                yield prefix + ".".join(keyed[: 3 if parts[:1] == ["data"] else 2])


def resources_of(document: Any, source: str) -> TerraformResources:
    """Return the resources of what ``terraform show -json`` has printed.

    Raises:
        PolicyError: it is something else.
    """
    values = [_part(document, *path) for path in (("planned_values",), ("prior_state", "values"), ("values",))]
    roots = [_part(one, "root_module") for one in values]
    if not any(isinstance(root, dict) for root in roots):
        fix = "Run `terraform show -json` with the file of a plan, or without one for the state."
        if isinstance(document, dict) and "Resources" in document:
            fix = "A template of CloudFormation is read by from_cloudformation, from_sam or from_cdk."
        raise refusal(source, "", "it is neither a plan nor a state of Terraform in JSON", fix)
    unknown = _unknown_attributes(document)
    planned, prior, state = ([*_in_module(root, unknown)] for root in roots)
    # The state before has what data sources gave. What is managed may be changed or deleted.
    return TerraformResources(
        source,
        [*planned, *state, *(one for one in prior if one.is_data)],
        _part(document, "configuration") or {},
    )


def _unknown_attributes(document: Any) -> dict[str, frozenset[str]]:
    """Return address to the attributes that a plan doesn't know."""
    return {
        str(change.get("address")): frozenset(
            name for name, is_unknown in (_part(change, "change", "after_unknown") or {}).items() if is_unknown
        )
        for change in _list_in(document, "resource_changes")
        if isinstance(change, dict) and isinstance(_part(change, "change", "after_unknown"), dict)
    }


def _in_module(root: Any, unknown: Mapping[str, frozenset[str]]) -> Iterator[TerraformResource]:
    ahead = [root]
    for module in ahead:
        if not isinstance(module, dict):
            continue
        ahead += _list_in(module, "child_modules")
        for one in _list_in(module, "resources"):
            if isinstance(one, dict) and isinstance(one.get("values"), dict):
                yield TerraformResource(
                    str(one.get("address")),
                    str(module.get("address", "")),
                    str(one.get("type")),
                    str(one.get("name")),
                    one.get("index"),
                    one["values"],
                    unknown.get(str(one.get("address")), frozenset()),
                    one.get("mode") == "data",
                )


def _references(expression: Any) -> list[str]:
    """Return the references of an expression, or of a block with expressions."""
    found: list[str] = []
    ahead = [expression]
    while ahead:
        value = ahead.pop()
        if isinstance(value, dict):
            found += [one for one in _list_in(value, "references") if isinstance(one, str)]
            ahead += [one for name, one in value.items() if name != "references"]
        elif isinstance(value, list):
            ahead += value
    return found


def _names_of_modules(address: str) -> tuple[str, ...]:
    """Return the names in a module's address, which alternate with the word `module`."""
    return tuple(_KEY.sub("", address).split(".")[1::2])


def _list_in(mapping: Mapping[str, Any], name: str) -> list[Any]:
    value = mapping.get(name)
    return value if isinstance(value, list) else []


def _part(value: Any, *names: str) -> Any:
    """Return a part of nested mappings, or None if it isn't there."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
