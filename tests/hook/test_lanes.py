"""Both lanes agree: the fast lane's answers equal those that botocore parses in the wire lane."""

import copy
import dataclasses
import datetime
import functools
import re
import time
from collections.abc import Mapping
from typing import ClassVar

import boto3
import botocore
import botocore.config
import botocore.exceptions
import botocore.session
import freezegun
import pytest
from lane_cases import (
    ABROAD,
    CASES,
    CLIENTS,
    FROM_PAGE_BEFORE,
    HOME,
    READ,
    REPLICATE,
    Case,
    call,
    hint_at,
    refuses,
    set_stage,
)
from service_model import CALLABLE, expect
from vectors import OWNER, SCENARIOS, SCENARIOS_2026, Player, client_of, is_playable

from fake_secrets import mock_stages

LANES = ("fast", "wire")
NOON = datetime.datetime(2026, 3, 4, 12)  # noqa: DTZ001 -- freezegun reads it as UTC
# With a fraction, which dates must keep.
MOMENT = datetime.datetime(2026, 3, 4, 12, 0, 0, 123457)  # noqa: DTZ001 -- as above

pytestmark = pytest.mark.disable_socket


@functools.cache
def clients_by_role():
    """Return a client for each role, without parameter validation, so that the service refuses mistakes.

    All tests share the clients, because building them is slow. In legacy mode, botocore retries none of
    the service's errors. `TestRetries` covers the other modes.
    """
    config = botocore.config.Config(parameter_validation=False, retries={"mode": "legacy"})
    return {
        role: boto3.client("secretsmanager", config=config, **{"region_name": HOME, **options})
        for role, options in CLIENTS.items()
    }


@pytest.fixture(scope="module")
def frozen_time():
    """A frozen clock that `play` moves. Tests share it, because freezing takes as long as the rest of a test."""
    with freezegun.freeze_time(MOMENT, ignore=["hypothesis", "_pytest"]) as clock:
        yield clock


def service_model():
    return clients_by_role()["owner"].meta.service_model


def lacking(*calls):
    """Return the operations and request members that the installed botocore doesn't know."""
    model = service_model()
    found = []
    for asked in calls:
        if asked.operation not in model.operation_names:
            found.append(asked.operation)
        else:
            known = model.operation_model(asked.operation).input_shape.members
            found += [f"{asked.operation}.{name}" for name in asked.request if name not in known]
    return found


def skip_unless_known(*calls):
    if unknown := lacking(*calls):
        pytest.skip(f"botocore {botocore.__version__} lacks {', '.join(unknown)}")


