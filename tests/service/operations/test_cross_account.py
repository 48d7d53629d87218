"""Replicas in another account, from their creation to the end, through clients of both accounts.

AWS's documentation says what is refused. Where it doesn't say with which code, the codes here are choices of this
project, as the docstrings of the operations tell.
"""

import datetime

import botocore
import pytest
from service_model import botocore_knows, needs_2026
from two_accounts import PRIMARY_ACCOUNT, PRIMARY_KEY, REPLICA_ACCOUNT, REPLICA_KEY, Pair, client_of

pytestmark = pytest.mark.skipif(not botocore_knows("CreateSecret", "CrossAccountPrimaryARN"), reason=needs_2026)

V1, V2, V3 = (f"{digit * 8}-1111-4111-8111-111111111111" for digit in "123")
ROLE = f"arn:aws:iam::{PRIMARY_ACCOUNT}:role/replicates"
POLICY = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"*","Resource":"*"}}'  # noqa: E501 -- one line, as it is sent


@pytest.fixture
def pair(fake_secrets, freezer_at_noon):
    return Pair()


@pytest.fixture
def linked(pair):
    pair.associate()
    return pair


def code_of(call, **members):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        call(**members)
    return refused.value.response["Error"]["Code"]


class TestCreation:
    @pytest.mark.parametrize(
        "members",
        [
            {"SecretString": "x"},
            {"SecretBinary": b"x"},
            {"Description": "x"},
            {"Type": "SalesforceClientSecret"},
            {"AddReplicaRegions": [{"Region": "eu-west-1"}]},
            {"KmsKeyId": "alias/aws/secretsmanager"},
            {"KmsKeyId": f"arn:aws:kms:us-east-1:{REPLICA_ACCOUNT}:alias/aws/secretsmanager"},
            {"CrossAccountPrimaryARN": f"arn:aws:secretsmanager:eu-west-1:{PRIMARY_ACCOUNT}:secret:a-AbCdEf"},
            {"CrossAccountPrimaryARN": f"arn:aws-cn:secretsmanager:us-east-1:{PRIMARY_ACCOUNT}:secret:a-AbCdEf"},
            {"CrossAccountPrimaryARN": f"arn:aws:secretsmanager:us-east-1:{REPLICA_ACCOUNT}:secret:a-AbCdEf"},
            {"CrossAccountPrimaryARN": "arn:aws:secretsmanager:us-east-1:12:secret:a-AbCdEf"},
            {"CrossAccountPrimaryARN": f"arn:aws:secretsmanager:us-east-1:{'٣' * 12}:secret:a-AbCdEf"},
            {"CrossAccountPrimaryARN": "app/db-that-is-no-arn"},
        ],
        ids=lambda members: "-".join(map(str, members)),
    )
    def test_what_a_replica_cant_be_created_with_is_refused_and_creates_nothing(self, fake_secrets, pair, members):
        assert code_of(pair.create, name="new", **members) == "InvalidParameterException"
        assert len(pair.other.list_secrets()["SecretList"]) == 1

    def test_a_replica_has_tags_and_a_token_of_its_own(self, pair):
        pair.create("new", Tags=[{"Key": "team", "Value": "b"}], ClientRequestToken=V1)
        described = pair.other.describe_secret(SecretId="new")
        assert described["Tags"] == [{"Key": "team", "Value": "b"}]
        assert "VersionIdsToStages" not in described

    def test_the_primary_need_not_exist_because_the_replicas_account_cant_know(self, pair):
        primary = f"arn:aws:secretsmanager:us-east-1:{PRIMARY_ACCOUNT}:secret:none-AbCdEf"
        pair.create("new", CrossAccountPrimaryARN=primary)
        link = pair.other.describe_secret(SecretId="new")["CrossAccountPrimary"]
        assert link == {"PrimarySecretARN": primary, "ReplicationStatus": "Pending"}

    def test_the_suffix_of_the_primarys_arn_may_be_left_out(self, pair):
        pair.create("new", CrossAccountPrimaryARN=pair.primary[:-7])
        arn = pair.other.describe_secret(SecretId="new")["ARN"]
        pair.associate(CrossAccountReplicaARN=arn)
        link = pair.other.describe_secret(SecretId="new")["CrossAccountPrimary"]
        assert link["PrimarySecretARN"] == pair.primary

    def test_a_rotation_function_that_secrets_have_from_the_start_isnt_given_to_a_replica(
        self, fake_secrets, pair
    ):
        function = fake_secrets.lambda_function(lambda event, context: None)
        fake_secrets._world.attached[REPLICA_ACCOUNT, "us-east-1", "new"] = function
        pair.create("new")
        assert "RotationLambdaARN" not in pair.other.describe_secret(SecretId="new")

    def test_force_overwrite_has_no_effect_beside_it(self, pair):
        pair.create("new", ForceOverwriteReplicaSecret=True)
        assert code_of(pair.create, name="new", ForceOverwriteReplicaSecret=True) == "ResourceExistsException"


