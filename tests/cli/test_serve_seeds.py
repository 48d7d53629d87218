"""What `fake-secrets serve` says of a seed that is hardly meant as it is written."""

import json

import pytest
from cli.serve_process import run, serving

SECRET = "s3cr3t-value-0815"
TOLD = (
    "warning: Staging labels written in another way: secret 'prod/db' takes 'current' for keys of a JSON value. "
    "If you mean labels, write 'AWSCURRENT' instead of 'current'. If you mean JSON, give it as a str."
)

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "seed.json").write_text(json.dumps({"prod/db": {"current": SECRET}}))
    return tmp_path


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"AWSCURENT": SECRET}, "has the staging label 'AWSCURENT'."),
        (
            {"AWSPREVIOUS": SECRET},
            "has AWSPREVIOUS without AWSCURRENT. On AWS, AWSPREVIOUS appears when AWSCURRENT moves.",
        ),
    ],
)
def test_labels_that_cant_be_meant_are_refused(folder, value, sentence):
    (folder / "seed.json").write_text(json.dumps({"prod/db": value}))
    ended = run(folder, "--seed", "seed.json")
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"fake-secrets serve: secret 'prod/db' {sentence} ")
    assert SECRET not in ended.stderr


def test_keys_that_look_like_labels_are_warned_of_although_it_is_quiet(folder):
    ended = run(folder, "--quiet", "--seed", "seed.json", "--", "true")
    assert (ended.returncode, ended.stderr) == (0, f"{TOLD}\n")


def test_a_seed_that_doesnt_count_because_of_the_state_file_is_not_warned_of(folder):
    arguments = ("--quiet", "--seed", "seed.json", "--state", "state.db", "--", "true")
    assert [run(folder, *arguments).stderr for _ in range(2)] == [f"{TOLD}\n", ""]


def test_secrets_that_are_seeded_later_are_warned_of_too(folder):
    with serving(folder) as served:
        token = served.variables()["FAKE_SECRETS_TOKEN"]
        status, answer = served.control("seed", {"prod/db": {"current": SECRET}}, token=token)

        assert (status, answer) == (200, {"added": ["prod/db"]})
        assert served.logged("warning: ") == TOLD
        assert not any(SECRET in line for line in served.log)