def flat(value, path):
    """Yield each member of an answer as its path and the parts to compare: type and value."""
    if isinstance(value, Mapping):
        yield path, (type(value), list(value))
        for name, member in value.items():
            yield from flat(member, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        yield path, (type(value), len(value))
        for position, member in enumerate(value):
            yield from flat(member, f"{path}[{position}]")
    elif isinstance(value, datetime.datetime):
        # Dates can be equal but have different time zones.
        yield path, (type(value), value.isoformat(), value.tzinfo)
    else:
        yield path, (type(value), value)


def scribble(value):
    """Empty an answer in place, to spoil it for any code that shares a part of it."""
    if isinstance(value, dict | list):
        for member in list(value.values()) if isinstance(value, dict) else value:
            scribble(member)
        value.clear()


class Witness:
    """Records everything that callers and their event handlers see, member by member."""

    def __init__(self, clients):
        self.clients = clients
        self.seen = {}
        self.notes = 0

    def __enter__(self):
        for client in self.clients:
            client.meta.events.register("after-call.secrets-manager", self.after_call)
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.meta.events.unregister("after-call.secrets-manager", self.after_call)

    def note(self, what, value):
        self.notes += 1
        self.seen.update(flat(value, f"{self.notes} {what}"))

    def after_call(self, http_response, parsed, model, **_):
        seen = {name: getattr(http_response, name) for name in ("status_code", "content", "text", "url")}
        headers = dict(http_response.headers.items())
        self.note(f"after-call.{model.name}", {**seen, "headers": headers, "parsed": parsed})

    def make(self, client, call, before=None):
        """Make a call and spoil its answer. Return a copy of the answer or None, and the error's code or None."""
        request = {
            name: before["NextToken"] if value is FROM_PAGE_BEFORE else value
            for name, value in call.request.items()
        }
        try:
            answer = getattr(client, botocore.xform_name(call.operation))(**request)
        except Exception as error:  # noqa: BLE001 -- every exception is compared
            chain = {"__cause__": type(error.__cause__), "__context__": type(error.__context__)}
            self.note(
                call.operation,
                {"type": type(error), "args": error.args, "str": str(error), **chain, **vars(error)},
            )
            response = vars(error).get("response")
            return None, response["Error"]["Code"] if response else type(error).__name__
        self.note(call.operation, answer)
        kept = dict(answer)
        scribble(answer)
        return kept, None


def play(case, lane, frozen_time, clients=None):
    """Run a case in one lane. Return the recorded members, and the code of the call's error or None."""
    clients = clients or clients_by_role()
    frozen_time.move_to(MOMENT)
    answer = None
    with mock_stages({}, random_seed=1, _lane=lane) as fake, Witness(clients.values()) as witness:
        set_stage(fake, clients)
        for call in case.after:
            answer, error = witness.make(clients[call.by], call)
            assert error is None, f"{call} ends in {error}"
        for quota, value in case.quotas.items():
            setattr(fake.quotas, quota, value)
        _, error = witness.make(clients[case.call.by], case.call, answer)
        # Call again: if the answer shared a member with the store, that member is spoilt now.
        witness.make(clients[case.call.by], case.call, answer)
        witness.note("ledger", [repr(call) for call in fake.calls])
    return witness.seen, error


@pytest.mark.parametrize("case", CASES, ids=str)
def test_both_lanes_agree(case, frozen_time):
    skip_unless_known(*case.after, case.call)
    (fast, error), (wire, _) = (play(case, lane, frozen_time) for lane in LANES)
    assert error == case.error, hint_at(case, error)
    assert fast == wire


def turned(value):
    """Return a value with the members of all its objects in the opposite order."""
    if isinstance(value, dict):
        return {name: turned(member) for name, member in reversed(value.items())}
    return [turned(item) for item in value] if isinstance(value, list) else value


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_order_of_an_answer_is_that_of_the_model_whatever_the_order_of_the_request_is(case, frozen_time):
    skip_unless_known(*case.after, case.call)
    after, asked = (
        [dataclasses.replace(one, request=turned(one.request)) for one in calls]
        for calls in (case.after, [case.call])
    )
    other = dataclasses.replace(case, after=after, call=asked[0])
    (fast, _), (wire, _) = (play(other, lane, frozen_time) for lane in LANES)
    assert fast == wire


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(scenario, id=scenario["name"])
        for scenario in (*SCENARIOS, *SCENARIOS_2026)
        if is_playable(scenario)
    ],
)
def test_both_lanes_agree_on_the_recorded_behaviour_of_aws(scenario, frozen_time):
    seen = []
    for lane in LANES:
        frozen_time.move_to(NOON)
        with mock_stages({}, random_seed=1, _lane=lane) as fake, Witness(clients_of(scenario)) as witness:
            Player(fake, frozen_time, scenario).play()
            seen.append(witness.seen)
    fast, wire = seen
    assert fast == wire


def clients_of(scenario):
    accounts = {step.get("account", OWNER) for step in scenario["steps"]}
    return [client_of(account, is_raw=is_raw) for account in sorted(accounts) for is_raw in (False, True)]


