"""Every code block of the documentation, run as a reader would."""

import dataclasses
import re
import runpy

import pytest

pytest.importorskip("sybil", reason="the documentation is tested where Sybil is installed")

import doc_pages
from doc_pages import DOCS, README, PageError

from fake_secrets.contract import services
from fake_secrets.contract.families import family_of
from fake_secrets.service.dispatch import OPERATIONS
from fake_secrets.service.state.quotas import Quotas

PAGES = doc_pages.pages()
# A page starts Python several times. The README stands for the others in a plain run.
PLAYED = [pytest.param(path, marks=() if path == README else pytest.mark.slow) for path in PAGES]
# Before any test has taken one out and put it back, which moves it to the end.
IN_ORDER = list(OPERATIONS)
LINK = re.compile(r"\]\(([^)\s]+)\)")
TOCTREE = re.compile(r"^```\{toctree\}\n(?::[^\n]*\n)*(.*?)^```", re.MULTILINE | re.DOTALL)


def id_of(path):
    return path.name if path == README else path.relative_to(DOCS).as_posix()


@pytest.mark.parametrize("path", PLAYED, ids=id_of)
def test_a_page_does_what_it_says(path, pytester, monkeypatch):
    page = doc_pages.read(path)
    if page.lacks():
        pytest.skip(f"it needs {', '.join(page.lacks())}")
    doc_pages.run(page, pytester, monkeypatch)


@pytest.mark.parametrize("path", PAGES, ids=id_of)
def test_no_block_is_left_out(path):
    fences = re.findall(r"^ *```([^\n]*)$", path.read_text(), re.MULTILINE)
    opening = [language for language in fences[::2] if not language.startswith("{")]
    assert [block.language for block in doc_pages.read(path).blocks] == opening
    assert set(fences[1::2]) <= {""}


@pytest.mark.parametrize("path", PAGES, ids=id_of)
def test_relative_links_lead_somewhere(path):
    targets = [link.partition("#")[0] for link in LINK.findall(path.read_text()) if "://" not in link]
    assert [target for target in targets if target and not (path.parent / target).is_file()] == []


def test_every_page_is_in_a_table_of_contents():
    reached, ahead = set(), [DOCS / "index.md"]
    while ahead:
        path = ahead.pop()
        reached.add(path)
        for entries in TOCTREE.findall(path.read_text()):
            ahead += [path.parent / f"{entry.split('<')[-1].rstrip('>')}.md" for entry in entries.split()]
    assert reached == {path for path in PAGES if path != README}


def test_the_list_of_operations_has_each_of_them():
    page = (DOCS / "reference" / "operations.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (\w+) \| ", page, re.MULTILINE)[1:]
    lacking, odd = [name for name in OPERATIONS if name not in listed], set(listed) - OPERATIONS.keys()
    assert not lacking, f"add a row for {' and '.join(lacking)} to docs/reference/operations.md"
    assert not odd, f"remove the row of {' and '.join(odd)} from docs/reference/operations.md"
    assert listed == IN_ORDER, "sort docs/reference/operations.md as OPERATIONS is"


@pytest.mark.parametrize("page", ["README.md", "docs/reference/operations.md", "docs/explanation/faithful.md"])
def test_the_number_of_operations_is_right(page):
    said = re.findall(r"\ball (\d+) operations", (README.parent / page).read_text(encoding="utf-8"), re.IGNORECASE)
    assert set(said) == {str(len(OPERATIONS))}, f"{page} says that there are {said} operations"


def test_the_quotas_have_the_numbers_of_their_page():
    page = (DOCS / "reference" / "quotas.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \| ([\d,]+) \|$", page, re.MULTILINE)
    numbers = {name: int(number.replace(",", "")) for name, number in listed}
    assert numbers == dataclasses.asdict(Quotas()), "write the numbers of Quotas into docs/reference/quotas.md"


def test_the_picture_of_a_timeline_is_what_the_code_beside_it_draws():
    script = runpy.run_path(str(DOCS / "draw_timeline.py"))
    assert script["PICTURE"].read_text(encoding="utf-8") == script["draw"](), "run python docs/draw_timeline.py"


@pytest.mark.slow
def test_the_report_on_its_page_is_what_the_code_beside_it_finds():
    script = runpy.run_path(str(DOCS / "draw_report.py"))
    assert script["REPORT"].read_text(encoding="utf-8") == script["draw"](), "run python docs/draw_report.py"


@pytest.mark.slow
def test_the_tables_of_the_gallery_list_what_is_in_it():
    script = runpy.run_path(str(DOCS / "list_gallery.py"))
    scenarios = script["on_page"]()
    assert script["PAGE"].read_text(encoding="utf-8") == script["page"](scenarios), (
        "run python docs/list_gallery.py"
    )
    assert scenarios.keys() == {name for name, _ in script["exhibits"]("faulty")}
    assert [scenario for scenario in scenarios.values() if family_of(scenario) is None] == []