class TestAssociation:
    def test_answers_that_copying_has_begun(self, pair):
        answer = pair.associate()
        answer.pop("ResponseMetadata")
        assert answer == {
            "ARN": pair.primary,
            "CrossAccountReplicaARN": pair.replica,
            "ReplicationStatus": "InProgress",
        }
        assert pair.statuses() == ("InSync", "InSync")

    def test_gives_the_replica_all_versions_that_have_labels(self, pair):
        pair.put("two", ClientRequestToken=V2)
        pair.put("three", ClientRequestToken=V3, VersionStages=["AWSPENDING", "CANARY"])
        pair.associate()
        primary, replica = pair.described()
        assert replica["VersionIdsToStages"] == primary["VersionIdsToStages"]
        assert pair.other.get_secret_value(SecretId="copy/db", VersionStage="AWSPREVIOUS")["SecretString"] == "one"
        assert pair.other.get_secret_value(SecretId="copy/db", VersionStage="CANARY")["SecretString"] == "three"

    def test_encrypts_the_copy_with_the_replicas_key(self, linked):
        (version,) = linked.other.list_secret_version_ids(SecretId="copy/db")["Versions"]
        assert version["KmsKeyIds"] == [REPLICA_KEY]

    def test_shows_the_role_only_if_one_was_given(self, pair):
        pair.associate(ReplicationRoleARN=ROLE)
        assert pair.described()[0]["CrossAccountReplicas"] == [
            {"ReplicaSecretARN": pair.replica, "ReplicationRoleARN": ROLE, "ReplicationStatus": "InSync"}
        ]

    def test_takes_a_partial_arn_of_the_replica(self, pair):
        assert pair.associate(CrossAccountReplicaARN=pair.replica[:-7])["CrossAccountReplicaARN"] == pair.replica

    def test_moves_the_last_changed_dates_of_both_sides(self, pair, freezer_at_noon):
        freezer_at_noon.tick(60)
        pair.associate()
        now = datetime.datetime(2026, 3, 4, 12, 1, tzinfo=datetime.UTC)
        assert [side["LastChangedDate"] for side in pair.described()] == [now, now]

    @pytest.mark.parametrize(
        ("members", "code"),
        [
            ({"SecretId": "no name"}, "ValidationException"),
            ({"SecretId": "none"}, "ResourceNotFoundException"),
            ({"CrossAccountReplicaARN": f"arn:aws:secretsmanager:us-east-1:{REPLICA_ACCOUNT}:secret:none-AbCdEf"},
             "ResourceNotFoundException"),
            ({"CrossAccountReplicaARN": f"arn:aws:secretsmanager:eu-west-1:{REPLICA_ACCOUNT}:secret:copy/db"},
             "InvalidParameterException"),
            ({"CrossAccountReplicaARN": "copy/db-that-is-no-arn"}, "InvalidParameterException"),
            ({"ReplicationRoleARN": f"arn:aws:iam::{REPLICA_ACCOUNT}:role/x"}, "InvalidParameterException"),
            ({"ReplicationRoleARN": ROLE.replace("aws", "aws-cn", 1)}, "InvalidParameterException"),
            ({"ReplicationRoleARN": "replicates-and-is-no-arn"}, "InvalidParameterException"),
        ],
    )  # fmt: skip
    def test_a_wrong_request_is_refused_and_changes_neither_side(self, pair, members, code):
        before = pair.described()
        assert code_of(pair.associate, **members) == code
        assert without_metadata(pair.described()) == without_metadata(before)

    def test_a_secret_that_was_created_for_another_primary_is_refused(self, pair):
        pair.owner.create_secret(Name="other", SecretString="x")
        assert code_of(pair.associate, SecretId="other") == "InvalidRequestException"

    def test_a_plain_secret_of_the_other_account_is_refused(self, pair):
        plain = pair.other.create_secret(Name="plain", SecretString="x")["ARN"]
        assert code_of(pair.associate, CrossAccountReplicaARN=plain) == "InvalidRequestException"

    def test_a_second_replica_is_refused_because_a_primary_has_one(self, linked):
        second = linked.create("second")
        assert code_of(linked.associate, CrossAccountReplicaARN=second) == "LimitExceededException"
        assert (
            linked.other.describe_secret(SecretId="second")["CrossAccountPrimary"]["ReplicationStatus"]
            == "Pending"
        )

    def test_a_replica_is_no_primary_of_another(self, linked):
        third = client_of("333333333333")
        arn = third.create_secret(Name="x", KmsKeyId="alias/mine", CrossAccountPrimaryARN=linked.replica)["ARN"]
        call = linked.other.associate_cross_account_replica
        assert code_of(call, SecretId="copy/db", CrossAccountReplicaARN=arn) == "InvalidRequestException"

    def test_the_replica_of_a_region_is_no_primary(self, pair):
        regions = [{"Region": "eu-west-1"}]
        pair.owner.replicate_secret_to_regions(SecretId="app/db", AddReplicaRegions=regions)
        call = client_of(PRIMARY_ACCOUNT, "eu-west-1").associate_cross_account_replica
        arn = f"arn:aws:secretsmanager:eu-west-1:{REPLICA_ACCOUNT}:secret:none-AbCdEf"
        assert code_of(call, SecretId="app/db", CrossAccountReplicaARN=arn) == "InvalidParameterException"

    @pytest.mark.parametrize("key", [PRIMARY_KEY, REPLICA_KEY])
    @pytest.mark.parametrize(
        ("state", "code"), [("denied", "AccessDeniedException"), ("disabled", "InvalidRequestException")]
    )
    def test_a_key_that_cant_be_used_on_either_side_is_found_beforehand(
        self, fake_secrets, pair, key, state, code
    ):
        fake_secrets.set_kms_key(key, state)
        before = pair.described()
        assert code_of(pair.associate) == code
        assert without_metadata(pair.described()) == without_metadata(before)

    @pytest.mark.parametrize("state", ["denied", "disabled"])
    def test_the_key_of_a_primary_without_a_value_is_looked_at_too(self, fake_secrets, pair, state):
        empty = pair.owner.create_secret(Name="empty", KmsKeyId="alias/empty")["ARN"]
        copy = pair.create("empty-copy", CrossAccountPrimaryARN=empty)
        fake_secrets.set_kms_key("alias/empty", state)
        call = pair.owner.associate_cross_account_replica
        code = code_of(call, SecretId="empty", CrossAccountReplicaARN=copy)
        assert code == {"denied": "AccessDeniedException", "disabled": "InvalidRequestException"}[state]

    def test_the_primary_may_have_the_default_key(self, pair):
        pair.owner.update_secret(SecretId="app/db", KmsKeyId="")
        pair.associate()
        assert pair.copied() == "one"

    def test_again_changes_nothing_but_dates(self, linked):
        before = linked.described()
        linked.associate()
        assert without_metadata(linked.described()) == without_metadata(before)