class TestCoverageOfTheCases:
    """The cases cover every answer of every operation. The exceptions are listed here."""

    NO_CASE_OF_ERROR: ClassVar = {
        # The errors of single secrets in a batch are members of the answer.
        "BatchGetSecretValue": {"DecryptionFailure", "InvalidRequestException", "ResourceNotFoundException"},
        "CreateSecret": {
            "DecryptionFailure",
            "MalformedPolicyDocumentException",
            "PreconditionNotMetException",
            "ResourceNotFoundException",
        },
        "DescribeSecret": {"InvalidParameterException"},
        "GetRandomPassword": {"InvalidRequestException"},
        "GetResourcePolicy": {"InvalidParameterException"},
        "GetSecretValue": {"InvalidParameterException"},
        "ListResourcePolicies": {"InvalidParameterException"},
        "ListSecretVersionIds": {"InvalidParameterException"},
        "ListSecrets": {"InvalidRequestException"},
        "PutSecretValue": {"DecryptionFailure"},
        "RestoreSecret": {"InvalidRequestException"},
        "StopReplicationToReplica": {"InvalidParameterException"},
        "UpdateSecret": {"MalformedPolicyDocumentException", "PreconditionNotMetException"},
        "ValidateResourcePolicy": {"InvalidParameterException"},
    }
    NO_CASE_OF_MEMBER = re.compile(
        # A new replica has neither of these members.
        r"(CreateSecret|ReplicateSecretToRegions)\.ReplicationStatus\.(LastAccessedDate|StatusMessage)"
    )

    @pytest.mark.parametrize("operation", CALLABLE)
    def test_each_operation_has_a_case_of_success_and_of_each_error(self, operation):
        skip_unless_known(call(operation))
        errors = {case.error for case in CASES if case.call.operation == operation}
        modelled = {shape.name for shape in service_model().operation_model(operation).error_shapes}
        lacking = {None, "ValidationException", "SerializationException"} - errors
        assert not lacking, (
            f"add cases of {operation} to CASES_OF in tests/hook/lane_cases.py: one for each of "
            f"{', '.join(sorted(map(str, lacking)))}; None is a call that succeeds"
        )
        without_case = modelled - errors - {"InternalServiceError"}
        known = modelled & self.NO_CASE_OF_ERROR.get(operation, set())
        expect(
            without_case == known,
            f"{operation} has no case of {sorted(without_case - known)}: add one to CASES_OF in "
            "tests/hook/lane_cases.py, or the error to NO_CASE_OF_ERROR in tests/hook/test_lanes.py if the fake "
            f"never answers it. Remove {sorted(known - without_case)} from NO_CASE_OF_ERROR.",
        )

    @pytest.mark.parametrize("operation", CALLABLE)
    def test_each_member_of_an_answer_is_in_a_case(self, operation, frozen_time):
        skip_unless_known(call(operation))
        seen = set()
        for case in CASES:
            if case.call.operation == operation and case.error is None and not lacking(*case.after, case.call):
                members, _ = play(case, "wire", frozen_time)
                seen |= {re.sub(r"^\d+ |\[\d+]", "", path) for path in members}
        missing = set(paths_of(service_model().operation_model(operation).output_shape, operation)) - seen
        unknown = sorted(path for path in missing if not self.NO_CASE_OF_MEMBER.fullmatch(path))
        expect(
            not unknown,
            f"no answer in CASES_OF of tests/hook/lane_cases.py has {unknown}: add a case that has them, or add "
            "them to NO_CASE_OF_MEMBER in tests/hook/test_lanes.py",
        )


def paths_of(shape, path):
    """Yield the path of each member of a shape, as `flat` does but without positions."""
    kind = None if shape is None else shape.type_name
    if kind == "structure":
        for name, member in shape.members.items():
            yield f"{path}.{name}"
            yield from paths_of(member, f"{path}.{name}")
    if kind == "list":
        yield from paths_of(shape.member, path)


MISSING = refuses("ResourceNotFoundException", "missing", SecretId="none")("GetSecretValue")
FULL = refuses("LimitExceededException", "full", quotas={"secrets": 1}, Name="new")("CreateSecret")


