"""`from_terraform`: the policies of a role or a user in a plan or a state of Terraform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fake_secrets.errors import PolicyError
from fake_secrets.iam.role_policies import RolePolicies
from fake_secrets.policies.arguments import check_arguments
from fake_secrets.policies.aws_managed import ManagedPolicies
from fake_secrets.policies.given_documents import GivenDocuments, documents_of
from fake_secrets.policies.policy_text import parsed_policy
from fake_secrets.policies.refusals import refusal, unknown_name
from fake_secrets.policies.template_files import FilePath, read_json
from fake_secrets.policies.terraform_resources import TerraformResource, TerraformResources, resources_of

__all__ = ["from_terraform"]

__tracebackhide__ = True  # a traceback ends at the caller's mistake

_ROLE, _USER, _GROUP, _FUNCTION = "aws_iam_role", "aws_iam_user", "aws_iam_group", "aws_lambda_function"
_POLICY = "aws_iam_policy"
_HOLDERS = {_ROLE: "role", _USER: "user", _GROUP: "group"}
_INLINE = ".inline_policy["
_SHOW = "Run `terraform show -json PLAN > plan.json` with the file of a plan, and give plan.json."
_APPLY = "Give the state after `terraform apply`: `terraform show -json`."


def from_terraform(
    path: FilePath,
    *,
    role: str,
    documents: GivenDocuments | None = None,
    managed_policies: GivenDocuments | None = None,
) -> RolePolicies:
    """Return the policies that a plan or a state of Terraform or OpenTofu gives a role or a user.

    Args:
        path: the file with what ``terraform show -json PLAN`` prints of a plan, or ``terraform show -json`` of the
            state.
        role: the role's or the user's address, such as ``module.db.aws_iam_role.rotation``, or the end of it,
            or its name in IAM. A Lambda function stands for its role.
        documents: the documents of policies that a plan doesn't know, by the policy's address. A plan doesn't know
            a policy that names a secret which the same plan makes, because the end of the secret's ARN is random.
            Each is a dict, JSON text, or the path of a JSON file.
        managed_policies: the documents of managed policies that Terraform doesn't make, by ARN or name.

    Raises:
        TypeError: an argument has another type.
        PolicyError: the file can't be read, there is no such role, or one of its policies isn't known before
            ``terraform apply``. The message names it.
    """
    check_arguments(role, documents=documents, managed_policies=managed_policies)
    document, source = read_json(path, fix=_SHOW)
    resources = resources_of(document, source)
    given = documents_of(documents, "documents")
    managed = ManagedPolicies(documents_of(managed_policies, "managed_policies"))
    _check_addresses(given, resources)
    principal = _principal(resources, role)
    attached = _Attached(resources, given, managed)
    found, boundary = attached.documents_of(principal), attached.boundary_of(principal)
    attached.check_all_used()
    managed.check_all_used(source)
    return RolePolicies(principal.address, found, boundary, source, frozenset(attached.managed & found.keys()))


def _check_addresses(given: Mapping[str, Any], resources: TerraformResources) -> None:
    """Check that every document that the user gives is for something in the file.

    Raises:
        PolicyError: one isn't.
    """
    addresses = resources.addresses
    for address in given:
        if address.partition(_INLINE)[0] not in addresses:
            policies = [one for one in addresses if "policy" in one]
            hint = unknown_name(address, policies, "The policies are")
            raise refusal(resources.source, "", f"there is no policy {address!r}, which documents names", hint)


def _principal(resources: TerraformResources, role: str) -> TerraformResource:
    """Return the role or user that `role` names."""
    candidates = [one for one in resources.of_kind(_ROLE, _USER, _FUNCTION) if not one.is_data]
    found = (
        [one for one in candidates if one.address == role]
        or [one for one in candidates if _name_of(one) == role]
        or [one for one in candidates if one.address.endswith(f".{role}") or one.block == role]
    )
    roles = list({one.address: one for each in found for one in _roles_of(resources, each)}.values())
    if len(roles) == 1:
        return roles[0]
    if roles:
        listed = "".join(f"\n- {one.address!r}" for one in roles)
        raise refusal(resources.source, "", f"several roles are called {role!r}", f"Name one of them:{listed}")
    known = [one.address for one in candidates if one.kind != _FUNCTION]
    there_are = unknown_name(role, known, "The roles and users are")
    raise refusal(resources.source, "", f"there is no role or user {role!r}", there_are)


def _name_of(resource: TerraformResource) -> Any:
    return resource.values.get("function_name" if resource.kind == _FUNCTION else "name")


def _roles_of(resources: TerraformResources, resource: TerraformResource) -> list[TerraformResource]:
    """Return a role or a user itself; of a function, its role."""
    if resource.kind != _FUNCTION:
        return [resource]
    arn = resource.values.get("role")
    if arn is None:
        return resources.referred_to(resource, "role", _ROLE)
    return [one for one in resources.of_kind(_ROLE) if one.values.get("arn") == arn]


class _Attached:
    """Looks up the policies of one principal."""

    def __init__(
        self,
        resources: TerraformResources,
        given: Mapping[str, Mapping[str, Any]],
        managed_policies: ManagedPolicies,
    ) -> None:
        self._resources = resources
        self._given = given
        self._managed = managed_policies
        self._used: set[str] = set()
        # Names of managed policies.
        self.managed: set[str] = set()
        made = reversed(resources.of_kind(_POLICY))  # of several, the first wins
        self._by_own_arn = {str(policy.values.get("arn")): policy for policy in made}

    def documents_of(self, principal: TerraformResource) -> dict[str, Mapping[str, Any]]:
        """Return name to document of all the principal's identity policies."""
        holders = [principal, *self._groups_of(principal)]
        return {name: document for holder in holders for name, document in self._policies_of(holder)}

    def boundary_of(self, principal: TerraformResource) -> Mapping[str, Any] | None:
        """Return the document of the permissions boundary, if there is one."""
        found = [document for _, document in self._managed_policies(principal, "permissions_boundary")]
        return found[0] if found else None

    def check_all_used(self) -> None:
        """Check that every document that the user gives is of a policy of the principal.

        Raises:
            PolicyError: one isn't.
        """
        for address in sorted(self._given.keys() - self._used):
            problem = f"documents has {address!r}, which is no unknown policy of this role"
            raise refusal(self._resources.source, "", problem)

    def _groups_of(self, principal: TerraformResource) -> list[TerraformResource]:
        if principal.kind != _USER:
            return []
        groups = self._resources.of_kind(_GROUP)
        memberships = [
            *((one, "user", "groups") for one in self._resources.of_kind("aws_iam_user_group_membership")),
            *((one, "users", "group") for one in self._resources.of_kind("aws_iam_group_membership")),
        ]
        return [
            group
            for membership, user, of in memberships
            if self._names(membership, user, principal)
            for group in groups
            if self._names(membership, of, group)
        ]

    def _policies_of(self, holder: TerraformResource) -> Iterator[tuple[str, Mapping[str, Any]]]:
        who = _HOLDERS[holder.kind]
        own = [one for one in self._resources.of_kind(f"aws_iam_{who}_policy") if self._names(one, who, holder)]
        for policy in own:
            yield policy.address, self._parsed(policy.address, policy.values.get("policy"))
        # Terraform also reads back here what resources of their own attach.
        names = [policy.values.get("name") for policy in own]
        for number, inline in enumerate(self._configured(holder, "inline_policy")):
            address = f"{holder.address}{_INLINE}{number}]"
            if inline is None:
                raise self._unknown(address)
            if not isinstance(inline, dict):
                raise refusal(self._resources.source, address, "it isn't a policy")
            if inline and inline.get("name") not in names:
                yield str(inline.get("name") or address), self._parsed(address, inline.get("policy"))
        if self._resources.is_configured(holder, "managed_policy_arns"):
            yield from self._managed_policies(holder, "managed_policy_arns")
        for attachment, named_by, attribute in self._attachments(who):
            if self._names(attachment, named_by, holder):
                yield from self._managed_policies(attachment, attribute)

    def _configured(self, holder: TerraformResource, attribute: str) -> list[Any]:
        """Return the values of an attribute that Terraform computes if the configuration doesn't set it."""
        if not self._resources.is_configured(holder, attribute):
            return []
        values = holder.values.get(attribute)
        if values is None and attribute in holder.unknown:
            return [None]
        return values if isinstance(values, list) else []

    def _attachments(self, who: str) -> Iterator[tuple[TerraformResource, str, str]]:
        """Yield resources that attach managed policies, with the attributes of the holder and of the policies."""
        for one in self._resources.of_kind(f"aws_iam_{who}_policy_attachment"):
            yield one, who, "policy_arn"
        for one in self._resources.of_kind("aws_iam_policy_attachment"):
            yield one, f"{who}s", "policy_arn"
        for one in self._resources.of_kind(f"aws_iam_{who}_policy_attachments_exclusive"):
            yield one, f"{who}_name", "policy_arns"

    def _names(self, resource: TerraformResource, attribute: str, holder: TerraformResource) -> bool:
        """Return whether an attribute, a name or a list of names, names a role, user or group."""
        value = resource.values.get(attribute)
        names = value if isinstance(value, list) else [value]
        self._resources.spend(len(names))
        own = holder.values.get("name")
        if own is not None and own in names:
            return True
        if attribute not in resource.unknown:
            return False
        referred = self._resources.referred_to(resource, attribute, holder.kind)
        if not referred:
            problem = (
                f"its {attribute} isn't known before `terraform apply`, so it may belong to any {holder.kind}"
            )
            raise refusal(self._resources.source, resource.address, problem, _APPLY)
        return holder in referred

    def _managed_policies(
        self, resource: TerraformResource, attribute: str
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield names and documents of the managed policies that an attribute, an ARN or a list of ARNs, names."""
        value = resource.values.get(attribute)
        arns = value if isinstance(value, list) else [value]
        for arn in arns:
            if arn:
                name, document = self._by_arn(resource, arn)
                self.managed.add(name)
                yield name, document
        if attribute in resource.unknown:
            made = self._resources.referred_to(resource, attribute, _POLICY)
            made = [one for one in made if "arn" in one.unknown]
            if len(made) < arns.count(None):
                address = f"{resource.address}.{attribute}"
                raise self._unknown(address)
            for policy in made:
                self.managed.add(policy.address)
                yield policy.address, self._parsed(policy.address, policy.values.get("policy"))

    def _by_arn(self, resource: TerraformResource, arn: Any) -> tuple[str, Mapping[str, Any]]:
        if not isinstance(arn, str):
            raise refusal(self._resources.source, resource.address, "the ARN of a policy isn't a text")
        if arn in self._by_own_arn:
            policy = self._by_own_arn[arn]
            return policy.address, self._parsed(policy.address, policy.values.get("policy"))
        document = self._managed.find(arn)
        if document is None:
            problem = f"what the managed policy {arn!r} says isn't in this file"
            raise refusal(self._resources.source, resource.address, problem, self._managed.fix_for(arn))
        return arn, document

    def _parsed(self, address: str, text: Any) -> Mapping[str, Any]:
        """Return a policy's document out of its JSON text."""
        if text is None:
            if address in self._given:
                self._used.add(address)
                return self._given[address]
            raise self._unknown(address)
        if not isinstance(text, str):
            raise refusal(self._resources.source, address, "its policy isn't JSON text")
        return parsed_policy(text, self._resources.source, address)

    def _unknown(self, address: str) -> PolicyError:
        problem = "its policy isn't known before `terraform apply`, because it names what the same plan makes"
        fix = f'{_APPLY} Or pass documents={{"{address}": ...}}.'
        return refusal(self._resources.source, address, problem, fix)
