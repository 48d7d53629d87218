"""Finds a role or a user in a CloudFormation template, and every policy that the template gives it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fake_secrets.iam.role_policies import RolePolicies
from fake_secrets.policies.aws_managed import ManagedPolicies
from fake_secrets.policies.expressions import Expressions
from fake_secrets.policies.refusals import refusal, unknown_name
from fake_secrets.policies.template import Resource, Template
from fake_secrets.policies.unknown_values import UnknownValues

__all__ = ["named", "policies_of", "unknown_role"]

_FUNCTION = "AWS::Lambda::Function"
_MANAGED = "AWS::IAM::ManagedPolicy"
_NAMES = {"AWS::IAM::Role": "RoleName", "AWS::IAM::User": "UserName"}
# Property of a policy that lists those who have it, by the kind of principal.
_LISTS = {"AWS::IAM::Role": "Roles", "AWS::IAM::User": "Users", "AWS::IAM::Group": "Groups"}
# Kinds of resources that are one policy of one principal, with the property that names the principal.
_OF_ONE = {
    "AWS::IAM::GroupPolicy": ("AWS::IAM::Group", "GroupName"),
    "AWS::IAM::RolePolicy": ("AWS::IAM::Role", "RoleName"),
    "AWS::IAM::UserPolicy": ("AWS::IAM::User", "UserName"),
}


def _principal(template: Template, role: str, expressions: Expressions) -> Resource:
    """Return the role or user that `role` names.

    Args:
        template: the template.
        role: its logical ID, its name, the path of its construct in the CDK, or any of these of a Lambda function
            that has the role.
        expressions: what evaluates the template.

    Raises:
        PolicyError: there is none, or there are several.
    """
    found = named(template, role, expressions)
    principals = list(dict.fromkeys(_role_of(template, one, expressions).logical_id for one in found))
    if len(principals) > 1:
        listed = "".join(f"\n- {name!r}" for name in principals)
        raise refusal(template.source, "", f"several roles are called {role!r}", f"Name one of them:{listed}")
    if not principals:
        there_are = unknown_role(role, [template])
        raise refusal(template.source, "", f"there is no role or user {role!r}", there_are)
    principal = template.resources[principals[0]]
    if not expressions.exists(principal):
        problem = f"it isn't made, since the condition {principal.condition} doesn't hold"
        raise refusal(
            template.source, principal.logical_id, problem, "Pass parameters=... under which it is made."
        )
    return principal


def named(template: Template, role: str, expressions: Expressions) -> list[Resource]:
    """Return the roles, users and functions that a name means: by logical ID, else by name, else by construct."""
    candidates = template.of_kind(*_NAMES, _FUNCTION)
    return (
        [one for one in candidates if one.logical_id == role]
        or [one for one in candidates if _has_name(one, role, expressions)]
        or [one for one in candidates if _is_construct(one, role)]
    )


def unknown_role(role: str, templates: Iterable[Template]) -> str:
    """Return the end of a message about a role that isn't in some templates: what was meant, and what is there.

    In templates of the CDK that is the paths of constructs, since nobody writes their logical IDs.
    """
    candidates = [one for template in templates for one in template.of_kind(*_NAMES, _FUNCTION)]
    constructs = [one.construct_path.removesuffix("/Resource") for one in candidates if one.construct_path]
    if constructs:
        return unknown_name(role, constructs, "The constructs of roles, users and functions are")
    logical_ids = [one.logical_id for one in candidates if one.kind != _FUNCTION]
    return unknown_name(role, logical_ids, "The roles and users are")


def _has_name(resource: Resource, name: str, expressions: Expressions) -> bool:
    """Return whether a role or a user has a name. One whose name can't be known has another."""
    named = resource.properties.get(_NAMES.get(resource.kind, "FunctionName"))
    if named is None or named == name:
        return named is not None
    return not isinstance(named, str) and expressions.known(named, resource.logical_id) == name


