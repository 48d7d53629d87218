"""Two evaluators, written independently of each other, decide the same.

One is the package's, the other is the naive one beside this file. The questions are random but always the same.
"""

import json
import random
from collections import Counter
from dataclasses import asdict

import pytest
from naive_evaluation import Question, decide
from random_questions import HERE, OPERATORS, PREFIX, random_question, random_question_about_patterns

from fake_secrets.errors import PolicyError, ServiceError
from fake_secrets.iam import grammar, identity_grammar
from fake_secrets.iam.evaluation import Caller, Check, Layers, evaluate

SEED = 17
FEW, MANY = 400, 10_000
ADDITIONS = ("{}", "{}IfExists", "ForAnyValue{}", "ForAllValues{}")
# Without these, a question or a statement is none, or another.
NEEDED = {"arn", "account", "action", "resource", "context", "identity", "Version", "Statement", "Effect"} | {
    negation + element for negation in ("", "Not") for element in ("Principal", "Action", "Resource", "AWS")
}
LAYERS_OF = {
    "allowed": {"identity", "resource", "root"},
    "explicit_deny": {"identity", "resource", "boundary", "session"},
    "implicit_deny": {"identity", "resource", "boundary", "session"},
}


def questions(number, draw=random_question):
    source = random.Random(SEED)  # noqa: S311 - nothing is kept secret with it
    return [draw(source) for _ in range(number)]


def decide_by_the_package(question):
    """Return what the package decides, in the form of the naive evaluator."""
    check = Check(
        question.action, question.resource, {key.lower(): value for key, value in question.context.items()}
    )
    layers = Layers(
        identity=None if question.identity is None else parsed(question.identity),
        resource=[grammar.parse(json.dumps(policy)) for policy in question.resource_policies],
        boundary=None if question.boundary is None else parsed([question.boundary])[0],
        session=None if question.session is None else parsed(question.session),
    )
    decision = evaluate(check, Caller(question.arn, question.account, question.role, question.parent), layers)
    return decision.effect, list(decision.layers)


def parsed(documents):
    """Return policies with all that IAM stores, even what is refused as having no effect when a test gives it."""
    return [identity_grammar.parse(json.dumps(document), "policy") for document in documents]


def is_agreed(question):
    return decide(question) == decide_by_the_package(question)


def is_agreed_or_refused(question):
    try:
        return is_agreed(question)
    except (ServiceError, PolicyError):
        return True


def disagreement(asked):
    """Return a report on the smallest form of the first question on which the two disagree, or None."""
    disputed = next((question for question in asked if not is_agreed(question)), None)
    if disputed is None:
        return None
    smallest = shrunk(disputed, is_agreed_or_refused)
    told = json.dumps(asdict(smallest), indent=1)
    return f"naive: {decide(smallest)}\npackage: {decide_by_the_package(smallest)}\n{told}"


def shrunk(question, is_fine):
    """Return a question that isn't fine, while it is fine with any one part less."""
    smaller = (Question(**less) for part, less in with_one_part_less(asdict(question)) if part not in NEEDED)
    found = next((less for less in smaller if less != question and not is_fine(less)), None)
    return question if found is None else shrunk(found, is_fine)


def with_one_part_less(value):
    """Yield the key or number of each part at any depth of a document, and the document without that part."""
    parts = {}
    if isinstance(value, dict):
        parts = value
    elif isinstance(value, list | tuple):
        parts = dict(enumerate(value))
    for part, inner in parts.items():
        yield part, put_back(value, {key: other for key, other in parts.items() if key != part})
        for removed, less in with_one_part_less(inner):
            yield removed, put_back(value, parts | {part: less})


def put_back(original, parts):
    return parts if isinstance(original, dict) else list(parts.values())


@pytest.mark.slow
def test_both_decide_the_same():
    assert disagreement(questions(FEW)) is None


@pytest.mark.long
def test_both_decide_the_same_ten_thousand_times():
    assert disagreement(questions(MANY)) is None


@pytest.mark.slow
def test_both_match_dense_patterns_the_same():
    asked = questions(4 * FEW, random_question_about_patterns)
    assert disagreement(asked) is None
    effects = Counter(decide(question)[0] for question in asked)
    assert min(effects["allowed"], effects["implicit_deny"]) >= len(asked) // 10


@pytest.mark.parametrize("operator", ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"])
def test_both_take_a_whole_arn_out_of_a_variable(operator):
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    statement["Condition"] = {operator: {"aws:SourceArn": "${aws:PrincipalArn}"}}
    arn = f"arn:aws:iam::{HERE}:role/app"
    question = Question(
        arn=arn,
        account=HERE,
        action="secretsmanager:ListSecrets",
        resource="*",
        context={"aws:SourceArn": arn, "aws:PrincipalArn": arn},
        identity=[{"Version": "2012-10-17", "Statement": [statement]}],
    )
    assert is_agreed(question)


@pytest.mark.parametrize("resource", ["*:secret:app/db-??????", "**"])
def test_both_let_a_resource_that_is_no_arn_cover_nothing(resource):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": resource}
    question = Question(
        arn=f"arn:aws:iam::{HERE}:user/dev",
        account=HERE,
        action="secretsmanager:GetSecretValue",
        resource=PREFIX + "app/db-AbCdEf",
        context={},
        identity=[],
        resource_policies=[{"Version": "2012-10-17", "Statement": [statement]}],
    )
    assert is_agreed(question)


def test_the_questions_are_always_the_same():
    assert questions(20) == questions(20)


def test_a_disagreement_is_told_in_its_smallest_form():
    def has_no_condition(question):
        return '"Condition": {' not in json.dumps(asdict(question))

    smallest = shrunk(
        next(question for question in questions(FEW) if not has_no_condition(question)), has_no_condition
    )
    assert json.dumps(asdict(smallest)).count("Effect") == 1
    assert smallest.context == {}


@pytest.mark.long
def test_the_questions_meet_every_effect_often():
    effects = Counter(decide(question)[0] for question in questions(MANY))
    assert min(effects[effect] for effect in LAYERS_OF) >= MANY // 10


@pytest.mark.long
def test_each_layer_decides_some_questions():
    found = {effect: set() for effect in LAYERS_OF}
    for effect, layers in map(decide, questions(MANY)):
        found[effect].update(layers)
    assert found == LAYERS_OF


@pytest.mark.long
def test_each_operator_decides_some_questions_alone_and_with_each_addition():
    deciding = [form.rpartition(":") for form in forms_that_decide(questions(MANY))]
    found = {prefix + name.removesuffix("IfExists") for prefix, _, name in deciding} | {
        name for _, _, name in deciding
    }
    # ForAllValues:Null is always true, so that nothing is decided by it.
    additions = {addition.format(name) for name in OPERATORS for addition in ADDITIONS}
    assert additions - found == {"ForAllValuesNull", "NullIfExists"}


def forms_that_decide(asked):
    """Return the operators, as written, of the conditions without which the decision is another."""
    return {
        part
        for question in asked
        for part, less in with_one_part_less(asdict(question))
        if str(part).removesuffix("IfExists").rpartition(":")[2] in OPERATORS
        and decide(question) != decide(Question(**less))
    }