class TestFollowing:
    def test_a_value_that_is_put_reaches_the_replica_under_the_same_version_id(self, linked):
        token = linked.put("two")
        assert linked.other.get_secret_value(SecretId="copy/db", VersionId=token)["SecretString"] == "two"

    def test_an_update_with_a_value_reaches_it(self, linked):
        linked.owner.update_secret(SecretId="app/db", SecretString="two")
        assert linked.copied() == "two"

    def test_a_label_that_moves_reaches_it(self, linked):
        first = linked.owner.get_secret_value(SecretId="app/db")["VersionId"]
        second = linked.put("two")
        move = {"RemoveFromVersionId": second, "MoveToVersionId": first}
        linked.owner.update_secret_version_stage(SecretId="app/db", VersionStage="AWSCURRENT", **move)
        assert linked.copied() == "one"

    def test_a_scheduled_rotation_reaches_it(self, fake_secrets, linked, freezer_at_noon):
        def rotate(event, context):
            ids = {"SecretId": event["SecretId"], "ClientRequestToken": event["ClientRequestToken"]}
            if event["Step"] == "createSecret":
                linked.owner.put_secret_value(**ids, SecretString="rotated", VersionStages=["AWSPENDING"])
            if event["Step"] == "finishSecret":
                old = linked.owner.get_secret_value(SecretId="app/db")["VersionId"]
                move = {"RemoveFromVersionId": old, "MoveToVersionId": event["ClientRequestToken"]}
                linked.owner.update_secret_version_stage(
                    SecretId=event["SecretId"], VersionStage="AWSCURRENT", **move
                )

        linked.owner.rotate_secret(
            SecretId="app/db",
            RotationLambdaARN=fake_secrets.lambda_function(rotate),
            RotationRules={"AutomaticallyAfterDays": 1},
            RotateImmediately=False,
        )
        freezer_at_noon.tick(datetime.timedelta(days=2))
        assert linked.copied() == "rotated"
        primary, replica = linked.described()
        assert replica["VersionIdsToStages"] == primary["VersionIdsToStages"]
        assert not {"RotationEnabled", "RotationLambdaARN", "NextRotationDate"} & replica.keys()

    def test_a_rotation_by_a_partner_reaches_it_if_the_keys_can_be_used(self, fake_secrets, linked):
        linked.owner.update_secret(SecretId="app/db", Type="Partner")
        values = iter(["managed one", "managed two"])
        fake_secrets.managed_rotation(linked.primary, lambda *_: next(values))
        linked.owner.rotate_secret(SecretId="app/db")
        assert (linked.copied(), linked.statuses()) == ("managed one", ("InSync", "InSync"))
        fake_secrets.set_kms_key(REPLICA_KEY, "disabled")
        linked.owner.rotate_secret(SecretId="app/db")
        assert linked.statuses() == ("Failed", "Failed")

    def test_the_last_changed_date_of_the_replica_moves_with_each_change_that_reaches_it(
        self, linked, freezer_at_noon
    ):
        before = linked.described()[1]["LastChangedDate"]
        freezer_at_noon.tick(60)
        linked.owner.tag_resource(SecretId="app/db", Tags=[{"Key": "a", "Value": "b"}])
        assert linked.described()[1]["LastChangedDate"] == before
        linked.put("two")
        assert linked.described()[1]["LastChangedDate"] == before + datetime.timedelta(seconds=60)

    def test_tags_policy_key_and_description_are_each_sides_own(self, linked):
        linked.owner.tag_resource(SecretId="app/db", Tags=[{"Key": "side", "Value": "primary"}])
        linked.owner.put_resource_policy(SecretId="app/db", ResourcePolicy=POLICY)
        linked.owner.update_secret(SecretId="app/db", Description="primary", KmsKeyId="alias/new")
        linked.other.tag_resource(SecretId="copy/db", Tags=[{"Key": "side", "Value": "replica"}])
        linked.other.update_secret(SecretId="copy/db", Description="replica")
        linked.put("two")
        primary, replica = linked.described()
        seen = [(side["Tags"][0]["Value"], side["Description"], side["KmsKeyId"]) for side in (primary, replica)]
        assert seen == [("primary", "primary", "alias/new"), ("replica", "replica", REPLICA_KEY)]
        assert "ResourcePolicy" not in linked.other.get_resource_policy(SecretId="copy/db")

    @pytest.mark.parametrize("state", ["denied", "disabled"])
    @pytest.mark.parametrize("key", [PRIMARY_KEY, REPLICA_KEY])
    def test_a_key_that_cant_be_used_makes_it_fail_with_a_message_until_it_is_associated_again(
        self, fake_secrets, pair, key, state
    ):
        first = pair.owner.get_secret_value(SecretId="app/db")["VersionId"]
        pair.put("two")
        pair.put("three")
        # The first version has no label any more, so it isn't copied yet.
        pair.associate()
        fake_secrets.set_kms_key(key, state)
        pair.owner.update_secret_version_stage(SecretId="app/db", VersionStage="LIVE", MoveToVersionId=first)
        primary, replica = pair.described()
        assert pair.statuses() == ("Failed", "Failed")
        (entry,) = primary["CrossAccountReplicas"]
        assert entry["StatusMessage"] == replica["CrossAccountPrimary"]["StatusMessage"]
        assert entry["StatusMessage"].startswith("Replication failed: ")
        fake_secrets.set_kms_key(key, "enabled")
        pair.associate()
        assert pair.statuses() == ("InSync", "InSync")
        assert "StatusMessage" not in pair.described()[0]["CrossAccountReplicas"][0]

    def test_a_replica_that_has_failed_keeps_its_value(self, fake_secrets, linked):
        fake_secrets.set_kms_key(REPLICA_KEY, "disabled")
        linked.put("two")
        fake_secrets.set_kms_key(REPLICA_KEY, "enabled")
        assert linked.copied() == "one"

    def test_the_next_change_mends_it_too_once_the_key_can_be_used(self, fake_secrets, linked):
        fake_secrets.set_kms_key(REPLICA_KEY, "denied")
        linked.put("two")
        fake_secrets.set_kms_key(REPLICA_KEY, "enabled")
        linked.put("three")
        assert (linked.copied(), linked.statuses()) == ("three", ("InSync", "InSync"))

    def test_another_change_than_of_values_and_labels_isnt_a_replication(self, fake_secrets, linked):
        fake_secrets.set_kms_key(REPLICA_KEY, "disabled")
        linked.put("two")
        fake_secrets.set_kms_key(REPLICA_KEY, "enabled")
        linked.owner.tag_resource(SecretId="app/db", Tags=[{"Key": "a", "Value": "b"}])
        linked.owner.update_secret(SecretId="app/db", Description="changed")
        assert linked.statuses() == ("Failed", "Failed")

    def test_a_key_of_the_same_name_in_the_other_account_is_another_key(self, fake_secrets, linked):
        fake_secrets.set_kms_key(PRIMARY_KEY.replace(PRIMARY_ACCOUNT, REPLICA_ACCOUNT), "disabled")
        linked.other.create_secret(Name="uses-it", KmsKeyId=PRIMARY_KEY.replace(PRIMARY_ACCOUNT, REPLICA_ACCOUNT))
        linked.put("two")
        assert linked.copied() == "two"

    @pytest.mark.parametrize("account", [PRIMARY_ACCOUNT, REPLICA_ACCOUNT])
    def test_a_replica_of_a_region_never_overwrites_a_side(self, linked, account):
        name = {PRIMARY_ACCOUNT: "app/db", REPLICA_ACCOUNT: "copy/db"}[account]
        elsewhere = client_of(account, "eu-west-1")
        elsewhere.create_secret(Name=name, SecretString="x")
        elsewhere.replicate_secret_to_regions(
            SecretId=name, AddReplicaRegions=[{"Region": "us-east-1"}], ForceOverwriteReplicaSecret=True
        )
        (status,) = elsewhere.describe_secret(SecretId=name)["ReplicationStatus"]
        assert status["Status"] == "Failed"
        linked.put("two")
        assert (linked.copied(), linked.statuses()) == ("two", ("InSync", "InSync"))


