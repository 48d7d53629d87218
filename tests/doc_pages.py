"""Runs the code blocks of a page of the documentation, as a reader would who pastes them into one folder.

What becomes of a block:

- python that begins with `# name.py` is that file, and so is yaml that begins with `# name.yaml`. A page that
  shows a file a second time says so with a comment, `% replaces: name.py`;
- python that defines tests is a test module of its own;
- other python is the body of a test that has the fixtures `fake_secrets` and `secretsmanager`, a secret
  prod/db and the rotation function of `how-to/index.md`;
- ini and toml configure pytest, and json only has to be JSON;
- console is commands and their output, run where the block stands;
- text is output of the page's tests, which run at the end, once;
- bash and sh are commands of the README, which `test_readme.py` and `test_readme_pictures.py` look after.

A comment `% needs: module` names a package that the page's tests can't do without. `% uses: examples/app.py` puts
a file of this repository into the reader's folder.
"""

import ast
import difflib
import json
import os
import re
import shlex
import shutil
import sys
import textwrap
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from sybil import Document
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer
from sybil.parsers.myst.lexers import DirectiveInPercentCommentLexer

from fake_secrets import RotationContract

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
README = ROOT / "README.md"
SHARED_FILES = DOCS / "how-to" / "index.md"

LANGUAGES = {"python", "yaml", "ini", "toml", "json", "console", "text", "bash", "sh"}
SUFFIXES = {"python": "py", "yaml": "yaml"}
COMMANDS = {
    "pytest": [sys.executable, "-m", "pytest"],
    "python": [sys.executable],
    "fake-secrets": [sys.executable, "-m", "fake_secrets"],
}
CONFIGURATION = {"ini": "pytest.ini", "toml": "pyproject.toml"}

_BODY = """\
from rotation import lambda_handler


def test_example(fake_secrets, secretsmanager):
    db = fake_secrets.add("prod/db", {{"username": "app", "password": "old"}})
{body}
"""
_DURATION = re.compile(r"in \d+\.\d+s")


class PageError(AssertionError):
    """A page that doesn't do what it says."""


@dataclass(frozen=True)
class Block:
    language: str
    source: str
    line: int

    @property
    def file_name(self):
        """The file that a block says it is, or None."""
        named = re.match(r"# (\w+\.(\w+))\n", self.source)
        return named[1] if named is not None and named[2] == SUFFIXES.get(self.language) else None


@dataclass(frozen=True)
class Page:
    path: Path
    blocks: list[Block]
    replaced: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    uses: list[str] = field(default_factory=list)

    def fail(self, why, block=None):
        where = self.path.name if block is None else f"{self.path.name}, line {block.line}"
        msg = f"{where}: {why}"
        raise PageError(msg)

    def lacks(self):
        """The packages that the page needs and that aren't installed."""
        return [name for name in self.needs if find_spec(name) is None]


def pages():
    return [README, *sorted(DOCS.rglob("*.md"))]


def read(path):
    """Find the blocks of a page, and what its comments say."""
    document = Document.parse(
        str(path),
        FencedCodeBlockLexer(r"[^\s{].*"),
        DirectiveInPercentCommentLexer(r"replaces|needs|uses", r"\S+"),
    )
    page = Page(path, [])
    named = {"replaces": page.replaced, "needs": page.needs, "uses": page.uses}
    for example in document:
        found = example.region.lexemes
        if "language" in found:
            page.blocks.append(Block(found["language"], str(found["source"]), example.line))
        else:
            named[found["directive"]].append(found["arguments"])
    return page


def run(page, pytester, monkeypatch):
    """Write a page's files, run its commands and tests, and compare what they print.

    Raises:
        PageError: it doesn't come out as the page says.
    """
    # The plugins that a reader has who has installed what the page needs.
    plugins = ["fake_secrets", *(["asyncio"] if "pytest_asyncio" in page.needs else [])]
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(f"-p {name}" for name in plugins))
    monkeypatch.setenv("COLUMNS", "80")
    # In CI, pytest doesn't shorten the lines of its summary.
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    # Programs that a command starts are those of this environment.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    folder = Folder(page, pytester)
    for block in page.blocks:
        if block.language not in LANGUAGES or (block.language in {"bash", "sh"} and page.path.name != "README.md"):
            page.fail(f"nothing is known of blocks of {block.language!r}", block)
        elif block.language == "python":
            folder.add_python(block)
        elif block.language == "yaml":
            folder.add_yaml(block)
        elif block.language == "json":
            json.loads(block.source)
        elif block.language in CONFIGURATION:
            folder.write(block, CONFIGURATION[block.language], block.source)
        elif block.language == "console":
            run_console(page, block, folder)
    folder.check_replaced()
    printed = folder.run_tests()
    for block in page.blocks:
        if block.language == "text" and block.source not in printed:
            page.fail(f"the tests don't print this, but:\n{difference(block.source, printed)}", block)


