"""Identity policies: what IAM refuses, with its messages, and what can't have an effect."""

import json
from pathlib import Path

import pytest

from fake_secrets.errors import PolicyError, ServiceError
from fake_secrets.iam import effectless, grammar, identity_grammar

CASES = json.loads((Path(__file__).parents[1] / "data" / "iam-vectors.json").read_text())
GET = "secretsmanager:GetSecretValue"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db-??????"
# What no source tells whether IAM takes: our choice, by id.
OUR_CHOICE = {"M27": True, "M36": False, "M37": False, "M45": True}


def statement(*without, **elements):
    """Return an Allow with some elements removed and others added."""
    allow = {"Effect": "Allow", "Action": GET, "Resource": "*"}
    return {name: value for name, value in allow.items() if name not in without} | elements


def document(*statements, **elements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements or [statement()]} | elements)


def message_of(text, kind="inline"):
    with pytest.raises(PolicyError) as refused:
        effectless.check_effects(identity_grammar.parse(text, "app.json", kind))
    return str(refused.value)


def is_taken(case):
    text = json.dumps(case["policy"])
    try:
        if case["kind"] == "resource":
            grammar.parse(text)
        else:
            identity_grammar.parse(text, "p", "managed" if case["kind"] == "managed" else "inline")
    except (PolicyError, ServiceError):
        return False
    return True


def named(case):
    return pytest.param(case, id=f"{case['id']} {case['name']}")


@pytest.mark.parametrize("case", [named(case) for case in CASES["malformed"] if case["valid"] is not None])
def test_iam_takes_or_refuses_a_document(case):
    assert is_taken(case) is case["valid"]


@pytest.mark.parametrize("case", [named(case) for case in CASES["malformed"] if case["valid"] is None])
def test_our_choice_takes_or_refuses_a_document_of_which_nobody_knows(case):
    assert is_taken(case) is OUR_CHOICE[case["id"]]


@pytest.mark.parametrize("case", [named(case) for case in CASES["malformed"] if "message" in case])
def test_a_refusal_has_the_message_of_iam(case):
    assert case["message"] in message_of(json.dumps(case["policy"]), case["kind"])


@pytest.mark.parametrize("number", ["Q10", "Q11"])
def test_a_resource_that_is_no_arn_is_refused_rather_than_ignored(number):
    (case,) = (case for case in CASES["open"] if case["id"] == number)
    assert 'must be in ARN format or "*".' in message_of(json.dumps(case["identity_policies"][0]))


@pytest.mark.parametrize("number", ["Q17", "Q18", "Q19"])
def test_a_value_that_its_operator_cannot_read_is_refused(number):
    (case,) = (case for case in CASES["open"] if case["id"] == number)
    assert "wants a" in message_of(json.dumps(case["identity_policies"][0]))