def test_the_lists_of_violations_are_those_of_the_catalogue():
    script = runpy.run_path(str(DOCS / "list_violations.py"))
    assert script["PAGE"].read_text(encoding="utf-8") == script["page"](), "run python docs/list_violations.py"


def test_each_ready_double_is_in_the_table_of_its_guide_and_described_there():
    guide = (DOCS / "how-to" / "ready-doubles.md").read_text(encoding="utf-8")
    doubles = {name for name in services.__all__ if issubclass(getattr(services, name), services.ServiceDouble)}
    ready = doubles - {"ServiceDouble"}
    listed = set(re.findall(r"^\| `(\w+)` \| ", guide, re.MULTILINE))
    assert listed == ready, (
        "the table of docs/how-to/ready-doubles.md has the doubles of fake_secrets.contract.services"
    )
    described = set(re.findall(r"autoclass:: fake_secrets\.contract\.services\.(\w+)", guide))
    assert described >= ready, (
        f"add an autoclass of {', '.join(ready - described)} to docs/how-to/ready-doubles.md"
    )


@pytest.mark.slow
def test_the_table_of_permissions_is_what_rotations_show():
    script = runpy.run_path(str(DOCS / "list_permissions.py"))
    assert script["PAGE"].read_text(encoding="utf-8") == script["page"](), "run python docs/list_permissions.py"


class TestTheTester:
    """A page that doesn't do what it says is found."""

    @pytest.fixture
    def run(self, pytester, monkeypatch, tmp_path):
        def run(text):
            path = tmp_path / "page.md"
            path.write_text(text)
            doc_pages.run(doc_pages.read(path), pytester, monkeypatch)

        return run

    @pytest.mark.slow
    def test_a_page_that_is_right_passes(self, run):
        run(
            "```ini\n[pytest]\nfake_secrets_guard = error\n```\n\n"
            "```python\n# numbers_of_mine.py\none = 1\n```\n\n"
            '```console\n$ python -c \'print("a", "b")\'\na ...\n```\n\n'
            "% uses: LICENSE\n\n```yaml\n# words.yaml\na: 1\n```\n\n"
            "```python\nimport numbers_of_mine\n\ndef test_it():\n    print('it is', numbers_of_mine.one)\n"
            "    assert open('LICENSE').read() and open('words.yaml').read()\n```\n\n"
            "```text\nit is 1\n```\n"
        )

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            (
                "```python\ndef test_it():\n    assert False\n```\n",
                "page.md: it has 1 tests, of which {'failed': 1}",
            ),
            ("```python\nassert False\n```\n", "page.md: it has 1 tests"),
            ("```python\nclass Test:\n    def test_it(self, absent):\n        pass\n```\n", "{'errors': 1}"),
            (
                "```python\nimport pytest\n\n@pytest.mark.skip\ndef test_it():\n    pass\n```\n",
                "page.md: it has 1 tests, of which {'skipped': 1}",
            ),
            ("```ruby\nputs 1\n```\n", "page.md, line 1: nothing is known of blocks of 'ruby'"),
            ("```bash\nls\n```\n", "nothing is known of blocks of 'bash'"),
            ("```text\nabsent\n```\n", "the tests don't print this, but:\n@@ -1 +0,0 @@\n-absent"),
            (
                "```console\n$ python -c 'print(1)'\n2\n```\n",
                "$ python -c 'print(1)' prints something else:\n@@ -1 +1 @@\n-2\n+1",
            ),
            (
                "```console\n$ python -c 'print(1)'\n1\n2\n```\n",
                "$ python -c 'print(1)' prints something else:\n@@ -1,2 +1 @@\n 1\n-2",
            ),
            ("```console\n$ rm -r .\n```\n", "'rm' is none of"),
            ("```console\npytest\n```\n", "a console block begins with"),
            ("```python\n# a.py\n```\n\n```python\n# a.py\nb = 1\n```\n", "a.py is shown twice"),
            ("```yaml\na: 1\n```\n", "a yaml block begins with `# name.yaml`"),
            ("% replaces: a.py\n\n```python\n# a.py\n```\n", "says that it replaces ['a.py'], and doesn't"),
        ],
    )
    def test_a_page_that_is_wrong_fails(self, run, text, complaint):
        with pytest.raises(PageError, match=re.escape(complaint)):
            run(text)

    def test_a_complaint_shows_the_lines_that_differ_and_not_the_whole_output(self):
        printed = "".join(f"line {number} in 0.12s\n" for number in range(100))
        shown = "line 40 ...\nline 41 in 3.45s\nno line\nline 43 in 3.45s\n"
        assert doc_pages.difference(shown, printed) == (
            "@@ -1,4 +1,4 @@\n line 40 in 0.00s\n line 41 in 0.00s\n-no line\n+line 42 in 0.00s\n line 43 in 0.00s"
        )

    def test_a_page_whose_packages_are_missing_says_which(self, tmp_path):
        (tmp_path / "page.md").write_text("% needs: json\n\n% needs: no_such_package\n")
        assert doc_pages.read(tmp_path / "page.md").lacks() == ["no_such_package"]
