"""The policies of a role in what `cdk synth` writes."""

import json

import pytest

from fake_secrets import PolicyError
from fake_secrets.policies import from_cdk

SECRETS = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"


def construct(kind, path, **properties):
    return {"Type": kind, "Properties": properties, "Metadata": {"aws:cdk:path": path}}


def stack(name):
    """Return the template of a stack with a rotation function, as the CDK writes it."""
    statement = {
        "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
        "Effect": "Allow",
        "Resource": {"Ref": "Db0A1B2C3D"},
    }
    return {
        "Resources": {
            "Db0A1B2C3D": construct("AWS::SecretsManager::Secret", f"{name}/Db/Resource", Name="prod/db"),
            "RotateServiceRole4E5F": construct("AWS::IAM::Role", f"{name}/Rotate/ServiceRole/Resource"),
            "RotateServiceRoleDefaultPolicy6A7B": construct(
                "AWS::IAM::Policy",
                f"{name}/Rotate/ServiceRole/DefaultPolicy/Resource",
                PolicyDocument={"Statement": [statement], "Version": "2012-10-17"},
                PolicyName="RotateServiceRoleDefaultPolicy6A7B",
                Roles=[{"Ref": "RotateServiceRole4E5F"}],
            ),
            "Rotate8C9D": construct(
                "AWS::Lambda::Function",
                f"{name}/Rotate/Resource",
                Role={"Fn::GetAtt": ["RotateServiceRole4E5F", "Arn"]},
            ),
        }
    }


@pytest.fixture
def cdk_out(tmp_path):
    """Return what writes a cdk.out with stacks of some names."""

    def write(*names):
        for name in names:
            (tmp_path / f"{name}.template.json").write_text(json.dumps(stack(name)))
        artifacts = {
            name: {"type": "aws:cloudformation:stack", "properties": {"templateFile": f"{name}.template.json"}}
            for name in names
        }
        (tmp_path / "manifest.json").write_text(json.dumps({"version": "1", "artifacts": artifacts}))
        return tmp_path

    return write


@pytest.mark.parametrize(
    "role",
    [
        "App/Rotate/ServiceRole/Resource",
        "App/Rotate/ServiceRole",
        "Rotate/ServiceRole",
        "App/Rotate",
        "Rotate",
        "RotateServiceRole4E5F",
        "Rotate8C9D",
    ],
)
def test_a_role_is_found_by_its_construct_its_function_or_its_logical_id(cdk_out, role):
    folder = cdk_out("App")
    for path in (folder, folder / "App.template.json"):
        found = from_cdk(path, role=role)
        assert found.role == "RotateServiceRole4E5F"
        (document,) = found.documents.values()
        assert document["Statement"][0]["Resource"] == f"{SECRETS}prod/db-??????"


def test_the_stack_is_found_that_has_the_construct(cdk_out):
    found = from_cdk(cdk_out("Dev", "Prod"), role="Prod/Rotate")
    assert found.source.endswith("Prod.template.json")


def test_a_role_that_several_stacks_have_is_refused(cdk_out):
    folder = cdk_out("Dev", "Prod")
    with pytest.raises(PolicyError) as refused:
        from_cdk(folder, role="Rotate")
    assert str(refused.value) == (
        f"{folder}: several templates have a role 'Rotate'.\n"
        "Give one of them, or more of the construct's path:\n"
        f"- '{folder}/Dev.template.json'\n- '{folder}/Prod.template.json'"
    )


def test_a_role_that_no_stack_has_is_refused(cdk_out):
    folder = cdk_out("Dev")
    with pytest.raises(PolicyError) as refused:
        from_cdk(folder, role="Reader")
    assert str(refused.value) == (
        f"{folder}: no template has a role or user 'Reader'.\n"
        "The constructs of roles, users and functions are:\n- 'Dev/Rotate'\n- 'Dev/Rotate/ServiceRole'"
    )


@pytest.mark.parametrize("file", ["", "Dev.template.json"])
def test_a_misspelt_construct_is_told_what_was_meant(cdk_out, file):
    with pytest.raises(
        PolicyError, match="role or user 'Dev/Rotat'\\.\nDid you mean 'Dev/Rotate'\\? The constructs"
    ):
        from_cdk(cdk_out("Dev") / file, role="Dev/Rotat")


