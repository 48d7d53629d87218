"""Templates that ask for endless work end in an error, in bounded time."""

import json
import time

import pytest

from fake_secrets import PolicyError
from fake_secrets.policies import from_cloudformation


def statement_of(resource):
    return {"Effect": "Allow", "Action": "*", "Resource": resource}


def template(resource, **sections):
    document = {"Version": "2012-10-17", "Statement": [statement_of(resource)]}
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"Policies": [{"PolicyName": "x", "PolicyDocument": document}]},
    }
    resources = {"Role": role, **sections.pop("resources", {})}
    return json.dumps({"Resources": resources, **sections})


def doubling_names():
    queues = {
        f"Q{number}": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"QueueName": {"Fn::Sub": f"${{Q{number + 1}}}" * 2}},
        }
        for number in range(30)
    }
    queues["Q30"] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "x"}}
    return template({"Fn::GetAtt": "Q0.QueueName"}, resources=queues)


def doubling_conditions():
    conditions = {f"C{number}": {"Fn::And": [{"Condition": f"C{number + 1}"}] * 2} for number in range(40)}
    conditions["C40"] = {"Fn::Equals": [1, 1]}
    return template({"Fn::If": ["C0", "a", "b"]}, Conditions=conditions)


def deep(levels):
    return "[" * levels + "]" * levels


HOSTILE = {
    "a long text from short ones": template(
        {"Fn::Sub": "${Long}" * 1000}, Parameters={"Long": {"Default": "x" * 5000}}
    ),
    "long texts from short ones": template(
        [{"Fn::Sub": "${Long}"}] * 1000, Parameters={"Long": {"Default": "x" * 500_000}}
    ),
    "a long text of a long delimiter": template({"Fn::Join": ["x" * 400_000, ["x"] * 100_000]}),
    "variables without an end": template({"Fn::Sub": "${" * 400_000}),
    "dynamic references without an end": template("{{resolve:" * 90_000),
    "a long key": template({"x" * 400_000: [0] * 90_000}),
    "a key of many twice": "{" + "".join(f'"{number}": 0, ' for number in range(60_000)) + '"59999": 0}',
    "a long number": f'{{"Resources": {"9" * 5000}}}',
    "a long index": template({"Fn::Select": ["9" * 5000, ["x"]]}),
    "names of names": doubling_names(),
    "deep JSON": f'{{"Resources": {deep(200_000)}}}',
    "JSON below the limit of the parser": f'{{"Resources": {deep(150)}}}',
    "deep expressions": template(json.loads('{"Fn::Join": ["", [' * 40 + "1" + "]]}" * 40)),
    "a large file": " " * 1_000_001,
    "many values": f'{{"Resources": {{"A": [{"0," * 499_980}0]}}}}',
    "many expressions": template([0] * 200_000),
}
IN_YAML = {
    "deep YAML": f"Resources: {deep(100_000)}",
    "a billion laughs": "a: &a [x, x]\n"
    + "".join(
        f"{chr(number + 1)}: &{chr(number + 1)} [*{chr(number)}, *{chr(number)}]\n" for number in range(97, 121)
    ),
    "many merges": "b: &b {"
    + "".join(f"k{number}: , " for number in range(20_000))
    + "}\na:\n"
    + f"- {{<<: [{'*b, ' * 2000}]}}\n" * 60,
    "many merges of nothing": "b: &b {}\na: &a ["
    + "*b, " * 50_000
    + "]\n"
    + "".join(f"x{number}: {{<<: *a}}\n" for number in range(40_000)),
    "many anchors": "\n".join(f"a{number}: &a{number} x" for number in range(60_000)),
}


def refuse(path):
    before = time.process_time()
    with pytest.raises(PolicyError) as refused:
        from_cloudformation(path, role="Role")
    assert time.process_time() - before < 10
    assert len(str(refused.value)) < 2000


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_json(tmp_path, content):
    path = tmp_path / "template.json"
    path.write_text(content)
    refuse(path)


@pytest.mark.parametrize("content", IN_YAML.values(), ids=IN_YAML)
def test_yaml(tmp_path, content):
    pytest.importorskip("yaml", reason="templates in YAML are read where PyYAML is installed")
    path = tmp_path / "template.yaml"
    path.write_text(content)
    refuse(path)


@pytest.mark.slow
def test_managed_policies_are_each_looked_up_once(tmp_path):
    made = {f"P{number}": {"Type": "AWS::IAM::ManagedPolicy"} for number in range(4000)}
    for policy in made.values():
        policy["Properties"] = {"PolicyDocument": {"Version": "2012-10-17"}}
    attached = {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [{"Ref": name} for name in made]}}
    path = tmp_path / "template.json"
    path.write_text(json.dumps({"Resources": {"Role": attached, **made}}))
    before = time.process_time()
    assert from_cloudformation(path, role="Role").documents.keys() == made.keys()
    assert time.process_time() - before < 5


@pytest.mark.slow
def test_roles_of_functions_are_each_looked_up_once(tmp_path):
    roles = {f"R{number}": {"Type": "AWS::IAM::Role"} for number in range(3000)}
    role = {"Fn::GetAtt": ["R2999", "Arn"]}
    function = {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "rotate", "Role": role}}
    functions = {f"F{number}": function for number in range(5000)}
    path = tmp_path / "template.json"
    path.write_text(json.dumps({"Resources": {**roles, **functions}}))
    before = time.process_time()
    assert from_cloudformation(path, role="rotate").role == "R2999"
    assert time.process_time() - before < 5


def test_conditions_that_double_are_each_evaluated_once(tmp_path):
    path = tmp_path / "template.json"
    path.write_text(doubling_conditions())
    found = from_cloudformation(path, role="Role")
    assert found.documents["x"]["Statement"] == [statement_of("a")]