def _is_construct(resource: Resource, path: str) -> bool:
    own = resource.construct_path.removesuffix("/Resource")
    wanted = path.strip("/").removesuffix("/Resource")
    return bool(own) and (own == wanted or own.endswith(f"/{wanted}"))


def _role_of(template: Template, resource: Resource, expressions: Expressions) -> Resource:
    """Return a role or a user itself; of a function, its role."""
    if resource.kind != _FUNCTION:
        return resource
    place = f"{resource.logical_id}.Role"
    arn = expressions.text(resource.properties.get("Role"), place)
    for role in template.of_kind("AWS::IAM::Role"):
        if expressions.arn(role) == arn:
            return role
    raise refusal(
        template.source, place, f"its role {arn!r} isn't in this template", "Name a role of this template."
    )


def policies_of(
    template: Template, role: str, expressions: Expressions, managed_policies: ManagedPolicies
) -> RolePolicies:
    """Return the policies that a template gives a role or a user.

    Raises:
        PolicyError: there is no such role, or its policies can't be known.
    """
    principal = _principal(template, role, expressions)
    found = _Attached(template, expressions, managed_policies)
    documents, boundary = found.documents_of(principal), found.boundary_of(principal)
    found.check_known()
    managed = frozenset(found.managed)
    return RolePolicies(principal.logical_id, documents, boundary, template.source, managed)