def test_a_folder_without_templates_is_refused(tmp_path):
    with pytest.raises(PolicyError, match=r"there is no \*\.template\.json in it\.\nRun `cdk synth`\."):
        from_cdk(tmp_path, role="Rotate")


def test_a_stack_without_resources_is_no_obstacle(cdk_out):
    folder = cdk_out("App")
    (folder / "Empty.template.json").write_text("{}")
    assert from_cdk(folder, role="Rotate").role == "RotateServiceRole4E5F"


def test_the_name_of_the_stack_is_known(cdk_out):
    folder = cdk_out("App")
    path = folder / "App.template.json"
    template = stack("App")
    policy = template["Resources"]["RotateServiceRoleDefaultPolicy6A7B"]["Properties"]["PolicyDocument"]
    policy["Statement"][0]["Resource"] = [{"Fn::GetAtt": ["Rotate8C9D", "Arn"]}, {"Ref": "AWS::StackName"}]
    path.write_text(json.dumps(template))

    (document,) = from_cdk(path, role="Rotate").documents.values()
    named = "arn:aws:lambda:us-east-1:123456789012:function:App-Rotate8C9D-*"
    assert document["Statement"][0]["Resource"] == [named, "App"]

    (document,) = from_cdk(path, role="Rotate", parameters={"AWS::StackName": "Mine"}).documents.values()
    assert document["Statement"][0]["Resource"] == [named.replace("App", "Mine"), "Mine"]


def test_the_account_and_region_of_an_environment_are_known(cdk_out):
    folder = cdk_out("App")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["artifacts"]["App"]["environment"] = "aws://111122223333/eu-west-1"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (document,) = from_cdk(folder, role="Rotate").documents.values()
    secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-??????"
    assert document["Statement"][0]["Resource"] == secret


@pytest.mark.parametrize("is_apart", [True, False])
def test_constructs_are_known_from_the_manifest_too(cdk_out, is_apart):
    folder = cdk_out("App")
    template = stack("App")
    for resource in template["Resources"].values():
        del resource["Metadata"]
    (folder / "App.template.json").write_text(json.dumps(template))
    metadata = {"/App/Rotate/Resource": [{"type": "aws:cdk:logicalId", "data": "Rotate8C9D"}, {"type": "x"}]}
    manifest = json.loads((folder / "manifest.json").read_text())
    artifact = manifest["artifacts"]["App"]
    artifact |= {"additionalMetadataFile": "App.metadata.json"} if is_apart else {"metadata": metadata}
    (folder / "App.metadata.json").write_text(json.dumps(metadata))
    (folder / "manifest.json").write_text(json.dumps(manifest))

    assert from_cdk(folder, role="App/Rotate").role == "RotateServiceRole4E5F"


@pytest.mark.parametrize("metadata", ["x", 5, ["x"], None])
def test_metadata_of_another_type_are_replaced_by_the_manifests(cdk_out, metadata):
    out = cdk_out("App")
    template = stack("App")
    template["Resources"]["RotateServiceRole4E5F"]["Metadata"] = metadata
    (out / "App.template.json").write_text(json.dumps(template))
    entry = {"type": "aws:cdk:logicalId", "data": "RotateServiceRole4E5F"}
    artifact = {
        "properties": {"templateFile": "App.template.json"},
        "metadata": {"/App/Rotate/ServiceRole/Resource": [entry]},
    }
    (out / "manifest.json").write_text(json.dumps({"artifacts": {"App": artifact}}))
    assert from_cdk(out, role="App/Rotate/ServiceRole").role == "RotateServiceRole4E5F"


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a\0b", "\ud800", "x" * 5000, 5], ids=range(8))
def test_a_file_of_metadata_that_cant_be_is_left_out(cdk_out, name):
    out = cdk_out("App")
    artifact = {"properties": {"templateFile": "App.template.json"}, "additionalMetadataFile": name}
    (out / "manifest.json").write_text(json.dumps({"artifacts": {"App": artifact}}))
    assert from_cdk(out, role="App/Rotate").role == "RotateServiceRole4E5F"
