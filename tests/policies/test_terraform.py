"""The policies of a role or a user in what `terraform show -json` prints."""

import json
import time

import pytest

from fake_secrets import PolicyError
from fake_secrets.policies import from_terraform

READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}]}
LOG = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def made(address, values, *, unknown=(), refers=None, configured=()):
    """Return a resource: its address, values, unknown attributes, and the references of its attributes."""
    return address, values, list(unknown), {**{name: [] for name in configured}, **(refers or {})}


def entry(address, values):
    *module, kind, name = split(address)
    bare, _, key = name.partition("[")
    index = {"index": json.loads(key[:-1])} if key else {}
    mode = "data" if "data" in module else "managed"
    return {"address": address, "mode": mode, "type": kind, "name": bare, "values": values, **index}


def split(address):
    """Return the parts of an address, whose keys have no dots here."""
    return address.split(".")


def module_tree(resources):
    """Return a root module with the resources of all modules."""
    root = {"resources": [], "child_modules": []}
    for address, values, *_ in resources:
        module = root
        parts = split(address)
        for depth in range(parts.count("module")):
            own = ".".join(parts[: 2 * depth + 2])
            found = next((one for one in module["child_modules"] if one["address"] == own), None)
            if found is None:
                found = {"address": own, "resources": [], "child_modules": []}
                module["child_modules"].append(found)
            module = found
        module["resources"].append(entry(address, values))
    return root


def plan(*resources, root=None, modules=None):
    """Return a plan.

    Args:
        resources: what `made` gives.
        root: further parts of the root module's configuration.
        modules: name of a module to further parts of its configuration.
    """
    calls = {
        name: {"module": {"resources": [], **parts.pop("module", {})}, **parts}
        for name, parts in (modules or {}).items()
    }
    configuration = {"resources": [], "module_calls": calls, **(root or {})}
    for address, _, _, refers in resources:
        parts = [part.partition("[")[0] for part in split(address)]
        module = configuration
        while parts[0] == "module":
            calls = module.setdefault("module_calls", {})
            module = calls.setdefault(parts[1], {"module": {"resources": []}})["module"]
            parts = parts[2:]
        expressions = {name: {"references": names} for name, names in refers.items()}
        module["resources"].append({"address": ".".join(parts), "expressions": expressions})
    changes = [
        {"address": address, "change": {"after_unknown": dict.fromkeys(unknown, True)}}
        for address, _, unknown, _ in resources
    ]
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": module_tree(resources)},
        "resource_changes": changes,
        "configuration": {"root_module": configuration},
    }


def state(*resources):
    return {"format_version": "1.0", "values": {"root_module": module_tree(resources)}}


ROLE = made(
    "aws_iam_role.rotation", {"name": "rotation"}, unknown=["arn", "id", "inline_policy", "managed_policy_arns"]
)


def policy(address="aws_iam_role_policy.read", **values):
    return made(address, {"name": "read", "role": "rotation", "policy": json.dumps(READ), **values})


@pytest.fixture
def read(tmp_path):
    """Return what reads a plan or a state."""

    def read(document, role="aws_iam_role.rotation", **options):
        path = tmp_path / "plan.json"
        path.write_text(json.dumps(document))
        return from_terraform(path, role=role, **options)

    return read


@pytest.fixture
def refusal(read):
    """Return what gives the message of the exception that a plan raises, without the path."""

    def refusal(document, role="aws_iam_role.rotation", **options):
        with pytest.raises(PolicyError) as refused:
            read(document, role, **options)
        return str(refused.value).partition("plan.json")[2]

    return refusal