class _Attached:
    """Looks up the policies of one principal."""

    def __init__(self, template: Template, expressions: Expressions, managed_policies: ManagedPolicies) -> None:
        self._template = template
        self._expressions = expressions
        self._managed = managed_policies
        self._documents: dict[str, Mapping[str, Any]] = {}
        self._unknown = UnknownValues(template.source)
        # ARN to managed policy of the template.
        self._made: dict[str, Resource] | None = None
        self._unknown_arns = UnknownValues(template.source)
        # Names of documents that are managed policies.
        self.managed: set[str] = set()

    def documents_of(self, principal: Resource) -> dict[str, Mapping[str, Any]]:
        """Return name to document of all the principal's identity policies."""
        for holder in (principal, *self._groups_of(principal)):
            for add in (self._add_inline, self._add_managed, self._add_attached):
                with self._unknown:
                    add(holder)
        return self._documents

    def boundary_of(self, principal: Resource) -> Mapping[str, Any] | None:
        """Return the document of the permissions boundary, if there is one."""
        place = f"{principal.logical_id}.PermissionsBoundary"
        with self._unknown:
            arn = self._expressions.value(principal.properties.get("PermissionsBoundary"), place)
            return None if arn is None else self._managed_document(arn, place)
        return None

    def check_known(self) -> None:
        """Check that everything was known.

        Raises:
            UnknownValuesError: it wasn't.
        """
        self._unknown.check()

    def _groups_of(self, principal: Resource) -> Iterator[Resource]:
        if principal.kind != "AWS::IAM::User":
            return
        items, name = self._expressions.property_items, self._expressions.ref(principal)
        names = items(principal, "Groups")
        for addition in self._existing("AWS::IAM::UserToGroupAddition"):
            if name in items(addition, "Users"):
                group = f"{addition.logical_id}.GroupName"
                names = [*names, self._expressions.text(addition.properties.get("GroupName"), group)]
        groups = {self._expressions.ref(group): group for group in self._existing("AWS::IAM::Group")}
        for group_name in dict.fromkeys(map(str, names)):
            if group_name not in groups:
                problem = f"its group {group_name!r} isn't in this template, so its policies can't be known"
                raise refusal(self._template.source, principal.logical_id, problem)
            yield groups[group_name]

    def _add_inline(self, holder: Resource) -> None:
        policies = holder.properties.get("Policies")
        place = f"{holder.logical_id}.Policies"
        # Evaluated one by one, for the places in messages.
        listed = policies if isinstance(policies, list) else self._expressions.property_items(holder, "Policies")
        for number, policy in enumerate(listed):
            where = f"{place}[{number}]"
            is_plain = isinstance(policy, dict) and "PolicyDocument" in policy
            known = policy if is_plain else self._expressions.value(policy, where)
            if isinstance(known, dict):
                self._add(_plain_name(known, where), known.get("PolicyDocument"), f"{where}.PolicyDocument")
            elif known is not None:
                raise refusal(self._template.source, where, "it isn't a policy")

    def _add_managed(self, holder: Resource) -> None:
        place = f"{holder.logical_id}.ManagedPolicyArns"
        for number, arn in enumerate(self._expressions.property_items(holder, "ManagedPolicyArns")):
            policy, where = self._managed_in_template(arn), f"{place}[{number}]"
            name = policy.logical_id if policy else str(arn)
            self.managed.add(self._keep(name, self._managed_document(arn, where), where))

    def _add_attached(self, holder: Resource) -> None:
        for policy in self._existing("AWS::IAM::Policy", _MANAGED):
            if self._is_listed(holder, policy, _LISTS[holder.kind]):
                self._add_resource(policy)
        for policy in self._existing(*_OF_ONE):
            kind, named_by = _OF_ONE[policy.kind]
            place = f"{policy.logical_id}.{named_by}"
            if kind == holder.kind and self._is_holder(holder, policy.properties.get(named_by), place):
                self._add_resource(policy)

    def _is_listed(self, holder: Resource, policy: Resource, listed_by: str) -> bool:
        place = f"{policy.logical_id}.{listed_by}"
        listed = policy.properties.get(listed_by)
        if not isinstance(listed, list):
            return self._expressions.ref(holder) in self._expressions.property_items(policy, listed_by)
        return any(self._is_holder(holder, one, f"{place}[{number}]") for number, one in enumerate(listed))

    def _is_holder(self, holder: Resource, expression: Any, place: str) -> bool:
        """Return whether an expression is the name of a role, user or group of this template."""
        # Another stack's, then.
        if isinstance(expression, dict) and "Fn::ImportValue" in expression:
            return False
        return bool(self._expressions.value(expression, place) == self._expressions.ref(holder))

    def _add_resource(self, policy: Resource) -> None:
        place = f"{policy.logical_id}.PolicyDocument"
        name = self._add(policy.logical_id, policy.properties.get("PolicyDocument"), place)
        if policy.kind == _MANAGED:
            self.managed.add(name)

    def _add(self, name: str, expression: Any, place: str) -> str:
        """Evaluate a document and keep it. Return the name that it gets."""
        with self._unknown:
            return self._keep(name, self._expressions.document(expression, place), place)
        return name

    def _keep(self, name: str, document: Mapping[str, Any], place: str) -> str:
        """Keep a document by its name, or by its place if another has that name. Return which."""
        unique = name if self._documents.get(name, document) == document else place
        self._documents[unique] = document
        return unique

    def _managed_in_template(self, arn: Any) -> Resource | None:
        if self._made is None:
            self._made = {}
            for policy in self._existing(_MANAGED):
                with self._unknown_arns:
                    self._made.setdefault(self._expressions.ref(policy), policy)
        found = self._made.get(str(arn))
        if found is None:
            # It may be one of these.
            self._unknown_arns.check()
        return found

    def _managed_document(self, arn: Any, place: str) -> Mapping[str, Any]:
        policy = self._managed_in_template(arn)
        if policy is not None:
            where = f"{policy.logical_id}.PolicyDocument"
            return self._expressions.document(policy.properties.get("PolicyDocument"), where)
        document = self._managed.find(str(arn))
        if document is None:
            raise refusal(
                self._template.source,
                place,
                f"what the managed policy {arn!r} says isn't in this template",
                self._managed.fix_for(str(arn)),
            )
        return document

    def _existing(self, *kinds: str) -> list[Resource]:
        return [one for one in self._template.of_kind(*kinds) if self._expressions.exists(one)]


def _plain_name(policy: Mapping[str, Any], place: str) -> str:
    name = policy.get("PolicyName")
    return name if isinstance(name, str) else place
