"""Explanations of denials, and the smallest changes that undo them."""

import itertools
import json
import re
from pathlib import Path

import pytest

from fake_secrets.iam import grammar, identity_grammar
from fake_secrets.iam.changes import smallest_change
from fake_secrets.iam.evaluation import Caller, Check, Decision, Layers, evaluate
from fake_secrets.iam.explanation import explain
from fake_secrets.iam.loading import load_policies

CASES = json.loads((Path(__file__).parents[1] / "data" / "iam-vectors.json").read_text())
ACCOUNT, OTHER = "123456789012", "210987654321"
PREFIX = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:"
SECRET, PATTERN = f"{PREFIX}prod/db-AbCdEf", f"{PREFIX}prod/db-??????"
GET = "secretsmanager:GetSecretValue"
USER = Caller(f"arn:aws:iam::{ACCOUNT}:user/dev", ACCOUNT)
SESSION = Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s1", ACCOUNT, role=f"arn:aws:iam::{ACCOUNT}:role/app")
FOREIGN = Caller(f"arn:aws:sts::{OTHER}:assumed-role/app/s1", OTHER)
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ASKED = f"{GET} on {SECRET}"
NOTHING = f"No statement of app.json allows {ASKED} for {USER.arn}."
ADD = f'add to app.json: {{"Effect": "Allow", "Action": "{GET}", "Resource": "{PATTERN}"}}'


def identity(*statements, name="app.json"):
    each = [{"Effect": "Allow", "Action": GET, "Resource": "*", **one} for one in statements]
    return identity_grammar.parse(json.dumps({"Version": "2012-10-17", "Statement": each}), name)


def resource(*statements):
    each = [{"Effect": "Allow", "Principal": "*", "Action": GET, "Resource": "*", **one} for one in statements]
    return grammar.parse(json.dumps({"Version": "2012-10-17", "Statement": each}))


def explained(*statements, caller=USER, action=GET, on=SECRET, context=None, **layers):
    check = Check(action, on, context or {})
    if statements:
        layers["identity"] = [identity(*statements)]
    given = Layers(**layers)
    return explain(check, caller, given, evaluate(check, caller, given)).splitlines()


def case_of(case):
    """Return a case as the arguments of `evaluate`."""
    principal, request, session = case["principal"], case["request"], case.get("session_policy")
    context = {key.lower(): value for key, value in request["context"].items()}
    attached, boundary = case["resource_policy"], case.get("permission_boundary")
    return (
        Check(request["action"], request["resource"], context),
        Caller(principal["arn"], principal["account"], principal.get("role"), principal.get("parent")),
        Layers(
            [identity_grammar.parse(json.dumps(policy), "app.json") for policy in case["identity_policies"]],
            [grammar.parse(json.dumps(attached))] if attached else [],
            identity_grammar.parse(json.dumps(boundary), "boundary") if boundary else None,
            [identity_grammar.parse(json.dumps(session), "session")] if session else None,
        ),
    )


DENIED = [
    pytest.param(*case_of(case), id=f"{case['id']} {case['name']}")
    for case in [*CASES["vectors"], *CASES["open"]]
    if case.get("expect", case.get("recommended")) != "allowed" and case["id"] not in ("Q10", "Q11")
]


def changed(layers, changes):
    """Return layers with changes made."""
    of_identity = [
        identity_grammar.parse(document_of(change), "") for change in changes if change.layer == "identity"
    ]
    of_resource = [grammar.parse(document_of(change)) for change in changes if change.layer == "resource"]
    of_session = [
        identity_grammar.parse(document_of(change), "") for change in changes if change.layer == "session"
    ]
    boundary = layers.boundary
    for change in changes:
        if change.layer == "boundary":
            added = identity_grammar.parse(document_of(change), "").statements
            boundary = type(boundary)((*boundary.statements, *added), has_variables=boundary.has_variables)
    session = [*(layers.session or ()), *of_session] if of_session else layers.session
    return Layers([*layers.identity, *of_identity], [*layers.resource, *of_resource], boundary, session)


