"""The page of a report, as somebody reads it."""

import dataclasses
import re

import pytest
from contract.faulty_reports import NASTY, SHOWN, faulty_report, nasty_report
from html_reading import Reading

from fake_secrets import ContractReport


@pytest.fixture(scope="module")
def report():
    return faulty_report()


@pytest.fixture(scope="module")
def page(report):
    return report.html()


@pytest.fixture(scope="module")
def reading(page):
    return Reading(page)


def table(reading, heading):
    return next(one for one in reading.tables if one[0][0] == heading)


def row(picture, name):
    return next(one[1:] for one in picture if one[0] == name)


def test_it_begins_with_the_result_and_the_counts(reading):
    text = " ".join(reading.text.split())
    assert text.startswith(
        "Rotation contract of rotation:lambda_handler Rotation contract of rotation:lambda_handler "
        "▲ The rotation function violates the contract."
    )
    assert "25 scenarios" in text
    assert "4 violations" in text
    assert "1 allowed" in text


def test_a_report_without_a_violation_says_so():
    page = ContractReport((), (), ("plain.three-times",), function="rotation:lambda_handler").html()
    assert "✓ The rotation function keeps the contract." in page
    assert "no violations" in page
    assert "<h2>Causes</h2>" not in page


def test_a_report_that_ran_out_of_time_is_no_success():
    page = ContractReport((), (), ("plain.three-times",), untried=("late.all-steps",)).html()
    assert "▲ No violation in 1 of 2 scenarios. There was no time for the others." in page


def test_the_table_of_causes_has_a_row_a_cause_with_its_line(reading, report):
    causes = [one for one in report.violations if one.allowed is None]
    head, *rows = table(reading, "no.")
    assert head == ["no.", "cause", "what is wrong", "line", "shown by"]
    assert rows == [
        [str(number), one.name, one.sentence, one.where or "", str(1 + len(one.others))]
        for number, one in enumerate(causes, 1)
    ]


def test_each_cause_in_the_table_leads_to_its_section(reading):
    links = [one["href"] for one in reading.all("a")]
    assert links == [f"#cause-{number}" for number in range(1, 5)]
    assert [one["id"] for one in reading.all("h3") if "id" in one] == [link[1:] for link in links]


def test_a_section_has_all_that_the_text_has(reading, report):
    for one in report.violations[:4]:
        for text in (one.sentence, one.scenario, one.title, one.source, one.cause, one.mend, one.replay):
            assert text in reading.text


def test_the_picture_has_the_steps_and_calls_as_columns(reading):
    pictures = [one for one in reading.tables if one[0][0] == "step and call"]
    assert len(pictures) == len(SHOWN)
    steps, calls = pictures[1][:2]
    assert steps == [
        "step and call",
        "before",
        "createSecretreturns",
        "createSecret, once more▲ raises ResourceExistsException",
    ]
    assert calls[0] == "1 DescribeSecret"
    assert len(calls) == len(row(pictures[1], "outcome")) - 1


def test_the_rows_of_the_picture_join_what_stays_the_same(reading):
    picture = [one for one in reading.tables if one[0][0] == "step and call"][1]
    assert row(picture, "AWSCURRENT") == ["old"]
    assert row(picture, "AWSPENDING") == ["new"]
    assert row(picture, "new") == ["empty", "stored"]
    # The first is that of the version.
    _, accepted = (one[1:] for one in picture if one[0] == "old")
    assert accepted == ["✓ accepted"]


def test_errors_and_deaths_are_marked_by_signs_and_words(reading):
    pictures = [one for one in reading.tables if one[0][0] == "step and call"]
    assert any("▲ killed" in cell for cell in pictures[0][0])
    assert any("◇ killed after it" in cell for cell in row(pictures[0], "outcome"))
    assert row(pictures[1], "outcome")[-1] == "▲ ResourceExistsException"


def test_the_call_at_the_line_of_the_cause_is_marked(reading, report):
    pictures = [one for one in reading.tables if one[0][0] == "step and call"]
    marked = [cell for cell in row(pictures[1], "line") if cell.startswith("►")]
    assert marked == [f"► {report.violations[1].where}"]


def test_many_other_scenarios_are_folded_and_few_are_not(page):
    assert page.count("<details>") == 2
    assert "<summary>20 other scenarios</summary>" in page


