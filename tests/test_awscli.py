"""The AWS CLI in a world. This is version 1, which is on PyPI.

The commands of the examples and their output are read from the pages that awscli installs.
"""

import base64
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import awscli_driver
import boto3
import botocore.session
import freezegun
import pytest
import s3transfer
from awscli_driver import Outcome, examples_of

import fake_secrets.hook.seams
from fake_secrets import mock_stages

pytestmark = pytest.mark.disable_socket

NAME = "MyTestSecret"
ARN = "arn:aws:secretsmanager:us-west-2:123456789012:secret:MyTestSecret-a1b2c3"
CURRENT = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"
PREVIOUS = "a1b2c3d4-5678-90ab-cdef-EXAMPLE22222"
# A version that only the second example of the page uses.
THIRD = "EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE"
VALUES = {
    "AWSCURRENT": '{"user":"diegor","password":"EXAMPLE-PASSWORD"}',
    "AWSPREVIOUS": '{"user":"diegor","password":"PREVIOUS-EXAMPLE-PASSWORD"}',
}
CREATED = 1523477145.713
BINARY = b"\x00\xffkey"

AT_FIRST = {CURRENT: ["AWSCURRENT"], PREVIOUS: ["AWSPREVIOUS"]}
SWAPPED = {PREVIOUS: ["AWSCURRENT"], CURRENT: ["AWSPREVIOUS"]}

SECRETS_MANAGER = "secretsmanager"
UPDATE = (SECRETS_MANAGER, "update-secret-version-stage")
UPDATE_THIS = (*UPDATE, "--secret-id", NAME)
LIST = (SECRETS_MANAGER, "list-secret-version-ids", "--secret-id", NAME)
GET = (SECRETS_MANAGER, "get-secret-value", "--secret-id")
PUT = (SECRETS_MANAGER, "put-secret-value", "--secret-id", NAME)

REVERT, ADD, REMOVE = examples_of("update-secret-version-stage")
ADD_TO_CURRENT = (*UPDATE_THIS, "--version-stage", "STAGINGLABEL1", "--move-to-version-id", CURRENT)
PUT_THIRD = (*PUT, "--client-request-token", THIRD, "--secret-string", "third", "--version-stages", "THIRD")
REVERT_AS_JSON = json.dumps(
    {
        "SecretId": NAME,
        "VersionStage": "AWSCURRENT",
        "MoveToVersionId": PREVIOUS,
        "RemoveFromVersionId": CURRENT,
    }
)


@pytest.fixture
def aws(monkeypatch, capsys):
    """A function that runs `aws` with arguments, as on a machine without configuration."""
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_CONFIG_FILE", "absent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "absent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def run(*arguments):
        capsys.readouterr()
        status = awscli_driver.main(arguments)
        return Outcome(status, *capsys.readouterr())

    with awscli_driver.logging_restored():
        yield run


@pytest.fixture
def page_moment():
    """A clock frozen at the CreatedDate on the pages."""
    moment = datetime.datetime.fromtimestamp(CREATED, tz=datetime.UTC)
    with freezegun.freeze_time(moment, ignore=["hypothesis", "_pytest"]):
        yield


@pytest.fixture
def world(aws):
    """The account that the page of update-secret-version-stage describes."""
    with mock_stages(region="us-west-2") as fake:
        fake.add(
            NAME,
            labels=VALUES,
            version_ids={"AWSCURRENT": CURRENT, "AWSPREVIOUS": PREVIOUS},
            arn_suffix="a1b2c3",
        )
        yield fake


@pytest.fixture
def revert_json(tmp_path, monkeypatch):
    """A working directory with the first example as a file for --cli-input-json."""
    monkeypatch.chdir(tmp_path)
    Path("revert.json").write_text(REVERT_AS_JSON)


def versions(aws):
    """Return version id to labels, as `aws secretsmanager list-secret-version-ids` prints them."""
    listed = aws(*LIST)
    assert listed.status == 0, listed.stderr
    return {version["VersionId"]: version["VersionStages"] for version in json.loads(listed.stdout)["Versions"]}


