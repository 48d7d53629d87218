"""The page of update-secret-version-stage, played by both versions of the real AWS CLI against a served world.

A command takes most of a second, so that all are marked as slow: `nox -s clients` runs them.
"""

import json
import os
import re

import pytest
from real_clients import Outcome
from terminals import Terminal

NAME = "MyTestSecret"
ARN = "arn:aws:secretsmanager:us-west-2:123456789012:secret:MyTestSecret-a1b2c3"
CURRENT = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"
PREVIOUS = "a1b2c3d4-5678-90ab-cdef-EXAMPLE22222"
# A version that only the second example of the page uses.
THIRD = "EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE"
AT_FIRST = {CURRENT: {"AWSCURRENT"}, PREVIOUS: {"AWSPREVIOUS"}}
SWAPPED = {PREVIOUS: {"AWSCURRENT"}, CURRENT: {"AWSPREVIOUS"}}

PAGE = "update-secret-version-stage"
UPDATE = ("secretsmanager", PAGE)
REVERT = (*UPDATE, "--secret-id", NAME, "--version-stage", "AWSCURRENT")
REVERT = (*REVERT, "--move-to-version-id", PREVIOUS, "--remove-from-version-id", CURRENT)
PRINTED = f'{{\n    "ARN": "{ARN}",\n    "Name": "{NAME}"\n}}\n'
REVERT_AS_JSON = json.dumps(
    {"SecretId": NAME, "VersionStage": "AWSCURRENT", "MoveToVersionId": PREVIOUS, "RemoveFromVersionId": CURRENT}
)
REVERT_AS_YAML = f"""\
SecretId: {NAME}
VersionStage: AWSCURRENT
MoveToVersionId: {PREVIOUS}  # the one before
RemoveFromVersionId: {CURRENT}
"""

pytestmark = pytest.mark.slow
only_in_2 = pytest.mark.parametrize("cli", [2], indirect=True, ids=["aws-2"])


def labels_of(world):
    return {version.id: set(version.stages) for version in world[NAME].versions if version.stages}


@pytest.fixture
def files(tmp_path):
    """The first example as files for --cli-input-json and --cli-input-yaml."""
    (tmp_path / "revert.json").write_text(REVERT_AS_JSON)
    (tmp_path / "revert.yaml").write_text(REVERT_AS_YAML)


# The examples


def put_third(secretsmanager):
    secretsmanager.put_secret_value(
        SecretId=NAME, ClientRequestToken=THIRD, SecretString="third", VersionStages=["THIRD"]
    )


def add_to_current(secretsmanager):
    secretsmanager.update_secret_version_stage(
        SecretId=NAME, VersionStage="STAGINGLABEL1", MoveToVersionId=CURRENT
    )


@pytest.mark.parametrize(
    ("number", "before", "after"),
    [
        pytest.param(0, None, SWAPPED, id="1-revert"),
        pytest.param(1, put_third, {**AT_FIRST, THIRD: {"THIRD", "STAGINGLABEL1"}}, id="2-add"),
        pytest.param(2, add_to_current, AT_FIRST, id="3-remove"),
    ],
)
def test_an_example_prints_what_is_on_the_page_and_moves_the_labels(
    number, before, after, aws, cli, world, client
):
    if before is not None:
        before(client)
    example = cli.examples_of(PAGE)[number]

    outcome = aws(*example.arguments)

    assert (outcome, labels_of(world)) == (Outcome(0, example.output, ""), after)


# The options of the page that leave what is done and printed as it is

