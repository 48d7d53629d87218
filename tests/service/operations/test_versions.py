"""ListSecretVersionIds and UpdateSecretVersionStage, through a client."""

import base64
from datetime import UTC, datetime

import pytest

V1 = "11111111-1111-4111-8111-111111111111"
V2 = "22222222-2222-4222-8222-222222222222"
V3 = "33333333-3333-4333-8333-333333333333"
BOTH = {"AWSCURRENT": V1, "AWSPENDING": V2}


@pytest.fixture
def db(fake_secrets, secretsmanager, freezer_at_noon):
    secret = fake_secrets.add("app/db", "S1", version_ids={"AWSCURRENT": V1})
    for version in (V2, V3):
        secretsmanager.put_secret_value(SecretId="app/db", SecretString="x", ClientRequestToken=version)
    return secret


class TestListSecretVersionIds:
    def test_labelled_versions(self, db, secretsmanager, answer):
        created = datetime(2026, 3, 4, 12, tzinfo=UTC)
        assert answer(secretsmanager.list_secret_version_ids, SecretId="app/db") == {
            "ARN": db.arn,
            "Name": "app/db",
            "Versions": [
                {
                    "VersionId": V2,
                    "VersionStages": ["AWSPREVIOUS"],
                    "CreatedDate": created,
                    "KmsKeyIds": ["DefaultEncryptionKey"],
                },
                {
                    "VersionId": V3,
                    "VersionStages": ["AWSCURRENT"],
                    "CreatedDate": created,
                    "KmsKeyIds": ["DefaultEncryptionKey"],
                },
            ],
        }

    def test_deprecated_versions_are_listed_on_request_without_stages(self, db, secretsmanager):
        listed = secretsmanager.list_secret_version_ids(SecretId="app/db", IncludeDeprecated=True)["Versions"]
        assert [(v["VersionId"], v.get("VersionStages")) for v in listed] == [
            (V1, None),
            (V2, ["AWSPREVIOUS"]),
            (V3, ["AWSCURRENT"]),
        ]

    def test_a_customers_key_is_named(self, fake_secrets, secretsmanager):
        fake_secrets.add("keyed", "x", kms_key_id="alias/mine")
        (version,) = secretsmanager.list_secret_version_ids(SecretId="keyed")["Versions"]
        assert version["KmsKeyIds"] == ["alias/mine"]

    def test_each_version_names_the_key_of_its_own_value(self, db, secretsmanager):
        secretsmanager.update_secret(SecretId="app/db", KmsKeyId="alias/mine")
        listed = secretsmanager.list_secret_version_ids(SecretId="app/db", IncludeDeprecated=True)["Versions"]
        assert {version["VersionId"]: version["KmsKeyIds"] for version in listed} == {
            V1: ["DefaultEncryptionKey"],
            V2: ["alias/mine"],
            V3: ["alias/mine"],
        }

    def test_a_read_sets_the_date_of_its_version_only(self, db, secretsmanager):
        secretsmanager.get_secret_value(SecretId="app/db", VersionStage="AWSPREVIOUS")
        listed = secretsmanager.list_secret_version_ids(SecretId="app/db", IncludeDeprecated=True)["Versions"]
        assert [version["VersionId"] for version in listed if "LastAccessedDate" in version] == [V2]

    @pytest.mark.parametrize("with_deprecated", [False, True])
    def test_the_empty_version_of_an_open_rotation_is_described_and_not_listed_until_it_is_filled(
        self, fake_secrets, secretsmanager, with_deprecated
    ):
        fake_secrets.add("open", labels={"AWSCURRENT": "x", "AWSPENDING": None}, version_ids=BOTH)

        def listed():
            request = {"SecretId": "open", "IncludeDeprecated": with_deprecated}
            versions = secretsmanager.list_secret_version_ids(**request)["Versions"]
            return [(version["VersionId"], version["VersionStages"]) for version in versions]

        described = secretsmanager.describe_secret(SecretId="open")["VersionIdsToStages"]
        assert described == {V1: ["AWSCURRENT"], V2: ["AWSPENDING"]}
        assert listed() == [(V1, ["AWSCURRENT"])]
        secretsmanager.put_secret_value(
            SecretId="open", SecretString="y", ClientRequestToken=V2, VersionStages=["AWSPENDING"]
        )
        assert listed() == [(V1, ["AWSCURRENT"]), (V2, ["AWSPENDING"])]

    def test_an_empty_version_without_a_label_is_never_listed(self, fake_secrets, secretsmanager):
        fake_secrets.add("open", labels={"AWSCURRENT": "x", "AWSPENDING": None}, version_ids=BOTH)
        secretsmanager.update_secret_version_stage(
            SecretId="open", VersionStage="AWSPENDING", RemoveFromVersionId=V2
        )
        listed = secretsmanager.list_secret_version_ids(SecretId="open", IncludeDeprecated=True)["Versions"]
        assert [version["VersionId"] for version in listed] == [V1]

    def test_pages_count_no_empty_version(self, fake_secrets, secretsmanager):
        fake_secrets.add("open", labels={"AWSCURRENT": "x", "AWSPENDING": None}, version_ids=BOTH)
        page = secretsmanager.list_secret_version_ids(SecretId="open", MaxResults=1)
        assert [version["VersionId"] for version in page["Versions"]] == [V1]
        assert "NextToken" not in page

    def test_a_secret_without_versions_has_an_empty_list(self, fake_secrets, secretsmanager):
        fake_secrets.add("empty")
        assert secretsmanager.list_secret_version_ids(SecretId="empty")["Versions"] == []

    def test_a_secret_marked_for_deletion_is_listed(self, db, secretsmanager):
        secretsmanager.delete_secret(SecretId="app/db")
        assert len(secretsmanager.list_secret_version_ids(SecretId="app/db")["Versions"]) == 2

    def pages(self, client, **request):
        token = {}
        while True:
            page = client.list_secret_version_ids(SecretId="app/db", MaxResults=2, **request, **token)
            yield [version["VersionId"] for version in page["Versions"]]
            if "NextToken" not in page:
                return
            token = {"NextToken": page["NextToken"]}

    def test_pages_hold_each_version_once(self, db, secretsmanager):
        assert list(self.pages(secretsmanager, IncludeDeprecated=True)) == [[V1, V2], [V3]]

    def test_a_full_last_page_has_no_next_token(self, db, secretsmanager):
        assert list(self.pages(secretsmanager)) == [[V2, V3]]

    def test_a_version_added_between_pages_is_on_a_later_page(self, db, secretsmanager):
        pages = self.pages(secretsmanager, IncludeDeprecated=True)
        first = next(pages)
        new = secretsmanager.put_secret_value(SecretId="app/db", SecretString="y")["VersionId"]
        assert [first, *pages] == [[V1, V2], [V3, new]]

    @pytest.mark.parametrize("is_foreign", [True, False])
    def test_a_token_of_another_request_is_refused(self, db, secretsmanager, refusal, is_foreign):
        token = "bm90IG91cnM="
        if is_foreign:
            page = secretsmanager.list_secret_version_ids(SecretId="app/db", MaxResults=1)
            token = page["NextToken"]
        code, _ = refusal(
            secretsmanager.list_secret_version_ids, SecretId="app/db", NextToken=token, IncludeDeprecated=True
        )
        assert code == "InvalidNextTokenException"

    def test_a_token_of_nested_brackets_is_refused(self, db, secretsmanager, refusal):
        token = base64.b64encode(b"[" * 3000).decode()
        assert refusal(secretsmanager.list_secret_version_ids, SecretId="app/db", NextToken=token)[0] == (
            "InvalidNextTokenException"
        )

    def test_an_unknown_secret_is_not_found(self, secretsmanager, refusal):
        assert refusal(secretsmanager.list_secret_version_ids, SecretId="unknown") == (
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        )


