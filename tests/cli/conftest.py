"""The folder that the tests of `fake-secrets check` work in."""

import pytest
from cli import rotation_folder

from fake_secrets.cli.main import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A user's folder, which is the current one."""
    rotation_folder.fill(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    rotation_folder.forget()
    yield tmp_path
    rotation_folder.forget()


@pytest.fixture
def check(folder, capsys):
    """Runs the command in this process, and returns its exit status, output and errors."""

    def check(*arguments, function="rotation:lambda_handler", secret="@secret.json", service="doubles:Database"):
        given = ["check", function, "--secret", secret, *(["--service", service] if service else []), *arguments]
        try:
            status = main(given)
        except SystemExit as exited:
            status = exited.code
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return check