@pytest.mark.parametrize("document", [plan, state])
class TestInPlanAndState:
    def test_a_roles_own_policies_are_read(self, read, document):
        found = read(document(ROLE, policy(), policy("aws_iam_role_policy.other", role="other")))
        assert (found.role, found.boundary) == ("aws_iam_role.rotation", None)
        assert found.source.endswith("plan.json")
        assert found.documents == {"aws_iam_role_policy.read": READ}

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ('{"Effect": "Deny", "Effect": "Allow"}', "it: 'Effect' stands twice in one object."),
            ("{", "it: It isn't JSON: "),
            ("{}{}", "it: It isn't JSON: "),
            ("[" * 100_000, "it: The document is nested too deeply."),
            ('{"a": ' + "[" * 150 + "]" * 150 + "}", "it has too many values, or they are too deeply nested."),
            ("1" * 5000, "digits"),
            ("[]", "its policy isn't a JSON object."),
            (5, "its policy isn't JSON text."),
        ],
        ids=["a member twice", "no JSON", "two objects", "endless", "deep", "a long number", "a list", "a number"],
    )
    def test_a_policy_is_read_as_strictly_as_by_iam(self, refusal, document, text, problem):
        message = refusal(document(ROLE, policy(policy=text)))
        assert message.startswith(", aws_iam_role_policy.read: ")
        assert problem in message

    @pytest.mark.parametrize("arn", [5, {"a": 1}, [["x"]]])
    def test_an_arn_that_is_no_text_is_refused(self, refusal, document, arn):
        attached = made("aws_iam_role_policy_attachment.x", {"role": "rotation", "policy_arn": arn})
        assert refusal(document(ROLE, attached)) == (
            ", aws_iam_role_policy_attachment.x: the ARN of a policy isn't a text."
        )

    @pytest.mark.parametrize("inline", [5, "x", ["x"]])
    def test_an_inline_policy_that_is_no_object_is_refused(self, refusal, document, inline):
        own = made(
            "aws_iam_role.rotation", {"name": "rotation", "inline_policy": [inline]}, configured=["inline_policy"]
        )
        assert refusal(document(own)) == ", aws_iam_role.rotation.inline_policy[0]: it isn't a policy."

    def test_names_that_are_no_texts_do_no_harm(self, read, document):
        inline = {"name": ["x"], "policy": json.dumps(LOG)}
        own = made(
            "aws_iam_role.rotation", {"name": "rotation", "inline_policy": [inline]}, configured=["inline_policy"]
        )
        assert list(read(document(own, policy(name={"a": 1}))).documents.values()) == [READ, LOG]

    @pytest.mark.parametrize("role", ["aws_iam_role.rotation", "rotation", "rotate", "aws_lambda_function.rotate"])
    def test_a_role_is_found_by_address_name_or_function(self, read, document, role):
        arn = "arn:aws:iam::123456789012:role/rotation"
        own = made("aws_iam_role.rotation", {"name": "rotation", "arn": arn})
        function = made("aws_lambda_function.rotate", {"function_name": "rotate", "role": arn})
        assert read(document(own, function), role).role == "aws_iam_role.rotation"

    def test_inline_policies_and_the_boundary_are_read(self, read, document):
        inline = [{"name": "inline", "policy": json.dumps(READ)}, {"name": "read", "policy": json.dumps(LOG)}, {}]
        boundary = "arn:aws:iam::123456789012:policy/boundary"
        values = {"name": "rotation", "inline_policy": inline, "permissions_boundary": boundary}
        own = made("aws_iam_role.rotation", values, configured=["inline_policy"])
        managed = made("aws_iam_policy.boundary", {"arn": boundary, "policy": json.dumps(LOG)})
        found = read(document(own, policy(), managed))
        assert (found.documents, found.boundary) == ({"aws_iam_role_policy.read": READ, "inline": READ}, LOG)
        assert found.managed == frozenset()

    @pytest.mark.parametrize(
        "attachment",
        [
            made("aws_iam_role_policy_attachment.x", {"role": "rotation", "policy_arn": BASIC}),
            made(
                "aws_iam_policy_attachment.x", {"roles": ["other", "rotation"], "users": None, "policy_arn": BASIC}
            ),
            made("aws_iam_role_policy_attachments_exclusive.x", {"role_name": "rotation", "policy_arns": [BASIC]}),
        ],
        ids=lambda attachment: attachment[0],
    )
    def test_attached_policies_are_read(self, read, document, attachment):
        other = made("aws_iam_role.other", {"name": "another"})
        assert list(read(document(ROLE, other, attachment)).documents) == [BASIC]
        assert list(read(document(ROLE, other, attachment), "another").documents) == []

    def test_managed_policies_are_read_from_the_file_or_given(self, read, document):
        own, base = "arn:aws:iam::123456789012:policy/own", "arn:aws:iam::123456789012:policy/base"
        parts = [
            made("aws_iam_policy.own", {"arn": own, "policy": json.dumps(READ)}),
            made('aws_iam_role_policy_attachment.all["own"]', {"role": "rotation", "policy_arn": own}),
            made('aws_iam_role_policy_attachment.all["base"]', {"role": "rotation", "policy_arn": base}),
        ]
        found = read(document(ROLE, *parts), managed_policies={"base": LOG})
        assert found.documents == {"aws_iam_policy.own": READ, base: LOG}
        assert found.managed == {"aws_iam_policy.own", base}
        with pytest.raises(PolicyError) as refused:
            read(document(ROLE, *parts))
        assert str(refused.value).partition("attachment.")[2] == (
            f"""all["base"]: what the managed policy {base!r} says isn't in this file.\n"""
            f"""Pass managed_policies={{"{base}": ...}} with its document."""
        )

    def test_a_user_has_the_policies_of_its_groups(self, read, document):
        parts = [
            made("aws_iam_user.app", {"name": "app"}),
            made("aws_iam_group.readers", {"name": "readers"}),
            made("aws_iam_group.writers", {"name": "writers"}),
            made("aws_iam_group.others", {"name": "others"}),
            made("aws_iam_user_group_membership.app", {"user": "app", "groups": ["readers"]}),
            made("aws_iam_group_membership.writers", {"group": "writers", "users": ["app"]}),
            made("aws_iam_user_policy.own", {"user": "app", "policy": json.dumps(READ)}),
            made("aws_iam_group_policy.readers", {"group": "readers", "policy": json.dumps(LOG)}),
            made("aws_iam_group_policy.others", {"group": "others", "policy": json.dumps(READ)}),
            made("aws_iam_group_policy_attachment.writers", {"group": "writers", "policy_arn": BASIC}),
        ]
        found = read(document(*parts), "app")
        assert list(found.documents) == ["aws_iam_user_policy.own", "aws_iam_group_policy.readers", BASIC]

    def test_a_role_in_a_module_is_found_by_the_end_of_its_address(self, read, document):
        parts = [
            made("module.db.module.rotation[0].aws_iam_role.this", {"name": "one"}),
            made(
                "module.db.module.rotation[0].aws_iam_role_policy.this",
                {"role": "one", "policy": json.dumps(READ)},
            ),
        ]
        found = read(document(*parts), "module.rotation[0].aws_iam_role.this")
        assert found.documents == {"module.db.module.rotation[0].aws_iam_role_policy.this": READ}

    def test_a_role_that_isnt_there_is_answered_with_those_that_are(self, refusal, document):
        assert refusal(document(ROLE), "rotatoin") == (
            ": there is no role or user 'rotatoin'.\nThe roles and users are:\n- 'aws_iam_role.rotation'"
        )

    def test_a_name_of_several_roles_is_refused(self, refusal, document):
        roles = [made(f"module.{name}.aws_iam_role.rotation", {"name": f"{name}-rotation"}) for name in "ab"]
        assert refusal(document(*roles)) == (
            ": several roles are called 'aws_iam_role.rotation'.\nName one of them:\n"
            "- 'module.a.aws_iam_role.rotation'\n- 'module.b.aws_iam_role.rotation'"
        )


