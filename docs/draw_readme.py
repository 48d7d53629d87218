"""Draws the pictures in README.md, by the commands above them: `python docs/draw_readme.py`."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
EXAMPLES = ROOT / "examples"

# A block of commands, and the picture of what they print.
_PICTURE = re.compile(r"^```sh\n([^`]*)```\n\n!\[(.*)\]\((.*\.svg)\)$", re.MULTILINE)
_PROGRAMS = {"fake-secrets": ["-m", "fake_secrets"], "pytest": ["-m", "pytest"]}
# What would let another Python, region, width or configuration of pytest show through.
_FOREIGN = re.compile(r"AWS_.*|BUILD_NUMBER|CI|COLUMNS|COVERAGE_.*|FAKE_SECRETS_.*|FORCE_COLOR|PYTEST_.*")
_PASSED, _FOUND_SOMETHING = 0, 1

_COLUMNS = 104
_WIDTH, _HEIGHT, _MARGIN = 7.8, 17, 18
_STYLE = (
    "text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; "
    "fill: #e6edf3; white-space: pre } .command { fill: #79c0ff; font-weight: 600 } "
    ".bad { fill: #ffa198 } .good { fill: #7ee787 } .label { fill: #d2a8ff }"
)
# What a reader should see first. The words say it, too.
_MARKED = {
    "bad": r"set-not-repeatable|killed|PermissionError|FunctionCrash|RotationFailed",
    "good": r"Usual cause:|Mend:|Replay:|RotationSucceeded|\d+ passed",
    "label": r"AWSCURRENT",
}
_MARKS = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _MARKED.items()))
_SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Picture:
    """A picture in the README.

    Args:
        commands: the block of commands above it.
        title: its alternative text.
        path: the file.
    """

    commands: str
    title: str
    path: Path

    def drawn(self, text: str) -> str:
        """Return the picture of a text."""
        return "".join(f"{line}\n" for line in _svg(self.title, text))

    def shown(self) -> str:
        """Return the text that the committed picture shows."""
        rows = ElementTree.parse(self.path).iter(f"{_SVG}text")  # noqa: S314 -- we have drawn it
        text = "".join(("" if row.get("class") == "wrapped" else "\n") + "".join(row.itertext()) for row in rows)
        return f"{text[1:]}\n"

    def printed(self) -> str:
        """Return each command with what it prints, as a terminal shows them."""
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(EXAMPLES, folder, dirs_exist_ok=True)
            # A backslash at the end of a line continues the command.
            commands = re.findall(r"(?:.*\\\n)*.+", self.commands)
            return "".join(_ran(command, folder) for command in commands)


def pictures() -> list[Picture]:
    """Return the pictures in the README."""
    found = _PICTURE.findall(README.read_text(encoding="utf-8"))
    return [Picture(commands, title, ROOT / path) for commands, title, path in found]


def _ran(command: str, folder: str) -> str:
    program, *arguments = shlex.split(command.replace("\\\n", ""))
    environment = {name: value for name, value in os.environ.items() if not _FOREIGN.fullmatch(name)}
    # Only the plugin that a reader has who has followed the README.
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "-p fake_secrets"}
    environment |= {"COLUMNS": "80", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    ran = subprocess.run(  # noqa: S603 -- it is a command of the README
        [sys.executable, *_PROGRAMS[program], *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    if ran.returncode not in {_PASSED, _FOUND_SOMETHING}:
        msg = f"{command} ends with the exit status {ran.returncode}"
        raise RuntimeError(msg)
    return f"$ {command}\n{ran.stdout.rstrip()}\n"


def _svg(title: str, text: str) -> Iterator[str]:
    rows = list(_rows(text))
    width, height = round(_COLUMNS * _WIDTH) + 2 * _MARGIN, len(rows) * _HEIGHT + 2 * _MARGIN
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title">'
    yield f'<title id="title">{escape(title)}</title>'
    yield f"<style>{_STYLE}</style>"
    yield f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>'
    for number, (kind, row) in enumerate(rows, 1):
        place = f'x="{_MARGIN}" y="{_MARGIN + number * _HEIGHT - 4}"'
        # So that columns stand below each other and fit, whichever font is there.
        length = f' textLength="{len(row) * _WIDTH:.1f}"' if row else ""
        yield f'<text class="{kind}" {place}{length} xml:space="preserve">{_marked(kind, row)}</text>'
    yield "</svg>"


def _rows(text: str) -> Iterator[tuple[str, str]]:
    """Yield what each row of a terminal is, which wraps long lines, and the row itself."""
    continued = False
    for line in text.splitlines():
        kind = "command" if continued or line.startswith("$ ") else "output"
        yield kind, line[:_COLUMNS]
        for start in range(_COLUMNS, len(line), _COLUMNS):
            yield "wrapped", line[start : start + _COLUMNS]
        continued = kind == "command" and line.endswith("\\")


def _marked(kind: str, row: str) -> str:
    if kind == "command":
        return escape(row)
    parts, end = [], 0
    for mark in _MARKS.finditer(row):
        parts += [escape(row[end : mark.start()]), f'<tspan class="{mark.lastgroup}">{escape(mark[0])}</tspan>']
        end = mark.end()
    return "".join([*parts, escape(row[end:])])


if __name__ == "__main__":
    for picture in pictures():
        picture.path.parent.mkdir(exist_ok=True)
        picture.path.write_text(picture.drawn(picture.printed()), encoding="utf-8", newline="\n")