class TestUpdateSecretVersionStage:
    def test_the_answer_is_arn_and_name(self, db, secretsmanager, answer):
        request = {"SecretId": "app/db", "VersionStage": "LIVE", "MoveToVersionId": V1}
        assert answer(secretsmanager.update_secret_version_stage, **request) == {"ARN": db.arn, "Name": "app/db"}

    def test_rolling_back_swaps_current_and_previous(self, db, secretsmanager):
        secretsmanager.update_secret_version_stage(
            SecretId="app/db", VersionStage="AWSCURRENT", MoveToVersionId=V2, RemoveFromVersionId=V3
        )
        assert db.stages == {"AWSCURRENT": V2, "AWSPREVIOUS": V3}

    def test_a_refused_move_changes_nothing(self, freezer_at_noon, db, secretsmanager, refusal):
        before = secretsmanager.describe_secret(SecretId="app/db")
        freezer_at_noon.tick(10)
        request = {"SecretId": "app/db", "VersionStage": "AWSCURRENT", "MoveToVersionId": V1}
        assert refusal(secretsmanager.update_secret_version_stage, **request) == (
            "InvalidParameterException",
            (
                "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached "
                f"to version {V3}, so you must explicitly reference that version in RemoveFromVersionId."
            ),
        )
        after = secretsmanager.describe_secret(SecretId="app/db")
        del before["ResponseMetadata"], after["ResponseMetadata"]
        assert after == before

    @pytest.mark.parametrize("stage", ["l", "x" * 256, "AWSSOMETHING", "lower case", "\u00e4"])
    def test_any_label_of_up_to_256_characters_is_attached(self, db, secretsmanager, stage):
        secretsmanager.update_secret_version_stage(SecretId="app/db", VersionStage=stage, MoveToVersionId=V1)
        assert db.stages[stage] == V1
        assert secretsmanager.get_secret_value(SecretId="app/db", VersionStage=stage)["VersionId"] == V1

    def test_current_cannot_be_removed(self, db, secretsmanager, refusal):
        before = db.stages
        request = {"SecretId": "app/db", "VersionStage": "AWSCURRENT", "RemoveFromVersionId": V3}
        assert refusal(secretsmanager.update_secret_version_stage, **request) == (
            "InvalidParameterException",
            (
                "You can only move staging label AWSCURRENT to a different secret version. "
                "It can't be completely removed."
            ),
        )
        assert db.stages == before

    @pytest.mark.parametrize(
        "members",
        [
            {},
            {"MoveToVersionId": "9" * 32},
            {"RemoveFromVersionId": "9" * 32},
            {"MoveToVersionId": V1, "RemoveFromVersionId": V2},
        ],
    )
    def test_a_request_without_a_valid_holder_or_target_changes_nothing(
        self, db, secretsmanager, refusal, members
    ):
        before = db.stages
        refusal(
            secretsmanager.update_secret_version_stage, SecretId="app/db", VersionStage="AWSCURRENT", **members
        )
        assert db.stages == before

    @pytest.mark.parametrize(("target", "moves"), [(V1, True), (V3, False)])
    def test_last_changed_date_moves_if_a_label_moves(self, freezer_at_noon, db, secretsmanager, target, moves):
        freezer_at_noon.tick(10)
        secretsmanager.update_secret_version_stage(
            SecretId="app/db", VersionStage="AWSCURRENT", MoveToVersionId=target, RemoveFromVersionId=V3
        )
        changed = secretsmanager.describe_secret(SecretId="app/db")["LastChangedDate"]
        assert (changed.second == 10) is moves

    def test_a_secret_marked_for_deletion_is_refused(self, db, secretsmanager, refusal):
        secretsmanager.delete_secret(SecretId="app/db")
        request = {"SecretId": "app/db", "VersionStage": "LIVE", "MoveToVersionId": V1}
        assert refusal(secretsmanager.update_secret_version_stage, **request) == (
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        )

    def test_an_unknown_secret_is_not_found(self, secretsmanager, refusal):
        request = {"SecretId": "unknown", "VersionStage": "LIVE", "MoveToVersionId": V1}
        assert refusal(secretsmanager.update_secret_version_stage, **request) == (
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        )
