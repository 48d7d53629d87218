"""`fake-secrets serve` as a process, as users run it."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from urllib.parse import urlsplit

import pytest
from cli.serve_process import run, serving

SECRET = "s3cr3t-value-0815"
ROTATION = """
import os
import time
import urllib.request
from pathlib import Path

import boto3

client = boto3.client("secretsmanager")


def lambda_handler(event, context):
    arn, token = event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        pending = {"ClientRequestToken": token, "VersionStages": ["AWSPENDING"]}
        client.put_secret_value(SecretId=arn, SecretString="rotated", **pending)
    elif event["Step"] == "testSecret" and os.path.exists("broken"):
        raise ConnectionError("s3cr3t-value-0815")
    elif event["Step"] == "finishSecret":
        old = client.get_secret_value(SecretId=arn)["VersionId"]
        move = {"MoveToVersionId": token, "RemoveFromVersionId": old}
        client.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", **move)


def asks_over_http(event, context):
    with urllib.request.urlopen(os.environ["SECRETS_MANAGER_ENDPOINT"] + "/_fake_secrets/health") as answer:
        assert answer.status == 200


def takes_for_ever(event, context):
    Path("started").touch()
    time.sleep(1000)


def waits(event, context):
    Path("started").touch()
    while not os.path.exists("go on"):
        time.sleep(0.01)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "served_rotation.py").write_text(ROTATION)
    (tmp_path / "secrets.json").write_text(json.dumps({"prod/db": SECRET}))
    return tmp_path


@pytest.fixture
def served(folder):
    with serving(
        folder, "--seed", "secrets.json", "--function", "prod/db=served_rotation:lambda_handler"
    ) as served:
        yield served


def value(served, secret_id="prod/db", **members):
    return served.ask("GetSecretValue", {"SecretId": secret_id, **members})[1]["SecretString"]


