"""PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy and ValidateResourcePolicy, through a client."""

import json

import boto3
import pytest
from service_model import botocore_knows, needs_2026

knows_policy_name = botocore_knows("GetResourcePolicy", "PolicyName")
needs_policy_name = pytest.mark.skipif(not knows_policy_name, reason=needs_2026)
# What answers say of a policy's name: an older botocore drops members that it doesn't know.
OF_DEFAULT = {"PolicyName": "default"} if knows_policy_name else {}
# Without and with the name of the customer's policy.
NAMED = [{}, pytest.param({"PolicyName": "default"}, marks=needs_policy_name)]

ACCOUNT = "123456789012"

DELETED = (
    "InvalidRequestException",
    "You can't perform this operation on the secret because it was marked for deletion.",
)
NOT_FOUND = ("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
BAD_NAME = (
    "ValidationException",
    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
)
REPLICA = (
    "InvalidParameterException",
    "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
)
SYNTAX = ("MalformedPolicyDocumentException", "This resource policy contains a syntax error.")
PRINCIPAL = ("MalformedPolicyDocumentException", "This resource policy contains an unsupported principal.")
SERVICE = ("MalformedPolicyDocumentException", "This resource policy contains an unsupported service principal.")
PUBLIC = (
    "PublicPolicyException",
    "You can't attach a resource-based policy that allows broad access to the secret.",
)
LOCKED_OUT = "Your requested changes will not allow you to manage this secret in the future."


def policy(*statements, **elements):
    """Return a policy of the statements, or of one that allows an account, with some elements replaced."""
    allow = {
        "Effect": "Allow",
        "Principal": {"AWS": ACCOUNT},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": statements or [{**allow, **elements}]})


PRIVATE = policy()
EVERYBODY = policy(Principal="*")
LOCKING_OUT = policy(Effect="Deny", Principal="*", Action="secretsmanager:*")
NARROWED = policy(Principal="*", Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}})