HARMLESS = {
    "no-verify-ssl": "--no-verify-ssl",
    "no-paginate": "--no-paginate",
    "output": "--output json",
    "region": "--region us-west-2",
    "profile": "--profile other",
    "color-off": "--color off",
    "color-on": "--color on",
    "ca-bundle": "--ca-bundle bundle.pem",
    "time-outs": "--cli-read-timeout 5 --cli-connect-timeout 5",
    "no-time-outs": "--cli-read-timeout 0 --cli-connect-timeout 0",
}
HARMLESS_IN_2 = {
    **HARMLESS,
    "binary-format-base64": "--cli-binary-format base64",
    "binary-format-raw": "--cli-binary-format raw-in-base64-out",
    "no-cli-pager": "--no-cli-pager",
    "no-cli-auto-prompt": "--no-cli-auto-prompt",
}
# The same code was played in the process for version 1, so that one command has them all.
ALL_AT_ONCE = " ".join(HARMLESS.values())


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """A profile, and a bundle of certificates."""
    config = tmp_path / "config"
    config.write_text("[profile other]\naws_access_key_id = mine\naws_secret_access_key = mine\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    (tmp_path / "bundle.pem").write_text("")


@pytest.mark.parametrize(
    ("cli", "options"),
    [
        pytest.param(1, ALL_AT_ONCE, id="aws-1-all-at-once"),
        *(pytest.param(2, options, id=f"aws-2-{name}") for name, options in HARMLESS_IN_2.items()),
    ],
    indirect=["cli"],
)
def test_an_option_leaves_the_output_as_on_the_page(options, aws, world, configured):
    outcome = aws(*REVERT, *options.split())

    assert (outcome, labels_of(world)) == (Outcome(0, PRINTED, ""), SWAPPED)


# Where the command and its answer come from


@pytest.mark.parametrize(
    ("cli", "form"),
    [
        pytest.param(major, form, id=f"aws-{major}-{name}")
        for major, name, form in [
            (1, "json", ("--cli-input-json", REVERT_AS_JSON)),
            (1, "json-file", ("--cli-input-json", "file://revert.json")),
            (2, "json", ("--cli-input-json", REVERT_AS_JSON)),
            (2, "json-file", ("--cli-input-json", "file://revert.json")),
            (2, "yaml", ("--cli-input-yaml", REVERT_AS_YAML)),
            (2, "yaml-file", ("--cli-input-yaml", "file://revert.yaml")),
        ]
    ],
    indirect=["cli"],
)
def test_the_command_comes_from_json_or_yaml(form, aws, world, files):
    outcome = aws(*UPDATE, *form)

    assert (outcome, labels_of(world)) == (Outcome(0, PRINTED, ""), SWAPPED)


TABLE = f"""\
{"-" * 86}
|{"UpdateSecretVersionStage":^84}|
+------+{"-" * 77}+
|  ARN |  {ARN:<75}|
|  Name|  {NAME:<75}|
+------+{"-" * 77}+
"""


@pytest.mark.parametrize(
    ("cli", "options", "printed"),
    [
        pytest.param(major, options, printed, id=f"aws-{major}{options.replace(' ', '-')}")
        for major, options, printed in [
            (1, "--output text", f"{ARN}\t{NAME}\n"),
            (1, "--output table --query Name", f"{'-' * 26}\n|UpdateSecretVersionStage|\n+{'-' * 24}+\n"),
            (2, "--output text", f"{ARN}\t{NAME}\n"),
            (2, "--output table", TABLE),
            (2, "--output table --color off", TABLE),
            (2, "--output yaml", f"ARN: {ARN}\nName: {NAME}\n"),
            (2, "--output yaml-stream", f"- ARN: {ARN}\n  Name: {NAME}\n"),
            (2, "--query Name", f'"{NAME}"\n'),
            (2, "--query [Name,ARN] --output text", f"{NAME}\t{ARN}\n"),
        ]
    ],
    indirect=["cli"],
)
def test_the_answer_is_printed_as_the_options_say(options, printed, aws):
    outcome = aws(*REVERT, *options.split())

    assert outcome == Outcome(0, printed, "")


@only_in_2
def test_with_color_on_the_table_is_the_same_but_for_its_colours(aws):
    outcome = aws(*REVERT, "--output", "table", "--color", "on")

    assert "\x1b[" in outcome.stdout
    assert re.sub(r"\x1b\[[0-9;]*m", "", outcome.stdout) == TABLE


# Skeletons make no call

AS_JSON = {"SecretId": "", "VersionStage": "", "RemoveFromVersionId": "", "MoveToVersionId": ""}


@pytest.mark.parametrize("value", [(), ("input",)], ids=["default", "input"])
def test_the_input_skeleton_has_the_members_of_the_request(value, aws, world):
    outcome = aws(*UPDATE, "--generate-cli-skeleton", *value)

    assert (outcome.status, json.loads(outcome.stdout), world.calls) == (0, AS_JSON, [])


@only_in_2
def test_the_yaml_skeleton_has_the_members_of_the_request(aws, world):
    outcome = aws(*UPDATE, "--generate-cli-skeleton", "yaml-input")

    members = dict(re.findall(r"^(\w+): (\S+)", outcome.stdout, re.MULTILINE))
    assert (outcome.status, members, world.calls) == (0, dict.fromkeys(AS_JSON, "''"), [])


@only_in_2
def test_the_output_skeleton_is_refused_for_its_short_arn(aws, world):
    """As without the fake: the CLI's placeholder ARN is shorter than the service model allows."""
    outcome = aws(*REVERT, "--generate-cli-skeleton", "output")

    assert (outcome.status, outcome.stdout, world.calls) == (252, "", [])
    assert "Invalid length for parameter ARN, value: 3, valid min length: 20" in outcome.stderr


@only_in_2
def test_the_output_skeleton_has_the_members_of_the_answer(aws, world):
    outcome = aws("secretsmanager", "get-random-password", "--generate-cli-skeleton", "output")

    assert (outcome.status, json.loads(outcome.stdout)) == (0, {"RandomPassword": "RandomPassword"})
    assert world.calls == []


# --debug, --cli-binary-format and --cli-auto-prompt


def test_debug_logs_the_answer_and_leaves_the_output(aws):
    outcome = aws(*REVERT, "--debug")

    assert (outcome.status, outcome.stdout) == (0, PRINTED)
    assert "botocore.parsers - DEBUG - Response body:\n" in outcome.stderr


@only_in_2
@pytest.mark.parametrize(
    ("binary_format", "sent"),
    [("base64", "AP9rZXk="), ("raw-in-base64-out", "raw text")],
)
def test_a_binary_value_is_read_in_the_format_of_cli_binary_format(binary_format, sent, aws, world):
    put = ("secretsmanager", "put-secret-value", "--secret-id", NAME, "--secret-binary", sent)

    outcome = aws(*put, "--cli-binary-format", binary_format)

    stored = {"base64": b"\x00\xffkey", "raw-in-base64-out": b"raw text"}[binary_format]
    assert (outcome.status, world[NAME].value()) == (0, stored)


@only_in_2
@pytest.mark.parametrize("binary_format", ["base64", "raw-in-base64-out"])
def test_a_binary_value_is_printed_as_base64_in_either_format(binary_format, aws, world):
    world.add("key", b"\x00\xffkey")
    get = ("secretsmanager", "get-secret-value", "--secret-id", "key", "--query", "SecretBinary")

    assert aws(*get, "--cli-binary-format", binary_format).stdout == '"AP9rZXk="\n'


@only_in_2
def test_auto_prompt_without_a_terminal_makes_no_call(aws, world):
    outcome = aws(*REVERT, "--cli-auto-prompt")

    assert (outcome.status, world.calls) == (255, [])
    assert "Input is not a terminal" in outcome.stderr


@only_in_2
def test_auto_prompt_in_a_terminal_runs_the_command_that_is_accepted(cli, url, world, tmp_path):
    shown = Terminal([*cli.command, *REVERT, "--endpoint-url", url, "--cli-auto-prompt"], tmp_path).accept()

    assert PRINTED in shown.replace("\r\n", "\n"), shown
    assert labels_of(world) == SWAPPED


# Refusals

UNKNOWN_SECRET = (
    "\nAn error occurred (ResourceNotFoundException) when calling the UpdateSecretVersionStage operation: "
    "Secrets Manager can't find the specified secret.\n"
)
WITHOUT_REMOVAL = (
    "\nAn error occurred (InvalidParameterException) when calling the UpdateSecretVersionStage operation: "
    "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to "
    f"version {CURRENT}, so you must explicitly reference that version in RemoveFromVersionId.\n"
)
UNSIGNED = (
    "\nAn error occurred (MissingAuthenticationTokenException) when calling the UpdateSecretVersionStage "
    "operation: Missing Authentication Token\n"
)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        pytest.param((*REVERT[:-2],), WITHOUT_REMOVAL, id="label in use"),
        pytest.param((*UPDATE, "--secret-id", "no", *REVERT[4:]), UNKNOWN_SECRET, id="unknown secret"),
        pytest.param((*REVERT, "--no-sign-request"), UNSIGNED, id="unsigned"),
        pytest.param((*REVERT, "--region", "eu-west-1"), UNKNOWN_SECRET, id="other region"),
    ],
)
def test_a_refused_call_prints_the_clis_error_line_and_changes_nothing(arguments, line, aws, cli, world):
    outcome = aws(*arguments)

    assert (outcome, labels_of(world)) == (Outcome(cli.status_of_a_refusal, "", line), AT_FIRST)


