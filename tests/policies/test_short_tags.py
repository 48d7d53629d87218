"""CloudFormation's YAML, as the JSON that it stands for."""

import sys
import textwrap

import hypothesis.strategies as st
import pytest
from hypothesis import given

pytest.importorskip("yaml", reason="templates in YAML are read where PyYAML is installed")

from fake_secrets import PolicyError
from fake_secrets.policies.short_tags import parse_yaml


def parse(text):
    return parse_yaml(textwrap.dedent(text), "template.yaml")


def test_several_documents_are_refused():
    assert refusal("---\na: 1\n---\nb: 2\n") == (
        "template.yaml, line 3: another document begins there, and a template is one."
    )
    assert parse("%YAML 1.1\n---\na: 1\n...\n") == {"a": 1}


def refusal(text):
    with pytest.raises(PolicyError) as refused:
        parse(text)
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref Secret", {"Ref": "Secret"}),
        ("!GetAtt Role.Arn", {"Fn::GetAtt": "Role.Arn"}),
        ("!GetAtt [Role, Arn]", {"Fn::GetAtt": ["Role", "Arn"]}),
        ("!Sub 'a-${B}'", {"Fn::Sub": "a-${B}"}),
        ("!Sub\n- a-${B}\n- B: !Ref C\n", {"Fn::Sub": ["a-${B}", {"B": {"Ref": "C"}}]}),
        ("!Join ['', [a, !Ref B]]", {"Fn::Join": ["", ["a", {"Ref": "B"}]]}),
        ("!If [IsProd, a, !Ref AWS::NoValue]", {"Fn::If": ["IsProd", "a", {"Ref": "AWS::NoValue"}]}),
        ("!Condition IsProd", {"Condition": "IsProd"}),
        ("Fn::Sub: a", {"Fn::Sub": "a"}),
    ],
)
def test_a_short_tag_is_the_function_of_its_name(text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2012-10-17", "2012-10-17"),
        ("'true'", "true"),
        ("true", True),
        ("No", False),
        ("null", None),
        ("a:", {"a": None}),
        ("30", 30),
        ("012345670123", "012345670123"),
        ("1:30", "1:30"),
        ("1.10", "1.10"),
        ("0x1f", "0x1f"),
        ("|\n  a\n  b\n", "a\nb\n"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_a_scalar_is_text_unless_it_is_a_boolean_null_or_a_decimal_number(text, value):
    assert parse(text) == value


def test_keys_stay_text():
    assert parse("123456789012: a\nyes: b\n2012-10-17: c\n") == {
        "123456789012": "a",
        "yes": "b",
        "2012-10-17": "c",
    }


def test_anchors_and_merged_mappings_are_resolved():
    text = """
        first: &one {a: 1, b: 2}
        second: *one
        third:
          <<: *one
          b: 3
    """
    assert parse(text) == {"first": {"a": 1, "b": 2}, "second": {"a": 1, "b": 2}, "third": {"b": 3, "a": 1}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "template.yaml, line 3: the mapping has the key 'a' twice."),
        ("? [a]\n: b\n", "template.yaml, line 1: a key isn't a text."),
        ("a: *missing\n", "template.yaml, line 1: there is no anchor 'missing' before it."),
        ("a: &self [*self]\n", "template.yaml, line 1: there is no anchor 'self' before it."),
        ("a: {<<: text}\n", "template.yaml, line 1: only mappings can be merged."),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_line(text, message):
    assert refusal(text) == message


def test_a_python_object_is_never_made():
    assert parse("!!python/object/apply:os.system ['true']") == ["true"]


def test_without_pyyaml_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert refusal("a: 1") == (
        'template.yaml: YAML is read by PyYAML, which isn\'t installed. Run: pip install "fake_secrets[templates]"'
    )


def test_what_is_no_yaml_is_refused_with_its_line():
    assert refusal("a: 1\nb: ]\n").startswith("template.yaml, line 2: it is no YAML: ")


def test_deep_nesting_takes_no_recursion():
    value = parse("[" * 900 + "]" * 900)
    for _ in range(899):
        (value,) = value
    assert value == []


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
SCALARS |= st.sampled_from(
    ["2012-10-17", "yes", "1.5", "1_000", "0o17", "~", "", "<<", "=", "!Ref x", "*", "&a", "1:30"]
)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)


@pytest.mark.slow
@given(value=DOCUMENTS, is_flow=st.booleans())
def test_what_pyyaml_writes_is_read_as_it_was(value, is_flow):
    import yaml

    assert parse_yaml(yaml.safe_dump(value, default_flow_style=is_flow), "t") == value
