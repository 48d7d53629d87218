"""CloudTrail's records of calls: "Secrets Manager generates a CloudTrail log entry when you call this action"."""

import datetime
import json

import boto3
import botocore.config
import pytest
from botocore.exceptions import ClientError
from operation_tables import Table, check_table
from rotators import Rotator
from service import minimal_requests
from service_model import CALLABLE

from fake_secrets import UnsupportedOperationError, mock_stages
from fake_secrets.service.dispatch import OPERATIONS

NAME = "prod/db"
FIRST = "11111111-1111-4111-8111-111111111111"
TOKEN = "d1d1d1d1-d1d1-4d1d-8d1d-d1d1d1d1d1d1"
ACCOUNT = "123456789012"
# What each operation takes besides SecretId, so that it succeeds.
ABOUT_A_SECRET = Table(
    minimal_requests.WHERE,
    {
        **minimal_requests.ABOUT_A_SECRET,
        "DeleteSecret": {"RecoveryWindowInDays": 7},
        "GetSecretValue": {"VersionStage": "AWSCURRENT"},
        "ReplicateSecretToRegions": {"AddReplicaRegions": [{"Region": "eu-west-2"}]},
        "UpdateSecret": {"Description": "changed", "ClientRequestToken": TOKEN},
        "UpdateSecretVersionStage": {"VersionStage": "LIVE", "MoveToVersionId": FIRST},
    },
)
OTHERS = {
    **minimal_requests.OTHERS,
    "BatchGetSecretValue": {"Filters": [{"Key": "name", "Values": ["prod"]}]},
    "CreateSecret": {"Name": "new", "ClientRequestToken": TOKEN},
    "GetRandomPassword": {"PasswordLength": 20},
    "ListSecrets": {"MaxResults": 5},
}
WHERE_REFUSED = (
    "ABOUT_A_SECRET in tests/service/minimal_requests.py, or to REFUSED in tests/observe/test_records.py"
)
# What AWS refuses.
REFUSED = Table(
    WHERE_REFUSED,
    {
        **{operation: {"SecretId": "missing", **members} for operation, members in ABOUT_A_SECRET.items()},
        "BatchGetSecretValue": {},
        "CreateSecret": {"Name": NAME, "ClientRequestToken": TOKEN},
        "DeleteSecret": {"SecretId": NAME, "RecoveryWindowInDays": 3},
        "GetRandomPassword": {"PasswordLength": 3},
        "ListSecrets": {"NextToken": "x"},
        "ValidateResourcePolicy": {"SecretId": "no name", "ResourcePolicy": minimal_requests.POLICY},
    },
)
OTHER_ACCOUNT = "210987654321"
READS = {name for name in OPERATIONS if name.startswith(("BatchGet", "Describe", "Get", "List", "Validate"))}


@pytest.fixture(params=["fast", "wire"])
def fake(request, freezer_at_noon):
    with mock_stages(_lane=request.param) as fake:
        fake.add(NAME, "old", version_ids={"AWSCURRENT": FIRST})
        yield fake


def client_of(region="us-east-1", **options):
    return boto3.client("secretsmanager", region_name=region, **options)


@pytest.fixture
def client(fake):
    return client_of(config=botocore.config.Config(user_agent="tests/1.0"))


def call(client, operation, members):
    return getattr(client, boto3.session.botocore.xform_name(operation))(**members)


def succeed(fake, client, operation):
    """Call an operation so that it succeeds; return the response and the members of the request."""
    if operation in OTHERS:
        return call(client, operation, OTHERS[operation]), OTHERS[operation]
    region, members = "us-east-1", {"SecretId": NAME, **ABOUT_A_SECRET[operation]}
    if operation == "RotateSecret":
        members["RotationLambdaARN"] = fake.lambda_function(Rotator())
    if operation in {"RemoveRegionsFromReplication", "StopReplicationToReplica"}:
        client.replicate_secret_to_regions(SecretId=NAME, AddReplicaRegions=[{"Region": "eu-west-1"}])
        region = "eu-west-1" if operation.startswith("Stop") else region
    if "CrossAccountReplica" in operation:
        members["CrossAccountReplicaARN"] = replica_of(client)
    if operation == "DisassociateCrossAccountReplica":
        client.associate_cross_account_replica(**members)
    return call(client_of(region), operation, members), members