class TestTheReplicaItself:
    @pytest.mark.parametrize("is_linked", [True, False, "Detached"])
    @pytest.mark.parametrize(
        ("operation", "members"),
        [
            ("put_secret_value", {"SecretString": "own"}),
            ("update_secret", {"SecretString": "own"}),
            ("update_secret_version_stage", {"VersionStage": "LIVE", "MoveToVersionId": V1}),
            (
                "rotate_secret",
                {"RotationLambdaARN": f"arn:aws:lambda:us-east-1:{REPLICA_ACCOUNT}:function:rotate"},
            ),
            ("replicate_secret_to_regions", {"AddReplicaRegions": [{"Region": "eu-west-1"}]}),
        ],
    )
    def test_takes_its_value_from_nobody_else_until_it_is_standalone(self, pair, is_linked, operation, members):
        if is_linked:
            pair.associate()
        if is_linked == "Detached":
            pair.disassociate()
        before = pair.described()
        assert code_of(getattr(pair.other, operation), SecretId="copy/db", **members) == "InvalidRequestException"
        assert without_metadata(pair.described()) == without_metadata(before)

    def test_cant_get_the_default_key(self, linked):
        code = code_of(linked.other.update_secret, SecretId="copy/db", KmsKeyId="")
        assert code == "InvalidParameterException"

    def test_can_get_another_key_of_its_account(self, linked):
        linked.other.update_secret(SecretId="copy/db", KmsKeyId="alias/own")
        linked.put("two")
        versions = linked.other.list_secret_version_ids(SecretId="copy/db")["Versions"]
        assert {key for version in versions for key in version["KmsKeyIds"]} == {"alias/own"}


