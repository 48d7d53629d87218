"""The scenarios: their ids are stable, and tell the family."""

import re
from pathlib import Path

import pytest
from contract.gallery_modules import load

from fake_secrets.contract.families import FAMILIES, family_of
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.subject import Subject
from fake_secrets.contract.undisturbed import dry_run


def ids_of(name):
    exhibit = load("good", name)
    with Check(Subject(exhibit.handler, **exhibit.arguments)) as check:
        _, dry = dry_run(check)
        return {family: [one.id for one in scenarios(dry, check)] for family, scenarios in FAMILIES.items()}, dry


@pytest.fixture(scope="module")
def single_user():
    return ids_of("single_user")


def test_each_id_tells_its_family(single_user):
    ids, _ = single_user
    told = [(one, family, family_of(one)) for family in ids for one in ids[family]]
    odd = [f"{one} is in the family {family}, but family_of says {of}" for one, family, of in told if of != family]
    assert not odd, (
        f"{odd[0]}. In fake_secrets/contract/families/__init__.py, add what stands before its dot to _GROUPS, "
        "or, if that is a step, the first word behind it to _WORDS."
    )


def forms_on_the_page():
    """Return the ids in the table of docs/reference/contract.md, as regular expressions, by family."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "contract.md").read_text(encoding="utf-8")
    table = page.partition("| family | id of a scenario | what happens |")[2].partition("\n\n")[0]
    forms, family = {}, None
    for row in table.splitlines()[2:]:
        named, ids, _ = (cell.strip() for cell in row.strip("|").split("|", 2))
        family = named.strip("`") or family
        for one in re.split(r", | or ", ids):
            # What is in italics stands for any text, and the rest is literal.
            literal = [re.escape(part) for part in re.split(r"\*\w+\*", one.replace("`", ""))]
            forms.setdefault(family, []).append(re.compile(".+".join(literal)))
    return forms


def test_each_id_is_in_the_table_of_scenarios(single_user):
    ids, _ = single_user
    forms = forms_on_the_page()
    lacking = [
        f"{one}, of {family}"
        for family in ids
        for one in ids[family]
        if not any(form.fullmatch(one) for form in forms.get(family, ()))
    ]
    assert not lacking, f"add a row for {lacking[0]} to the table of scenarios in docs/reference/contract.md"


def test_each_family_is_in_the_table_of_scenarios():
    assert list(forms_on_the_page()) == list(FAMILIES), (
        "the table of scenarios in docs/reference/contract.md has the families in the order of FAMILIES in "
        "fake_secrets/contract/families/__init__.py: add, remove or sort rows"
    )


def test_no_two_scenarios_have_the_same_id(single_user):
    ids, _ = single_user
    every = [one for family in ids.values() for one in family]
    assert len(every) == len(set(every))


@pytest.mark.slow
def test_ids_are_the_same_in_another_check(single_user):
    assert ids_of("single_user")[0] == single_user[0]


def test_each_call_fails_and_each_effect_is_followed_by_a_death(single_user):
    ids, dry = single_user
    calls = dry.boundaries
    effects = [one for one in calls if not one.is_read]
    assert {f"{one.step}.error-{one.number}" for one in calls} <= set(ids["errors"])
    assert {f"{one.step}.lost-{one.number}" for one in effects} <= set(ids["errors"])
    assert {f"{one.step}.kill-after-{one.number}" for one in effects} <= set(ids["kills"])
    assert {f"{step}.kill-at-end" for step in dry.first} <= set(ids["kills"])


def test_each_step_is_repeated_and_each_earlier_one_once_more_later(single_user):
    assert single_user[0]["repeats"] == [
        "createSecret.twice",
        "createSecret.again-after-setSecret",
        "createSecret.again-after-testSecret",
        "setSecret.twice",
        "setSecret.again-after-testSecret",
        "testSecret.twice",
        "late.all-steps",
    ]


@pytest.mark.parametrize(
    "name", ["", "plain", "nonsense", "createSecret", "createSecret.", "createSecret.explode-3"]
)
def test_other_words_are_no_ids(name):
    assert family_of(name) is None


def test_calls_of_secrets_manager_are_throttled_and_reads_are_denied(single_user):
    ids, dry = single_user
    asked = [one for one in dry.boundaries if one.place == "secretsmanager"]
    assert {one for one in ids["errors"] if "throttled" in one} == {
        f"{one.step}.throttled-{one.number}" for one in asked
    }
    assert {one for one in ids["errors"] if "denied" in one} == {
        f"{one.step}.denied-{one.number}" for one in asked if one.is_read
    }


def test_somebody_interferes_before_each_step_and_before_the_move(single_user):
    ids, dry = single_user
    (move,) = [one.number for one in dry.boundaries if one.name == "UpdateSecretVersionStage"]
    steps = tuple(dry.first)
    assert set(ids["meanwhile"]) == {
        *(f"{step}.{what}-before" for step in steps for what in ("put", "cancel", "delete")),
        f"finishSecret.put-before-{move}",
        "setSecret.tampered-username",
        "setSecret.tampered-host",
        "testSecret.dropped-before",
    }


@pytest.mark.slow
def test_each_key_of_the_value_is_missing_once(single_user):
    keys = load("good", "single_user").arguments["secret"]
    assert set(single_user[0]["inputs"]) == {
        *(f"input.{what}" for what in ("unknown-step", "unknown-token", "not-pending", "rotation-off")),
        *(f"input.{what}" for what in ("finish-first", "no-value", "no-json", "binary", "extra-key")),
        *(f"input.{what}" for what in ("no-previous", "previous-of-another-shape")),
        *(f"input.lacks-{key}" for key in keys),
    }


@pytest.mark.slow
def test_each_read_misses_the_last_write_once(single_user):
    ids, dry = single_user
    reads = [one for one in dry.boundaries if one.is_read and one.name != "GetRandomPassword"]
    environments = ["mode.cold", "mode.warm", "mode.changed-between", "mode.rotated-elsewhere"]
    assert ids["modes"][:5] == ["mode.test-only", *environments]
    assert ids["modes"][5:] == [*(f"{one.step}.stale-{one.number}" for one in reads)]


def test_passwords_are_the_worst_and_of_each_class_that_the_function_asks_for(single_user):
    classes = ("uppercase", "lowercase", "numbers", "punctuation")
    assert single_user[0]["passwords"] == [f"password.{name}" for name in ("worst", *classes)]


@pytest.mark.slow
def test_a_function_that_makes_its_keys_elsewhere_has_no_passwords():
    assert ids_of("api_key_pair")[0]["passwords"] == []


def test_each_call_takes_until_the_time_out_once(single_user):
    ids, dry = single_user
    slow = [f"{one.step}.time-out-{one.number}" for one in dry.boundaries]
    assert ids["limits"] == [*slow, "limit.credentials"]
