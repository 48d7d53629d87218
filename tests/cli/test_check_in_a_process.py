"""`fake-secrets check` in a process of its own, as users run it."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
from xml.etree import ElementTree

import pytest
from cli import rotation_folder

from fake_secrets.contract.families import FAMILIES

pytestmark = pytest.mark.slow

COMMAND = ["check", "rotation:lambda_handler", "--secret", "@secret.json", "--service", "doubles:Database"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("user")
    rotation_folder.fill(folder)
    return folder


@pytest.fixture(scope="module")
def whole(folder):
    """A whole check of the function, with all files."""
    return run(folder, *COMMAND, "--html", "report.html", "--json", "report.json", "--junit", "report.xml")


def environment():
    return {**os.environ, "PYTHONIOENCODING": "utf-8"}


def run(folder, *arguments, program=(sys.executable, "-m", "fake_secrets")):
    return subprocess.run(
        [*program, *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_function_that_keeps_the_contract_ends_with_status_0(whole):
    assert whole.returncode == 0, whole.stderr
    assert "\nThe rotation function keeps the contract in " in whole.stdout


def test_without_a_terminal_the_progress_is_one_line_for_each_family(whole):
    shown = [line.partition(":")[0] for line in whole.stderr.splitlines()]

    assert shown == [family for family in FAMILIES if family in shown]
    assert f"plain: {rotation_folder.PLAIN} scenarios\n" in whole.stderr
    assert "\x1b" not in whole.stderr + whole.stdout


def test_no_file_and_no_stream_has_a_secret_value(whole, folder):
    texts = [
        whole.stdout,
        whole.stderr,
        *((folder / name).read_text() for name in ("report.html", "report.json", "report.xml")),
    ]

    assert not [text for text in texts if rotation_folder.SECRET["password"] in text]


def test_all_formats_tell_of_the_same_scenarios(whole, folder):
    report = json.loads((folder / "report.json").read_text())
    cases = ElementTree.parse(folder / "report.xml").iter("testcase")  # noqa: S314 -- our own

    ids = [one["id"] for one in report["scenarios"]]
    assert [case.get("name") for case in cases] == ids
    assert f"keeps the contract in {len(ids)} scenarios" in whole.stdout
    assert (folder / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_the_files_have_the_usual_permissions(whole, folder):
    assert (folder / "report.json").stat().st_mode == (folder / "secret.json").stat().st_mode
    assert not list(folder.glob(".*"))


def test_the_console_script_is_the_same_command(folder):
    script = shutil.which("fake-secrets", path=sysconfig.get_path("scripts"))
    if script is None:
        pytest.skip("the package isn't installed")
    ran = run(folder, *COMMAND, "--only", "plain", program=(script,))

    verdict = f"The rotation function keeps the contract in {rotation_folder.PLAIN} scenarios.\n"
    assert (ran.returncode, ran.stdout) == (0, verdict)


def test_a_reader_that_stops_reading_is_no_error(folder):
    command = [sys.executable, "-m", "fake_secrets", *COMMAND, "--only", "plain"]
    with subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.close()
        assert (process.stderr.read(), process.wait(60)) == (f"plain: {rotation_folder.PLAIN} scenarios\n", 0)


def test_ctrl_c_ends_with_status_130_and_writes_nothing(folder):
    source = rotation_folder.GOOD.replace(
        "    arn, token",
        "    import select\n    os.write(2, b'began\\n')\n    select.select([], [], [], 30)\n    arn, token",
    )
    (folder / "slow.py").write_text(source)
    arguments = ["check", "slow:lambda_handler", *COMMAND[2:], "--json", "interrupted.json"]
    with subprocess.Popen(
        [sys.executable, "-m", "fake_secrets", *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr.readline() == "began\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)

    assert (process.returncode, out, err) == (130, "", "fake-secrets check: interrupted.\n")
    assert not [path.name for path in folder.iterdir() if "interrupted" in path.name]


@pytest.mark.parametrize(
    ("redirection", "why"),
    [(">/dev/full", "No space left on device."), (">&-", "because the standard output is closed.")],
)
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")  # noqa: PTH110
def test_output_that_cannot_be_written_is_told_in_one_sentence(folder, redirection, why):
    command = " ".join(
        [shlex.quote(sys.executable), "-m", "fake_secrets", *COMMAND, "--only", "plain", redirection]
    )
    ran = run(folder, "-c", command, program=("sh",))

    assert ran.returncode == 2
    assert ran.stderr.splitlines()[-1].startswith("fake-secrets check: the output can't be written")
    assert ran.stderr.endswith(f"{why}\n")
    assert "Traceback" not in ran.stderr