@pytest.mark.slow
@pytest.mark.parametrize("unknown", [[], ["role"]], ids=["known", "unknown"])
def test_a_large_plan_takes_no_longer_than_it_is_large(read, unknown):
    names = [f"r{number}" for number in range(2000)]
    roles = [made(f"aws_iam_role.{name}", {"name": None if unknown else name}) for name in names]
    policies = [
        made(
            f"aws_iam_role_policy.{name}",
            {"policy": json.dumps(READ), "role": None if unknown else name},
            unknown=unknown,
            refers={"role": [f"aws_iam_role.{name}.id", f"aws_iam_role.{name}"]},
        )
        for name in names
    ]
    document = plan(*roles, *policies)
    before = time.process_time()
    assert list(read(document, "aws_iam_role.r1999").documents) == ["aws_iam_role_policy.r1999"]
    assert time.process_time() - before < 2


@pytest.mark.slow
def test_references_without_end_are_refused(refusal):
    instances = [f"aws_iam_role.r[{number}]" for number in range(500)]
    roles = [made(address, {}) for address in instances]
    policies = [
        made(f"aws_iam_role_policy.p{number}", {}, unknown=["role"], refers={"role": ["aws_iam_role.r"]})
        for number in range(500)
    ]
    assert refusal(plan(*roles, *policies), "aws_iam_role.r[0]") == ": it has too many references to follow."