def http_status(port):
    """Return the status of the health of the server at a port, or None as long as nobody listens there."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    with contextlib.closing(connection), contextlib.suppress(ConnectionRefusedError):
        connection.request("GET", "/_fake_secrets/health")
        return connection.getresponse().status
    return None


# What it prints


@pytest.mark.slow
def test_the_first_line_is_the_url(served):
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", served.url)


@pytest.mark.slow
def test_the_next_lines_make_boto3_in_a_shell_ask_the_server(served):
    lines = "\n".join(served.lines_until("unset "))
    read = (
        "import boto3; print(boto3.client('secretsmanager').get_secret_value(SecretId='prod/db')['SecretString'])"
    )
    shell = subprocess.run(
        ["/bin/sh", "-c", f'{lines}\nexec "{sys.executable}" -c "{read}"'],
        env={
            "AWS_PROFILE": "absent",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
            "HTTP_PROXY": "http://127.0.0.1:1",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert shell.stdout == f"{SECRET}\n", shell.stderr


@pytest.mark.slow
def test_whatever_is_no_command_for_a_shell_is_a_comment(served):
    lines = served.lines_until("# The rotation function for prod/db: ")

    assert all(line.startswith(("export ", "unset ", "# ")) for line in lines)


@pytest.mark.slow
def test_it_says_which_versions_of_the_aws_cli_need_the_url_as_an_option(served):
    lines = served.lines_until("# The rotation function for prod/db: ")

    assert f"# 2.9.19, ask AWS, unless each command has the option --endpoint-url {served.url}" in lines


@pytest.mark.slow
def test_each_call_is_one_line_of_the_log_without_values(served):
    put = {"SecretId": "prod/db", "SecretString": SECRET, "ClientRequestToken": "p" * 32}
    served.ask("PutSecretValue", put)
    served.ask("GetSecretValue", {"SecretId": "nothing"}, key="000000000001")

    assert re.fullmatch(r"\d\d:\d\d:\d\d PutSecretValue prod/db 200 [\d.]+ ms", served.logged("PutSecretValue"))
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d GetSecretValue nothing by 000000000001 400 ResourceNotFoundException [\d.]+ ms",
        served.logged("GetSecretValue"),
    )
    assert SECRET not in "\n".join(served.log)


@pytest.mark.slow
def test_a_secret_id_with_line_breaks_makes_no_second_line_in_the_log(served):
    served.ask("GetSecretValue", {"SecretId": "a\n23:59:59 DeleteSecret prod/db 200"})

    assert r"GetSecretValue a\n23:59:59" in served.logged("GetSecretValue")


# How it ends


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_ends_it_with_status_0_while_a_connection_is_open(served, number):
    connection = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=20)
    connection.request("GET", "/_fake_secrets/health")
    connection.getresponse().read()

    assert served.stop(number) == 0
    connection.close()


@pytest.mark.slow
def test_a_signal_ends_it_without_a_traceback(served):
    served.stop()

    assert "Traceback" not in "\n".join(served.log)


@pytest.mark.slow
def test_a_command_after_the_dashes_runs_with_the_variables_and_gives_its_status(folder):
    program = (
        "import boto3; print(boto3.client('secretsmanager').list_secrets()['SecretList'][0]['Name']); exit(7)"
    )
    ended = run(folder, "--seed", "secrets.json", "--", sys.executable, "-c", program)

    assert (ended.returncode, ended.stdout) == (7, "prod/db\n")


@pytest.mark.slow
def test_a_command_that_doesnt_exist_is_told_in_a_sentence(folder):
    ended = run(folder, "--", "absent-command")

    assert (ended.returncode, ended.stderr) == (
        2,
        "fake-secrets serve: 'absent-command' can't be run: No such file or directory.\n",
    )


@pytest.mark.slow
def test_ctrl_c_leaves_it_to_the_command_to_clean_up(folder):
    program = (
        "import time\n"
        "try:\n    print('ready', flush=True)\n    time.sleep(60)\n"
        "except KeyboardInterrupt:\n    time.sleep(0.5)\n    print('cleaned', flush=True)"
    )
    command = [sys.executable, "-m", "fake_secrets", "serve", "--", sys.executable, "-c", program]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)

        assert process.stdout.read() == "cleaned\n"
        assert process.wait(20) == 0


@pytest.mark.slow
def test_ctrl_c_ends_an_import_that_takes_long(folder):
    (folder / "served_slowly.py").write_text("import os, time\nos.write(2, b'started\\n')\ntime.sleep(60)\n")
    command = [sys.executable, "-m", "fake_secrets", "serve", "--function", "a=served_slowly:lambda_handler"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "started\n"
        process.send_signal(signal.SIGINT)

        assert process.wait(20) == 130


@pytest.mark.slow
def test_a_log_that_cant_be_written_does_no_harm(folder):
    # Whatever is written to this device fails.
    command = ["/bin/sh", "-c", 'exec "$@" 2>/dev/full', "sh", sys.executable, "-m", "fake_secrets", "serve"]
    arguments = ["--seed", "secrets.json", "--function", "prod/db=served_rotation:lambda_handler"]
    with serving(folder, *arguments, command=command) as served:
        status, _ = served.ask("RotateSecret", {"SecretId": "prod/db", "ClientRequestToken": "r" * 32})

        assert (status, value(served)) == (200, "rotated")


@pytest.mark.slow
def test_lines_of_many_clients_dont_run_into_each_other(served):
    members = {"SecretId": "prod/db", "VersionStage": "AWSCURRENT"}
    askers = [
        threading.Thread(target=lambda: [served.ask("GetSecretValue", members) for _ in range(20)])
        for _ in range(8)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    served.ask("ListSecrets", {})
    served.logged("ListSecrets")

    assert all(re.fullmatch(r"\d\d:\d\d:\d\d \w+ .*ms", line) for line in served.log)


@pytest.mark.slow
def test_a_name_with_a_line_break_makes_no_line_for_the_shell(folder):
    with serving(folder, "--function", "a\ntouch x=served_rotation:lambda_handler") as served:
        assert served.lines_until("# The rotation function for ")[-1].startswith(
            r"# The rotation function for a\ntouch x: "
        )


@pytest.mark.slow
def test_what_functions_and_their_programs_print_goes_to_the_standard_error(folder):
    (folder / "served_loudly.py").write_text(
        "import os\nprint('at the import')\n"
        "def lambda_handler(event, context):\n"
        "    print('printed in', event['Step'])\n"
        "    os.system('echo by a program')\n"
    )
    with serving(folder, "--seed", "secrets.json", "--function", "prod/db=served_loudly:lambda_handler") as served:
        served.ask("RotateSecret", {"SecretId": "prod/db", "ClientRequestToken": "r" * 32})
        served.logged("at the import")
        served.logged("by a program")
        served.logged("printed in createSecret")

        assert served.url.startswith("http://127.0.0.1:")
        assert all(line.startswith(("export ", "unset ", "#")) for line in served.lines_to_the_end())


@pytest.mark.slow
def test_the_lines_can_be_evaluated_by_a_shell_that_starts_the_server(folder):
    script = """
        eval "$("$0" -m fake_secrets serve --quiet --seed secrets.json | tail -n +2 &)"
        "$0" -c 'import boto3; print(boto3.client("secretsmanager").get_secret_value(SecretId="prod/db")["Name"])'
        kill "$FAKE_SECRETS_PID"
    """
    ended = subprocess.run(
        ["/bin/sh", "-euc", script, sys.executable],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "prod/db\n", "")


@pytest.mark.slow
def test_a_reader_that_stops_reading_does_no_harm(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "fake_secrets", "serve", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.close()
        while http_status(port) is None:
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)

        assert process.wait(20) == 0
        assert re.fullmatch(r"\S+ GET /_fake_secrets/health 200 \S+ ms\n", process.stderr.read())


# Rotation


@pytest.mark.slow
def test_a_secret_rotates_with_the_function_that_it_was_given(served):
    status, _ = served.ask("RotateSecret", {"SecretId": "prod/db", "ClientRequestToken": "r" * 32})

    assert status == 200
    assert value(served) == "rotated"
    assert re.fullmatch(r"\d\d:\d\d:\d\d rotation of prod/db: succeeded", served.logged("rotation of"))


@pytest.mark.slow
def test_a_secret_that_is_created_later_gets_its_function_too(folder):
    with serving(folder, "--function", "later/db=served_rotation:lambda_handler") as served:
        served.ask("CreateSecret", {"Name": "later/db", "SecretString": "old", "ClientRequestToken": "c" * 32})
        served.ask("RotateSecret", {"SecretId": "later/db", "ClientRequestToken": "r" * 32})

        assert value(served, "later/db") == "rotated"


@pytest.mark.slow
def test_the_arn_that_is_printed_for_a_function_can_be_given_to_rotate_secret(folder):
    with serving(
        folder, "--seed", "secrets.json", "--function", "my-function=served_rotation:lambda_handler"
    ) as served:
        arn = served.lines_until("# The rotation function for my-function: ")[-1].rpartition(" ")[2]
        members = {"SecretId": "prod/db", "RotationLambdaARN": arn, "ClientRequestToken": "r" * 32}
        members["RotationRules"] = {"AutomaticallyAfterDays": 1}

        assert served.ask("RotateSecret", members)[0] == 200
        assert value(served) == "rotated"


@pytest.mark.slow
def test_a_rotation_that_fails_is_logged_with_its_step_but_without_the_text_of_its_error(served, folder):
    (folder / "broken").touch()
    status, _ = served.ask("RotateSecret", {"SecretId": "prod/db", "ClientRequestToken": "r" * 32})

    assert status == 200
    assert re.search(
        r" rotation of prod/db: failed in testSecret: ConnectionError at served_rotation\.py:\d+$",
        served.logged("rotation of"),
    )
    assert SECRET not in "\n".join(served.log)


@pytest.mark.slow
def test_a_function_may_ask_the_server_over_http_while_its_rotation_is_running(folder):
    with serving(
        folder, "--seed", "secrets.json", "--function", "prod/db=served_rotation:asks_over_http"
    ) as served:
        served.ask("RotateSecret", {"SecretId": "prod/db", "ClientRequestToken": "r" * 32})

        assert "unfinished" in served.logged("rotation of")


def rotate_in_vain(served):
    with pytest.raises(OSError, match=r"closed|reset"):
        served.ask("RotateSecret", {"SecretId": "prod/db", "ClientRequestToken": "r" * 32})


@pytest.mark.slow
def test_a_signal_ends_it_within_a_second_or_so_while_a_rotation_is_running(folder):
    with serving(
        folder, "--seed", "secrets.json", "--function", "prod/db=served_rotation:takes_for_ever"
    ) as served:
        rotating = threading.Thread(target=rotate_in_vain, args=[served])
        rotating.start()
        while not (folder / "started").exists():
            pass
        began = time.monotonic()

        assert served.stop() == 0
        assert time.monotonic() - began < 4
        rotating.join()


@pytest.mark.slow
def test_other_clients_are_served_while_a_rotation_is_running(folder):
    with serving(folder, "--seed", "secrets.json", "--function", "prod/db=served_rotation:waits") as served:
        members = {"SecretId": "prod/db", "ClientRequestToken": "r" * 32}
        rotating = threading.Thread(target=served.ask, args=("RotateSecret", members))
        rotating.start()
        while not (folder / "started").exists():
            pass

        assert value(served) == SECRET
        (folder / "go on").touch()
        rotating.join()


@pytest.mark.slow
def test_a_schedule_rotates_without_a_call_when_the_clock_is_moved(served):
    rules = {"AutomaticallyAfterDays": 1}
    members = {"SecretId": "prod/db", "ClientRequestToken": "r" * 32, "RotationRules": rules}
    served.ask("RotateSecret", members)
    token = served.variables()["FAKE_SECRETS_TOKEN"]
    served.control("clock", {"advance": 3 * 86_400}, token=token)
    described = served.ask("DescribeSecret", {"SecretId": "prod/db"})[1]

    assert len(described["VersionIdsToStages"]) == 2
    assert sum(line.endswith("rotation of prod/db: succeeded") for line in served.log) > 1


@pytest.mark.slow
def test_a_schedule_rotates_when_its_time_comes_without_a_call(folder):
    arguments = ["--seed", "secrets.json", "--function", "prod/db=served_rotation:lambda_handler"]
    with serving(folder, *arguments, "--clock", "2030-01-01T07:59:57Z") as served:
        rules = {"ScheduleExpression": "cron(0 8 * * ? *)"}
        members = {"SecretId": "prod/db", "ClientRequestToken": "r" * 32, "RotationRules": rules}
        served.ask("RotateSecret", {**members, "RotateImmediately": False})

        assert served.logged("rotation of prod/db: succeeded")


# Clock, seed, state and policies


@pytest.mark.slow
def test_the_clock_begins_at_a_given_time_and_ticks_on(folder):
    with serving(folder, "--clock", "2040-01-01T00:00:00Z") as served:
        token = served.variables()["FAKE_SECRETS_TOKEN"]
        # Two requests can fall into one millisecond.
        times = [served.control("clock", token=token)[1]["now"] for _ in range(50)]

    assert times[0].startswith("2040-01-01T00:")
    assert times == sorted(times)
    assert times[0] < times[-1]


@pytest.mark.slow
def test_a_reset_leaves_the_clock_where_it_is(folder):
    with serving(
        folder, "--clock", "2040-01-01T00:00:00Z", "--seed", "secrets.json", "--state", "state"
    ) as served:
        token = served.variables()["FAKE_SECRETS_TOKEN"]
        served.control("reset", {}, token=token)

        assert served.control("clock", token=token)[1]["now"].startswith("2040-01-01T00:")
        assert served.ask("DescribeSecret", {"SecretId": "prod/db"})[1]["CreatedDate"] > 2_200_000_000


STORES_A_VALUE = """
import boto3

