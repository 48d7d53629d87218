"""The pages of rotation contracts that a run of pytest writes."""

import re

import pytest
from html_reading import Reading
from rotating import CONTRACT, FAULTY, GOOD
from runs_of_pytest import PYTEST_ARGUMENTS

from fake_secrets import RotationContract, check_rotation

# The runs import them in this process, and would forget them at their end.
assert RotationContract
assert check_rotation

OPTION = "--fake-secrets-contract-html=pages"

CHECKS = """
import pytest
from rotation import lambda_handler

from fake_secrets import check_rotation

SECRET = {"username": "app", "password": "the-old-password"}


def test_once():
    assert check_rotation(lambda_handler, secret=SECRET, only="createSecret.twice").passed
"""


@pytest.fixture
def check(pytester, run, monkeypatch):
    """A function that runs pytest on tests of a rotation function."""
    monkeypatch.setenv("COLUMNS", "200")

    def check(*arguments, function=FAULTY, source=CONTRACT):
        pytester.makepyfile(rotation=function)
        pytester.syspathinsert()
        return run(source, *arguments)

    return check


@pytest.fixture
def pages(pytester):
    """A function that returns the pages of the run by their names, without the index."""

    def pages(folder="pages"):
        found = {path.name: path.read_text(encoding="utf-8") for path in (pytester.path / folder).iterdir()}
        assert found.pop("index.html")
        return found

    return pages