def replica_of(client):
    """Return the ARN of a replica in another account."""
    other = client_of(aws_access_key_id=OTHER_ACCOUNT, aws_secret_access_key="-")
    primary = client.describe_secret(SecretId=NAME)["ARN"]
    return other.create_secret(Name="copy", KmsKeyId="alias/copy", CrossAccountPrimaryARN=primary)["ARN"]


def lowered(value):
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: lowered(member) for name, member in value.items()}
    return [lowered(item) for item in value] if isinstance(value, list) else value


def of_calls(fake):
    return [record for record in fake.trail.records if record["eventType"] == "AwsApiCall"]


class TestEveryOperation:
    def test_has_a_request_that_is_refused(self):
        check_table(REFUSED, OPERATIONS, WHERE_REFUSED, "a request that AWS refuses")

    @pytest.mark.parametrize("operation", CALLABLE)
    def test_has_a_record_of_a_call_that_succeeded(self, fake, client, operation):
        response, members = succeed(fake, client, operation)
        record = next(record for record in of_calls(fake) if record["eventName"] == operation)
        secret = "SecretString", "SecretBinary"
        assert record["requestParameters"] == lowered({k: v for k, v in members.items() if k not in secret})
        assert record["requestID"] == response["ResponseMetadata"]["RequestId"]
        assert record["readOnly"] == (operation in READS)
        assert (record["responseElements"] is None) == (operation in READS)
        assert not {"errorCode", "errorMessage"} & record.keys()
        json.dumps(record)

    @pytest.mark.parametrize("operation", CALLABLE)
    def test_has_a_record_of_a_call_that_was_refused(self, fake, client, operation):
        with pytest.raises(ClientError) as refused:
            call(client, operation, REFUSED[operation])
        record = fake.trail.records[-1]
        error = refused.value.response["Error"]
        assert (record["eventName"], record["errorCode"]) == (operation, error["Code"])
        assert record["errorMessage"] == error["Message"]
        assert record["responseElements"] is None
        assert record["requestID"] == refused.value.response["ResponseMetadata"]["RequestId"]


