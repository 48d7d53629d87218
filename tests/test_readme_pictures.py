"""The pictures in the README show what the commands above them print."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = runpy.run_path(str(ROOT / "docs" / "draw_readme.py"))
PICTURES = {picture.path.stem: picture for picture in SCRIPT["pictures"]()}
README = (ROOT / "README.md").read_text(encoding="utf-8")


def without_durations(text):
    return re.sub(r" in \d+\.\d+s$", " in 0.00s", text, flags=re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_word_for_word_what_its_commands_print(name):
    printed = PICTURES[name].printed()
    assert without_durations(PICTURES[name].shown()) == without_durations(printed), (
        "run python docs/draw_readme.py"
    )


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_drawn_as_the_script_draws_it(name):
    picture = PICTURES[name]
    assert picture.path.read_text(encoding="utf-8") == picture.drawn(picture.shown())


def test_every_picture_and_every_block_of_commands_belongs_together():
    assert list(PICTURES) == ["check", "timeline", "policy"]
    assert len(re.findall(r"^!\[", README, re.MULTILINE)) == len(re.findall(r"^```sh$", README, re.MULTILINE)) == 3
    assert {path.stem for path in (ROOT / "docs" / "pictures").iterdir()} == set(PICTURES)


def test_a_reader_who_has_installed_it_can_enter_the_commands():
    # The README's first command installs what they need.
    (install,) = re.findall(r"^.*fake-secrets demo$", README, re.MULTILINE)
    assert {"boto3", "pytest"} <= set(install.split())
    assert "`source .venv/bin/activate && cd examples`" in README


def test_a_line_that_is_wider_than_the_terminal_is_wrapped_and_put_together_again(tmp_path):
    text = f"$ echo \\\n  'a'\n\n{'x<&>' * 60}\n  b c\n"
    picture = SCRIPT["Picture"]("", "Wide & high", tmp_path / "wide.svg")
    picture.path.write_text(picture.drawn(text), encoding="utf-8")
    assert picture.shown() == text
    assert picture.path.read_text(encoding="utf-8").count('class="wrapped"') == 2