class TestAPlan:
    """What the same plan makes is known by the references of the configuration."""

    def test_links_a_policy_to_a_role_whose_id_isnt_known(self, read):
        own = made(
            "aws_iam_role_policy.read",
            {"policy": json.dumps(READ)},
            unknown=["id", "role"],
            refers={"role": ["aws_iam_role.rotation.id", "aws_iam_role.rotation"]},
        )
        other = made("aws_iam_role.other", {"name": "other"}, unknown=["id"])
        assert read(plan(ROLE, other, own)).documents == {"aws_iam_role_policy.read": READ}
        assert read(plan(ROLE, other, own), "other").documents == {}

    def test_links_an_attachment_to_a_policy_whose_arn_isnt_known(self, read):
        managed = made("aws_iam_policy.own", {"policy": json.dumps(READ)}, unknown=["arn", "id"])
        attachment = made(
            "aws_iam_role_policy_attachment.own",
            {"role": "rotation"},
            unknown=["policy_arn"],
            refers={"policy_arn": ["aws_iam_policy.own.arn", "aws_iam_policy.own"]},
        )
        found = read(plan(ROLE, managed, attachment))
        assert found.documents == {"aws_iam_policy.own": READ}
        assert found.managed == {"aws_iam_policy.own"}

    def test_links_a_boundary_whose_arn_isnt_known(self, read):
        managed = made("aws_iam_policy.own", {"policy": json.dumps(READ)}, unknown=["arn", "id"])
        own = made(
            "aws_iam_role.rotation",
            {"name": "rotation"},
            unknown=["permissions_boundary"],
            refers={"permissions_boundary": ["aws_iam_policy.own.arn", "aws_iam_policy.own"]},
        )
        assert read(plan(own, managed)).boundary == READ

    def test_follows_variables_and_outputs_of_modules(self, read):
        outputs = {"name": {"expression": {"references": ["aws_iam_role.this.id", "aws_iam_role.this"]}}}
        document = plan(
            made("module.role.aws_iam_role.this", {"name": "x"}, unknown=["id"]),
            made(
                "module.policy.aws_iam_role_policy.this",
                {"policy": json.dumps(READ)},
                unknown=["role"],
                refers={"role": ["var.role"]},
            ),
            modules={
                "role": {"module": {"outputs": outputs}},
                "policy": {"expressions": {"role": {"references": ["module.role.name", "module.role"]}}},
            },
        )
        assert list(read(document, "x").documents) == ["module.policy.aws_iam_role_policy.this"]

    @pytest.mark.parametrize(
        "references",
        [
            ["aws_iam_role.rotation", "each.key"],
            ['aws_iam_role.rotation["a"].id', 'aws_iam_role.rotation["a"]', "aws_iam_role.rotation"],
        ],
    )
    def test_tells_the_instances_of_a_role_by_their_keys(self, read, references):
        roles = [made(f'aws_iam_role.rotation["{key}"]', {"name": key}, unknown=["id"]) for key in "ab"]
        own = made(
            'aws_iam_role_policy.read["a"]',
            {"policy": json.dumps(READ)},
            unknown=["role"],
            refers={"role": references},
        )
        assert list(read(plan(*roles, own), "a").documents) == ['aws_iam_role_policy.read["a"]']
        assert list(read(plan(*roles, own), "b").documents) == []

    def test_leaves_out_what_terraform_has_read_back_and_the_configuration_doesnt_set(self, read):
        stale = {"name": "rotation", "inline_policy": [{"name": "gone", "policy": json.dumps(READ)}]}
        own = made("aws_iam_role.rotation", {**stale, "managed_policy_arns": ["arn:aws:iam::1:policy/gone"]})
        assert read(plan(own)).documents == {}

    def test_reads_managed_policies_that_data_sources_have_read(self, read):
        arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
        document = plan(ROLE, made("aws_iam_role_policy_attachment.x", {"role": "rotation", "policy_arn": arn}))
        data = made("data.aws_iam_policy.s3", {"arn": arn, "policy": json.dumps(READ)})
        gone = made("aws_iam_role_policy.gone", {"role": "rotation", "policy": json.dumps(LOG)})
        document["prior_state"] = state(data, gone)
        assert read(document).documents == {"data.aws_iam_policy.s3": READ}