class TestARecord:
    def test_has_the_recorded_shape(self, fake, client):
        """rotation-facts 3.1 [A]."""
        response = client.put_secret_value(SecretId=NAME, SecretString="new", ClientRequestToken=TOKEN)
        record = fake.trail.records[-1]
        assert len(record.pop("eventID")) == 36
        assert record.pop("userAgent").startswith("tests/1.0")
        assert record == {
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "Root",
                "principalId": ACCOUNT,
                "arn": f"arn:aws:iam::{ACCOUNT}:root",
                "accountId": ACCOUNT,
            },
            "eventTime": "2026-03-04T12:00:00Z",
            "eventSource": "secretsmanager.amazonaws.com",
            "eventName": "PutSecretValue",
            "awsRegion": "us-east-1",
            "sourceIPAddress": "127.0.0.1",
            "requestParameters": {"secretId": NAME, "clientRequestToken": TOKEN},
            "responseElements": {"arn": fake[NAME].arn},
            "requestID": response["ResponseMetadata"]["RequestId"],
            "readOnly": False,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Management",
        }

    def test_names_the_secret_as_the_request_did(self, fake, client):
        arn = fake[NAME].arn
        for secret_id in (NAME, arn):
            client.get_secret_value(SecretId=secret_id)
        assert [record["requestParameters"]["secretId"] for record in of_calls(fake)] == [NAME, arn]

    def test_has_null_for_a_request_without_members(self, fake, client):
        client.list_secrets()
        assert fake.trail.records[-1]["requestParameters"] is None

    def test_of_a_deletion_has_its_date(self, fake, client, freezer_at_noon):
        freezer_at_noon.move_to("2018-05-03T17:51:02Z")
        arn = client.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)["ARN"]
        (record,) = of_calls(fake)
        assert record["responseElements"] == {"arn": arn, "deletionDate": "May 3, 2018 5:51:02 PM"}

    @pytest.mark.parametrize(
        ("principal", "identity"),
        [
            ("arn:aws:iam::210987654321:root", {"type": "Root", "principalId": "210987654321"}),
            ("arn:aws:iam::210987654321:user/staff/ann", {"type": "IAMUser", "userName": "ann"}),
            ("arn:aws:iam::210987654321:role/app", {"type": "Role"}),
            ("arn:aws:sts::210987654321:federated-user/ann", {"type": "FederatedUser"}),
            (
                "arn:aws:sts::210987654321:assumed-role/app/session",
                {
                    "type": "AssumedRole",
                    "sessionContext": {
                        "sessionIssuer": {
                            "type": "Role",
                            "arn": "arn:aws:iam::210987654321:role/app",
                            "accountId": "210987654321",
                            "userName": "app",
                        }
                    },
                },
            ),
        ],
    )
    def test_says_who_called(self, fake, principal, identity):
        client_of("eu-west-3", **fake.credentials(principal)).list_secrets()
        record = fake.trail.records[-1]
        assert record["userIdentity"] == {"arn": principal, "accountId": "210987654321", **identity}
        assert (record["awsRegion"], record["recipientAccountId"]) == ("eu-west-3", "210987654321")

    def test_has_the_user_agent_that_botocore_sends(self, fake):
        sent = []
        client = client_of()
        client.meta.events.register(
            "before-call", lambda params, **_: sent.append(params["headers"]["User-Agent"])
        )
        client.list_secrets()
        client_of().list_secrets()
        # Powertools, if another test has imported it, adds its name below the fast lane.
        watched, unwatched = (record["userAgent"].split(" PT/")[0] for record in of_calls(fake))
        assert watched == unwatched == sent[0]
        assert watched.startswith("Boto3/")

    def test_of_the_handles_own_call_has_no_user_agent(self, fake):
        fake.rotate(NAME, Rotator())
        first = fake.trail.records[0]
        assert (first["eventName"], "userAgent" in first) == ("RotateSecret", False)
        assert len(first["requestID"]) == 36

    def test_of_a_denial_by_iam_has_cloudtrails_code(self, fake):
        arn = fake[NAME].arn
        stranger = client_of(**fake.credentials("arn:aws:iam::210987654321:user/ann"))
        with pytest.raises(ClientError, match="AccessDeniedException"):
            stranger.get_secret_value(SecretId=arn)
        record = fake.trail.records[-1]
        assert record["errorCode"] == "AccessDenied"
        assert "is not authorized to perform" in record["errorMessage"]

    def test_of_each_attempt_is_one_of_its_own(self, fake, monkeypatch):
        monkeypatch.setattr("time.sleep", lambda _: None)
        fake.faults.fail("GetSecretValue", "ThrottlingException", times=1)
        client_of().get_secret_value(SecretId=NAME)
        throttled, succeeded = of_calls(fake)
        assert (throttled["errorCode"], succeeded.get("errorCode")) == ("ThrottlingException", None)
        assert throttled["requestID"] != succeeded["requestID"]

    def test_of_a_request_that_is_no_json_is_there(self, fake):
        client = client_of()

        def spoil(params, **_):
            params["body"] = b"no JSON"

        client.meta.events.register("before-call", spoil)
        with pytest.raises(ClientError, match="SerializationException"):
            client.list_secrets()
        assert [record["errorCode"] for record in of_calls(fake)] == ["SerializationException"]
        assert [call.outcome for call in fake.calls] == ["SerializationException"]

    def test_of_a_call_that_only_we_refuse_is_not_there(self, fake, client, monkeypatch):
        monkeypatch.delitem(OPERATIONS, "DescribeSecret")
        with pytest.raises(UnsupportedOperationError):
            client.describe_secret(SecretId=NAME)
        assert fake.trail.records == []

    def test_may_be_changed(self, fake, client):
        client.tag_resource(SecretId=NAME, Tags=[{"Key": "a", "Value": "b"}])
        fake.trail.records[-1]["requestParameters"]["tags"][0]["key"] = "changed"
        assert fake.trail.records[-1]["requestParameters"]["tags"] == [{"key": "a", "value": "b"}]

    def test_keeps_its_id(self, fake, client):
        client.list_secrets()
        client.batch_get_secret_value(SecretIdList=[NAME, "missing"])
        fake.rotate(NAME, Rotator())
        before = [record["eventID"] for record in fake.trail.records]
        client.list_secrets()
        assert [record["eventID"] for record in fake.trail.records][:-1] == before
        assert len(set(before)) == len(before)