def python(code):
    """Run code in a new interpreter, and return its output."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


# The botocore that the CLI uses


def test_the_cli_uses_the_botocore_that_worlds_patch():
    assert awscli_driver.clidriver.botocore is fake_secrets.hook.seams.botocore


@pytest.mark.parametrize("package", [botocore, botocore.session, s3transfer], ids=lambda package: package.__name__)
def test_the_cli_uses_installed_packages_instead_of_those_inside_awscli(package):
    assert not Path(package.__file__).is_relative_to(awscli_driver.PACKAGE)


def test_the_clis_session_is_the_installed_botocores(aws):
    assert type(awscli_driver.create_clidriver().session) is botocore.session.Session


def test_importing_awscli_first_would_select_its_own_botocore():
    shown = python("import awscli, botocore; print(botocore.__file__)")

    assert Path(shown.strip()).is_relative_to(awscli_driver.PACKAGE)


@pytest.mark.slow
def test_a_world_answers_the_cli_with_its_own_botocore_too():
    shown = python(
        "import awscli.clidriver, fake_secrets\n"
        "with fake_secrets.mock_stages({'db': 'password'}, region='us-west-2'):\n"
        "    command = 'secretsmanager get-secret-value --secret-id db --query SecretString'\n"
        "    awscli.clidriver.create_clidriver().main(command.split())\n"
    )

    assert shown == '"password"\n'


def test_other_tests_do_not_import_the_packages_inside_awscli():
    assert "awscli" not in {type(finder).__module__ for finder in sys.meta_path}


# The page of update-secret-version-stage


@pytest.mark.parametrize(
    ("before", "example"),
    [
        pytest.param([], REVERT, id="1-revert"),
        pytest.param([PUT_THIRD], ADD, id="2-add"),
        pytest.param([ADD_TO_CURRENT], REMOVE, id="3-remove"),
    ],
)
def test_an_example_prints_the_output_on_the_page(before, example, world, aws):
    for arguments in before:
        aws(*arguments)

    assert aws(*example.arguments) == Outcome(0, example.output, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("commands", "after"),
    [
        pytest.param([], AT_FIRST, id="0-at-first"),
        pytest.param([REVERT.arguments], SWAPPED, id="1-revert"),
        pytest.param([PUT_THIRD, ADD.arguments], {**AT_FIRST, THIRD: ["THIRD", "STAGINGLABEL1"]}, id="2-add"),
        pytest.param(
            [ADD_TO_CURRENT], {**AT_FIRST, CURRENT: ["AWSCURRENT", "STAGINGLABEL1"]}, id="2-add-to-current"
        ),
        pytest.param([ADD_TO_CURRENT, REMOVE.arguments], AT_FIRST, id="3-remove"),
    ],
)
def test_after_an_example_the_versions_have_the_labels_on_the_page(commands, after, world, aws):
    for arguments in commands:
        aws(*arguments)

    assert versions(aws) == after


# Forms of a command

FORMS = [
    pytest.param(REVERT.arguments, id="options"),
    pytest.param((*REVERT.arguments, "--region", "us-west-2"), id="--region"),
    pytest.param(("--region", "us-west-2", *REVERT.arguments), id="--region in front"),
    pytest.param((*REVERT.arguments, "--endpoint-url", "http://localhost:4566"), id="--endpoint-url"),
    pytest.param((*REVERT.arguments, "--no-sign-request"), id="--no-sign-request"),
    pytest.param((*REVERT.arguments, "--output", "json"), id="--output json"),
    pytest.param((*UPDATE, "--cli-input-json", REVERT_AS_JSON), id="--cli-input-json"),
    pytest.param((*UPDATE, "--cli-input-json", "file://revert.json"), id="--cli-input-json file"),
]


@pytest.mark.parametrize("arguments", FORMS)
def test_every_form_of_a_command_prints_arn_and_name(arguments, revert_json, world, aws):
    assert aws(*arguments) == Outcome(0, REVERT.output, "")


@pytest.mark.parametrize("arguments", FORMS)
def test_every_form_of_a_command_moves_the_label(arguments, revert_json, world, aws):
    aws(*arguments)

    assert versions(aws) == SWAPPED


def test_an_option_overrides_cli_input_json(world, aws):
    aws(*UPDATE, "--cli-input-json", REVERT_AS_JSON, "--move-to-version-id", CURRENT)

    assert world.calls[-1].request["MoveToVersionId"] == CURRENT


def test_another_region_has_other_secrets(world, aws):
    assert "ResourceNotFoundException" in aws(*REVERT.arguments, "--region", "eu-west-1").stderr


TABLE = f"""\
{"-" * 86}
|{"UpdateSecretVersionStage":^84}|
+------+{"-" * 77}+
|  ARN |  {ARN:<75}|
|  Name|  {NAME:<75}|
+------+{"-" * 77}+
"""


@pytest.mark.parametrize(
    ("options", "printed"),
    [
        ("--output json", REVERT.output),
        ("--output text", f"{ARN}\t{NAME}\n"),
        ("--output table", TABLE),
        ("--query Name", f'"{NAME}"\n'),
        ("--query Name --output text", f"{NAME}\n"),
        ("--query [Name,ARN] --output text", f"{NAME}\t{ARN}\n"),
    ],
    ids=lambda value: value if value.startswith("--") else "",
)
def test_output_and_query_options_change_the_output(options, printed, world, aws):
    assert aws(*REVERT.arguments, *options.split()) == Outcome(0, printed, "")


@pytest.mark.parametrize("value", [[], ["input"]], ids=["default", "input"])
def test_the_input_skeleton_has_the_members_of_the_request(value, world, aws):
    printed = json.loads(aws(*UPDATE, "--generate-cli-skeleton", *value).stdout)

    assert printed == {"SecretId": "", "VersionStage": "", "RemoveFromVersionId": "", "MoveToVersionId": ""}


def test_the_output_skeleton_has_the_members_of_the_response(world, aws):
    printed = json.loads(aws(SECRETS_MANAGER, "get-random-password", "--generate-cli-skeleton", "output").stdout)

    assert printed == {"RandomPassword": "RandomPassword"}


@pytest.mark.parametrize(
    "arguments",
    [
        (*UPDATE, "--generate-cli-skeleton"),
        (*UPDATE, "--generate-cli-skeleton", "input"),
        (*ADD.arguments, "--generate-cli-skeleton", "output"),
        (SECRETS_MANAGER, "get-random-password", "--generate-cli-skeleton", "output"),
    ],
    ids=["default", "input", "output refused", "output"],
)
def test_a_skeleton_makes_no_call(arguments, world, aws):
    aws(*arguments)

    assert world.calls == []


def test_debug_does_not_change_standard_output(world, aws):
    assert aws(*REVERT.arguments, "--debug").stdout == REVERT.output


def test_debug_logs_the_answer(world, aws):
    assert "botocore.parsers - DEBUG - Response body:\n" in aws(*REVERT.arguments, "--debug").stderr


def test_debug_of_update_secret_version_stage_shows_no_secret_value(world, aws):
    assert "EXAMPLE-PASSWORD" not in aws(*REVERT.arguments, "--debug").stderr


def test_debug_of_get_secret_value_shows_the_value_only_in_botocores_log_of_the_answer(world, aws, caplog):
    aws(*GET, NAME, "--debug")

    assert {r.name for r in caplog.records if "EXAMPLE-PASSWORD" in r.getMessage()} == {"botocore.parsers"}


# Refusals by the service

REFUSED_CALLS = [
    pytest.param(
        (*UPDATE_THIS, "--version-stage", "AWSCURRENT", "--move-to-version-id", PREVIOUS),
        "An error occurred (InvalidParameterException) when calling the UpdateSecretVersionStage operation: "
        "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to "
        f"version {CURRENT}, so you must explicitly reference that version in RemoveFromVersionId.",
        id="AWSCURRENT without RemoveFromVersionId",
    ),
    pytest.param(
        (*UPDATE, "--secret-id", "Unknown", "--version-stage", "BLUE", "--move-to-version-id", CURRENT),
        "An error occurred (ResourceNotFoundException) when calling the UpdateSecretVersionStage operation: "
        "Secrets Manager can't find the specified secret.",
        id="unknown secret",
    ),
    pytest.param(
        (*GET, NAME, "--version-stage", "BLUE"),
        "An error occurred (ResourceNotFoundException) when calling the GetSecretValue operation: "
        "Secrets Manager can't find the specified secret value for staging label: BLUE",
        id="unknown label",
    ),
    pytest.param(
        (*PUT, "--client-request-token", CURRENT, "--secret-string", "another value"),
        "An error occurred (ResourceExistsException) when calling the PutSecretValue operation: "
        f"You can't use ClientRequestToken {CURRENT} because that value is already in use for a version of "
        f"secret {ARN}.",
        id="token in use",
    ),
]


@pytest.mark.parametrize(("arguments", "line"), REFUSED_CALLS)
def test_a_refused_call_prints_the_clis_error_line_and_returns_255(arguments, line, world, aws):
    assert aws(*arguments) == Outcome(255, "", f"\n{line}\n")


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "line"), REFUSED_CALLS)
def test_a_refused_call_does_not_change_the_labels(arguments, line, world, aws):
    aws(*arguments)

    assert versions(aws) == AT_FIRST


# Refusals by the CLI itself

VERSION_2_HAS = [
    pytest.param((*REVERT.arguments, *options.split()), status, reason, id=options)
    for options, status, reason in [
        ("--cli-binary-format base64", 255, "Unknown options: --cli-binary-format, base64"),
        ("--cli-input-yaml file://revert.yaml", 255, "Unknown options: --cli-input-yaml, file://revert.yaml"),
        ("--cli-auto-prompt", 255, "Unknown options: --cli-auto-prompt"),
        ("--no-cli-auto-prompt", 255, "Unknown options: --no-cli-auto-prompt"),
        ("--no-cli-pager", 255, "Unknown options: --no-cli-pager"),
        ("--output yaml", 2, "error: argument --output: Invalid choice, valid choices are:"),
        ("--output yaml-stream", 2, "error: argument --output: Invalid choice, valid choices are:"),
        (
            "--generate-cli-skeleton yaml-input",
            2,
            "error: argument --generate-cli-skeleton: Invalid choice, valid choices are:",
        ),
    ]
]
REFUSED_BY_THE_CLI = [
    *VERSION_2_HAS,
    pytest.param((*REVERT.arguments, "--nonsense"), 255, "Unknown options: --nonsense", id="unknown option"),
    pytest.param(
        UPDATE_THIS,
        2,
        "error: the following arguments are required: --version-stage",
        id="required option missing",
    ),
    pytest.param(
        (SECRETS_MANAGER, "update-secret-stage"),
        2,
        "error: argument operation: Invalid choice, valid choices are:",
        id="unknown operation",
    ),
    pytest.param(
        (*UPDATE, "--cli-input-json", "{"),
        255,
        "Error parsing parameter 'cli-input-json': Invalid JSON:",
        id="--cli-input-json not JSON",
    ),
    pytest.param(
        (*UPDATE, "--cli-input-json", "file://absent.json"),
        255,
        "Error parsing parameter '--cli-input-json': Unable to load paramfile file://absent.json",
        id="--cli-input-json absent",
    ),
    pytest.param(
        (*UPDATE_THIS, "--version-stage", "BLUE", "--move-to-version-id", "short", "--region", "us-west-2"),
        255,
        "Invalid length for parameter MoveToVersionId, value: 5, valid min length: 32",
        id="version id too short",
    ),
    # The CLI's placeholder ARN is shorter than the service model allows.
    pytest.param(
        (*REVERT.arguments, "--generate-cli-skeleton", "output", "--region", "us-west-2"),
        255,
        "Invalid length for parameter ARN, value: 3, valid min length: 20",
        id="--generate-cli-skeleton output",
    ),
]


@pytest.mark.parametrize(("arguments", "status", "reason"), REFUSED_BY_THE_CLI)
def test_a_refusal_by_the_cli_has_its_status_and_reason(arguments, status, reason, world, aws):
    outcome = aws(*arguments)

    assert (outcome.status, reason in outcome.stderr) == (status, True), outcome.stderr


@pytest.mark.parametrize("arguments", [pytest.param(case.values[0], id=case.id) for case in REFUSED_BY_THE_CLI])
def test_a_refusal_by_the_cli_is_the_same_outside_a_world(arguments, aws):
    outside = aws(*arguments)

    with mock_stages(region="us-west-2"):
        assert aws(*arguments) == outside


# Dates and bytes


def test_get_secret_value_prints_the_output_on_its_page(page_moment, world, aws):
    example = examples_of("get-secret-value")[0]

    assert aws(*example.arguments) == Outcome(0, example.output, "")


def test_list_secret_version_ids_prints_dates_as_numbers(page_moment, world, aws):
    listed = aws(*LIST, "--query", "Versions[].CreatedDate")

    assert json.loads(listed.stdout) == [CREATED, CREATED]


def test_dates_are_printed_in_cli_timestamp_format(page_moment, world, aws, tmp_path, monkeypatch):
    config = tmp_path / "config"
    config.write_text("[default]\ncli_timestamp_format = iso8601\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))

    printed = aws(*GET, NAME, "--query", "CreatedDate", "--output", "text").stdout

    assert datetime.datetime.fromisoformat(printed.strip()).timestamp() == CREATED


def test_other_clients_still_get_datetimes(page_moment, world, aws):
    aws(*GET, NAME)

    date = boto3.client("secretsmanager").get_secret_value(SecretId=NAME)["CreatedDate"]

    assert date == datetime.datetime.fromtimestamp(CREATED, tz=datetime.UTC)


@pytest.mark.slow
@pytest.mark.parametrize(("output", "quote"), [("json", '"'), ("text", "")])
def test_a_secret_binary_is_printed_as_base64(output, quote, world, aws):
    world.add("key", BINARY)

    printed = aws(*GET, "key", "--query", "SecretBinary", "--output", output).stdout

    assert printed == f"{quote}{base64.b64encode(BINARY).decode()}{quote}\n"


def test_a_secret_binary_from_a_file_is_stored_unchanged(world, aws, tmp_path):
    file = tmp_path / "key"
    file.write_bytes(BINARY)

    aws(*PUT, "--secret-binary", f"fileb://{file}")

    assert world[NAME].value() == BINARY


# Sockets


def test_without_a_world_the_cli_would_open_a_socket(aws):
    """The socket guard of this file's tests applies to the CLI too."""
    nobody = ["--region", "us-west-2", "--no-sign-request", "--endpoint-url", "http://127.0.0.1:9"]

    assert "A test tried to use socket" in aws(*REVERT.arguments, *nobody).stderr