@pytest.mark.parametrize(
    ("cli", "options", "status", "reason"),
    [
        pytest.param(major, options, status, reason, id=f"aws-{major}{options.replace(' ', '-')}")
        for major, options, status, reason in [
            (
                1,
                "--cli-input-yaml file://revert.yaml",
                255,
                "Unknown options: --cli-input-yaml, file://revert.yaml",
            ),
            (1, "--cli-auto-prompt", 255, "Unknown options: --cli-auto-prompt"),
            (1, "--output yaml-stream", 2, "argument --output: Invalid choice, valid choices are:"),
            (2, "--nonsense", 252, "Unknown options: --nonsense"),
            (2, "--output xml", 252, "argument --output: Invalid choice, valid choices are:"),
            (2, "--cli-input-json {", 252, "Error parsing parameter 'cli-input-json': Invalid JSON"),
            (2, "--move-to-version-id short", 252, "Invalid length for parameter MoveToVersionId, value: 5"),
            (2, "--profile absent", 255, "The config profile (absent) could not be found"),
        ]
    ],
    indirect=["cli"],
)
def test_what_the_cli_itself_refuses_reaches_no_server(options, status, reason, aws, world):
    outcome = aws(*REVERT, *options.split())

    assert (outcome.status, outcome.stdout, world.calls) == (status, "", [])
    assert reason in outcome.stderr