class TestABatch:
    """It logs itself and each secret that it reads: rotation-facts 3.2 [B]."""

    def test_has_a_record_for_each_of_its_secrets(self, fake, client):
        fake.add("other", "x")
        client.batch_get_secret_value(SecretIdList=["other", "missing", NAME])
        batch, *reads = of_calls(fake)
        assert batch["requestParameters"] == {"secretIdList": ["other", "missing", NAME]}
        assert {record["eventName"] for record in reads} == {"GetSecretValue"}
        assert [record["requestParameters"] for record in reads] == [
            {"secretId": "other"},
            {"secretId": "missing"},
            {"secretId": NAME},
        ]
        assert [record.get("errorCode") for record in reads] == [None, "ResourceNotFoundException", None]
        assert reads[1]["errorMessage"] == "Secrets Manager can't find the specified secret."

    def test_that_filters_names_them_by_their_arns(self, fake, client):
        client.batch_get_secret_value(Filters=[{"Key": "name", "Values": ["prod"]}])
        _, read = of_calls(fake)
        assert read["requestParameters"] == {"secretId": fake[NAME].arn}

    def test_that_is_refused_has_no_others(self, fake, client):
        with pytest.raises(ClientError):
            client.batch_get_secret_value()
        assert [record["eventName"] for record in of_calls(fake)] == ["BatchGetSecretValue"]


class TestTheOrder:
    def test_a_call_precedes_the_events_that_come_of_it(self, fake):
        client = client_of()
        client.rotate_secret(SecretId=NAME, RotationLambdaARN=fake.lambda_function(Rotator(client)))
        client.delete_secret(SecretId=NAME)
        assert [record["eventName"] for record in fake.trail.records] == [
            "RotateSecret",
            "RotationStarted",
            "GetSecretValue",
            "GetSecretValue",
            "GetRandomPassword",
            "PutSecretValue",
            "DescribeSecret",
            "UpdateSecretVersionStage",
            "RotationSucceeded",
            "DeleteSecret",
            "StartSecretVersionDelete",
            "StartSecretVersionDelete",
        ]

    def test_what_was_due_precedes_the_next_call(self, fake, client, freezer_at_noon):
        client.delete_secret(SecretId=NAME, RecoveryWindowInDays=7)
        freezer_at_noon.tick(datetime.timedelta(days=8))
        client.list_secrets()
        names = [record["eventName"] for record in fake.trail.records]
        assert names == ["DeleteSecret", "StartSecretVersionDelete", "EndSecretVersionDelete", "ListSecrets"]
        times = [record["eventTime"] for record in fake.trail.records]
        assert times == sorted(times)

    def test_service_events_alone_are_the_others_without_the_calls(self, fake):
        fake.rotate(NAME, Rotator())
        service_events = [r for r in fake.trail.records if r["eventType"] == "AwsServiceEvent"]
        assert fake.trail.service_events == service_events
        assert [record["eventName"] for record in service_events] == ["RotationStarted", "RotationSucceeded"]

    def test_calls_are_no_events_of_eventbridge(self, fake, client):
        heard = []
        fake.on_event(heard.append)
        client.describe_secret(SecretId=NAME)
        assert (fake.trail.events, heard, len(fake.trail)) == ([], [], 0)

    def test_reset_forgets_them(self, fake, client):
        client.list_secrets()
        fake.reset()
        assert fake.trail.records == []


class TestFaults:
    """What a test has planned is recorded as AWS would record it."""

    def test_a_stale_batch_has_a_record_for_each_of_its_secrets(self, fake, client):
        client.put_secret_value(SecretId=NAME, SecretString="new")
        fake.faults.stale_reads(1)
        client.batch_get_secret_value(SecretIdList=[NAME, "missing"])
        assert [record.get("errorCode") for record in of_calls(fake)[1:]] == [
            None,
            None,
            "ResourceNotFoundException",
        ]

    def test_a_stale_read_that_finds_nothing_has_its_message(self, fake, client):
        client.create_secret(Name="new", SecretString="x")
        fake.faults.stale_reads(1)
        with pytest.raises(ClientError) as refused:
            client.get_secret_value(SecretId="new")
        assert fake.trail.records[-1]["errorMessage"] == refused.value.response["Error"]["Message"]

    def test_an_effect_whose_answer_was_lost_is_recorded(self, fake, client, monkeypatch):
        monkeypatch.setattr("time.sleep", lambda _: None)
        fake.faults.time_out("PutSecretValue", after_effect=True)
        client.put_secret_value(SecretId=NAME, SecretString="new", ClientRequestToken=TOKEN)
        assert [record["eventName"] for record in of_calls(fake)] == ["PutSecretValue"] * 2

    def test_a_call_that_never_got_there_is_not(self, fake, client, monkeypatch):
        monkeypatch.setattr("time.sleep", lambda _: None)
        fake.faults.time_out("GetSecretValue")
        client.get_secret_value(SecretId=NAME)
        assert len(of_calls(fake)) == 1
