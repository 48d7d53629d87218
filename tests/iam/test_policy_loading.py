"""Policies as users give them."""

import datetime
import json
import os
from types import MappingProxyType

import pytest

from fake_secrets.errors import PolicyError
from fake_secrets.iam.loading import boundary_of, load_policies, load_policy
from fake_secrets.iam.role_policies import RolePolicies

READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}],
}
WRITE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "secretsmanager:PutSecretValue", "Resource": "*"}],
}


def actions_of(policies):
    return [statement.actions.values for policy in policies for statement in policy.statements]


@pytest.fixture
def app_json(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "policies" / "app.json"
    path.parent.mkdir()
    path.write_text(json.dumps(READ))
    return path


@pytest.mark.parametrize(
    "given",
    [READ, MappingProxyType(READ), json.dumps(READ), f"\n  {json.dumps(READ)}", [READ], (json.dumps(READ),)],
    ids=["dict", "mapping", "text", "indented", "list", "tuple"],
)
def test_a_policy_is_a_document_or_its_text(given):
    assert actions_of(load_policies(given, "identity_policy")) == [("secretsmanager:GetSecretValue",)]


def test_a_policy_is_a_file(app_json):
    for given in ("policies/app.json", app_json, str(app_json)):
        (policy,) = load_policies(given, "identity_policy")
        assert policy.name == os.fspath(given)
    assert load_policy(app_json, "boundary").name == str(app_json)


def test_a_file_may_begin_with_a_byte_order_mark(app_json):
    app_json.write_text(json.dumps(WRITE), encoding="utf-8-sig")
    assert actions_of(load_policies(app_json, "policy")) == [("secretsmanager:PutSecretValue",)]


def test_several_policies_are_named_by_their_place(app_json):
    role = RolePolicies("RotationRole", {"ReadDb": READ, "WriteDb": WRITE})
    policies = load_policies([READ, "policies/app.json", role], "identity_policy")
    names = ["identity_policy[0]", "policies/app.json", "RotationRole: ReadDb", "RotationRole: WriteDb"]
    assert [policy.name for policy in policies] == names


def test_no_policies_at_all_allow_nothing():
    assert load_policies([], "identity_policy") == ()


def test_a_role_without_policies_has_none():
    assert load_policies(RolePolicies("Role", {}), "policy") == ()


def test_a_text_is_parsed_once():
    assert load_policies(json.dumps(READ), "policy")[0] is load_policies(dict(READ), "policy")[0]


def test_a_version_that_yaml_made_a_date_is_taken():
    document = {**READ, "Version": datetime.date(2012, 10, 17)}
    assert load_policy(document, "policy").has_variables


def test_the_boundary_of_a_role_is_found():
    role = RolePolicies("Role", {"Read": READ}, boundary=WRITE)
    for given in (role, [READ, role], [role, role]):
        boundary = boundary_of(given)
        assert boundary.name == "Role: PermissionsBoundary"
        assert actions_of([boundary]) == [("secretsmanager:PutSecretValue",)]


class TestManagedPolicies:
    UNVERSIONED = {"Statement": READ["Statement"]}
    MESSAGE = (
        ": Policy document must be version 2012-10-17 or greater. A managed policy, such as a permissions "
        'boundary, needs "Version": "2012-10-17".'
    )

    def test_an_inline_policy_needs_no_version(self):
        role = RolePolicies("Role", {"Read": self.UNVERSIONED, "Write": WRITE}, managed=frozenset({"Write"}))
        assert len(load_policies([role, self.UNVERSIONED], "policy")) == 3

    def test_a_managed_policy_of_a_role_needs_one(self):
        documents = {"Write": self.UNVERSIONED, "Read": self.UNVERSIONED}
        with pytest.raises(PolicyError) as refused:
            load_policies(RolePolicies("Role", documents, managed=frozenset({"Read"})), "policy")
        assert str(refused.value) == f"Role: Read{self.MESSAGE}"

    def test_the_boundary_of_a_role_needs_one(self):
        with pytest.raises(PolicyError) as refused:
            boundary_of(RolePolicies("Role", {}, boundary=self.UNVERSIONED))
        assert str(refused.value) == f"Role: PermissionsBoundary{self.MESSAGE}"

    @pytest.mark.parametrize("form", [dict, json.dumps, "app.json"])
    def test_a_boundary_needs_one(self, form, app_json):
        app_json.write_text(json.dumps(self.UNVERSIONED))
        given = app_json if isinstance(form, str) else form(self.UNVERSIONED)
        with pytest.raises(PolicyError) as refused:
            load_policy(given, "boundary")
        assert str(refused.value) == f"{app_json if isinstance(form, str) else 'boundary'}{self.MESSAGE}"


@pytest.mark.parametrize(
    "given", [READ, json.dumps(READ), "app.json", [READ], RolePolicies("Role", {"Read": READ})]
)
def test_what_is_no_role_with_a_boundary_has_none(given):
    assert boundary_of(given) is None


def test_two_different_boundaries_are_refused():
    roles = [RolePolicies("One", {}, boundary=READ), RolePolicies("Two", {}, boundary=WRITE)]
    message = (
        "A principal has one permissions boundary, and these differ: "
        "One: PermissionsBoundary, Two: PermissionsBoundary."
    )
    with pytest.raises(PolicyError) as refused:
        boundary_of(roles)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            "policies/ap.json",
            "policy: no such file 'policies/ap.json'; a policy is a dict, JSON text or the path of a JSON file",
        ),
        (
            "",
            "policy is empty; a policy is a dict, JSON text or the path of a JSON file",
        ),
        (
            "a\0b",
            (
                "policy: 'a\\x00b' can't be read (embedded null byte); a policy is a dict, JSON text or "
                "the path of a "
                "JSON file"
            ),
        ),
        (
            "policies",
            (
                "policy: 'policies' can't be read (Is a directory); a policy is a dict, JSON text or the "
                "path of a "
                "JSON file"
            ),
        ),
        ("{}", "policy: Syntax errors in policy. It has no statement."),
        ({}, "policy: Syntax errors in policy. It has no statement."),
        (
            {"Resources": {}},
            (
                "policy: Syntax errors in policy. It looks like a template. fake_secrets.policies reads "
                "policies out of "
                "templates."
            ),
        ),
        (
            {"Version": float("nan")},
            "policy: Syntax errors in policy. Out of range float values are not JSON compliant.",
        ),
    ],
)
@pytest.mark.usefixtures("app_json")
def test_what_cannot_be_read_is_told(given, message):
    with pytest.raises(PolicyError) as refused:
        load_policies(given, "policy")
    assert str(refused.value).startswith(message.removesuffix("."))