class TestRetries:
    """In standard mode, botocore retries LimitExceededException and reports the number of attempts."""

    def clients(self, **retries):
        config = botocore.config.Config(retries=retries)
        return {"owner": boto3.client("secretsmanager", region_name=HOME, config=config)}

    @pytest.mark.parametrize("mode", ["legacy", "standard"])
    @pytest.mark.parametrize("case", [Case("read", READ), MISSING], ids=str)
    def test_both_lanes_agree_on_calls_that_are_not_retried(self, case, mode, frozen_time):
        clients = self.clients(mode=mode)
        (fast, _), (wire, _) = (play(case, lane, frozen_time, clients) for lane in LANES)
        assert fast == wire

    def test_both_lanes_agree_on_a_call_that_is_retried(self, monkeypatch, frozen_time):
        monkeypatch.setattr(time, "sleep", lambda _: None)
        clients = self.clients(mode="standard")
        (fast, error), (wire, _) = (play(FULL, lane, frozen_time, clients) for lane in LANES)
        assert error == "LimitExceededException"
        assert fast == wire

    @pytest.mark.parametrize("lane", LANES)
    def test_each_attempt_of_a_call_is_recorded(self, monkeypatch, lane, frozen_time):
        monkeypatch.setattr(time, "sleep", lambda _: None)
        with mock_stages({"whole": "x"}, _lane=lane) as fake:
            fake.quotas.secrets = 1
            with pytest.raises(botocore.exceptions.ClientError, match="LimitExceededException") as refused:
                self.clients(mode="standard")["owner"].create_secret(Name="new")
            assert [call.operation for call in fake.calls] == ["CreateSecret"] * 3
        metadata = refused.value.response["ResponseMetadata"]
        assert (metadata["RetryAttempts"], metadata["MaxAttemptsReached"]) == (2, True)

    @pytest.mark.parametrize("case", [Case("read", READ), MISSING, FULL], ids=str)
    def test_both_lanes_agree_if_only_one_attempt_is_allowed(self, case, frozen_time):
        clients = self.clients(mode="legacy", total_max_attempts=1)
        (fast, _), (wire, _) = (play(case, lane, frozen_time, clients) for lane in LANES)
        assert fast == wire


def clients_that_lack(shape, member):
    """Return clients with an older model, which lacks a member of a shape."""
    session = botocore.session.Session()
    loader = session.get_component("data_loader")
    older = copy.deepcopy(loader.load_service_model("secretsmanager", "service-2"))
    del older["shapes"][shape]["members"][member]
    load = loader.load_service_model

    def load_older(service, *args, **kwargs):
        model = load(service, *args, **kwargs)
        return older if model.get("shapes", {}).keys() == older["shapes"].keys() else model

    loader.load_service_model = load_older
    return {
        role: session.create_client("secretsmanager", region_name=region)
        for role, region in {"owner": HOME, "abroad": ABROAD}.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "member", "case"),
    [
        ("GetSecretValueResponse", "VersionStages", Case("top", READ)),
        ("SecretVersionsListEntry", "KmsKeyIds", Case("nested", call("ListSecretVersionIds", SecretId="text"))),
        (
            "ReplicationStatusType",
            "StatusMessage",
            Case("nested", call("DescribeSecret", SecretId="whole"), [REPLICATE]),
        ),
    ],
)
def test_both_lanes_drop_members_that_an_older_model_lacks(shape, member, case, frozen_time):
    older = clients_that_lack(shape, member)
    (fast, _), (wire, _) = (play(case, lane, frozen_time, older) for lane in LANES)
    assert not any(path.endswith(f".{member}") for path in wire)
    assert fast == wire


@pytest.fixture
def change_zone(monkeypatch):
    """A function that changes the machine's time zone for the length of a test."""

    def change(zone):
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield change
    monkeypatch.undo()
    time.tzset()


def test_both_lanes_give_dates_in_the_current_time_zone(change_zone, frozen_time):
    # A date that no other test uses, because parsed dates are cached.
    frozen_time.move_to(NOON - datetime.timedelta(days=200))
    for zone in ("Asia/Tokyo", "America/Lima"):
        change_zone(zone)
        dates = []
        for lane in LANES:
            with mock_stages({"text": "s3cret"}, _lane=lane):
                answer = clients_by_role()["owner"].get_secret_value(SecretId="text")
            dates.append(dict(flat(answer["CreatedDate"], "CreatedDate")))
        fast, wire = dates
        assert fast == wire