def document_of(change):
    return json.dumps({"Version": "2012-10-17", "Statement": change.statement})


@pytest.mark.parametrize(("check", "caller", "layers"), DENIED)
def test_the_smallest_change_allows_the_call(check, caller, layers):
    decision = evaluate(check, caller, layers)
    changes = smallest_change(check, caller, layers, decision)
    if decision.effect == "explicit_deny":
        assert changes == ()
    else:
        assert evaluate(check, caller, changed(layers, changes)).effect == "allowed"


@pytest.mark.parametrize(("check", "caller", "layers"), DENIED)
def test_every_one_of_the_changes_is_needed(check, caller, layers):
    changes = smallest_change(check, caller, layers, evaluate(check, caller, layers))
    for left_out in changes:
        fewer = changed(layers, [change for change in changes if change is not left_out])
        assert evaluate(check, caller, fewer).effect == "implicit_deny"


@pytest.mark.parametrize(("check", "caller", "layers"), DENIED)
def test_an_explanation_has_two_to_five_lines_that_name_the_action(check, caller, layers):
    text = explain(check, caller, layers, evaluate(check, caller, layers))
    assert 2 <= len(text.splitlines()) <= 5
    assert check.action in text.splitlines()[0]


def test_what_is_allowed_needs_no_explanation():
    decision = Decision("allowed", ("identity",))
    assert explain(Check(GET, SECRET, {}), USER, Layers(), decision) == ""
    assert smallest_change(Check(GET, SECRET, {}), USER, Layers(), decision) == ()


