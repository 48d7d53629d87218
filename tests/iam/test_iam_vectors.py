"""Decides the cases of data/iam-vectors.json, which are IAM's documented decisions about secrets."""

import json
from pathlib import Path

import pytest

from fake_secrets.iam import grammar, identity_grammar
from fake_secrets.iam.evaluation import Caller, Check, Layers, evaluate

CASES = json.loads((Path(__file__).parents[1] / "data" / "iam-vectors.json").read_text())
# IAM refuses to store these, so that nothing is left to decide.
REFUSED = ("Q10", "Q11")


def named(case):
    return pytest.param(case, id=f"{case['id']} {case['name']}")


def decided(case):
    principal, request = case["principal"], case["request"]
    resource_policy, boundary = case["resource_policy"], case.get("permission_boundary")
    session = case.get("session_policy")
    return evaluate(
        Check(
            request["action"],
            request["resource"],
            {key.lower(): value for key, value in request["context"].items()},
        ),
        Caller(principal["arn"], principal["account"], principal.get("role"), principal.get("parent")),
        Layers(
            identity=[identity(policy) for policy in case["identity_policies"]],
            resource=[grammar.parse(json.dumps(resource_policy))] if resource_policy else [],
            boundary=identity(boundary) if boundary else None,
            session=[identity(session)] if session else None,
        ),
    )


def identity(document):
    return identity_grammar.parse(json.dumps(document), "p")


@pytest.mark.parametrize("case", [named(case) for case in CASES["vectors"] if case["rank"] in "ABC"])
def test_a_call_is_decided_as_aws_documents_or_does(case):
    decision = decided(case)
    assert (decision.effect, list(decision.layers)) == (case["expect"], case["decided_by"])


@pytest.mark.parametrize("case", [named(case) for case in CASES["vectors"] if case["rank"] == "D"])
def test_our_choice_decides_what_no_source_says(case):
    decision = decided(case)
    assert (decision.effect, list(decision.layers)) == (case["expect"], case["decided_by"])


@pytest.mark.parametrize("case", [named(case) for case in CASES["open"] if case["id"] not in REFUSED])
def test_an_open_question_has_the_recommended_answer(case):
    assert decided(case).effect == case["recommended"]