class TestMessages:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                document(statement(Resource="app/db")),
                (
                    'app.json, statement 1: Resource app/db must be in ARN format or "*". The ARN of a secret is '
                    "arn:aws:secretsmanager:<region>:<account>:secret:app/db-??????."
                ),
            ),
            (
                document(statement(), statement(Sid="Read", Action="GetSecretValue")),
                (
                    "app.json, statement 2 (Sid 'Read'): Actions/Conditions must be prefaced by a vendor, "
                    "e.g., iam, sdb, "
                    "ec2, etc. 'GetSecretValue' could be 'secretsmanager:GetSecretValue'."
                ),
            ),
            (
                document(statement("Effect", effect="Allow")),
                (
                    "app.json, statement 1: Syntax errors in policy. A statement has no element 'effect'; "
                    "did you mean "
                    "'Effect'?"
                ),
            ),
            (
                document(statement(Principal="*")),
                (
                    "app.json, statement 1: Syntax errors in policy. An identity policy applies to whoever "
                    "has it, so it "
                    "has no Principal."
                ),
            ),
            (
                document(statement(Effect="allow")),
                "app.json, statement 1: The policy failed legacy parsing. Effect is written 'Allow'.",
            ),
            (
                document(statement(Effect="Permit")),
                (
                    "app.json, statement 1: Syntax errors in policy. Effect is 'Permit', which must be 'Allow' "
                    "or 'Deny'."
                ),
            ),
            (
                document(statement(Condition={"StringEqual": {"aws:username": "a"}})),
                (
                    "app.json, statement 1: Syntax errors in policy. Condition has no operator "
                    "'StringEqual'; did you mean "
                    "'StringEquals'?"
                ),
            ),
            (
                document(statement(Condition={"StringEquals": "aws:username"})),
                "app.json, statement 1: Syntax errors in policy. StringEquals is a JSON object of condition keys.",
            ),
            (
                document(statement(Condition={"StringEquals": {"aws:username": None}})),
                (
                    "app.json, statement 1: Syntax errors in policy. The value of a condition key is a "
                    "string, a number, "
                    "true or false, or a list of them."
                ),
            ),
            (
                document(statement(Resource="arn:${AWS::Partition}:secretsmanager:*")),
                (
                    'app.json, statement 1: Partition "${AWS" is not valid for resource '
                    '"arn:${AWS::Partition}:secretsmanager:*". '
                    "'${AWS::Partition}' isn't a policy variable of IAM. It is left over from CloudFormation: "
                    "fake_secrets.policies reads policies out of templates."
                ),
            ),
            (
                document(Version="2012-10-18"),
                (
                    "app.json: Syntax errors in policy. Version is '2012-10-18', and may be '2012-10-17' or "
                    "'2008-10-17'."
                ),
            ),
            (document(Statement=[]), "app.json: Syntax errors in policy. It has no statement."),
            (document(Id=1), "app.json: Syntax errors in policy. Id isn't a string."),
            ("[]", "app.json: Syntax errors in policy. A policy is a JSON object."),
            (
                '{"Statement": [], "Statement": []}',
                "app.json: Syntax errors in policy. 'Statement' stands twice in one object.",
            ),
            (
                '{"Version": NaN}',
                "app.json: Syntax errors in policy. NaN is no number in JSON.",
            ),
            ('{"Id": "\\ud800"}', "app.json: Syntax errors in policy. It has half of a surrogate pair."),
            ("[" * 100_000, "app.json: Syntax errors in policy. The document is nested too deeply."),
            (
                "{",
                (
                    "app.json: Syntax errors in policy. It isn't JSON: Expecting property name enclosed in "
                    "double quotes: "
                    "line 1 column 2 (char 1)."
                ),
            ),
        ],
    )
    def test_a_message_says_where_what_and_what_to_do(self, text, message):
        assert message_of(text) == message

    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            (
                document(statement("Resource", Resources="*")),
                "A statement has no element 'Resources'; did you mean",
            ),
            (
                document(statement(Action="secretsmanager/GetSecretValue")),
                "'secretsmanager/GetSecretValue' could be 'secretsmanager:GetSecretValue'.",
            ),
            (
                document(statement(Action="kms:Decrypt", Resource="alias/orders")),
                "The ARN of a KMS key is arn:aws:kms:<region>:<account>:key/<key id>; an alias of it covers",
            ),
            (
                document(statement(Action="kms:Decrypt", Resource="1234abcd-12ab-34cd-56ef-1234567890ab")),
                "The ARN of a KMS key is arn:aws:kms:<region>:<account>:key/<key id>; an alias of it covers",
            ),
            (
                json.dumps({"format": "fake-secrets least policy", "version": 1, "policies": [], "needs": []}),
                "It is a record of --fake-secrets-least-policy. The command `fake-secrets policy FILE` makes a",
            ),
            (
                json.dumps({"RoleName": "app", "PolicyName": "read", "PolicyDocument": {"Statement": []}}),
                "It looks like an answer of AWS that has a policy in it; give its PolicyDocument.",
            ),
            (
                json.dumps({"PolicyVersion": {"Document": {"Statement": []}, "VersionId": "v1"}}),
                "It looks like an answer of AWS that has a policy in it; give its PolicyVersion.Document.",
            ),
            (
                json.dumps(statement()),
                'It looks like a statement; wrap it: {"Version": "2012-10-17", "Statement": ...}.',
            ),
            (
                json.dumps([statement()]),
                'It is a list of statements; wrap it: {"Version": "2012-10-17", "Statement": ...}.',
            ),
            (
                document(statement(Resource="arn:aws:secretsmanager:*:*:secret:${var.stage}/*")),
                (
                    "'${var.stage}' isn't a policy variable of IAM. It is left over from Terraform: "
                    "fake_secrets.policies reads policies out of templates."
                ),
            ),
            (
                document(statement(Resource="arn:aws:secretsmanager:${AWS::Region}:*:secret:app/*")),
                "'${AWS::Region}' isn't a policy variable of IAM. It is left over from CloudFormation: fake_",
            ),
            (
                document(statement(Resource="${aws_secretsmanager_secret.db.arn}")),
                "'${aws_secretsmanager_secret.db.arn}' isn't a policy variable of IAM. It is left over from Terra",
            ),
            (
                document(statement(Condition={"StringEquals": {"aws:ResourceTag/stage": "${Stage}"}})),
                "StringEquals of aws:ResourceTag/stage: '${Stage}' isn't a policy variable of IAM. It is left",
            ),
        ],
    )
    def test_a_slip_is_told_with_what_to_do(self, text, hint):
        assert hint in message_of(text)

    def test_long_texts_are_cut(self):
        assert len(message_of(document(statement(Sid="A" * 9999, Resource="x" * 9999)))) < 1200