def lambda_handler(event, context):
    client, arn, version = boto3.client("secretsmanager"), event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=version, SecretString=version, VersionStages=["AWSPENDING"]
        )
    if event["Step"] == "finishSecret":
        current = client.get_secret_value(SecretId=arn)["VersionId"]
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=version, RemoveFromVersionId=current
        )
"""


@pytest.mark.slow
def test_every_rotation_that_a_move_of_the_clock_causes_is_logged(folder):
    names = [f"db{number}" for number in range(60)]
    (folder / "many.json").write_text(json.dumps(dict.fromkeys(names, "v")))
    (folder / "served_storing.py").write_text(STORES_A_VALUE)
    arguments = ["--seed", "many.json", "--function", "f=served_storing:lambda_handler"]
    with serving(folder, *arguments, "--clock", "2030-01-01T12:00:00Z") as served:
        token = served.variables()["FAKE_SECRETS_TOKEN"]
        arn = served.lines_until("# The rotation function for f: ")[-1].rpartition(" ")[2]
        rules = {"RotationLambdaARN": arn, "RotationRules": {"AutomaticallyAfterDays": 1}}
        for number, name in enumerate(names):
            members = {"SecretId": name, "ClientRequestToken": f"{number:032}", **rules}
            served.ask("RotateSecret", members)
            served.logged(f"rotation of {name}: succeeded")

        # Each is due again after one day and after two.
        served.control("clock", {"advance": 2.25 * 86_400}, token=token)
        for name in names:
            served.logged(f"rotation of {name}: succeeded", times=3)
            listed = served.ask("ListSecretVersionIds", {"SecretId": name, "IncludeDeprecated": True})[1]
            assert len(listed["Versions"]) == 1 + 3
        rotations = [line for line in served.log if "rotation of " in line]
    assert len(rotations) == 3 * len(names)


@pytest.mark.slow
def test_the_state_outlives_the_server(folder):
    with serving(folder, "--seed", "secrets.json", "--state", "state.db") as served:
        served.ask(
            "PutSecretValue", {"SecretId": "prod/db", "SecretString": "new", "ClientRequestToken": "p" * 32}
        )
        served.stop(signal.SIGKILL)
    with serving(folder, "--seed", "secrets.json", "--state", "state.db") as served:
        assert value(served) == "new"
        assert value(served, VersionStage="AWSPREVIOUS") == SECRET


@pytest.mark.slow
def test_a_function_that_the_last_start_had_and_this_one_lacks_is_told(folder):
    arguments = ["--seed", "secrets.json", "--state", "state.db"]
    with serving(folder, *arguments, "--function", "prod/db=served_rotation:lambda_handler") as served:
        served.ask("RotateSecret", {"SecretId": "prod/db", "ClientRequestToken": "r" * 32})
    with serving(folder, *arguments) as served:
        arn = "arn:aws:lambda:us-east-1:123456789012:function:prod-db"

        assert served.logged("the rotation function of").startswith(
            f"the rotation function of 'prod/db', {arn}, isn't there"
        )


@pytest.mark.slow
def test_a_state_file_that_lacks_the_latest_changes_is_told_at_the_end(folder):
    with serving(folder, "--seed", "secrets.json", "--state", "state.db") as served:
        # Another program has replaced the file, which is then left alone.
        (folder / "other").write_text("mine")
        (folder / "other").replace(folder / "state.db")
        served.ask(
            "PutSecretValue", {"SecretId": "prod/db", "SecretString": "new", "ClientRequestToken": "p" * 32}
        )
        served.stop(signal.SIGTERM)

        assert served.process.returncode == 2
        assert "lacks the latest changes" in served.logged("fake-secrets serve: ")
    assert (folder / "state.db").read_text() == "mine"


@pytest.mark.slow
def test_a_policy_may_have_an_equals_sign_in_the_name_of_its_file(folder):
    (folder / "of=app.json").write_text(
        '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'
    )
    with serving(folder, "--seed", "secrets.json", "--policy", "of=app.json") as served:
        assert served.ask("ListSecrets", {})[1]["__type"] == "AccessDeniedException"


@pytest.mark.slow
def test_a_policy_binds_who_calls_without_credentials_of_his_own(folder):
    (folder / "policy.json").write_text(
        json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"},
            }
        )
    )
    with serving(folder, "--seed", "secrets.json", "--policy", "policy.json") as served:
        assert value(served) == SECRET
        assert served.ask("ListSecrets", {})[1]["__type"] == "AccessDeniedException"


@pytest.mark.slow
def test_a_policy_binds_a_role_with_the_key_that_is_printed(folder):
    (folder / "policy.json").write_text(
        json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"},
            }
        )
    )
    with serving(folder, "--seed", "secrets.json", "--policy", "app=policy.json") as served:
        line = served.lines_until("# To call as arn:aws:iam::123456789012:role/app: ")[-1]
        key = line.rpartition("=")[2]

        assert served.ask("ListSecrets", {}, key=key)[1]["__type"] == "AccessDeniedException"
        assert served.ask("ListSecrets", {})[0] == 200


# Where it listens


@pytest.mark.slow
def test_a_port_that_is_taken_is_told_in_a_sentence(served, folder):
    port = urlsplit(served.url).port
    ended = run(folder, "--port", str(port))

    assert (ended.returncode, ended.stderr) == (
        2,
        f"fake-secrets serve: can't listen on 127.0.0.1, port {port}: Address already in use.\n",
    )


@pytest.mark.slow
def test_another_address_than_loopback_is_warned_of(folder):
    with serving(folder, "--host", "0.0.0.0") as served:  # noqa: S104 -- it is what the warning is about
        assert served.logged("warning: ").startswith("warning: whoever reaches 0.0.0.0 can read every secret here")


def test_help_says_what_each_exit_status_means(folder):
    text = " ".join(textwrap.dedent(run(folder, "--help").stdout).split())

    assert "0 after Ctrl-C or SIGTERM, 2 if the server can't start" in text