class TestParting:
    def test_the_primary_first(self, linked):
        linked.disassociate()
        assert linked.statuses() == (None, "Detached")
        linked.put("two")
        assert linked.copied() == "one"
        linked.stop()
        assert linked.statuses() == (None, None)

    def test_the_replica_first(self, linked):
        linked.stop()
        assert linked.statuses() == ("Detached", None)
        linked.put("two")
        assert linked.copied() == "one"
        linked.disassociate()
        assert linked.statuses() == (None, None)

    def test_a_pending_replica_can_be_made_standalone(self, pair):
        pair.stop()
        assert pair.statuses() == (None, None)
        pair.other.put_secret_value(SecretId="copy/db", SecretString="own")

    @pytest.mark.parametrize("is_forced", [False, True])
    def test_neither_side_can_be_deleted_before_it_has_parted(self, linked, is_forced):
        how = {"ForceDeleteWithoutRecovery": True} if is_forced else {"RecoveryWindowInDays": 7}
        sides = [(linked.owner, "app/db"), (linked.other, "copy/db")]
        for client, name in sides:
            assert code_of(client.delete_secret, SecretId=name, **how) == "InvalidRequestException"
        linked.stop()
        assert code_of(linked.owner.delete_secret, SecretId="app/db", **how) == "InvalidRequestException"
        linked.disassociate()
        for client, name in sides:
            client.delete_secret(SecretId=name, **how)

    def test_a_replica_that_was_detached_can_be_associated_again(self, linked):
        linked.disassociate()
        linked.put("two")
        linked.associate()
        assert (linked.copied(), linked.statuses()) == ("two", ("InSync", "InSync"))

    def test_a_replica_that_was_made_standalone_cant(self, linked):
        linked.stop()
        assert code_of(linked.associate) == "InvalidRequestException"

    def test_the_primary_gets_another_replica_after_it_has_parted_from_the_first(self, linked):
        linked.disassociate()
        second = linked.create("second")
        linked.associate(CrossAccountReplicaARN=second)
        assert linked.other.get_secret_value(SecretId="second")["SecretString"] == "one"

    @pytest.mark.parametrize("when", ["never", "twice"])
    def test_a_replica_that_isnt_associated_cant_be_disassociated(self, pair, when):
        if when == "twice":
            pair.associate()
            pair.disassociate()
        assert code_of(pair.disassociate) == "ResourceNotFoundException"

    def test_a_standalone_secret_goes_on_with_the_versions_that_it_has(self, linked):
        linked.put("two")
        linked.stop()
        token = linked.other.put_secret_value(SecretId="copy/db", SecretString="own")["VersionId"]
        previous = linked.other.get_secret_value(SecretId="copy/db", VersionStage="AWSPREVIOUS")
        assert previous["SecretString"] == "two"
        assert linked.other.get_secret_value(SecretId="copy/db")["VersionId"] == token
        linked.other.delete_secret(SecretId="copy/db")
        assert linked.statuses()[0] == "Detached"


def without_metadata(answers):
    return [{name: value for name, value in answer.items() if name != "ResponseMetadata"} for answer in answers]
