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


def test_conditions_that_double_are_each_evaluated_once(tmp_path):
    path = tmp_path / "template.json"
    path.write_text(doubling_conditions())
    found = from_cloudformation(path, role="Role")
    assert found.documents["x"]["Statement"] == [statement_of("a")]