class TestNearMisses:
    @pytest.mark.parametrize(
        ("statement", "context", "reason"),
        [
            (
                {"Condition": {"StringEquals": {"aws:ResourceTag/env": "prod"}}},
                {"aws:resourcetag/env": "dev"},
                "aws:ResourceTag/env was 'dev', and StringEquals wants 'prod'",
            ),
            (
                {"Condition": {"StringEquals": {"aws:ResourceTag/env": ["prod", "stage", "test", "qa", "x"]}}},
                {},
                (
                    "aws:ResourceTag/env is absent (the secret has no tag 'env'), and StringEquals wants "
                    "'prod', 'stage', "
                    "'test' or 2 more"
                ),
            ),
            (
                {"Condition": {"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}},
                {},
                (
                    "secretsmanager:VersionStage wasn't sent (AWSCURRENT is not a default for policies), "
                    "and StringEquals "
                    "wants 'AWSCURRENT'"
                ),
            ),
            (
                {
                    "Condition": {
                        "StringLike": {"secretsmanager:VersionId": "*"},
                        "Null": {"aws:username": "false"},
                    }
                },
                {},
                (
                    "secretsmanager:VersionId wasn't sent, and StringLike wants '*', and 1 more of its "
                    "conditions don't hold"
                ),
            ),
            (
                {"Condition": {"StringNotEquals": {"aws:username": "dev"}}},
                {"aws:username": "dev"},
                "aws:username was 'dev', and StringNotEquals wants anything but 'dev'",
            ),
            (
                {"Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}},
                {"aws:resourcetag/team": "a", "aws:principaltag/team": "b"},
                "aws:ResourceTag/team was 'a', and StringEquals wants '${aws:PrincipalTag/team}', which is 'b'",
            ),
            (
                {"Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}},
                {"aws:resourcetag/team": "a"},
                (
                    "aws:ResourceTag/team was 'a', and StringEquals wants '${aws:PrincipalTag/team}', but "
                    "${aws:PrincipalTag/team} has no value (the caller has no tag 'team')"
                ),
            ),
            (
                {"Condition": {"StringEquals": {"aws:TagKeys": "env"}}},
                {"aws:tagkeys": ["env"]},
                (
                    "aws:TagKeys can have several values, so that StringEquals without ForAnyValue or "
                    "ForAllValues never "
                    "holds"
                ),
            ),
            (
                {"Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": "env"}}},
                {"aws:tagkeys": ["env", "x"]},
                "aws:TagKeys was ['env', 'x'], and ForAllValues:StringEquals wants 'env'",
            ),
            (
                {"Condition": {"StringEquals": {"aws:ResourceTag/env": "pr*"}}},
                {"aws:resourcetag/env": "prod"},
                (
                    "aws:ResourceTag/env was 'prod', and StringEquals wants 'pr*'; StringEquals has no "
                    "wildcards, and "
                    "StringLike has"
                ),
            ),
            (
                {"Condition": {"StringEquals": {"aws:ResourceTag/env": "Prod"}}},
                {"aws:resourcetag/env": "prod"},
                "aws:ResourceTag/env was 'prod', and StringEquals wants 'Prod'; upper and lower case count",
            ),
            (
                {"Condition": {"StringEquals": {"secretsmanager:SecretId": "prod/db"}}},
                {"secretsmanager:secretid": SECRET},
                (
                    f"secretsmanager:SecretId was '{SECRET}', and StringEquals wants 'prod/db'; the key is "
                    f"an ARN, even if "
                    "the request has a name"
                ),
            ),
            (
                {"Condition": {"Null": {"aws:username": "true"}}},
                {"aws:username": "dev"},
                "aws:username is present, and Null wants 'true'",
            ),
        ],
    )
    def test_a_condition_is_told_with_the_value_of_the_request(self, statement, context, reason):
        assert explained({"Sid": "Read", **statement}, context=context) == [
            NOTHING,
            f"Statement 1 (Sid 'Read') of app.json allows the call, except that {reason}.",
            f"To allow it, let that Condition hold, or {ADD}",
        ]

    @pytest.mark.parametrize(
        ("pattern", "reason"),
        [
            (
                f"{PREFIX}prod/db",
                (
                    f"its Resource '{PREFIX}prod/db' lacks the suffix '-??????' that stands for the end of a "
                    f"secret's ARN"
                ),
            ),
            (
                "arn:aws:secretsmanager:REGION:ACCOUNT:secret:prod/db-??????",
                (
                    "its Resource 'arn:aws:secretsmanager:REGION:ACCOUNT:secret:prod/db-??????' has 'REGION' for "
                    "the region, a placeholder that was never replaced"
                ),
            ),
            (
                "arn:aws:secretsmanager:us-east-1:<account>:secret:prod/db-??????",
                (
                    "its Resource 'arn:aws:secretsmanager:us-east-1:<account>:secret:prod/db-??????' has "
                    "'<account>' for the account, a placeholder that was never replaced"
                ),
            ),
            (
                f"{SECRET}-??????",
                (
                    f"its Resource '{SECRET}-??????' has '-??????' after the end of the secret's ARN, which it "
                    "stands for"
                ),
            ),
            (f"{PREFIX}Prod/*", f"its Resource '{PREFIX}Prod/*' differs in upper and lower case"),
            (
                f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:prod/db",
                (
                    f"its Resource 'arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:prod/db' is for the region "
                    "'eu-west-1', not 'us-east-1'"
                ),
            ),
            (
                f"arn:aws:secretsmanager:*:{OTHER}:secret:*",
                (
                    f"its Resource 'arn:aws:secretsmanager:*:{OTHER}:secret:*' is for the account '{OTHER}', not "
                    f"'{ACCOUNT}'"
                ),
            ),
            (
                f"arn:aws-cn:secretsmanager:*:{ACCOUNT}:secret:*",
                (
                    f"its Resource 'arn:aws-cn:secretsmanager:*:{ACCOUNT}:secret:*' is for the partition "
                    f"'aws-cn', not "
                    "'aws'"
                ),
            ),
            (
                f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:prod/*",
                (
                    f"its Resource 'arn:aws:secretsmanager:us-east-1:{ACCOUNT}:prod/*' lacks 'secret:' before "
                    f"the name"
                ),
            ),
            (
                f"{PREFIX}${{aws:PrincipalTag/team}}/*",
                (
                    f"its Resource '{PREFIX}${{aws:PrincipalTag/team}}/*' covers nothing: "
                    f"${{aws:PrincipalTag/team}} has no "
                    "value (the caller has no tag 'team')"
                ),
            ),
            (
                f"{PREFIX}${{aws:PrincipalTag/team, 'ops'}}/*",
                f"its Resource \"{PREFIX}${{aws:PrincipalTag/team, 'ops'}}/*\" is '{PREFIX}ops/*' for this call",
            ),
            (f"{PREFIX}dev/*", f"its Resource is '{PREFIX}dev/*'"),
        ],
    )
    def test_a_resource_is_told_with_what_is_wrong(self, pattern, reason):
        assert explained({"Resource": pattern}) == [
            NOTHING,
            f"Statement 1 of app.json allows the action, but {reason}.",
            f'To allow it, add "{PATTERN}" to the Resource of statement 1 of app.json, or {ADD}',
        ]

    def test_a_pattern_that_is_too_long_for_an_arn_is_told_without_details(self):
        (_, second, _) = explained({"Resource": f"{PREFIX}prod/db{'*' * 3000}x"})
        assert second.startswith("Statement 1 of app.json allows the action, but its Resource is '")

    def test_an_action_without_a_resource_wants_a_star(self):
        action = "secretsmanager:ListSecrets"
        assert explained({"Action": action, "Resource": f"{PREFIX}*"}, action=action, on="*") == [
            f"No statement of app.json allows {action} for {USER.arn}.",
            (
                f"Statement 1 of app.json allows the action, but its Resource is '{PREFIX}*', and the "
                f"action has no "
                'resource: only "*" covers it.'
            ),
            f'To allow it, add to app.json: {{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}',
        ]

    def test_a_statement_about_the_resource_is_told_with_its_actions(self):
        actions = [
            f"secretsmanager:{name}" for name in ("DescribeSecret", "GetSecret", "PutSecretValue", "TagResource")
        ]
        assert explained({"Action": actions, "Resource": PATTERN}) == [
            NOTHING,
            (
                "Statement 1 of app.json covers the resource, but its Action is 'secretsmanager:DescribeSecret', "
                "'secretsmanager:GetSecret', 'secretsmanager:PutSecretValue' and 1 more."
            ),
            f'To allow it, add "{GET}" to the Action of statement 1 of app.json, or {ADD}',
        ]

    @pytest.mark.parametrize(
        ("elements", "reason"),
        [
            (
                {"NotAction": ["secretsmanager:Get*", "s3:*"], "Resource": "*"},
                "covers the resource, but its NotAction excludes it",
            ),
            (
                {"Action": GET, "NotResource": f"{PREFIX}prod/*"},
                "allows the action, but its NotResource excludes it",
            ),
        ],
    )
    def test_negated_elements_are_told(self, elements, reason):
        text = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **elements}})
        assert explained(identity=[identity_grammar.parse(text, "app.json")]) == [
            NOTHING,
            f"Statement 1 of app.json {reason}.",
            f"To allow it, {ADD}",
        ]

    def test_the_nearest_come_first_and_others_are_left_out(self):
        lines = explained(
            {"Action": "s3:GetObject"},
            {"Resource": f"{PREFIX}dev/*"},
            {"Action": "secretsmanager:DescribeSecret"},
            {"Resource": f"{PREFIX}prod/db"},
            {"Sid": "Tag", "Condition": {"StringEquals": {"aws:ResourceTag/env": "prod"}}},
        )
        assert [line.partition(" of ")[0] for line in lines[1:-1]] == ["Statement 5 (Sid 'Tag')", "Statement 4"]

    @pytest.mark.parametrize("action", ["s3:*", "secretsmanager:PutSecretValue"])
    def test_a_statement_for_other_actions_on_everything_is_no_near_miss(self, action):
        assert explained({"Action": action}) == [NOTHING, f"To allow it, {ADD}"]

    @pytest.mark.parametrize("action", ["secretmanager:GetSecretValue", "secretsmanger:Get*"])
    def test_a_slip_in_the_service_is_one(self, action):
        for on in ("*", PATTERN):
            (_, second, *_) = explained({"Action": "s3:*"}, {"Action": ["s3:Get*", action], "Resource": on})
            assert second == (
                f"Statement 2 of app.json covers the resource, but its Action '{action}' should begin with "
                "'secretsmanager'."
            )

    def test_a_slip_in_the_action_is_one(self):
        (_, second, _) = explained({"Action": "secretsmanager:GetSecret"})
        assert (
            second == "Statement 1 of app.json covers the resource, but its Action is 'secretsmanager:GetSecret'."
        )


class TestShortForms:
    """Instead of a new statement, an explanation may suggest to extend one: only if that allows nothing else."""

    PATTERNS = ("*", PATTERN, f"{PREFIX}prod/bank-??????", f"{PREFIX}prod/*", f"{PREFIX}prod/db")
    ACTIONS = ("GetSecretValue", "DeleteSecret", "GetRandomPassword", "Get*", "*")
    QUESTIONS = tuple(
        (f"secretsmanager:{action}", on)
        for action in ("GetSecretValue", "DeleteSecret", "PutSecretValue", "GetRandomPassword", "ListSecrets")
        for on in (SECRET, f"{PREFIX}prod/bank-AbCdEf", f"{PREFIX}prod/db", "*")
    )

    def statements(self):
        actions = [*itertools.combinations(self.ACTIONS, 1), *itertools.combinations(self.ACTIONS, 2)]
        patterns = [*itertools.combinations(self.PATTERNS, 1), *itertools.combinations(self.PATTERNS, 2)]
        for some, on in itertools.product(actions, patterns):
            yield {"Action": [f"secretsmanager:{action}" for action in some], "Resource": list(on)}

    def allowed(self, *statements):
        policies = Layers([identity(*statements)])
        return {
            (action, on)
            for action, on in self.QUESTIONS
            if evaluate(Check(action, on, {}), USER, policies).effect == "allowed"
        }

    def test_a_short_form_allows_nothing_but_the_call(self):
        found = 0
        for statement in self.statements():
            last = explained(statement)[-1:]
            short = re.match(r'To allow it, add "(\S+)" to the (\w+) of statement 1', last[0] if last else "")
            if short is not None:
                found += 1
                value, element = short.groups()
                longer = {**statement, element: [*statement[element], value]}
                assert self.allowed(longer) - self.allowed(statement) == {(GET, SECRET)}, statement
        assert found

    def test_a_statement_for_every_resource_gets_no_other_action(self):
        random = {"Action": "secretsmanager:GetRandomPassword"}
        last = explained({"Resource": f"{PREFIX}prod/bank-??????"}, random)[-1]
        assert "statement 1 of app.json, or add" in last
        assert "statement 2" not in last

    def test_a_statement_for_other_actions_gets_no_other_resource(self):
        actions = [GET, "secretsmanager:DeleteSecret"]
        lines = explained({"Action": actions, "Resource": f"{PREFIX}prod/bank-??????"})
        assert lines[-1] == f"To allow it, {ADD}"

    @pytest.mark.parametrize(
        ("principal", "is_short"),
        [
            ({"AWS": f"arn:aws:iam::{OTHER}:role/app"}, True),
            ({"AWS": [f"arn:aws:iam::{OTHER}:role/app", f"arn:aws:iam::{OTHER}:role/other"]}, False),
            ("*", False),
        ],
    )
    def test_a_statement_for_other_principals_gets_no_other_action(self, principal, is_short):
        policy = resource({"Principal": principal, "Action": "secretsmanager:GetSecret"})
        last = explained(caller=FOREIGN, identity=[identity({})], resource=[policy])[-1]
        assert last.startswith(f'To allow it, add "{GET}" to the Action of statement 1') is is_short


class TestLayers:
    def test_a_caller_without_policies_is_told_so(self):
        assert explained(identity=[]) == [
            f"The caller has no identity policy, so nothing allows {ASKED} for {USER.arn}.",
            (
                f'To allow it, add to an identity policy: {{"Effect": "Allow", "Action": "{GET}", "Resource": '
                f'"{PATTERN}"}}'
            ),
        ]

    @pytest.mark.parametrize("name", ["policy", "identity_policy"])
    def test_a_policy_that_has_the_name_of_its_argument_is_written_as_one(self, name):
        (first, last) = explained(identity=[identity({"Action": "s3:*"}, name=name)])
        assert first.startswith(f"No statement of {name}= allows")
        assert last.startswith(f"To allow it, add to {name}=: {{")

    def test_several_policies_are_named(self):
        policies = [identity({"Action": "s3:*"}, name=f"{number}.json") for number in range(5)]
        (first, _) = explained(identity=policies[:2])
        assert first.startswith("No statement of 0.json, 1.json allows")
        (first, _) = explained(identity=policies)
        assert first.startswith("No statement of 0.json, 1.json, 2.json and 2 more allows")

    def test_of_several_policies_the_one_that_nearly_allows_the_call_gets_the_statement(self):
        policies = [identity({"Action": "s3:*"}, name="s3.json"), identity({"Resource": f"{PREFIX}dev/*"})]
        *_, last = explained(identity=policies)
        assert last.endswith(f" of statement 1 of app.json, or {ADD}")

    @pytest.mark.parametrize(("name", "told"), [("boundary", ""), ("edge.json", " edge.json")])
    def test_a_boundary_that_does_not_allow_is_told(self, name, told):
        boundary = identity({"Action": "secretsmanager:Describe*", "Resource": PATTERN}, name=name)
        assert explained({}, boundary=boundary) == [
            f"No statement of the permissions boundary{told} allows {ASKED} for {USER.arn}.",
            (
                f"Statement 1 of the permissions boundary{told} covers the resource, but its Action is "
                "'secretsmanager:Describe*'."
            ),
            (
                f'To allow it, add "{GET}" to the Action of statement 1 of the permissions boundary{told}, '
                f"or add to the "
                f'permissions boundary{told}: {{"Effect": "Allow", "Action": "{GET}", "Resource": "{PATTERN}"}}'
            ),
        ]

    def test_of_several_session_policies_the_one_that_is_meant_is_named(self):
        action = {"Action": "secretsmanager:DescribeSecret", "Resource": PATTERN}
        none = identity({"Action": "s3:*"}, name="session_policy[0]")
        policies = [none, identity(action, name="session_policy[1]")]
        (first, second, last) = explained({}, caller=SESSION, session=policies)
        assert first.startswith("No statement of session_policy[0], session_policy[1] allows")
        assert second.startswith("Statement 1 of session_policy[1] covers the resource")
        assert "of statement 1 of session_policy[1], or add to session_policy[1]: {" in last

    def test_a_session_policy_that_does_not_allow_is_told(self):
        (first, *_, last) = explained(
            {}, caller=SESSION, session=[identity({"Action": "s3:*"}, name="session_policy")]
        )
        assert first == f"No statement of the session policy allows {ASKED} for {SESSION.arn}."
        assert last.startswith("To allow it, add to the session policy: ")

    def test_another_account_needs_two_changes(self):
        assert explained(caller=FOREIGN, identity=[]) == [
            f"The caller has no identity policy, so nothing allows {ASKED} for {FOREIGN.arn}.",
            "The call needs an Allow of the secret's policy too, and there is none.",
            (
                f'To allow it, add to an identity policy: {{"Effect": "Allow", "Action": "{GET}", "Resource": '
                f'"{PATTERN}"}}'
            ),
            (
                f'Also add to the secret\'s policy: {{"Effect": "Allow", "Principal": {{"AWS": '
                f'"arn:aws:iam::{OTHER}:role/app"}}, "Action": "{GET}", "Resource": "*"}}'
            ),
        ]

    def test_four_changes_are_told_in_three_lines(self):
        lines = explained(caller=FOREIGN, identity=[], boundary=identity({"Action": "s3:*"}), session=[])
        assert len(lines) == 5
        assert [line.partition(" to ")[0] for line in lines[2:]] == ["To allow it, add", "Also add", "Also add"]
        assert "; and add to a session policy: " in lines[-1]

    def test_a_secrets_policy_that_names_somebody_else_is_told(self):
        policy = resource({"Sid": "App", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:role/other"}})
        (first, second, _) = explained(caller=FOREIGN, resource=[policy])
        assert first == f"No statement of the secret's policy allows {ASKED} for {FOREIGN.arn}."
        assert (
            second
            == f"Statement 1 (Sid 'App') of the secret's policy allows the call, but doesn't name {FOREIGN.arn}."
        )

    def test_a_grant_to_the_account_is_told_as_none(self):
        (_, second, _) = explained(identity=[], resource=[resource({"Principal": {"AWS": ACCOUNT}})])
        assert second == (
            "Statement 1 of the secret's policy names the account, which leaves the grant to identity policies."
        )

    def test_a_federated_user_needs_a_session_policy(self):
        caller = Caller(f"arn:aws:sts::{ACCOUNT}:federated-user/bob", ACCOUNT)
        (first, *_) = explained({}, caller=caller)
        assert first == (
            "A federated user's session without a session policy has no permissions, so nothing allows "
            f"{ASKED} for {caller.arn}."
        )

    def test_nothing_can_allow_a_service_an_action_without_a_resource(self):
        caller = Caller("rds.amazonaws.com", ACCOUNT)
        assert explained(caller=caller, action="secretsmanager:ListSecrets", on="*") == [
            "The resource has no policy, so nothing allows secretsmanager:ListSecrets for rds.amazonaws.com.",
            "An action without a resource has no resource policy, so nothing can allow it to a service.",
        ]

    def test_a_resource_policy_with_a_name_is_called_by_it(self):
        policy = grammar.Policy(resource({"Action": "kms:Encrypt"}).statements, "the key policy of alias/app")
        key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
        (first, *_, last) = explained(caller=FOREIGN, action="kms:Decrypt", on=key, resource=[policy])
        assert first.startswith("No statement of the key policy of alias/app allows kms:Decrypt on arn:aws:kms")
        assert "add to the key policy of alias/app: " in last

    def test_other_resources_are_no_secrets(self):
        function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:rotate"
        (first, _) = explained(caller=FOREIGN, action="lambda:InvokeFunction", on=function)
        assert first.startswith(
            "The resource has no policy, so nothing allows lambda:InvokeFunction on arn:aws:lambda"
        )


class TestDenies:
    def test_the_statement_and_its_conditions_are_told(self):
        condition = {
            "StringEquals": {"aws:ResourceTag/env": "prod"},
            "StringNotEquals": {"aws:PrincipalTag/team": "a"},
        }
        deny = {"Sid": "NoProd", "Effect": "Deny", "Action": "secretsmanager:*", "Condition": condition}
        assert explained({}, deny, context={"aws:resourcetag/env": "prod"}) == [
            f"Statement 2 (Sid 'NoProd') of app.json denies {ASKED}.",
            (
                "Its Condition holds: aws:ResourceTag/env was 'prod', and StringEquals wants 'prod'; "
                "aws:PrincipalTag/team is "
                "absent (the caller has no tag 'team'), and StringNotEquals holds for an absent key."
            ),
            "A Deny outweighs every Allow. To allow the call, narrow its Action, Resource or Condition.",
        ]

    @pytest.mark.parametrize(
        ("principal", "caller", "whom"),
        [
            ({"Principal": "*"}, USER, "everybody"),
            ({"Principal": {"AWS": USER.arn}}, USER, USER.arn),
            ({"Principal": {"AWS": SESSION.role}}, SESSION, "the caller's role"),
            ({"Principal": {"AWS": ACCOUNT}}, USER, "everybody of the caller's account"),
        ],
    )
    def test_a_secrets_policy_is_told_with_whom_it_denies(self, principal, caller, whom):
        (first, last) = explained({}, caller=caller, resource=[resource({"Effect": "Deny", **principal})])
        assert first == f"Statement 1 of the secret's policy denies {ASKED} to {whom}."
        assert last.endswith("narrow its Action, Resource, Principal or Condition.")

    def test_not_principal_is_told(self):
        document = {"Effect": "Deny", "NotPrincipal": {"AWS": ROOT}, "Action": GET, "Resource": "*"}
        policy = grammar.parse(json.dumps({"Version": "2012-10-17", "Statement": document}))
        (first, last) = explained({}, resource=[policy], caller=FOREIGN)
        assert first.endswith(f"to {FOREIGN.arn}, whom its NotPrincipal doesn't name.")
        assert last.endswith("narrow its Action, Resource, NotPrincipal or Condition.")

    def test_the_other_layers_that_deny_are_told(self):
        deny = {"Effect": "Deny"}
        (first, _) = explained(deny, boundary=identity({}, deny), resource=[resource(deny)])
        assert first == (
            f"Statement 1 of app.json denies {ASKED}, and so does the secret's policy, and so does the "
            f"permissions "
            "boundary."
        )

    def test_a_resource_that_covers_longer_names_is_told(self):
        deny = {"Effect": "Deny", "Resource": f"{PREFIX}prod/db-*"}
        (_, second, _) = explained({}, deny, on=f"{PREFIX}prod/db-replica-AbCdEf")
        assert second == (
            f"Its Resource '{PREFIX}prod/db-*' covers longer names too; '-??????' after the name doesn't."
        )
        everything = (f"{PREFIX}prod/*", "*", f"{PREFIX}*", f"{PREFIX}prod/db-??????", f"arn:aws:*:{ACCOUNT}*")
        for pattern in everything:
            assert len(explained({}, {"Effect": "Deny", "Resource": pattern})) == 2

    def test_a_not_resource_that_lacks_the_suffix_is_told(self):
        deny = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {"Effect": "Deny", "Action": "*", "NotResource": f"{PREFIX}prod/db"},
            }
        )
        policies = [identity({}), identity_grammar.parse(deny, "deny.json")]
        (_, second, last) = explained(identity=policies)
        assert second == (
            f"It covers this resource, since its NotResource '{PREFIX}prod/db' lacks the suffix '-??????' "
            f"that stands "
            "for the end of a secret's ARN."
        )
        assert last.endswith("narrow its Action, NotResource or Condition.")

    def test_the_root_user_can_still_delete_the_policy(self):
        lines = explained(caller=Caller(ROOT, ACCOUNT), resource=[resource({"Effect": "Deny"})])
        assert lines[-1] == "The root user of the secret's account can still call DeleteResourcePolicy."


def test_long_policies_make_no_long_explanations():
    statements = [
        {
            "Sid": f"S{number}",
            "Resource": f"{PREFIX}{'x' * 500}{number}",
            "Condition": {"StringEquals": {"a:b": "y" * 999}},
        }
        for number in range(75)
    ]
    assert len("\n".join(explained(*statements, {"Condition": {"StringEquals": {"a:b": "y" * 999}}}))) < 3_000


def test_the_suggested_statement_can_be_loaded():
    check = Check(GET, SECRET, {})
    (change,) = smallest_change(check, USER, Layers([]), evaluate(check, USER, Layers([])))
    assert load_policies({"Version": "2012-10-17", "Statement": change.statement}, "policy")
