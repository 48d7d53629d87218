"""The naive evaluator decides as the documentation says, so that it is fit to compare the package's own with."""

import json
from pathlib import Path

import pytest
from naive_evaluation import Question, decide

DATA = json.loads((Path(__file__).parent.parent / "data" / "iam-vectors.json").read_text())


def question_of(vector):
    principal, session, resource_policy = (
        vector["principal"],
        vector.get("session_policy"),
        vector["resource_policy"],
    )
    return Question(
        arn=principal["arn"],
        account=principal["account"],
        role=principal.get("role"),
        parent=principal.get("parent"),
        identity=vector["identity_policies"],
        resource_policies=() if resource_policy is None else (resource_policy,),
        boundary=vector.get("permission_boundary"),
        session=None if session is None else [session],
        **vector["request"],
    )


@pytest.mark.parametrize("vector", DATA["vectors"], ids=lambda vector: vector["id"])
def test_documented_decisions_come_out(vector):
    assert decide(question_of(vector)) == (vector["expect"], vector["decided_by"]), vector["name"]


@pytest.mark.parametrize("vector", DATA["open"], ids=lambda vector: vector["id"])
def test_open_questions_are_answered_as_recommended(vector):
    assert decide(question_of(vector))[0] == vector["recommended"], vector["question"]