MALFORMED = [
    ("no JSON", SYNTAX),
    (policy(Effect="allow"), SYNTAX),
    (policy(Action=[]), SYNTAX),
    (policy(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"}), PRINCIPAL),
    (policy(Principal={"Service": "rds"}), SERVICE),
]


@pytest.fixture
def db(freezer_at_noon, fake_secrets):
    return fake_secrets.add("app/db", "x")


@pytest.fixture
def attached(secretsmanager):
    return lambda: secretsmanager.get_resource_policy(SecretId="app/db").get("ResourcePolicy")


@pytest.fixture
def changed_at(secretsmanager):
    """The second at which the secret was last changed."""
    return lambda: secretsmanager.describe_secret(SecretId="app/db")["LastChangedDate"].second


@pytest.fixture
def replica(db, secretsmanager):
    """A client in a region that has a replica of the secret."""
    secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=PRIVATE)
    secretsmanager.replicate_secret_to_regions(SecretId="app/db", AddReplicaRegions=[{"Region": "eu-west-1"}])
    return boto3.client("secretsmanager", region_name="eu-west-1")


class TestPutResourcePolicy:
    def test_the_answer_names_the_secret(self, db, secretsmanager, answer):
        put = answer(secretsmanager.put_resource_policy, SecretId="app/db", ResourcePolicy=PRIVATE)
        assert put == {"ARN": db.arn, "Name": "app/db", **OF_DEFAULT}

    @needs_policy_name
    def test_the_response_has_a_policy_name_if_the_request_has_one(self, db, secretsmanager, answer):
        put = answer(
            secretsmanager.put_resource_policy,
            SecretId="app/db",
            ResourcePolicy=PRIVATE,
            PolicyName="default",
            BlockPublicPolicy=False,
        )
        assert put == {"ARN": db.arn, "Name": "app/db", "PolicyName": "default"}

    def test_the_policy_is_kept_verbatim(self, db, secretsmanager, attached):
        text = f" \n{json.dumps(json.loads(PRIVATE), indent=3)}\t\n"
        secretsmanager.put_resource_policy(SecretId=db.arn, ResourcePolicy=text)
        assert attached() == text

    def test_a_new_policy_replaces_the_old_one(self, db, secretsmanager, attached):
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=EVERYBODY)
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=PRIVATE)
        assert attached() == PRIVATE

    @pytest.mark.parametrize("second", [EVERYBODY, PRIVATE])
    def test_putting_the_same_policy_moves_last_changed_date(
        self, freezer_at_noon, db, secretsmanager, changed_at, second
    ):
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=PRIVATE)
        freezer_at_noon.tick(10)
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=second)
        assert changed_at() == 10

    @pytest.mark.parametrize("block", [{}, {"BlockPublicPolicy": False}])
    def test_a_public_policy_is_accepted_unless_blocked(self, db, secretsmanager, attached, block):
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=EVERYBODY, **block)
        assert attached() == EVERYBODY

    @pytest.mark.parametrize("text", [PRIVATE, NARROWED])
    def test_a_policy_that_is_not_public_is_not_blocked(self, db, secretsmanager, attached, text):
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=text, BlockPublicPolicy=True)
        assert attached() == text

    def test_a_policy_that_locks_the_caller_out_is_not_blocked_and_holds(self, db, secretsmanager, refusal):
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=LOCKING_OUT, BlockPublicPolicy=True)
        assert refusal(secretsmanager.get_resource_policy, SecretId="app/db")[0] == "AccessDeniedException"

    def test_its_own_account_is_not_kept_out(self, db, secretsmanager, attached):
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=PRIVATE)
        assert secretsmanager.get_secret_value(SecretId="app/db")["SecretString"] == "x"

    @pytest.mark.parametrize(
        ("request_members", "expected"),
        [
            *(({"ResourcePolicy": text}, expected) for text, expected in MALFORMED),
            ({"ResourcePolicy": EVERYBODY, "BlockPublicPolicy": True}, PUBLIC),
        ],
    )
    def test_a_refused_policy_changes_nothing(
        self, freezer_at_noon, db, secretsmanager, attached, changed_at, refusal, request_members, expected
    ):
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=PRIVATE)
        freezer_at_noon.tick(10)
        assert refusal(secretsmanager.put_resource_policy, SecretId="app/db", **request_members) == expected
        assert (attached(), changed_at()) == (PRIVATE, 0)

    @pytest.mark.parametrize(
        ("exception", "request_members"),
        [
            ("MalformedPolicyDocumentException", {"ResourcePolicy": "{"}),
            ("PublicPolicyException", {"ResourcePolicy": EVERYBODY, "BlockPublicPolicy": True}),
        ],
    )
    def test_errors_are_the_clients_exceptions(self, db, secretsmanager, exception, request_members):
        with pytest.raises(getattr(secretsmanager.exceptions, exception)) as refused:
            secretsmanager.put_resource_policy(SecretId="app/db", **request_members)
        assert refused.value.response["Message"] == refused.value.response["Error"]["Message"]

    @needs_policy_name
    def test_another_policy_name_is_refused(self, db, secretsmanager, attached, refusal):
        code, _ = refusal(
            secretsmanager.put_resource_policy, SecretId="app/db", ResourcePolicy=PRIVATE, PolicyName="mine"
        )
        assert (code, attached()) == ("InvalidParameterException", None)

    def test_the_longest_policy_and_one_that_is_longer(self, db, secretsmanager, attached, refusal):
        longest = PRIVATE.ljust(20_480)
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=longest)
        code, message = refusal(
            secretsmanager.put_resource_policy, SecretId="app/db", ResourcePolicy=longest + " "
        )
        assert code == "ValidationException"
        assert message.endswith(
            "at 'resourcePolicy' failed to satisfy constraint: Member must have length less than or equal to 20480"
        )
        assert attached() == longest

    @pytest.mark.parametrize(("secret_id", "expected"), [("unknown", NOT_FOUND), ("a b", BAD_NAME)])
    def test_an_unknown_secret_is_not_found(self, secretsmanager, refusal, secret_id, expected):
        call = secretsmanager.put_resource_policy
        assert refusal(call, SecretId=secret_id, ResourcePolicy="{") == expected

    def test_a_secret_marked_for_deletion_is_refused(self, db, secretsmanager, refusal):
        secretsmanager.delete_secret(SecretId="app/db")
        assert refusal(secretsmanager.put_resource_policy, SecretId="app/db", ResourcePolicy="{") == DELETED

    def test_a_replica_is_refused(self, replica, refusal):
        assert refusal(replica.put_resource_policy, SecretId="app/db", ResourcePolicy="{") == REPLICA

    def test_it_reaches_the_replicas(self, replica, secretsmanager, answer):
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=EVERYBODY)
        assert replica.get_resource_policy(SecretId="app/db")["ResourcePolicy"] == EVERYBODY