def test_allowed_ones_notes_and_what_was_left_out_follow(reading, page):
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings == ["Causes", "Allowed", "Notes", "Left out", "Families of scenarios"]
    assert "Allowed: the service is rebuilt at night" in reading.text
    assert "the double has no method drop" in reading.text
    assert "allow names 'untested-value', which wasn't found. Remove it." in reading.text


def test_the_families_have_the_numbers_of_their_scenarios(reading):
    assert table(reading, "family") == [
        ["family", "scenarios", "with a violation"],
        ["plain", "1", "1"],
        ["repeats", "2", "1"],
        ["errors", "20", "20"],
        ["kills", "1", "1"],
        ["meanwhile", "1", "1"],
    ]


def test_every_heading_of_a_table_has_a_scope(reading):
    assert {one.get("scope") for one in reading.all("th")} == {"col", "colgroup", "row", "rowgroup"}
    assert len(reading.all("caption")) == len(reading.tables)


def test_the_cells_of_each_row_of_a_picture_fill_its_width(page):
    for picture in re.findall(r'<table class="steps">.*?</table>', page, re.DOTALL):
        lines = re.findall(r"<tr>.*?</tr>", picture, re.DOTALL)
        spans = [
            [re.findall(r'colspan="(\d+)"', cell) for cell in re.findall(r"<t[hd]\b[^>]*>", line)]
            for line in lines
        ]
        steps, calls, *others = (sum(int(found[0]) if found else 1 for found in line) for line in spans)
        assert {steps, *others} == {calls + 2}


def test_what_scrolls_can_be_reached_by_keyboard_and_has_a_name(reading):
    regions = [one for one in reading.all("div") if one.get("class") == "scroll"]
    assert {(one["role"], one["tabindex"]) for one in regions} == {("region", "0")}
    assert [one["aria-label"] for one in regions] == [
        "table of causes",
        *(f"picture of {scenario}" for scenario in SHOWN.values()),
        "table of families",
    ]


@pytest.mark.slow
def test_it_needs_no_network_and_no_script(page, reading):
    tags = {tag for tag, _ in reading.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    attributes = {name for _, some in reading.elements for name in some}
    assert not {name for name in attributes if name.startswith("on")} | (attributes & {"src"})
    assert not re.search(r"url\(|@import|https?:", page)


@pytest.mark.slow
def test_everything_is_escaped(tmp_path):
    nasty = nasty_report()
    nasty.write_html(tmp_path / "page.html")
    for page in ((tmp_path / "page.html").read_text(encoding="utf-8"), nasty._repr_html_()):
        reading = Reading(page)
        assert not {"script"} & {tag for tag, _ in reading.elements}
        assert reading.text.count("<script>alert(1)</script>&\"' \\n\\x1b[31m\\u202e") > 20
        assert not set(NASTY) & {"\x1b", "\u202e", "\ud800"} & set(page)


def test_a_file_that_cannot_be_written_is_an_os_error(report, tmp_path):
    with pytest.raises(FileNotFoundError):
        report.write_html(tmp_path / "absent" / "page.html")


def test_two_pages_of_the_same_report_are_the_same(report, page):
    assert report.html() == page


def test_a_picture_that_lacks_its_first_calls_says_so(report):
    cause = report.violations[1]
    cut = dataclasses.replace(cause, picture=dataclasses.replace(cause.picture, left_out=3))
    assert "3 earlier calls left out." in dataclasses.replace(report, violations=(cut,)).html()


class TestNotebook:
    def test_a_report_shows_the_same_tables(self, report, reading):
        assert Reading(report._repr_html_()).tables == reading.tables

    @pytest.mark.slow
    def test_its_style_concerns_nothing_else(self, report):
        (style,) = re.findall(r"<style>(.*?)</style>", report._repr_html_(), re.DOTALL)
        selectors = re.findall(r"([^{}]+)\{", re.sub(r"@media [^{]+\{", "", style))
        assert selectors
        for selector in selectors:
            assert re.sub(r":is\(.*?\)", "", selector).strip().startswith(".fake-secrets-picture"), selector

    def test_it_is_no_page(self, report):
        tags = {tag for tag, _ in Reading(report._repr_html_()).elements}
        assert not tags & {"html", "head", "body", "main", "h1"}

    def test_two_reports_on_one_page_have_different_anchors(self, report):
        other = dataclasses.replace(report, scenarios=("plain.three-times",))
        ids = [
            one["id"]
            for fragment in (report, other)
            for _, one in Reading(fragment._repr_html_()).elements
            if "id" in one
        ]
        assert len(ids) == len(set(ids)) == 8
