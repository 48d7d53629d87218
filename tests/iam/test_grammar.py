"""Resource policies: their grammar, whether they are public, and their evaluation."""

import json

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from fake_secrets.errors import ServiceError
from fake_secrets.iam import conditions, grammar
from fake_secrets.iam.evaluation import Caller, Check, Layers, evaluate

SYNTAX = "This resource policy contains a syntax error."
PRINCIPAL = "This resource policy contains an unsupported principal."
SERVICE = "This resource policy contains an unsupported service principal."

ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
APP = f"arn:aws:iam::{ACCOUNT}:role/app"
APP_SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/lambda"
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:app/db-a1B2c3"
GET = "secretsmanager:GetSecretValue"


def statement(*without, **elements):
    """Return an Allow for everybody, with some elements removed and others added."""
    allow = {"Effect": "Allow", "Principal": "*", "Action": GET, "Resource": "*"}
    return {name: value for name, value in allow.items() if name not in without} | elements


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements or [statement()]})


def stating(*without, **elements):
    return grammar.parse(document(statement(*without, **elements)))


def message_of(text):
    with pytest.raises(ServiceError) as refused:
        grammar.parse(text)
    assert (refused.value.code, refused.value.status) == ("MalformedPolicyDocumentException", 400)
    return refused.value.message


def decide(policy, principal=ALICE, action=GET, resource=SECRET, **context):
    """Return what a resource policy decides by itself, as it does on a caller of another account."""
    check = Check(action, resource, {key.replace("_", ":"): value for key, value in context.items()})
    decision = evaluate(check, Caller(principal, "another account"), Layers(resource=[policy]))
    return {"allowed": "allow", "explicit_deny": "deny", "implicit_deny": "none"}[decision.effect]


