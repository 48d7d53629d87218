"""ListSecrets, through a client."""

import botocore.loaders
import botocore.model
import pytest

MODEL = botocore.model.ServiceModel(
    botocore.loaders.Loader().load_service_model("secretsmanager", "service-2"), "secretsmanager"
)
needs_sort_by = pytest.mark.skipif(
    "SortBy" not in MODEL.operation_model("ListSecrets").input_shape.members,
    reason="this botocore is older than SortBy",
)


@pytest.fixture
def names(secretsmanager):
    return lambda **request: [secret["Name"] for secret in secretsmanager.list_secrets(**request)["SecretList"]]


@pytest.fixture
def abc(freezer_at_noon, fake_secrets):
    """Secrets that are created, changed and named in different orders."""
    for name in ("b", "c", "a"):
        fake_secrets.add(name, "x")
        freezer_at_noon.tick(1)


def pages(client, **request):
    token = {}
    while True:
        page = client.list_secrets(MaxResults=2, **request, **token)
        yield [secret["Name"] for secret in page["SecretList"]]
        if "NextToken" not in page:
            return
        token = {"NextToken": page["NextToken"]}


def test_an_entry_equals_the_description_except_for_the_name_of_its_stages(abc, secretsmanager):
    described = secretsmanager.describe_secret(SecretId="b")
    del described["ResponseMetadata"]
    described["SecretVersionsToStages"] = described.pop("VersionIdsToStages")
    assert secretsmanager.list_secrets()["SecretList"][0] == described


def test_secrets_of_other_regions_are_not_listed(fake_secrets, names):
    fake_secrets.add("near")
    fake_secrets.add("far", region="eu-west-3")
    assert names() == ["near"]


def test_no_secrets_are_an_empty_list(secretsmanager, answer):
    assert answer(secretsmanager.list_secrets) == {"SecretList": []}


@needs_sort_by
@pytest.mark.parametrize(
    ("request_members", "expected"),
    [
        ({}, ["b", "c", "a"]),
        ({"SortOrder": "desc"}, ["a", "c", "b"]),
        ({"SortBy": "created-date"}, ["b", "c", "a"]),
        ({"SortBy": "name"}, ["a", "b", "c"]),
        ({"SortBy": "name", "SortOrder": "desc"}, ["c", "b", "a"]),
        ({"SortBy": "last-changed-date"}, ["c", "a", "b"]),
        ({"SortBy": "last-accessed-date", "SortOrder": "desc"}, ["c", "a", "b"]),
    ],
)
def test_secrets_are_listed_in_the_requested_order(abc, secretsmanager, names, request_members, expected):
    secretsmanager.update_secret(SecretId="b", Description="changed last")
    secretsmanager.get_secret_value(SecretId="c")
    assert names(**request_members) == expected


def test_secrets_marked_for_deletion_are_listed_on_request(abc, secretsmanager, names):
    secretsmanager.delete_secret(SecretId="c")
    assert names() == ["b", "a"]
    assert names(IncludePlannedDeletion=True) == ["b", "c", "a"]


def test_filters_are_applied(abc, names):
    assert names(Filters=[{"Key": "name", "Values": ["!c"]}]) == ["b", "a"]


@needs_sort_by
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort_by", ["created-date", "name", "last-changed-date", "last-accessed-date"])
def test_pages_hold_each_secret_once(abc, secretsmanager, names, sort_by, order):
    request = {"SortBy": sort_by, "SortOrder": order}
    assert [name for page in pages(secretsmanager, **request) for name in page] == names(**request)


@needs_sort_by
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_neither_skip_nor_repeat_when_secrets_come_and_go(abc, secretsmanager, order):
    walk = pages(secretsmanager, SortBy="name", SortOrder=order)
    first = next(walk)
    secretsmanager.delete_secret(SecretId=first[-1])
    secretsmanager.create_secret(Name={"asc": "0", "desc": "d"}[order])
    rest = [name for page in walk for name in page]
    assert rest == {"asc": ["c"], "desc": ["a"]}[order]


def test_a_full_last_page_has_no_next_token(fake_secrets, secretsmanager):
    for name in ("a", "b"):
        fake_secrets.add(name)
    assert list(pages(secretsmanager)) == [["a", "b"]]


@pytest.mark.parametrize(
    "other",
    [{"SortOrder": "desc"}, {"IncludePlannedDeletion": True}, {"Filters": [{"Key": "name", "Values": ["a"]}]}],
)
def test_a_token_of_another_request_is_refused(abc, secretsmanager, refusal, other):
    token = secretsmanager.list_secrets(MaxResults=1)["NextToken"]
    assert refusal(secretsmanager.list_secrets, NextToken=token, **other)[0] == "InvalidNextTokenException"


@pytest.mark.parametrize("token", ["no token", "W10=", "WzEsMl0="])
def test_an_invalid_token_is_refused(secretsmanager, refusal, token):
    assert refusal(secretsmanager.list_secrets, NextToken=token)[0] == "InvalidNextTokenException"


def test_an_unknown_filter_key_is_refused(secretsmanager, refusal):
    code, message = refusal(secretsmanager.list_secrets, Filters=[{"Key": "size", "Values": ["a"]}])
    assert code == "ValidationException"
    assert (
        "Value 'size' at 'filters.1.member.key' failed to satisfy constraint: Member must satisfy enum" in message
    )


def test_long_filters_can_be_paged(fake_secrets, secretsmanager):
    for name in ("a", "b"):
        fake_secrets.add(name, "x")
    filters = [{"Key": "name", "Values": ["!" + str(number) * 500 for number in range(9)]}]
    pages = secretsmanager.get_paginator("list_secrets").paginate(
        Filters=filters, PaginationConfig={"PageSize": 1}
    )
    assert [entry["Name"] for page in pages for entry in page["SecretList"]] == ["a", "b"]
