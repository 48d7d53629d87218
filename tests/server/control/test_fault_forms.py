"""The control API and the pages know each fault of `fake_secrets.faults`, and the control API its arguments."""

import inspect
import re
from pathlib import Path

import pytest

from fake_secrets.faults.planning import Faults
from fake_secrets.faults.selection import Selectors
from fake_secrets.server.control import fault_forms

DOCS = Path(__file__).parents[3] / "docs"
WHERE = "fake_secrets/server/control/fault_forms.py"
# The client of a server has found its host.
NOT_OVER_HTTP = {"fail_dns"}
# JSON has no functions, and the control API doesn't tell of faults that hit nothing.
ONLY_IN_PYTHON = {"self", "when", "optional"}
PLANNED = {
    name: inspect.signature(method).parameters
    for name, method in inspect.getmembers(Faults, inspect.isfunction)
    if not name.startswith("_") and inspect.signature(method).return_annotation == "Fault"
}


def arguments_of(parameters):
    named = {name for name, one in parameters.items() if one.kind is not inspect.Parameter.VAR_KEYWORD}
    selectors = Selectors.__annotations__ if len(named) < len(parameters) else ()
    return named.union(selectors) - ONLY_IN_PYTHON


def test_there_are_faults():
    assert len(PLANNED) >= 10


@pytest.mark.parametrize("name", sorted(PLANNED.keys() - NOT_OVER_HTTP))
def test_json_can_give_the_arguments_of_each_fault(name):
    expected = arguments_of(PLANNED[name])
    assert fault_forms._ARGUMENTS.get(name) == expected, (
        f"set _ARGUMENTS[{name!r}] in {WHERE} to {sorted(expected)}"
    )


@pytest.mark.parametrize("name", sorted(PLANNED.keys() - NOT_OVER_HTTP))
def test_json_has_to_give_the_arguments_that_have_no_default(name):
    without_default = (one.name for one in PLANNED[name].values() if one.default is one.empty)
    expected = tuple(one for one in without_default if one in arguments_of(PLANNED[name]))
    assert fault_forms._NEEDED.get(name, ()) == expected, f"set _NEEDED[{name!r}] in {WHERE} to {expected}"


def test_json_can_plan_no_fault_that_there_is_not():
    for table in ("_ARGUMENTS", "_NEEDED"):
        odd = sorted(vars(fault_forms)[table].keys() - PLANNED.keys())
        assert not odd, f"remove {', '.join(odd)} from {table} in {WHERE}"


def named_on(page, pattern):
    found = re.findall(pattern, (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)
    return {name for text in found for name in re.findall(r"`(\w+)", text)}


def test_the_guide_to_faults_names_each_of_them():
    lacking = sorted(PLANNED.keys() - named_on("how-to/make-it-fail.md", r"`\w+[(`]"))
    assert not lacking, f"add {', '.join(lacking)} to docs/how-to/make-it-fail.md"


def test_the_page_of_the_control_api_has_a_row_for_each_kind_of_fault():
    lacking = sorted(fault_forms._ARGUMENTS.keys() - named_on("reference/control-api.md", r"^\| `.*?` \| "))
    assert not lacking, f"add {', '.join(lacking)} to the table of faults in docs/reference/control-api.md"
