"""The arguments that all readers of templates take."""

import json
import os
import sys

import pytest

from fake_secrets import PolicyError, policies

READERS = [policies.from_cloudformation, policies.from_cdk, policies.from_sam, policies.from_terraform]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("role", [None, 5, b"Role"])
def test_a_role_that_is_no_text_is_refused(reader, role):
    with pytest.raises(
        TypeError, match=r"^role is the name of a role or a user, a str, not (None|a value of type)"
    ):
        reader("template.json", role=role)


OF_STACKS = ("parameters", "arns", "managed_policies")
OF_TERRAFORM = ("documents", "managed_policies")


@pytest.mark.parametrize(
    ("reader", "argument"),
    [
        (reader, argument)
        for reader in READERS
        for argument in (OF_TERRAFORM if reader is policies.from_terraform else OF_STACKS)
    ],
)
@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (["x"], "{} is a dict, not a value of type list"),
        ("x", "{} is a dict, not a value of type str"),
        ({None: "x"}, "{} is a dict whose keys are str, and one of them is None"),
    ],
)
def test_another_argument_that_is_no_dict_is_refused(reader, argument, given, problem):
    with pytest.raises(TypeError, match=f"^{problem.format(argument)}$"):
        reader("template.json", role="Role", **{argument: given})


def test_an_arn_that_is_no_text_is_refused():
    with pytest.raises(
        TypeError, match=r"^arns is a dict whose values are str, and that of 'Db' is a value of type"
    ):
        policies.from_cloudformation("template.json", role="Role", arns={"Db": 5})


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("path", ["a\0b", "\ud800", "x" * 5000], ids=["null", "surrogate", "long"])
def test_a_path_that_no_file_can_have_is_refused(reader, path):
    with pytest.raises(PolicyError, match="it can't be read: ") as refused:
        reader(path, role="Role")
    str(refused.value).encode()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_file_may_have_a_name_that_isnt_utf8(tmp_path):
    path = tmp_path / os.fsdecode(b"\xff.json")
    path.write_text(json.dumps({"Resources": {"Role": {"Type": "AWS::IAM::Role"}}}))
    found = policies.from_cloudformation(path, role="Role")
    assert found.source.endswith(r"\udcff.json")