@pytest.mark.skipif(not botocore_knows("ListResourcePolicies", "SecretId"), reason=needs_2026)
class TestListResourcePolicies:
    @pytest.fixture
    def replica(self, fake_secrets, db):
        """A client of another account, and the ARN of its replica, which has two policies."""
        keys = {"aws_access_key_id": "210987654321", "aws_secret_access_key": "-"}
        other = boto3.client("secretsmanager", region_name="us-east-1", **keys)
        arn = other.create_secret(Name="copy", KmsKeyId="alias/copy", CrossAccountPrimaryARN=db.arn)["ARN"]
        other.put_resource_policy(SecretId=arn, ResourcePolicy=PRIVATE)
        return other, arn

    def test_its_paginator_goes_through_all_pages(self, replica):
        client, arn = replica
        pages = client.get_paginator("list_resource_policies").paginate(
            SecretId=arn, PaginationConfig={"PageSize": 1}
        )
        assert [[one["PolicyName"] for one in page["ResourcePolicies"]] for page in pages] == [
            ["default"],
            ["cross-account-replication"],
        ]

    def test_a_token_belongs_to_one_secret(self, replica, db, secretsmanager, refusal):
        client, arn = replica
        token = client.list_resource_policies(SecretId=arn, MaxResults=1)["NextToken"]
        code, _ = refusal(secretsmanager.list_resource_policies, SecretId="app/db", NextToken=token)
        assert code == "InvalidNextTokenException"

    def test_no_policy_is_an_empty_list(self, db, secretsmanager):
        assert secretsmanager.list_resource_policies(SecretId="app/db")["ResourcePolicies"] == []


class TestGetResourcePolicy:
    def test_without_a_policy_the_member_is_absent(self, db, secretsmanager, answer):
        got = answer(secretsmanager.get_resource_policy, SecretId="app/db")
        assert got == {"ARN": db.arn, "Name": "app/db", **OF_DEFAULT}

    @pytest.mark.parametrize("named", NAMED)
    def test_the_policy_is_a_string(self, db, secretsmanager, answer, named):
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=EVERYBODY)
        got = answer(secretsmanager.get_resource_policy, SecretId="app/db", **named)
        assert got == {"ARN": db.arn, "Name": "app/db", "ResourcePolicy": EVERYBODY, **OF_DEFAULT}

    @needs_policy_name
    def test_another_policy_name_is_refused(self, db, secretsmanager, refusal):
        code, _ = refusal(secretsmanager.get_resource_policy, SecretId="app/db", PolicyName="mine")
        assert code == "ResourceNotFoundException"

    @pytest.mark.parametrize(("secret_id", "expected"), [("unknown", NOT_FOUND), ("a b", BAD_NAME)])
    def test_an_unknown_secret_is_not_found(self, secretsmanager, refusal, secret_id, expected):
        assert refusal(secretsmanager.get_resource_policy, SecretId=secret_id) == expected

    def test_a_secret_marked_for_deletion_is_refused(self, db, secretsmanager, attached, refusal):
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=PRIVATE)
        secretsmanager.delete_secret(SecretId="app/db")
        assert refusal(secretsmanager.get_resource_policy, SecretId="app/db") == DELETED
        secretsmanager.restore_secret(SecretId="app/db")
        assert attached() == PRIVATE

    def test_a_replica_has_its_primarys_policy(self, replica):
        assert replica.get_resource_policy(SecretId="app/db")["ResourcePolicy"] == PRIVATE


