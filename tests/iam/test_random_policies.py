"""Properties of decisions and explanations, over random policies and requests."""

import json

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from fake_secrets.errors import PolicyError
from fake_secrets.iam import grammar, identity_grammar
from fake_secrets.iam.changes import smallest_change
from fake_secrets.iam.evaluation import Caller, Check, Layers, evaluate
from fake_secrets.iam.explanation import explain
from fake_secrets.iam.loading import load_policies
from fake_secrets.iam.policy import Policy

OWN, OTHER = "123456789012", "210987654321"
SECRET = f"arn:aws:secretsmanager:us-east-1:{OWN}:secret:"
ACTIONS = ["secretsmanager:GetSecretValue", "secretsmanager:ListSecrets", "kms:Decrypt"]
RESOURCES = [f"{SECRET}app/db-AbCdEf", f"{SECRET}dev/db-AbCdEf", "*"]
CALLERS = [
    caller
    for account in (OWN, OTHER)
    for caller in (
        Caller(f"arn:aws:iam::{account}:root", account),
        Caller(f"arn:aws:iam::{account}:user/dev", account),
        Caller(f"arn:aws:iam::{account}:role/path/app", account),
        Caller(f"arn:aws:sts::{account}:assumed-role/app/s1", account, role=f"arn:aws:iam::{account}:role/app"),
        Caller(f"arn:aws:sts::{account}:federated-user/dev", account, parent=f"arn:aws:iam::{account}:user/dev"),
        Caller("rds.amazonaws.com", account),
    )
]
PRINCIPALS = [
    "*",
    {"AWS": OWN},
    {"AWS": [OTHER]},
    {"Service": "rds.amazonaws.com"},
    *({"AWS": caller.arn} for caller in CALLERS if caller.arn.startswith("arn:")),
]
KEYS = ["aws:username", "aws:ResourceTag/env", "aws:TagKeys"]
CONDITIONS = st.dictionaries(
    st.sampled_from(
        [
            "StringEquals",
            "StringNotEquals",
            "StringLikeIfExists",
            "ForAllValues:StringEquals",
            "ForAnyValue:StringLike",
        ]
    ),
    st.dictionaries(
        st.sampled_from(KEYS), st.sampled_from(["dev", "app*", "${aws:username}", ["a", "b"]]), max_size=2
    ),
    max_size=2,
)
CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "aws:username": st.sampled_from(["dev", "app"]),
        "aws:resourcetag/env": st.sampled_from(["dev", "app-1", ""]),
        "aws:tagkeys": st.lists(st.sampled_from(["a", "b", "c"]), max_size=2),
    },
)


@st.composite
def statements(draw, principals):
    action, resource, principal = (
        f"{draw(st.sampled_from(['', '', '', 'Not']))}{element}" for element in ("Action", "Resource", "Principal")
    )
    statement = {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"])),
        action: draw(st.sampled_from([*ACTIONS, "*", "secretsmanager:Get*"])),
        resource: draw(
            st.sampled_from([*RESOURCES, f"{SECRET}app/db", f"{SECRET}${{aws:username}}/*", f"{SECRET}*-??????"])
        ),
        "Condition": draw(CONDITIONS),
    }
    return {**statement, principal: draw(st.sampled_from(principals))} if principals else statement


def policies(parse, principals=()):
    texts = st.builds(
        lambda version, each: json.dumps({"Version": version, "Statement": each}),
        st.sampled_from(["2012-10-17", "2008-10-17"]),
        st.lists(statements(principals), min_size=1, max_size=3),
    )
    return texts.map(parse)


IDENTITY = policies(lambda text: identity_grammar.parse(text, "app.json"))
LAYERS = st.builds(
    Layers,
    identity=st.lists(IDENTITY, max_size=2),
    resource=st.lists(policies(grammar.parse, PRINCIPALS), max_size=2),
    boundary=st.none() | IDENTITY,
    session=st.none() | st.lists(IDENTITY, max_size=2),
)
CHECKS = st.builds(Check, st.sampled_from(ACTIONS), st.sampled_from(RESOURCES), CONTEXTS)


def changed(layers, changes):
    """Return layers with a policy for each change."""
    layers = {name: getattr(layers, name) for name in ("identity", "resource", "boundary", "session")}
    for change in changes:
        text = json.dumps({"Version": "2012-10-17", "Statement": change.statement})
        if change.layer == "boundary":
            added = identity_grammar.parse(text, "").statements
            old = layers["boundary"]
            layers["boundary"] = Policy((*old.statements, *added), has_variables=old.has_variables)
        else:
            parsed = grammar.parse(text) if change.layer == "resource" else identity_grammar.parse(text, "")
            layers[change.layer] = [*(layers[change.layer] or ()), parsed]
    return Layers(**layers)


