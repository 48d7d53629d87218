"""What `fake-secrets serve` can't do is told in one sentence, without secret values."""

import sys

import pytest

from fake_secrets.cli.main import main

FILES = {
    "broken.json": '{"a": "s3cr3t-value" ]',
    "twins.json": '{"a": "s3cr3t-value", "a": "s3cr3t-value"}',
    "list.json": '["s3cr3t-value"]',
    "number.json": '{"a": 815}',
    "binary.json": '{"a": {"SecretBinary": "s3cr3t-value"}}',
    "digits.json": f'{{"a": {"9" * 5000}}}',
    "name.json": '{"a b": "s3cr3t-value"}',
    "secrets.json": '{"prod/db": "s3cr3t-value"}',
    "tells_a_value.py": "raise ValueError('no key s3cr3t-value')\n",
    "unserved_rotation.py": "def lambda_handler(event, context): ...\n",
}


@pytest.fixture
def serve(tmp_path, monkeypatch, capsys):
    """Runs the command in a folder of its own, and returns its status, output and errors."""
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)

    def serve(*arguments):
        try:
            status = main(["serve", *arguments])
        except SystemExit as exited:
            status = exited.code
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    yield serve
    sys.modules.pop("unserved_rotation", None)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--seed", "absent.json"], "--seed absent.json can't be read: No such file or directory."),
        (
            ["--seed", "broken.json"],
            "--seed broken.json isn't JSON: Expecting ',' delimiter at line 1, column 22.",
        ),
        (["--seed", "twins.json"], "--seed twins.json has 'a' twice in one object."),
        (["--seed", "list.json"], "--seed list.json isn't a JSON object from secret name to value."),
        (["--seed", "number.json"], "--seed number.json: secret 'a' has a number for its value."),
        (["--seed", "binary.json"], "--seed binary.json: secret 'a' has a SecretBinary that isn't base64."),
        (["--seed", "name.json"], "'a b' can't be a secret's name."),
        (
            ["--function", "unserved_rotation"],
            "--function is written as --function prod/db=my_module:lambda_handler",
        ),
        (
            ["--function", "db=unserved_rotation:handler"],
            "has no 'handler'. It defines lambda_handler",
        ),
        (
            [
                "--function",
                "a=unserved_rotation:lambda_handler",
                "--function",
                "a=unserved_rotation:lambda_handler",
            ],
            "names 'a' twice.",
        ),
        (["--policy", "absent.json"], "--policy names 'absent.json', which is no file."),
        (["--policy", "app=absent.json"], "--policy names 'absent.json', which is no file."),
        (["--policy", "a b c/=secrets.json"], "--policy: 'a b c/' isn't a role's name"),
        (["--policy", "app=secrets.json"], "--policy: "),
        (["--host", "a" * 100], ": it is no host name."),
        (["--seed", "digits.json"], "--seed digits.json isn't JSON: a number in it is too long."),
        (["--host", "192.0.2.1"], "can't listen on 192.0.2.1: "),
        (["--region", "nowhere"], "nowhere"),
        (["--account-id", "12"], "'12'"),
        (["--state", "secrets.json"], "secrets.json"),
        (["--sede", "secrets.json"], "there is no option --sede; see fake-secrets serve --help."),
        (
            ["python", "app.py", "-v"],
            "there is no option -v; see fake-secrets serve --help. If it belongs to python,",
        ),
        (
            ["--seed", "secrets.json", "--function", "prod/db=tells_a_value:lambda_handler"],
            "the import of 'tells_a_value' raises ValueError at tells_a_value.py:1: no key ***.",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_it_cant_do_is_told_in_one_sentence_with_status_2(serve, arguments, sentence):
    status, output, errors = serve(*arguments)

    assert (status, output) == (2, "")
    last = errors.splitlines()[-1]
    assert last.startswith("fake-secrets serve: ")
    assert sentence in last
    assert "s3cr3t" not in errors


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "70000"], "'70000' isn't a port: a number from 0, for a free one, to 65535"),
        (["--clock", "tomorrow"], "'tomorrow' isn't a time with a time zone, such as 2030-01-01T00:00:00Z"),
        (["--state", ""], "the name of the file is empty"),
        (["--seed", ""], "the name of the file is empty"),
        (["--"], "there is no COMMAND after --"),
        (["--clock", "2030-01-01"], "'2030-01-01' isn't a time with a time zone"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_argument_of_the_wrong_form_is_refused(serve, arguments, sentence):
    status, _, errors = serve(*arguments)

    assert status == 2
    assert sentence in errors