class TestDeleteResourcePolicy:
    @pytest.mark.parametrize("named", NAMED)
    def test_the_policy_is_gone(self, freezer_at_noon, db, secretsmanager, answer, attached, changed_at, named):
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=PRIVATE)
        freezer_at_noon.tick(10)
        deleted = answer(secretsmanager.delete_resource_policy, SecretId="app/db", **named)
        assert deleted == {"ARN": db.arn, "Name": "app/db", **OF_DEFAULT}
        assert (attached(), changed_at()) == (None, 10)

    def test_without_a_policy_nothing_changes(self, freezer_at_noon, db, secretsmanager, answer, changed_at):
        changed_at()  # the first call creates the seeded secret
        freezer_at_noon.tick(10)
        deleted = answer(secretsmanager.delete_resource_policy, SecretId="app/db")
        assert deleted == {"ARN": db.arn, "Name": "app/db", **OF_DEFAULT}
        assert changed_at() == 0

    @needs_policy_name
    def test_another_policy_name_is_refused(self, db, secretsmanager, attached, refusal):
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=PRIVATE)
        code, _ = refusal(secretsmanager.delete_resource_policy, SecretId="app/db", PolicyName="mine")
        assert (code, attached()) == ("InvalidParameterException", PRIVATE)

    @pytest.mark.parametrize(("secret_id", "expected"), [("unknown", NOT_FOUND), ("a b", BAD_NAME)])
    def test_an_unknown_secret_is_not_found(self, secretsmanager, refusal, secret_id, expected):
        assert refusal(secretsmanager.delete_resource_policy, SecretId=secret_id) == expected

    def test_a_secret_marked_for_deletion_is_refused(self, db, secretsmanager, attached, refusal):
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=PRIVATE)
        secretsmanager.delete_secret(SecretId="app/db")
        assert refusal(secretsmanager.delete_resource_policy, SecretId="app/db") == DELETED
        secretsmanager.restore_secret(SecretId="app/db")
        assert attached() == PRIVATE

    def test_a_replica_is_refused(self, replica, attached, refusal):
        assert refusal(replica.delete_resource_policy, SecretId="app/db") == REPLICA
        assert attached() == PRIVATE

    def test_it_reaches_the_replicas(self, replica, secretsmanager):
        secretsmanager.delete_resource_policy(SecretId="app/db")
        assert "ResourcePolicy" not in replica.get_resource_policy(SecretId="app/db")