@pytest.mark.slow
@given(CHECKS, st.sampled_from(CALLERS), LAYERS)
def test_a_denial_is_explained_in_two_to_five_lines(check, caller, layers):
    decision = evaluate(check, caller, layers)
    lines = explain(check, caller, layers, decision).splitlines()
    assert decision.effect == "allowed" if not lines else 2 <= len(lines) <= 5


@pytest.mark.slow
@given(CHECKS, st.sampled_from(CALLERS), LAYERS)
def test_the_smallest_change_allows_what_is_not_denied(check, caller, layers):
    decision = evaluate(check, caller, layers)
    changes = smallest_change(check, caller, layers, decision)
    # A service has resource policies alone, and an action without a resource has none.
    is_hopeless = caller.arn == "rds.amazonaws.com" and check.resource == "*"
    assert bool(changes) is (decision.effect == "implicit_deny" and not is_hopeless)
    if changes:
        assert evaluate(check, caller, changed(layers, changes)).effect == "allowed"


@pytest.mark.slow
@given(CHECKS, st.sampled_from(CALLERS), LAYERS, st.randoms(use_true_random=False))
def test_the_order_of_policies_and_statements_does_not_matter(check, caller, layers, random):
    def shuffled(each):
        mixed = [
            Policy(tuple(random.sample(one.statements, len(one.statements))), one.name, one.has_variables)
            for one in each
        ]
        return random.sample(mixed, len(mixed))

    boundary = shuffled([layers.boundary])[0] if layers.boundary else None
    session = shuffled(layers.session) if layers.session is not None else None
    other = Layers(shuffled(layers.identity), shuffled(layers.resource), boundary, session)
    first, second = evaluate(check, caller, layers), evaluate(check, caller, other)
    assert (first.effect, first.layers) == (second.effect, second.layers)


@pytest.mark.slow
@given(CHECKS, st.sampled_from(CALLERS), LAYERS, IDENTITY)
def test_a_boundary_never_allows_more(check, caller, layers, boundary):
    without = Layers(layers.identity, layers.resource, None, layers.session)
    capped = Layers(layers.identity, layers.resource, boundary, layers.session)
    if evaluate(check, caller, capped).effect == "allowed":
        assert evaluate(check, caller, without).effect == "allowed"


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ANYTHING = st.recursive(
    SCALARS | st.sampled_from(["*", "arn:aws:s3:::a", "a:B", "2012-10-17", "Allow", "${aws:username}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
VALID = {"Effect": "Allow", "Action": "a:B", "Resource": "*"}
ELEMENTS = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Principal"]
NAMES = st.sampled_from(
    ["StringEquals", "Bool", "NumericLessThan", "ArnLike", "ForAllValues:Null", "IpAddress", "x"]
)
BLOCKS = st.dictionaries(NAMES, st.dictionaries(st.text(max_size=4), ANYTHING, max_size=2) | ANYTHING, max_size=2)
DOCUMENTS = st.one_of(
    st.dictionaries(st.sampled_from(["Version", "Id", "Statement", "Resources"]), ANYTHING),
    st.builds(
        lambda changed, condition: {"Version": "2012-10-17", "Statement": VALID | changed | condition},
        st.dictionaries(st.sampled_from(ELEMENTS), ANYTHING, max_size=2),
        st.just({}) | st.fixed_dictionaries({"Condition": BLOCKS}),
    ),
)


# On a busy machine, the first documents take long to make.
@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS, st.booleans(), CONTEXTS)
def test_every_document_is_loaded_and_decided_or_refused_with_a_policy_error(document, is_text, context):
    try:
        given_policies = load_policies(json.dumps(document) if is_text else document, "policy")
    except PolicyError as refused:
        assert str(refused).startswith("policy")
    else:
        layers = Layers(given_policies)
        for check in (Check("a:B", "arn:aws:s3:::a", context), Check("a:C", "*", context)):
            assert explain(check, CALLERS[1], layers, evaluate(check, CALLERS[1], layers)) is not None


@given(st.text('{}[]",: \\u0aNI', max_size=20))
def test_every_text_that_looks_like_json_is_refused_with_a_policy_error(text):
    with pytest.raises(PolicyError):
        load_policies("{" + text, "policy")