class Folder:
    """The folder that a page's blocks are pasted into."""

    def __init__(self, page, pytester):
        self.page = page
        self.pytester = pytester
        self.written = {}
        self.to_be_replaced = list(page.replaced)
        if page.path != SHARED_FILES and DOCS in page.path.parents:
            for block in read(SHARED_FILES).blocks:
                if block.file_name:
                    (pytester.path / block.file_name).write_text(block.source)
        for name in page.uses:
            shutil.copy(ROOT / name, pytester.path)

    def add_yaml(self, block):
        if block.file_name is None:
            self.page.fail("a yaml block begins with `# name.yaml`", block)
        self.write(block, block.file_name, block.source)

    def add_python(self, block):
        name = block.file_name
        source = block.source
        if name is None:
            name = f"test_block_at_line_{block.line}.py"
            if not tests_in(source):
                source = _BODY.format(body=textwrap.indent(source, " " * 4))
        self.write(block, name, source)

    def write(self, block, name, source):
        if name in self.written:
            if name not in self.to_be_replaced:
                self.page.fail(f"{name} is shown twice, without `% replaces: {name}`", block)
            self.to_be_replaced.remove(name)
        self.written[name] = source
        (self.pytester.path / name).write_text(source)

    def check_replaced(self):
        if self.to_be_replaced:
            self.page.fail(f"it says that it replaces {self.to_be_replaced}, and doesn't")

    def run_tests(self):
        expected = sum(tests_in(source) for name, source in self.written.items() if name.startswith("test_"))
        if not expected:
            return ""
        ran = self.pytester.runpytest_subprocess("-s")
        printed = f"{ran.stdout.str()}\n"
        outcomes = ran.parseoutcomes()
        # A test that is meant to fail is shown as a strict xfail.
        if outcomes.keys() - {"passed", "xfailed"} or sum(outcomes.values()) != expected:
            self.page.fail(f"it has {expected} tests, of which {outcomes}:\n{printed}")
        return printed


def tests_in(source):
    """Count the tests that a module defines, with those that its contracts inherit."""
    body = ast.parse(source).body
    classes = [node for node in body if isinstance(node, ast.ClassDef)]
    methods = [inner for node in classes for inner in node.body]
    functions = [node for node in [*body, *methods] if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    tested = [node for node in classes if node.name.startswith("Test")]
    contracts = [node for node in tested if "RotationContract" in map(ast.unparse, node.bases)]
    return sum(function.name.startswith("test_") for function in functions) + sum(map(inherited_by, contracts))


def inherited_by(contract):
    """Count the tests that a contract inherits. Two of them it has only if it states what they are about."""
    assignments = [node for node in contract.body if isinstance(node, ast.Assign)]
    stated = {ast.unparse(target) for node in assignments for target in node.targets}
    inherited = {name for name in dir(RotationContract) if name.startswith("test_")}
    return len(inherited - {f"test_{name}" for name in ("allow", "consumers") if name not in stated})


def run_console(page, block, folder):
    parts = re.split(r"^\$ (.*)\n", block.source, flags=re.MULTILINE)
    if parts[0] or not parts[1:]:
        page.fail("a console block begins with `$ command`", block)
    for command, expected in zip(parts[1::2], parts[2::2], strict=True):
        program, *arguments = shlex.split(command)
        if program not in COMMANDS:
            page.fail(f"{program!r} is none of {sorted(COMMANDS)}", block)
        ran = folder.pytester.run(*COMMANDS[program], *arguments)
        printed = "".join(f"{line.rstrip()}\n" for line in [*ran.outlines, *ran.errlines]).strip(os.linesep)
        printed += "\n" if printed else ""
        if not re.fullmatch(pattern_of(expected.strip(os.linesep)), _DURATION.sub("in 0.00s", printed)):
            page.fail(f"$ {command} prints something else:\n{difference(expected, printed)}", block)


def difference(expected, printed):
    """Return a diff of what a page shows and the part of the output that is most like it; or the whole output."""
    shown, lines = (
        _DURATION.sub("in 0.00s", expected).splitlines(),
        _DURATION.sub("in 0.00s", printed).splitlines(),
    )
    for at, line in enumerate(shown):
        if "..." in line and line != "...":
            alike = [one for one in lines if re.fullmatch(pattern_of(line), f"{one}\n")]
            shown[at] = alike[0] if alike else line
    *same, _ = difflib.SequenceMatcher(None, shown, lines, autojunk=False).get_matching_blocks()
    if same:
        first, last = same[0], same[-1]
        lines = lines[max(0, first.b - first.a) : last.b + len(shown) - last.a]
    return "\n".join(list(difflib.unified_diff(shown, lines, lineterm=""))[2:]) or printed


def pattern_of(expected):
    """Return a regular expression of output in which `...` stands for anything: lines, or a part of one."""
    lines = []
    for line in _DURATION.sub("in 0.00s", expected).splitlines():
        parts = [re.escape(part) for part in line.split("...")]
        lines.append(r"(?:.*\n)*?" if line == "..." else f"{'.*'.join(parts)}\n")
    return "".join(lines)