class TestValidateResourcePolicy:
    @pytest.fixture(params=[{}, {"SecretId": "app/db"}], ids=["no secret", "a secret"])
    def validate(self, request, db, secretsmanager, answer):
        """Validate a policy with and without a SecretId."""

        def validate(text):
            return answer(secretsmanager.validate_resource_policy, ResourcePolicy=text, **request.param)

        return validate

    @pytest.mark.parametrize(
        "text",
        [
            PRIVATE,
            NARROWED,
            policy(Principal="*", Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::bucket"}}),
            policy(Principal="*", Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
            policy(Principal="*", Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
            policy(Effect="Deny", Principal="*"),
            policy(Effect="Deny", Principal={"AWS": "210987654321"}, Action="*"),
        ],
    )
    def test_a_good_policy_passes(self, validate, text):
        assert validate(text) == {"PolicyValidationPassed": True, "ValidationErrors": []}

    @pytest.mark.parametrize(
        ("text", "messages"),
        [
            (EVERYBODY, [PUBLIC[1]]),
            (policy(Principal={"AWS": "*"}), [PUBLIC[1]]),
            (LOCKING_OUT, [LOCKED_OUT]),
            (policy(Effect="Deny", Principal={"AWS": ACCOUNT}, Action="*:Put*"), [LOCKED_OUT]),
            (
                policy(*(json.loads(text)["Statement"][0] for text in (LOCKING_OUT, EVERYBODY))),
                [PUBLIC[1], LOCKED_OUT],
            ),
        ],
    )
    def test_a_bad_policy_has_its_errors(self, validate, text, messages):
        validated = validate(text)
        assert validated["PolicyValidationPassed"] is False
        assert [error["ErrorMessage"] for error in validated["ValidationErrors"]] == messages
        assert all(error.keys() == {"CheckName", "ErrorMessage"} for error in validated["ValidationErrors"])

    @pytest.mark.parametrize(
        ("condition", "passes"),
        [
            ({"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}, True),
            ({"StringNotEquals": {"aws:PrincipalAccount": "210987654321"}}, False),
            ({"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:root"}}, True),
            ({"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
            ({"Bool": {"aws:SecureTransport": "false"}}, True),
            ({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, False),
        ],
    )
    def test_a_deny_under_a_condition(self, validate, condition, passes):
        text = policy(Effect="Deny", Principal="*", Action="secretsmanager:*", Condition=condition)
        assert validate(text)["PolicyValidationPassed"] is passes

    @pytest.mark.parametrize(
        ("request_members", "passes"), [({}, True), ({"SecretId": "app/db"}, False), ({"SecretId": "app/x"}, True)]
    )
    def test_a_deny_for_one_secret_locks_out_of_that_one(
        self, db, fake_secrets, secretsmanager, request_members, passes
    ):
        fake_secrets.add("app/x")
        validated = secretsmanager.validate_resource_policy(
            ResourcePolicy=policy(Effect="Deny", Action="*", Resource=db.arn), **request_members
        )
        assert validated["PolicyValidationPassed"] is passes

    def test_nothing_is_attached(self, db, secretsmanager, attached):
        secretsmanager.validate_resource_policy(SecretId="app/db", ResourcePolicy=PRIVATE)
        assert attached() is None

    @pytest.mark.parametrize("request_members", [{}, {"SecretId": "app/db"}])
    @pytest.mark.parametrize(("text", "expected"), MALFORMED)
    def test_a_malformed_policy_is_refused(self, db, secretsmanager, refusal, request_members, text, expected):
        call = secretsmanager.validate_resource_policy
        assert refusal(call, ResourcePolicy=text, **request_members) == expected

    @pytest.mark.parametrize(("secret_id", "expected"), [("unknown", NOT_FOUND), ("a b", BAD_NAME)])
    def test_an_unknown_secret_is_not_found(self, secretsmanager, refusal, secret_id, expected):
        call = secretsmanager.validate_resource_policy
        assert refusal(call, SecretId=secret_id, ResourcePolicy="{") == expected

    def test_a_secret_marked_for_deletion_is_refused(self, db, secretsmanager, refusal):
        secretsmanager.delete_secret(SecretId="app/db")
        call = secretsmanager.validate_resource_policy
        assert refusal(call, SecretId="app/db", ResourcePolicy="{") == DELETED

    def test_a_secret_id_that_is_null_is_absent(self, raw):
        assert raw.validate_resource_policy(SecretId=None, ResourcePolicy=PRIVATE)["PolicyValidationPassed"]


class TestAnotherAccount:
    """A policy also allows the four operations to callers of another account (api-facts 13)."""

    ADMITTED = policy(Principal={"AWS": "210987654321"}, Action="secretsmanager:*")

    @pytest.fixture
    def foreigner(self, db):
        """A client of another account."""
        return boto3.client(
            "secretsmanager",
            region_name="us-east-1",
            aws_access_key_id="210987654321",
            aws_secret_access_key="unused",
        )

    def test_without_a_policy_it_is_denied(self, db, foreigner, attached, refusal):
        requests = [
            (foreigner.put_resource_policy, {"ResourcePolicy": self.ADMITTED}),
            (foreigner.get_resource_policy, {}),
            (foreigner.delete_resource_policy, {}),
            (foreigner.validate_resource_policy, {"ResourcePolicy": self.ADMITTED}),
        ]
        codes = [refusal(call, SecretId=db.arn, **request)[0] for call, request in requests]
        assert codes == ["AccessDeniedException"] * 4
        assert attached() is None

    def test_with_a_policy_it_is_allowed(self, db, secretsmanager, foreigner, answer, attached):
        identity = {"ARN": db.arn, "Name": "app/db", **OF_DEFAULT}
        secretsmanager.put_resource_policy(SecretId="app/db", ResourcePolicy=self.ADMITTED)
        got = answer(foreigner.get_resource_policy, SecretId=db.arn)
        assert got == {**identity, "ResourcePolicy": self.ADMITTED}
        put = answer(foreigner.put_resource_policy, SecretId=db.arn, ResourcePolicy=self.ADMITTED)
        assert put == identity
        validated = foreigner.validate_resource_policy(SecretId=db.arn, ResourcePolicy=self.ADMITTED)
        assert validated["PolicyValidationPassed"]
        assert answer(foreigner.delete_resource_policy, SecretId=db.arn) == identity
        assert attached() is None