# Where the CLI finds the server

NOBODY = "http://127.0.0.1:9"


@pytest.mark.parametrize("cli", [1], indirect=True, ids=["aws-1"])
def test_the_variable_tells_version_1_where_the_server_is(cli, url):
    assert cli.run(*REVERT) == Outcome(0, PRINTED, "")


@only_in_2
def test_version_2_reads_the_variable_from_2_13_and_asks_aws_before(cli, url):
    """A proxy that nobody serves keeps the request on this machine."""
    outcome = cli.run(*REVERT, env={**os.environ, "HTTPS_PROXY": NOBODY, "AWS_MAX_ATTEMPTS": "1"})

    if cli.reads_variables:
        assert outcome == Outcome(0, PRINTED, "")
    else:
        assert (outcome.status, outcome.stderr) == (255, f'\nFailed to connect to proxy URL: "{NOBODY}"\n')


def test_endpoint_url_tells_either_version_where_the_server_is(cli, url, world):
    without = {name: value for name, value in os.environ.items() if not name.startswith("AWS_ENDPOINT")}

    assert cli.run(*REVERT, "--endpoint-url", url, env=without) == Outcome(0, PRINTED, "")
    assert labels_of(world) == SWAPPED


def test_endpoint_url_comes_before_the_variable(cli, url, world):
    options = ("--endpoint-url", NOBODY, "--cli-connect-timeout", "5")

    outcome = cli.run(*REVERT, *options, env={**os.environ, "AWS_MAX_ATTEMPTS": "1"})

    assert (outcome.status, outcome.stderr) == (255, f'\nCould not connect to the endpoint URL: "{NOBODY}/"\n')
    assert world.calls == []
