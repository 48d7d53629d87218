"""The command line."""

import subprocess
import sys

import pytest

from fake_secrets import __version__
from fake_secrets.cli.main import main
from fake_secrets.service.rules import stages

ARN = "arn:aws:secretsmanager:us-west-2:123456789012:secret:MyTestSecret-a1b2c3"
FIRST = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"
SECOND = "a1b2c3d4-5678-90ab-cdef-EXAMPLE22222"
THIRD = "a1b2c3d4-5678-90ab-cdef-EXAMPLE33333"


@pytest.fixture(scope="module")
def demo():
    ran = subprocess.run(
        [sys.executable, "-m", "fake_secrets", "demo"], capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    return ran


def listings(output):
    """Return the version listings of the demo: lists of (version id, labels)."""
    blocks = output.split("$ aws secretsmanager list-secret-version-ids --secret-id MyTestSecret\n")[1:]
    return [
        {tuple(line.split(maxsplit=1)) for line in block.split("  as on AWS")[0].splitlines()} for block in blocks
    ]


def test_the_demo_ends_with_success(demo):
    assert (demo.returncode, demo.stdout.splitlines()[-1]) == (0, "Every state is as on AWS.")


def test_the_demo_runs_the_three_examples_and_a_rotation(demo):
    assert listings(demo.stdout) == [
        {(FIRST, "AWSCURRENT"), (SECOND, "AWSPREVIOUS")},
        {(FIRST, "AWSPREVIOUS"), (SECOND, "AWSCURRENT")},
        {(FIRST, "AWSPREVIOUS, STAGINGLABEL1"), (SECOND, "AWSCURRENT")},
        {(FIRST, "AWSPREVIOUS"), (SECOND, "AWSCURRENT")},
        {(SECOND, "AWSPREVIOUS"), (THIRD, "AWSCURRENT, AWSPENDING")},
    ]


@pytest.mark.slow
def test_the_demo_shows_the_arn_of_the_aws_documentation(demo):
    assert demo.stdout.count(f"  ARN: {ARN}\n  Name: MyTestSecret\n") == 4


def test_the_demo_prints_the_timeline(demo):
    assert "\n13  finishSecret: UpdateSecretVersionStage  AWSPREVIOUS  -\n" in demo.stdout
    assert "\n13  finishSecret: UpdateSecretVersionStage  AWSCURRENT AWSPENDING\n" in demo.stdout


@pytest.mark.slow
def test_the_demo_shows_no_secret_value(demo):
    assert "current value" not in demo.stdout


def test_the_demo_fails_if_a_state_is_wrong(monkeypatch, capsys):
    move = stages.move
    monkeypatch.setattr(stages, "move", lambda *args, **quota: {**move(*args, **quota), "SURPLUS": FIRST})
    assert main(["demo"]) == 1
    assert capsys.readouterr().out.endswith("Some states are not as on AWS.\n")


@pytest.mark.slow
def test_the_demo_fails_if_the_rotation_fails(monkeypatch, capsys):
    monkeypatch.setattr("fake_secrets.service.operations.rotation_progress.end_attempt", lambda *_, **__: False)
    assert main(["demo"]) == 1


def test_the_version_option_prints_the_version(capsys):
    with pytest.raises(SystemExit) as exited:
        main(["--version"])
    assert (exited.value.code, capsys.readouterr().out) == (0, f"fake-secrets {__version__}\n")


def test_help_does_not_import_botocore():
    program = (
        "import sys; from fake_secrets.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: assert 'botocore' not in sys.modules\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "run the AWS CLI's examples" in ran.stdout


def test_a_missing_command_is_an_error(capsys):
    with pytest.raises(SystemExit) as exited:
        main([])
    assert exited.value.code == 2
