"""Clients with service models of their own, by AWS_DATA_PATH or a session's loader, beside botocore's."""

import copy
import itertools
import json

import botocore.loaders
import botocore.model
import botocore.session
import pytest
import service_model

from fake_secrets import mock_stages
from fake_secrets.hook import facts
from fake_secrets.service.rules.constraints import REDACTED

KEYS = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """Return a function that makes a client whose service model an edit has changed."""
    numbers = itertools.count()

    def client(edit, *, variable=True):
        folder = tmp_path / str(next(numbers))
        file = folder / "secretsmanager" / "2017-10-17" / "service-2.json"
        file.parent.mkdir(parents=True)
        described = copy.deepcopy(service_model.description())
        edit(described)
        file.write_text(json.dumps(described))
        session = botocore.session.Session()
        if variable:
            with monkeypatch.context() as patch:
                patch.setenv("AWS_DATA_PATH", str(folder))
                return session.create_client("secretsmanager", **KEYS)
        session.get_component("data_loader").search_paths.insert(0, str(folder))
        return session.create_client("secretsmanager", **KEYS)

    return client


@pytest.fixture
def usual():
    return botocore.session.Session().create_client("secretsmanager", **KEYS)


@pytest.fixture(params=["fast", "wire"])
def world(request):
    with mock_stages({"db": "s3cret"}, region="us-east-1", _lane=request.param) as world:
        yield world


def with_a_note(described):
    """Require a member of requests that botocore's model doesn't have."""
    asked = described["shapes"]["GetSecretValueRequest"]
    asked["members"]["Note"] = {"shape": "NameType"}
    asked["required"] = [*asked["required"], "Note"]


def without_dates(described):
    """Drop a member of answers."""
    del described["shapes"]["GetSecretValueResponse"]["members"]["CreatedDate"]


def with_short_names(described):
    """Lower a bound that botocore doesn't check itself."""
    described["shapes"]["SecretIdType"]["max"] = 2


@pytest.mark.parametrize("variable", [True, False], ids=["AWS_DATA_PATH", "loader"])
@pytest.mark.parametrize("first", ["edited", "usual"])
def test_a_member_that_one_model_requires_is_not_asked_of_the_others_clients(
    edited, usual, world, first, variable
):
    noting = edited(with_a_note, variable=variable)
    calls = {
        "edited": lambda: noting.get_secret_value(SecretId="db", Note="hello"),
        "usual": lambda: usual.get_secret_value(SecretId="db"),
    }
    answers = [calls[name]() for name in sorted(calls, key=lambda name: name != first)]
    assert [answer["SecretString"] for answer in answers] == ["s3cret", "s3cret"]


@pytest.mark.parametrize("first", ["edited", "usual"])
def test_a_client_is_given_the_members_of_answers_that_its_model_has(edited, usual, world, first):
    clients = {"edited": edited(without_dates), "usual": usual}
    dated = {
        name: "CreatedDate" in clients[name].get_secret_value(SecretId="db")
        for name in sorted(clients, key=lambda name: name != first)
    }
    assert dated == {"edited": False, "usual": True}


@pytest.mark.parametrize("first", ["edited", "usual"])
def test_a_request_is_checked_by_the_model_of_its_client(edited, usual, world, first):
    clients = {"edited": edited(with_short_names), "usual": usual}
    refused = {}
    for name in sorted(clients, key=lambda name: name != first):
        try:
            clients[name].describe_secret(SecretId="none")
        except clients[name].exceptions.ClientError as error:
            refused[name] = error.response["Error"]["Code"]
    assert refused == {"edited": "ValidationException", "usual": "ResourceNotFoundException"}


def test_a_value_stays_hidden_if_an_edited_model_does_not_call_it_sensitive(edited, world):
    def edit(described):
        for shape in described["shapes"].values():
            shape.pop("sensitive", None)

    client = edited(edit)
    client.create_secret(Name="new", SecretString="hidden-one", Description="shown")
    client.put_secret_value(SecretId="new", SecretBinary=b"hidden-two")
    call = world.calls[0]
    assert (call.request["SecretString"], call.request["Description"]) == (REDACTED, "shown")
    assert "hidden" not in repr(world.calls) + str(world.trail.records)


def test_the_members_that_botocore_calls_sensitive_are_hidden_whatever_a_model_says():
    def sensitive(shape):
        for name, member in getattr(shape, "members", {}).items():
            if member.metadata.get("sensitive"):
                yield name

    model = service_model.model()
    named = {
        name
        for operation in model.operation_names
        for name in sensitive(model.operation_model(operation).input_shape)
    }
    service_model.expect(
        named <= facts.SENSITIVE,
        f"add {sorted(named - facts.SENSITIVE)} to SENSITIVE in fake_secrets/hook/facts.py",
    )


def test_sessions_that_have_read_the_same_file_share_its_facts():
    of = [
        facts.facts_in(botocore.session.Session().create_client("secretsmanager", **KEYS).meta.service_model)
        for _ in range(2)
    ]
    compiled = [one.find("GetSecretValue") for one in (*of, facts.facts_in(service_model.model()))]
    assert compiled == [facts.facts_of("GetSecretValue")] * 3


def test_the_facts_of_the_installed_model_are_shared_after_many_other_models(edited):
    facts.facts_of("GetSecretValue")
    for length in range(2, 12):

        def edit(described, length=length):
            described["shapes"]["SecretIdType"]["max"] = length

        facts.facts_in(edited(edit).meta.service_model)
    of_a_client = facts.facts_in(service_model.model()).find("GetSecretValue")
    assert of_a_client is facts.facts_of("GetSecretValue")


def test_a_service_model_keeps_what_was_read_from_its_file():
    described = botocore.loaders.Loader().load_service_model("secretsmanager", "service-2")
    model = botocore.model.ServiceModel(described, "secretsmanager")
    assert model._service_description is described, (
        "botocore.model.ServiceModel has changed: hook/facts.py tells models apart by its _service_description"
    )
