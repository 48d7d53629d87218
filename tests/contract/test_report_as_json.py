"""The report as JSON, and the schema that describes it."""

import dataclasses
import json
import pathlib

import pytest
from contract.gallery_modules import load

from fake_secrets import ContractReport, check_rotation
from fake_secrets.contract.checking import check_subject
from fake_secrets.contract.given_subject import subject_of
from fake_secrets.contract.report_as_json import FORMAT, VERSION

SCHEMA = pathlib.Path(__file__).parents[2] / "docs" / "reference" / "contract-report.schema.json"


@pytest.fixture(scope="module")
def report():
    """The report of a function with a violation and a note, of which one is allowed, checked in part."""
    exhibit = load("faulty", "create_never_looks")
    arguments = dict.fromkeys(("previous", "other_secrets", "environment", "region", "tags", "schedule"))
    allow = {"unknown-step-passes": "a test"}
    subject = subject_of(
        exhibit.handler,
        **{
            **arguments, **exhibit.arguments, "allow": allow,
            "name": "prod/rotated", "account_id": "123456789012", "consumers": (),
        },
    )  # fmt: skip
    found = check_subject(subject, ["createSecret.twice", "createSecret.again-after-setSecret", "inputs"])
    return dataclasses.replace(found, untried=("finishSecret.stale-1",))


def strict(schema):
    """Return a schema that refuses what it doesn't describe."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if "properties" in schema else {}
    return {**{name: strict(one) for name, one in schema.items()}, **more}


@pytest.mark.slow
def test_the_schema_describes_each_member_of_a_report(report):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text())

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(strict(schema)).validate(json.loads(report.json()))
    assert schema["properties"]["version"]["const"] == VERSION
    assert schema["properties"]["format"]["const"] == FORMAT


def test_the_schema_describes_the_report_of_nothing():
    jsonschema = pytest.importorskip("jsonschema")

    empty = ContractReport((), (), ())
    jsonschema.Draft202012Validator(strict(json.loads(SCHEMA.read_text()))).validate(json.loads(empty.json()))


def test_a_cause_has_its_line_its_scenarios_and_its_picture(report):
    (cause,) = report.as_dict()["violations"]

    assert (cause["name"], cause["scenario"]) == ("create-not-repeatable", "createSecret.twice")
    assert cause["other_scenarios"] == ["createSecret.again-after-setSecret"]
    assert cause["file"].replace("\\", "/").endswith("gallery/faulty/create_never_looks.py")
    assert "put_secret_value" in cause["source"]
    assert cause["line"] > 1
    calls = [call for delivery in cause["picture"]["deliveries"] for call in delivery["calls"]]
    assert calls[-1]["outcome"] == "ResourceExistsException"
    assert all(len(row["cells"]) == len(calls) for row in cause["picture"]["labels"])


@pytest.mark.slow
def test_each_scenario_tells_what_it_shows(report):
    scenarios = {one["id"]: one for one in report.as_dict()["scenarios"]}

    assert scenarios["createSecret.again-after-setSecret"] == {
        "id": "createSecret.again-after-setSecret",
        "family": "repeats",
        "result": "violated",
        "shows": ["create-not-repeatable"],
    }
    assert scenarios["finishSecret.stale-1"]["result"] == "untried"
    assert scenarios["input.unknown-token"]["result"] == "passed"


@pytest.mark.long
def test_a_scenario_that_shows_only_what_a_violation_explains_is_violated_too():
    exhibit = load("faulty", "create_never_looks")
    found = check_rotation(exhibit.handler, **exhibit.arguments).as_dict()

    (cause,) = (one for one in found["violations"] if one["name"] == "create-not-repeatable")
    stuck = {"setSecret.kill-at-end"} & {*cause["other_scenarios"], *cause["consequences"]}
    violated = {one["id"] for one in found["scenarios"] if one["result"] == "violated"}
    assert stuck <= violated
    assert violated == {cause["scenario"], *cause["other_scenarios"], *cause["consequences"]}
    assert not {cause["scenario"], *cause["other_scenarios"]} & {*cause["consequences"]}


@pytest.mark.slow
def test_what_is_allowed_says_why():
    exhibit = load("faulty", "move_without_remove")
    report = check_rotation(exhibit.handler, **exhibit.arguments, allow={"never-succeeds": "not deployed yet"})

    told = report.as_dict()
    assert told["violations"][0]["allowed"] == "not deployed yet"
    assert told["scenarios"][0]["result"] == "passed"
    assert (told["passed"], told["obstacle"]) == (False, "never-succeeds")
    assert told["counts"] == {"scenarios": 1, "untried": 0, "violations": 0, "allowed": 1, "notes": 0}


@pytest.mark.slow
def test_the_same_check_gives_the_same_text():
    exhibit = load("faulty", "create_never_looks")
    texts = {
        check_rotation(exhibit.handler, **exhibit.arguments, only="createSecret.twice").json() for _ in range(2)
    }

    assert len(texts) == 1
    assert texts.pop().endswith("}\n")


def test_no_secret_value_is_in_it(report):
    exhibit = load("faulty", "create_never_looks")

    assert exhibit.arguments["secret"]["password"] not in report.json()