class TestParse:
    @pytest.mark.parametrize(
        "text",
        [
            document(),
            json.dumps({"Statement": statement()}),
            json.dumps({"Version": "2008-10-17", "Id": "mine", "Statement": [statement()]}),
            f" \n{document()}\t",
            document(statement(Sid="One1"), statement(Sid="Two")),
            document(statement(Sid=""), statement(Sid="")),
            document(statement("Action", NotAction=[GET])),
            document(statement("Resource", NotResource=[SECRET])),
            document(statement("Principal", NotPrincipal={"AWS": ACCOUNT})),
            document(statement(Condition={})),
            document(statement(Condition={"StringEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}})),
            document(statement(Condition={"Bool": {"aws:SecureTransport": True}, "NumericLessThan": {"a": 1.5}})),
            document(statement(Condition={"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": "a*"}})),
        ],
    )
    def test_valid_policies_are_accepted(self, text):
        assert grammar.parse(text).statements

    def test_every_element_is_parsed(self):
        policy = stating(
            "Action",
            Sid="S",
            Principal={"AWS": [ACCOUNT, "*"], "Service": "rds.amazonaws.com"},
            NotAction=["a:B"],
            Condition={"ForAllValues:NumericEqualsIfExists": {"Some:Key": [1, True, "x"]}},
        )
        assert policy.statements == (
            grammar.Statement(
                sid="S",
                effect="Allow",
                principals=grammar.Element((ACCOUNT, "*", "rds.amazonaws.com"), is_negated=False),
                actions=grammar.Element(("a:B",), is_negated=True),
                resources=grammar.Element(("*",), is_negated=False),
                conditions=(
                    conditions.Condition(
                        quantifier="ForAllValues",
                        operator="NumericEquals",
                        is_optional=True,
                        key="some:key",
                        values=("1", "true", "x"),
                    ),
                ),
            ),
        )

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "no JSON",
            "{",
            "null",
            "[]",
            '"*"',
            "1",
            "\ufeff" + document(),
            document() + "x",
            "{}",
            json.dumps({"Version": "2012-10-17"}),
            json.dumps({"Version": "2012-10-18", "Statement": [statement()]}),
            json.dumps({"Version": None, "Statement": [statement()]}),
            json.dumps({"Version": ["2012-10-17"], "Statement": [statement()]}),
            json.dumps({"version": "2012-10-17", "Statement": [statement()]}),
            json.dumps({"Id": 1, "Statement": [statement()]}),
            json.dumps({"Statement": [statement()], "Comment": ""}),
            json.dumps({"Statement": []}),
            json.dumps({"Statement": {}}),
            json.dumps({"Statement": "x"}),
            json.dumps({"Statement": [statement(), "x"]}),
            json.dumps({"Statement": [[statement()]]}),
            f'{{"Statement":{json.dumps(statement())},"Statement":{json.dumps(statement())}}}',
        ],
    )
    def test_an_invalid_document_is_a_syntax_error(self, text):
        assert message_of(text) == SYNTAX

    @pytest.mark.parametrize(
        ("without", "elements"),
        [
            (["Effect"], {}),
            ([], {"Effect": "allow"}),
            ([], {"Effect": "ALLOW"}),
            ([], {"Effect": None}),
            ([], {"Effect": ["Allow"]}),
            ([], {"Comment": "x"}),
            (["Action"], {"action": GET}),
            ([], {"Sid": None}),
            ([], {"Sid": 1}),
            ([], {"Sid": "a b"}),
            ([], {"Sid": "ä"}),
            (["Principal"], {}),
            ([], {"NotPrincipal": "*"}),
            ([], {"Principal": None}),
            ([], {"Principal": ["*"]}),
            ([], {"Principal": {}}),
            ([], {"Principal": ACCOUNT}),
            ([], {"Principal": {"AWS": []}}),
            ([], {"Principal": {"AWS": None}}),
            ([], {"Principal": {"AWS": {"AWS": "*"}}}),
            *(
                ([*without], elements)
                for name in ("Action", "Resource")
                for without, elements in [
                    ([name], {}),
                    ([], {f"Not{name}": "*"}),
                    ([], {name: []}),
                    ([], {name: None}),
                    ([], {name: 1}),
                    ([], {name: {}}),
                    ([], {name: ["*", 1]}),
                    ([], {name: ["*", ["*"]]}),
                    ([name], {f"Not{name}": []}),
                ]
            ),
        ],
    )
    def test_an_invalid_statement_is_a_syntax_error(self, without, elements):
        assert message_of(document(statement(*without, **elements))) == SYNTAX

    @pytest.mark.parametrize(
        "condition",
        [
            None,
            [],
            "x",
            {"StringEquals": None},
            {"StringEquals": "x"},
            {"StringEquals": []},
            {"StringEquals": {"a": None}},
            {"StringEquals": {"a": {}}},
            {"StringEquals": {"a": ["x", None]}},
            {"StringEquals": {"a": [["x"]]}},
            {"StringSounds": {}},
            {"stringequals": {"a": "x"}},
            {"StringEqualsIfExist": {"a": "x"}},
            {"NullIfExists": {"a": "true"}},
            {"ForSomeValues:StringEquals": {"a": "x"}},
            {"StringEquals ": {"a": "x"}},
            {"": {"a": "x"}},
        ],
    )
    def test_an_invalid_condition_is_a_syntax_error(self, condition):
        assert message_of(document(statement(Condition=condition))) == SYNTAX

    def test_a_duplicate_sid_is_a_syntax_error(self):
        assert message_of(document(statement(Sid="A"), statement(Sid="A"))) == SYNTAX

    @pytest.mark.parametrize(
        "value",
        [
            "[" * 10_000,
            "[" * 10_000 + "]" * 10_000,
            '{"a":' * 4_000 + "1" + "}" * 4_000,
            "9" * 20_000,
            "NaN",
            "-Infinity",
            "1e999",
            '"\\ud800"',
            '{"\\udfff": "x"}',
            '"\ud800"',
            '"\x00"',
        ],
    )
    def test_invalid_json_is_a_syntax_error_even_if_python_parses_it(self, value):
        text = document(statement(Condition={"StringEquals": {"a": "VALUE"}})).replace('"VALUE"', value)
        assert message_of(text) == SYNTAX
        assert message_of(value) == SYNTAX

    @pytest.mark.parametrize(
        "principal",
        [
            {"AWS": "*"},
            {"AWS": ACCOUNT},
            {"AWS": ROOT},
            {"AWS": ALICE},
            {"AWS": f"arn:aws-us-gov:iam::{ACCOUNT}:user/division/alice@example.com"},
            {"AWS": f"arn:aws:iam::{ACCOUNT}:role/service-role/app"},
            {"AWS": APP_SESSION},
            {"AWS": f"arn:aws-cn:sts::{ACCOUNT}:federated-user/bob"},
            {"AWS": "AIDACKCEVSQ6C2EXAMPLE"},
            {"AWS": ["AROADBQP57FF2AEXAMPLE", "*"]},
            {"Service": "rds.amazonaws.com"},
            {"Service": ["delivery.logs.amazonaws.com", "ec2.amazonaws.com.cn"]},
            {"Federated": "cognito-identity.amazonaws.com"},
            {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/idp"},
            {"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},
        ],
    )
    @pytest.mark.parametrize("element", ["Principal", "NotPrincipal"])
    def test_every_kind_of_principal_is_accepted(self, element, principal):
        assert stating("Principal", **{element: principal}).statements

    @pytest.mark.parametrize(
        "principal",
        [
            {"AWS": ""},
            {"AWS": "alice"},
            {"AWS": "12345678901"},
            {"AWS": "1234567890123"},
            {"AWS": "١٢٣٤٥٦٧٨٩٠١٢"},
            {"AWS": ACCOUNT + "\n"},
            {"AWS": [ACCOUNT, "**"]},
            {"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"},
            {"AWS": f"arn:aws:iam::{ACCOUNT}:user/"},
            {"AWS": f"arn:aws:iam::{ACCOUNT}:group/admins"},
            {"AWS": f"arn:aws:iam:us-east-1:{ACCOUNT}:root"},
            {"AWS": "arn:aws:iam::*:root"},
            {"AWS": f"arn:other:iam::{ACCOUNT}:root"},
            {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/app"},
            {"AWS": "rds.amazonaws.com"},
            {"AWS": "AKIAIOSFODNN7EXAMPLE"},
            {"aws": ACCOUNT},
            {"Everyone": "*"},
            {"Federated": ""},
            {"CanonicalUser": "me"},
        ],
    )
    def test_an_unsupported_principal_is_refused(self, principal):
        assert message_of(document(statement(Principal=principal))) == PRINCIPAL
        assert message_of(document(statement("Principal", NotPrincipal=principal))) == PRINCIPAL

    @pytest.mark.parametrize(
        "service", ["", "*", "rds", "amazonaws.com", ".amazonaws.com", "RDS.amazonaws.com", "rds.amazonaws.org"]
    )
    def test_an_unsupported_service_principal_is_refused(self, service):
        assert message_of(document(statement(Principal={"Service": [service]}))) == SERVICE

    def test_a_syntax_error_comes_before_an_unsupported_principal(self):
        assert message_of(document(statement(Principal={"AWS": "x"}, Condition=1))) == SYNTAX

    @pytest.mark.parametrize("other", ["Effect", "Principal", "Action", "Resource"])
    def test_a_duplicate_element_is_a_syntax_error(self, other):
        text = document(statement())
        assert message_of(text.replace(f'"{other}"', f'"{other}": "*", "{other}"')) == SYNTAX


class TestIsPublic:
    @pytest.mark.parametrize(
        ("without", "elements", "public"),
        [
            ([], {}, True),
            ([], {"Principal": {"AWS": "*"}}, True),
            ([], {"Principal": {"AWS": [ACCOUNT, "*"]}}, True),
            ([], {"Principal": {"AWS": ACCOUNT}}, False),
            ([], {"Principal": {"Service": "rds.amazonaws.com"}}, False),
            ([], {"Effect": "Deny"}, False),
            (["Principal"], {"NotPrincipal": {"AWS": ACCOUNT}}, True),
            (["Principal"], {"NotPrincipal": {"AWS": ACCOUNT}, "Effect": "Deny"}, False),
        ],
    )
    def test_an_allow_for_everybody_is_public(self, without, elements, public):
        assert grammar.is_public(stating(*without, **elements)) is public

    def test_a_policy_is_public_if_one_statement_is(self):
        private = statement(Principal={"AWS": ACCOUNT})
        assert grammar.is_public(grammar.parse(document(private, statement())))

    @pytest.mark.parametrize(
        "key",
        [
            *("aws:SourceArn", "aws:SourceVpc", "aws:SourceVpce", "aws:SourceAccount"),
            *("AWS:SOURCEVPC", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:userid"),
        ],
    )
    @pytest.mark.parametrize("operator", ["StringEquals", "StringLike", "ArnEquals", "ArnLike"])
    def test_a_condition_with_fixed_values_narrows(self, key, operator):
        assert not grammar.is_public(stating(Condition={operator: {key: ["fixed", "other"]}}))

    @pytest.mark.parametrize(
        "condition",
        [
            {},
            {"StringEquals": {"aws:UserAgent": "x"}},
            {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}},
            {"ForAllValues:StringEquals": {"aws:SourceVpc": "vpc-1"}},
            {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
            {"Null": {"aws:SourceVpc": "false"}},
            {"StringLike": {"aws:SourceVpc": "*"}},
            {"StringLike": {"aws:SourceVpc": ["vpc-1", "*?"]}},
            {"StringLike": {"aws:SourceVpc": ""}},
            {"ArnLike": {"aws:SourceArn": "arn:*"}},
            {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}},
            {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}},
            {"StringEquals": {"aws:PrincipalAccount": "${aws:SourceAccount}"}},
        ],
    )
    def test_other_conditions_do_not_narrow(self, condition):
        assert grammar.is_public(stating(Condition=condition))

    @pytest.mark.parametrize("arn", ["arn:aws:s3:::bucket/*", f"arn:aws:sns:*:{ACCOUNT}:*"])
    def test_an_arn_is_fixed_if_its_account_or_resource_is(self, arn):
        assert not grammar.is_public(stating(Condition={"ArnLike": {"aws:SourceArn": arn}}))


class TestDecide:
    def test_the_decision_is_none_if_no_statement_applies(self):
        assert decide(stating(Action="secretsmanager:PutSecretValue")) == "none"

    def test_a_deny_overrides_an_allow(self):
        policies = [
            document(statement(Effect="Deny"), statement()),
            document(statement(), statement(Effect="Deny")),
        ]
        assert [decide(grammar.parse(text)) for text in policies] == ["deny", "deny"]

    @pytest.mark.parametrize(
        ("named", "caller", "applies"),
        [
            ("*", ALICE, True),
            (ACCOUNT, ALICE, True),
            (ACCOUNT, APP_SESSION, True),
            (ACCOUNT, ROOT, True),
            (ROOT, ALICE, True),
            (ROOT, ROOT, True),
            (f"arn:aws-cn:iam::{ACCOUNT}:root", ALICE, False),
            ("210987654321", ALICE, False),
            ("arn:aws:iam::210987654321:root", ALICE, False),
            (ALICE, ALICE, True),
            (ALICE, ALICE + "2", False),
            (ALICE, ROOT, False),
            (ALICE.upper().replace("ARN:AWS:IAM", "arn:aws:iam").replace("USER", "user"), ALICE, False),
            (APP, APP, True),
            (APP, APP_SESSION, True),
            (APP, APP_SESSION.replace("app/", "app2/"), False),
            (APP, APP_SESSION.replace(ACCOUNT, "210987654321"), False),
            (APP.replace("role/", "role/path/to/"), APP_SESSION, True),
            (APP_SESSION, APP_SESSION, True),
            (APP_SESSION, APP_SESSION + "2", False),
            (APP_SESSION, APP, False),
            ("AROADBQP57FF2AEXAMPLE", APP_SESSION, False),
            (["210987654321", ALICE], ALICE, True),
        ],
    )
    def test_principals_match_the_caller_its_account_or_the_role_of_its_session(self, named, caller, applies):
        assert decide(stating(Principal={"AWS": named}), caller) == ("allow" if applies else "none")
        excluded = stating("Principal", NotPrincipal={"AWS": named})
        assert decide(excluded, caller) == ("none" if applies else "allow")

    def test_only_aws_principals_match_the_caller(self):
        named = {"Service": "rds.amazonaws.com", "Federated": ALICE}
        assert decide(stating(Principal=named)) == "none"
        assert decide(stating("Principal", NotPrincipal=named)) == "allow"

    @pytest.mark.parametrize(
        ("stated", "applies"),
        [
            ("*", True),
            (GET, True),
            (GET.lower(), True),
            ("SecretsManager:getsecretvalue", True),
            ("secretsmanager:*", True),
            ("secretsmanager:Get*", True),
            ("secretsmanager:Get??????Value", True),
            ("secretsmanager:Get?Value", False),
            ("secretsmanager:Get", False),
            ("secretsmanager:[G]etSecretValue", False),
            ("s3:*", False),
            (["s3:*", GET], True),
        ],
    )
    def test_actions_match_with_wildcards_and_in_any_case(self, stated, applies):
        assert decide(stating(Action=stated)) == ("allow" if applies else "none")
        assert decide(stating("Action", NotAction=stated)) == ("none" if applies else "allow")

    @pytest.mark.parametrize(
        ("stated", "applies"),
        [
            ("*", True),
            (SECRET, True),
            (SECRET[:-6] + "??????", True),
            (SECRET[:-7], False),
            (SECRET.upper(), False),
            ("arn:aws:secretsmanager:*:secret:app/*", True),
            (["arn:aws:s3:::*", SECRET], True),
        ],
    )
    def test_resources_match_with_wildcards(self, stated, applies):
        assert decide(stating(Resource=stated)) == ("allow" if applies else "none")
        assert decide(stating("Resource", NotResource=stated)) == ("none" if applies else "allow")

    @pytest.mark.parametrize(
        ("operator", "wanted", "found", "holds"),
        [
            ("StringEquals", "x", "x", True),
            ("StringEquals", "x", "X", False),
            ("StringEquals", "*", "x", False),
            ("StringEquals", ["y", "x"], "x", True),
            ("StringEquals", [], "x", False),
            ("StringEquals", 5, "5", True),
            ("StringEquals", True, "true", True),
            ("StringNotEquals", "x", "y", True),
            ("StringNotEquals", ["y", "x"], "x", False),
            ("StringEqualsIgnoreCase", "x", "X", True),
            ("StringNotEqualsIgnoreCase", "x", "X", False),
            ("StringLike", "a*c?", "abbcd", True),
            ("StringLike", "a[b]", "ab", False),
            ("StringLike", "a[b]", "a[b]", True),
            ("StringNotLike", "a*", "ab", False),
            ("StringNotLike", "a*", "b", True),
            ("ArnEquals", "arn:aws:s3:::bucket*", "arn:aws:s3:::bucket/x", True),
            ("ArnLike", SECRET[:-6] + "*", SECRET, True),
            ("ArnLike", "arn:*", SECRET, False),
            ("ArnLike", "*", "*", False),
            ("ArnNotLike", "arn:aws:s3:::bucket*", "arn:aws:s3:::other", True),
            ("ArnNotEquals", "arn:aws:s3:::bucket", "arn:aws:s3:::bucket", False),
            ("Bool", "true", "true", True),
            ("Bool", "True", "true", True),
            ("Bool", False, "true", False),
            ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
            ("BinaryEquals", "QmluYXJ5", "Qmlu", False),
            ("NumericEquals", "7", "7.0", True),
            ("NumericEquals", 7, "8", False),
            ("NumericEquals", "seven", "seven", False),
            ("NumericNotEquals", 7, "8", True),
            ("NumericNotEquals", 7, "7", False),
            ("NumericLessThan", 7, "6", True),
            ("NumericLessThan", 7, "7", False),
            ("NumericLessThanEquals", 7, "7", True),
            ("NumericGreaterThan", 7, "10", True),
            ("NumericGreaterThan", 7, "x", False),
            ("NumericGreaterThanEquals", "7", "7", True),
            ("DateEquals", "2026-03-04T12:00:00Z", "2026-03-04T13:00:00+01:00", True),
            ("DateEquals", "2026-03-04", "1772582400", True),
            ("DateEquals", "noon", "noon", False),
            ("DateNotEquals", "2026-03-04", "2026-03-05", True),
            ("DateLessThan", "2026-03-04T12:00:00Z", "2026-03-04T11:59:59Z", True),
            ("DateLessThanEquals", "2026-03-04T12:00:00Z", "2026-03-04T12:00:01Z", False),
            ("DateGreaterThan", "2026-03-04T12:00:00Z", "2026-03-04T12:00:01Z", True),
            ("DateGreaterThanEquals", "0001-01-01", "9999-12-31T23:59:59.999999-23:59", True),
            ("IpAddress", "10.0.0.0/8", "10.1.2.3", True),
            ("IpAddress", "10.9.9.9/8", "10.1.2.3", True),
            ("IpAddress", "10.1.2.3", "10.1.2.3", True),
            ("IpAddress", ["192.0.2.0/24", "2001:db8::/32"], "2001:db8::1", True),
            ("IpAddress", "10.0.0.0/8", "2001:db8::1", False),
            ("IpAddress", "10.0.0.0/99", "10.1.2.3", False),
            ("IpAddress", "10.0.0.0/8", "nowhere", False),
            ("NotIpAddress", "10.0.0.0/8", "11.1.2.3", True),
            ("NotIpAddress", "10.0.0.0/8", "10.1.2.3", False),
            ("Null", "true", "x", False),
            ("Null", False, "x", True),
            ("ForAnyValue:StringEquals", ["x", "y"], ["z", "x"], True),
            ("ForAnyValue:StringEquals", ["x", "y"], ["z"], False),
            ("ForAnyValue:StringNotEquals", "x", ["x", "y"], True),
            ("ForAnyValue:StringNotEquals", "x", ["x"], False),
            ("ForAllValues:StringEquals", ["x", "y"], ["y", "x", "x"], True),
            ("ForAllValues:StringEquals", ["x", "y"], ["x", "z"], False),
            ("ForAllValues:StringLike", "a*", ["ab", "ac"], True),
            ("StringEquals", "x", ["z", "x"], False),
            ("StringNotEquals", "x", ["z", "x"], False),
            ("StringEqualsIfExists", "x", "y", False),
        ],
    )
    def test_each_operator_compares_values(self, operator, wanted, found, holds):
        policy = stating(Condition={operator: {"Test:Key": wanted}})
        assert decide(policy, test_key=found) == ("allow" if holds else "none")

    @pytest.mark.parametrize(
        ("operator", "holds"),
        [
            *((name, False) for name in ("StringEquals", "StringLike", "ArnLike", "Bool", "IpAddress")),
            *((name, False) for name in ("NumericLessThan", "DateGreaterThan", "BinaryEquals")),
            *((name, True) for name in ("StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike")),
            *((name, True) for name in ("ArnNotEquals", "ArnNotLike", "NumericNotEquals", "DateNotEquals")),
            ("NotIpAddress", True),
            ("StringEqualsIfExists", True),
            ("IpAddressIfExists", True),
            ("ForAnyValue:StringEquals", False),
            ("ForAnyValue:StringNotEquals", False),
            ("ForAnyValue:StringEqualsIfExists", True),
            ("ForAllValues:StringEquals", True),
        ],
    )
    @pytest.mark.parametrize("context", [{}, {"test_key": []}])
    def test_each_operator_handles_an_absent_key(self, operator, holds, context):
        policy = stating(Condition={operator: {"test:key": "x"}})
        assert decide(policy, **context) == ("allow" if holds else "none")

    @pytest.mark.parametrize(("wanted", "holds"), [("true", True), (True, True), ("false", False), ("x", False)])
    def test_null_detects_an_absent_key(self, wanted, holds):
        assert decide(stating(Condition={"Null": {"test:key": wanted}})) == ("allow" if holds else "none")

    def test_an_empty_value_is_present(self):
        assert decide(stating(Condition={"StringEquals": {"test:key": ""}}), test_key="") == "allow"

    @pytest.mark.parametrize(("a", "b", "c"), [("1", "1", "2"), ("1", "2", "1"), ("2", "1", "1"), ("1", "1", "1")])
    def test_every_key_of_every_operator_has_to_match(self, a, b, c):
        condition = {"StringEquals": {"x:a": "1", "x:b": "1"}, "StringLike": {"x:c": "1"}}
        expected = "allow" if (a, b, c) == ("1", "1", "1") else "none"
        assert decide(stating(Condition=condition), x_a=a, x_b=b, x_c=c) == expected

    def test_policy_variables_are_replaced(self):
        policy = stating(Condition={"StringEquals": {"aws:PrincipalAccount": "${aws:PrincipalAccount}"}})
        assert decide(policy, aws_principalaccount=ACCOUNT) == "allow"

    def test_many_wildcards_are_matched_quickly(self):
        assert decide(stating(Action="s:" + "*s" * 60 + "x"), action="s:" + "s" * 500) == "none"


OPERATORS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "ForAnyValue:", "ForAllValues:"]),
    st.sampled_from(
        [
            "StringEquals",
            "StringNotLike",
            "StringEqualsIgnoreCase",
            "ArnLike",
            "ArnNotEquals",
            "Bool",
            "Null",
            "NumericLessThan",
            "NumericNotEquals",
            "DateEquals",
            "DateGreaterThanEquals",
            "IpAddress",
            "NotIpAddress",
            "BinaryEquals",
        ]
    ),
    st.sampled_from(["", "IfExists"]),
)
SCALARS = st.one_of(
    st.text(max_size=8),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.dates().map(str),
    st.ip_addresses().map(str),
    st.sampled_from(["arn:aws:s3:::*", "nan", "10.0.0.0/8", "*[?!", "0001-01-01T00:00:00+23:59"]),
)
JSON = st.recursive(
    st.none() | SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
SOME = st.lists(SCALARS, max_size=3) | SCALARS
PATTERNS = st.text("*?[]!ab:", max_size=8) | st.just(GET)
PRINCIPALS = st.sampled_from(
    ["*", {"AWS": "*"}, {"AWS": [ACCOUNT, ALICE]}, {"AWS": APP}, {"Service": "rds.amazonaws.com"}, {"AWS": "x"}]
)
STATEMENTS = st.builds(
    lambda *pairs: dict(pairs),
    st.tuples(st.just("Effect"), st.sampled_from(["Allow", "Deny"])),
    st.tuples(st.sampled_from(["Principal", "NotPrincipal"]), PRINCIPALS),
    st.tuples(st.sampled_from(["Action", "NotAction"]), st.lists(PATTERNS, min_size=1, max_size=2)),
    st.tuples(st.sampled_from(["Resource", "NotResource"]), PATTERNS),
    st.tuples(
        st.just("Condition"), st.dictionaries(OPERATORS, st.dictionaries(st.just("test:key"), SOME), max_size=2)
    ),
)
POLICIES = st.builds(
    lambda statements, name, value: {"Version": "2012-10-17", "Statement": statements} | {name: value},
    st.lists(STATEMENTS, max_size=3),
    st.just("Id"),
    st.text(max_size=3),
)
MUTATED = st.builds(
    lambda policy, stated, name, value: {**policy, "Statement": [{**stated, name: value}]},
    POLICIES,
    STATEMENTS,
    st.sampled_from(["Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "Condition", "X"]),
    JSON,
)


class TestAnything:
    """Every input is parsed or refused with one of AWS's messages, and every policy gives a decision."""

    @pytest.mark.slow
    @given(
        text=st.one_of(st.text(), *(values.map(json.dumps) for values in (JSON, POLICIES, MUTATED))),
        caller=st.sampled_from([ROOT, ALICE, APP, APP_SESSION]),
        found=st.one_of(st.none(), st.text(max_size=8), SCALARS.map(str), st.lists(SCALARS.map(str), max_size=3)),
    )
    @example(text=document(), caller=ROOT, found=None)
    def test_every_input_gives_a_decision_or_an_error_of_aws(self, text, caller, found):
        try:
            policy = grammar.parse(text)
        except ServiceError as refused:
            assert refused.code == "MalformedPolicyDocumentException"
            assert refused.message in {SYNTAX, PRINCIPAL, SERVICE}
        else:
            context = {} if found is None else {"test_key": found}
            assert decide(policy, caller, **context) in {"allow", "deny", "none"}
            assert grammar.is_public(policy) in {True, False}

    @pytest.mark.slow
    @given(policy=POLICIES.filter(lambda policy: policy["Statement"]), seed=st.randoms())
    def test_the_order_of_statements_and_white_space_do_not_matter(self, policy, seed):
        try:
            decided = decide(grammar.parse(json.dumps(policy)))
        except ServiceError:
            return
        seed.shuffle(policy["Statement"])
        assert decide(grammar.parse(json.dumps(policy, indent=3))) == decided
