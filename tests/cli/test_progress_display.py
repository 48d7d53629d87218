"""The progress of a check on a terminal, and elsewhere."""

import io
import os
import struct
import subprocess
import sys

import pytest
from cli import rotation_folder

from fake_secrets.cli.progress_display import display_on
from fake_secrets.contract.progress import Progress

fcntl, pty, termios = (pytest.importorskip(name) for name in ("fcntl", "pty", "termios"))

BEGIN, END = "\r", "\x1b[K"


@pytest.fixture
def folder(tmp_path):
    rotation_folder.fill(tmp_path)
    return tmp_path


def shown_on_terminal(folder, columns=80, **environment):
    """Run a part of a check with a terminal for stderr, and return what it writes there, and the status."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    arguments = [*rotation_folder.CHECK, "--only", "repeats", "--only", "setSecret.kill-at-end"]
    variables = {**os.environ, "TERM": "xterm", "PYTHONIOENCODING": "utf-8", "NO_COLOR": "", **environment}
    with subprocess.Popen(
        [sys.executable, "-m", "fake_secrets", *arguments],
        cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=terminal,
    ) as process:  # fmt: skip
        os.close(terminal)
        pieces = []
        while piece := read(controller):
            pieces.append(piece)
        out = process.stdout.read().decode()
    os.close(controller)
    return b"".join(pieces).decode().replace("\r\n", "\n"), out, process.returncode


def read(controller):
    try:
        return os.read(controller, 65_536)
    except OSError:
        # The other end is closed.
        return b""


def drawings(shown):
    return [part.removesuffix(END) for part in shown.split(BEGIN)[1:]]


@pytest.mark.slow
def test_a_bar_names_family_and_scenario_and_is_cleared_at_the_end(folder):
    shown, out, status = shown_on_terminal(folder)

    drawn = drawings(shown)
    assert drawn[0] == "plain  three undisturbed rotations"
    assert drawn[1] == f"{'░' * 24} 0/8  repeats  createSecret.twice"
    assert drawn[-2] == f"{'█' * 21}{'░' * 3} 7/8  kills  setSecret.kill-at-end"
    assert drawn[-1] == ""
    assert shown.endswith(BEGIN + END)
    assert "\n" not in shown
    assert (status, "keeps the contract" in out, "\x1b" in out) == (0, True, False)


@pytest.mark.slow
def test_the_bar_fits_into_the_width_of_the_terminal(folder):
    drawn = drawings(shown_on_terminal(folder, columns=30)[0])

    assert max(map(len, drawn)) == 29


@pytest.mark.slow
def test_nothing_is_erased_before_it_is_replaced(folder):
    shown, _, _ = shown_on_terminal(folder)

    assert all(part.endswith(END) and part.count(END) == 1 for part in shown.split(BEGIN)[1:])


@pytest.mark.slow
def test_a_terminal_that_cannot_move_its_cursor_gets_lines(folder):
    shown, _, _ = shown_on_terminal(folder, TERM="dumb")

    assert shown == "repeats: 7 scenarios\nkills: 1 scenario\n"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def __init__(self, encoding="utf-8"):
        super().__init__()
        self._encoding = encoding

    encoding = property(lambda self: self._encoding)

    def isatty(self):
        return True


def test_a_terminal_without_such_characters_gets_others(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal("ascii")
    display_on(stream).show(Progress("kills", "setSecret.kill-at-end", 1, 2, 2))

    assert drawings(stream.getvalue()) == [f"[{'#' * 12}{'.' * 12}] 1/2  kills  setSecret.kill-at-end"]


def test_scenarios_that_follow_at_once_are_not_drawn(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    display = display_on(stream)
    for number in range(1000):
        display.show(Progress("kills", f"setSecret.kill-after-{number}", number, 1000, 1000))

    assert 1 <= len(drawings(stream.getvalue())) < 500


def test_no_bar_is_drawn_into_the_output_of_the_function(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    display_on(stream, has_bar=False).show(Progress("kills", "setSecret.kill-at-end", 1, 2, 2))

    assert stream.getvalue() == "kills: 2 scenarios\n"


def test_closing_what_has_shown_nothing_writes_nothing(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    display_on(stream).close()

    assert stream.getvalue() == ""


def test_a_family_without_a_terminal_is_one_line():
    stream = io.StringIO()
    display = display_on(stream)
    display.show(Progress("plain", "plain.three-times"))
    for number, family in enumerate(["plain", "kills", "kills"]):
        display.show(Progress(family, f"{family}.{number}", number, 3, 1 + (family == "kills")))
    display.close()

    assert stream.getvalue() == "plain: 1 scenario\nkills: 2 scenarios\n"