class TestLength:
    LONGEST = 131_072

    def test_the_longest_document_of_iam_is_taken_however_it_is_indented(self):
        text = json.dumps({"Statement": [statement()], "Id": ""}, separators=(",", ":"))
        text = text.replace('"Id":""', f'"Id":"{"a" * (self.LONGEST - len(text))}"')
        assert len(text) == self.LONGEST
        indented = json.dumps(json.loads(text), indent=400)
        assert len(indented) > self.LONGEST
        assert identity_grammar.parse(text, "p") == identity_grammar.parse(indented, "p")

    def test_a_longer_one_is_refused(self):
        assert message_of(document(Id="a" * self.LONGEST)) == (
            "app.json: Value at 'policyDocument' failed to satisfy constraint: Member must have length less than "
            "or equal to 131072. It has 131,193 characters besides whitespace. Give several policies, or only the "
            "statements that your test needs. fake_secrets.policies reads policies out of templates."
        )


class TestEffectless:
    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            (
                {"Action": "secretsmanager: GetSecretValue"},
                "No action has a name like 'secretsmanager: GetSecretValue'.",
            ),
            (
                {"Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretvalues"]},
                (
                    "There is no action 'secretsmanager:GetSecretvalues'; did you mean "
                    "'secretsmanager:GetSecretValue'?"
                ),
            ),
            (
                {"Effect": "Deny", "Action": "secretsmanager:DeleteSecrets"},
                ("There is no action 'secretsmanager:DeleteSecrets'; did you mean 'secretsmanager:DeleteSecret'?"),
            ),
            (
                {"Condition": {"NumericLessThan": {"aws:ResourceTag/Age": "${aws:username}"}}},
                "NumericLessThan of aws:ResourceTag/Age wants a number, not '${aws:username}'.",
            ),
            (
                {"Condition": {"DateGreaterThan": {"aws:CurrentTime": "01.02.2026"}}},
                (
                    "DateGreaterThan of aws:CurrentTime wants a date such as 2026-01-31T12:00:00Z or "
                    "seconds since 1970, not "
                    "'01.02.2026'."
                ),
            ),
            (
                {"Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/33"}}},
                (
                    "NotIpAddress of aws:SourceIp wants an address or a network such as 10.0.0.0/8, not "
                    "'10.0.0.0/33'."
                ),
            ),
            (
                {"Condition": {"Bool": {"aws:SecureTransport": "yes"}}},
                "Bool of aws:SecureTransport wants true or false, not 'yes'.",
            ),
            (
                {"Condition": {"Null": {"aws:username": "${aws:username}"}}},
                "Null of aws:username wants true or false, not '${aws:username}'.",
            ),
            (
                {"Condition": {"ForAllValues:Null": {"aws:TagKeys": "true"}}},
                "ForAllValues:Null holds for every request. Use Null alone.",
            ),
            (
                {"Condition": {"ForAnyValue:Null": {"aws:TagKeys": "true"}}},
                "ForAnyValue:Null never holds. Use Null alone.",
            ),
            ({"Condition": {"StringEquals": {"aws:username": []}}}, "StringEquals has no value for aws:username."),
            (
                {"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*"}}},
                (
                    "ArnLike of aws:PrincipalArn compares ARNs field by field, and 'arn:aws:iam::*' isn't "
                    "an ARN of six "
                    "fields."
                ),
            ),
            (
                {"Resource": "arn:aws:secretsmanager:us-east-1:${aws:PrincipalAccount}:secret:*"},
                (
                    "Resource 'arn:aws:secretsmanager:us-east-1:${aws:PrincipalAccount}:secret:*' has a "
                    "policy variable "
                    "before its fifth colon, where IAM takes it for plain text."
                ),
            ),
            (
                {"Resource": "arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/team,'dev'}/*"},
                (
                    "Resource: the policy variable in "
                    "\"arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/team,'dev'}/*\" "
                    "never has a value. With a default, one is written ${aws:PrincipalTag/team, 'default'}."
                ),
            ),
        ],
    )
    def test_what_cannot_have_an_effect_is_refused(self, changed, message):
        assert message_of(document(statement(**changed))) == f"app.json, statement 1: {message}"

    def test_a_variable_needs_the_newer_version(self):
        condition = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
        text = json.dumps({"Statement": statement(Sid="Own", Condition=condition)})
        assert message_of(text) == (
            "app.json, statement 1 (Sid 'Own'): StringEquals of aws:ResourceTag/team: "
            "'${aws:PrincipalTag/team}' is plain "
            'text without "Version": "2012-10-17", not a policy variable.'
        )

    def test_variables_in_their_places_are_taken(self):
        condition = {
            "Bool": {"aws:SecureTransport": "${aws:PrincipalTag/tls}"},
            "ArnLike": {"aws:PrincipalArn": ["arn:aws:iam::${aws:PrincipalAccount}:role/*", "${aws:SourceArn}"]},
            "StringLike": {"aws:ResourceTag/a": ["${*}", "${ aws:username }", "${aws:PrincipalTag/a, 'b'}"]},
        }
        resource = "arn:aws:secretsmanager:*:*:secret:${aws:username}/*"
        policy = identity_grammar.parse(document(statement(Resource=resource, Condition=condition)), "p")
        effectless.check_effects(policy)
        assert policy.has_variables


def test_unknown_actions_and_services_are_taken():
    actions = ["secretsmanager:Nope", "nope:Nope", "s3:Get*", "execute-api:*"]
    assert identity_grammar.parse(document(statement(Action=actions)), "p").statements[0].actions.values == tuple(
        actions
    )


def test_statements_are_numbered_from_one():
    policy = identity_grammar.parse(document(statement(Sid="A"), statement(Resource=SECRET)), "p")
    assert [(one.number, one.sid) for one in policy.statements] == [(1, "A"), (2, "")]
    assert policy.name == "p"
