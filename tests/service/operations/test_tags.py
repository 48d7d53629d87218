"""TagResource and UntagResource, through a client."""

import pytest

DELETED = (
    "InvalidRequestException",
    "You can't perform this operation on the secret because it was marked for deletion.",
)
NOT_FOUND = ("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")


def tag(key, value=""):
    return {"Key": key, "Value": value}


@pytest.fixture
def db(freezer_at_noon, fake_secrets):
    return fake_secrets.add("app/db", "x")


@pytest.fixture
def described(secretsmanager):
    return lambda: secretsmanager.describe_secret(SecretId="app/db")


class TestTagResource:
    def test_the_answer_is_empty(self, db, secretsmanager, answer):
        assert answer(secretsmanager.tag_resource, SecretId="app/db", Tags=[tag("a")]) == {}

    def test_new_keys_come_at_the_end_and_known_ones_keep_their_place(self, db, secretsmanager, described):
        secretsmanager.tag_resource(SecretId="app/db", Tags=[tag("a", "1"), tag("b", "1")])
        secretsmanager.tag_resource(SecretId="app/db", Tags=[tag("c", "2"), tag("a", "2")])
        assert described()["Tags"] == [tag("a", "2"), tag("b", "1"), tag("c", "2")]

    def test_an_empty_list_of_tags_does_not_count_as_tagging(self, db, secretsmanager, described):
        secretsmanager.tag_resource(SecretId="app/db", Tags=[])
        assert "Tags" not in described()

    @pytest.mark.parametrize(("value", "moves"), [("1", False), ("2", True)])
    def test_last_changed_date_moves_if_a_tag_changes(
        self, freezer_at_noon, db, secretsmanager, described, value, moves
    ):
        secretsmanager.tag_resource(SecretId="app/db", Tags=[tag("a", "1")])
        freezer_at_noon.tick(10)
        secretsmanager.tag_resource(SecretId="app/db", Tags=[tag("a", value)])
        assert (described()["LastChangedDate"].second == 10) is moves

    def test_creating_with_tags_equals_tagging_afterwards(self, freezer_at_noon, secretsmanager, answer):
        tags = [tag("b", "1"), tag("a", ""), tag("B", "2")]
        secretsmanager.create_secret(Name="created", Tags=tags)
        secretsmanager.create_secret(Name="tagged")
        secretsmanager.tag_resource(SecretId="tagged", Tags=tags)
        told = [secretsmanager.describe_secret(SecretId=name)["Tags"] for name in ("created", "tagged")]
        assert told == [tags, tags]

    def test_fifty_tags_are_allowed_and_one_more_is_not(self, db, secretsmanager, described, refusal):
        secretsmanager.tag_resource(SecretId="app/db", Tags=[tag(str(number)) for number in range(50)])
        secretsmanager.tag_resource(SecretId="app/db", Tags=[tag("0", "again")])
        before = described()["Tags"]
        code, _ = refusal(secretsmanager.tag_resource, SecretId="app/db", Tags=[tag("50")])
        assert code == "InvalidParameterException"
        assert described()["Tags"] == before

    @pytest.mark.parametrize("tags", [[tag("a"), tag("a")], [tag("aws:a")], [tag("AWS:a")]])
    def test_a_repeated_or_reserved_key_is_refused(self, db, secretsmanager, described, refusal, tags):
        code, _ = refusal(secretsmanager.tag_resource, SecretId="app/db", Tags=tags)
        assert code == "InvalidParameterException"
        assert "Tags" not in described()

    def test_a_secret_marked_for_deletion_is_refused(self, db, secretsmanager, refusal):
        secretsmanager.delete_secret(SecretId="app/db")
        assert refusal(secretsmanager.tag_resource, SecretId="app/db", Tags=[tag("a")]) == DELETED

    def test_an_unknown_secret_is_not_found(self, secretsmanager, refusal):
        assert refusal(secretsmanager.tag_resource, SecretId="unknown", Tags=[tag("a")]) == NOT_FOUND


class TestUntagResource:
    def test_after_the_last_tag_the_list_is_empty(self, db, secretsmanager, answer, described):
        secretsmanager.tag_resource(SecretId="app/db", Tags=[tag("a")])
        assert answer(secretsmanager.untag_resource, SecretId="app/db", TagKeys=["a"]) == {}
        assert described()["Tags"] == []

    def test_other_tags_stay(self, db, secretsmanager, described):
        secretsmanager.tag_resource(SecretId="app/db", Tags=[tag("a"), tag("b"), tag("c")])
        secretsmanager.untag_resource(SecretId="app/db", TagKeys=["b"])
        assert described()["Tags"] == [tag("a"), tag("c")]

    def test_untagging_a_secret_that_was_never_tagged_changes_nothing(self, db, secretsmanager, described):
        secretsmanager.untag_resource(SecretId="app/db", TagKeys=["a"])
        assert "Tags" not in described()

    def test_several_keys_are_removed_at_once_in_any_order(self, db, secretsmanager, described):
        secretsmanager.tag_resource(SecretId="app/db", Tags=[tag("a"), tag("b"), tag("c")])
        secretsmanager.untag_resource(SecretId="app/db", TagKeys=["c", "none", "a", "a"])
        assert described()["Tags"] == [tag("b")]

    def test_an_unknown_key_changes_nothing(self, freezer_at_noon, db, secretsmanager, described):
        before = described()
        freezer_at_noon.tick(10)
        secretsmanager.untag_resource(SecretId="app/db", TagKeys=["a"])
        after = described()
        del before["ResponseMetadata"], after["ResponseMetadata"]
        assert after == before

    def test_a_secret_marked_for_deletion_is_refused(self, db, secretsmanager, refusal):
        secretsmanager.delete_secret(SecretId="app/db")
        assert refusal(secretsmanager.untag_resource, SecretId="app/db", TagKeys=["a"]) == DELETED

    def test_an_unknown_secret_is_not_found(self, secretsmanager, refusal):
        assert refusal(secretsmanager.untag_resource, SecretId="unknown", TagKeys=["a"]) == NOT_FOUND