def test_a_file_that_is_no_json_is_told_by_its_name(app_json):
    app_json.write_bytes(b"\xff")
    with pytest.raises(PolicyError, match=r"policies/app.json: Syntax errors in policy. The file isn't UTF-8."):
        load_policies("policies/app.json", "policy")
    app_json.write_text("Version: 1")
    with pytest.raises(
        PolicyError, match=r"policies/app.json: Syntax errors in policy. It isn't JSON: Expecting value"
    ):
        load_policies("policies/app.json", "policy")


def test_a_template_is_told_what_reads_it(app_json):
    template = app_json.with_suffix(".yaml")
    template.write_text("Resources: {}")
    with pytest.raises(PolicyError, match=r"A policy's file is JSON. fake_secrets.policies reads policies out of"):
        load_policies(template, "policy")
    app_json.write_text('{"Resources": {}}')
    with pytest.raises(
        PolicyError, match=r"It looks like a template. fake_secrets.policies reads policies out of"
    ):
        load_policies(app_json, "policy")


@pytest.mark.parametrize(
    ("given", "kind"),
    [(None, "NoneType"), (b"{}", "bytes"), (1, "int"), ([[READ]], "list"), ({READ["Version"]}, "set")],
)
def test_what_is_no_policy_is_a_type_error(given, kind):
    message = f"policy is of type {kind}; a policy is a dict, JSON text or the path of a JSON file"
    with pytest.raises(TypeError) as refused:
        load_policies(given, "policy")
    assert str(refused.value) == message


@pytest.mark.parametrize("given", [[READ], RolePolicies("Role", {"Read": READ})])
def test_a_boundary_is_one_policy(given):
    with pytest.raises(TypeError, match=r"boundary is of type (list|RolePolicies); a policy is a dict"):
        load_policy(given, "boundary")


def test_a_role_that_is_given_as_a_boundary_is_told_where_its_policies_are():
    with pytest.raises(TypeError, match=r"; a policy is .* JSON file, such as its documents\['Read'\]$"):
        load_policy(RolePolicies("Role", {"Read": READ}), "boundary")


def test_a_list_of_statements_is_told_to_be_wrapped():
    for given in (json.dumps(READ["Statement"]), READ["Statement"]):
        with pytest.raises(PolicyError, match=r"a (list of statements|statement); wrap it: "):
            load_policies(given, "policy")


def test_a_document_with_what_json_has_not_is_a_type_error():
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": {"a:B"}, "Resource": "*"}]}
    with pytest.raises(TypeError, match="policy has what JSON hasn't: a value of type set"):
        load_policies(document, "policy")


@pytest.mark.slow
def test_a_document_nested_too_deeply_is_refused():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(PolicyError, match=r"policy: Syntax errors in policy. The document is nested too deeply."):
        load_policies({"Statement": deep}, "policy")


class PathOfBytes(os.PathLike):
    def __fspath__(self):
        return b"app.json"


def test_a_path_of_bytes_is_no_policy():
    with pytest.raises(TypeError, match="policy is of type PathOfBytes; a policy is a dict"):
        load_policies(PathOfBytes(), "policy")


def test_a_refused_policy_of_a_template_is_named_by_role_and_policy():
    with pytest.raises(PolicyError, match=r"Role: Read: Syntax errors in policy. It has no statement."):
        load_policies(RolePolicies("Role", {"Read": {"Statement": []}}), "policy")
