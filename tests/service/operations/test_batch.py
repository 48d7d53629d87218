"""BatchGetSecretValue, through a client."""

import pytest

NEITHER_NOR_BOTH = (
    "InvalidParameterException",
    "Either 'SecretIdList' or 'Filters' must be provided, but not both.",
)
NO_FILTERS = (
    "InvalidParameterException",
    "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.",
)
NOT_FOUND = {
    "ErrorCode": "ResourceNotFoundException",
    "Message": "Secrets Manager can't find the specified secret.",
}


@pytest.fixture
def secrets(freezer_at_noon, fake_secrets):
    return [fake_secrets.add(name, f"value of {name}") for name in ("app/a", "app/b", "web/c")]


def named(value):
    return [{"Key": "name", "Values": [value]}]


class TestByList:
    def test_entries_equal_the_responses_of_get_secret_value(self, fake_secrets, secretsmanager, answer):
        fake_secrets.add("text", "x")
        fake_secrets.add("bytes", b"\0\xff")
        entries = answer(secretsmanager.batch_get_secret_value, SecretIdList=["text", "bytes"])["SecretValues"]
        assert entries == [answer(secretsmanager.get_secret_value, SecretId=name) for name in ("text", "bytes")]

    def test_errors_are_empty_if_all_secrets_were_read(self, secrets, secretsmanager, answer):
        reply = answer(secretsmanager.batch_get_secret_value, SecretIdList=["app/a"])
        assert set(reply) == {"SecretValues", "Errors"}
        assert reply["Errors"] == []

    def test_a_missing_secret_is_named_as_sent(self, secrets, secretsmanager):
        reply = secretsmanager.batch_get_secret_value(SecretIdList=["none", "app/a"])
        assert reply["Errors"] == [{"SecretId": "none", **NOT_FOUND}]
        assert [entry["Name"] for entry in reply["SecretValues"]] == ["app/a"]

    def test_a_secret_marked_for_deletion_is_an_error(self, secrets, secretsmanager):
        secretsmanager.delete_secret(SecretId="app/a")
        reply = secretsmanager.batch_get_secret_value(SecretIdList=["app/a"])
        assert reply["Errors"] == [
            {
                "SecretId": "app/a",
                "ErrorCode": "InvalidRequestException",
                "Message": "You can't perform this operation on the secret because it was marked for deletion.",
            }
        ]

    def test_a_secret_without_a_value_is_an_error(self, fake_secrets, secretsmanager):
        fake_secrets.add("empty")
        reply = secretsmanager.batch_get_secret_value(SecretIdList=["empty"])
        assert reply["SecretValues"] == []
        assert reply["Errors"] == [
            {
                "SecretId": "empty",
                "ErrorCode": "ResourceNotFoundException",
                "Message": "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
            }
        ]

    def test_a_key_that_cannot_be_used_is_an_error(self, fake_secrets, secretsmanager):
        fake_secrets.add("a", "x", kms_key_id="alias/app")
        fake_secrets.set_kms_key("alias/app", "disabled")
        reply = secretsmanager.batch_get_secret_value(SecretIdList=["a"])
        assert [error["ErrorCode"] for error in reply["Errors"]] == ["DecryptionFailure"]

    def test_a_bad_name_is_an_error_of_its_entry_only(self, secrets, secretsmanager):
        reply = secretsmanager.batch_get_secret_value(SecretIdList=["no name", "app/a"])
        assert [error["ErrorCode"] for error in reply["Errors"]] == ["ValidationException"]
        assert len(reply["SecretValues"]) == 1

    def test_reading_sets_the_last_accessed_date_of_each_secret(self, secrets, secretsmanager):
        secretsmanager.batch_get_secret_value(SecretIdList=["app/a"])
        assert "LastAccessedDate" in secretsmanager.describe_secret(SecretId="app/a")
        assert "LastAccessedDate" not in secretsmanager.describe_secret(SecretId="app/b")

    def test_more_than_twenty_are_refused(self, raw, refusal):
        code, message = refusal(raw.batch_get_secret_value, SecretIdList=["a"] * 21)
        assert code == "ValidationException"
        assert message.endswith("Member must have length less than or equal to 20")

    def test_max_results_without_filters_are_refused(self, secrets, secretsmanager, refusal):
        call = secretsmanager.batch_get_secret_value
        assert refusal(call, SecretIdList=["app/a"], MaxResults=1) == NO_FILTERS

    def test_a_token_with_a_list_is_refused(self, secrets, secretsmanager, refusal):
        call = secretsmanager.batch_get_secret_value
        assert refusal(call, SecretIdList=["app/a"], NextToken="x")[0] == "InvalidNextTokenException"