def index(pytester, folder="pages"):
    return Reading((pytester.path / folder / "index.html").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_a_class_has_one_page_with_all_its_families(check, pages):
    ran = check(OPTION, "-k", "test_plain or test_repeats or test_modes")

    ((name, page),) = pages().items()
    assert re.fullmatch(r"test_a_class_has_one_page_.*\.py-TestRotation-[0-9a-f]{8}\.html", name)
    assert "::TestRotation</title>" in page
    families = next(table for table in Reading(page).tables if table[0][0] == "family")
    assert [row[0] for row in families[1:]] == ["plain", "repeats", "modes"]
    causes = next(table for table in Reading(page).tables if table[0][0] == "no.")
    assert [row[1] for row in causes[1:]] == ["create-not-repeatable"]
    ran.stdout.fnmatch_lines("pages of rotation contracts: pages/index.html")


def test_a_test_that_checks_by_itself_has_a_page_under_its_name(check, pages):
    check(OPTION, source=CHECKS)

    ((name, page),) = pages().items()
    assert ".py-test_once-" in name
    assert "createSecret.twice" in page


@pytest.mark.slow
def test_a_test_with_several_checks_has_a_page_for_each(check, pages):
    again = '\n    check_rotation(lambda_handler, secret=SECRET, only="setSecret.twice")\n'
    check(OPTION, source=CHECKS.replace("    assert check", f"{again}    assert check"))

    first, second = sorted(pages().items())
    assert second[0].endswith("-2.html") or first[0].endswith("-2.html")
    assert len({page for _, page in (first, second)}) == 2


def test_a_check_in_a_fixture_has_a_page(check, pages):
    source = CHECKS.replace("def test_once():\n    assert", "@pytest.fixture\ndef report():\n    return")
    source = source.replace(".passed", "") + "\n\ndef test_it(report):\n    assert report.violations\n"
    check(OPTION, source=source).assert_outcomes(passed=1)

    assert len(pages()) == 1


@pytest.mark.slow
def test_a_parametrised_contract_has_a_page_for_each_parameter(check, pages):
    fixture = """
    @pytest.fixture(autouse=True, params=["a/b", "<b>"])
    def user(self, request):
        self.secret = {"username": request.param, "password": "the-old-password"}
"""
    check(OPTION, "-k", "test_plain", source=f"import pytest\n{CONTRACT}{fixture}")

    assert len(pages()) == 2
    assert any("::TestRotation[a/b]</title>" in page for page in pages().values())


@pytest.mark.slow
def test_the_index_leads_to_each_page_and_has_its_result(check, pages, pytester):
    check(OPTION, "-k", "test_once or test_plain", source=f"{CHECKS}\n{CONTRACT}", function=GOOD)

    reading = index(pytester)
    (table,) = reading.tables
    assert table[0] == ["test", "rotation function", "result", "scenarios", "violations"]
    assert [row[1:3] for row in table[1:]] == [["rotation:lambda_handler", "✓ kept"]] * 2
    assert {one["href"] for one in reading.all("a")} == pages().keys()


@pytest.mark.slow
def test_a_violation_is_told_by_the_index(check, pytester):
    check(OPTION, "-k", "test_repeats")

    (table,) = index(pytester).tables
    assert table[1][2:] == ["▲ violated", "7", "1"]


@pytest.mark.slow
@pytest.mark.parametrize("distribution", ["load", "each"])
def test_workers_give_the_same_pages_as_a_run_without_workers(check, pages, pytester, distribution):
    chosen = "test_once or test_plain or test_repeats"
    check("--fake-secrets-contract-html=alone", "-k", chosen, source=f"{CHECKS}\n{CONTRACT}")
    arguments = (*PYTEST_ARGUMENTS, "-n2", f"--dist={distribution}", OPTION, "-k", chosen)
    ran = pytester.runpytest_subprocess(*arguments)

    ran.stdout.fnmatch_lines("pages of rotation contracts: pages/index.html")
    assert pages() == pages("alone")
    assert index(pytester).text == index(pytester, "alone").text


def test_the_ini_option_is_relative_to_its_file(check, pages, pytester):
    pytester.makeini("[pytest]\nfake_secrets_contract_html = build/pages")
    check("-k", "test_plain")

    assert len(pages("build/pages")) == 1


def test_without_the_option_nothing_is_written(check, pytester):
    check("-k", "test_plain")

    assert not list(pytester.path.rglob("*.html"))


@pytest.mark.slow
def test_a_run_without_a_contract_writes_nothing_and_imports_no_page(run, pytester):
    source = """
    import sys

    def test_it(fake_secrets):
        assert not {"fake_secrets.contract.checking", "fake_secrets.contract.page"} & sys.modules.keys()
    """
    pytester.makepyfile(source)
    ran = pytester.runpytest_subprocess(*PYTEST_ARGUMENTS, OPTION)

    ran.assert_outcomes(passed=1)
    ran.stdout.no_fnmatch_line("*pages of rotation contracts*")
    assert not (pytester.path / "pages").exists()


@pytest.mark.slow
@pytest.mark.parametrize("place", ["pages", "pages/below"])
def test_a_file_in_place_of_the_folder_is_one_error(check, pytester, place):
    (pytester.path / "pages").write_text("")
    ran = check(f"--fake-secrets-contract-html={place}")

    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines("ERROR: *fake*secrets*contract*html*pages*")
    ran.stdout.no_fnmatch_line("*Traceback*")


def test_a_folder_that_cannot_be_written_at_the_end_is_an_error_of_the_run(check, pytester):
    spoil = "\n    def test_other(self):\n        open('pages', 'w').close()\n"
    ran = check(OPTION, "-k", "test_plain or test_other", source=CONTRACT + spoil, function=GOOD)

    ran.assert_outcomes(passed=2)
    ran.stdout.fnmatch_lines("ERROR: the pages of rotation contracts weren't written: *")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.slow
def test_a_later_run_replaces_the_page_of_the_same_class(check, pages):
    check(OPTION, "-k", "test_plain")
    before = pages()
    check(OPTION, "-k", "test_repeats")

    assert pages().keys() == before.keys()
    assert pages() != before


@pytest.mark.slow
def test_no_page_has_a_secret_value(check, pages):
    check(OPTION, "-k", "test_repeats")

    assert not [page for page in pages().values() if "the-old-password" in page]


@pytest.mark.slow
def test_the_last_run_of_a_test_that_is_run_again_counts(check, pages, pytester):
    pytester.makeconftest(
        """
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            runtestprotocol(item, nextitem=nextitem)
            item._initrequest()
            runtestprotocol(item, nextitem=nextitem)
            return True
        """
    )
    check(OPTION, source=CHECKS)

    assert len(pages()) == 1


@pytest.mark.slow
def test_a_contract_that_unittest_runs_has_a_page_too(check, pages):
    source = f"import unittest\n{CONTRACT}".replace("(RotationContract)", "(RotationContract, unittest.TestCase)")
    check(OPTION, "-k", "test_plain or test_repeats", source=source)

    ((name, page),) = pages().items()
    assert "TestRotation" in name
    assert "create-not-repeatable" in page


@pytest.mark.slow
def test_a_test_of_the_contract_that_checks_by_itself_has_a_page_beside_that_of_the_class(check, pages):
    more = "\n    def test_more(self):\n        check_rotation(lambda_handler, secret='x', only='plain')\n"
    source = CONTRACT.replace("import RotationContract", "import RotationContract, check_rotation") + more
    check(OPTION, "-k", "test_plain or test_more", source=source)

    assert len(pages()) == 2