class TestWhatAPlanDoesntKnow:
    UNKNOWN = made("aws_iam_role_policy.read", {"name": "read", "role": "rotation"}, unknown=["policy"])

    def test_is_named_with_what_to_do(self, refusal):
        assert refusal(plan(ROLE, self.UNKNOWN)) == (
            ", aws_iam_role_policy.read: its policy isn't known before `terraform apply`, because it names what "
            "the same plan makes.\nGive the state after `terraform apply`: `terraform show -json`. "
            'Or pass documents={"aws_iam_role_policy.read": ...}.'
        )

    def test_is_taken_from_documents(self, read):
        found = read(plan(ROLE, self.UNKNOWN), documents={"aws_iam_role_policy.read": LOG})
        assert found.documents == {"aws_iam_role_policy.read": LOG}

    def test_is_taken_from_the_file_of_a_document(self, read, tmp_path):
        path = tmp_path / "log.json"
        path.write_text(json.dumps(LOG))
        found = read(plan(ROLE, self.UNKNOWN), documents={"aws_iam_role_policy.read": path})
        assert found.documents == {"aws_iam_role_policy.read": LOG}

    def test_is_named_if_documents_misspells_it(self, refusal):
        message = refusal(plan(ROLE, self.UNKNOWN), documents={"aws_iam_role_policy.raed": LOG})
        assert message == (
            ": there is no policy 'aws_iam_role_policy.raed', which documents names.\n"
            "Did you mean 'aws_iam_role_policy.read'? The policies are:\n- 'aws_iam_role_policy.read'"
        )

    def test_leaves_no_document_over(self, refusal):
        message = refusal(plan(ROLE, policy()), documents={"aws_iam_role_policy.read": LOG})
        assert message == ": documents has 'aws_iam_role_policy.read', which is no unknown policy of this role."

    def test_is_no_obstacle_if_it_belongs_to_another_role(self, read):
        other = made("aws_iam_role.other", {"name": "other"})
        assert read(plan(ROLE, self.UNKNOWN, other), "other").documents == {}

    def test_may_be_the_role(self, refusal):
        own = made("aws_iam_role_policy.x", {"policy": "{}"}, unknown=["role"], refers={"role": ["local.role"]})
        assert refusal(plan(ROLE, own)) == (
            ", aws_iam_role_policy.x: its role isn't known before `terraform apply`, so it may belong to any "
            "aws_iam_role.\nGive the state after `terraform apply`: `terraform show -json`."
        )

    @pytest.mark.parametrize(
        "part",
        [
            made("aws_iam_role_policy_attachment.x", {"role": "rotation"}, unknown=["policy_arn"]),
            made(
                "aws_iam_role_policy_attachments_exclusive.x",
                {"role_name": "rotation", "policy_arns": [None, BASIC]},
                unknown=["policy_arns"],
            ),
        ],
        ids=lambda part: part[0],
    )
    def test_may_be_which_policy_is_attached(self, refusal, part):
        assert refusal(plan(ROLE, part)).startswith(f", {part[0]}.policy_arn")

    @pytest.mark.parametrize("attribute", ["inline_policy", "managed_policy_arns", "permissions_boundary"])
    def test_may_be_what_the_role_itself_has(self, refusal, attribute):
        own = made("aws_iam_role.rotation", {"name": "rotation"}, unknown=[attribute], configured=[attribute])
        assert refusal(plan(own)).startswith(f", aws_iam_role.rotation.{attribute}")


@pytest.mark.parametrize(
    "content", ["{}", "[]", '{"values": {}}', '{"planned_values": {"root_module": []}}', '{"Resources": {}}']
)
def test_another_file_is_refused(tmp_path, content):
    path = tmp_path / "plan.json"
    path.write_text(content)
    with pytest.raises(PolicyError, match="it is neither a plan nor a state of Terraform in JSON"):
        from_terraform(path, role="x")


def test_a_template_of_cloudformation_is_told_to_be_one(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text('{"Resources": {}}')
    with pytest.raises(PolicyError, match=r"A template of CloudFormation is read by from_cloudformation"):
        from_terraform(path, role="x")


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"PK\x03\x04\xff", "it isn't UTF-8"), (b'resource "aws_iam_role" "x" {}', "line 1: it is no JSON")],
    ids=["binary plan", "configuration"],
)
def test_a_plan_that_is_no_json_is_told_how_to_be_made(tmp_path, content, problem):
    path = tmp_path / "main.tf"
    path.write_bytes(content)
    with pytest.raises(PolicyError) as refused:
        from_terraform(path, role="x")
    first, fix = str(refused.value).splitlines()
    assert problem in first
    assert fix == "Run `terraform show -json PLAN > plan.json` with the file of a plan, and give plan.json."


def test_a_managed_policy_that_the_role_has_not_is_refused(refusal):
    assert refusal(plan(ROLE), managed_policies={"base": LOG}).startswith(
        ": the role has no managed policy 'base', which managed_policies names.\n"
    )


@pytest.mark.parametrize(
    "module",
    [
        {"resources": 1, "child_modules": {}},
        {"resources": [1, {}, {"values": {}}], "child_modules": [1]},
        {"resources": [{"type": "aws_iam_role", "values": {"name": []}}]},
    ],
)
def test_a_file_with_odd_parts_ends_in_a_refusal(tmp_path, module):
    path = tmp_path / "plan.json"
    odd = {"root_module": {"resources": [{"address": 1}], "module_calls": []}}
    path.write_text(
        json.dumps({"planned_values": {"root_module": module}, "configuration": odd, "resource_changes": [1, {}]})
    )
    with pytest.raises(PolicyError):
        from_terraform(path, role="x")