class TestByFilters:
    def test_found_secrets_are_read_in_the_order_of_creation(self, secrets, secretsmanager, answer):
        reply = answer(secretsmanager.batch_get_secret_value, Filters=named("app/"))
        assert [entry["Name"] for entry in reply["SecretValues"]] == ["app/a", "app/b"]
        assert reply["Errors"] == []

    def test_a_found_secret_without_a_value_is_an_error(self, fake_secrets, secretsmanager):
        secret = fake_secrets.add("app/empty")
        reply = secretsmanager.batch_get_secret_value(Filters=named("app/"))
        assert reply["SecretValues"] == []
        assert [(error["SecretId"], error["ErrorCode"]) for error in reply["Errors"]] == [
            (secret.arn, "ResourceNotFoundException")
        ]

    def test_reading_sets_the_last_accessed_date_of_each_secret(self, secrets, secretsmanager):
        secretsmanager.batch_get_secret_value(Filters=named("app/"))
        listed = secretsmanager.list_secrets()["SecretList"]
        assert [entry["Name"] for entry in listed if "LastAccessedDate" in entry] == ["app/a", "app/b"]

    def test_nothing_found_is_no_error(self, secrets, secretsmanager, answer):
        reply = answer(secretsmanager.batch_get_secret_value, Filters=named("none"))
        assert reply == {"SecretValues": [], "Errors": []}

    def test_secrets_marked_for_deletion_are_left_out(self, secrets, secretsmanager, answer):
        secretsmanager.delete_secret(SecretId="app/a")
        reply = answer(secretsmanager.batch_get_secret_value, Filters=named("app/"))
        assert [entry["Name"] for entry in reply["SecretValues"]] == ["app/b"]
        assert reply["Errors"] == []

    def test_pages_follow_each_other(self, secrets, secretsmanager):
        first = secretsmanager.batch_get_secret_value(Filters=named("!x"), MaxResults=2)
        second = secretsmanager.batch_get_secret_value(
            Filters=named("!x"), MaxResults=2, NextToken=first["NextToken"]
        )
        pages = [[entry["Name"] for entry in page["SecretValues"]] for page in (first, second)]
        assert pages == [["app/a", "app/b"], ["web/c"]]
        assert "NextToken" not in second

    def test_a_page_holds_twenty_by_default(self, fake_secrets, secretsmanager):
        for number in range(21):
            fake_secrets.add(f"app/{number}", "x")
        reply = secretsmanager.batch_get_secret_value(Filters=named("app/"))
        assert (len(reply["SecretValues"]), "NextToken" in reply) == (20, True)

    def test_a_token_of_another_request_is_refused(self, secrets, secretsmanager, refusal):
        token = secretsmanager.batch_get_secret_value(Filters=named("!x"), MaxResults=1)["NextToken"]
        call = secretsmanager.batch_get_secret_value
        assert refusal(call, Filters=named("app/"), NextToken=token)[0] == "InvalidNextTokenException"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"Values": ["a"]}, "Invalid filter key"),
        ({"Key": "name"}, "Invalid filter values for key: name"),
    ],
)
def test_a_filter_without_key_or_values_is_refused(secrets, secretsmanager, refusal, entry, message):
    for call in (secretsmanager.batch_get_secret_value, secretsmanager.list_secrets):
        refused = refusal(call, Filters=[entry], NextToken="x")
        assert refused == ("InvalidParameterException", message)


@pytest.mark.parametrize("members", [{}, {"SecretIdList": ["app/a"], "Filters": named("a")}])
def test_neither_list_nor_filters_or_both_are_refused(secrets, secretsmanager, refusal, members):
    assert refusal(secretsmanager.batch_get_secret_value, **members) == NEITHER_NOR_BOTH


def test_recorded_calls_show_no_value(secrets, fake_secrets, secretsmanager):
    secretsmanager.batch_get_secret_value(SecretIdList=["app/a"])
    assert "value of" not in repr(fake_secrets.calls)
