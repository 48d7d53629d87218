"""The names that `fake_secrets` exports, and what an IDE shows of them."""

import dataclasses
import inspect

import pytest

import fake_secrets
from fake_secrets import (
    Call,
    ContractReport,
    FakeSecrets,
    Leak,
    Rotation,
    RotationContract,
    Secret,
    Timeline,
    Version,
    Violation,
    check_rotation,
    mock_stages,
)
from fake_secrets.activation.call_forms import MockStages
from fake_secrets.contract.families import FAMILIES
from fake_secrets.contract.rotation_contract import _NAMES
from fake_secrets.observe.leaks.of_world import Leaks
from fake_secrets.observe.trail import Trail
from fake_secrets.options import DEFAULTS

HANDED_OUT = {"Call", "Event", "FakeSecrets", "Leak", "Rotation", "Secret", "Timeline", "Version"}


@pytest.mark.parametrize("name", fake_secrets.__all__)
def test_each_can_be_imported(name):
    assert getattr(fake_secrets, name) is not None
    assert name in dir(fake_secrets)


def test_what_the_handle_gives_is_among_them():
    assert set(fake_secrets.__all__) >= HANDED_OUT


@pytest.mark.parametrize("name", sorted(HANDED_OUT))
def test_each_class_is_called_by_its_public_name(name):
    assert getattr(fake_secrets, name).__name__ == name


def test_the_handle_gives_objects_of_these_classes(fake_secrets, secretsmanager):
    secret = fake_secrets.add("db", "x")
    secretsmanager.list_secrets()
    found = [secret, secret.versions[0], fake_secrets.timeline("db"), fake_secrets.calls[0]]
    assert [type(one).__name__ for one in found] == ["Secret", "Version", "Timeline", "Call"]


def test_mock_stages_shows_its_arguments_with_their_defaults():
    shown = inspect.signature(mock_stages)
    assert {name: parameter.default for name, parameter in shown.parameters.items()} == DEFAULTS
    assert shown.parameters["region"].annotation == "str | None"


VISIBLE = {
    ContractReport: "as_dict function html json junit left_out notes obstacle passed scenarios summary untried "
    "unused_allowances violations write_html",
    Call: "account_id attempt fault operation outcome principal region request rotation secret_id step time via",
    FakeSecrets: "account_id add as_principal calls credentials dropped_calls faults invoke lambda_function leaks "
    "local_endpoints managed_rotation next_due on_event permissions quotas region reset retries rotate rotations "
    "run_due server set_kms_key timeline trail",
    Leak: "field form place secret step version where",
    Leaks: "count index watching",
    Rotation: "attempts deliver ended_at error failed_step findings is_test next_step outcome retry secret_arn "
    "secret_name started_at step steps succeeded token was_abandoned",
    RotationContract: "account_id allow consumers context environment kms_key_id name only other_secrets "
    "policy previous region schedule service tags "
    f"{' '.join(f'test_{family}' for family in sorted(['allow', *FAMILIES]))} timeout",
    Secret: "arn deleted description kms_key_id name rotation_enabled secret_binary secret_string stages tags "
    "value version versions",
    Timeline: "html is_whole moments name version_ids write_html",
    Trail: "dropped events records service_events write",
    Version: "created id secret_binary secret_string stages value",
    Violation: "allowed caller caller_source cause consequences detail mend name others picture replay scenario "
    "sentence severity source timeline title where",
    MockStages: "start stop",
}


@pytest.mark.parametrize("kind", VISIBLE, ids=lambda kind: kind.__name__)
def test_an_ide_offers_the_public_names_of_a_class_and_no_others(kind):
    fields = {field.name for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else set()
    assert sorted({name for name in {*dir(kind), *fields} if not name.startswith("_")}) == VISIBLE[kind].split()


def test_a_contract_takes_as_attributes_what_check_rotation_takes_as_arguments():
    parameters = inspect.signature(check_rotation).parameters
    assert list(parameters) == ["handler", *_NAMES, "only"]
    assert set(RotationContract.__annotations__) >= set(parameters)
    defaults = {name: one.default for name, one in parameters.items() if one.default is not one.empty}
    assert {name: getattr(RotationContract, name) for name in defaults} == defaults


@pytest.mark.parametrize("setting", ["quotas", "retries"])
def test_settings_show_their_settings_only(fake_secrets, setting):
    shown = {name for name in dir(getattr(fake_secrets, setting)) if not name.startswith("_")}
    assert (
        shown
        == {
            "quotas": {"secrets", "versions", "labels", "tags", "value_bytes", "policy_characters"},
            "retries": {"max_attempts", "delay"},
        }[setting]
    )
