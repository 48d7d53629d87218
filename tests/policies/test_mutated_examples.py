"""Whatever is changed in an example's template, reading it ends with policies or with a PolicyError."""

import contextlib
import copy
import importlib.util
import json
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from fake_secrets import PolicyError, policies

EXAMPLES = Path(__file__).parents[2] / "examples" / "policies"


def needs(*modules):
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    return pytest.mark.skipif(bool(missing), reason=f"it is read where {', '.join(modules)} is installed")


# Reader, file, role.
TEMPLATES = {
    "cloudformation": (policies.from_cloudformation, "rotation.yaml", "RotationRole"),
    "sam": (policies.from_sam, "sam.yaml", "RotationFunction"),
    "cdk": (policies.from_cdk, "Rotation.template.json", "Rotation/Rotate"),
    "terraform": (policies.from_terraform, "plan.json", "aws_iam_role.rotation"),
}
MARKS = {"cloudformation": needs("yaml"), "sam": needs("yaml", "samtranslator")}
EACH = [pytest.param(*one, marks=MARKS.get(name, ()), id=name) for name, one in TEMPLATES.items()]

WORDS = st.sampled_from(
    [
        "",
        "*",
        "!x",
        "<<",
        "${",
        "${X}",
        "{{resolve:ssm:x}}",
        "[" * 2000,
        '{"Statement": []}',
        '{"a": 1, "a": 2}',
        "arn:aws:iam::aws:policy/AdministratorAccess",
        "9" * 5000,
        "\0",
        "\ue000",
        "\ud800",
        "AWS::IAM::Role",
        "AWS::IAM::User",
        "AWS::NoValue",
        "AWS::SecretsManager::Secret",
    ]
)
ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text(max_size=5)
KEYS = WORDS | st.sampled_from(
    [
        *["Condition", "Fn::GetAtt", "Fn::If", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::Sub", "Ref"],
        *[
            "ManagedPolicyArns",
            "Metadata",
            "Policies",
            "PolicyDocument",
            "Properties",
            "Roles",
            "Statement",
            "Type",
        ],
        *["address", "index", "inline_policy", "module", "name", "policy", "references", "values"],
    ]
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=5,
)


def parsed(name):
    text = (EXAMPLES / name).read_text()
    if name.endswith(".json"):
        return json.loads(text)
    from fake_secrets.policies.short_tags import parse_yaml

    return parse_yaml(text, name)


def places_in(value):
    """Return each list and mapping with each of its indices or keys."""
    found, ahead = [], [value]
    while ahead:
        outer = ahead.pop()
        inner = outer.items() if isinstance(outer, dict) else enumerate(outer) if isinstance(outer, list) else ()
        for key, one in list(inner):
            found.append((outer, key))
            ahead.append(one)
    return found


def mutate(document, data):
    outer, key = data.draw(st.sampled_from(places_in(document)), label="place")
    change = data.draw(st.sampled_from(["replace", "remove", "wrap", "copy", "rename"]), label="change")
    if change == "replace":
        outer[key] = data.draw(VALUES)
    elif change == "remove":
        del outer[key]
    elif change == "wrap":
        outer[key] = data.draw(st.sampled_from([[outer[key]], {data.draw(KEYS): outer[key]}]))
    elif change == "copy":
        other, of = data.draw(st.sampled_from(places_in(document)))
        outer[key] = copy.deepcopy(other[of])
    elif isinstance(outer, dict):
        renamed = data.draw(KEYS | st.sampled_from(sorted(outer)), label="new name")
        outer[renamed] = outer.pop(key)


def read(reader, path, role):
    with contextlib.suppress(PolicyError):
        found = reader(path, role=role)
        assert isinstance(found, policies.RolePolicies)
        documents = [*found.documents.values(), found.boundary or {}]
        assert all(isinstance(document, dict) for document in documents)


@pytest.mark.slow
@pytest.mark.parametrize(("reader", "name", "role"), EACH)
@settings(deadline=None)
@given(data=st.data())
def test_values_that_are_changed(reader, name, role, tmp_path_factory, data):
    document = parsed(name)
    for _ in range(data.draw(st.integers(1, 4), label="changes")):
        if places_in(document):
            mutate(document, data)
    path = tmp_path_factory.getbasetemp() / "mutated.template.json"
    path.write_text(json.dumps(document))
    read(reader, path, role)


@pytest.mark.slow
@pytest.mark.parametrize(("reader", "name", "role"), EACH)
@settings(deadline=None)
@given(data=st.data())
def test_text_that_is_changed(reader, name, role, tmp_path_factory, data):
    content = (EXAMPLES / name).read_bytes()
    for _ in range(data.draw(st.integers(1, 4), label="changes")):
        start = data.draw(st.integers(0, len(content)), label="start")
        end = data.draw(st.integers(start, min(start + 30, len(content))), label="end")
        put = data.draw(
            st.binary(max_size=5)
            | st.sampled_from([b"\n", b"- ", b": ", b"&a ", b"*a", b"!Sub ", b"---\n", b"{", b"}", b"[", b'"'])
            | st.just(content[start : start + 40]),
            label="put",
        )
        content = content[:start] + put + content[end:]
    path = tmp_path_factory.getbasetemp() / "mutated.template"
    path.write_bytes(content)
    read(reader, path, role)


CDK_MANIFEST = {
    "version": "1",
    "artifacts": {
        "Rotation": {
            "type": "aws:cloudformation:stack",
            "environment": "aws://123456789012/us-east-1",
            "additionalMetadataFile": "metadata.json",
            "properties": {"templateFile": "mutated.template.json", "stackName": "Rotation"},
            "metadata": {"/Rotation/Rotate": [{"type": "aws:cdk:logicalId", "data": "Rotate1234"}]},
        }
    },
}


@settings(deadline=None)
@given(data=st.data())
def test_a_manifest_that_is_changed(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp() / "mutated.out"
    folder.mkdir(exist_ok=True)
    (folder / "mutated.template.json").write_bytes((EXAMPLES / "Rotation.template.json").read_bytes())
    for name in ("manifest.json", "metadata.json"):
        document = copy.deepcopy(
            CDK_MANIFEST if name == "manifest.json" else CDK_MANIFEST["artifacts"]["Rotation"]
        )
        for _ in range(data.draw(st.integers(0, 3), label="changes")):
            if places_in(document):
                mutate(document, data)
        (folder / name).write_text(json.dumps(document))
    read(policies.from_cdk, folder, "Rotation/Rotate")
    read(policies.from_cdk, folder / "mutated.template.json", "Rotation/Rotate")
